"""The reference system's own features: every column of the application, and its statistics of the histories.

REFERENCE.md names the kinds of aggregates; which statistic of which column follows the widely published recipe they
come from ("LightGBM with simple features": 116 columns of the bureau, 249 of earlier applications, 18 of monthly
balances, 26 of payments, 141 of cards, 5 ratios). Rows count one by one, as they are filed, and days stay negative
before the application. Its redundant aggregates are why this is a set of its own beside the catalogue.

Where it is not the reference's to the letter, on purpose: nothing later than the application is read; what is not
known stays unknown (there: a sum of nothing is 0, a payment never made is 0 days late, x / 0 is infinite); counts
alone are 0 without rows; 365243 is missing everywhere, and the 0 that says "unknown" of amounts asked, granted and
terms is counted as 0, as there. Left out are columns that cannot vary: 24 shares of "not said" where the contract
knows no missing value, and the second of two counts of the same rows. The levels are the contracts', not the data's.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from aval.credit.reason import Theme
from aval.data.column import NONE_DAYS
from aval.data.tables import KEY, columns
from aval.features import application
from aval.features.application import Derived, derived
from aval.features.instalments import made
from aval.features.measure import History, quotient, ratio
from aval.features.rows import Framed, R, not_later

_Measured = tuple[str, pl.Expr, str, str, str, str]
"""Name with its unit, value of a row, statistics, English, French, reason."""
_Said = tuple[str, str, str, str, str]
"""Word of the name, column, English, French, reason."""


def as_filed(table: str, column: str) -> pl.Expr:
    """The column with its stand-ins put back, but for 365243, which the reference too takes for missing."""
    stands = [stand for stand in columns(table)[column].none if stand != NONE_DAYS]
    value = pl.col(column)
    return pl.when(pl.col(f"{column}_NONE")).then(pl.lit(stands[0])).otherwise(value) if stands else value


def token(level: str) -> str:
    """A level as words of a feature's name: "Industry: type 10" is industry_type10."""
    words = re.sub(r"[^a-z0-9]+", "_", level.lower()).strip("_")
    return re.sub(r"_(?=\d)", "", words)


def _numbers(history: History, measured: Iterable[_Measured], *windows: str) -> None:
    for name, expr, statistics, en, fr, reason in measured:
        history.measure(name, expr, en, fr, reason)
        history.declare(name, statistics, "", *windows)


def _shares(history: History, said: Iterable[_Said]) -> None:
    """The share of every level the contract knows, and of what is not said where that can be."""
    for word, column, en, fr, reason in said:
        contract = columns(history.table)[column]
        flags = []
        for level in contract.values:
            flags.append(f"{word}_{token(level)}")
            is_it = pl.col(column).eq_missing(level)
            history.flag(flags[-1], is_it, f"whose {en} is “{level}”", f"dont {fr} est « {level} »", reason)
        if contract.nullable:
            flags.append(f"{word}_missing")
            history.flag(flags[-1], pl.col(column).is_null(), f"whose {en} is not said", f"dont {fr} manque", reason)
        history.share(" ".join(flags))


# Credits with other lenders


def _reported(rows: R) -> R:
    return not_later(not_later(rows, "DAYS_CREDIT"), "DAYS_CREDIT_UPDATE")


_BUREAU: Final = History(
    "refbureau",
    row="credit",
    rows=("bureau credits", "crédits externes"),
    time="DAYS_CREDIT",
    time_days=1,
    prepare=_reported,
    reads=("DAYS_CREDIT_UPDATE",),
    recipe="DAYS_CREDIT <= 0, DAYS_CREDIT_UPDATE <= 0",
)
_ACTIVE: Final = pl.col("CREDIT_ACTIVE") == "Active"
_CLOSED: Final = pl.col("CREDIT_ACTIVE") == "Closed"


def _b(column: str) -> pl.Expr:
    return as_filed("bureau", column)


