"""The contracts of the raw tables: every column's type, unit, meaning, range and when it is known.

The dataframely schemas are the one source; `columns()` reads them. Columns stand in the order of the published
files. Ranges are walls that catch corrupted rows: the real tables lie well inside them.
"""

from collections.abc import Collection, Mapping
from functools import cache, reduce
from operator import and_, or_
from types import MappingProxyType

import dataframely as dy
import polars as pl

from aval.data import levels
from aval.data.column import NONE_DAYS, Column, Known
from aval.data.few import widened

KEY = "SK_ID_CURR"
TARGET = "TARGET"

_AT = Known("at application")
_AFTER = Known("after the application, once the outcome is observed")
_REPORTED = Known("at application, as last reported by the bureau")
_DECIDED = Known("on the day of the previous decision (DAYS_DECISION)")
_RUNS = Known("at application: what had happened to the previous loan by then")
_MONTH = Known("at the end of the row's month (MONTHS_BALANCE)")
_DUE = Known("when the payment calendar was drawn up")
_PAID = Known("on the day of payment (DAYS_ENTRY_PAYMENT)")


class Application(dy.Schema):
    """One row per application; TARGET is null where the outcome is not known."""

    SK_ID_CURR = _AT.id("the application")
    TARGET = _AFTER.number("1 if the applicant defaulted, else 0", "flag", 0, 1, kind=dy.Int8, nullable=True)
    NAME_CONTRACT_TYPE = _AT.text("kind of loan asked for", levels.CONTRACTS)
    CODE_GENDER = _AT.text("sex; XNA where not recorded", levels.SEX, none=("XNA",))
    FLAG_OWN_CAR = _AT.text("owns a car", levels.YES_NO, closed=True)
    FLAG_OWN_REALTY = _AT.text("owns a house or flat", levels.YES_NO, closed=True)
    CNT_CHILDREN = _AT.count("children", 50)
    AMT_INCOME_TOTAL = _AT.amount("yearly income as declared")
    AMT_CREDIT = _AT.amount("amount of the loan")
    AMT_ANNUITY = _AT.amount("instalment per month", nullable=True)
    AMT_GOODS_PRICE = _AT.amount("price of the goods the loan is for", nullable=True)
    NAME_TYPE_SUITE = _AT.text("who came along to apply", levels.COMPANIONS, nullable=True)
    NAME_INCOME_TYPE = _AT.text("source of income", levels.INCOMES)
    NAME_EDUCATION_TYPE = _AT.text("highest education", levels.EDUCATIONS)
    NAME_FAMILY_STATUS = _AT.text("family status", levels.FAMILIES)
    NAME_HOUSING_TYPE = _AT.text("housing", levels.HOUSINGS)
    REGION_POPULATION_RELATIVE = _AT.share("population of the region, normalised", nullable=False)
    DAYS_BIRTH = _AT.days("birth", -45_000)
    DAYS_EMPLOYED = _AT.days("start of the present employment; 365243 without employment", -30_000, none=(NONE_DAYS,))
    DAYS_REGISTRATION = _AT.days("last change of the registration", -45_000, whole=False)
    DAYS_ID_PUBLISH = _AT.days("last change of the identity document", -45_000)
    OWN_CAR_AGE = _AT.count("age of the car", 120, whole=False, unit="years")
    FLAG_MOBIL = _AT.flag("gave a mobile number")
    FLAG_EMP_PHONE = _AT.flag("gave an employer's number")
    FLAG_WORK_PHONE = _AT.flag("gave a work number")
    FLAG_CONT_MOBILE = _AT.flag("the mobile could be reached")
    FLAG_PHONE = _AT.flag("gave a home number")
    FLAG_EMAIL = _AT.flag("gave an e-mail address")
    OCCUPATION_TYPE = _AT.text("occupation", levels.OCCUPATIONS, nullable=True)
    CNT_FAM_MEMBERS = _AT.count("members of the family", 60, whole=False)
    REGION_RATING_CLIENT = _AT.number("the lender's rating of the region", "rating", -1, 3, kind=dy.Int8)
    REGION_RATING_CLIENT_W_CITY = _AT.number("that rating with the city in it", "rating", -1, 3, kind=dy.Int8)
    WEEKDAY_APPR_PROCESS_START = _AT.text("weekday of the application", levels.WEEKDAYS)
    HOUR_APPR_PROCESS_START = _AT.number("hour of the application", "hour", 0, 24, kind=dy.Int8)
    REG_REGION_NOT_LIVE_REGION = _AT.flag("permanent and contact address lie in different regions")
    REG_REGION_NOT_WORK_REGION = _AT.flag("permanent and work address lie in different regions")
    LIVE_REGION_NOT_WORK_REGION = _AT.flag("contact and work address lie in different regions")
    REG_CITY_NOT_LIVE_CITY = _AT.flag("permanent and contact address lie in different cities")
    REG_CITY_NOT_WORK_CITY = _AT.flag("permanent and work address lie in different cities")
    LIVE_CITY_NOT_WORK_CITY = _AT.flag("contact and work address lie in different cities")
    ORGANIZATION_TYPE = _AT.text("kind of employer; XNA without one", levels.ORGANIZATIONS)
    EXT_SOURCE_1 = _AT.number("external score 1, higher is safer", "score", 0, 1, nullable=True)
    EXT_SOURCE_2 = _AT.number("external score 2, higher is safer", "score", 0, 1, nullable=True)
    EXT_SOURCE_3 = _AT.number("external score 3, higher is safer", "score", 0, 1, nullable=True)
    APARTMENTS_AVG = _AT.share("building of residence: size of the flats, average, normalised")
    BASEMENTAREA_AVG = _AT.share("building of residence: basement area, average, normalised")
    YEARS_BEGINEXPLUATATION_AVG = _AT.share("building of residence: years since first use, average, normalised")
    YEARS_BUILD_AVG = _AT.share("building of residence: years since construction, average, normalised")
    COMMONAREA_AVG = _AT.share("building of residence: common area, average, normalised")
    ELEVATORS_AVG = _AT.share("building of residence: number of lifts, average, normalised")
    ENTRANCES_AVG = _AT.share("building of residence: number of entrances, average, normalised")
    FLOORSMAX_AVG = _AT.share("building of residence: highest number of floors, average, normalised")
    FLOORSMIN_AVG = _AT.share("building of residence: lowest number of floors, average, normalised")
    LANDAREA_AVG = _AT.share("building of residence: land area, average, normalised")
    LIVINGAPARTMENTS_AVG = _AT.share("building of residence: size of the inhabited flats, average, normalised")
    LIVINGAREA_AVG = _AT.share("building of residence: living area, average, normalised")
    NONLIVINGAPARTMENTS_AVG = _AT.share("building of residence: size of the uninhabited flats, average, normalised")
    NONLIVINGAREA_AVG = _AT.share("building of residence: non-living area, average, normalised")
    APARTMENTS_MODE = _AT.share("building of residence: size of the flats, mode, normalised")
    BASEMENTAREA_MODE = _AT.share("building of residence: basement area, mode, normalised")
    YEARS_BEGINEXPLUATATION_MODE = _AT.share("building of residence: years since first use, mode, normalised")
    YEARS_BUILD_MODE = _AT.share("building of residence: years since construction, mode, normalised")
    COMMONAREA_MODE = _AT.share("building of residence: common area, mode, normalised")
    ELEVATORS_MODE = _AT.share("building of residence: number of lifts, mode, normalised")
    ENTRANCES_MODE = _AT.share("building of residence: number of entrances, mode, normalised")
    FLOORSMAX_MODE = _AT.share("building of residence: highest number of floors, mode, normalised")
    FLOORSMIN_MODE = _AT.share("building of residence: lowest number of floors, mode, normalised")
    LANDAREA_MODE = _AT.share("building of residence: land area, mode, normalised")
    LIVINGAPARTMENTS_MODE = _AT.share("building of residence: size of the inhabited flats, mode, normalised")
    LIVINGAREA_MODE = _AT.share("building of residence: living area, mode, normalised")
    NONLIVINGAPARTMENTS_MODE = _AT.share("building of residence: size of the uninhabited flats, mode, normalised")
    NONLIVINGAREA_MODE = _AT.share("building of residence: non-living area, mode, normalised")
    APARTMENTS_MEDI = _AT.share("building of residence: size of the flats, median, normalised")
    BASEMENTAREA_MEDI = _AT.share("building of residence: basement area, median, normalised")
    YEARS_BEGINEXPLUATATION_MEDI = _AT.share("building of residence: years since first use, median, normalised")
    YEARS_BUILD_MEDI = _AT.share("building of residence: years since construction, median, normalised")
    COMMONAREA_MEDI = _AT.share("building of residence: common area, median, normalised")
    ELEVATORS_MEDI = _AT.share("building of residence: number of lifts, median, normalised")
    ENTRANCES_MEDI = _AT.share("building of residence: number of entrances, median, normalised")
    FLOORSMAX_MEDI = _AT.share("building of residence: highest number of floors, median, normalised")
    FLOORSMIN_MEDI = _AT.share("building of residence: lowest number of floors, median, normalised")
    LANDAREA_MEDI = _AT.share("building of residence: land area, median, normalised")
    LIVINGAPARTMENTS_MEDI = _AT.share("building of residence: size of the inhabited flats, median, normalised")
    LIVINGAREA_MEDI = _AT.share("building of residence: living area, median, normalised")
    NONLIVINGAPARTMENTS_MEDI = _AT.share("building of residence: size of the uninhabited flats, median, normalised")
    NONLIVINGAREA_MEDI = _AT.share("building of residence: non-living area, median, normalised")
    FONDKAPREMONT_MODE = _AT.text("building of residence: fund for repairs", levels.REPAIR_FUNDS, nullable=True)
    HOUSETYPE_MODE = _AT.text("building of residence: kind", levels.HOUSES, nullable=True)
    TOTALAREA_MODE = _AT.share("building of residence: total area, mode, normalised")
    WALLSMATERIAL_MODE = _AT.text("building of residence: walls", levels.WALLS, nullable=True)
    EMERGENCYSTATE_MODE = _AT.text("building of residence: in a state of emergency", levels.EMERGENCIES, nullable=True)
    OBS_30_CNT_SOCIAL_CIRCLE = _AT.count("acquaintances observable at 30 days past due", 5_000, whole=False)
    DEF_30_CNT_SOCIAL_CIRCLE = _AT.count("acquaintances who were 30 days past due", 5_000, whole=False)
    OBS_60_CNT_SOCIAL_CIRCLE = _AT.count("acquaintances observable at 60 days past due", 5_000, whole=False)
    DEF_60_CNT_SOCIAL_CIRCLE = _AT.count("acquaintances who were 60 days past due", 5_000, whole=False)
    DAYS_LAST_PHONE_CHANGE = _AT.days("last change of telephone; 0 where not known", whole=False, none=(0,))
    FLAG_DOCUMENT_2 = _AT.flag("document 2 was given")
    FLAG_DOCUMENT_3 = _AT.flag("document 3 was given")
    FLAG_DOCUMENT_4 = _AT.flag("document 4 was given")
    FLAG_DOCUMENT_5 = _AT.flag("document 5 was given")
    FLAG_DOCUMENT_6 = _AT.flag("document 6 was given")
    FLAG_DOCUMENT_7 = _AT.flag("document 7 was given")
    FLAG_DOCUMENT_8 = _AT.flag("document 8 was given")
    FLAG_DOCUMENT_9 = _AT.flag("document 9 was given")
    FLAG_DOCUMENT_10 = _AT.flag("document 10 was given")
    FLAG_DOCUMENT_11 = _AT.flag("document 11 was given")
    FLAG_DOCUMENT_12 = _AT.flag("document 12 was given")
    FLAG_DOCUMENT_13 = _AT.flag("document 13 was given")
    FLAG_DOCUMENT_14 = _AT.flag("document 14 was given")
    FLAG_DOCUMENT_15 = _AT.flag("document 15 was given")
    FLAG_DOCUMENT_16 = _AT.flag("document 16 was given")
    FLAG_DOCUMENT_17 = _AT.flag("document 17 was given")
    FLAG_DOCUMENT_18 = _AT.flag("document 18 was given")
    FLAG_DOCUMENT_19 = _AT.flag("document 19 was given")
    FLAG_DOCUMENT_20 = _AT.flag("document 20 was given")
    FLAG_DOCUMENT_21 = _AT.flag("document 21 was given")
    AMT_REQ_CREDIT_BUREAU_HOUR = _AT.count("enquiries at the bureau in the last hour", whole=False)
    AMT_REQ_CREDIT_BUREAU_DAY = _AT.count("enquiries in the last day but the last hour", whole=False)
    AMT_REQ_CREDIT_BUREAU_WEEK = _AT.count("enquiries in the last week but the last day", whole=False)
    AMT_REQ_CREDIT_BUREAU_MON = _AT.count("enquiries in the last month but the last week", whole=False)
    AMT_REQ_CREDIT_BUREAU_QRT = _AT.count("enquiries in the last quarter but the last month", whole=False)
    AMT_REQ_CREDIT_BUREAU_YEAR = _AT.count("enquiries in the last year but the last quarter", whole=False)


