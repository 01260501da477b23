"""Why: the themes and reasons a decision may be explained by, in French and English.

A reason is the finest thing a person still understands; many features share one. Sentences name a
subject and never a value: the same sentence is true of everyone it is said to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Language = Literal["fr", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")


class Explain(StrEnum):
    """Whom reasons are worked out for: exact contributions cost far more than the score itself."""

    NEEDED = "needed"
    """Refused and referred applicants, who are owed them."""
    ALL = "all"
    NONE = "none"


class Theme(StrEnum):
    """What a feature is about, for charts and for people."""

    EXTERNAL = "external"
    REQUEST = "request"
    INCOME = "income"
    EMPLOYMENT = "employment"
    PERSON = "person"
    HOUSING = "housing"
    CONTACT = "contact"
    BUREAU = "bureau"
    ENQUIRIES = "enquiries"
    PREVIOUS = "previous"
    REPAYMENT = "repayment"
    CARD = "card"


THEMES: Final[Mapping[Theme, tuple[str, str]]] = {
    Theme.EXTERNAL: ("Scores externes", "External scores"),
    Theme.REQUEST: ("Crédit demandé", "Credit requested"),
    Theme.INCOME: ("Revenus et charge de remboursement", "Income and repayment burden"),
    Theme.EMPLOYMENT: ("Emploi", "Employment"),
    Theme.PERSON: ("Situation personnelle", "Personal situation"),
    Theme.HOUSING: ("Logement et région", "Housing and region"),
    Theme.CONTACT: ("Contact et pièces fournies", "Contact and documents"),
    Theme.BUREAU: ("Crédits auprès d'autres établissements", "Credit with other lenders"),
    Theme.ENQUIRIES: ("Consultations du fichier de crédit", "Credit bureau enquiries"),
    Theme.PREVIOUS: ("Demandes précédentes", "Previous applications"),
    Theme.REPAYMENT: ("Remboursement des prêts précédents", "Repayment of earlier loans"),
    Theme.CARD: ("Carte de crédit", "Credit card"),
}
"""Theme -> (French, English) label."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks against, or for, an application."""

    code: str
    theme: Theme
    against_fr: str
    against_en: str
    in_favour_fr: str
    in_favour_en: str

    def sentence(self, lang: Language, *, against: bool = True) -> str:
        """The sentence a customer may read."""
        if lang == "fr":
            return self.against_fr if against else self.in_favour_fr
        return self.against_en if against else self.in_favour_en


def _pair(code: str, theme: Theme, fr: tuple[str, str], en: tuple[str, str]) -> Reason:
    return Reason(code, theme, fr[0], en[0], fr[1], en[1])