_BUREAU_NUMBERS: Final[Sequence[_Measured]] = (
    ("opened_days", _b("DAYS_CREDIT"), "min max mean var", "day of opening", "le jour d'ouverture", "BUREAU_AGE"),
    ("end_days", _b("DAYS_CREDIT_ENDDATE"), "min max mean", "day of planned end", "le jour du terme", "BUREAU_AGE"),
    ("updated_days", _b("DAYS_CREDIT_UPDATE"), "mean", "day of the report", "le jour du relevé", "BUREAU_AGE"),
    ("overdue_days", _b("CREDIT_DAY_OVERDUE"), "max mean", "days overdue", "le retard actuel", "BUREAU_OVERDUE"),
    (
        "worst_overdue_amount",
        _b("AMT_CREDIT_MAX_OVERDUE"),
        "mean",
        "highest amount overdue",
        "le plus fort impayé",
        "BUREAU_OVERDUE",
    ),
    (
        "credit_amount",
        _b("AMT_CREDIT_SUM"),
        "max mean sum",
        "amount of the credit",
        "le montant du crédit",
        "BUREAU_DEBT",
    ),
    ("debt_amount", _b("AMT_CREDIT_SUM_DEBT"), "max mean sum", "debt left", "la dette restante", "BUREAU_DEBT"),
    (
        "overdue_amount",
        _b("AMT_CREDIT_SUM_OVERDUE"),
        "mean",
        "amount overdue",
        "le montant de l'impayé",
        "BUREAU_OVERDUE",
    ),
    ("limit_amount", _b("AMT_CREDIT_SUM_LIMIT"), "mean sum", "limit of the card", "le plafond de carte", "BUREAU_DEBT"),
    ("annuity_amount", _b("AMT_ANNUITY"), "max mean", "instalment", "la mensualité", "BUREAU_DEBT"),
    (
        "prolonged_count",
        _b("CNT_CREDIT_PROLONG"),
        "sum",
        "prolongations",
        "le nombre de prolongations",
        "BUREAU_OVERDUE",
    ),
)
_BUREAU_LEVELS: Final[Sequence[_Said]] = (
    ("state", "CREDIT_ACTIVE", "state", "l'état", "BUREAU_KIND"),
    ("currency", "CREDIT_CURRENCY", "currency", "la devise", "BUREAU_KIND"),
    ("kind", "CREDIT_TYPE", "kind of credit", "le type de crédit", "BUREAU_KIND"),
)


# Their monthly statuses, one row per credit

_STATUSES: Final = columns("bureau_balance")["STATUS"].values


def _by_credit(months: Framed, bureau: Framed) -> Framed:
    """One row per credit that the bureau had reported by then; applicants stay in order."""
    month, status = pl.col("MONTHS_BALANCE"), pl.col("STATUS")
    found = (
        not_later(months, "MONTHS_BALANCE")
        .frame.group_by(KEY, "SK_ID_BUREAU", maintain_order=True)
        .agg(
            month.min().alias("first"),
            month.max().alias("last"),
            pl.len().alias("months"),
            *((status == level).mean().alias(f"in{level}") for level in _STATUSES),
        )
    )
    credit = _reported(bureau).frame.select("SK_ID_BUREAU", "CREDIT_ACTIVE")
    known = found.join(credit, on="SK_ID_BUREAU", how="inner", maintain_order="left")
    return Framed(known.with_columns(pl.col(KEY).set_sorted()))


