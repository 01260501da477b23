"""Earlier applications with us, granted or not (recipe R9)."""

from typing import Final

import polars as pl

from aval.features import price, product
from aval.features.application import Derived, derived
from aval.features.measure import History, ratio
from aval.features.rows import R, earliness, not_later, recency, recency_where, same_applicant

_CREDIT = pl.col("AMT_CREDIT")
_ASKED = pl.col("AMT_APPLICATION")
_ANNUITY = pl.col("AMT_ANNUITY")
_GOODS = pl.col("AMT_GOODS_PRICE")
_DOWN = pl.col("AMT_DOWN_PAYMENT")
_TERM = pl.col("CNT_PAYMENT")
_DECIDED = pl.col("DAYS_DECISION")
_STATUS = pl.col("NAME_CONTRACT_STATUS")
_LAST_DUE = pl.col("DAYS_LAST_DUE")
_FIRST_DUE = pl.col("DAYS_FIRST_DUE")
_PLANNED = pl.col("DAYS_LAST_DUE_1ST_VERSION")
_ENDED = pl.col("DAYS_TERMINATION")
_A_MONTH: Final = 12 / 365.25


def _prepare(rows: R) -> R:
    """Canonical order is by DAYS_DECISION, so the latest application stands last."""
    decided = not_later(rows, "DAYS_DECISION")
    granted = decided.equal("NAME_CONTRACT_STATUS", "Approved")
    return earliness(recency_where(recency(decided), "recent_granted", granted))


HISTORY: Final = History(
    "previous",
    row="application",
    rows=("earlier applications", "demandes précédentes"),
    time="DAYS_DECISION",
    time_days=1,
    prepare=_prepare,
    reads=("NAME_CONTRACT_STATUS",),
    prepared={
        "recent": ("DAYS_DECISION",),
        "recent_granted": ("DAYS_DECISION", "NAME_CONTRACT_STATUS"),
        "early": ("DAYS_DECISION",),
    },
    recipe="DAYS_DECISION <= 0; recent, recent_granted, early: rank from the latest, latest approved, first",
)
_h = HISTORY

# Which applications
_h.flag("approved", _STATUS == "Approved", "approved-", "acceptées", "PREVIOUS_REFUSED")
_h.flag("refused", _STATUS == "Refused", "refused-", "refusées", "PREVIOUS_REFUSED")
_h.flag("cancelled", _STATUS == "Canceled", "cancelled-", "annulées", "PREVIOUS_REFUSED")
_h.flag("unused", _STATUS == "Unused offer", "unused-", "restées sans suite", "PREVIOUS_REFUSED")
_h.flag("cash", pl.col("NAME_CONTRACT_TYPE") == "Cash loans", "for a cash loan", "de prêt personnel", "PREVIOUS_TERMS")
_h.flag("pos", pl.col("NAME_CONTRACT_TYPE") == "Consumer loans", "for a purchase", "de prêt affecté", "PREVIOUS_TERMS")
_h.flag(
    "revolving",
    pl.col("NAME_CONTRACT_TYPE") == "Revolving loans",
    "for a revolving loan",
    "de crédit renouvelable",
    "PREVIOUS_TERMS",
)
_h.flag(
    "running",
    pl.col("DAYS_LAST_DUE_NONE") & (_STATUS == "Approved"),
    "for a loan still running",
    "d'un prêt encore en cours",
    "PREVIOUS_RUNNING",
    actionable=True,
)
for _days in (365, 730):
    _h.flag(
        f"{_days}d",
        pl.col("DAYS_DECISION") >= -_days,
        f"of the last {_days} days",
        f"des {_days} derniers jours",
    )
_h.flag("last1", pl.col("recent") <= 1, "that are the 1 latest", "limitées à la dernière")
for _rows in (3, 5):
    _h.flag(
        f"last{_rows}", pl.col("recent") <= _rows, f"that are the {_rows} latest", f"au nombre des {_rows} dernières"
    )
for _rows in (2, 4):
    _h.flag(
        f"first{_rows}", pl.col("early") <= _rows, f"that are the {_rows} first", f"au nombre des {_rows} premières"
    )
_h.flag("lastloan", pl.col("recent_granted") == 1, "that were the latest approved", "acceptées en dernier")
_h.flag("insured", pl.col("NFLAG_INSURED_ON_APPROVAL") == 1, "with insurance", "avec assurance", "PREVIOUS_TERMS")
_h.flag("raised", _CREDIT > _ASKED, "granted more than asked", "accordées au-delà du montant demandé", "PREVIOUS_TERMS")
_h.flag("cut", _CREDIT < _ASKED, "granted less than asked", "accordées en deçà du montant demandé", "PREVIOUS_TERMS")