_ALL: Final = (
    _pair(
        "EXTERNAL_SCORE_1",
        Theme.EXTERNAL,
        (
            "La première des notes de crédit fournies par des organismes tiers est défavorable.",
            "La première des notes de crédit fournies par des organismes tiers est favorable.",
        ),
        (
            "The first of the credit scores supplied by third parties is unfavourable.",
            "The first of the credit scores supplied by third parties is favourable.",
        ),
    ),
    _pair(
        "EXTERNAL_SCORE_2",
        Theme.EXTERNAL,
        (
            "La deuxième des notes de crédit fournies par des organismes tiers est défavorable.",
            "La deuxième des notes de crédit fournies par des organismes tiers est favorable.",
        ),
        (
            "The second of the credit scores supplied by third parties is unfavourable.",
            "The second of the credit scores supplied by third parties is favourable.",
        ),
    ),
    _pair(
        "EXTERNAL_SCORE_3",
        Theme.EXTERNAL,
        (
            "La troisième des notes de crédit fournies par des organismes tiers est défavorable.",
            "La troisième des notes de crédit fournies par des organismes tiers est favorable.",
        ),
        (
            "The third of the credit scores supplied by third parties is unfavourable.",
            "The third of the credit scores supplied by third parties is favourable.",
        ),
    ),
    _pair(
        "EXTERNAL_SCORES",
        Theme.EXTERNAL,
        (
            "Les notes de crédit fournies par des organismes tiers, prises ensemble, sont défavorables.",
            "Les notes de crédit fournies par des organismes tiers, prises ensemble, sont favorables.",
        ),
        (
            "The credit scores supplied by third parties, taken together, are unfavourable.",
            "The credit scores supplied by third parties, taken together, are favourable.",
        ),
    ),
    _pair(
        "CREDIT_AMOUNT",
        Theme.REQUEST,
        ("Le montant du crédit demandé pèse en défaveur de la demande.", "Le montant du crédit demandé est favorable."),
        (
            "The amount of credit requested weighs against the application.",
            "The amount of credit requested is favourable.",
        ),
    ),
    _pair(
        "CREDIT_TERM",
        Theme.REQUEST,
        (
            "La durée du crédit, ou le poids de ses mensualités face au montant, pèse en défaveur de la demande.",
            "La durée du crédit, au vu de ses mensualités, est favorable.",
        ),
        (
            "The term of the credit and the size of its instalments against the amount weigh against the application.",
            "The term of the credit, given its instalments, is favourable.",
        ),
    ),
    _pair(
        "DOWN_PAYMENT",
        Theme.REQUEST,
        (
            "Le crédit demandé est élevé au regard du prix du bien financé.",
            "Le crédit demandé est raisonnable au regard du prix du bien financé.",
        ),
        (
            "The credit requested is high against the price of the goods it pays for.",
            "The credit requested is reasonable against the price of the goods it pays for.",
        ),
    ),
    _pair(
        "CONTRACT_KIND",
        Theme.REQUEST,
        ("Le type de contrat demandé pèse en défaveur de la demande.", "Le type de contrat demandé est favorable."),
        (
            "The kind of contract requested weighs against the application.",
            "The kind of contract requested is favourable.",
        ),
    ),
    _pair(
        "INCOME",
        Theme.INCOME,
        (
            "Le niveau des revenus déclarés pèse en défaveur de la demande.",
            "Le niveau des revenus déclarés est favorable.",
        ),
        ("The declared income weighs against the application.", "The declared income is favourable."),
    ),
    _pair(
        "INCOME_BURDEN",
        Theme.INCOME,
        (
            "Le crédit demandé et ses mensualités sont élevés au regard des revenus.",
            "Le crédit demandé et ses mensualités sont supportables au regard des revenus.",
        ),
        (
            "The credit requested and its instalments are high against income.",
            "The credit requested and its instalments are bearable against income.",
        ),
    ),
    _pair(
        "TOTAL_BURDEN",
        Theme.INCOME,
        (
            "Les engagements de crédit, anciens et nouveaux, sont lourds au regard des revenus et du crédit demandé.",
            "Les engagements de crédit, anciens et nouveaux, sont supportables au regard des revenus.",
        ),
        (
            "Credit commitments, old and new, weigh against income and the credit requested.",
            "Credit commitments, old and new, are bearable against income and the credit requested.",
        ),
    ),
    _pair(
        "EMPLOYMENT_LENGTH",
        Theme.EMPLOYMENT,
        (
            "L'ancienneté dans l'emploi actuel pèse en défaveur de la demande.",
            "L'ancienneté dans l'emploi actuel est favorable.",
        ),
        (
            "The length of current employment weighs against the application.",
            "The length of current employment is favourable.",
        ),
    ),
    _pair(
        "EMPLOYMENT_KIND",
        Theme.EMPLOYMENT,
        (
            "La profession ou le secteur d'activité pèse en défaveur de la demande.",
            "La profession ou le secteur d'activité est favorable.",
        ),
        (
            "The occupation or sector of employment weighs against the application.",
            "The occupation or sector of employment is favourable.",
        ),
    ),
    _pair(
        "EDUCATION",
        Theme.PERSON,
        ("Le niveau d'études pèse en défaveur de la demande.", "Le niveau d'études est favorable."),
        ("The level of education weighs against the application.", "The level of education is favourable."),
    ),
    _pair(
        "CAR",
        Theme.PERSON,
        (
            "L'absence, la possession ou l'âge du véhicule pèse en défaveur de la demande.",
            "La possession ou l'âge du véhicule est favorable.",
        ),
        (
            "The ownership or age of a car weighs against the application.",
            "The ownership or age of a car is favourable.",
        ),
    ),
    _pair(
        "SOCIAL_CIRCLE",
        Theme.PERSON,
        (
            "Des défauts de paiement observés dans l'entourage déclaré pèsent en défaveur de la demande.",
            "L'absence de défaut de paiement dans l'entourage déclaré est favorable.",
        ),
        (
            "Payment defaults seen among declared acquaintances weigh against the application.",
            "The absence of payment defaults among declared acquaintances is favourable.",
        ),
    ),
    _pair(
        "HOUSING",
        Theme.HOUSING,
        ("La situation de logement pèse en défaveur de la demande.", "La situation de logement est favorable."),
        ("The housing situation weighs against the application.", "The housing situation is favourable."),
    ),
    _pair(
        "REGION",
        Theme.HOUSING,
        (
            "La région de résidence, ou sa distance au lieu de travail, pèse en défaveur de la demande.",
            "La région de résidence est favorable.",
        ),
        (
            "The region of residence, or its distance from the place of work, weighs against the application.",
            "The region of residence is favourable.",
        ),
    ),
    _pair(
        "STABILITY",
        Theme.CONTACT,
        (
            "Un changement récent de téléphone, d'adresse ou de pièce d'identité pèse en défaveur de la demande.",
            "La stabilité du téléphone, de l'adresse et de la pièce d'identité est favorable.",
        ),
        (
            "A recent change of telephone, address or identity document weighs against the application.",
            "A stable telephone, address and identity document are favourable.",
        ),
    ),
    _pair(
        "DOCUMENTS",
        Theme.CONTACT,
        (
            "Les pièces et les coordonnées fournies sont incomplètes, ou pèsent en défaveur de la demande.",
            "Les pièces et les coordonnées fournies sont favorables.",
        ),
        (
            "The documents and contact details supplied are incomplete or weigh against the application.",
            "The documents and contact details supplied are favourable.",
        ),
    ),
    _pair(
        "BUREAU_DEBT",
        Theme.BUREAU,
        (
            "L'endettement auprès d'autres établissements est élevé.",
            "L'endettement auprès d'autres établissements est modéré.",
        ),
        ("Debt with other lenders is high.", "Debt with other lenders is moderate."),
    ),
    _pair(
        "BUREAU_OVERDUE",
        Theme.BUREAU,
        (
            "Des retards de paiement ont été signalés par d'autres établissements.",
            "Les paiements auprès d'autres établissements sont réguliers.",
        ),
        ("Late payments were reported by other lenders.", "Payments to other lenders are regular."),
    ),
    _pair(
        "BUREAU_AGE",
        Theme.BUREAU,
        (
            "L'historique de crédit auprès d'autres établissements est récent, court ou chargé de nouveaux crédits.",
            "L'historique de crédit auprès d'autres établissements est ancien et établi.",
        ),
        (
            "The credit history with other lenders is recent, short or has many new credits.",
            "The credit history with other lenders is long and established.",
        ),
    ),
    _pair(
        "BUREAU_KIND",
        Theme.BUREAU,
        (
            "Le nombre ou la nature des crédits auprès d'autres établissements pèse en défaveur de la demande.",
            "Le nombre et la nature des crédits auprès d'autres établissements sont favorables.",
        ),
        (
            "The number or kind of credits with other lenders weighs against the application.",
            "The number and kind of credits with other lenders are favourable.",
        ),
    ),
    _pair(
        "ENQUIRIES",
        Theme.ENQUIRIES,
        (
            "Le nombre de consultations récentes du fichier de crédit pèse en défaveur de la demande.",
            "Le faible nombre de consultations récentes du fichier de crédit est favorable.",
        ),
        (
            "The number of recent credit bureau enquiries weighs against the application.",
            "The small number of recent credit bureau enquiries is favourable.",
        ),
    ),
    _pair(
        "PREVIOUS_REFUSED",
        Theme.PREVIOUS,
        (
            "Des demandes précédentes ont été refusées ou annulées.",
            "Les demandes précédentes ont été acceptées.",
        ),
        ("Previous applications were refused or cancelled.", "Previous applications were approved."),
    ),
    _pair(
        "PREVIOUS_TERMS",
        Theme.PREVIOUS,
        (
            "Les conditions des demandes précédentes (montant, durée, prix, apport) pèsent en défaveur de la demande.",
            "Les conditions des demandes précédentes (montant, durée, prix, apport) sont favorables.",
        ),
        (
            "The terms of previous applications (amount, length, price, down payment) weigh against the application.",
            "The terms of previous applications (amount, length, price, down payment) are favourable.",
        ),
    ),
    _pair(
        "PREVIOUS_RECENT",
        Theme.PREVIOUS,
        (
            "Le rythme ou la date des demandes précédentes pèse en défaveur de la demande.",
            "Le rythme et la date des demandes précédentes sont favorables.",
        ),
        (
            "The pace or timing of previous applications weighs against the application.",
            "The pace and timing of previous applications are favourable.",
        ),
    ),
    _pair(
        "PREVIOUS_RUNNING",
        Theme.PREVIOUS,
        (
            "Des prêts en cours auprès de nous restent à rembourser.",
            "Les prêts précédents auprès de nous sont remboursés ou presque.",
        ),
        (
            "Loans with us are still to be repaid.",
            "Earlier loans with us are repaid or nearly so.",
        ),
    ),
    _pair(
        "REPAYMENT_LATE",
        Theme.REPAYMENT,
        (
            "Des mensualités de prêts précédents ont été payées en retard.",
            "Les mensualités des prêts précédents ont été payées à l'heure ou en avance.",
        ),
        (
            "Instalments of earlier loans were paid late.",
            "Instalments of earlier loans were paid on time or early.",
        ),
    ),
    _pair(
        "REPAYMENT_PARTIAL",
        Theme.REPAYMENT,
        (
            "Des mensualités de prêts précédents n'ont été payées qu'en partie.",
            "Les mensualités des prêts précédents ont été payées en entier.",
        ),
        (
            "Instalments of earlier loans were paid only in part.",
            "Instalments of earlier loans were paid in full.",
        ),
    ),
    _pair(
        "REPAYMENT_AMOUNT",
        Theme.REPAYMENT,
        (
            "Le montant ou le nombre des mensualités déjà remboursées pèse en défaveur de la demande.",
            "Le montant et le nombre des mensualités déjà remboursées sont favorables.",
        ),
        (
            "The size or number of instalments repaid so far weighs against the application.",
            "The size and number of instalments repaid so far are favourable.",
        ),
    ),
    _pair(
        "CARD_USE",
        Theme.CARD,
        (
            "L'utilisation de la carte de crédit (solde, retraits) est élevée au regard de son plafond.",
            "L'utilisation de la carte de crédit est modérée au regard de son plafond.",
        ),
        (
            "The use of the credit card (balance, cash withdrawals) is high against its limit.",
            "The use of the credit card is moderate against its limit.",
        ),
    ),
    _pair(
        "CARD_PAYMENT",
        Theme.CARD,
        (
            "Les paiements de la carte de crédit sont en retard ou proches du minimum.",
            "Les paiements de la carte de crédit sont réguliers.",
        ),
        ("Credit card payments are late or close to the minimum.", "Credit card payments are regular."),
    ),
)

REASONS: Final[Mapping[str, Reason]] = {reason.code: reason for reason in _ALL}
"""Every reason by its code."""


def label(theme: Theme, lang: Language) -> str:
    """A theme's name for a person."""
    french, english = THEMES[theme]
    return french if lang == "fr" else english
