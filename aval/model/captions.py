"""What the pictures say, in English and French: sentences with places for figures, and how figures are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aval.credit.reason import Language

ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "interval": "{low} to {high}",
        "roc": "In {pairs} of 100 pairs of a defaulter and a payer, the defaulter is rated the riskier\n"
        "(AUC {auc}, 95 % interval {interval}; Gini {gini}; KS {ks})",
        "roc_x": "Good payers refused",
        "roc_y": "Defaulters refused",
        "chance": "chance",
        "model": "model",
        "cutoff": "policy's cut-off, {cutoff}",
        "pr": "Where half of the defaulters are refused, {share} of 100 refused would have defaulted\n"
        "(average precision {ap}; {rate} of all applicants defaulted)",
        "pr_x": "Defaulters refused (recall)",
        "pr_y": "Refused who default (precision)",
        "pr_chance": "refusing by lot",
        "reliability": "On average {predicted} was predicted and {observed} happened\n({line})",
        "line": "calibration slope {slope}, 95 % interval {interval}; intercept {intercept}",
        "no_line": "no calibration line: the probabilities are constant or separate the classes",
        "reliability_x": "Predicted probability of default",
        "reliability_y": "Observed share of defaults",
        "perfect": "perfect calibration",
        "bins": "tenths of the applicants, 95 % interval",
        "isotonic": "isotonic, for comparison only",
        "applicants": "Applicants",
        "cost": "1,000 applicants cost {decided} at the policy's cut-off, {accept} if all are accepted\n"
        "(95 % interval {interval}; one unit is the cost of one good payer refused)",
        "cost_x": "Cut-off: refused from this probability of default",
        "cost_y": "Cost per 1,000 applicants",
        "cost_policy": "policy's cut-off, {cutoff}: {cost}",
        "cost_empirical": "cheapest out of fold, {cutoff}: {cost}",
        "cost_best": "cheapest on these very rows, {cutoff}: {cost}",
        "accept_all": "accept all: {cost}",
        "refuse_all": "refuse all: {cost}",
        "confusion": "At the cut-off of {cutoff}, {approved} of applicants are accepted;\n"
        "{fn} defaulters get through and {fp} good payers are turned away",
        "tn": "Good payers accepted (TN)",
        "fp": "Good payers refused (FP)",
        "fn": "Defaulters accepted (FN)",
        "tp": "Defaulters refused (TP)",
        "of_payers": "{share} of good payers",
        "of_defaulters": "{share} of defaulters",
        "costs_nothing": "costs nothing",
        "costs": "costs {cost} per 1,000 applicants",
        "paid": "Paid",
        "defaulted": "Defaulted\n(positive)",
        "accepted": "Accepted",
        "refused": "Refused",
        "scores": "Half of the defaulters are rated above {defaulters}, half of the good payers below {payers}",
        "scores_x": "Predicted probability of default",
        "scores_y": "Share of the class per point of probability",
        "payers": "good payers",
        "defaulters": "defaulters",
        "band": "referred to an officer, {low} to {high}",
        "fairness": "Approval rate of the least approved group over the most approved: {ratios}",
        "fairness_rule": "(dotted: four fifths of the highest rate; left of it the rule of 29 CFR 1607.4(D) is broken)",
        "fairness_x": "Approval rate, 95 % interval",
        "small": "{name} (too few: {rows})",
        "group": "{name} ({rows})",
        "overview_roc": "Ranking: AUC {auc}",
        "overview_reliability": "Calibration: slope {slope}",
        "overview_cost": "Cost per 1,000: {decided}",
        "overview_cutoff": "Cut-off",
        "overview_scores": "Probabilities by outcome",
        "sex": "Sex",
        "age": "Age",
        "family": "Family status",
        "influence_groups": "{first} weighs most, {second} next\n"
        "(shuffled among applicants, {dearest} would make 1,000 of them cost {cost} more than the {now} of today; "
        "AUC {auc} lower)",
        "influence_features": "{first}: no measure moves probabilities more\n"
        "(decisions clearly dearer with it shuffled alone: {count} of {measures}; others that say the same stand in)",
        "influence_summary": "What raises and what lowers the risk: each bar stands for the applicants of like value\n"
        "(the {measures} strongest measures; dot: the median; thick: half of these applicants; thin: 90 %)",
        "influence_dependence": "How the risk changes with the {measures} strongest measures, all else as it is\n"
        "(line: median; band: 90 % of applicants of like value; dotted: no effect; grey: missing)",
        "influence_x": "Mean effect on the log-odds of default",
        "influence_cost": "Added cost per 1,000 applicants if shuffled",
        "influence_effect": "Effect on the log-odds of default (right: raises the risk)",
        "influence_y": "Effect on the log-odds",
        "by_theme": "By theme",
        "by_table": "By source table",
        "value_low": "lowest values",
        "value_high": "highest",
        "value_category": "a category's levels",
        "missing": "missing",
        "repeats": "mean and standard deviation of {repeats} shuffles of {rows} applicants of the test part "
        "(orange: above two deviations)",
        "application": "The application",
        "bureau": "Credits with other lenders",
        "bureau_balance": "Monthly statuses at the bureau",
        "previous_application": "Earlier applications with us",
        "POS_CASH_balance": "Monthly balances of earlier loans",
        "installments_payments": "Instalments of earlier loans",
        "credit_card_balance": "Monthly balances of credit cards",
        "several": "Histories against the application",
    }
)

FRENCH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "interval": "de {low} à {high}",
        "roc": "Dans {pairs} couples sur 100 d'un défaillant et d'un bon payeur, le défaillant est jugé plus risqué\n"
        "(AUC {auc}, intervalle à 95 % {interval} ; Gini {gini} ; KS {ks})",
        "roc_x": "Bons payeurs refusés",
        "roc_y": "Défaillants refusés",
        "chance": "hasard",
        "model": "modèle",
        "cutoff": "seuil de la politique, {cutoff}",
        "pr": "Quand la moitié des défaillants est refusée, {share} refusés sur 100 auraient fait défaut\n"
        "(précision moyenne {ap} ; {rate} des demandeurs ont fait défaut)",
        "pr_x": "Défaillants refusés (rappel)",
        "pr_y": "Refusés qui font défaut (précision)",
        "pr_chance": "refus au hasard",
        "reliability": "En moyenne, {predicted} prédit et {observed} constaté\n({line})",
        "line": "pente de calibration {slope}, intervalle à 95 % {interval} ; ordonnée à l'origine {intercept}",
        "no_line": "pas de droite de calibration : probabilités constantes ou classes séparées",
        "reliability_x": "Probabilité de défaut prédite",
        "reliability_y": "Part de défauts constatée",
        "perfect": "calibration parfaite",
        "bins": "dixièmes des demandeurs, intervalle à 95 %",
        "isotonic": "isotonique, pour comparaison seulement",
        "applicants": "Demandeurs",
        "cost": "1 000 demandeurs coûtent {decided} au seuil de la politique, {accept} si tous sont acceptés\n"
        "(intervalle à 95 % {interval} ; une unité : le coût d'un bon payeur refusé)",
        "cost_x": "Seuil : refus à partir de cette probabilité de défaut",
        "cost_y": "Coût pour 1 000 demandeurs",
        "cost_policy": "seuil de la politique, {cutoff} : {cost}",
        "cost_empirical": "le moins cher en validation croisée, {cutoff} : {cost}",
        "cost_best": "le moins cher sur ces lignes mêmes, {cutoff} : {cost}",
        "accept_all": "tout accepter : {cost}",
        "refuse_all": "tout refuser : {cost}",
        "confusion": "Au seuil de {cutoff}, {approved} des demandeurs sont acceptés ;\n"
        "{fn} défaillants passent et {fp} bons payeurs sont écartés",
        "tn": "Bons payeurs acceptés (VN)",
        "fp": "Bons payeurs refusés (FP)",
        "fn": "Défaillants acceptés (FN)",
        "tp": "Défaillants refusés (VP)",
        "of_payers": "{share} des bons payeurs",
        "of_defaulters": "{share} des défaillants",
        "costs_nothing": "ne coûte rien",
        "costs": "coûte {cost} pour 1 000 demandeurs",
        "paid": "A payé",
        "defaulted": "A fait défaut\n(positif)",
        "accepted": "Accepté",
        "refused": "Refusé",
        "scores": "La moitié des défaillants dépasse {defaulters}, la moitié des bons payeurs reste sous {payers}",
        "scores_x": "Probabilité de défaut prédite",
        "scores_y": "Part de la classe par point de probabilité",
        "payers": "bons payeurs",
        "defaulters": "défaillants",
        "band": "confié à un conseiller, {low} à {high}",
        "fairness": "Taux d'acceptation du groupe le moins accepté rapporté au plus accepté : {ratios}",
        "fairness_rule": "(pointillé : 4/5 du plus haut ; à sa gauche, la règle de 29 CFR 1607.4(D) est enfreinte)",
        "fairness_x": "Taux d'acceptation, intervalle à 95 %",
        "small": "{name} (trop peu : {rows})",
        "group": "{name} ({rows})",
        "overview_roc": "Classement : AUC {auc}",
        "overview_reliability": "Calibration : pente {slope}",
        "overview_cost": "Coût pour 1 000 : {decided}",
        "overview_cutoff": "Seuil",
        "overview_scores": "Probabilités selon l'issue",
        "sex": "Sexe",
        "age": "Âge",
        "family": "Situation familiale",
        "influence_groups": "Ce qui pèse le plus : {first}, puis {second}\n"
        "(« {dearest} » mélangé entre demandeurs, 1 000 d'entre eux coûteraient {cost} de plus "
        "que les {now} d'aujourd'hui ; AUC : − {auc})",
        "influence_features": "{first} : aucune mesure ne déplace plus les probabilités\n"
        "(décisions nettement plus chères, mélangée seule : {count} sur {measures} ; "
        "d'autres, presque semblables, suppléent)",
        "influence_summary": "Ce qui augmente et ce qui réduit le risque : une barre, des valeurs voisines\n"
        "(les {measures} mesures les plus fortes ; point : médiane ; trait épais : la moitié d'entre eux ; fin : 90 %)",
        "influence_dependence": "Comment le risque change avec les {measures} mesures les plus fortes, le reste égal\n"
        "(trait : médiane ; bande : 90 % des demandeurs de valeur voisine ; pointillé : aucun effet ; gris : absente)",
        "influence_x": "Effet moyen sur les log-cotes du défaut",
        "influence_cost": "Coût ajouté pour 1 000 demandeurs si mélangé",
        "influence_effect": "Effet sur les log-cotes du défaut (à droite : augmente le risque)",
        "influence_y": "Effet sur les log-cotes",
        "by_theme": "Par thème",
        "by_table": "Par table d'origine",
        "value_low": "valeurs les plus basses",
        "value_high": "les plus hautes",
        "value_category": "modalités d'une catégorie",
        "missing": "absente",
        "repeats": "moyenne et écart type de {repeats} mélanges de {rows} demandeurs du test "
        "(orange : au-delà de deux écarts)",
        "application": "La demande",
        "bureau": "Crédits auprès d'autres établissements",
        "bureau_balance": "Statuts mensuels au fichier de crédit",
        "previous_application": "Demandes précédentes chez nous",
        "POS_CASH_balance": "Soldes mensuels des prêts précédents",
        "installments_payments": "Échéances des prêts précédents",
        "credit_card_balance": "Soldes mensuels des cartes de crédit",
        "several": "Historiques rapportés à la demande",
    }
)


def words(lang: Language) -> Mapping[str, str]:
    """All sentences of one language, with their places."""
    return FRENCH if lang == "fr" else ENGLISH


@dataclass(frozen=True, slots=True)
class Captions:
    """Sentences and figures in one language."""

    lang: Language

    def say(self, key: str, **facts: str) -> str:
        """The sentence `key` with its facts in place."""
        return words(self.lang)[key].format(**facts)

    def name(self, attribute: str) -> str:
        """An attribute of the fairness figures as a heading; one that has no translation stays as it is."""
        return words(self.lang).get(attribute, attribute)

    def number(self, value: float, digits: int = 0) -> str:
        """1,234.5 or, in French, 1 234,5 (narrow no-break space)."""
        written = f"{value:,.{digits}f}"
        if self.lang == "fr":
            return written.replace(",", "\u202f").replace(".", ",")
        return written

    def percent(self, share: float, digits: int = 1) -> str:
        """9.1 % or 9,1 %, with a no-break space."""
        return f"{self.number(100.0 * share, digits)}\u00a0%"

    def interval(self, low: float, high: float, digits: int = 0) -> str:
        """Both ends in words."""
        return self.say("interval", low=self.number(low, digits), high=self.number(high, digits))