_OF_BUREAU: Final = ("bureau.DAYS_CREDIT", "bureau.DAYS_CREDIT_UPDATE")
_BALANCE: Final = History(
    "refbalance",
    row="credit",
    rows=("bureau credits with monthly statuses", "crédits externes suivis par mois"),
    time="MONTHS_BALANCE",
    time_days=365.25 / 12,
    prepare=_by_credit,
    beside=("bureau",),
    reads=("SK_ID_BUREAU", "STATUS"),
    prepared={
        **dict.fromkeys(("first", "last", "months"), ("MONTHS_BALANCE", *_OF_BUREAU)),
        **dict.fromkeys((f"in{level}" for level in _STATUSES), ("STATUS", *_OF_BUREAU)),
        "CREDIT_ACTIVE": ("bureau.CREDIT_ACTIVE",),
    },
    recipe="MONTHS_BALANCE <= 0, of credits with DAYS_CREDIT <= 0 and DAYS_CREDIT_UPDATE <= 0; one row per credit: "
    "first and last month, months, share of months in each status",
)
_BALANCE_NUMBERS: Final[Sequence[_Measured]] = (
    ("first_months", pl.col("first"), "min", "first month known", "le premier mois connu", "BUREAU_AGE"),
    ("last_months", pl.col("last"), "max", "last month known", "le dernier mois connu", "BUREAU_AGE"),
    ("month_count", pl.col("months"), "mean sum", "number of months", "le nombre de mois", "BUREAU_AGE"),
)
_BALANCE_SHARES: Final[Sequence[_Measured]] = tuple(
    (
        f"status{token(level)}_share",
        pl.col(f"in{level}"),
        "mean",
        f"share of months in status {level}",
        f"la part de mois au statut {level}",
        "BUREAU_OVERDUE",
    )
    for level in _STATUSES
)
for _history in (_BUREAU, _BALANCE):
    _history.flag("active", _ACTIVE, "active-", "en cours", "BUREAU_KIND")
    _history.flag("closed", _CLOSED, "closed-", "clos", "BUREAU_KIND")
_numbers(_BUREAU, _BUREAU_NUMBERS, "active", "closed")
_shares(_BUREAU, _BUREAU_LEVELS)
_numbers(_BALANCE, _BALANCE_NUMBERS, "active", "closed")
_numbers(_BALANCE, _BALANCE_SHARES)

# Earlier applications with us


def _by_decision(rows: R) -> R:
    return not_later(rows, "DAYS_DECISION")


_PREVIOUS: Final = History(
    "refprevious",
    row="application",
    rows=("earlier applications", "demandes précédentes"),
    time="DAYS_DECISION",
    time_days=1,
    prepare=_by_decision,
    recipe="DAYS_DECISION <= 0",
)
_VERDICT: Final = pl.col("NAME_CONTRACT_STATUS")


def _p(column: str) -> pl.Expr:
    return as_filed("previous_application", column)


