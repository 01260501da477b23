"""Earlier applications: drawn decisions in, features out (recipes R3b, R3c, R9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features.drawn import feature, features, turned

APPLICATIONS = turned("""
SK_ID_PREV                1                        2          3                 4
NAME_CONTRACT_TYPE        Consumer_loans           Cash_loans Cash_loans        Revolving_loans
NAME_CONTRACT_STATUS      Approved                 Refused    Approved          Canceled
CODE_REJECT_REASON        XAP                      HC         XAP               XAP
DAYS_DECISION             -1500                    -800       -400              -20
AMT_APPLICATION           1000                     5000       4000              0
AMT_CREDIT                900                      5000       4400              0
AMT_ANNUITY               100                      300        400               -
CNT_PAYMENT               10                       24         12                0
AMT_DOWN_PAYMENT          100                      -          -                 -
RATE_DOWN_PAYMENT         0.1                      -          -                 -
AMT_GOODS_PRICE           1000                     -          -                 -
NAME_YIELD_GROUP          middle                   high       high              XNA
PRODUCT_COMBINATION       POS_mobile_with_interest Cash       Cash_X-Sell:_high Card_Street
DAYS_FIRST_DUE            -1470                    -          -365.25           -
DAYS_LAST_DUE_1ST_VERSION -1200                    -          -35               -
DAYS_LAST_DUE             -1210                    -          365243            -
DAYS_TERMINATION          -1205                    -          365243            -
HOUR_APPR_PROCESS_START   10                       12         14                9
SELLERPLACE_AREA          50                       -1         -1                10
NFLAG_INSURED_ON_APPROVAL 0                        -          1                 -
""")

VALUES = {
    "previous_application_count": 4,
    "previous_application_count_365d": 1,
    "previous_application_count_cash": 2,
    "previous_approved_share": 0.5,
    "previous_refused_share": 0.25,
    "previous_refused_count": 1,
    "previous_cancelled_share": 0.25,
    "previous_approved_share_last3": 1 / 3,
    "previous_approved_share_cash": 0.5,
    "previous_refused_share_first4": 0.25,
    "previous_running_share": 0.25,
    "previous_running_count": 1,
    "previous_rejecthc_share": 0.25,
    "previous_yieldhigh_share": 0.5,
    "previous_insured_share": 0.5,
    "previous_cut_share": 1 / 3,
    "previous_raised_share": 1 / 3,
    "previous_asked_amount_sum": 10_000,
    "previous_asked_amount_max_refused": 5000,
    "previous_credit_amount_sum_approved": 5300,
    "previous_credit_amount_mean_lastloan": 4400,
    "previous_credit_amount_mean_last1": None,
    "previous_annuity_amount_sum_running": 400,
    "previous_down_amount_mean": 100,
    "previous_down_share_max": 0.1,
    "previous_asked_ratio_max": 1000 / 900,
    "previous_gap_amount_min": -400,
    "previous_goods_ratio_mean": 0.9,
    "previous_term_months_sum": 46,
    "previous_term_months_mean_refused": 24,
    "previous_term_months_mean_lastloan": 12,
    "previous_term_ratio_mean_approved": 10,
    "previous_decided_days_min_refused": 800,
    "previous_decided_days_max": 1500,
    "previous_pause_days_mean": 1480 / 3,
    "previous_decision_hour_max": 14,
    "previous_seller_count_mean": 30,
    "previous_early_days_mean": 10,
    "previous_closing_days_mean": 5,
    "previous_ended_days_min": 1205,
    "previous_waited_days_mean": (30 + 34.75) / 2,
    "previous_interest_amount_sum": 100 + 2200 + 400,
    "previous_interest_share_max": 0.44,
    "previous_price_rate_min": 24 * 400 / (4400 * 13),
    "previous_simple_rate_mean_approved": (100 / 900 / 10 + 400 / 4400 / 12) / 2,
    "previous_left_amount_sum": 0,
    "previous_product_count_distinct": 4,
    "previous_product_category_last": "Card Street",
    "previous_status_category_last": "Canceled",
    "previous_reject_category_last_refused": "HC",
    "previous_asked_total_ratio": 10_000 / 5300,
    "previous_interest_total_ratio": 500 / 5300,
}


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_earlier_applications_by_hand(name, value):
    found = feature(name, previous_application=APPLICATIONS)
    assert found == (pytest.approx(value, rel=1e-12) if isinstance(value, int | float) else value)


LOAN = "SK_ID_PREV NAME_CONTRACT_STATUS DAYS_DECISION AMT_CREDIT AMT_ANNUITY CNT_PAYMENT\n1 Approved -100 {} {} {}"


@given(rate=st.floats(0.001, 0.12), term=st.integers(3, 72), credit=st.floats(1e3, 4e6))
def test_newton_finds_the_rate_the_instalment_was_made_from(rate, term, credit):
    annuity = credit * rate / (1 - (1 + rate) ** -term)
    found = feature("previous_true_rate_mean", previous_application=LOAN.format(credit, annuity, term))
    assert found == pytest.approx(rate, rel=2e-3)


@pytest.mark.parametrize("annuity", [50, 100, 0])
def test_a_loan_without_interest_has_no_true_rate(annuity):
    assert feature("previous_true_rate_mean", previous_application=LOAN.format(1000, annuity, 10)) is None


def test_what_is_left_on_a_running_loan():
    drawn = "SK_ID_PREV NAME_CONTRACT_STATUS DAYS_DECISION DAYS_FIRST_DUE DAYS_LAST_DUE AMT_CREDIT AMT_ANNUITY\n"
    drawn += "1 Approved -200 -182.625 365243 1000 100"
    found = features("previous_left_amount_sum", "previous_left_total_ratio", previous_application=drawn)
    assert found["previous_left_amount_sum"] == pytest.approx(400, rel=1e-12)  # six instalments were paid
    assert found["previous_left_total_ratio"] == pytest.approx(0.4, rel=1e-12)