class Bureau(dy.Schema):
    """One row per credit that other lenders reported to the bureau."""

    SK_ID_CURR = _AT.id("the application")
    SK_ID_BUREAU = _REPORTED.id("the bureau credit; unique")
    CREDIT_ACTIVE = _REPORTED.text("state of the credit", levels.BUREAU_STATES)
    CREDIT_CURRENCY = _REPORTED.text("currency, recoded", levels.CURRENCIES)
    DAYS_CREDIT = _REPORTED.days("the credit was asked for")
    CREDIT_DAY_OVERDUE = _REPORTED.count("days past due at the application", 50_000, unit="days")
    DAYS_CREDIT_ENDDATE = _REPORTED.days("planned end; positive is still to come", high=50_000, whole=False)
    DAYS_ENDDATE_FACT = _REPORTED.days("actual end, of closed credits", whole=False)
    AMT_CREDIT_MAX_OVERDUE = _REPORTED.amount("largest amount ever overdue", nullable=True)
    CNT_CREDIT_PROLONG = _REPORTED.count("times the credit was prolonged", 1_000)
    AMT_CREDIT_SUM = _REPORTED.amount("amount of the credit", nullable=True)
    AMT_CREDIT_SUM_DEBT = _REPORTED.amount("debt left; negative is overpaid", -1e9, nullable=True)
    AMT_CREDIT_SUM_LIMIT = _REPORTED.amount("limit of the card; negative is overdrawn", -1e9, nullable=True)
    AMT_CREDIT_SUM_OVERDUE = _REPORTED.amount("amount overdue")
    CREDIT_TYPE = _REPORTED.text("kind of credit", levels.BUREAU_KINDS)
    DAYS_CREDIT_UPDATE = _REPORTED.days("the bureau's last news; a few rows lie after the application", high=1_000)
    AMT_ANNUITY = _REPORTED.amount("instalment per month", nullable=True)