_PREVIOUS_NUMBERS: Final[Sequence[_Measured]] = tuple(
    (name, expr, statistics, en, fr, reason)
    for reason, measured in (
        (
            "PREVIOUS_TERMS",
            (
                ("annuity_amount", _p("AMT_ANNUITY"), "min max mean", "monthly instalment", "la mensualité"),
                ("asked_amount", _p("AMT_APPLICATION"), "min max mean", "amount asked for", "le montant demandé"),
                ("credit_amount", _p("AMT_CREDIT"), "min max mean", "amount granted", "le montant accordé"),
                (
                    "asked_ratio",
                    ratio(_p("AMT_APPLICATION"), _p("AMT_CREDIT")),
                    "min max mean var",
                    "amount asked for over granted",
                    "le rapport du montant demandé au montant accordé",
                ),
                ("down_amount", _p("AMT_DOWN_PAYMENT"), "min max mean", "down payment", "l'apport"),
                ("goods_amount", _p("AMT_GOODS_PRICE"), "min max mean", "price of the goods", "le prix du bien"),
                ("down_share", _p("RATE_DOWN_PAYMENT"), "min max mean", "rate of down payment", "le taux d'apport"),
                ("term_months", _p("CNT_PAYMENT"), "mean sum", "term", "la durée"),
            ),
        ),
        (
            "PREVIOUS_RECENT",
            (
                (
                    "decision_hour",
                    _p("HOUR_APPR_PROCESS_START"),
                    "min max mean",
                    "hour of the application",
                    "l'heure de la demande",
                ),
                ("decided_days", _p("DAYS_DECISION"), "min max mean", "day of decision", "le jour de la décision"),
            ),
        ),
    )
    for name, expr, statistics, en, fr in measured
)
_PREVIOUS_LEVELS: Final[Sequence[_Said]] = (
    ("contract", "NAME_CONTRACT_TYPE", "kind of loan", "le type de prêt", "PREVIOUS_TERMS"),
    ("weekday", "WEEKDAY_APPR_PROCESS_START", "weekday", "le jour de la semaine", "PREVIOUS_RECENT"),
    (
        "lastofcontract",
        "FLAG_LAST_APPL_PER_CONTRACT",
        "mark of the last for a contract",
        "la marque de dernière pour un contrat",
        "PREVIOUS_RECENT",
    ),
    ("purpose", "NAME_CASH_LOAN_PURPOSE", "purpose", "le motif du prêt", "PREVIOUS_TERMS"),
    ("status", "NAME_CONTRACT_STATUS", "outcome", "le résultat", "PREVIOUS_REFUSED"),
    ("payment", "NAME_PAYMENT_TYPE", "means of payment", "le moyen de paiement", "PREVIOUS_TERMS"),
    ("reject", "CODE_REJECT_REASON", "reason for refusal", "le motif de refus", "PREVIOUS_REFUSED"),
    ("companion", "NAME_TYPE_SUITE", "companion at the counter", "la personne accompagnante", "PREVIOUS_TERMS"),
    ("client", "NAME_CLIENT_TYPE", "kind of client", "le type de client", "PREVIOUS_RECENT"),
    ("goods", "NAME_GOODS_CATEGORY", "kind of goods", "le type de bien", "PREVIOUS_TERMS"),
    ("portfolio", "NAME_PORTFOLIO", "portfolio", "le portefeuille", "PREVIOUS_TERMS"),
    ("product", "NAME_PRODUCT_TYPE", "kind of sale", "le type de vente", "PREVIOUS_TERMS"),
    ("channel", "CHANNEL_TYPE", "sales channel", "le canal de vente", "PREVIOUS_TERMS"),
    ("seller", "NAME_SELLER_INDUSTRY", "industry of the seller", "le secteur du vendeur", "PREVIOUS_TERMS"),
    ("yield", "NAME_YIELD_GROUP", "group of rates", "le groupe de taux", "PREVIOUS_TERMS"),
    ("combination", "PRODUCT_COMBINATION", "product", "le produit", "PREVIOUS_TERMS"),
)
_PREVIOUS.flag("approved", _VERDICT == "Approved", "approved-", "acceptées", "PREVIOUS_REFUSED")
_PREVIOUS.flag("refused", _VERDICT == "Refused", "refused-", "refusées", "PREVIOUS_REFUSED")
_numbers(_PREVIOUS, _PREVIOUS_NUMBERS, "approved", "refused")
_shares(_PREVIOUS, _PREVIOUS_LEVELS)

# Monthly balances of loans, payments, cards


def _by_month(rows: R) -> R:
    return not_later(rows, "MONTHS_BALANCE")


_MONTHLY: Final = "MONTHS_BALANCE <= 0"
_POS: Final = History(
    "refpos",
    row="month",
    rows=("monthly balances of loans", "relevés mensuels de prêts"),
    time="MONTHS_BALANCE",
    time_days=365.25 / 12,
    prepare=_by_month,
    recipe=_MONTHLY,
)
_MONTH: Final = ("month_months", pl.col("MONTHS_BALANCE"))
_DPD: Final = ("due_days", pl.col("SK_DPD"))
_DPD_DEF: Final = ("tolerance_days", pl.col("SK_DPD_DEF"))
_numbers(
    _POS,
    (
        (*_MONTH, "max mean", "month of the balance", "le mois du relevé", "REPAYMENT_AMOUNT"),
        (*_DPD, "max mean", "days past due", "le retard", "REPAYMENT_LATE"),
        (*_DPD_DEF, "max mean", "days past due, small debts apart", "le retard hors petites dettes", "REPAYMENT_LATE"),
    ),
)
_shares(_POS, [("status", "NAME_CONTRACT_STATUS", "state of the loan", "l'état du prêt", "REPAYMENT_AMOUNT")])
_POS.count("REPAYMENT_AMOUNT")


def _paid(rows: R) -> R:
    """Due by the day of application; a payment made after it is not made yet."""
    return made(not_later(rows, "DAYS_INSTALMENT"))


