"""Names, derivations and digests of features."""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.credit.reason import REASONS, Theme
from aval.errors import FeatureError
from aval.features.build import catalogue
from aval.features.describe import page
from aval.features.feature import SOURCES, UNITS, Feature, FeatureSet, parse

CATALOGUE = catalogue()
DOCS = Path(__file__).resolve().parents[2] / "docs" / "features.md"


def test_there_are_hundreds_from_every_table():
    assert len(CATALOGUE) >= 600
    read = {column.split(".")[0] for feature in CATALOGUE for column in feature.reads}
    assert read == set(SOURCES.values())
    assert all(sum(feature.table == table for feature in CATALOGUE) >= 40 for table in read)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("instalments_late_days_max_365d", ("instalments", "late", "days", "max", ("365d",))),
        ("bureau_debt_amount_sum_active", ("bureau", "debt", "amount", "sum", ("active",))),
        ("external_score_mean", ("external", "", "score", "mean", ())),
        ("bureau_credit_count_active_365d", ("bureau", "credit", "count", None, ("active", "365d"))),
        ("application_credit_amount", ("application", "credit", "amount", None, ())),
        ("instalments_late_ratio_mean_60d_365d", ("instalments", "late", "ratio", "mean", ("60d", "365d"))),
    ],
)
def test_a_name_is_taken_apart(name, parts):
    assert parse(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        *("late_days", "bureau", "bureau_debt", "bureau_debt_amount_sum_yesterday", "bureau_Debt_amount"),
        *("bureau__amount", "bureau_debt_amount_active_sum", "bureau_amount_sum_000d", ""),
    ],
)
def test_a_name_outside_the_grammar_is_refused(name):
    with pytest.raises(FeatureError):
        parse(name)


def test_every_name_keeps_the_grammar_and_is_its_parts_again():
    for feature in CATALOGUE:
        parts = parse(feature.name)
        words = (parts.source, parts.what, parts.unit, parts.statistic, *parts.windows)
        assert "_".join(word for word in words if word) == feature.name
        assert feature.unit in UNITS


@given(st.text(alphabet="abcdefgh_0123456789", max_size=40))
def test_parsing_never_fails_otherwise(name):
    with suppress(FeatureError):
        parse(name)


def test_names_and_meanings_are_said_once():
    assert len(set(CATALOGUE.names)) == len(CATALOGUE)
    for language in ("en", "fr"):
        said: dict[str, str] = {}
        for feature in CATALOGUE:
            text = getattr(feature, language)
            assert text not in said, f"{feature.name} and {said.get(text)} both say: {text}"
            said[text] = feature.name


def test_meanings_are_sentences_in_their_language():
    for feature in CATALOGUE:
        for text in (feature.en, feature.fr):
            assert text[0].isupper(), feature.name
            assert not text.endswith((".", ",", " ")), feature.name
            assert "  " not in text, feature.name
        assert not re.search(r"\bde (?:le|les)\b|\bde [aeiouéèêàAEIOU]|\bà le\b|\bà les\b", feature.fr), feature.fr
        assert not re.search(r"\b(?:of|the|over)\b", feature.fr), feature.fr


def test_protected_follows_from_what_is_read():
    expected = {
        "application_age_days": {"age"},
        "application_sex_category": {"sex"},
        "application_family_status_category": {"family"},
        "application_employed_age_ratio": {"age"},
        "application_income_per_child_amount": {"family"},
        "application_companion_category": {"family"},
        "application_employed_days": set(),
        "bureau_debt_amount_sum": set(),
        "across_debts_income_ratio": set(),
    }
    assert {name: set(CATALOGUE[name].protected) for name in expected} == expected
    for feature in CATALOGUE:
        states = feature.reads & {"application.DAYS_BIRTH", "application.CODE_GENDER", "application.CNT_CHILDREN"}
        assert not states or feature.protected


def test_a_protected_feature_is_never_a_reason_and_reasons_exist():
    for feature in CATALOGUE:
        assert feature.reason is None or feature.reason in REASONS
        assert not (feature.protected and feature.reason)
        if feature.reason:
            assert REASONS[feature.reason].theme is feature.theme
    assert sum(feature.reason is not None for feature in CATALOGUE) > 0.9 * len(CATALOGUE)