class BureauBalance(dy.Schema):
    """One row per bureau credit and month; the applicant comes from bureau."""

    SK_ID_BUREAU = _MONTH.id("the bureau credit")
    MONTHS_BALANCE = _MONTH.number("month, 0 is that of the application", "months", -1_200, 0, kind=dy.Int32)
    STATUS = _MONTH.text(
        "0 paid, 1 to 5 past due (1: up to 30 days ... 5: over 120 or written off), C closed, X unknown",
        levels.MONTH_STATES,
        closed=True,
    )


class PreviousApplication(dy.Schema):
    """One row per earlier application of the same person at this lender, granted or not."""

    SK_ID_PREV = _DECIDED.id("the previous application; unique")
    SK_ID_CURR = _AT.id("the application")
    NAME_CONTRACT_TYPE = _DECIDED.text("kind of loan", levels.PREVIOUS_CONTRACTS)
    AMT_ANNUITY = _DECIDED.amount("instalment per month", nullable=True)
    AMT_APPLICATION = _DECIDED.amount("amount asked for; 0 is unknown", none=(0,))
    AMT_CREDIT = _DECIDED.amount("amount granted; 0 is unknown", nullable=True, none=(0,))
    AMT_DOWN_PAYMENT = _DECIDED.amount("down payment", -1e6, nullable=True)
    AMT_GOODS_PRICE = _DECIDED.amount("price of the goods", nullable=True)
    WEEKDAY_APPR_PROCESS_START = _DECIDED.text("weekday of the application", levels.WEEKDAYS)
    HOUR_APPR_PROCESS_START = _DECIDED.number("hour of the application", "hour", 0, 24, kind=dy.Int8)
    FLAG_LAST_APPL_PER_CONTRACT = _DECIDED.text("last application for the contract", levels.YES_NO)
    NFLAG_LAST_APPL_IN_DAY = _DECIDED.flag("last application of the day")
    RATE_DOWN_PAYMENT = _DECIDED.share("down payment, normalised", -1, 10)
    RATE_INTEREST_PRIMARY = _DECIDED.share("interest rate, normalised", -1, 100)
    RATE_INTEREST_PRIVILEGED = _DECIDED.share("reduced interest rate, normalised", -1, 100)
    NAME_CASH_LOAN_PURPOSE = _DECIDED.text("purpose of the cash loan", levels.PURPOSES)
    NAME_CONTRACT_STATUS = _DECIDED.text("what became of the application", levels.VERDICTS)
    DAYS_DECISION = _DECIDED.days("decision")
    NAME_PAYMENT_TYPE = _DECIDED.text("means of payment", levels.PAYMENTS)
    CODE_REJECT_REASON = _DECIDED.text("why it was refused; XAP where it was not", levels.REJECT_REASONS)
    NAME_TYPE_SUITE = _DECIDED.text("who came along to apply", levels.COMPANIONS, nullable=True)
    NAME_CLIENT_TYPE = _DECIDED.text("new or known client", levels.CLIENTS)
    NAME_GOODS_CATEGORY = _DECIDED.text("kind of goods", levels.GOODS)
    NAME_PORTFOLIO = _DECIDED.text("portfolio", levels.PORTFOLIOS)
    NAME_PRODUCT_TYPE = _DECIDED.text("walk-in or cross-sell", levels.PRODUCTS)
    CHANNEL_TYPE = _DECIDED.text("sales channel", levels.CHANNELS)
    SELLERPLACE_AREA = _DECIDED.number("selling area of the shop; -1 without one", "area", -1, 1e8, kind=dy.Int32)
    NAME_SELLER_INDUSTRY = _DECIDED.text("industry of the seller", levels.SELLERS)
    CNT_PAYMENT = _DECIDED.count("term; 0 is unknown", 1_200, whole=False, unit="months", none=(0,))
    NAME_YIELD_GROUP = _DECIDED.text("interest rate, grouped", levels.YIELDS)
    PRODUCT_COMBINATION = _DECIDED.text("product in detail", levels.COMBINATIONS, nullable=True)
    DAYS_FIRST_DRAWING = _RUNS.days("first drawing", high=10_000, whole=False, none=(NONE_DAYS,))
    DAYS_FIRST_DUE = _RUNS.days("first instalment due", high=10_000, whole=False, none=(NONE_DAYS,))
    DAYS_LAST_DUE_1ST_VERSION = _RUNS.days(
        "last instalment due in the first calendar", high=20_000, whole=False, none=(NONE_DAYS,)
    )
    DAYS_LAST_DUE = _RUNS.days("last instalment; 365243 still runs", high=20_000, whole=False, none=(NONE_DAYS,))
    DAYS_TERMINATION = _RUNS.days("end of the loan; 365243 still runs", high=20_000, whole=False, none=(NONE_DAYS,))
    NFLAG_INSURED_ON_APPROVAL = _DECIDED.number("asked for insurance", "flag", 0, 1, nullable=True)


