"""Credits with other lenders, as the bureau reports them (recipe R8)."""

from typing import Final

import polars as pl

from aval.features.application import Derived, derived
from aval.features.measure import History, ratio
from aval.features.rows import R, not_later, recency, same_applicant

_STATE = pl.col("CREDIT_ACTIVE")
_TYPE = pl.col("CREDIT_TYPE")
_OPENED = pl.col("DAYS_CREDIT")
_AMOUNT = pl.col("AMT_CREDIT_SUM")
_DEBT = pl.col("AMT_CREDIT_SUM_DEBT")
_END = pl.col("DAYS_CREDIT_ENDDATE")
_ENDED = pl.col("DAYS_ENDDATE_FACT")


def _prepare(rows: R) -> R:
    """Canonical order is by DAYS_CREDIT, so the latest credit stands last."""
    return recency(not_later(not_later(rows, "DAYS_CREDIT"), "DAYS_CREDIT_UPDATE"))


HISTORY: Final = History(
    "bureau",
    row="credit",
    rows=("bureau credits", "crédits externes"),
    time="DAYS_CREDIT",
    time_days=1,
    prepare=_prepare,
    prepared={"recent": ("DAYS_CREDIT",)},
    reads=("DAYS_CREDIT_UPDATE",),
    recipe="DAYS_CREDIT <= 0, DAYS_CREDIT_UPDATE <= 0; recent: 1 is the latest by DAYS_CREDIT",
)
_h = HISTORY

_h.flag("active", _STATE == "Active", "active-", "en cours", "BUREAU_KIND", actionable=True)
_h.flag("closed", _STATE == "Closed", "closed-", "clos", "BUREAU_KIND")
_h.flag("sold", _STATE == "Sold", "that were sold", "cédés", "BUREAU_OVERDUE")
for _days in (90, 365, 730):
    _h.flag(
        f"{_days}d",
        pl.col("DAYS_CREDIT") >= -_days,
        f"opened in the last {_days} days",
        f"ouverts au cours des {_days} derniers jours",
    )
_h.flag("last3", pl.col("recent") <= 3, "that are the 3 latest opened", "au nombre des 3 derniers ouverts")

_KINDS: Final = (
    ("consumer", "Consumer credit", "for consumption", "à la consommation"),
    ("card", "Credit card", "that are credit cards", "de type carte de crédit"),
    ("mortgage", "Mortgage", "that are mortgages", "de type hypothécaire"),
    ("vehicle", "Car loan", "for a car", "pour un véhicule"),
    ("microloan", "Microloan", "that are microloans", "de type microcrédit"),
    ("business", "Loan for business development", "for a business", "pour une entreprise"),
    ("capital", "Loan for working capital replenishment", "for working capital", "pour un fonds de roulement"),
    ("other", "Another type of loan", "of another kind", "d'un autre type"),
)
for _token, _level, _en, _fr in _KINDS:
    _h.flag(_token, pl.col("CREDIT_TYPE") == _level, _en, _fr, "BUREAU_KIND")
_h.flag("foreign", pl.col("CREDIT_CURRENCY") != "currency 1", "in another currency", "en autre devise", "BUREAU_KIND")
_h.flag("everoverdue", pl.col("AMT_CREDIT_MAX_OVERDUE") > 0, "once overdue", "déjà en retard", "BUREAU_OVERDUE")
_h.flag("indebted", _DEBT > 0, "with a debt left", "non soldés", "BUREAU_DEBT", actionable=True)
_h.flag("unfinished", (_END > 0) & _ENDED.is_null(), "still to end", "à échoir", "BUREAU_DEBT")
_h.flag("lapsed", (_END <= 0) & (_STATE == "Active"), "active past their end", "en cours après terme", "BUREAU_OVERDUE")

