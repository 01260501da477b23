"""Monthly balances of consumer and cash loans with us (recipe R10)."""

from typing import Final

import numpy as np
import polars as pl

from aval.features.application import Derived, derived
from aval.features.measure import History, ratio
from aval.features.rows import R, by_time, not_later, recency, runs, starting

_MONTH = pl.col("MONTHS_BALANCE")
_STATE = pl.col("NAME_CONTRACT_STATUS")
_TERM = pl.col("CNT_INSTALMENT")
_LEFT = pl.col("CNT_INSTALMENT_FUTURE")
_REACH: Final = 100_000


def _prepare(rows: R) -> R:
    """A loan's first and last month are seen while its rows stand together, before they are put in order of time."""
    months = not_later(rows, "MONTHS_BALANCE")
    begin = starting(months, "SK_ID_PREV")
    ends, lengths = runs(months["SK_ID_PREV"])
    edges = months.put(
        begin=begin,
        end=np.append(begin, True)[1:][: begin.size],
        seen=np.repeat(lengths, lengths).astype(np.int32),
        planned=np.repeat(months["CNT_INSTALMENT"][ends - lengths], lengths).astype(np.float64),
    )
    return recency(by_time(edges, "MONTHS_BALANCE", _REACH))


HISTORY: Final = History(
    "pos",
    row="month",
    rows=("monthly balances of loans", "relevés mensuels de prêts"),
    time="MONTHS_BALANCE",
    time_days=365.25 / 12,
    prepare=_prepare,
    reads=("SK_ID_PREV", "CNT_INSTALMENT"),
    prepared={
        "recent": ("MONTHS_BALANCE",),
        "begin": ("SK_ID_PREV", "MONTHS_BALANCE"),
        "end": ("SK_ID_PREV", "MONTHS_BALANCE"),
        "seen": ("SK_ID_PREV", "MONTHS_BALANCE"),
        "planned": ("SK_ID_PREV", "MONTHS_BALANCE", "CNT_INSTALMENT"),
    },
    recipe="MONTHS_BALANCE <= 0; recent: 1 is the latest month; begin, end: a loan's first and last month; "
    "seen: a loan's months; planned: CNT_INSTALMENT in its first",
)
_h = HISTORY

for _months in (3, 6, 12, 24, 48):
    _h.flag(
        f"{_months}m",
        pl.col("MONTHS_BALANCE") >= -_months,
        f"of the last {_months} months",
        f"des {_months} derniers mois",
    )
_h.flag("last5", pl.col("recent") <= 5, "that are the 5 latest", "au nombre des 5 derniers")
_h.flag("latest", pl.col("end"), "that are a loan's latest", "les plus récents de chaque prêt", "REPAYMENT_AMOUNT")
_h.flag("opening", pl.col("begin"), "that open a loan", "ouvrant un prêt", "REPAYMENT_AMOUNT")
_h.flag("active", _STATE == "Active", "active-", "portant sur un prêt en cours", "PREVIOUS_RUNNING")
_h.flag("completed", _STATE == "Completed", "completed-", "portant sur un prêt terminé", "REPAYMENT_AMOUNT")
_h.flag("signed", _STATE == "Signed", "just signed", "portant sur un prêt tout juste signé", "REPAYMENT_AMOUNT")
_h.flag("granted", _STATE == "Approved", "just approved", "portant sur un prêt tout juste accordé", "REPAYMENT_AMOUNT")
_h.flag("demand", _STATE == "Demand", "called in", "portant sur un prêt mis en demeure", "REPAYMENT_LATE")
_h.flag("returned", _STATE == "Returned to the store", "of returned goods", "de biens rendus", "REPAYMENT_AMOUNT")
_h.flag("writtenoff", _STATE == "Amortized debt", "written off", "de créances amorties", "REPAYMENT_LATE")
_h.flag("late", pl.col("SK_DPD") > 0, "past due", "en retard", "REPAYMENT_LATE")
_h.flag(
    "latetolerance",
    pl.col("SK_DPD_DEF") > 0,
    "past due beyond tolerance",
    "en retard au-delà de la tolérance",
    "REPAYMENT_LATE",
)
_h.flag(
    "late30", pl.col("SK_DPD") > 30, "more than 30 days past due", "en retard de plus de 30 jours", "REPAYMENT_LATE"
)
_h.flag(
    "early",
    pl.col("end") & (_STATE == "Completed") & (pl.col("seen") < pl.col("planned")),
    "that complete a loan early",
    "soldant un prêt par avance",
    "REPAYMENT_AMOUNT",
)

_h.measure("due_days", pl.col("SK_DPD"), "days past due", "le retard", "REPAYMENT_LATE")
_h.measure(
    "tolerance_days",
    pl.col("SK_DPD_DEF"),
    "days past due beyond tolerance",
    "le retard au-delà de la tolérance",
    "REPAYMENT_LATE",
)
_h.measure("term_months", _TERM, "term of the loan", "la durée du prêt", "REPAYMENT_AMOUNT")
_h.measure("left_months", _LEFT, "instalments left", "le nombre de mensualités restantes", "PREVIOUS_RUNNING")
_h.measure(
    "left_share",
    ratio(_LEFT, _TERM),
    "share of instalments left",
    "la part de mensualités restantes",
    "PREVIOUS_RUNNING",
)
_h.measure("paid_months", _TERM - _LEFT, "instalments paid", "le nombre de mensualités payées", "REPAYMENT_AMOUNT")
_h.measure("age_months", -_MONTH, "age in months", "l'ancienneté en mois", "REPAYMENT_AMOUNT")

_h.count("REPAYMENT_AMOUNT", "", "12m", "24m")
_h.share("opening early", unit="count")
_h.share("active completed signed granted demand returned writtenoff late late30 latetolerance")
_h.share("late", "48m")
_h.share("active completed", "latest")
_h.declare("due_days", "mean max slope", "")
_h.declare("due_days", "mean", "6m", "12m", "24m", "last5")
_h.declare("tolerance_days", "max", "")
_h.declare("tolerance_days", "mean", "12m", "24m")
_h.declare("term_months", "mean min max std last", "")
_h.declare("term_months", "mean", "12m")
_h.declare("left_months", "mean last slope", "")
_h.declare("left_months", "sum mean", "latest")
_h.declare("left_months", "mean", "3m")
_h.declare("left_share", "mean last", "")
_h.declare("left_share", "mean", "latest")
_h.declare("paid_months", "max mean", "")
_h.declare("paid_months", "sum", "latest")
_h.declare("age_months", "mean max min", "")


def _p(name: str) -> pl.Expr:
    return pl.col(f"pos_{name}")


FEATURES: Final[tuple[Derived, ...]] = (
    derived(
        "pos_month_loan_ratio",
        ratio(_p("month_count"), _p("opening_count")),
        "Monthly balances per loan with us",
        "Relevés mensuels par prêt auprès de nous",
        "REPAYMENT_AMOUNT",
    ),
    derived(
        "pos_early_loan_ratio",
        ratio(_p("early_count"), _p("opening_count")),
        "Loans with us completed early, per loan",
        "Prêts soldés par avance, rapportés aux prêts",
        "REPAYMENT_AMOUNT",
    ),
    derived(
        "pos_late_ratio_12m",
        ratio(_p("due_days_mean_12m"), _p("due_days_mean")),
        "Mean days past due in the last 12 months over that of all",
        "Rapport du retard moyen des 12 derniers mois à celui de tous",
        "REPAYMENT_LATE",
    ),
)