_PAYMENTS: Final = History(
    "refinstalments",
    row="payment",
    rows=("payments of instalments", "paiements d'échéances"),
    time="DAYS_INSTALMENT",
    time_days=1,
    prepare=_paid,
    reads=("DAYS_ENTRY_PAYMENT", "AMT_PAYMENT"),
    prepared={"AMT_PAYMENT": ("AMT_PAYMENT", "DAYS_ENTRY_PAYMENT")},
    recipe="DAYS_INSTALMENT <= 0; payments after day 0 not made",
)
_DUE_ON, _PAID_ON = pl.col("DAYS_INSTALMENT"), pl.col("DAYS_ENTRY_PAYMENT")
_DUE, _PAYMENT = pl.col("AMT_INSTALMENT"), pl.col("AMT_PAYMENT")
_PAYMENT_NUMBERS: Final[Sequence[_Measured]] = (
    (
        "version_count",
        pl.col("NUM_INSTALMENT_VERSION"),
        "distinct",
        "version of the calendar",
        "la version du calendrier",
        "REPAYMENT_AMOUNT",
    ),
    ("past_days", (_PAID_ON - _DUE_ON).clip(0), "max mean sum", "days past due", "le retard", "REPAYMENT_LATE"),
    ("before_days", (_DUE_ON - _PAID_ON).clip(0), "max mean sum", "days paid early", "l'avance", "REPAYMENT_LATE"),
    (
        "paid_ratio",
        ratio(_PAYMENT, _DUE),
        "max mean sum var",
        "amount paid over due",
        "le rapport du montant payé au montant dû",
        "REPAYMENT_PARTIAL",
    ),
    (
        "gap_amount",
        _DUE - _PAYMENT,
        "max mean sum var",
        "amount due less paid",
        "le montant dû moins le montant payé",
        "REPAYMENT_PARTIAL",
    ),
    ("due_amount", _DUE, "max mean sum", "amount due", "le montant dû", "REPAYMENT_AMOUNT"),
    ("paid_amount", _PAYMENT, "min max mean sum", "amount paid", "le montant payé", "REPAYMENT_AMOUNT"),
    ("paid_days", _PAID_ON, "max mean sum", "day of payment", "le jour de paiement", "REPAYMENT_AMOUNT"),
)
_numbers(_PAYMENTS, _PAYMENT_NUMBERS)
_PAYMENTS.count("REPAYMENT_AMOUNT")