_h.measure("opened_days", -_OPENED, "age of the credit", "l'âge du crédit", "BUREAU_AGE")
_h.measure(
    "gap_days",
    pl.when(same_applicant()).then(_OPENED.diff()),
    "time between openings",
    "le délai entre ouvertures",
    "BUREAU_AGE",
)
_h.measure("end_days", _END, "time until the planned end", "le temps jusqu'au terme prévu", "BUREAU_AGE")
_h.measure("left_days", pl.when(_END > 0).then(_END), "time still to run", "la durée restante", "BUREAU_DEBT")
_h.measure("planned_days", _END - _OPENED, "planned length of the credit", "la durée prévue du crédit", "BUREAU_AGE")
_h.measure("ended_days", -_ENDED, "time since the end", "le temps depuis la clôture", "BUREAU_AGE")
_h.measure("lasted_days", _ENDED - _OPENED, "actual length of the credit", "la durée effective du crédit", "BUREAU_AGE")
_h.measure("early_days", _END - _ENDED, "days it ended early", "l'avance de clôture", "BUREAU_AGE")
_h.measure("updated_days", -pl.col("DAYS_CREDIT_UPDATE"), "age of the report", "l'ancienneté du relevé", "BUREAU_AGE")
_h.measure("overdue_days", pl.col("CREDIT_DAY_OVERDUE"), "days overdue", "le retard actuel", "BUREAU_OVERDUE")
_h.measure(
    "worst_overdue_amount",
    pl.col("AMT_CREDIT_MAX_OVERDUE"),
    "highest amount overdue",
    "le plus fort impayé",
    "BUREAU_OVERDUE",
)
_h.measure("overdue_amount", pl.col("AMT_CREDIT_SUM_OVERDUE"), "amount overdue", "l'impayé actuel", "BUREAU_OVERDUE")
_h.measure(
    "prolonged_count", pl.col("CNT_CREDIT_PROLONG"), "prolongations", "le nombre de prolongations", "BUREAU_OVERDUE"
)
_h.measure("credit_amount", _AMOUNT, "amount of the credit", "le montant du crédit", "BUREAU_DEBT")
_h.measure("debt_amount", _DEBT, "debt left", "la dette restante", "BUREAU_DEBT", actionable=True)
_h.measure("limit_amount", pl.col("AMT_CREDIT_SUM_LIMIT"), "limit of the card", "le plafond de la carte", "BUREAU_DEBT")
_h.measure(
    "annuity_amount", pl.col("AMT_ANNUITY"), "instalment of the credit", "la mensualité du crédit", "BUREAU_DEBT"
)
_h.measure(
    "debt_ratio",
    ratio(_DEBT, _AMOUNT),
    "debt left over the amount",
    "le rapport de la dette au montant",
    "BUREAU_DEBT",
    actionable=True,
)
_h.measure("repaid_amount", _AMOUNT - _DEBT, "amount repaid", "le montant remboursé", "BUREAU_DEBT")
_h.measure(
    "overdue_ratio",
    ratio(pl.col("AMT_CREDIT_MAX_OVERDUE"), _AMOUNT),
    "highest amount overdue over the amount",
    "le rapport du plus fort impayé au montant",
    "BUREAU_OVERDUE",
)
_h.measure(
    "debt_daily_amount",
    pl.when((_END > 0) & (_DEBT > 0)).then(_DEBT / _END),
    "debt left per day to run",
    "la dette par jour restant",
    "BUREAU_DEBT",
)
_h.measure("type_count", _TYPE, "kind of credit", "le type de crédit", "BUREAU_KIND", text=True)


