"""The bureau's monthly statuses of each credit (recipe R8)."""

from typing import Final

import polars as pl

from aval.features.application import Derived, derived
from aval.features.measure import History, ratio
from aval.features.rows import R, not_later

_STATUS = pl.col("STATUS")
_MONTH = pl.col("MONTHS_BALANCE")
_CREDIT = pl.col("SK_ID_BUREAU")


def _prepare(rows: R) -> R:
    return not_later(rows, "MONTHS_BALANCE")


HISTORY: Final = History(
    "balance",
    row="month",
    rows=("monthly statuses at the bureau", "relevés mensuels externes"),
    time="MONTHS_BALANCE",
    time_days=365.25 / 12,
    prepare=_prepare,
    recipe="MONTHS_BALANCE <= 0",
)
_h = HISTORY

_LATE = ("1", "2", "3", "4", "5")
for _months in (3, 6, 12, 24, 36):
    _h.flag(
        f"{_months}m",
        pl.col("MONTHS_BALANCE") >= -_months,
        f"of the last {_months} months",
        f"des {_months} derniers mois",
    )
_h.flag("closed", _STATUS == "C", "closed-", "de crédits clos", "BUREAU_KIND")
_h.flag("unknown", _STATUS == "X", "unknown-", "sans information", "BUREAU_KIND")
_h.flag("ontime", _STATUS == "0", "on time", "sans retard", "BUREAU_OVERDUE")
for _level in _LATE:
    _h.flag(
        f"late{_level}",
        pl.col("STATUS") == _level,
        f"at level {_level} of delay",
        f"au niveau {_level} de retard",
        "BUREAU_OVERDUE",
    )
_h.flag("late", _STATUS.is_between(pl.lit("1"), pl.lit("5")), "late-", "en retard", "BUREAU_OVERDUE")
_h.flag(
    "begin",
    (_CREDIT.shift(1) != _CREDIT).fill_null(value=True),
    "that begin a credit",
    "ouvrant un crédit",
    "BUREAU_AGE",
)
_h.flag(
    "latest",
    (_CREDIT.shift(-1) != _CREDIT).fill_null(value=True),
    "that are a credit's latest",
    "les plus récents de chaque crédit",
    "BUREAU_AGE",
)

_h.measure(
    "late_rating",
    pl.when(_STATUS.is_between(pl.lit("0"), pl.lit("5"))).then(_STATUS.cast(pl.Float64, strict=False)),
    "level of delay (0 to 5)",
    "le niveau de retard (0 à 5)",
    "BUREAU_OVERDUE",
)
_h.measure("age_months", -_MONTH, "age in months", "l'ancienneté en mois", "BUREAU_AGE")
_h.measure(
    "late_age_months",
    pl.when(pl.col("late")).then(-_MONTH),
    "months since a delay",
    "le temps écoulé depuis un retard",
    "BUREAU_OVERDUE",
)

_h.count("BUREAU_AGE", "", "12m", "latest 3m")
_h.share("begin", unit="count")
_h.share("late", unit="count")
_h.share("closed unknown ontime late1 late2 late3 late4 late5")
_h.share("late closed unknown ontime", "6m", "12m", "24m", "36m")
_h.share("closed ontime", "latest")
_h.declare("late_rating", "mean max slope", "")
_h.declare("age_months", "mean min", "")
_h.declare("age_months", "max mean", "latest")
_h.declare("late_age_months", "min max", "")


def _b(name: str) -> pl.Expr:
    return pl.col(f"balance_{name}")


FEATURES: Final[tuple[Derived, ...]] = (
    derived(
        "balance_month_credit_ratio",
        ratio(_b("month_count"), _b("begin_count")),
        "Monthly statuses at the bureau per credit",
        "Relevés mensuels externes par crédit",
        "BUREAU_AGE",
    ),
    derived(
        "balance_late_ratio_12m",
        ratio(_b("late_share_12m"), _b("late_share")),
        "Share of late months in the last 12 over that of all",
        "Rapport de la part de mois en retard des 12 derniers à celle de tous",
        "BUREAU_OVERDUE",
    ),
    derived(
        "balance_late_credit_ratio",
        ratio(_b("late_count"), _b("begin_count")),
        "Late months at the bureau per credit",
        "Mois en retard par crédit externe",
        "BUREAU_OVERDUE",
    ),
)
