"""Which model to choose, on drawn cases: every figure in the sentence is one that was given."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aval.model.advice import FEW, Advice, Contender, Gap, advise
from aval.model.interval import Interval
from aval.model.ranking import Comparison

PLAIN = Contender(
    name="plain",
    champion=False,
    cost=Interval(540.0, 500.0, 580.0),
    idle=Interval(-300.0, -350.0, -250.0),
    slope=Interval(1.0, 0.9, 1.1),
    cheapest=0.1,
    elsewhere=530.0,
    features=700,
    size=300,
    parts="trees",
)
CHAMPION = replace(PLAIN, name="crowned", champion=True)
CHEAP = replace(PLAIN, name="cheap", cost=Interval(512.0, 470.0, 550.0), cheapest=0.87, elsewhere=505.0)


def gaps(half: float, p: float = 0.4, *contenders: Contender) -> Callable[[str, str], Gap]:
    """Differences of the contenders' own costs, give or take `half`."""
    costs = {c.name: c.cost.value for c in contenders}

    def gap(one: str, other: str) -> Gap:
        value = costs[one] - costs[other]
        return Gap(Interval(value, value - half, value + half), Comparison(Interval(0.01, -0.02, 0.04), p))

    return gap


def said(half: float, *contenders: Contender, p: float = 0.4, defaulters: int = 900) -> Advice:
    return advise(contenders, gaps(half, p, *contenders), defaulters=defaulters)


def test_a_clear_winner_is_chosen_over_the_champion_with_its_figures() -> None:
    found = said(12.0, CHAMPION, CHEAP, p=0.03)
    assert found.choose == "cheap"
    assert "Choose cheap: it costs 512 per 1000, 28 (16 to 40) less than the champion crowned (AUC p = 0.03)" in (
        found.sentence
    )
    assert "cheap was the cheapest of 2 in 87 % of 1,000 resamplings" in found.sentence
    assert "cross-validation on the other rows puts it first too" in found.sentence


def test_a_lead_that_may_be_chance_leaves_the_champion() -> None:
    found = said(40.0, CHAMPION, CHEAP)
    assert found.choose == "crowned"
    assert "the cheapest, cheap, costs 28 (-12 to 68) less, which may be chance (AUC p = 0.4)" in found.sentence
    assert "10 % of 1,000 resamplings" in found.sentence
    assert "puts cheap first" in found.sentence


def test_what_the_policy_bars_is_never_chosen() -> None:
    barred = replace(CHEAP, name="nosy", cost=Interval(490.0, 450.0, 530.0), barred=("family", "sex"))
    found = said(5.0, CHAMPION, CHEAP, barred)
    assert found.choose == "cheap"
    assert "nosy (490) costs less, but looks at family and sex, which the policy bars." in found.sentence
    kept = said(5.0, replace(barred, champion=True), CHEAP)
    assert kept.choose == "cheap"
    assert "the champion nosy looks at family and sex, which the policy bars" in kept.sentence
    assert "no longer calibrated" not in kept.sentence
    alone = said(5.0, barred)
    assert alone.choose is None
    assert alone.sentence == "Choose none of these: they look at family and sex, which the policy bars."


def test_a_champion_that_costs_least_stays() -> None:
    found = said(5.0, replace(CHAMPION, cost=Interval(500.0, 460.0, 540.0)), CHEAP)
    assert found.choose == "crowned"
    assert found.sentence.startswith("Keep the champion crowned: it costs 500 per 1000, the least")


def test_the_surest_saving_is_chosen_where_the_largest_may_be_chance() -> None:
    wild = replace(CHEAP, name="wild", cost=Interval(505.0, 400.0, 600.0))
    everyone = (CHAMPION, CHEAP, wild)
    narrow, wide = gaps(12.0, 0.01, *everyone), gaps(99.0, 0.3, *everyone)
    found = advise(
        everyone, lambda one, other: (wide if "wild" in (one, other) else narrow)(one, other), defaulters=900
    )
    assert found.choose == "cheap"


def test_a_simpler_one_within_the_noise_is_named_with_its_price_and_its_size() -> None:
    card = replace(PLAIN, name="card", features=20, size=120, parts="characteristics")
    few = replace(PLAIN, name="few", cost=Interval(515.0, 480.0, 550.0), size=40)
    found = said(30.0, CHEAP, card, few)
    assert found.choose == "cheap"
    assert "few is not distinguishable from it (3.0 (-27 to 33) more; AUC p = 0.4) and is simpler: 40 trees" in (
        found.sentence
    )
    assert "card is not distinguishable from it (28 (-2.0 to 58) more" in found.sentence
    assert "120 characteristics on 20 features, not 300 trees on 700" in found.sentence
    assert "card" not in said(20.0, CHEAP, card, few).sentence


