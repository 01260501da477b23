"""The reference's own features: what a plain pandas version of its aggregates gives, from the same engine."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY, TARGET, columns
from aval.data.warehouse import Warehouse
from aval.errors import FeatureError
from aval.features.build import build, catalogue, holding, reference, stream
from aval.features.feature import UNITS, FeatureSet, parse
from aval.features.reference import token
from aval.features.shape import MISSING, PUBLISHED, shape
from tests.features.drawn import dossiers, features
from tests.features.test_build import LATER

REFERENCE = reference()


@pytest.fixture(scope="module")
def rows(people: Dossiers) -> pl.DataFrame:
    return build(people, REFERENCE)


# What it holds


def test_it_holds_as_many_columns_as_the_recipe():
    held = {name: [f for f in REFERENCE if f.name.startswith(f"ref{name}_")] for name in _SOURCES}
    told = {"bureau": 116, "previous": 249, "pos": 18, "instalments": 26, "card": 141}
    constant = {"bureau": 4, "previous": 14, "pos": 1, "instalments": 0, "card": 5}
    again = {"pos": 1}
    found = {name: len(some) for name, some in held.items()}
    found["bureau"] += found.pop("balance")
    assert {name: found[name] + constant[name] + again.get(name, 0) for name in told} == told
    assert len(REFERENCE) == 650


_SOURCES = ("bureau", "balance", "previous", "pos", "instalments", "card")


def test_every_column_of_the_application_is_there_and_the_five_ratios():
    own = [f for f in REFERENCE if f.table == "application"]
    alone = [next(iter(f.reads)) for f in own if len(f.reads) == 1]
    assert sorted(alone) == sorted(f"application.{c}" for c in columns("application") if c not in (KEY, TARGET))
    assert len(own) - len(alone) == 5
    texts = {c for c, known in columns("application").items() if known.unit == "category"} - {
        *("FLAG_OWN_CAR", "FLAG_OWN_REALTY")  # yes and no: 1 and 0, as there
    }
    assert {next(iter(f.reads)).split(".")[1] for f in own if f.kind == "category"} == texts


def test_names_keep_the_grammar_and_meanings_are_said_once():
    for feature in REFERENCE:
        parts = parse(feature.name)
        words = (parts.source, parts.what, parts.unit, parts.statistic, *parts.windows)
        assert "_".join(word for word in words if word) == feature.name
        assert feature.unit in UNITS
        french = re.sub(r"« .* »", "", feature.fr)
        assert not re.search(r"\bde (?:le|les)\b|\bde [aeiouéèêàAEIOU]|\bà les?\b|\b(?:of|the|over)\b", french), french
        assert "…" not in feature.definition
        assert not feature.protected or feature.reason is None
    for language in ("en", "fr"):
        assert len({getattr(feature, language) for feature in REFERENCE}) == len(REFERENCE)


def test_a_name_means_one_thing_wherever_it_is_found():
    for feature in REFERENCE:
        if feature.name in catalogue():
            assert feature == catalogue()[feature.name]
    names = ["refcard_balance_amount_var", "external_source1_score"]
    assert FeatureSet.named(names).digest == REFERENCE.select(names).digest
    assert holding(names) is REFERENCE
    assert holding(["external_source1_score"]) is catalogue()
    both = ["refcard_balance_amount_var", "external_score_mean"]
    assert FeatureSet.named(both).names == tuple(both)
    with pytest.raises(FeatureError, match="no feature"):
        FeatureSet.named(["refcard_luck_amount_var"])


def test_what_is_protected_follows_from_what_is_read():
    companions = [f for f in REFERENCE if f.name.startswith("refprevious_companion_")]
    assert len(companions) == 8
    assert all(feature.protected == {"family"} and feature.reason is None for feature in companions)
    left = REFERENCE.without({"sex", "family", "age"})
    assert not {"application_sex_category", "application_age_days", "application_children_count"} & set(left.names)
    assert len(left) == len(REFERENCE) - sum(bool(feature.protected) for feature in REFERENCE)


# Drawn by hand


def test_a_credit_by_hand():
    found = features(
        *("refbureau_debt_amount_sum", "refbureau_debt_amount_sum_active", "refbureau_opened_days_var"),
        *("refbureau_state_closed_share", "refbureau_credit_amount_mean_closed", "refbureau_credit_amount_max"),
        *("refbalance_month_count_sum", "refbalance_month_count_mean_active", "refbalance_first_months_min"),
        *("refbalance_status0_share_mean", "refbalance_statusc_share_mean", "refbalance_last_months_max_closed"),
        bureau="""
            SK_ID_BUREAU CREDIT_ACTIVE DAYS_CREDIT DAYS_CREDIT_UPDATE AMT_CREDIT_SUM AMT_CREDIT_SUM_DEBT
            11 Active -100 -10 1000 400
            12 Closed -300 -10 500 -
            13 Active -200 -10 200 100
            14 Active -20 5 9000 9000
        """,
        bureau_balance="""
            SK_ID_BUREAU MONTHS_BALANCE STATUS
            11 -1 0
            11 -2 0
            11 -3 1
            11 -4 C
            12 -5 C
            12 -6 0
            14 -1 5
        """,
    )
    assert found == {
        "refbureau_debt_amount_sum": 500,
        "refbureau_debt_amount_sum_active": 500,
        "refbureau_opened_days_var": 10_000,
        "refbureau_state_closed_share": pytest.approx(1 / 3),
        "refbureau_credit_amount_mean_closed": 500,
        "refbureau_credit_amount_max": 1000,
        "refbalance_month_count_sum": 6,
        "refbalance_month_count_mean_active": 4,
        "refbalance_first_months_min": -6,
        "refbalance_status0_share_mean": 0.5,
        "refbalance_statusc_share_mean": (1 / 4 + 1 / 2) / 2,
        "refbalance_last_months_max_closed": -5,
    }


def test_an_earlier_application_by_hand():
    """An unknown amount counts as 0, a division by it as unknown; a companion not said is a level of its own."""
    found = features(
        *("refprevious_credit_amount_mean", "refprevious_asked_ratio_max", "refprevious_asked_ratio_mean_approved"),
        *("refprevious_credit_amount_min_refused", "refprevious_companion_missing_share"),
        *("refprevious_companion_family_share", "refprevious_status_approved_share", "refprevious_term_months_sum"),
        previous_application="""
            SK_ID_PREV NAME_CONTRACT_STATUS DAYS_DECISION AMT_APPLICATION AMT_CREDIT NAME_TYPE_SUITE CNT_PAYMENT
            1 Approved -10 900 1000 Family 12
            2 Refused -20 500 0 - 0
            3 Canceled -30 0 0 - -
        """,
    )
    assert found == {
        "refprevious_credit_amount_mean": pytest.approx(1000 / 3),
        "refprevious_asked_ratio_max": 0.9,
        "refprevious_asked_ratio_mean_approved": 0.9,
        "refprevious_credit_amount_min_refused": 0,
        "refprevious_companion_missing_share": pytest.approx(2 / 3),
        "refprevious_companion_family_share": pytest.approx(1 / 3),
        "refprevious_status_approved_share": pytest.approx(1 / 3),
        "refprevious_term_months_sum": 12,
    }


def test_payments_count_one_by_one_and_one_to_come_is_not_made():
    found = features(
        *("refinstalments_payment_count", "refinstalments_past_days_sum", "refinstalments_before_days_max"),
        *("refinstalments_paid_ratio_mean", "refinstalments_gap_amount_sum", "refinstalments_version_count_distinct"),
        installments_payments="""
            SK_ID_PREV NUM_INSTALMENT_VERSION NUM_INSTALMENT_NUMBER DAYS_INSTALMENT DAYS_ENTRY_PAYMENT AMT_INSTALMENT AMT_PAYMENT
            1 1 1 -60 -65 100 40
            1 1 1 -60 -50 100 60
            1 2 2 -30 - 100 -
            1 2 3 -1 3 100 100
        """,  # noqa: E501
    )
    assert found == {
        "refinstalments_payment_count": 4,
        "refinstalments_past_days_sum": 10,
        "refinstalments_before_days_max": 5,
        "refinstalments_paid_ratio_mean": 0.5,
        "refinstalments_gap_amount_sum": 100,
        "refinstalments_version_count_distinct": 2,
    }


def test_the_application_by_hand():
    found = features(
        *("application_annuity_credit_ratio", "application_income_credit_ratio", "application_employed_age_ratio"),
        *("application_employed_days", "application_telephone_days", "application_emergency_category"),
        application="""
            AMT_CREDIT AMT_ANNUITY AMT_INCOME_TOTAL DAYS_EMPLOYED DAYS_BIRTH DAYS_LAST_PHONE_CHANGE EMERGENCYSTATE_MODE
            1000 50 2000 365243 -10000 0 No
        """,
    )
    assert found == {
        "application_annuity_credit_ratio": 0.05,
        "application_income_credit_ratio": 2,
        "application_employed_age_ratio": None,
        "application_employed_days": None,
        "application_telephone_days": 0,
        "application_emergency_category": "No",
    }


# Against pandas, everyone


def _plain(people: Dossiers, table: str) -> pd.DataFrame:
    """The rows as a file holds them, but what is later than the application, and 365243."""
    frame = people.tables[table].to_pandas().replace(365243, np.nan)
    for day in ("DAYS_CREDIT", "DAYS_CREDIT_UPDATE", "DAYS_DECISION", "MONTHS_BALANCE", "DAYS_INSTALMENT"):
        if day in frame:
            frame = frame[frame[day] <= 0]
    return frame


def _dummies(frame: pd.DataFrame, table: str, words: dict[str, str]) -> pd.DataFrame:
    """One-hot, every level of the contract, named as our shares are."""
    found = {}
    for column, word in words.items():
        for level in columns(table)[column].values:
            found[f"{word}_{token(level)}"] = (frame[column] == level).astype(float)
        if columns(table)[column].nullable:
            found[f"{word}_missing"] = frame[column].isna().astype(float)
    return pd.DataFrame(found, index=frame.index)


def _grouped(
    frame: pd.DataFrame, source: str, asked: dict[str, tuple[str, str]], window: str = ""
) -> dict[str, pd.Series]:
    found = {}
    for column, (name, statistics) in asked.items():
        values = frame.groupby(KEY)[column]
        for how in statistics.split():
            theirs = {"distinct": "nunique"}.get(how, how)
            # A sum of nothing known is unknown here; pandas says 0 unless it is asked for one value at least.
            done = values.sum(min_count=1) if how == "sum" else getattr(values, theirs)()
            found["_".join(filter(None, (source, name, how, window)))] = done
    return found


_OF_BUREAU = {
    "DAYS_CREDIT": ("opened_days", "min max mean var"),
    "DAYS_CREDIT_ENDDATE": ("end_days", "min max mean"),
    "DAYS_CREDIT_UPDATE": ("updated_days", "mean"),
    "CREDIT_DAY_OVERDUE": ("overdue_days", "max mean"),
    "AMT_CREDIT_MAX_OVERDUE": ("worst_overdue_amount", "mean"),
    "AMT_CREDIT_SUM": ("credit_amount", "max mean sum"),
    "AMT_CREDIT_SUM_DEBT": ("debt_amount", "max mean sum"),
    "AMT_CREDIT_SUM_OVERDUE": ("overdue_amount", "mean"),
    "AMT_CREDIT_SUM_LIMIT": ("limit_amount", "mean sum"),
    "AMT_ANNUITY": ("annuity_amount", "max mean"),
    "CNT_CREDIT_PROLONG": ("prolonged_count", "sum"),
}
_OF_BALANCE = {
    "MIN": ("first_months", "min"),
    "MAX": ("last_months", "max"),
    "SIZE": ("month_count", "mean sum"),
}
_OF_PREVIOUS = {
    "AMT_ANNUITY": ("annuity_amount", "min max mean"),
    "AMT_APPLICATION": ("asked_amount", "min max mean"),
    "AMT_CREDIT": ("credit_amount", "min max mean"),
    "APP_CREDIT_PERC": ("asked_ratio", "min max mean var"),
    "AMT_DOWN_PAYMENT": ("down_amount", "min max mean"),
    "AMT_GOODS_PRICE": ("goods_amount", "min max mean"),
    "HOUR_APPR_PROCESS_START": ("decision_hour", "min max mean"),
    "RATE_DOWN_PAYMENT": ("down_share", "min max mean"),
    "DAYS_DECISION": ("decided_days", "min max mean"),
    "CNT_PAYMENT": ("term_months", "mean sum"),
}
_PREVIOUS_WORDS = {
    "NAME_CONTRACT_TYPE": "contract",
    "WEEKDAY_APPR_PROCESS_START": "weekday",
    "FLAG_LAST_APPL_PER_CONTRACT": "lastofcontract",
    "NAME_CASH_LOAN_PURPOSE": "purpose",
    "NAME_CONTRACT_STATUS": "status",
    "NAME_PAYMENT_TYPE": "payment",
    "CODE_REJECT_REASON": "reject",
    "NAME_TYPE_SUITE": "companion",
    "NAME_CLIENT_TYPE": "client",
    "NAME_GOODS_CATEGORY": "goods",
    "NAME_PORTFOLIO": "portfolio",
    "NAME_PRODUCT_TYPE": "product",
    "CHANNEL_TYPE": "channel",
    "NAME_SELLER_INDUSTRY": "seller",
    "NAME_YIELD_GROUP": "yield",
    "PRODUCT_COMBINATION": "combination",
}
_OF_PAYMENTS = {
    "NUM_INSTALMENT_VERSION": ("version_count", "distinct"),
    "DPD": ("past_days", "max mean sum"),
    "DBD": ("before_days", "max mean sum"),
    "PAYMENT_PERC": ("paid_ratio", "max mean sum var"),
    "PAYMENT_DIFF": ("gap_amount", "max mean sum var"),
    "AMT_INSTALMENT": ("due_amount", "max mean sum"),
    "AMT_PAYMENT": ("paid_amount", "min max mean sum"),
    "DAYS_ENTRY_PAYMENT": ("paid_days", "max mean sum"),
}
_CARD_NAMES = {
    "MONTHS_BALANCE": "month_months",
    "AMT_BALANCE": "balance_amount",
    "AMT_CREDIT_LIMIT_ACTUAL": "limit_amount",
    "AMT_DRAWINGS_ATM_CURRENT": "cash_amount",
    "AMT_DRAWINGS_CURRENT": "drawn_amount",
    "AMT_DRAWINGS_OTHER_CURRENT": "other_amount",
    "AMT_DRAWINGS_POS_CURRENT": "purchase_amount",
    "AMT_INST_MIN_REGULARITY": "minimum_amount",
    "AMT_PAYMENT_CURRENT": "paid_amount",
    "AMT_PAYMENT_TOTAL_CURRENT": "paid_total_amount",
    "AMT_RECEIVABLE_PRINCIPAL": "principal_amount",
    "AMT_RECIVABLE": "owed_amount",
    "AMT_TOTAL_RECEIVABLE": "owed_total_amount",
    "CNT_DRAWINGS_ATM_CURRENT": "cash_count",
    "CNT_DRAWINGS_CURRENT": "drawn_count",
    "CNT_DRAWINGS_OTHER_CURRENT": "other_count",
    "CNT_DRAWINGS_POS_CURRENT": "purchase_count",
    "CNT_INSTALMENT_MATURE_CUM": "matured_count",
    "SK_DPD": "due_days",
    "SK_DPD_DEF": "tolerance_days",
}


def _bureau(people: Dossiers) -> dict[str, pd.Series]:
    frame = _plain(people, "bureau")
    words = {"CREDIT_ACTIVE": "state", "CREDIT_CURRENCY": "currency", "CREDIT_TYPE": "kind"}
    shares = _dummies(frame, "bureau", words).groupby(frame[KEY]).mean()
    found = {f"refbureau_{name}_share": shares[name] for name in shares}
    months = _plain(people, "bureau_balance")
    hot = _dummies(months, "bureau_balance", {"STATUS": "status"}).groupby(months["SK_ID_BUREAU"]).mean()
    hot.columns = [f"status{name.removeprefix('status').lstrip('_')}_share" for name in hot]
    by = months.groupby("SK_ID_BUREAU")["MONTHS_BALANCE"]
    credit = pd.DataFrame({"MIN": by.min(), "MAX": by.max(), "SIZE": by.size()}).join(hot)
    frame = frame.join(credit, on="SK_ID_BUREAU")
    for window, some in {
        "": frame,
        "active": frame[frame["CREDIT_ACTIVE"] == "Active"],
        "closed": frame[frame["CREDIT_ACTIVE"] == "Closed"],
    }.items():
        found |= _grouped(some, "refbureau", _OF_BUREAU, window) | _grouped(some, "refbalance", _OF_BALANCE, window)
    return found | _grouped(frame, "refbalance", {name: (name, "mean") for name in hot})


def _previous(people: Dossiers) -> dict[str, pd.Series]:
    frame = _plain(people, "previous_application")
    frame["APP_CREDIT_PERC"] = (frame["AMT_APPLICATION"] / frame["AMT_CREDIT"]).replace([np.inf, -np.inf], np.nan)
    shares = _dummies(frame, "previous_application", _PREVIOUS_WORDS).groupby(frame[KEY]).mean()
    found = {f"refprevious_{name}_share": shares[name] for name in shares}
    for window, verdict in (("", None), ("approved", "Approved"), ("refused", "Refused")):
        some = frame if verdict is None else frame[frame["NAME_CONTRACT_STATUS"] == verdict]
        found |= _grouped(some, "refprevious", _OF_PREVIOUS, window)
    return found


def _pos(people: Dossiers) -> dict[str, pd.Series]:
    frame = _plain(people, "POS_CASH_balance")
    shares = _dummies(frame, "POS_CASH_balance", {"NAME_CONTRACT_STATUS": "status"}).groupby(frame[KEY]).mean()
    asked = {
        "MONTHS_BALANCE": ("month_months", "max mean"),
        "SK_DPD": ("due_days", "max mean"),
        "SK_DPD_DEF": ("tolerance_days", "max mean"),
    }
    return {
        **{f"refpos_{name}_share": shares[name] for name in shares},
        **_grouped(frame, "refpos", asked),
        "refpos_month_count": frame.groupby(KEY).size(),
    }


def _instalments(people: Dossiers) -> dict[str, pd.Series]:
    frame = _plain(people, "installments_payments")
    late = frame["DAYS_ENTRY_PAYMENT"] > 0
    frame.loc[late, ["DAYS_ENTRY_PAYMENT", "AMT_PAYMENT"]] = np.nan
    frame["PAYMENT_PERC"] = (frame["AMT_PAYMENT"] / frame["AMT_INSTALMENT"]).replace([np.inf, -np.inf], np.nan)
    frame["PAYMENT_DIFF"] = frame["AMT_INSTALMENT"] - frame["AMT_PAYMENT"]
    frame["DPD"] = (frame["DAYS_ENTRY_PAYMENT"] - frame["DAYS_INSTALMENT"]).clip(lower=0)
    frame["DBD"] = (frame["DAYS_INSTALMENT"] - frame["DAYS_ENTRY_PAYMENT"]).clip(lower=0)
    return {
        **_grouped(frame, "refinstalments", _OF_PAYMENTS),
        "refinstalments_payment_count": frame.groupby(KEY).size(),
    }


def _cards(people: Dossiers) -> dict[str, pd.Series]:
    frame = _plain(people, "credit_card_balance")
    every = "min max mean sum var"
    hot = _dummies(frame, "credit_card_balance", {"NAME_CONTRACT_STATUS": "status"})
    hot.columns = [f"{name}_flag" for name in hot]
    asked = {column: (name, every) for column, name in _CARD_NAMES.items()} | {name: (name, every) for name in hot}
    return {**_grouped(frame.join(hot), "refcard", asked), "refcard_month_count": frame.groupby(KEY).size()}


@pytest.mark.parametrize("plain", [_bureau, _previous, _pos, _instalments, _cards])
def test_every_history_is_as_pandas_says(people, rows, plain):
    found = plain(people)
    sources = {name.split("_")[0] for name in found}
    assert set(found) == {f.name for f in REFERENCE if f.name.split("_")[0] in sources}
    for name, values in found.items():
        theirs = values.reindex(people.ids.to_list()).to_numpy(dtype=float)
        if name.endswith(("_distinct", "payment_count", "refpos_month_count", "refcard_month_count")):
            theirs = np.nan_to_num(theirs)  # without rows: 0, not unknown
        ours = rows[name].to_numpy()
        scale = max(1.0, float(np.nanmax(np.abs(theirs)))) if np.isfinite(theirs).any() else 1.0
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * scale, err_msg=name)


# The laws of the catalogue


def test_alone_is_as_in_a_batch_and_as_streamed(stored: Warehouse, people, rows):
    for place in range(0, len(people), 25):
        assert build(people.select([people.ids[place]]), REFERENCE).equals(rows[place], null_equal=True)
    assert pl.concat(stream(stored, REFERENCE, applicants=901)).equals(rows, null_equal=True)


@pytest.mark.parametrize("table", HISTORIES)
def test_later_rows_change_nothing(people, rows, table):
    some = people.select(people.ids[:200])
    frame = some.tables[table]
    dated = [pl.lit(value).cast(frame.schema[column]).alias(column) for column, value in LATER[table].items()]
    more = Dossiers.of({**some.tables, table: pl.concat([frame, frame.with_columns(dated)])})
    assert build(more, REFERENCE).equals(rows[:200], null_equal=True)


@pytest.mark.parametrize("table", HISTORIES)
def test_a_history_that_was_not_supplied_is_unknown(people, rows, table):
    some = people.select(people.ids[:50])
    absent = {table, "bureau_balance"} if table == "bureau" else {table}
    without = Dossiers({**some.tables, **{name: some.tables[name].clear() for name in absent}}, frozenset(absent))
    found = build(without, REFERENCE)
    readers = [f.name for f in REFERENCE if any(column.split(".")[0] in absent for column in f.reads)]
    others = [name for name in REFERENCE.names if name not in readers]
    assert readers
    assert found.select(readers).null_count().row(0) == (50,) * len(readers)
    assert found.select(others).equals(rows[:50].select(others), null_equal=True)


def test_without_rows_counts_are_0_and_nothing_else():
    row = build(dossiers(), REFERENCE).row(0, named=True)
    counts = {name for name, value in row.items() if name.startswith("ref") and value == 0}
    assert counts == {
        *("refpos_month_count", "refinstalments_payment_count", "refcard_month_count"),
        "refinstalments_version_count_distinct",
    }


# Its shape


def test_the_shape_counts_what_a_design_would_hold():
    frame = pl.DataFrame(
        {
            "application_sex_category": ["F", "M", None, "F"],
            "external_source1_score": [None, None, 0.5, 0.1],
            "application_weekday_category": ["MONDAY", None, "SUNDAY", "MONDAY"],
        },
        schema_overrides={"external_source1_score": pl.Float64},
    )
    some = REFERENCE.select(frame.columns)
    assert shape([frame[:2], frame[2:]], some) == (3, 3, 4, 4)
    assert shape([frame], some, missing=0.5) == (3, 3, 4, 3)


def test_the_shape_of_the_small_lender_stands_beside_the_published_one(rows):
    found = shape([rows], REFERENCE, MISSING)
    assert found.rows == len(rows) - rows["application_sex_category"].null_count()
    assert found.features == len(REFERENCE) == 650
    assert 650 < found.kept <= found.columns < 800
    assert shape([rows], REFERENCE, 1.0).kept == found.columns
    assert PUBLISHED == ((307507, 695), (48744, 694))
