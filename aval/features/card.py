"""Monthly balances of credit cards with us (recipe R10)."""

from typing import Final

import polars as pl

from aval.features.application import Derived, derived
from aval.features.measure import History, ratio
from aval.features.rows import R, by_time, not_later, recency, starting

_MONTH = pl.col("MONTHS_BALANCE")
_BALANCE = pl.col("AMT_BALANCE")
_LIMIT = pl.col("AMT_CREDIT_LIMIT_ACTUAL")
_DRAWN = pl.col("AMT_DRAWINGS_CURRENT")
_CASH = pl.col("AMT_DRAWINGS_ATM_CURRENT")
_MINIMUM = pl.col("AMT_INST_MIN_REGULARITY")
_PAID = pl.col("AMT_PAYMENT_CURRENT")
_PAID_TOTAL = pl.col("AMT_PAYMENT_TOTAL_CURRENT")
_STATE = pl.col("NAME_CONTRACT_STATUS")
_REACH: Final = 100_000


def _prepare(rows: R) -> R:
    months = not_later(rows, "MONTHS_BALANCE")
    return recency(by_time(months.put(begin=starting(months, "SK_ID_PREV")), "MONTHS_BALANCE", _REACH))


HISTORY: Final = History(
    "card",
    row="month",
    rows=("monthly card balances", "relevés mensuels de carte"),
    time="MONTHS_BALANCE",
    time_days=365.25 / 12,
    prepare=_prepare,
    reads=("SK_ID_PREV",),
    prepared={"recent": ("MONTHS_BALANCE",), "begin": ("SK_ID_PREV", "MONTHS_BALANCE")},
    recipe="MONTHS_BALANCE <= 0; recent: 1 is the latest month; begin: a card's first month",
)
_h = HISTORY

for _months in (2, 3, 6, 12, 24, 48):
    _h.flag(
        f"{_months}m",
        pl.col("MONTHS_BALANCE") >= -_months,
        f"of the last {_months} months",
        f"des {_months} derniers mois",
    )
_h.flag("opening", pl.col("begin"), "that open a card", "ouvrant une carte", "CARD_USE")
_h.flag("active", _STATE == "Active", "active-", "portant sur une carte en service", "CARD_USE")
_h.flag("signed", _STATE == "Signed", "just signed", "portant sur une carte tout juste signée", "CARD_USE")
_h.flag("late", pl.col("SK_DPD") > 0, "past due", "en retard", "CARD_PAYMENT")
_h.flag("overlimit", _BALANCE > _LIMIT, "above the limit", "au-dessus du plafond", "CARD_USE")
_h.flag("nearlimit", _BALANCE > 0.9 * _LIMIT, "above 90 % of the limit", "au-dessus de 90 % du plafond", "CARD_USE")
_h.flag("used", _BALANCE > 0, "with a balance", "avec un solde", "CARD_USE")
_h.flag("drawn", _DRAWN > 0, "with drawings", "avec des retraits ou achats", "CARD_USE")
_h.flag("cashdrawn", _CASH > 0, "with cash drawings", "avec des retraits d'espèces", "CARD_USE")
_h.flag("short", _PAID < _MINIMUM, "paid below the minimum", "payés sous le minimum", "CARD_PAYMENT")

_h.measure("balance_amount", _BALANCE, "balance of the card", "le solde de la carte", "CARD_USE", actionable=True)
_h.measure("limit_amount", _LIMIT, "limit of the card", "le plafond de la carte", "CARD_USE")
_h.measure(
    "use_ratio",
    ratio(_BALANCE, _LIMIT),
    "balance over limit",
    "le rapport du solde au plafond",
    "CARD_USE",
    actionable=True,
)
_h.measure("drawn_amount", _DRAWN, "amount drawn", "le montant utilisé", "CARD_USE", actionable=True)
_h.measure("cash_amount", _CASH, "cash drawn", "le montant retiré en espèces", "CARD_USE", actionable=True)
_h.measure(
    "purchase_amount",
    pl.col("AMT_DRAWINGS_POS_CURRENT"),
    "purchases",
    "le montant des achats",
    "CARD_USE",
    actionable=True,
)
_h.measure(
    "other_amount", pl.col("AMT_DRAWINGS_OTHER_CURRENT"), "other drawings", "le montant des autres retraits", "CARD_USE"
)
_h.measure(
    "drawn_ratio",
    ratio(_DRAWN, _LIMIT),
    "amount drawn over limit",
    "le rapport du montant utilisé au plafond",
    "CARD_USE",
)
_h.measure(
    "cash_ratio",
    ratio(_CASH, _DRAWN),
    "cash drawn over amount drawn",
    "la part des espèces dans le montant utilisé",
    "CARD_USE",
)
_h.measure("drawn_count", pl.col("CNT_DRAWINGS_CURRENT"), "drawings", "le nombre d'utilisations", "CARD_USE")
_h.measure(
    "cash_count", pl.col("CNT_DRAWINGS_ATM_CURRENT"), "cash drawings", "le nombre de retraits d'espèces", "CARD_USE"
)
_h.measure("purchase_count", pl.col("CNT_DRAWINGS_POS_CURRENT"), "purchases made", "le nombre d'achats", "CARD_USE")
_h.measure("minimum_amount", _MINIMUM, "minimum instalment", "la mensualité minimale", "CARD_PAYMENT")
_h.measure("paid_amount", _PAID, "payment", "le paiement", "CARD_PAYMENT", actionable=True)
_h.measure(
    "paid_ratio",
    ratio(_PAID, _MINIMUM),
    "payment over the minimum",
    "le rapport du paiement au minimum",
    "CARD_PAYMENT",
    actionable=True,
)
_h.measure(
    "paid_gap_amount", _PAID - _MINIMUM, "payment less the minimum", "le paiement moins le minimum", "CARD_PAYMENT"
)
_h.measure(
    "repaid_ratio",
    ratio(_PAID_TOTAL, _BALANCE),
    "payment over the balance",
    "le rapport du paiement au solde",
    "CARD_PAYMENT",
)
_h.measure(
    "interest_amount",
    pl.col("AMT_TOTAL_RECEIVABLE") - pl.col("AMT_RECEIVABLE_PRINCIPAL"),
    "receivable beyond the principal",
    "la créance hors principal",
    "CARD_USE",
)
_h.measure(
    "matured_count",
    pl.col("CNT_INSTALMENT_MATURE_CUM"),
    "instalments paid",
    "le nombre de mensualités payées",
    "CARD_PAYMENT",
)
_h.measure("due_days", pl.col("SK_DPD"), "days past due", "le retard", "CARD_PAYMENT")
_h.measure(
    "tolerance_days",
    pl.col("SK_DPD_DEF"),
    "days past due beyond tolerance",
    "le retard au-delà de la tolérance",
    "CARD_PAYMENT",
)
_h.measure("age_months", -_MONTH, "age in months", "l'ancienneté en mois", "CARD_USE")

