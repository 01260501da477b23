"""Instalments: drawn payments in, delays out (recipe R7)."""

import math

import pytest

from tests.features.drawn import feature, features

PAID = """
SK_ID_PREV NUM_INSTALMENT_NUMBER NUM_INSTALMENT_VERSION DAYS_INSTALMENT DAYS_ENTRY_PAYMENT AMT_INSTALMENT AMT_PAYMENT
1          1                     1                      -400            -410               100            100
1          2                     1                      -370            -368               100            100
1          3                     1                      -340            -320               100            50
2          1                     1                      -60             -60                200            200
2          2                     2                      -30             -21                200            100
2          2                     2                      -30             -20                200            100
"""


def test_delays_are_signed_and_partial_payments_are_one_instalment():
    found = features(
        "instalments_instalment_count",
        "instalments_late_days_mean",
        "instalments_late_days_max",
        "instalments_late_days_min",
        "instalments_late_days_last",
        "instalments_late_days_median",
        "instalments_split_count",
        installments_payments=PAID,
    )
    # delays: -10, 2, 20, 0, 10 (the last part was paid on day -20)
    assert found == {
        "instalments_instalment_count": 5,
        "instalments_late_days_mean": 22 / 5,
        "instalments_late_days_max": 20,
        "instalments_late_days_min": -10,
        "instalments_late_days_last": 10,
        "instalments_late_days_median": 2,
        "instalments_split_count": 1,
    }


def test_past_and_before_are_the_two_sides_of_the_delay():
    found = features(
        "instalments_past_days_mean",
        "instalments_past_days_sum",
        "instalments_before_days_mean",
        "instalments_late_share",
        "instalments_late7_share",
        "instalments_late15_share",
        "instalments_late30_share",
        "instalments_late7_count",
        installments_payments=PAID,
    )
    assert list(found.values()) == [32 / 5, 32, 2, 3 / 5, 2 / 5, 1 / 5, 0, 2]


def test_what_was_paid_against_what_was_due():
    found = features(
        "instalments_paid_amount_sum",
        "instalments_paid_ratio_min",
        "instalments_paid_ratio_mean",
        "instalments_short_amount_sum",
        "instalments_partial_share",
        "instalments_paid_total_ratio",
        "instalments_due_amount_last",
        installments_payments=PAID,
    )
    assert list(found.values()) == [650, 0.5, 0.9, 50, 0.2, 650 / 700, 200]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("instalments_late_days_mean_30d", 10),
        ("instalments_late_days_mean_60d", 5),
        ("instalments_late_days_mean_365d", 10),
        ("instalments_late_days_mean_720d", 22 / 5),
        ("instalments_late_days_mean_last2", 5),
        ("instalments_late_days_mean_last3", 10),
        ("instalments_late_days_max_last5", 20),
        ("instalments_late_days_mean_lastloan", 5),
        ("instalments_late_days_max_lastloan", 10),
        ("instalments_instalment_count_lastloan", 2),
        ("instalments_instalment_count_90d", 2),
        ("instalments_late_ratio_mean_60d_365d", 0.5),
        ("instalments_late_gap_days_mean_365d", 10 - 22 / 5),
    ],
)
def test_windows_keep_the_rows_they_name(name, value):
    assert feature(name, installments_payments=PAID) == pytest.approx(value, rel=1e-15)


def test_the_delay_weighted_by_amount():
    weighted = (-10 * 100 + 2 * 100 + 20 * 100 + 0 * 200 + 10 * 200) / 700
    assert feature("instalments_late_days_weighted", installments_payments=PAID) == pytest.approx(weighted, rel=1e-15)


def test_the_trend_is_least_squares_per_year():
    days, delays = [-400, -370, -340, -60, -30], [-10, 2, 20, 0, 10]
    day, delay = sum(days) / 5, sum(delays) / 5
    above = sum((x - day) * (y - delay) for x, y in zip(days, delays, strict=True))
    below = sum((x - day) ** 2 for x in days)
    found = feature("instalments_late_days_slope", installments_payments=PAID)
    assert found == pytest.approx(365.25 * above / below, rel=1e-12)


def test_one_instalment_has_no_trend_and_no_spread():
    drawn = "\n".join(PAID.strip().splitlines()[:2])
    found = features("instalments_late_days_slope", "instalments_late_days_std", installments_payments=drawn)
    assert set(found.values()) == {None}


UNPAID = """
SK_ID_PREV NUM_INSTALMENT_NUMBER NUM_INSTALMENT_VERSION DAYS_INSTALMENT DAYS_ENTRY_PAYMENT AMT_INSTALMENT AMT_PAYMENT
1          1                     0                      -60             -60                100            100
1          2                     0                      -20             -                  100            -
"""


def test_an_unpaid_instalment_has_no_delay_yet():
    found = features(
        "instalments_unpaid_count",
        "instalments_unpaid_days_max",
        "instalments_late_days_max",
        "instalments_card_share",
        installments_payments=UNPAID,
    )
    assert list(found.values()) == [1, 20, 0, 1]


def test_a_payment_after_the_application_is_not_made_yet():
    later = UNPAID.replace("-                  100            -", "5                  100            100")
    names = ("instalments_unpaid_count", "instalments_late_days_max", "instalments_paid_amount_sum")
    assert features(*names, installments_payments=later) == features(*names, installments_payments=UNPAID)


def test_numbers_and_versions_of_the_calendar():
    found = features(
        "instalments_number_count_max",
        "instalments_opening_count",
        "instalments_version_count_distinct",
        "instalments_version_count_max",
        "instalments_age_days_max",
        "instalments_age_days_min",
        installments_payments=PAID,
    )
    assert list(found.values()) == [3, 2, 2, 2, 400, 30]


def test_spread():
    delays = [-10, 2, 20, 0, 10]
    mean = sum(delays) / 5
    spread = math.sqrt(sum((delay - mean) ** 2 for delay in delays) / 4)
    assert feature("instalments_late_days_std", installments_payments=PAID) == pytest.approx(spread, rel=1e-12)