# Amounts, terms, days
_h.measure("asked_amount", _ASKED, "amount asked for", "le montant demandé", "PREVIOUS_TERMS")
_h.measure("credit_amount", _CREDIT, "amount granted", "le montant accordé", "PREVIOUS_TERMS")
_h.measure("annuity_amount", _ANNUITY, "monthly instalment", "la mensualité", "PREVIOUS_TERMS")
_h.measure("down_amount", _DOWN, "down payment", "l'apport", "PREVIOUS_TERMS")
_h.measure("down_share", pl.col("RATE_DOWN_PAYMENT"), "rate of down payment", "le taux d'apport", "PREVIOUS_TERMS")
_h.measure(
    "asked_ratio",
    ratio(_ASKED, _CREDIT),
    "amount asked for over granted",
    "le rapport du montant demandé au montant accordé",
    "PREVIOUS_TERMS",
)
_h.measure(
    "gap_amount",
    _ASKED - _CREDIT,
    "amount asked for less granted",
    "le montant demandé moins le montant accordé",
    "PREVIOUS_TERMS",
)
_h.measure(
    "goods_ratio",
    ratio(_CREDIT, _GOODS),
    "amount granted over the goods",
    "le rapport du montant accordé au prix du bien",
    "PREVIOUS_TERMS",
)
_h.measure("term_months", _TERM, "term", "la durée", "PREVIOUS_TERMS")
_h.measure(
    "term_ratio",
    ratio(_CREDIT, _ANNUITY),
    "amount over instalment",
    "le rapport du montant à la mensualité",
    "PREVIOUS_TERMS",
)
_h.measure("decided_days", -_DECIDED, "time since the decision", "le temps depuis la décision", "PREVIOUS_RECENT")
_h.measure(
    "pause_days",
    pl.when(same_applicant()).then(_DECIDED.diff()),
    "time between decisions",
    "le délai entre décisions",
    "PREVIOUS_RECENT",
)
_h.measure(
    "decision_hour",
    pl.col("HOUR_APPR_PROCESS_START"),
    "hour of the application",
    "l'heure de la demande",
    "PREVIOUS_RECENT",
)
_h.measure(
    "seller_count",
    pl.when(pl.col("SELLERPLACE_AREA") >= 0).then(pl.col("SELLERPLACE_AREA")),
    "size of the place of sale",
    "la taille du lieu de vente",
    "PREVIOUS_TERMS",
)
_h.measure(
    "begun_days", -_FIRST_DUE, "time since the first due day", "le temps depuis la première échéance", "PREVIOUS_RECENT"
)
_h.measure(
    "drawn_days",
    -pl.col("DAYS_FIRST_DRAWING"),
    "time since the first drawing",
    "le temps depuis le premier tirage",
    "PREVIOUS_RECENT",
)
_h.measure(
    "planned_days",
    _PLANNED,
    "time until the planned last due day",
    "le temps jusqu'à la dernière échéance prévue",
    "PREVIOUS_RUNNING",
)
_h.measure(
    "early_days",
    _PLANNED - _LAST_DUE,
    "days the last instalment came early",
    "l'avance de la dernière échéance",
    "REPAYMENT_AMOUNT",
)
_h.measure(
    "closing_days",
    _ENDED - _LAST_DUE,
    "time from last instalment to closing",
    "le délai de la dernière échéance à la clôture",
    "REPAYMENT_AMOUNT",
)
_h.measure("ended_days", -_ENDED, "time since closing", "le temps depuis la clôture", "PREVIOUS_RECENT")
_h.measure(
    "waited_days",
    _FIRST_DUE - _DECIDED,
    "time from decision to first due day",
    "le délai de la décision à la première échéance",
    "PREVIOUS_TERMS",
)

price.of_previous(_h)
_h.measure(
    "left_amount",
    pl.when(pl.col("running")).then(
        (_CREDIT - _ANNUITY * (-_FIRST_DUE * _A_MONTH).clip(lower_bound=0)).clip(lower_bound=0)
    ),
    "amount left on running loans",
    "le montant restant des prêts en cours",
    "PREVIOUS_RUNNING",
    actionable=True,
)
_h.measure("product_count", pl.col("PRODUCT_COMBINATION"), "product", "le produit", "PREVIOUS_TERMS", text=True)
_h.measure("product_category", pl.col("PRODUCT_COMBINATION"), "product", "le produit", "PREVIOUS_TERMS", text=True)
_h.measure(
    "yield_category", pl.col("NAME_YIELD_GROUP"), "group of rates", "le groupe de taux", "PREVIOUS_TERMS", text=True
)
_h.measure("status_category", _STATUS, "outcome", "l'issue", "PREVIOUS_REFUSED", text=True)
_h.measure(
    "reject_category",
    pl.col("CODE_REJECT_REASON"),
    "reason for refusal",
    "le motif de refus",
    "PREVIOUS_REFUSED",
    text=True,
)
_SHARES: Final = product.of_previous(_h)