_h.count("BUREAU_KIND", "", "90d", "365d", "730d", "mortgage", "microloan")
_h.count("BUREAU_KIND", "active", "active 365d", "active card", "active consumer", actionable=True)
_h.share("active sold consumer card vehicle business capital other foreign")
_h.share("everoverdue indebted unfinished lapsed")
_h.declare("type_count", "distinct", "")
_h.declare("opened_days", "mean min max std", "")
_h.declare("opened_days", "mean min max", "active")
_h.declare("opened_days", "min", "consumer", "card", "microloan", "closed")
_h.declare("gap_days", "mean min max std last", "")
_h.declare("end_days", "mean min max std", "")
_h.declare("end_days", "mean max", "active")
_h.declare("left_days", "mean sum", "")
_h.declare("planned_days", "mean max min", "")
_h.declare("planned_days", "mean", "active", "closed", "last3")
_h.declare("ended_days", "mean min max", "")
_h.declare("lasted_days", "mean max", "")
_h.declare("early_days", "mean min max sum", "")
_h.declare("updated_days", "mean min max", "")
_h.declare("updated_days", "mean", "active")
_h.declare("overdue_days", "max", "")
_h.declare("worst_overdue_amount", "mean max", "")
_h.declare("worst_overdue_amount", "max", "active", "730d")
_h.declare("overdue_amount", "sum", "")
_h.declare("prolonged_count", "sum", "")
_h.declare("credit_amount", "mean min max sum std last", "")
_h.declare("credit_amount", "max sum", "active")
_h.declare("credit_amount", "sum", "consumer", "card", "mortgage", "microloan", "closed", "365d", "730d")
_h.declare("credit_amount", "mean", "last3", "365d", "consumer", "card")
_h.declare("credit_amount", "slope", "")
_h.declare("debt_amount", "mean max min sum std", "")
_h.declare("debt_amount", "mean", "active")
_h.declare("debt_amount", "sum", "consumer", "card", "365d", "730d")
_h.declare("limit_amount", "mean sum", "")
_h.declare("annuity_amount", "mean max", "")
_h.declare("debt_ratio", "mean max", "")
_h.declare("debt_ratio", "mean min", "active")
_h.declare("debt_ratio", "mean", "card", "consumer", "365d")
_h.declare("repaid_amount", "mean sum", "", "active")
_h.declare("overdue_ratio", "mean max", "")
_h.declare("debt_daily_amount", "mean max", "")


def _a(name: str) -> pl.Expr:
    return pl.col(f"bureau_{name}")


FEATURES: Final[tuple[Derived, ...]] = (
    derived(
        "bureau_debt_total_ratio",
        ratio(_a("debt_amount_sum"), _a("credit_amount_sum")),
        "Debt left over the amount of all bureau credits",
        "Rapport de la dette restante au montant de tous les crédits externes",
        "BUREAU_DEBT",
        actionable=True,
    ),
    derived(
        "bureau_debt_total_ratio_active",
        ratio(_a("debt_amount_sum_active"), _a("credit_amount_sum_active")),
        "Debt left over the amount of active bureau credits",
        "Rapport de la dette restante au montant des crédits externes en cours",
        "BUREAU_DEBT",
        actionable=True,
    ),
    derived(
        "bureau_debt_limit_ratio_card",
        ratio(_a("debt_amount_sum_card"), _a("limit_amount_sum") + _a("debt_amount_sum_card")),
        "Debt left on bureau credit cards over their limits and debt",
        "Rapport de la dette des cartes externes à leurs plafonds et dette",
        "BUREAU_DEBT",
        actionable=True,
    ),
    derived(
        "bureau_credit_type_ratio",
        ratio(_a("credit_count"), _a("type_count_distinct")),
        "Number of bureau credits per kind of credit",
        "Nombre de crédits externes par type de crédit",
        "BUREAU_KIND",
    ),
    derived(
        "bureau_credit_pace_ratio_365d",
        ratio(_a("credit_count_365d"), _a("credit_count")),
        "Share of bureau credits opened in the last 365 days",
        "Part des crédits externes ouverts au cours des 365 derniers jours",
        "BUREAU_AGE",
    ),
    derived(
        "bureau_credit_pace_ratio_730d",
        ratio(_a("credit_count_730d"), _a("credit_count")),
        "Share of bureau credits opened in the last 730 days",
        "Part des crédits externes ouverts au cours des 730 derniers jours",
        "BUREAU_AGE",
    ),
    derived(
        "bureau_amount_growth_ratio_365d",
        ratio(_a("credit_amount_mean_365d"), _a("credit_amount_mean")),
        "Mean amount of the bureau credits of the last 365 days over that of all",
        "Rapport du montant moyen des crédits externes des 365 derniers jours à celui de tous",
        "BUREAU_DEBT",
    ),
)