def test_without_leaves_out_what_is_protected():
    left = CATALOGUE.without({"sex", "family", "age"})
    assert not any(feature.protected for feature in left)
    assert len(left) == sum(not feature.protected for feature in CATALOGUE)
    assert "application_age_days" in CATALOGUE.without({"sex", "family"})


def test_nothing_reads_the_target_or_the_number_of_the_applicant():
    for feature in CATALOGUE:
        assert not {"TARGET", "SK_ID_CURR"} & {column.split(".")[1] for column in feature.reads}, feature.name


def test_no_constant_divides():
    """Polars divides one row by a constant in another way than a column: the last bit differs."""
    for feature in CATALOGUE:
        assert not re.search(r"/ \((?:dyn (?:int|float)|lit)", feature.definition), feature.name


def test_no_floats_are_added_by_threads_in_whatever_order():
    """sum_horizontal and mean_horizontal add as their threads come: right for counts, not for fractions."""
    for feature in CATALOGUE:
        assert "mean_horizontal" not in feature.definition, feature.name
        if feature.unit != "count":
            added = re.findall(r"(\S+?)\.sum_horizontal\(\[(.*?)\]\)", feature.definition)
            assert all("is_not_null" in word for group in added for word in ", ".join(group).split(", ")), feature.name


def _one(name: str = "application_credit_amount", definition: str = "x", **more: object) -> Feature:
    facts: dict[str, object] = {
        "name": name,
        "expr": pl.col("AMT_CREDIT"),
        "definition": definition,
        "unit": "amount",
        "en": "Amount",
        "fr": "Montant",
        "table": "application",
        "theme": Theme.REQUEST,
        "reason": "CREDIT_AMOUNT",
        "kind": "number",
        "reads": frozenset({"application.AMT_CREDIT"}),
    }
    return Feature(**(facts | more))  # type: ignore[arg-type]


def test_the_digest_changes_when_a_definition_an_order_or_a_kind_does():
    one, two = _one(), _one("application_goods_amount")
    known = FeatureSet((one, two)).digest
    assert FeatureSet((one, two)).digest == known
    assert FeatureSet((two, one)).digest != known
    assert FeatureSet((replace(one, definition="y"), two)).digest != known
    assert FeatureSet((replace(one, kind="category"), two)).digest != known
    assert FeatureSet((replace(one, fr="Autre"), two)).digest == known


def test_a_definition_reaches_down_to_the_raw_columns():
    text = CATALOGUE["instalments_late_days_max_365d"].definition
    assert "DAYS_ENTRY_PAYMENT" in text
    assert "-365" in text
    assert CATALOGUE["instalments_late_days_max_365d"].reads == {
        "installments_payments.DAYS_ENTRY_PAYMENT",
        "installments_payments.DAYS_INSTALMENT",
    }
    assert "previous_application.AMT_CREDIT" in CATALOGUE["across_granted_income_ratio"].reads
    assert "…" not in "".join(feature.definition for feature in CATALOGUE), "a definition is abridged"


@pytest.mark.parametrize(
    "more",
    [
        *({"unit": "days"}, {"table": "bureau"}, {"reason": "NOT_A_REASON"}, {"reason": "INCOME"}),
        {"reads": frozenset({"application.DAYS_BIRTH"})},
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(more):
    with pytest.raises(FeatureError):
        _one(**more)


def test_a_set_refuses_two_of_one_name_and_unknown_names():
    with pytest.raises(FeatureError, match="declared twice"):
        FeatureSet((_one(), _one()))
    with pytest.raises(FeatureError, match="no feature"):
        FeatureSet.named(["application_luck_score"])
    assert FeatureSet.named(["external_score_mean"]).names == ("external_score_mean",)


def test_the_page_is_up_to_date():
    assert DOCS.read_text(encoding="utf-8") == page(CATALOGUE), "run `aval features --docs docs/features.md`"