_h.count("CARD_USE", "", "12m")
_h.share("opening cashdrawn", unit="count")
_h.share("active signed overlimit nearlimit used drawn cashdrawn short")
_h.share("drawn cashdrawn late", "12m")
_h.share("drawn cashdrawn", "6m")
_h.declare("balance_amount", "mean max std last slope", "")
_h.declare("balance_amount", "mean", "3m", "12m", "24m")
_h.declare("limit_amount", "mean std last slope", "")
_h.declare("use_ratio", "mean max std last slope", "")
_h.declare("use_ratio", "mean", "2m", "6m", "12m", "24m", "48m")
_h.declare("use_ratio", "max", "6m", "12m")
_h.declare("drawn_amount", "mean max sum std", "")
_h.declare("drawn_amount", "mean", "3m", "12m", "24m")
_h.declare("cash_amount", "mean max sum", "")
_h.declare("cash_amount", "mean", "24m")
_h.declare("purchase_amount", "mean sum", "")
_h.declare("purchase_amount", "mean", "12m")
_h.declare("other_amount", "mean", "")
_h.declare("drawn_ratio", "mean max", "")
_h.declare("drawn_ratio", "mean", "12m")
_h.declare("cash_ratio", "mean", "")
_h.declare("drawn_count", "mean max sum std", "")
_h.declare("drawn_count", "mean", "3m", "12m")
_h.declare("cash_count", "mean sum", "")
_h.declare("cash_count", "mean", "12m")
_h.declare("purchase_count", "mean", "")
_h.declare("minimum_amount", "mean max std last", "")
_h.declare("paid_amount", "mean max sum std", "")
_h.declare("paid_amount", "mean", "3m", "12m")
_h.declare("paid_ratio", "mean min max", "")
_h.declare("paid_ratio", "mean", "12m")
_h.declare("paid_gap_amount", "mean min", "")
_h.declare("repaid_ratio", "mean max", "")
_h.declare("repaid_ratio", "mean", "12m")
_h.declare("interest_amount", "mean max", "")
_h.declare("matured_count", "max", "")
_h.declare("due_days", "slope", "")
_h.declare("tolerance_days", "max", "")
_h.declare("age_months", "max min", "")


def _c(name: str) -> pl.Expr:
    return pl.col(f"card_{name}")


FEATURES: Final[tuple[Derived, ...]] = (
    derived(
        "card_balance_growth_ratio_3m",
        ratio(_c("balance_amount_mean_3m"), _c("balance_amount_mean_24m")),
        "Mean card balance of the last 3 months over that of the last 24",
        "Rapport du solde moyen de carte des 3 derniers mois à celui des 24 derniers",
        "CARD_USE",
    ),
    derived(
        "card_drawn_growth_ratio_3m",
        ratio(_c("drawn_amount_mean_3m"), _c("drawn_amount_mean_24m")),
        "Mean amount drawn in the last 3 months over that of the last 24",
        "Rapport du montant utilisé moyen des 3 derniers mois à celui des 24 derniers",
        "CARD_USE",
    ),
    derived(
        "card_cash_total_ratio",
        ratio(_c("cash_amount_sum"), _c("drawn_amount_sum")),
        "Cash drawn over all drawings",
        "Part des espèces dans tous les retraits",
        "CARD_USE",
    ),
    derived(
        "card_paid_total_ratio",
        ratio(_c("paid_amount_sum"), _c("drawn_amount_sum")),
        "Payments over all drawings",
        "Rapport des paiements à tous les retraits",
        "CARD_PAYMENT",
    ),
)