_h.count("PREVIOUS_RECENT", "", "365d", "730d", "365d refused", "cash", "pos")
_h.share("refused running", unit="count")
_h.share("approved refused cancelled unused cash pos revolving running insured raised cut")
_h.share("approved", "last3", "last5", "730d", "cash")
_h.share("refused", "365d", "last3", "first4")
_h.share("cancelled", "365d")
_h.share("raised cut", "approved")
_h.share(_SHARES)
_h.declare("asked_amount", "mean min max sum std", "")
_h.declare("asked_amount", "max", "refused", "last3")
_h.declare("credit_amount", "mean min max sum", "approved")
_h.declare("credit_amount", "mean", "refused", "last1", "lastloan", "cash", "pos", "revolving")
_h.declare("credit_amount", "slope", "approved")
_h.declare("annuity_amount", "mean min max std", "")
_h.declare("annuity_amount", "max", "approved")
_h.declare("annuity_amount", "sum", "running")
_h.declare("annuity_amount", "mean", "refused", "pos", "lastloan")
_h.declare("down_amount", "mean max sum", "")
_h.declare("down_share", "mean max min", "")
_h.declare("down_share", "mean", "approved")
_h.declare("asked_ratio", "mean min max std", "")
_h.declare("asked_ratio", "mean", "approved", "refused")
_h.declare("gap_amount", "mean max min", "")
_h.declare("goods_ratio", "mean", "")
_h.declare("term_months", "mean min max sum std", "")
_h.declare("term_months", "mean", "approved", "refused", "cash", "last5", "first2", "lastloan")
_h.declare("term_ratio", "mean", "approved")
_h.declare("decided_days", "mean min max std", "")
_h.declare("decided_days", "min max", "approved", "refused")
_h.declare("decided_days", "min", "cash", "pos", "revolving")
_h.declare("pause_days", "mean min max std last", "")
_h.declare("decision_hour", "mean min max", "")
_h.declare("seller_count", "mean last", "")
_h.declare("begun_days", "mean max", "")
_h.declare("drawn_days", "mean", "")
_h.declare("planned_days", "max mean", "")
_h.declare("early_days", "mean last", "")
_h.declare("closing_days", "mean", "")
_h.declare("ended_days", "min max mean", "")
_h.declare("waited_days", "mean", "")
_h.declare("interest_amount", "mean sum", "")
_h.declare("interest_share", "mean min max last", "")
_h.declare("interest_share", "max", "approved", "cash", "pos")
_h.declare("price_rate", "mean min max", "")
_h.declare("price_rate", "mean", "approved", "last3")
_h.declare("simple_rate", "mean", "approved")
_h.declare("true_rate", "mean min max std slope", "")
_h.declare("true_rate", "mean", "approved", "cash", "pos", "lastloan", "365d")
_h.declare("left_amount", "sum", "")
_h.declare("product_category", "last", "")
_h.declare("yield_category", "last", "approved")
_h.declare("status_category", "last", "")
_h.declare("reject_category", "last", "refused")
_h.declare("product_count", "distinct", "")


def _p(name: str) -> pl.Expr:
    return pl.col(f"previous_{name}")


FEATURES: Final[tuple[Derived, ...]] = (
    derived(
        "previous_asked_total_ratio",
        ratio(_p("asked_amount_sum"), _p("credit_amount_sum_approved")),
        "Amounts asked for over amounts granted",
        "Rapport des montants demandés aux montants accordés",
        "PREVIOUS_REFUSED",
    ),
    derived(
        "previous_interest_total_ratio",
        ratio(_p("interest_amount_sum_approved"), _p("credit_amount_sum_approved")),
        "Interest of approved applications over their amounts",
        "Rapport des intérêts des demandes acceptées à leurs montants",
        "PREVIOUS_TERMS",
    ),
    derived(
        "previous_left_total_ratio",
        ratio(_p("left_amount_sum"), _p("credit_amount_sum_running")),
        "Amount left on running loans over their amounts",
        "Rapport du montant restant des prêts en cours à leurs montants",
        "PREVIOUS_RUNNING",
        actionable=True,
    ),
    derived(
        "previous_growth_ratio_last3",
        ratio(_p("asked_amount_mean_last3"), _p("asked_amount_mean")),
        "Mean amount asked for in the 3 latest applications over that of all",
        "Rapport du montant moyen des 3 dernières demandes à celui de toutes",
        "PREVIOUS_TERMS",
    ),
)