def test_equals_are_not_ranked_by_their_names() -> None:
    twins = [replace(CHEAP, name=name, cheapest=0.5) for name in ("b", "a")]
    found = said(0.0, CHAMPION, *twins)
    assert found.choose in ("a", "b")
    assert "One cannot be told from it in cost." in found.sentence
    assert "50 % of 1,000 resamplings" in found.sentence
    alike = replace(CHEAP, name="new", cost=CHAMPION.cost)
    assert said(0.0, alike, CHAMPION).choose == "crowned"


def test_one_candidate_is_held_against_deciding_without_a_model() -> None:
    found = said(10.0, CHEAP)
    assert found.choose == "cheap"
    assert found.sentence == "Choose cheap: it costs 512 per 1000, 300 (250 to 350) less than deciding without a model."
    assert said(10.0, CHAMPION).sentence.startswith("Keep the champion crowned: it costs 540 per 1000, 300 (")


def test_without_a_champion_the_next_one_is_the_measure() -> None:
    found = said(12.0, PLAIN, CHEAP)
    assert found.choose == "cheap"
    assert "28 (16 to 40) less than the next, plain" in found.sentence
    assert "the champion is not among them" in found.sentence


def test_what_saves_nothing_or_cannot_be_believed_is_not_chosen() -> None:
    idle = replace(CHEAP, idle=Interval(-3.0, -20.0, 12.0))
    assert said(5.0, idle).choose is None
    assert "3.0 (-12 to 20) less than deciding without a model, which may be chance" in said(5.0, idle).sentence
    bent = replace(CHEAP, name="bent", slope=Interval(0.6, 0.5, 0.7))
    found = said(5.0, bent, CHAMPION)
    assert found.choose == "crowned"
    assert "bent costs less (512), but the gates would refuse its calibration slope (0.60)" in found.sentence
    assert said(5.0, bent, replace(PLAIN, slope=None)).choose is None
    assert advise((), gaps(1.0), defaulters=0).choose is None


def test_a_champion_out_of_calibration_does_not_stay() -> None:
    found = said(40.0, replace(CHAMPION, slope=Interval(0.5, 0.4, 0.6)), CHEAP)
    assert found.choose == "cheap"
    assert "crowned is no longer calibrated" in found.sentence


def test_few_defaulters_are_said_to_be_few() -> None:
    assert f"{FEW - 1} defaulters are few" in said(5.0, CHEAP, CHAMPION, defaulters=FEW - 1).sentence
    assert "few" not in said(5.0, CHEAP, CHAMPION, defaulters=FEW).sentence


@pytest.mark.parametrize(
    ("one", "other", "simpler"),
    [
        ({"size": 100}, {}, True),
        ({"features": 10, "size": 400}, {}, False),
        ({}, {}, False),
        ({"parts": "coefficients", "features": 900, "size": 9000}, {}, True),
        ({}, {"parts": "characteristics"}, False),
        ({"parts": "models", "features": 10, "size": 2}, {}, False),
        ({}, {"parts": "models", "size": 2}, True),
        ({"parts": "rules", "features": 10}, {}, True),
    ],
)
def test_simpler_is_an_order(one: dict[str, object], other: dict[str, object], simpler: bool) -> None:
    first, second = replace(PLAIN, **one), replace(PLAIN, **other)  # type: ignore[arg-type]
    assert first.simpler(second) is simpler
    assert not (first.simpler(second) and second.simpler(first))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_the_order_of_the_rows_and_a_shut_gate_are_respected(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = [
        replace(
            PLAIN,
            name=f"m{k}",
            champion=k == 0 and bool(rng.integers(2)),
            cost=Interval(value, value - 30.0, value + 30.0),
            slope=Interval(slope, slope - 0.1, slope + 0.1),
        )
        for k, (value, slope) in enumerate(zip(rng.uniform(400, 700, count), rng.uniform(0.5, 1.5, count), strict=True))
    ]
    gap = gaps(float(rng.uniform(0, 100)), 0.2, *drawn)
    found = {advise(order, gap, defaulters=500) for order in itertools.permutations(drawn)}
    assert len(found) == 1
    name = found.pop().choose
    chosen = next((c for c in drawn if c.name == name), None)
    assert (chosen is None) == (not any(c.calibrated(0.2) for c in drawn))
    if chosen is not None:
        assert chosen.calibrated(0.2)
        champion = next((c for c in drawn if c.champion), None)
        if champion and champion.calibrated(0.2) and chosen is not champion:
            assert gap(chosen.name, champion.name).cost.high < 0.0


def test_forms_that_are_read_feature_by_feature_are_called_what_they_call_their_parts() -> None:
    from aval.model.additive import Additive
    from aval.model.advice import READABLE
    from aval.model.linear import Linear
    from aval.model.scorecard import Scorecard

    assert {form.parts for form in (Linear, Scorecard, Additive)} == READABLE