class PosCashBalance(dy.Schema):
    """One row per point-of-sale or cash loan and month."""

    SK_ID_PREV = _MONTH.id("the previous application, where one is on file")
    SK_ID_CURR = _AT.id("the application")
    MONTHS_BALANCE = _MONTH.number("month, -1 is the latest", "months", -1_200, 0, kind=dy.Int32)
    CNT_INSTALMENT = _MONTH.count("term; may change over time", 1_200, whole=False, unit="months")
    CNT_INSTALMENT_FUTURE = _MONTH.count("instalments left to pay", 1_200, whole=False)
    NAME_CONTRACT_STATUS = _MONTH.text("state of the loan in the month", levels.POS_STATES)
    SK_DPD = _MONTH.count("days past due", 50_000, unit="days")
    SK_DPD_DEF = _MONTH.count("days past due, small debts forgiven", 50_000, unit="days")


class InstallmentsPayments(dy.Schema):
    """One row per payment; an instalment paid in parts repeats its number."""

    SK_ID_PREV = _DUE.id("the previous application, where one is on file")
    SK_ID_CURR = _AT.id("the application")
    NUM_INSTALMENT_VERSION = _DUE.number("version of the payment calendar, 0 is a card", "count", 0, 10_000)
    NUM_INSTALMENT_NUMBER = _DUE.count("number of the instalment")
    DAYS_INSTALMENT = _DUE.number("due", "days", -50_000, 0)
    DAYS_ENTRY_PAYMENT = _PAID.days("paid; missing where it never was", whole=False)
    AMT_INSTALMENT = _DUE.amount("amount due")
    AMT_PAYMENT = _PAID.amount("amount paid", nullable=True)


