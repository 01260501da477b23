"""Recipe R11: what the histories hold against the credit, the instalment and the income of the application."""

from typing import Final

import polars as pl

from aval.features.application import Derived, derived
from aval.features.measure import quotient

_CREDIT = pl.col("AMT_CREDIT")
_ANNUITY = pl.col("AMT_ANNUITY")
_INCOME = pl.col("AMT_INCOME_TOTAL")

_BASES: Final = {
    "credit": (_CREDIT, "credit requested", "crédit demandé"),
    "annuity": (_ANNUITY, "monthly instalment", "mensualité demandée"),
    "income": (_INCOME, "yearly income", "revenu annuel"),
}

_OVER: Final = (
    # what, aggregate, English, French, over which of the application's amounts
    ("granted", "previous_credit_amount_sum_approved", "Amounts granted earlier", "Montants accordés", "credit income"),
    (
        "grantedmean",
        "previous_credit_amount_mean_approved",
        "Mean amount granted earlier",
        "Montant moyen accordé",
        "credit",
    ),
    (
        "grantedmax",
        "previous_credit_amount_max_approved",
        "Largest amount granted earlier",
        "Plus grand montant accordé",
        "credit",
    ),
    ("asked", "previous_asked_amount_mean_last1", "Amount last asked for", "Dernier montant demandé", "credit"),
    ("refused", "previous_asked_amount_max_refused", "Largest amount refused", "Plus grand montant refusé", "credit"),
    (
        "left",
        "previous_left_amount_sum",
        "Amount left on running loans",
        "Montant restant des prêts en cours",
        "credit income",
    ),
    (
        "annuitymean",
        "previous_annuity_amount_mean_approved",
        "Mean earlier instalment",
        "Mensualité antérieure moyenne",
        "annuity income",
    ),
    (
        "annuitymax",
        "previous_annuity_amount_max_approved",
        "Largest earlier instalment",
        "Plus grande mensualité antérieure",
        "annuity",
    ),
    (
        "running",
        "previous_annuity_amount_sum_running",
        "Instalments of running loans",
        "Mensualités des prêts en cours",
        "annuity income",
    ),
    ("duemax", "instalments_due_amount_max", "Largest instalment due", "Plus grande échéance", "annuity income"),
    ("duemean", "instalments_due_amount_mean", "Mean instalment due", "Échéance moyenne", "annuity"),
    (
        "paidyear",
        "instalments_paid_amount_sum_365d",
        "Paid in the last 365 days",
        "Payé au cours des 365 derniers jours",
        "annuity income",
    ),
    ("paidmin", "instalments_paid_amount_min", "Smallest payment", "Plus petit paiement", "annuity"),
    (
        "debt",
        "bureau_debt_amount_sum_active",
        "Debt on active bureau credits",
        "Dette des crédits externes en cours",
        "credit annuity income",
    ),
    (
        "external",
        "bureau_credit_amount_sum_active",
        "Active bureau credits",
        "Crédits externes en cours",
        "credit income",
    ),
    ("externalmax", "bureau_credit_amount_max", "Largest bureau credit", "Plus grand crédit externe", "credit"),
    ("externalmean", "bureau_credit_amount_mean", "Mean bureau credit", "Crédit externe moyen", "credit"),
    (
        "externalannuity",
        "bureau_annuity_amount_sum_active",
        "Instalments of active bureau credits",
        "Mensualités des crédits externes en cours",
        "annuity income",
    ),
    (
        "overdue",
        "bureau_worst_overdue_amount_max",
        "Highest amount overdue at the bureau",
        "Plus fort impayé externe",
        "income",
    ),
    ("cardbalance", "card_balance_amount_last", "Latest card balance", "Dernier solde de carte", "credit income"),
    ("cardlimit", "card_limit_amount_last", "Latest card limit", "Dernier plafond de carte", "credit income"),
    (
        "carddrawn",
        "card_drawn_amount_mean_12m",
        "Mean amount drawn in 12 months",
        "Montant utilisé moyen sur 12 mois",
        "income",
    ),
)

