"""The levels of the text columns as a person reads them; the published files write them in English, or in code."""

from collections.abc import Mapping
from typing import Final

from aval.credit.reason import Language


def _pairs(text: str) -> dict[str, str]:
    """`level = wording`, set apart by bars."""
    return dict(tuple(part.strip() for part in pair.split("=", 1)) for pair in text.split("|"))  # type: ignore[misc]


_FRENCH: Final = _pairs(
    "Y = oui | N = non | F = femme | M = homme | XNA = non renseigné | XAP = sans objet | Yes = oui | No = non"
    "| MONDAY = lundi | TUESDAY = mardi | WEDNESDAY = mercredi | THURSDAY = jeudi | FRIDAY = vendredi"
    "| SATURDAY = samedi | SUNDAY = dimanche"
    "| Cash loans = prêt de trésorerie | Revolving loans = crédit renouvelable"
    "| Consumer loans = prêt à la consommation"
    "| Children = enfants | Family = famille | Group of people = groupe de personnes | Other_A = autre (A)"
    "| Other_B = autre (B) | Spouse, partner = conjoint ou partenaire | Unaccompanied = venu seul"
    "| Businessman = chef d'entreprise | Commercial associate = associé commercial"
    "| Maternity leave = congé de maternité | Pensioner = retraité | State servant = agent public"
    "| Student = étudiant | Unemployed = sans emploi | Working = salarié"
    "| Academic degree = diplôme universitaire supérieur | Higher education = enseignement supérieur"
    "| Incomplete higher = enseignement supérieur inachevé | Lower secondary = collège"
    "| Secondary / secondary special = enseignement secondaire ou professionnel"
    "| Civil marriage = union libre | Married = marié | Separated = séparé | Single / not married = célibataire"
    "| Unknown = inconnu | Widow = veuf"
    "| Co-op apartment = appartement en coopérative | House / apartment = maison ou appartement"
    "| Municipal apartment = logement municipal | Office apartment = logement de fonction"
    "| Rented apartment = appartement loué | With parents = chez ses parents"
    "| Accountants = comptables | Cleaning staff = personnel de nettoyage | Cooking staff = personnel de cuisine"
    "| Core staff = personnel de base | Drivers = conducteurs | HR staff = ressources humaines"
    "| High skill tech staff = techniciens très qualifiés | IT staff = informaticiens | Laborers = ouvriers"
    "| Low-skill Laborers = ouvriers peu qualifiés | Managers = cadres | Medicine staff = personnel médical"
    "| Private service staff = services aux particuliers | Realty agents = agents immobiliers"
    "| Sales staff = vendeurs | Secretaries = secrétaires | Security staff = agents de sécurité"
    "| Waiters/barmen staff = serveurs et barmans"
    "| Advertising = publicité | Agriculture = agriculture | Bank = banque | Cleaning = nettoyage"
    "| Construction = construction | Culture = culture | Electricity = électricité | Emergency = secours"
    "| Government = administration | Hotel = hôtellerie | Housing = habitat | Insurance = assurance"
    "| Kindergarten = école maternelle | Legal Services = services juridiques | Medicine = santé"
    "| Military = armée | Mobile = téléphonie mobile | Other = autre | Police = police | Postal = poste"
    "| Realtor = immobilier | Religion = religion | Restaurant = restauration | School = école"
    "| Security = sécurité | Security Ministries = ministères de la sécurité"
    "| Self-employed = travailleur indépendant | Services = services | Telecom = télécommunications"
    "| University = université | Industry = industrie"
    "| not specified = non précisé | org spec account = compte spécial de l'organisme"
    "| reg oper account = compte de l'opérateur régional"
    "| reg oper spec account = compte spécial de l'opérateur régional"
    "| block of flats = immeuble d'appartements | specific housing = logement particulier"
    "| terraced house = maison mitoyenne"
    "| Block = blocs | Mixed = mixte | Monolithic = monolithique | Others = autres | Panel = panneaux"
    "| Stone, brick = pierre ou brique | Wooden = bois"
    "| Active = en cours | Bad debt = créance douteuse | Closed = clos | Sold = cédé"
    "| currency 1 = devise 1 | currency 2 = devise 2 | currency 3 = devise 3 | currency 4 = devise 4"
    "| Another type of loan = autre type de prêt | Car loan = prêt automobile"
    "| Cash loan (non-earmarked) = prêt de trésorerie (non affecté) | Consumer credit = crédit à la consommation"
    "| Credit card = carte de crédit | Interbank credit = crédit interbancaire"
    "| Loan for business development = prêt de développement d'entreprise"
    "| Loan for purchase of shares (margin lending) = prêt pour achat de titres"
    "| Loan for the purchase of equipment = prêt d'équipement"
    "| Loan for working capital replenishment = prêt de fonds de roulement | Microloan = microcrédit"
    "| Mobile operator loan = crédit d'un opérateur mobile | Mortgage = prêt hypothécaire"
    "| Real estate loan = prêt immobilier | Unknown type of loan = type de prêt inconnu"
    "| 0 = payé | 1 = jusqu'à 30 jours de retard | 2 = 31 à 60 jours de retard | 3 = 61 à 90 jours de retard"
    "| 4 = 91 à 120 jours de retard | 5 = plus de 120 jours de retard ou passé en perte | C = clos | X = inconnu"
    "| Building a house or an annex = construction d'une maison ou d'une annexe"
    "| Business development = développement d'une activité | Buying a garage = achat d'un garage"
    "| Buying a holiday home / land = achat d'une résidence secondaire ou d'un terrain"
    "| Buying a home = achat d'un logement | Buying a new car = achat d'une voiture neuve"
    "| Buying a used car = achat d'une voiture d'occasion | Car repairs = réparation de voiture"
    "| Education = études | Everyday expenses = dépenses courantes | Furniture = meubles"
    "| Gasification / water supply = raccordement au gaz ou à l'eau | Hobby = loisir | Journey = voyage"
    "| Money for a third person = argent pour un tiers | Payments on other loans = remboursement d'autres prêts"
    "| Purchase of electronic equipment = achat d'électronique | Refusal to name the goal = objet non communiqué"
    "| Repairs = travaux | Urgent needs = besoins urgents | Wedding / gift / holiday = mariage, cadeau ou fête"
    "| Approved = accord | Canceled = annulation | Refused = refus | Unused offer = offre non utilisée"
    "| Cash through the bank = espèces par la banque | Non-cash from your account = virement de votre compte"
    "| Cashless from the account of the employer = virement du compte de l'employeur"
    "| CLIENT = renoncement du client | HC = motif HC | LIMIT = motif LIMIT | SCO = motif SCO"
    "| SCOFR = motif SCOFR | SYSTEM = motif SYSTEM | VERIF = motif VERIF"
    "| New = nouveau client | Refreshed = client de retour | Repeater = client habituel"
    "| Additional Service = service supplémentaire | Animals = animaux | Audio/Video = audio et vidéo"
    "| Auto Accessories = accessoires automobiles | Clothing and Accessories = vêtements et accessoires"
    "| Computers = ordinateurs | Construction Materials = matériaux de construction"
    "| Consumer Electronics = électronique grand public | Direct Sales = vente directe | Fitness = sport en salle"
    "| Gardening = jardinage | Homewares = articles ménagers | House Construction = construction de maison"
    "| Jewelry = bijoux | Medical Supplies = matériel médical | Office Appliances = matériel de bureau"
    "| Photo / Cinema Equipment = photo et cinéma | Sport and Leisure = sport et loisirs | Tourism = tourisme"
    "| Vehicles = véhicules | Weapon = armes"
    "| Cards = cartes | Cars = voitures | Cash = prêts personnels | POS = prêts en magasin"
    "| walk-in = au guichet | x-sell = proposé à un client"
    "| AP+ (Cash loan) = AP+ (prêt de trésorerie) | Car dealer = concessionnaire automobile"
    "| Channel of corporate sales = ventes aux entreprises | Contact center = centre d'appels"
    "| Country-wide = national | Credit and cash offices = agences de crédit | Regional / Local = régional ou local"
    "| Stone = magasin"
    "| Auto technology = technique automobile | Clothing = vêtements | Connectivity = télécommunications"
    "| Consumer electronics = électronique grand public | MLM partners = partenaires de vente par réseau"
    "| high = élevé | low_action = bas, promotionnel | low_normal = bas | middle = moyen"
    "| Card Street = carte, guichet | Card X-Sell = carte, proposée à un client | Cash = prêt de trésorerie"
    "| Cash Street: high = prêt au guichet, taux élevé | Cash Street: low = prêt au guichet, taux bas"
    "| Cash Street: middle = prêt au guichet, taux moyen | Cash X-Sell: high = prêt proposé à un client, taux élevé"
    "| Cash X-Sell: low = prêt proposé à un client, taux bas | Cash X-Sell: middle = prêt proposé, taux moyen"
    "| POS household with interest = équipement du foyer, avec intérêts"
    "| POS household without interest = équipement du foyer, sans intérêts"
    "| POS industry with interest = équipement professionnel, avec intérêts"
    "| POS industry without interest = équipement professionnel, sans intérêts"
    "| POS mobile with interest = téléphone, avec intérêts | POS mobile without interest = téléphone, sans intérêts"
    "| POS other with interest = autre achat, avec intérêts"
    "| POS others without interest = autre achat, sans intérêts"
    "| Amortized debt = dette amortie | Completed = terminé | Demand = mis en demeure"
    "| Returned to the store = rendu au magasin | Signed = signé | Sent proposal = proposition envoyée"
)