class CreditCardBalance(dy.Schema):
    """One row per credit card and month."""

    SK_ID_PREV = _MONTH.id("the previous application, where one is on file")
    SK_ID_CURR = _AT.id("the application")
    MONTHS_BALANCE = _MONTH.number("month, -1 is the latest", "months", -1_200, 0, kind=dy.Int32)
    AMT_BALANCE = _MONTH.amount("balance; negative is in credit", -1e9)
    AMT_CREDIT_LIMIT_ACTUAL = _MONTH.amount("limit")
    AMT_DRAWINGS_ATM_CURRENT = _MONTH.amount("drawn in cash", -1e9, nullable=True)
    AMT_DRAWINGS_CURRENT = _MONTH.amount("drawn in all", -1e9)
    AMT_DRAWINGS_OTHER_CURRENT = _MONTH.amount("drawn otherwise", -1e9, nullable=True)
    AMT_DRAWINGS_POS_CURRENT = _MONTH.amount("drawn for goods", -1e9, nullable=True)
    AMT_INST_MIN_REGULARITY = _MONTH.amount("smallest payment asked", nullable=True)
    AMT_PAYMENT_CURRENT = _MONTH.amount("paid in the month", nullable=True)
    AMT_PAYMENT_TOTAL_CURRENT = _MONTH.amount("paid in all")
    AMT_RECEIVABLE_PRINCIPAL = _MONTH.amount("principal owed", -1e9)
    AMT_RECIVABLE = _MONTH.amount("owed", -1e9)
    AMT_TOTAL_RECEIVABLE = _MONTH.amount("owed in all", -1e9)
    CNT_DRAWINGS_ATM_CURRENT = _MONTH.count("drawings in cash", whole=False)
    CNT_DRAWINGS_CURRENT = _MONTH.count("drawings in all")
    CNT_DRAWINGS_OTHER_CURRENT = _MONTH.count("drawings otherwise", whole=False)
    CNT_DRAWINGS_POS_CURRENT = _MONTH.count("drawings for goods", whole=False)
    CNT_INSTALMENT_MATURE_CUM = _MONTH.count("instalments paid so far", whole=False)
    NAME_CONTRACT_STATUS = _MONTH.text("state of the card in the month", levels.CARD_STATES)
    SK_DPD = _MONTH.count("days past due", 50_000, unit="days")
    SK_DPD_DEF = _MONTH.count("days past due, small debts forgiven", 50_000, unit="days")


