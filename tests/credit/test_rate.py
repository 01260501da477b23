"""A default rate and its interval."""

import pytest

from aval.credit.rate import Rate


def test_wilson_s_worked_example() -> None:
    # Newcombe (1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E), table I: 81 of 263.
    rate = Rate.of(81, 263)
    assert rate is not None
    assert rate.value == pytest.approx(0.3080, abs=5e-5)
    assert (rate.low, rate.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_the_ends_keep_within_nothing_and_all() -> None:
    assert Rate.of(0, 0) is None
    none, every = Rate.of(0, 10), Rate.of(10, 10)
    assert none is not None
    assert every is not None
    assert (none.low, none.value) == (0.0, 0.0)
    assert (every.value, every.high) == (1.0, 1.0)
    assert every.low == pytest.approx(1.0 - none.high)


def test_rates_are_apart_when_their_intervals_share_nothing() -> None:
    low, high, wide = Rate.of(50, 1000), Rate.of(100, 1000), Rate.of(7, 100)
    assert low is not None
    assert high is not None
    assert wide is not None
    assert low.apart(high)
    assert high.apart(low)
    assert not low.apart(wide)
