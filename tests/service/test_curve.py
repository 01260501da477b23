"""The curve of cut-offs, against counting one by one."""

from itertools import pairwise

import numpy as np
import pytest

from aval.credit.policy import Cost
from aval.errors import OptionError
from aval.model.evaluation import cost_curve, row_costs
from aval.service.curve import curve

RNG = np.random.default_rng(5)
P = RNG.beta(1.2, 9.0, 700).round(3)
AMOUNTS = RNG.lognormal(12.0, 0.7, 700)


@pytest.mark.parametrize("cost", [Cost(), Cost(5.0, 1.0), Cost(20.0, 2.0)])
@pytest.mark.parametrize("amounts", [None, AMOUNTS])
def test_as_counted_one_by_one(cost: Cost, amounts: np.ndarray | None) -> None:
    weight = np.ones(len(P)) if amounts is None else amounts
    for point in curve(P, amounts, cost):
        kept = [(w, p) for w, p in zip(weight, P, strict=True) if p < point.cutoff]
        lost = [(w, p) for w, p in zip(weight, P, strict=True) if p >= point.cutoff]
        paid = sum(w * p * cost.accepted_defaulter for w, p in kept)
        paid += sum(w * (1 - p) * cost.refused_payer for w, p in lost)
        assert point.cost == pytest.approx(1000 * paid / weight.sum())
        assert point.approval_rate == pytest.approx(sum(w for w, _ in kept) / weight.sum())
        if kept:
            assert point.default_rate == pytest.approx(sum(w * p for w, p in kept) / sum(w for w, _ in kept))
        else:
            assert point.default_rate is None


@pytest.mark.parametrize("ratio", [5.0, 10.0, 20.0])
def test_calibrated_probabilities_cost_least_at_the_break_even(ratio: float) -> None:
    cost = Cost(ratio, 1.0)
    found = curve(P, AMOUNTS, cost)
    at = next(point for point in found if point.cutoff == cost.cutoff)
    assert at.cost == pytest.approx(min(point.cost for point in found))


def test_cut_offs_rise_and_so_do_approvals_and_their_defaults() -> None:
    found = curve(P, None, Cost())
    assert 100 < len(found) <= 200
    assert found[0].approval_rate == 0.0
    assert found[-1].approval_rate == 1.0
    for one, other in pairwise(found):
        assert one.cutoff < other.cutoff
        assert one.approval_rate <= other.approval_rate
        assert (one.default_rate or 0.0) <= (other.default_rate or 0.0) + 1e-12


def test_observed_outcomes_cost_what_the_evaluation_says() -> None:
    bad = (RNG.random(len(P)) < P).astype(float)
    cost = Cost()
    for point in curve(P, None, cost, outcomes=bad)[:-1]:
        assert point.cost == pytest.approx(1000 * row_costs(bad, P, cost, point.cutoff).mean())
    drawn = cost_curve(bad, P, cost)
    prices = {point.cutoff: point.cost for point in curve(P, None, cost, outcomes=bad, points=201)}
    shared = [(prices[x], y) for x, y in zip(drawn.x, drawn.y, strict=True) if x in prices]
    assert len(shared) > 100
    for one, other in shared:
        assert one == pytest.approx(other)


def test_nobody_gives_no_curve_and_nonsense_a_sentence() -> None:
    assert curve([], None, Cost()) == []
    assert curve([0.1], [0.0], Cost()) == []
    for probabilities, amounts in (([0.1, 0.2], [1.0]), ([1.2], None), ([0.1], [-5.0]), ([float("nan")], None)):
        with pytest.raises(OptionError):
            curve(probabilities, amounts, Cost())