_CARD: Final = History(
    "refcard",
    row="month",
    rows=("monthly card balances", "relevés mensuels de carte"),
    time="MONTHS_BALANCE",
    time_days=365.25 / 12,
    prepare=_by_month,
    recipe=_MONTHLY,
)
_EVERY: Final = "min max mean sum var"
_CARD_COLUMNS: Final = (
    ("balance_amount", "AMT_BALANCE", "balance", "le solde", "CARD_USE"),
    ("limit_amount", "AMT_CREDIT_LIMIT_ACTUAL", "limit", "le plafond", "CARD_USE"),
    ("cash_amount", "AMT_DRAWINGS_ATM_CURRENT", "cash drawn", "le montant retiré en espèces", "CARD_USE"),
    ("drawn_amount", "AMT_DRAWINGS_CURRENT", "amount drawn", "le montant utilisé", "CARD_USE"),
    ("other_amount", "AMT_DRAWINGS_OTHER_CURRENT", "other drawings", "le montant des autres retraits", "CARD_USE"),
    ("purchase_amount", "AMT_DRAWINGS_POS_CURRENT", "purchases", "le montant des achats", "CARD_USE"),
    ("minimum_amount", "AMT_INST_MIN_REGULARITY", "minimum instalment", "la mensualité minimale", "CARD_PAYMENT"),
    ("paid_amount", "AMT_PAYMENT_CURRENT", "payment of the month", "le paiement du mois", "CARD_PAYMENT"),
    ("paid_total_amount", "AMT_PAYMENT_TOTAL_CURRENT", "payment in all", "le paiement total", "CARD_PAYMENT"),
    ("principal_amount", "AMT_RECEIVABLE_PRINCIPAL", "principal owed", "le principal dû", "CARD_USE"),
    ("owed_amount", "AMT_RECIVABLE", "amount owed", "le montant dû", "CARD_USE"),
    ("owed_total_amount", "AMT_TOTAL_RECEIVABLE", "amount owed in all", "le montant total dû", "CARD_USE"),
    ("cash_count", "CNT_DRAWINGS_ATM_CURRENT", "cash drawings", "le nombre de retraits d'espèces", "CARD_USE"),
    ("drawn_count", "CNT_DRAWINGS_CURRENT", "drawings", "le nombre d'utilisations", "CARD_USE"),
    ("other_count", "CNT_DRAWINGS_OTHER_CURRENT", "drawings otherwise", "le nombre d'autres retraits", "CARD_USE"),
    ("purchase_count", "CNT_DRAWINGS_POS_CURRENT", "purchases made", "le nombre d'achats", "CARD_USE"),
    (
        "matured_count",
        "CNT_INSTALMENT_MATURE_CUM",
        "instalments paid",
        "le nombre de mensualités payées",
        "CARD_PAYMENT",
    ),
)
_numbers(
    _CARD,
    (
        (*_MONTH, _EVERY, "month of the balance", "le mois du relevé", "CARD_USE"),
        *((name, pl.col(column), _EVERY, en, fr, why) for name, column, en, fr, why in _CARD_COLUMNS),
        (*_DPD, _EVERY, "days past due", "le retard", "CARD_PAYMENT"),
        (*_DPD_DEF, _EVERY, "days past due, small debts apart", "le retard hors petites dettes", "CARD_PAYMENT"),
        *(
            (
                f"status_{token(level)}_flag",
                pl.col("NAME_CONTRACT_STATUS").eq_missing(level),
                _EVERY,
                f"mark of state “{level}”",
                f"la marque d'état « {level} »",
                "CARD_USE",
            )
            for level in columns("credit_card_balance")["NAME_CONTRACT_STATUS"].values
        ),
    ),
)
_CARD.count("CARD_USE")

HISTORIES: Final = {history.source: history for history in (_BUREAU, _BALANCE, _PREVIOUS, _POS, _PAYMENTS, _CARD)}

# The application

BORROWED: Final = (
    *("external_source1_score", "external_source2_score", "external_source3_score"),
    *("application_employed_age_ratio", "application_income_per_member_amount", "application_annuity_income_ratio"),
    *(one.name for one in application.FEATURES if one.name.split("_")[1] not in ("phone", "emergency")),
)
"""Columns and ratios that the catalogue has too: the same features, under the same names."""

_INDICES: Final = (("MODE", "most frequent", "valeur la plus fréquente"), ("MEDI", "median", "médiane"))

FEATURES: Final[tuple[Derived, ...]] = (
    derived(
        "application_emergency_category",
        pl.col("EMERGENCYSTATE_MODE"),
        "State of emergency of the building",
        "État d'urgence de l'immeuble",
        "HOUSING",
        kind="category",
    ),
    derived(
        "application_telephone_days",
        -as_filed("application", "DAYS_LAST_PHONE_CHANGE"),
        "Time since the telephone was changed, 0 where it is not known",
        "Temps écoulé depuis le changement de téléphone, 0 si inconnu",
        "STABILITY",
    ),
    derived(
        "application_income_credit_ratio",
        quotient(pl.col("AMT_INCOME_TOTAL"), pl.col("AMT_CREDIT")),
        "Yearly income over the credit requested",
        "Rapport du revenu annuel au crédit demandé",
        Theme.INCOME,
    ),
    derived(
        "application_annuity_credit_ratio",
        quotient(pl.col("AMT_ANNUITY"), pl.col("AMT_CREDIT")),
        "Monthly instalment over the credit requested",
        "Rapport de la mensualité au crédit demandé",
        "CREDIT_TERM",
    ),
    *(
        derived(
            f"application_building_{name}_{measure.lower()}_index",
            pl.col(f"{stem}_{measure}"),
            f"Building where the applicant lives, {how} {en}",
            f"Immeuble du demandeur, {comment} : {fr}",
            "HOUSING",
        )
        for measure, how, comment in _INDICES
        for name, stem, en, fr in application.BUILDING
    ),
)
