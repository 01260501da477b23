"""Costs, counts and scores against scikit-learn, brute force and the reference system's published values."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss, roc_auc_score

from aval.credit.policy import Band, Cost
from aval.errors import PlanError
from aval.model.evaluation import (
    Confusion,
    Evaluation,
    against_truth,
    best_cutoff,
    business_score,
    confusion,
    cost_curve,
    evaluate,
    paired_cost,
    row_costs,
)
from aval.model.interval import bootstrap_mean

COST = Cost(accepted_defaulter=10.0, refused_payer=1.0, review=0.3)
BAND = Band(0.07, 0.12)
seeds = st.integers(0, 2**32 - 1)


def draw(seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, probabilities with ties, and the truth behind both."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(1.0, 8.0, rows)
    target = (rng.random(rows) < truth).astype(np.int8)
    target[:2] = 0, 1
    return target, np.clip(truth + rng.normal(0.0, 0.05, rows), 0.0, 1.0).round(2), truth


def slow_cost(target: np.ndarray, p: np.ndarray, cutoff: float) -> float:
    total = 0.0
    for defaulted, probability in zip(target, p, strict=True):
        if probability >= cutoff:
            total += 0.0 if defaulted else 1.0
        else:
            total += 10.0 if defaulted else 0.0
    return 1000.0 * total / len(target)


PUBLISHED = [
    (76877, 101, 6144, 0.94456),
    (76877, 9187, 3440, 0.92442),
    (76877, 39219, 758, 0.80191),
    (76877, 23, 6234, 0.94414),
    (76877, 343, 5943, 0.94518),
    (76877, 510, 5851, 0.94519),
    (76878, 184, 6007, 0.94538),
    (76878, 1541, 5351, 0.94463),
    (76878, 0, 6191, 0.94464),
]
"""(N, FP, FN) and the reference system's own score of them."""


@pytest.mark.parametrize(("rows", "fp", "fn", "score"), PUBLISHED)
def test_the_references_business_score(rows: int, fp: int, fn: int, score: float) -> None:
    assert business_score(rows, fp, fn) == pytest.approx(score, abs=5e-6)


@pytest.mark.parametrize(
    ("tn", "fp", "fn", "tp", "cost"),
    [
        (70520, 101, 6144, 112, 61541),
        (61434, 9187, 3440, 2816, 43587),
        (31402, 39219, 758, 5498, 46799),
        (70598, 23, 6234, 22, 62363),
        (70278, 343, 5943, 313, 59773),
        (70111, 510, 5851, 405, 59020),
        (70448, 173, 6017, 239, 60343),
        (70621, 0, 6256, 0, 62560),
        (0, 70621, 0, 6256, 70621),
    ],
)
def test_the_references_table_under_the_stated_cost(tn: int, fp: int, fn: int, tp: int, cost: int) -> None:
    target = np.repeat([0, 0, 1, 1], [tn, fp, fn, tp])
    p = np.repeat([0.0, 1.0, 0.0, 1.0], [tn, fp, fn, tp])
    assert row_costs(target, p, COST).sum() == cost
    assert confusion(target, p, 0.5) == Confusion(0.5, tn, fp, fn, tp)


@given(seeds)
def test_figures_agree_with_scikit_learn(seed: int) -> None:
    target, p, _ = draw(seed)
    found = evaluate(target, p, COST, resamples=10)
    assert found.auc.value == pytest.approx(roc_auc_score(target, p), abs=1e-12)
    assert found.gini.value == pytest.approx(2.0 * found.auc.value - 1.0)
    assert found.brier == pytest.approx(brier_score_loss(target, p))
    assert found.log_loss == pytest.approx(log_loss(target, p))
    counts = found.confusion
    matrix = confusion_matrix(target, p >= 1.0 / 11.0, labels=[0, 1])
    assert [[counts.tn, counts.fp], [counts.fn, counts.tp]] == matrix.tolist()
    assert counts.rows == len(target)
    half = confusion_matrix(target, p >= 0.5, labels=[0, 1])
    assert [[found.confusion_half.tn, found.confusion_half.fp], [found.confusion_half.fn, found.confusion_half.tp]] == (
        half.tolist()
    )


def test_the_words_for_errors_by_hand() -> None:
    # A defaulter accepted is FN; a good payer refused is FP; the cut-off itself refuses.
    counts = confusion([1, 1, 1, 0, 0, 0, 0], [0.01, 0.5, 0.9, 0.01, 0.02, 0.03, 0.5], 0.5)
    assert (counts.fn, counts.tp, counts.fp, counts.tn) == (1, 2, 1, 3)
    assert counts.approved == pytest.approx(4.0 / 7.0)
    assert counts.business_score == pytest.approx(1.0 - 17.0 / 112.0)


