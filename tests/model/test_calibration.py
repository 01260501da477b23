"""Platt scaling and reliability against scikit-learn, the definition, and degenerate margins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit
from scipy.special import logit as scipy_logit
from sklearn.linear_model import LogisticRegression

from aval.errors import PlanError
from aval.model.calibration import Platt, calibration_error, isotonic, line, log_odds, reliability, sigmoid
from aval.model.interval import wilson

seeds = st.integers(0, 2**32 - 1)
numbers = st.floats(-1e3, 1e3)


def draw(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Margins, and targets that default with log-odds 1.7 x margin - 2."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(0.3, 0.8, rows)
    return margin, (rng.random(rows) < expit(1.7 * margin - 2.0)).astype(int)


@given(seeds)
def test_fit_is_the_maximum_of_the_likelihood(seed: int) -> None:
    margin, target = draw(seed)
    found = Platt.fit(margin, target)
    exact = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(margin[:, None], target)
    assert found.slope == pytest.approx(exact.coef_[0, 0], rel=1e-4)
    assert found.intercept == pytest.approx(exact.intercept_[0], rel=1e-4)
    # Sharper than the solver it is compared with: the gradient vanishes.
    slack = found.probability(margin) - target
    assert abs(slack.sum()) < 1e-8
    assert abs((slack * margin).sum()) < 1e-8


@given(seeds)
def test_calibrated_probabilities_lie_on_their_own_line(seed: int) -> None:
    margin, target = draw(seed)
    p = Platt.fit(margin, target).probability(margin)
    fitted = line(target, p)
    assert fitted is not None
    assert fitted.slope.value == pytest.approx(1.0, abs=1e-7)
    assert fitted.intercept.value == pytest.approx(0.0, abs=1e-7)
    assert p.mean() == pytest.approx(target.mean(), abs=1e-9)


@given(seeds, st.floats(0.01, 100.0), st.floats(-50.0, 50.0))
def test_a_shifted_and_stretched_margin_gives_the_same_probabilities(seed: int, stretch: float, shift: float) -> None:
    margin, target = draw(seed)
    other = stretch * margin + shift
    expected = Platt.fit(margin, target).probability(margin)
    assert Platt.fit(other, target).probability(other) == pytest.approx(expected, rel=1e-6)


def test_smooth_targets_are_platts() -> None:
    margin, target = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 0, 1, 1])
    with pytest.raises(PlanError, match="separates"):
        Platt.fit(margin, target)
    found = Platt.fit(margin, target, smooth=True)
    wanted = np.array([0.25, 0.25, 0.75, 0.75])
    slack = found.probability(margin) - wanted
    assert slack.sum() == pytest.approx(0.0, abs=1e-9)
    assert (slack * margin).sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("margin", "target", "said"),
    [
        ([1.0, 2.0, 3.0], [1, 1, 1], "same target"),
        ([1.0, 1.0, 1.0], [0, 1, 0], "equal"),
        ([1.0, 2.0, 3.0, 4.0], [1, 0, 1, 0], "do not go with more defaults"),
        ([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0], "do not go with more defaults"),
        ([1.0, 2.0, 2.0, 4.0], [0, 0, 1, 1], "separates"),
        ([1.0, np.nan], [0, 1], "missing or infinite"),
    ],
)
def test_margins_that_cannot_be_calibrated(margin: list[float], target: list[int], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        Platt.fit(margin, target)


@pytest.mark.parametrize("slope", [0.0, -1.0, np.nan, np.inf])
def test_a_slope_must_be_above_zero(slope: float) -> None:
    with pytest.raises(PlanError, match="slope"):
        Platt(slope, 0.0)


@given(st.floats(1e-3, 1e3), numbers)
def test_json_keeps_every_bit(slope: float, intercept: float) -> None:
    platt = Platt(slope, intercept)
    assert Platt.from_json(platt.to_json()) == platt


@given(hnp.arrays(np.float64, st.integers(1, 70), elements=st.floats(-1e4, 1e4)))
def test_alone_is_as_in_a_batch(margin: np.ndarray) -> None:
    platt = Platt(0.83, -1.4)
    together = platt.probability(margin)
    assert [platt.probability(margin[i : i + 1])[0] for i in range(len(margin))] == together.tolist()
    assert platt.probability(np.repeat(margin, 3)[::3]).tolist() == together.tolist()


@given(st.lists(numbers, min_size=2, max_size=30, unique=True))
def test_order_is_kept(margin: list[float]) -> None:
    rising = np.sort(margin)
    platt = Platt(1.3, -2.0)
    assert (np.diff(platt.logit(rising)) >= 0.0).all()
    assert (np.diff(platt.probability(rising)) >= 0.0).all()
    close = np.linspace(-25.0, 15.0, 400)
    assert (np.diff(platt.probability(close)) > 0.0).all()


def test_sigmoid_and_log_odds_are_stable() -> None:
    z = np.array([-1e4, -700.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1e4])
    assert sigmoid(z) == pytest.approx(expit(z), rel=1e-14, abs=0.0)
    p = np.array([1e-12, 0.01, 0.5, 0.99])
    assert log_odds(p) == pytest.approx(scipy_logit(p), rel=1e-12)
    assert np.isfinite(log_odds([0.0, 1.0])).all()


def test_line_has_walds_intervals() -> None:
    margin, target = draw(4, 4000)
    p = expit(0.9 * margin - 1.5)
    fitted = line(target, p)
    assert fitted is not None
    design = np.column_stack([np.ones(4000), scipy_logit(p)])
    at = expit(design @ [fitted.intercept.value, fitted.slope.value])
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ (design * (at * (1.0 - at))[:, None]))))
    assert fitted.intercept.high - fitted.intercept.value == pytest.approx(1.959963985 * errors[0], rel=1e-6)
    assert fitted.slope.value - fitted.slope.low == pytest.approx(1.959963985 * errors[1], rel=1e-6)
    assert fitted.slope.holds(1.7 / 0.9)


def test_line_does_not_exist_for_constant_or_separating_probabilities() -> None:
    assert line([0, 1, 0], [0.2, 0.2, 0.2]) is None
    assert line([0, 0, 1], [0.1, 0.2, 0.3]) is None
    assert line([1, 1, 0], [0.1, 0.2, 0.3]) is None


@given(seeds)
def test_reliability_counts_everyone_once_and_splits_no_tie(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.integers(0, 15, 200) / 20.0
    target = rng.random(200) < p
    bins = reliability(target, p)
    assert len(bins) <= 10
    assert sum(b.rows for b in bins) == 200
    assert sum(b.rows * b.predicted for b in bins) == pytest.approx(p.sum())
    assert sum(b.rows * b.observed.value for b in bins) == pytest.approx(target.sum())
    predicted = [b.predicted for b in bins]
    assert predicted == sorted(set(predicted))


def test_reliability_by_hand() -> None:
    p = np.arange(1, 21) / 100.0
    target = np.zeros(20, int)
    target[[0, 18, 19]] = 1
    bins = reliability(target, p)
    assert [b.rows for b in bins] == [2] * 10
    assert bins[0].predicted == pytest.approx(0.015)
    assert bins[0].observed == wilson(1, 2)
    assert bins[9].observed == wilson(2, 2)
    halves = reliability(target, p, bins=2)
    assert calibration_error(halves) == pytest.approx((abs(0.055 - 0.1) + abs(0.155 - 0.2)) / 2.0)
    assert len(reliability([0, 1], [0.3, 0.3])) == 1


def test_isotonic_is_drawn_only_and_rises() -> None:
    margin, target = draw(9)
    curve = isotonic(margin, target)
    assert list(curve.x) == sorted(curve.x)
    assert list(curve.y) == sorted(curve.y)
    assert 0.0 <= curve.y[0] <= curve.y[-1] <= 1.0
