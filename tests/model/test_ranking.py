"""Ranking figures against scikit-learn, scipy, brute force and small cases worked by hand."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, norm
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from aval.errors import PlanError
from aval.model import ranking
from aval.model.ranking import auc, average_precision, delong_test, gini_weighted, ks, precision_recall, roc

seeds = st.integers(0, 2**32 - 1)


def draw(seed: int, rows: int = 60, levels: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both classes and scores with many ties."""
    rng = np.random.default_rng(seed)
    score = rng.integers(0, levels, rows) / levels
    target = (rng.random(rows) < 0.1 + 0.6 * score).astype(int)
    target[:4] = 0, 1, 0, 1
    return target, score


@given(seeds)
def test_figures_agree_with_scikit_learn_and_scipy(seed: int) -> None:
    target, score = draw(seed)
    assert auc(target, score).value == pytest.approx(roc_auc_score(target, score), abs=1e-12)
    assert average_precision(target, score) == pytest.approx(average_precision_score(target, score), abs=1e-12)
    expected = ks_2samp(score[target == 0], score[target == 1], alternative="greater", method="asymp").statistic
    assert ks(target, score) == pytest.approx(expected, abs=1e-12)


@given(seeds)
def test_roc_is_scikit_learns(seed: int) -> None:
    target, score = draw(seed)
    refused_good, refused_bad, _ = roc_curve(target, score, drop_intermediate=False)
    found = roc(target, score)
    assert found.x == pytest.approx(refused_good)
    assert found.y == pytest.approx(refused_bad)