@given(seeds)
def test_costs_are_the_sum_over_applicants(seed: int) -> None:
    target, p, _ = draw(seed)
    costs = evaluate(target, p, COST, resamples=10).costs
    assert costs.cutoff == pytest.approx(1.0 / 11.0)
    assert costs.decided.value == pytest.approx(slow_cost(target, p, 1.0 / 11.0))
    assert costs.accept_all.value == pytest.approx(10_000.0 * target.mean())
    assert costs.refuse_all.value == pytest.approx(1000.0 * (1.0 - target.mean()))
    assert costs.saved.value == pytest.approx(costs.accept_all.value - costs.decided.value)
    assert costs.best <= min(costs.decided.value, costs.accept_all.value, costs.refuse_all.value) + 1e-9


def test_a_review_costs_its_price_and_nothing_else() -> None:
    target, p = np.array([1, 0, 1, 0, 1, 0]), np.array([0.07, 0.12, 0.1, 0.069, 0.05, 0.3])
    # Three inside the band, ends included: 0.3 each; then a payer accepted, a defaulter accepted, a payer refused.
    assert row_costs(target, p, COST, band=BAND).tolist() == [0.3, 0.3, 0.3, 0.0, 10.0, 1.0]
    costs = evaluate(target, p, COST, BAND).costs
    assert costs.band == (0.07, 0.12)
    assert costs.reviewed is not None
    assert costs.reviewed.value == pytest.approx(1000.0 * 11.9 / 6.0)
    assert costs.referred == 0.5
    assert costs.decided.value == pytest.approx(slow_cost(target, p, 1.0 / 11.0))


@given(seeds)
def test_no_cutoff_is_cheaper_than_the_best(seed: int) -> None:
    target, p, _ = draw(seed, 80)
    best = best_cutoff(target, p, COST)
    floor = min(slow_cost(target, p, cutoff) for cutoff in [0.0, *np.unique(p), 2.0])
    assert slow_cost(target, p, best) == pytest.approx(floor)


def test_best_cutoff_by_hand() -> None:
    assert best_cutoff([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.5], COST) == pytest.approx(0.3)
    assert best_cutoff([1, 1, 0], [0.1, 0.2, 0.3], COST) == 0.0
    assert best_cutoff([0, 1, *[0] * 40], [0.5, 0.1, *[0.4] * 40], COST) == 1.0
    assert best_cutoff([0, 1, *[0] * 40], [1.0, 0.1, *[0.4] * 40], COST) == np.nextafter(1.0, 2.0)
    upper = np.nextafter(0.25, 1.0)
    assert best_cutoff([0, 1], [0.25, upper], COST) == upper
    # Refusing from 0.3 and from 0.1 cost the same; the one nearer to 1/11 is taken.
    even = Cost(accepted_defaulter=10.0, refused_payer=1.0, review=0.0)
    target, p = [0, *[0] * 10, 1, 1], [0.05, *[0.2] * 10, 0.1, 0.4]
    assert best_cutoff(target, p, even) == pytest.approx(0.075)


@given(seeds)
def test_the_cost_curve_is_exact(seed: int) -> None:
    target, p, _ = draw(seed, 120)
    curve = cost_curve(target, p, COST)
    assert len(curve.x) <= 200
    assert curve.y == pytest.approx([slow_cost(target, p, cutoff) for cutoff in curve.x])
    assert curve.x[0] == 0.0
    assert curve.x[-1] == 1.0


@given(seeds)
def test_paired_cost_is_the_difference_and_knows_its_sign(seed: int) -> None:
    target, p, truth = draw(seed)
    gap = paired_cost(target, truth, p, COST, resamples=200)
    assert gap.value == pytest.approx(slow_cost(target, truth, 1 / 11) - slow_cost(target, p, 1 / 11))
    assert paired_cost(target, p, p, COST, resamples=20).high == 0.0
    other = paired_cost(target, p, p, COST, cutoffs=(0.2, 0.1), resamples=20)
    assert other.value == pytest.approx(slow_cost(target, p, 0.2) - slow_cost(target, p, 0.1))


def test_pairing_narrows_the_interval() -> None:
    target, p, _ = draw(8, 5000)
    close = np.clip(p + 0.01, 0.0, 1.0)
    gap = paired_cost(target, p, close, COST)
    alone = evaluate(target, p, COST).costs.decided
    assert gap.high - gap.low < 0.6 * (alone.high - alone.low)