class Calendar(dy.Schema):
    """Optional: the day of each application."""

    SK_ID_CURR = _AT.id("the application; unique")
    applied_on = _AT.date("day of the application")


class Outcomes(dy.Schema):
    """Optional: outcomes that were observed later."""

    SK_ID_CURR = _AT.id("the application; unique")
    TARGET = _AFTER.flag("1 if the applicant defaulted, else 0")
    observed_on = _AFTER.date("day on which the outcome was known")


TABLES: Mapping[str, type[dy.Schema]] = MappingProxyType(
    {
        "application": Application,
        "bureau": Bureau,
        "bureau_balance": BureauBalance,
        "previous_application": PreviousApplication,
        "POS_CASH_balance": PosCashBalance,
        "installments_payments": InstallmentsPayments,
        "credit_card_balance": CreditCardBalance,
        "calendar": Calendar,
        "outcomes": Outcomes,
    }
)
HISTORIES = tuple(TABLES)[1:7]


@cache
def columns(table: str) -> Mapping[str, Column]:
    """The columns of a table by name, in the order of the published file."""
    return MappingProxyType({name: Column.of(name, column) for name, column in TABLES[table].columns().items()})


@cache
def layout(table: str) -> Mapping[str, pl.DataType]:
    """Names and types of a table in a dossier: never TARGET of an application, always the applicant."""
    types = {name: column.dtype for name, column in columns(table).items()}
    if table == "application":
        del types[TARGET]
    return MappingProxyType(types if KEY in types else {KEY: pl.Int64(), **types})