_ACTED_ON: Final = frozenset(("left", "running", "debt", "external", "externalannuity", "cardbalance"))

# A table that was not supplied makes all of this unknown; one that was and holds no row for the applicant owes nothing.
_DUES = (
    pl.col("bureau_annuity_amount_sum_active").fill_null(0.0)
    + pl.col("previous_annuity_amount_sum_running").fill_null(0.0)
    + pl.col("card_minimum_amount_last").fill_null(0.0)
)
_DEBTS = pl.col("bureau_debt_amount_sum_active").fill_null(0.0) + pl.col("previous_left_amount_sum").fill_null(0.0)


def _features() -> list[Derived]:
    found = []
    for what, aggregate, en, fr, bases in _OVER:
        for base in bases.split():
            below, base_en, base_fr = _BASES[base]
            found.append(
                derived(
                    f"across_{what}_{base}_ratio",
                    quotient(pl.col(aggregate), below),
                    f"{en} over the {base_en}",
                    f"{fr} : rapport {'à la' if base == 'annuity' else 'au'} {base_fr}",
                    "TOTAL_BURDEN",
                    actionable=what in _ACTED_ON,
                )
            )
    return found


FEATURES: Final = (
    *_features(),
    derived(
        "across_dues_income_ratio",
        quotient(12 * (_DUES + _ANNUITY), _INCOME),
        "Known instalments per year after this credit over yearly income",
        "Rapport des mensualités annuelles connues, ce crédit compris, au revenu annuel",
        "TOTAL_BURDEN",
        actionable=True,
    ),
    derived(
        "across_dues_annuity_ratio",
        quotient(_DUES, _ANNUITY),
        "Known instalments of other credits over the monthly instalment",
        "Rapport des mensualités connues des autres crédits à la mensualité demandée",
        "TOTAL_BURDEN",
        actionable=True,
    ),
    derived(
        "across_debts_income_ratio",
        quotient(_DEBTS + _CREDIT, _INCOME),
        "Known debts after this credit over yearly income",
        "Rapport des dettes connues, ce crédit compris, au revenu annuel",
        "TOTAL_BURDEN",
        actionable=True,
    ),
    derived(
        "across_debts_credit_ratio",
        quotient(_DEBTS, _CREDIT),
        "Known debts over the credit requested",
        "Rapport des dettes connues au crédit demandé",
        "TOTAL_BURDEN",
        actionable=True,
    ),
    derived(
        "across_term_previous_ratio",
        quotient(quotient(_CREDIT, _ANNUITY), pl.col("previous_term_ratio_mean_approved")),
        "Credit over its instalment, over the same for earlier loans",
        "Rapport du crédit à sa mensualité, divisé par celui des prêts antérieurs",
        "CREDIT_TERM",
        actionable=True,
    ),
    derived(
        "across_credits_count",
        pl.col("bureau_credit_count_active") + pl.col("previous_running_count"),
        "Number of credits running with us and others",
        "Nombre de crédits en cours auprès de nous et d'autres établissements",
        "TOTAL_BURDEN",
        actionable=True,
    ),
    derived(
        "across_history_days",
        pl.max_horizontal("bureau_opened_days_max", "previous_decided_days_max"),
        "Age of the oldest credit or application known",
        "Ancienneté du plus ancien crédit ou de la plus ancienne demande connus",
        "BUREAU_AGE",
    ),
    derived(
        "across_history_employed_ratio",
        quotient(pl.col("bureau_opened_days_max"), -pl.col("DAYS_EMPLOYED")),
        "Age of the oldest bureau credit over the time in employment",
        "Rapport de l'âge du plus ancien crédit externe à l'ancienneté dans l'emploi",
        "BUREAU_AGE",
    ),
)
