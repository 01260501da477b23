"""Credits with other lenders, and their monthly statuses: drawn rows in, features out (recipe R8)."""

import pytest

from tests.features.drawn import features, turned

CREDITS = turned("""
SK_ID_BUREAU           1               2           3
CREDIT_ACTIVE          Closed          Active      Active
CREDIT_TYPE            Consumer_credit Credit_card Consumer_credit
CREDIT_CURRENCY        currency_1      currency_1  currency_2
DAYS_CREDIT            -1000           -300        -100
DAYS_CREDIT_ENDDATE    -700            100         200
DAYS_ENDDATE_FACT      -710            -           -
AMT_CREDIT_SUM         1000            2000        4000
AMT_CREDIT_SUM_DEBT    0               500         3000
AMT_CREDIT_SUM_LIMIT   -               1500        -
AMT_CREDIT_MAX_OVERDUE 50              0           -
CREDIT_DAY_OVERDUE     0               3           0
AMT_CREDIT_SUM_OVERDUE 0               20          0
CNT_CREDIT_PROLONG     1               0           2
DAYS_CREDIT_UPDATE     -600            -10         -5
AMT_ANNUITY            -               100         300
""")

VALUES = {
    "bureau_credit_count": 3,
    "bureau_credit_count_active": 2,
    "bureau_credit_count_365d": 2,
    "bureau_credit_count_active_365d": 2,
    "bureau_credit_count_active_card": 1,
    "bureau_active_share": 2 / 3,
    "bureau_consumer_share": 2 / 3,
    "bureau_foreign_share": 1 / 3,
    "bureau_everoverdue_share": 1 / 2,
    "bureau_indebted_share": 2 / 3,
    "bureau_unfinished_share": 2 / 3,
    "bureau_lapsed_share": 0,
    "bureau_type_count_distinct": 2,
    "bureau_opened_days_min": 100,
    "bureau_opened_days_max": 1000,
    "bureau_opened_days_mean_active": 200,
    "bureau_opened_days_min_consumer": 100,
    "bureau_gap_days_mean": 450,
    "bureau_gap_days_last": 200,
    "bureau_end_days_max": 200,
    "bureau_left_days_sum": 300,
    "bureau_planned_days_mean": (300 + 400 + 300) / 3,
    "bureau_ended_days_mean": 710,
    "bureau_lasted_days_mean": 290,
    "bureau_early_days_mean": 10,
    "bureau_updated_days_min": 5,
    "bureau_overdue_days_max": 3,
    "bureau_worst_overdue_amount_max": 50,
    "bureau_worst_overdue_amount_mean": 25,
    "bureau_overdue_amount_sum": 20,
    "bureau_prolonged_count_sum": 3,
    "bureau_credit_amount_sum": 7000,
    "bureau_credit_amount_last": 4000,
    "bureau_credit_amount_sum_consumer": 5000,
    "bureau_credit_amount_sum_mortgage": None,
    "bureau_debt_amount_sum": 3500,
    "bureau_debt_amount_sum_card": 500,
    "bureau_limit_amount_sum": 1500,
    "bureau_annuity_amount_mean": 200,
    "bureau_debt_ratio_max": 0.75,
    "bureau_debt_ratio_mean_active": 0.5,
    "bureau_repaid_amount_sum": 3500,
    "bureau_overdue_ratio_max": 0.05,
    "bureau_debt_daily_amount_max": 15,
    "bureau_debt_total_ratio": 0.5,
    "bureau_debt_total_ratio_active": 3500 / 6000,
    "bureau_debt_limit_ratio_card": 0.25,
    "bureau_credit_type_ratio": 1.5,
    "bureau_credit_pace_ratio_365d": 2 / 3,
}


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_a_credit_history_by_hand(name, value):
    found = features(name, bureau=CREDITS)[name]
    assert found == (None if value is None else pytest.approx(value, rel=1e-14))


def test_a_report_from_after_the_application_is_not_read():
    later = CREDITS.replace(" -5 300", " 5 300")
    assert features("bureau_credit_count", bureau=later) == {"bureau_credit_count": 2}


MONTHS = """
SK_ID_BUREAU MONTHS_BALANCE STATUS
1            -30            0
1            -29            1
1            -28            C
2            -2             0
2            -1             3
2            0              X
"""

STATUSES = {
    "balance_month_count": 6,
    "balance_month_count_12m": 3,
    "balance_begin_count": 2,
    "balance_late_count": 2,
    "balance_closed_share": 1 / 6,
    "balance_ontime_share": 2 / 6,
    "balance_late3_share": 1 / 6,
    "balance_unknown_share": 1 / 6,
    "balance_late_share_6m": 1 / 3,
    "balance_late_share_36m": 1 / 3,
    "balance_closed_share_latest": 1 / 2,
    "balance_late_rating_mean": 1,
    "balance_late_rating_max": 3,
    "balance_age_months_min": 0,
    "balance_age_months_max_latest": 28,
    "balance_late_age_months_min": 1,
    "balance_late_age_months_max": 29,
    "balance_month_credit_ratio": 3,
    "balance_late_credit_ratio": 1,
    "balance_late_ratio_12m": 1,
}


@pytest.mark.parametrize(("name", "value"), STATUSES.items())
def test_monthly_statuses_by_hand(name, value):
    assert features(name, bureau_balance=MONTHS)[name] == pytest.approx(value, rel=1e-14)