def test_the_bootstrap_interval_covers_the_true_cost() -> None:
    rng, covered = np.random.default_rng(4), 0
    many = rng.beta(1.0, 8.0, 400_000)
    expected = 1000.0 * float(np.mean(np.where(many >= 1.0 / 11.0, 1.0 - many, 10.0 * many)))
    for repeat in range(300):
        truth = rng.beta(1.0, 8.0, 600)
        target = rng.random(600) < truth
        covered += bootstrap_mean(row_costs(target, truth, COST), 1000.0, repeat, 400).holds(expected)
    assert 0.90 <= covered / 300 <= 0.98


def test_the_same_seed_gives_the_same_evaluation() -> None:
    target, p, truth = draw(1)
    one = evaluate(target, p, COST, BAND, truth=truth, seed=7)
    assert evaluate(target, p, COST, BAND, truth=truth, seed=7) == one
    assert evaluate(target.astype(bool), p.tolist(), COST, BAND, truth=truth, seed=7) == one
    other = evaluate(target, p, COST, BAND, truth=truth, seed=8)
    assert other.costs.decided.value == one.costs.decided.value
    assert other.costs.decided != one.costs.decided


@given(seeds)
def test_json_keeps_every_bit(seed: int) -> None:
    target, p, truth = draw(seed)
    for found in (
        evaluate(target, p, COST, resamples=20),
        evaluate(target, p, COST, BAND, empirical_cutoff=0.1, truth=truth, resamples=20),
    ):
        assert Evaluation.from_json(found.to_json()) == found
        assert json.loads(found.to_json()) == json.loads(json.dumps(asdict(found)))


def test_curves_are_small_enough_to_store() -> None:
    target, _, truth = draw(3, 20_000)
    found = evaluate(target, truth, COST, BAND, truth=truth)
    for curve in (found.roc, found.precision_recall, found.cost_curve):
        assert len(curve.x) == len(curve.y) <= 200
    assert sum(found.histogram.payers) == found.rows - found.defaults
    assert sum(found.histogram.defaulters) == found.defaults
    assert len(found.reliability) == 10
    assert len(found.to_json()) < 40_000


def test_metrics_are_flat_numbers() -> None:
    target, p, truth = draw(5)
    full = evaluate(target, p, COST, BAND, empirical_cutoff=0.1, truth=truth, resamples=20).metrics()
    assert {"auc", "auc_low", "cost", "cost_high", "cost_reviewed", "cost_empirical", "attainable_share", "tn"} <= set(
        full
    )
    assert all(type(value) is float and np.isfinite(value) for value in full.values())
    assert set(evaluate(target, p, COST, resamples=20).metrics()) < set(full)
    constant = evaluate([0, 1, 0], [0.1, 0.1, 0.1], COST, resamples=20)
    assert constant.calibration is None
    assert "calibration_slope" not in constant.metrics()


def test_against_truth_by_hand() -> None:
    found = against_truth([0.1, 0.2, 0.3], [0.2, 0.2, 0.1])
    assert found.mean_absolute_error == pytest.approx(0.1)
    assert found.root_mean_square_error == pytest.approx(np.sqrt(0.05 / 3.0))
    assert found.gini < 0.0 < found.attainable_gini
    assert against_truth([0.1, 0.2], [0.3, 0.3]).log_odds_correlation is None
    assert against_truth([0.2, 0.2], [0.3, 0.1]).attainable_share is None


@given(seeds)
def test_the_truth_attains_everything(seed: int) -> None:
    target, p, truth = draw(seed)
    perfect = evaluate(target, truth, COST, truth=truth, resamples=10).truth
    assert perfect is not None
    assert perfect.attainable_share == 1.0
    assert perfect.mean_absolute_error == 0.0
    assert perfect.log_odds_correlation == pytest.approx(1.0)
    model = against_truth(truth, p)
    assert model.attainable_share is not None
    assert model.attainable_share < 1.0


@pytest.mark.parametrize("p", [[0.1, 1.1], [-0.1, 0.5]])
def test_margins_are_not_probabilities(p: list[float]) -> None:
    with pytest.raises(PlanError, match="outside 0 to 1"):
        evaluate([0, 1], p, COST)
    with pytest.raises(PlanError, match="outside 0 to 1"):
        best_cutoff([0, 1], p, COST)


def test_certain_probabilities_are_finite() -> None:
    found = evaluate([0, 1, 1, 0], [0.0, 0.0, 1.0, 1.0], COST, resamples=20)
    assert np.isfinite(found.log_loss)
    assert found.brier == 0.5
    assert Evaluation.from_json(found.to_json()) == found