def brute_delong(target: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    bad, good = score[target == 1], score[target == 0]
    kernel = (bad[:, None] > good) + 0.5 * (bad[:, None] == good)
    return kernel.mean(), kernel.mean(axis=1), kernel.mean(axis=0)


@given(seeds)
def test_delong_is_the_definition(seed: int) -> None:
    target, score = draw(seed)
    area, per_bad, per_good = brute_delong(target, score)
    error = np.sqrt(per_bad.var(ddof=1) / len(per_bad) + per_good.var(ddof=1) / len(per_good))
    found = auc(target, score)
    assert found.value == pytest.approx(area, abs=1e-12)
    assert found.low == pytest.approx(max(area - 1.959963985 * error, 0.0), abs=1e-8)
    assert found.high == pytest.approx(min(area + 1.959963985 * error, 1.0), abs=1e-8)


@given(seeds)
def test_delong_test_is_the_definition(seed: int) -> None:
    target, first = draw(seed)
    second = np.random.default_rng(seed).permutation(first)
    one, bad_one, good_one = brute_delong(target, first)
    two, bad_two, good_two = brute_delong(target, second)
    cov_bad, cov_good = np.cov(bad_one, bad_two), np.cov(good_one, good_two)
    contrast = np.array([1.0, -1.0])
    variance = contrast @ (cov_bad / len(bad_one) + cov_good / len(good_one)) @ contrast
    assume(variance > 1e-12)
    found = delong_test(target, first, second)
    assert found.difference.value == pytest.approx(one - two, abs=1e-12)
    assert found.p_value == pytest.approx(2.0 * norm.sf(abs(one - two) / np.sqrt(variance)), rel=1e-9, abs=1e-12)
    back = delong_test(target, second, first)
    assert back.p_value == pytest.approx(found.p_value)
    assert back.difference.value == -found.difference.value


def test_delong_test_of_a_score_with_itself_and_with_its_mirror() -> None:
    target, score = np.array([0, 0, 0, 1, 1, 1]), np.arange(6.0)
    assert delong_test(target, score, 3.0 * score).p_value == 1.0
    assert delong_test(target, score, -score).p_value == 0.0
    with pytest.raises(PlanError, match="fewer than two"):
        delong_test([0, 1, 0], [1, 2, 3], [3, 2, 1])


def test_delong_interval_covers_the_true_area() -> None:
    # Two normals one standard deviation apart: the true AUC is Phi(1 / sqrt 2).
    truth, rng, covered = norm.cdf(1.0 / np.sqrt(2.0)), np.random.default_rng(11), 0
    target = np.repeat([0, 1], [300, 60])
    for _ in range(1000):
        covered += auc(target, rng.normal(target.astype(float))).holds(truth)
    assert 0.93 <= covered / 1000 <= 0.97


@given(seeds)
def test_rising_maps_change_nothing(seed: int) -> None:
    target, score = draw(seed)
    for rising in (np.exp(score), score**3 - 5.0, 2.0 * score):
        assert auc(target, rising) == auc(target, score)
        assert ks(target, rising) == ks(target, score)
        assert average_precision(target, rising) == average_precision(target, score)
        assert roc(target, rising) == roc(target, score)
        assert gini_weighted(0.2 + 0.1 * target, rising) == gini_weighted(0.2 + 0.1 * target, score)


@given(seeds)
def test_a_mirrored_score_mirrors_the_area(seed: int) -> None:
    target, score = draw(seed)
    found, mirrored = auc(target, score), auc(target, -score)
    assert mirrored.value == pytest.approx(1.0 - found.value, abs=1e-12)
    assert mirrored.low == pytest.approx(1.0 - found.high, abs=1e-12)
    assert auc(1 - target, score).value == pytest.approx(1.0 - found.value, abs=1e-12)


def test_by_hand() -> None:
    # Pairs (defaulter, payer): (3,1) won, (3,2) won, (2,1) won, (2,2) tied: 3.5 of 4.
    target, score = [0, 0, 1, 1], [1.0, 2.0, 2.0, 3.0]
    assert auc(target, score).value == 0.875
    # Refusing 3 alone: precision 1 at recall 1/2; then 2 as well: 2 of 3 at recall 1.
    assert average_precision(target, score) == pytest.approx(0.5 * 1.0 + 0.5 * 2.0 / 3.0)
    assert precision_recall(target, score).x == (0.5, 1.0, 1.0)
    assert precision_recall(target, score).y == (1.0, pytest.approx(2.0 / 3.0), 0.5)
    assert roc(target, score).x == (0.0, 0.0, 0.5, 1.0)
    assert roc(target, score).y == (0.0, 0.5, 1.0, 1.0)
    assert ks(target, score) == 0.5
    assert auc([0, 1], [0.5, 0.5]).value == 0.5
    assert ks([0, 1], [0.5, 0.5]) == 0.0
    assert auc([0, 0, 1, 1], [1, 2, 3, 4]).value == 1.0
    assert ks([1, 1, 0, 0], [1, 2, 3, 4]) == 0.0


def test_one_defaulter_says_nothing_of_the_variance() -> None:
    found = auc([0, 0, 1], [1, 2, 3])
    assert (found.value, found.low, found.high) == (1.0, 0.0, 1.0)


@given(seeds)
def test_weighted_gini_is_every_row_as_both_classes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, score = rng.random(40), rng.integers(0, 9, 40)
    both = np.repeat([1, 0], 40)
    expected = roc_auc_score(both, np.tile(score, 2), sample_weight=np.append(truth, 1.0 - truth))
    assert gini_weighted(truth, score) == pytest.approx(2.0 * expected - 1.0, abs=1e-12)
    assert gini_weighted(truth, truth) >= gini_weighted(truth, score) - 1e-12


@given(seeds)
def test_weighted_gini_of_labels_is_the_gini(seed: int) -> None:
    target, score = draw(seed)
    assert gini_weighted(target, score) == pytest.approx(2.0 * auc(target, score).value - 1.0, abs=1e-12)


def test_weighted_gini_is_what_labels_tend_to() -> None:
    rng = np.random.default_rng(2)
    truth = rng.beta(1.0, 9.0, 500)
    score = truth + rng.normal(0.0, 0.05, 500)
    lives = [2.0 * auc(rng.random(500) < truth, score).value - 1.0 for _ in range(400)]
    assert np.mean(lives) == pytest.approx(gini_weighted(truth, score), abs=0.02)


def test_weighted_gini_refuses_what_is_no_truth() -> None:
    for truth, score in [
        ([0.5, 1.5], [1, 2]),
        ([0.5], [1, 2]),
        ([1.0, 1.0], [1, 2]),
        ([0.5, 0.4], [1, np.nan]),
        ([], []),
    ]:
        with pytest.raises(PlanError):
            gini_weighted(truth, score)


def test_curves_are_thinned_but_keep_their_ends() -> None:
    rng = np.random.default_rng(0)
    target, score = rng.integers(0, 2, 5000), rng.random(5000)
    for curve in (roc(target, score), precision_recall(target, score)):
        assert len(curve.x) == len(curve.y) == ranking.STORED_POINTS
        assert list(curve.x) == sorted(curve.x)
        assert curve.x[-1] == 1.0


@pytest.mark.parametrize(
    ("target", "score", "said"),
    [
        ([0, 1], [0.1], "one length"),
        ([], [], "no rows"),
        ([0, 2], [0.1, 0.2], "neither 0 nor 1"),
        ([0.0, np.nan], [0.1, 0.2], "neither 0 nor 1"),
        ([0, 1], [0.1, np.nan], "missing or infinite"),
        ([0, 1], [0.1, np.inf], "missing or infinite"),
        ([1, 1], [0.1, 0.2], "same target"),
        ([0, 0], [0.1, 0.2], "same target"),
    ],
)
def test_bad_columns_are_named(target: list[float], score: list[float], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        auc(target, score)
