"""Monthly balances of loans and cards with us: drawn months in, features out (recipe R10)."""

import pytest

from tests.features.drawn import feature, turned

LOANS = """
SK_ID_PREV MONTHS_BALANCE CNT_INSTALMENT CNT_INSTALMENT_FUTURE NAME_CONTRACT_STATUS SK_DPD SK_DPD_DEF
1          -40            12             12                    Active               0      0
1          -39            12             11                    Active               6      0
1          -38            2              0                     Completed            0      0
2          -3             6              6                     Active               0      0
2          -2             6              5                     Active               40     40
"""

LOAN_VALUES = {
    "pos_month_count": 5,
    "pos_month_count_12m": 2,
    "pos_opening_count": 2,
    "pos_early_count": 1,
    "pos_early_loan_ratio": 0.5,
    "pos_active_share": 0.8,
    "pos_completed_share": 0.2,
    "pos_late_share": 0.4,
    "pos_late30_share": 0.2,
    "pos_latetolerance_share": 0.2,
    "pos_active_share_latest": 0.5,
    "pos_due_days_mean": 46 / 5,
    "pos_due_days_max": 40,
    "pos_due_days_mean_6m": 20,
    "pos_due_days_mean_last5": 46 / 5,
    "pos_tolerance_days_max": 40,
    "pos_tolerance_days_mean_12m": 20,
    "pos_term_months_mean": 38 / 5,
    "pos_term_months_last": 6,
    "pos_left_months_last": 5,
    "pos_left_months_sum_latest": 5,
    "pos_left_months_mean_3m": 5.5,
    "pos_left_share_last": 5 / 6,
    "pos_paid_months_max": 2,
    "pos_paid_months_sum_latest": 3,
    "pos_age_months_max": 40,
    "pos_month_loan_ratio": 2.5,
    "pos_late_ratio_12m": 20 / (46 / 5),
}


@pytest.mark.parametrize(("name", "value"), LOAN_VALUES.items())
def test_loans_by_hand(name, value):
    assert feature(name, POS_CASH_balance=LOANS) == pytest.approx(value, rel=1e-14)


CARDS = turned("""
SK_ID_PREV                1      1      1
MONTHS_BALANCE            -20    -2     -1
NAME_CONTRACT_STATUS      Active Active Active
AMT_BALANCE               0      500    1000
AMT_CREDIT_LIMIT_ACTUAL   1000   1000   1000
AMT_DRAWINGS_CURRENT      0      500    600
AMT_DRAWINGS_ATM_CURRENT  -      400    0
AMT_DRAWINGS_POS_CURRENT  -      100    600
AMT_INST_MIN_REGULARITY   0      50     100
AMT_PAYMENT_CURRENT       -      100    50
AMT_PAYMENT_TOTAL_CURRENT 0      100    50
AMT_TOTAL_RECEIVABLE      0      520    1050
AMT_RECEIVABLE_PRINCIPAL  0      500    1000
CNT_DRAWINGS_CURRENT      0      3      2
CNT_DRAWINGS_ATM_CURRENT  -      2      0
CNT_DRAWINGS_POS_CURRENT  -      1      2
CNT_INSTALMENT_MATURE_CUM 0      1      2
SK_DPD                    0      0      4
SK_DPD_DEF                0      0      4
""")

CARD_VALUES = {
    "card_month_count": 3,
    "card_month_count_12m": 2,
    "card_opening_count": 1,
    "card_cashdrawn_count": 1,
    "card_used_share": 2 / 3,
    "card_drawn_share": 2 / 3,
    "card_nearlimit_share": 1 / 3,
    "card_overlimit_share": 0,
    "card_short_share": 0.5,
    "card_late_share_12m": 0.5,
    "card_balance_amount_mean": 500,
    "card_balance_amount_last": 1000,
    "card_use_ratio_mean_2m": 0.75,
    "card_use_ratio_max": 1,
    "card_limit_amount_std": 0,
    "card_drawn_amount_sum": 1100,
    "card_drawn_ratio_max": 0.6,
    "card_cash_amount_sum": 400,
    "card_cash_ratio_mean": 0.4,
    "card_purchase_amount_sum": 700,
    "card_drawn_count_sum": 5,
    "card_cash_count_sum": 2,
    "card_purchase_count_mean": 1.5,
    "card_minimum_amount_last": 100,
    "card_paid_amount_sum": 150,
    "card_paid_ratio_mean": 1.25,
    "card_paid_gap_amount_min": -50,
    "card_repaid_ratio_max": 0.2,
    "card_interest_amount_max": 50,
    "card_matured_count_max": 2,
    "card_tolerance_days_max": 4,
    "card_age_months_max": 20,
    "card_balance_growth_ratio_3m": 1.5,
    "card_cash_total_ratio": 400 / 1100,
    "card_paid_total_ratio": 150 / 1100,
}


@pytest.mark.parametrize(("name", "value"), CARD_VALUES.items())
def test_cards_by_hand(name, value):
    assert feature(name, credit_card_balance=CARDS) == pytest.approx(value, rel=1e-14)


def test_the_trend_of_a_balance_is_per_year():
    drawn = "SK_ID_PREV MONTHS_BALANCE AMT_BALANCE\n1 -3 100\n1 -2 200\n1 -1 300"
    assert feature("card_balance_amount_slope", credit_card_balance=drawn) == pytest.approx(1200, rel=1e-12)
