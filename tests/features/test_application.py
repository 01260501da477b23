"""The application's own columns, their ratios, the external scores, and what the histories hold against them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.drawn import feature, features, turned

APPLICATION = turned("""
AMT_CREDIT                 12000
AMT_ANNUITY                1200
AMT_GOODS_PRICE            10000
AMT_INCOME_TOTAL           60000
DAYS_BIRTH                 -14610
DAYS_EMPLOYED              -1461
DAYS_REGISTRATION          -3652
DAYS_ID_PUBLISH            -1000
DAYS_LAST_PHONE_CHANGE     -500
OWN_CAR_AGE                8
CNT_CHILDREN               1
CNT_FAM_MEMBERS            3
EXT_SOURCE_1               -
EXT_SOURCE_2               0.4
EXT_SOURCE_3               0.6
FLAG_OWN_CAR               Y
NAME_EDUCATION_TYPE        Higher_education
FLAG_DOCUMENT_3            1
FLAG_DOCUMENT_6            0
FLAG_DOCUMENT_8            1
DEF_30_CNT_SOCIAL_CIRCLE   1
OBS_30_CNT_SOCIAL_CIRCLE   4
REGION_POPULATION_RELATIVE 0.018801
LIVINGAREA_AVG             0.2
APARTMENTS_AVG             0.4
CODE_GENDER                XNA
""")

VALUES = {
    "application_credit_amount": 12000,
    "application_term_ratio": 10,
    "application_credit_goods_ratio": 1.2,
    "application_goods_gap_amount": -2000,
    "application_credit_income_ratio": 0.2,
    "application_annuity_income_ratio": 0.02,
    "application_income_left_amount": 60000 - 14400,
    "application_income_per_child_amount": 30000,
    "application_income_per_member_amount": 20000,
    "application_adults_count": 2,
    "application_annuity_per_adult_amount": 600,
    "application_children_share": 1 / 3,
    "application_age_days": 14610,
    "application_employed_days": 1461,
    "application_employed_age_ratio": 0.1,
    "application_age_end_years": (14610 + 300) / 365.25,
    "application_employed_start_years": 13149 / 365.25,
    "application_car_age_ratio": 0.2,
    "application_car_employed_ratio": 2,
    "application_employed_phone_days": 961,
    "application_identity_phone_days": 500,
    "application_documents_count": 2,
    "application_document3_flag": 1,
    "application_car_flag": 1,
    "application_circle_default_ratio": 0.25,
    "application_building_living_index": 0.2,
    "application_building_mean_index": 0.3,
    "application_building_unknown_count": 12,
    "application_region_category": "0.018801",
    "application_education_category": "Higher education",
    "application_sex_category": None,
    "external_source1_score": None,
    "external_source2_score": 0.4,
    "external_score_mean": 0.5,
    "external_score_min": 0.4,
    "external_score_max": 0.6,
    "external_score_median": 0.5,
    "external_score_range": 0.6 - 0.4,
    "external_score_std": 0.02**0.5,
    "external_score_sum": 1,
    "external_score_product": 0.24,
    "external_score_weighted": (0.4 * 2.1 + 0.6 * 2.6) / 4.7,
    "external_two_score_weighted": (0.4 + 1.8) / 4,
    "external_pair23_score_product": 0.24,
    "external_pair12_score_product": None,
    "external_gap23_score": 0.4 - 0.6,
    "external_unknown_count": 1,
    "external_credit_source3_ratio": 20000,
}


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_an_application_by_hand(name, value):
    found = feature(name, application=APPLICATION)
    assert found == (pytest.approx(value, rel=1e-12) if isinstance(value, int | float) else value)


def test_stand_ins_are_unknown():
    drawn = "DAYS_EMPLOYED DAYS_LAST_PHONE_CHANGE DAYS_BIRTH CODE_GENDER\n365243 0 -20000 XNA"
    names = ("application_employed_days", "application_phone_change_days", "application_employed_age_ratio")
    assert set(features(*names, application=drawn).values()) == {None}


def test_dividing_by_nothing_is_unknown():
    drawn = "AMT_CREDIT AMT_ANNUITY AMT_INCOME_TOTAL AMT_GOODS_PRICE\n1000 0 0 0"
    names = [f"application_{what}_ratio" for what in ("term", "credit_goods", "credit_income", "annuity_income")]
    assert set(features(*names, application=drawn).values()) == {None}


@given(credit=st.floats(1e4, 4e6), share=st.floats(0.018, 0.3))
def test_implied_rates_are_those_of_the_recipe(credit, share):
    annuity = credit * share
    rates = {n: (annuity * n / credit) ** (12 / n) - 1 for n in range(6, 61, 6)}
    kept = {n: rate for n, rate in rates.items() if rate > 0.085}
    drawn = f"AMT_CREDIT AMT_ANNUITY\n{credit!r} {annuity!r}"
    found = features(
        "application_implied_rate_min",
        "application_implied_rate_range",
        "application_implied_rate_mean",
        "application_implied_months_min",
        application=drawn,
    )
    if not kept:
        assert set(found.values()) == {None}
        return
    low, high = min(kept.values()), max(kept.values())
    expected = (low, high - low, sum(kept.values()) / len(kept), min(kept))
    assert list(found.values()) == pytest.approx(list(expected), rel=1e-9, abs=1e-9)


def test_histories_against_the_application():
    found = features(
        "across_granted_credit_ratio",
        "across_debt_income_ratio",
        "across_dues_income_ratio",
        "across_debts_credit_ratio",
        "across_credits_count",
        "across_history_days",
        application=APPLICATION,
        previous_application="SK_ID_PREV NAME_CONTRACT_STATUS DAYS_DECISION AMT_CREDIT\n1 Approved -900 6000",
        bureau="SK_ID_BUREAU CREDIT_ACTIVE DAYS_CREDIT AMT_CREDIT_SUM_DEBT AMT_ANNUITY\n1 Active -100 3000 800",
    )
    assert list(found.values()) == pytest.approx([0.5, 0.05, 12 * 2000 / 60000, 0.25, 1, 900], rel=1e-12)


def test_who_owes_nothing_owes_nothing():
    names = ("across_dues_annuity_ratio", "across_debts_credit_ratio")
    assert set(features(*names, application=APPLICATION).values()) == {0}
