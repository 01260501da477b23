"""Payments of earlier loans, instalment by instalment (recipe R7)."""

from typing import Final

import numpy as np
import polars as pl

from aval.data.tables import KEY
from aval.features.application import Derived, derived
from aval.features.measure import History, ratio
from aval.features.rows import R, by_time, not_later, recency, runs, starting

_DUE_ON = pl.col("DAYS_INSTALMENT")
_PAID_ON = pl.col("DAYS_ENTRY_PAYMENT")
_DUE = pl.col("AMT_INSTALMENT")
_PAID = pl.col("AMT_PAYMENT")
_NUMBER = pl.col("NUM_INSTALMENT_NUMBER")
_REACH: Final = 100_000


def _prepare(rows: R) -> R:
    """One row per instalment: due by the day of application, its partial payments summed, in order of due day.

    A payment made after the application is not made yet.
    """
    due = made(not_later(rows, "DAYS_INSTALMENT"))
    return _last_loan(recency(by_time(_merged(due), "DAYS_INSTALMENT", _REACH)))


def made(rows: R) -> R:
    """Payments after the application are not made yet."""
    later = rows["DAYS_ENTRY_PAYMENT"] > 0
    if not later.any():
        return rows
    return rows.put(**{name: np.where(later, np.nan, rows[name]) for name in ("DAYS_ENTRY_PAYMENT", "AMT_PAYMENT")})


def _merged(rows: R) -> R:
    """Rows of one loan, due day and number stand together in canonical order: their payments are one instalment's."""
    starts = np.flatnonzero(starting(rows, "SK_ID_PREV", "DAYS_INSTALMENT", "NUM_INSTALMENT_NUMBER"))
    if starts.size == rows.height:
        return rows.put(parts=np.ones(rows.height))
    paid = rows["AMT_PAYMENT"]
    known = ~np.isnan(paid)
    total = np.add.reduceat(np.where(known, paid, 0.0), starts)
    merged = {
        "AMT_PAYMENT": np.where(np.logical_or.reduceat(known, starts), total, np.nan),
        "DAYS_ENTRY_PAYMENT": np.fmax.reduceat(rows["DAYS_ENTRY_PAYMENT"], starts),
        "AMT_INSTALMENT": np.fmax.reduceat(rows["AMT_INSTALMENT"], starts),
        "parts": np.diff(starts, append=rows.height).astype(np.float64),
    }
    return rows.at(starts).put(**merged)


def _last_loan(rows: R) -> R:
    ends, lengths = runs(rows[KEY])
    loans = rows["SK_ID_PREV"]
    return rows.put(in_last_loan=loans == np.repeat(loans[ends - 1], lengths))


_PARTS: Final = ("SK_ID_PREV", "NUM_INSTALMENT_NUMBER", "DAYS_INSTALMENT", "DAYS_ENTRY_PAYMENT")

HISTORY: Final = History(
    "instalments",
    row="instalment",
    rows=("instalments", "échéances"),
    time="DAYS_INSTALMENT",
    time_days=1,
    prepare=_prepare,
    reads=(*_PARTS, "AMT_INSTALMENT", "AMT_PAYMENT"),
    prepared={
        "recent": ("DAYS_INSTALMENT",),
        "parts": _PARTS,
        "in_last_loan": ("SK_ID_PREV", "DAYS_INSTALMENT"),
    },
    recipe="DAYS_INSTALMENT <= 0; payments after day 0 not made; parts of one loan, due day and number summed",
)
_h = HISTORY


def _set(number: str | int) -> str:
    """As French writes it: 1 500."""
    return f"{int(number):,}".replace(",", "\u00a0")


for _days in (30, 60, 90, 180, 365, 720, 1500):
    _h.flag(
        f"{_days}d",
        pl.col("DAYS_INSTALMENT") >= -_days,
        f"due in the last {_days} days",
        f"exigibles au cours des {_set(_days)} derniers jours",
    )
for _rows in (2, 3, 5, 10):
    _h.flag(
        f"last{_rows}", pl.col("recent") <= _rows, f"that are the {_rows} latest", f"au nombre des {_rows} dernières"
    )
_h.flag("lastloan", pl.col("in_last_loan"), "of the latest loan", "du dernier prêt")
_h.flag("late", pl.col("past_days") > 0, "paid late", "payées en retard", "REPAYMENT_LATE")
for _days in (7, 15, 30):
    _h.flag(
        f"late{_days}",
        pl.col("past_days") > _days,
        f"paid more than {_days} days late",
        f"payées avec plus de {_days} jours de retard",
        "REPAYMENT_LATE",
    )
_h.flag("partial", _PAID < _DUE, "paid in part", "payées en partie", "REPAYMENT_PARTIAL")
_h.flag("unpaid", _PAID.is_null(), "not paid", "impayées", "REPAYMENT_PARTIAL")
_h.flag("split", pl.col("parts") > 1, "paid in several parts", "payées en plusieurs fois", "REPAYMENT_PARTIAL")
_h.flag("card", pl.col("NUM_INSTALMENT_VERSION") == 0, "of credit cards", "de cartes de crédit", "REPAYMENT_AMOUNT")
_h.flag("opening", _NUMBER == 1, "that are a loan's first", "premières d'un prêt", "REPAYMENT_AMOUNT")