def none(table: str) -> pl.DataFrame:
    """A table of a dossier without rows."""
    return _none(table).clone()


@cache
def _none(table: str) -> pl.DataFrame:
    return pl.DataFrame(schema=dict(layout(table)))


def unmask(table: str, frame: pl.DataFrame, told: Collection[str] | None = None) -> pl.DataFrame:
    """Stand-ins become null, and `COLUMN_NONE` says where one stood (false where the value was missing).

    `told` names the columns of the latter kind that are wanted; all by default.
    """
    opened = unmasking(table, frame.columns, told)
    return widened(frame, opened) if opened else frame


def unmasking(table: str, among: Collection[str], told: Collection[str] | None = None) -> list[pl.Expr]:
    """What `unmask` does to these columns."""
    opened = []
    for name, (known, stood) in _stands(table).items():
        if name in among:
            opened.append(known)
            if told is None or f"{name}_NONE" in told:
                opened.append(stood)
    return opened


@cache
def _stands(table: str) -> Mapping[str, tuple[pl.Expr, pl.Expr]]:
    """Columns with stand-ins: the value without them, and whether one stood."""
    found = {}
    for name, column in columns(table).items():
        if column.none:
            known = reduce(and_, (pl.col(name) != stand for stand in column.none))
            stood = reduce(or_, (pl.col(name).eq_missing(stand) for stand in column.none))
            found[name] = pl.when(known).then(pl.col(name)).alias(name), stood.alias(f"{name}_NONE")
    return found
