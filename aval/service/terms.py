"""What only the service says: roles, jobs, simulations and figures, each in French and English."""

import re
from typing import Final

from aval.credit.reason import Language

Pair = tuple[str, str]
"""French, English."""
SPACE: Final = "\u00a0"


def typeset(text: str, lang: Language) -> str:
    """French with its no-break spaces: before `: ; ? ! » %` and after `«`."""
    if lang != "fr":
        return text
    text = re.sub(r"\s(?=[:;?!»%])", SPACE, text)
    return re.sub(r"«\s", f"«{SPACE}", text)


MORE_UNITS: Final[dict[str, Pair]] = {
    "id": ("identifiant", "identifier"),
    "currency": ("dans la devise des tables", "in the currency of the tables"),
    "area": ("surface", "area"),
    "date": ("date", "date"),
    "log_odds": ("log-cotes", "log-odds"),
    "points": ("points", "points"),
}
"""Units that no feature has."""

ROLES: Final[dict[str, Pair]] = {
    "officer": ("conseiller", "loan officer"),
    "analyst": ("analyste", "analyst"),
    "validator": ("validateur", "validator"),
    "admin": ("administrateur", "administrator"),
}
RIGHTS: Final[dict[str, Pair]] = {
    "decide": ("décider", "decide"),
    "override": ("décider autrement que le modèle", "override a decision"),
    "read": ("consulter les décisions", "read decisions"),
    "what_if": ("simuler une autre demande", "try another request"),
    "read_all": ("consulter tout le journal", "read the whole journal"),
    "replay": ("rejouer une décision", "replay a decision"),
    "verify": ("vérifier la chaîne du journal", "verify the journal's chain"),
    "erase": ("effacer les données d'une personne", "erase a person's data"),
    "administer": ("administrer le service", "administer the service"),
}
JOBS: Final[dict[str, Pair]] = {
    "waiting": ("en attente", "waiting"),
    "running": ("en cours", "running"),
    "done": ("terminé", "done"),
    "failed": ("échec", "failed"),
}
LEVERS: Final[dict[str, Pair]] = {
    "credit": ("montant du crédit", "amount of the credit"),
    "term_months": ("durée en mois", "term in months"),
    "down_payment": ("apport", "down payment"),
}
OBSTACLES: Final[dict[str, Pair]] = {
    "revolving": (
        "Un crédit renouvelable n'a ni durée ni apport.",
        "A revolving loan has neither a term nor a down payment.",
    ),
    "no_credit": ("La demande n'indique pas de montant.", "The application asks for no amount."),
    "no_term": ("La mensualité ne correspond à aucune durée plausible.", "The instalment implies no plausible term."),
    "no_price": ("La demande n'indique pas le prix du bien.", "The application states no price of goods."),
}
WHAT_IF: Final[dict[str, Pair]] = {
    "before": ("La demande telle quelle", "The request as it is"),
    "after": ("La demande modifiée", "The request as changed"),
    "question": ("Qu'est-ce qui serait accordé ?", "What would be approved?"),
    "found": ("La plus petite modification qui serait accordée", "The smallest change that would be approved"),
    "none": (
        "Aucune modification du montant, de la durée ou de l'apport ne suffirait.",
        "No change of amount, term or down payment would be enough.",
    ),
    "approved": ("La demande est déjà accordée.", "The request is approved already."),
    "not_logged": ("Une simulation n'est pas une décision.", "A simulation is not a decision."),
}
GROUNDS: Final[dict[str, Pair]] = {
    "sex": ("sexe", "sex"),
    "family": ("situation familiale", "family status"),
    "age": ("âge", "age"),
}
PARTS: Final[dict[str, Pair]] = {
    "applicant_id": ("demandeur", "applicant"),
    "points": ("points", "points"),
    "cutoff": ("seuil", "cut-off"),
    "verdict": ("verdict", "verdict"),
    "rules": ("règles impératives", "hard rules"),
    "features": ("jeu de variables", "feature set"),
    "probability": ("probabilité", "probability"),
    "reasons": ("motifs", "reasons"),
    "feature values": ("valeurs des variables", "feature values"),
    "contributions": ("contributions", "contributions"),
}
"""What a replay may find otherwise."""
FIGURES: Final[dict[str, tuple[Pair, Pair]]] = {
    "probability": (
        ("Probabilité de défaut", "Probability of default"),
        ("Sur cent demandes jugées ainsi, le nombre attendu de défauts", "Of a hundred rated like this, how many fail"),
    ),
    "points": (("Points", "Points"), ("Plus de points, moins de risque", "More points, less risk")),
    "cutoff": (
        ("Seuil", "Cut-off"),
        ("Refus à partir de cette probabilité", "Declined from this probability of default on"),
    ),
    "cost": (
        ("Coût pour 1 000 demandes", "Cost per 1,000 applications"),
        ("Une unité est le coût d'un bon payeur refusé", "One unit is the cost of one good payer refused"),
    ),
    "approval_rate": (("Taux d'acceptation", "Approval rate"), ("Part des demandes acceptées", "Share accepted")),
    "default_rate": (
        ("Taux de défaut des acceptés", "Default rate among the approved"),
        ("Part des demandes acceptées qui font défaut", "Share of the accepted that default"),
    ),
    "auc": (
        ("AUC", "AUC"),
        (
            "Part des couples d'un défaillant et d'un bon payeur rangés dans le bon ordre",
            "Share of pairs of a defaulter and a payer in the right order",
        ),
    ),
    "gini": (("Gini", "Gini"), ("Deux fois l'AUC, moins un", "Twice the AUC, minus one")),
    "ks": (
        ("KS", "KS"),
        (
            "Plus grand écart entre défaillants refusés et bons payeurs refusés",
            "Largest gap between defaulters refused and payers refused",
        ),
    ),
    "brier": (
        ("Score de Brier", "Brier score"),
        ("Erreur quadratique moyenne des probabilités", "Mean squared error of the probabilities"),
    ),
    "log_loss": (
        ("Perte logarithmique", "Log loss"),
        ("Surprise moyenne devant ce qui est arrivé", "Mean surprise at what happened"),
    ),
    "calibration_slope": (
        ("Pente de calibration", "Calibration slope"),
        ("1 : les probabilités disent vrai ; moins : trop tranchées", "1: they mean what they say; less: too extreme"),
    ),
    "four_fifths": (
        ("Règle des quatre cinquièmes", "Four-fifths rule"),
        (
            "Un groupe accepté moins de 4/5 aussi souvent qu'un autre est un signe d'inégalité",
            "A group approved less than 4/5 as often as another is a sign of unequal treatment",
        ),
    ),
}
DRAWN: Final[Pair] = (
    "Accord tiré au sort, pour apprendre ce que les refus cachent.",
    "Approved by lot, to learn what refusing hides.",
)
