"""What a model leans on: what it never uses weighs nothing, what is told adds up, the same seed tells the same."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aval.credit.policy import Cost
from aval.errors import RegistryError
from aval.model import artefact, influence
from aval.model.calibration import log_odds
from aval.model.evaluation import row_costs
from aval.model.explanation import grouped, summed
from aval.model.influence import OTHERS, SEVERAL, Bin, Influence, measure, table
from aval.model.model import IMPORTANCE, Model
from aval.model.ranking import auc
from tests.model.small import always, frame, model

COST = Cost(accepted_defaulter=3.0, refused_payer=1.0)
MADE = model()
EXPLAINED = frame(400, 5).drop("SK_ID_CURR")
TEST = frame(600, 6)
PROBABILITY = MADE.probability(MADE.matrix(TEST))
TARGET = (np.random.default_rng(8).random(600) < PROBABILITY).astype(np.float64)
FOUND = measure(MADE, EXPLAINED, [TEST[:250], TEST[250:]], TARGET, COST, seed=3)


def column(name: str) -> np.ndarray:
    return MADE.matrix(EXPLAINED)[:, MADE.features.index(name)]


def test_a_feature_the_model_never_uses_weighs_nothing_and_costs_nothing() -> None:
    split = dict(zip(MADE.features, MADE.scorer.importance("split"), strict=True))
    unused = [name for name in MADE.features if not split[name]]
    assert unused, "the small model uses every feature: give it one it cannot"
    for name in unused:
        weight = FOUND.features[name]
        assert (weight.contribution, weight.gain, weight.split) == (0.0, 0.0, 0)
        assert weight.cost == weight.auc == influence.Spread(0.0, 0.0)
        assert name not in FOUND.summary
    used = FOUND.features[always().name]
    assert next(iter(FOUND.features)) == always().name
    assert used.cost is not None
    assert used.auc is not None
    assert used.cost.mean > 3.0 * used.cost.deviation > 0.0
    assert used.auc.mean > 0.05


def test_grouped_contributions_add_up_to_the_log_odds() -> None:
    rows = MADE.matrix(EXPLAINED)
    found = MADE.contributions(rows)
    for labels in ([one.theme for one in MADE.used], [table(name) for name in MADE.features]):
        names, places = grouped(labels)
        sums = summed(found[:, :-1], places, len(names))
        assert sums.sum(axis=1) + found[:, -1] == pytest.approx(log_odds(MADE.probability(rows)), abs=1e-9)
        told = FOUND.themes if set(names) == set(FOUND.themes) else FOUND.tables
        assert {name: weight.contribution for name, weight in told.items()} == pytest.approx(
            dict(zip(names, np.abs(sums).mean(axis=0), strict=True))
        )


def test_gains_and_splits_are_shared_out_whole_and_the_weightiest_is_first() -> None:
    parts = (FOUND.features, FOUND.themes, FOUND.tables)
    assert [sum(weight.split for weight in part.values()) for part in parts] == [
        MADE.scorer.importance("split").sum()
    ] * 3
    assert {round(sum(weight.gain for weight in part.values()), 6) for part in parts} == {
        round(float(MADE.scorer.importance("gain").sum()), 6)
    }
    for part in parts:
        weights = [weight.contribution for weight in part.values()]
        assert weights == sorted(weights, reverse=True)


def test_what_is_measured_is_the_stored_decisions_cost_and_the_permuted_ones() -> None:
    """The long way round, for the theme of the strongest feature: whole columns, moved together."""
    assert FOUND.cost == pytest.approx(1000.0 * row_costs(TARGET, PROBABILITY, COST).mean())
    assert FOUND.auc == auc(TARGET, PROBABILITY).value
    theme = next(used.theme for used in MADE.used if used.name == always().name)
    places = [place for place, used in enumerate(MADE.used) if used.theme == theme]
    rng = np.random.default_rng(3)
    changes = []
    for _ in range(FOUND.repeats):
        order = rng.permutation(len(TARGET))
        rows = MADE.matrix(TEST)
        rows[:, places] = rows[order][:, places]
        changes.append(1000.0 * row_costs(TARGET, MADE.probability(rows), COST).mean() - FOUND.cost)
    measured = FOUND.themes[theme].cost
    assert measured is not None
    assert (measured.mean, measured.deviation) == pytest.approx((np.mean(changes), np.std(changes, ddof=1)))


def test_the_same_seed_gives_the_same_bytes_however_many_threads_and_frames() -> None:
    again = measure(MADE, EXPLAINED, [TEST], TARGET, COST, seed=3, threads=2)
    assert again.to_json() == FOUND.to_json()
    other = measure(MADE, EXPLAINED, [TEST], TARGET, COST, seed=4)
    assert other.features[always().name].cost != FOUND.features[always().name].cost
    assert other.dependence == FOUND.dependence


def test_a_large_test_part_is_sampled_with_its_share_of_defaulters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influence, "ROWS", 200)
    found = measure(MADE, EXPLAINED, [TEST[:7], TEST[7:]], TARGET, COST, seed=3)
    assert found.rows == 200
    (drawn,) = {len(set(places.tolist())) for places in [influence._drawn(TARGET, np.random.default_rng(0))]}
    assert drawn == 200
    assert TARGET[influence._drawn(TARGET, np.random.default_rng(0))].mean() == pytest.approx(TARGET.mean(), abs=0.003)


def test_only_the_strongest_are_permuted_alone_and_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influence, "SINGLE", 3)
    monkeypatch.setattr(influence, "DEPENDENCE", 2)
    found = measure(MADE, EXPLAINED, [TEST], TARGET, COST, seed=3)
    strongest = list(FOUND.features)
    assert [name for name, weight in found.features.items() if weight.cost is not None] == strongest[:3]
    assert list(found.meanings) == strongest[:3]
    assert list(found.dependence) == strongest[:2]
    assert all(weight.cost is not None for weight in (*found.themes.values(), *found.tables.values()))


def test_bins_hold_every_row_once_in_order_with_missing_apart() -> None:
    shown = {**FOUND.summary, **FOUND.dependence}
    assert shown
    for name, bins in shown.items():
        values = column(name)
        assert sum(one.rows for one in bins) == len(values)
        blank = [one.rows for one in bins if one.value is None]
        assert sum(blank) == np.isnan(values).sum()
        assert len(blank) <= 1
        numbers = [one.value for one in bins if isinstance(one.value, float)]
        assert numbers == sorted(set(numbers))
        levels = [one.value for one in bins if isinstance(one.value, str)]
        assert set(levels) <= {*MADE.encoding.levels.get(name, ()), OTHERS}
        for one in bins:
            assert one.low <= one.lower <= one.middle <= one.upper <= one.high


def test_rare_levels_are_taken_together_and_few_values_stand_alone() -> None:
    codes = np.repeat(np.arange(12.0), [30] * 8 + [2] * 4)
    bins = influence._bins(codes, codes, [f"level {code}" for code in range(12)], 5)
    assert [(one.value, one.rows) for one in bins] == [*((f"level {code}", 30) for code in range(8)), (OTHERS, 8)]
    assert influence._bins(np.array([0.0, 1.0, 1.0]), np.array([-1.0, 2.0, 2.0]), None, 5) == (
        Bin(0.0, 1, -1.0, -1.0, -1.0, -1.0, -1.0),
        Bin(1.0, 2, 2.0, 2.0, 2.0, 2.0, 2.0),
    )
    nothing = np.full(4, np.nan)
    assert [(one.value, one.rows) for one in influence._bins(nothing, np.zeros(4), None, 5)] == [(None, 4)]


def test_a_form_without_gain_is_measured_like_any_other() -> None:
    linear = replace(MADE, scorer=_Linear(MADE.features.index(always().name), len(MADE.features)))  # type: ignore[arg-type]
    found = measure(linear, EXPLAINED, [TEST], TARGET, COST, seed=3)
    assert list(found.summary) == [always().name]
    assert {weight.gain for weight in found.features.values()} == {0.0}
    others = [weight.cost for name, weight in found.features.items() if name != always().name and weight.cost]
    assert {(cost.mean, cost.deviation) for cost in others} == {(0.0, 0.0)}


class _Linear:
    """One coefficient: the simplest scorer there is."""

    def __init__(self, place: int, features: int) -> None:
        self._place, self._features = place, features

    def margin(self, matrix: np.ndarray, size: int | None = None) -> np.ndarray:
        return np.asarray(2.0 * matrix[:, self._place])

    def contributions(self, matrix: np.ndarray, threads: int = 1) -> np.ndarray:
        found = np.zeros((len(matrix), self._features + 1))
        found[:, self._place] = self.margin(matrix)
        return found

    def importance(self, kind: str) -> np.ndarray:
        return np.zeros(self._features)


def test_it_is_stored_with_the_model_and_read_back_whole(tmp_path: Path) -> None:
    (tmp_path / IMPORTANCE).write_text(FOUND.to_json())
    MADE.save(tmp_path)
    assert Influence.of(Model.load(tmp_path)) == FOUND
    # What another release stored is said, not guessed at.
    artefact.write(tmp_path / IMPORTANCE, {"features": json.loads(FOUND.to_json())["features"]})
    MADE.save(tmp_path)
    with pytest.raises(RegistryError, match="trained before its influence was measured; train it again"):
        Influence.of(Model.load(tmp_path))


def test_a_measure_belongs_to_the_table_its_name_begins_with() -> None:
    assert table("external_score_mean") == "application"
    assert table("instalments_late_days_max_365d") == "installments_payments"
    assert table("across_dues_income_ratio") == SEVERAL


def test_meanings_are_those_of_the_day_of_training() -> None:
    name = always().name
    assert FOUND.meanings[name] == influence.Meaning(always().fr, always().en, always().unit)
    assert isinstance(EXPLAINED, pl.DataFrame)
