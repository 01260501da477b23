"""Intervals against scipy, by hand, and for what they must never do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from aval.model.interval import Interval, Z, bootstrap_mean, wald, wilson


def test_z_is_the_normals_quantile() -> None:
    assert pytest.approx(norm.ppf(0.975), abs=1e-15) == Z


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(case: tuple[int, int]) -> None:
    hits, rows = case
    found = wilson(hits, rows)
    expected = binomtest(hits, rows).proportion_ci(0.95, "wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0


def test_wilson_by_hand() -> None:
    # 0 of 10: from 0 to z^2 / (n + z^2).
    found = wilson(0, 10)
    assert found is not None
    assert found.low == 0.0
    assert found.high == pytest.approx(3.8414588 / 13.8414588)
    assert wilson(0, 0) is None


def test_wald_is_clipped() -> None:
    assert wald(0.9, 0.01, 0.0, 1.0) == Interval(0.9, 0.9 - 0.1 * Z, 1.0)
    assert wald(0.5, 0.0) == Interval(0.5, 0.5, 0.5)
    assert Interval.read({"value": 1, "low": 0, "high": 2}) == Interval(1.0, 0.0, 2.0)
    assert Interval(1.0, 0.0, 2.0).holds(2.0)
    assert not Interval(1.0, 0.0, 2.0).holds(2.1)


def test_bootstrap_is_the_resampling_of_rows() -> None:
    values = np.repeat([0.0, 1.0, 10.0], [800, 120, 80])
    found = bootstrap_mean(values, 1000.0, seed=3, resamples=4000)
    rng = np.random.default_rng(1)
    slow = [1000.0 * rng.choice(values, len(values)).mean() for _ in range(4000)]
    assert found.value == pytest.approx(920.0)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])), rel=0.02)


def test_bootstrap_repeats_itself_and_follows_its_seed() -> None:
    values = np.repeat([0.0, 1.0], [70, 30])
    assert bootstrap_mean(values, seed=5) == bootstrap_mean(values, seed=5)
    assert bootstrap_mean(values, seed=5) == bootstrap_mean(values[::-1], seed=5)
    assert bootstrap_mean(values, seed=5) != bootstrap_mean(values, seed=6)


def test_bootstrap_of_equal_values_is_sure() -> None:
    assert bootstrap_mean(np.full(7, 3.0), 10.0) == Interval(30.0, 30.0, 30.0)