_h.measure("late_days", _PAID_ON - _DUE_ON, "delay in paying", "le délai de paiement", "REPAYMENT_LATE")
_h.measure(
    "past_days", (_PAID_ON - _DUE_ON).clip(lower_bound=0), "days past due", "le retard de paiement", "REPAYMENT_LATE"
)
_h.measure(
    "before_days", (_DUE_ON - _PAID_ON).clip(lower_bound=0), "days paid early", "l'avance de paiement", "REPAYMENT_LATE"
)
_h.measure("due_amount", _DUE, "amount due", "le montant dû", "REPAYMENT_AMOUNT")
_h.measure("paid_amount", _PAID, "amount paid", "le montant payé", "REPAYMENT_AMOUNT")
_h.measure(
    "paid_ratio",
    ratio(_PAID, _DUE),
    "amount paid over amount due",
    "le rapport du montant payé au montant dû",
    "REPAYMENT_PARTIAL",
)
_h.measure("short_amount", _DUE - _PAID, "amount left unpaid", "le montant resté dû", "REPAYMENT_PARTIAL")
_h.measure("number_count", _NUMBER, "number in the loan", "le rang dans le prêt", "REPAYMENT_AMOUNT")
_h.measure(
    "version_count",
    pl.col("NUM_INSTALMENT_VERSION"),
    "version of the calendar",
    "la version de l'échéancier",
    "REPAYMENT_AMOUNT",
)
_h.measure("age_days", -_DUE_ON, "time since the due day", "le temps depuis l'échéance", "REPAYMENT_AMOUNT")
_h.measure(
    "unpaid_days", pl.when(_PAID.is_null()).then(-_DUE_ON), "time unpaid", "le temps sans paiement", "REPAYMENT_PARTIAL"
)
_h.measure(
    "latemoney_amount",
    (_PAID_ON - _DUE_ON) * _DUE,
    "delay times amount",
    "le délai multiplié par le montant",
    "REPAYMENT_LATE",
)
_h.measure(
    "weight_amount",
    pl.when(_PAID_ON.is_not_null()).then(_DUE),
    "amount due and paid",
    "le montant dû et payé",
    "REPAYMENT_LATE",
)

_h.count("REPAYMENT_AMOUNT", "", "90d", "365d", "720d", "lastloan")
_h.share("late late7 partial unpaid split opening", unit="count")
_h.share("late late7 late15 late30 partial split card")
_h.share("late", "90d", "180d", "365d", "720d", "1500d", "last5", "last10", "lastloan")
_h.share("late7", "365d", "720d", "last10", "lastloan")
_h.share("partial", "365d", "last10", "lastloan")
_h.declare("late_days", "mean max min std median last", "")
_h.declare("late_days", "mean max", "60d", "180d", "365d", "720d", "1500d", "last5", "last10")
_h.declare("late_days", "mean", "last3")
_h.declare("late_days", "mean", "30d", "last2")
_h.declare("late_days", "mean max std", "lastloan")
_h.declare("late_days", "std", "365d")
_h.declare("late_days", "slope", "", "365d", "last10", "lastloan")
_h.declare("past_days", "mean sum", "")
_h.declare("past_days", "mean", "365d", "720d", "last10", "lastloan")
_h.declare("before_days", "mean std", "", "365d")
_h.declare("due_amount", "slope last", "")
_h.declare("due_amount", "max", "365d", "lastloan")
_h.declare("paid_amount", "mean max min sum std", "")
_h.declare("paid_amount", "mean min sum", "365d")
_h.declare("paid_amount", "mean sum", "90d", "lastloan")
_h.declare("paid_ratio", "mean min max std", "")
_h.declare("paid_ratio", "mean", "365d")
_h.declare("short_amount", "sum max", "")
_h.declare("short_amount", "sum", "365d", "lastloan")
_h.declare("number_count", "max mean", "")
_h.declare("version_count", "distinct max mean", "")
_h.declare("age_days", "max min mean", "")
_h.declare("unpaid_days", "max", "")


def _i(name: str) -> pl.Expr:
    return pl.col(f"instalments_{name}")


def _compared(short: str, long: str) -> Derived:
    return derived(
        f"instalments_late_ratio_mean_{short}_{long}",
        ratio(_i(f"late_days_mean_{short}"), _i(f"late_days_mean_{long}")),
        f"Mean delay in paying over the last {short[:-1]} days, over that of the last {long[:-1]}",
        f"Rapport du délai de paiement moyen des {short[:-1]} derniers jours à celui des {_set(long[:-1])} derniers",
        "REPAYMENT_LATE",
    )


def _weighted(window: str, en: str, fr: str) -> Derived:
    return derived(
        f"instalments_late_days_weighted{window}",
        ratio(_i(f"latemoney_amount_sum{window}"), _i(f"weight_amount_sum{window}")),
        f"Delay in paying weighted by amount, over instalments {en}".strip(),
        f"Délai de paiement pondéré par le montant, sur les échéances {fr}".strip(),
        "REPAYMENT_LATE",
    )


FEATURES: Final[tuple[Derived, ...]] = (
    _compared("30d", "60d"),
    _compared("60d", "180d"),
    _compared("60d", "365d"),
    _compared("180d", "1500d"),
    _weighted("", "", ""),
    _weighted("_365d", "due in the last 365 days", "exigibles au cours des 365 derniers jours"),
    derived(
        "instalments_late_gap_days_mean_365d",
        _i("late_days_mean_365d") - _i("late_days_mean"),
        "Mean delay in paying over the last 365 days less that of all",
        "Délai de paiement moyen des 365 derniers jours moins celui de toutes les échéances",
        "REPAYMENT_LATE",
    ),
    derived(
        "instalments_paid_total_ratio",
        ratio(_i("paid_amount_sum"), _i("due_amount_sum")),
        "Total paid over total due",
        "Rapport du total payé au total dû",
        "REPAYMENT_PARTIAL",
    ),
    derived(
        "instalments_paid_total_ratio_365d",
        ratio(_i("paid_amount_sum_365d"), _i("due_amount_sum_365d")),
        "Total paid over total due in the last 365 days",
        "Rapport du total payé au total dû au cours des 365 derniers jours",
        "REPAYMENT_PARTIAL",
    ),
)
