"""What decisions cost, against counting them one by one."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from aval.credit.policy import Cost
from aval.service.portfolio import By, Every, portfolio, stretch
from aval.service.views import Figures

RNG = np.random.default_rng(3)
SIZE = 300
DAYS = [f"{date(2026, 1, 1) + timedelta(days=int(day))}T10:00:00.000000Z" for day in RNG.integers(0, 400, SIZE)]


def figures(size: int = SIZE) -> Figures:
    p = RNG.beta(1.2, 9.0, SIZE).round(4)[:size]
    verdicts = np.array(["approve", "refer", "decline"])[RNG.integers(0, 3, SIZE)][:size]
    facts = tuple(
        {
            "contract": ("Cash loans", "Revolving loans", None)[index % 3],
            "income": ("Working", "Pensioner")[index % 2],
            "amount": (0.0, 45_000.0, 450_000.0, 1_000_000.0, 199_999.0)[index % 5],
        }
        for index in range(size)
    )
    return Figures(tuple(DAYS[:size]), verdicts, p, facts, ("1",) * size)


FIGURES = figures()


def segments_by_hand(names: list[str], cost: Cost) -> dict[str, tuple[int, float, float | None, float]]:
    groups: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for name, p, verdict in zip(names, FIGURES.probability.tolist(), FIGURES.verdict.tolist(), strict=True):
        groups[name].append((p, verdict))
    told = {}
    for name, rows in groups.items():
        approved = [p for p, verdict in rows if verdict == "approve"]
        paid = sum(p * cost.accepted_defaulter if p < cost.cutoff else (1 - p) * cost.refused_payer for p, _ in rows)
        risk = sum(approved) / len(approved) if approved else None
        told[name] = (len(rows), len(approved) / len(rows), risk, 1000 * paid / len(rows))
    return told


@pytest.mark.parametrize("by", ["contract", "income", "amount"])
@pytest.mark.parametrize("every", ["day", "week", "month"])
@pytest.mark.parametrize("cost", [Cost(), Cost(5.0, 1.0), Cost(20.0, 3.0)])
def test_segments_as_counted_one_by_one(by: By, every: Every, cost: Cost) -> None:
    found = portfolio(FIGURES, cost, by, every, weighted=False)
    bands = {0.0: "0", 45_000.0: "20000-50000", 450_000.0: "200000-500000", 1_000_000.0: "1000000-2000000",
             199_999.0: "100000-200000"}  # fmt: skip
    names = [bands[fact["amount"]] if by == "amount" else str(fact[by] or "") for fact in FIGURES.facts]
    for told, expected in (
        (found.segments, segments_by_hand(names, cost)),
        (found.over_time, segments_by_hand([stretch(at, every) for at in FIGURES.at], cost)),
    ):
        assert [segment.name for segment in told] == sorted(expected)
        for segment in told:
            count, rate, risk, paid = expected[segment.name]
            assert segment.applications == count == sum(segment.verdicts.values())
            assert segment.approval_rate == pytest.approx(rate)
            assert segment.expected_cost == pytest.approx(paid)
            assert segment.expected_default_rate == (None if risk is None else pytest.approx(risk))
    assert found.applications == SIZE
    assert found.verdicts == {one: FIGURES.verdict.tolist().count(one) for one in ("approve", "refer", "decline")}
    assert found.cutoff == cost.cutoff
    assert found.costs == {"accepted_defaulter": cost.accepted_defaulter, "refused_payer": cost.refused_payer}


@pytest.mark.parametrize("weighted", [True, False])
def test_the_curve_holds_the_policy_s_cut_off(weighted: bool) -> None:
    found = portfolio(FIGURES, Cost(), "contract", "day", weighted=weighted)
    (point,) = (one for one in found.curve if one.cutoff == Cost().cutoff)
    weights = [fact["amount"] if weighted else 1.0 for fact in FIGURES.facts]
    kept = sum(w for w, p in zip(weights, FIGURES.probability.tolist(), strict=True) if p < Cost().cutoff)
    assert point.approval_rate == pytest.approx(kept / sum(weights))
    assert found.weighted is weighted


def test_nobody_and_nothing_asked_for_have_no_curve() -> None:
    none = portfolio(figures(0), Cost(), "amount", "week", weighted=True)
    assert (none.applications, none.curve, none.segments, none.over_time) == (0, [], [], [])
    free = portfolio(figures(1), Cost(), "amount", "week", weighted=True)  # its amount is 0
    assert free.curve == []
    assert free.segments[0].name == "0"


@pytest.mark.parametrize(
    ("at", "every", "name"),
    [
        ("2026-11-25T23:59:59.999999Z", "day", "2026-11-25"),
        ("2026-11-25T00:00:00.000000Z", "week", "2026-11-23"),
        ("2026-11-23T00:00:00.000000Z", "week", "2026-11-23"),
        ("2026-11-22T23:59:59.999999Z", "week", "2026-11-16"),
        ("2027-01-01T00:00:00.000000Z", "week", "2026-12-28"),
        ("2027-01-01T00:00:00.000000Z", "month", "2027-01"),
    ],
)
def test_a_stretch_of_time_is_named_by_its_first_day(at: str, every: Any, name: str) -> None:
    assert stretch(at, every) == name


@pytest.mark.parametrize(
    ("amount", "name"),
    [(0.0, "0"), (0.01, "0"), (1.99, "1-2"), (2.0, "2-5"), (5.0, "5-10"), (9.999, "5-10"), (10.0, "10-20"),
     (999_999.0, "500000-1000000"), (1_000_000.0, "1000000-2000000")],
)  # fmt: skip
def test_amounts_stand_between_round_numbers(amount: float, name: str) -> None:
    at, verdict, p = ("2026-11-25T00:00:00.000000Z",), np.array(["approve"]), np.array([0.1])
    found = portfolio(Figures(at, verdict, p, ({"amount": amount},), ("1",)), Cost(), "amount", "day", weighted=False)
    assert [segment.name for segment in found.segments] == [name]


def test_weighted_segments_count_each_application_by_its_amount() -> None:
    found = Figures(
        at=("2026-11-25T10:00:00.000000Z",) * 3,
        verdict=np.array(["approve", "approve", "decline"]),
        probability=np.array([0.02, 0.05, 0.5]),
        facts=(
            {"contract": "A", "amount": 100.0},
            {"contract": "A", "amount": 300.0},
            {"contract": "A", "amount": 600.0},
        ),
        model=("1",) * 3,
    )
    (plain,) = portfolio(found, Cost(10.0, 1.0), "contract", "day", weighted=False).segments
    (heavy,) = portfolio(found, Cost(10.0, 1.0), "contract", "day", weighted=True).segments
    assert plain.approval_rate == pytest.approx(2 / 3)
    assert heavy.approval_rate == pytest.approx(0.4)
    assert plain.expected_default_rate == pytest.approx(0.035)
    assert heavy.expected_default_rate == pytest.approx((0.02 * 100 + 0.05 * 300) / 400)
    assert plain.expected_cost == pytest.approx(1000 * (0.2 + 0.5 + 0.5) / 3)
    assert heavy.expected_cost == pytest.approx(0.2 * 100 + 0.5 * 300 + 0.5 * 600)