_APART: Final[Mapping[str, Mapping[str, str]]] = {
    "NAME_CASH_LOAN_PURPOSE": _pairs("Medicine = soins | Furniture = achat de meubles"),
    "NAME_GOODS_CATEGORY": _pairs("Medicine = médicaments | Mobile = téléphones mobiles | Education = formation"),
    "NAME_SELLER_INDUSTRY": _pairs("Jewelry = bijouterie | Furniture = ameublement"),
    "NAME_PORTFOLIO": _pairs("Cash = prêts personnels"),
}
"""Column -> levels that mean something else there than elsewhere."""

_NUMBERED: Final = {
    "Business Entity Type": "entreprise, type",
    "Industry: type": "industrie, type",
    "Trade: type": "commerce, type",
    "Transport: type": "transport, type",
}

_ENGLISH: Final = _pairs(
    "Y = yes | N = no | F = female | M = male | XNA = not recorded | XAP = not applicable"
    "| 0 = paid | 1 = up to 30 days late | 2 = 31 to 60 days late | 3 = 61 to 90 days late"
    "| 4 = 91 to 120 days late | 5 = over 120 days late or written off | C = closed | X = unknown"
    "| Other_A = other (A) | Other_B = other (B) | x-sell = cross-sell | low_action = low, promotional"
    "| low_normal = low"
)
"""What is written in code; all else is English already."""


def modality(column: str, level: str, lang: Language) -> str:
    """A level of a raw column in words; one that nobody listed stays as it is written."""
    if lang == "en":
        return _ENGLISH.get(level, level)
    stem, _, number = level.rpartition(" ")
    if stem in _NUMBERED:
        return f"{_NUMBERED[stem]} {number}"
    return _APART.get(column, {}).get(level, _FRENCH.get(level, level))
