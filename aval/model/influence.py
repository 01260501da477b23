"""What the served model leans on, over all applicants: contributions, and what its decisions lose without.

Contributions are shares of the calibrated log-odds of reference rows. Permutation (Breiman 2001,
doi:10.1023/A:1010933404324) deals the values of a feature, a theme or a source table out anew among
applicants of the test part, all its columns together, and asks what that costs at the policy's cut-off:
a strong contribution that changes no decision costs nothing. Two features that say the same stand in
for each other, so each alone costs little; their theme does not hide it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.credit.policy import Cost
from aval.errors import RegistryError
from aval.features.feature import SOURCES, FeatureSet
from aval.model.encoding import Matrix
from aval.model.evaluation import PER, row_costs
from aval.model.explanation import grouped, summed
from aval.model.model import Model
from aval.model.ranking import auc

ROWS: Final = 10_000
"""At most so many applicants of the test part are dealt anew: a scoring of a row takes some 50 microseconds."""
REPEATS: Final = 3
SINGLE: Final = 50
"""So many features, the strongest by contribution, are permuted one by one and told in words."""
DEPENDENCE: Final = 20
"""So many are shown value by value."""
SEVERAL: Final = "several"
"""The table of what holds one against another."""

_FINE: Final = 16
_COARSE: Final = 5
_LEVELS: Final = 8
"""A category's levels beyond the most frequent are taken together."""
OTHERS: Final = "…"

_AT_ONCE: Final = 2_000
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation over the repeats: how much the dealing matters, not the choice of applicants."""

    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Weight:
    """What a feature, a theme or a source table weighs."""

    contribution: float
    """Mean absolute contribution, of the sum over its features: what they say against each other cancels out."""
    gain: float
    """The form's own measure in training; 0 where it has none."""
    split: float
    """How often it divides applicants, a blend's as a share; 0 where the form has none."""
    cost: Spread | None = None
    """By how much 1000 applicants are dearer once it is permuted; None where that was not measured."""
    auc: Spread | None = None
    """By how much the AUC falls."""


class Bin(NamedTuple):
    """Applicants of like value, and the quantiles of what the feature adds to their log-odds."""

    value: float | str | None
    """The median of a number, the level of a category, None for missing."""
    rows: int
    low: float
    """5 %; then 25, 50, 75 and 95."""
    lower: float
    middle: float
    upper: float
    high: float


@dataclass(frozen=True, slots=True)
class Meaning:
    """A feature in words, as it was defined on the day of training."""

    fr: str
    en: str
    unit: str


@dataclass(frozen=True, slots=True)
class Influence:
    """All of it, stored with the model as `importance.json`; every mapping the weightiest first."""

    features: Mapping[str, Weight]
    themes: Mapping[str, Weight]
    tables: Mapping[str, Weight]
    explained: int
    """Reference rows whose contributions these are."""
    rows: int
    """Applicants of the test part among whom values were dealt anew."""
    repeats: int
    cutoff: float
    cost: float
    """Per 1000 of these applicants, nothing permuted."""
    auc: float
    meanings: Mapping[str, Meaning]
    """Of the strongest features."""
    summary: Mapping[str, tuple[Bin, ...]]
    """A few bins of every feature that contributes at all."""
    dependence: Mapping[str, tuple[Bin, ...]]
    """Many of the strongest."""

    def to_json(self) -> str:
        """Everything, every float to the last bit."""
        return json.dumps(asdict(self), allow_nan=False, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def of(cls, model: Model) -> "Influence":
        """What was stored with a model.

        Raises:
            RegistryError: it was trained by code that measured less.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_python(model.importance())
        except ValidationError:
            raise RegistryError("the model was trained before its influence was measured", "train it again") from None


def measure(
    model: Model,
    explained: pl.DataFrame,
    test: Iterable[pl.DataFrame],
    target: Matrix,
    cost: Cost,
    *,
    seed: int = 0,
    threads: int = 1,
) -> Influence:
    """The influence of everything in a stored and reloaded model; the number of threads changes no digit.

    Args:
        model: the one that will decide.
        explained: reference rows to explain.
        test: the test part's features, frame by frame in the order of `target`.
        target: 1 = defaulted.
        cost: of the policy.
        seed: of the draw of applicants and of the dealing.
        threads: to explain and to score with.
    """
    matrix = model.matrix(explained)
    contributions = model.contributions(matrix, threads)[:, :-1]
    labels = {"themes": [used.theme for used in model.used], "tables": [table(name) for name in model.features]}
    found = {"features": _weights(model, contributions, model.features)}
    found |= {kind: _weights(model, contributions, names) for kind, names in labels.items()}
    strongest = list(found["features"])[:SINGLE]
    columns = {("features", name): [model.features.index(name)] for name in strongest}
    for kind, names in labels.items():
        for name in found[kind]:
            columns[kind, name] = [place for place, label in enumerate(names) if label == name]
    dealt = _Dealt.of(model, test, target, cost, seed, threads)
    for (kind, name), (dearer, blinder) in zip(columns, dealt.spreads(list(columns.values())), strict=True):
        known = found[kind][name]
        found[kind][name] = Weight(known.contribution, known.gain, known.split, dearer, blinder)
    where = {name: place for place, name in enumerate(model.features)}

    def bins(name: str, most: int) -> tuple[Bin, ...]:
        place = where[name]
        return _bins(matrix[:, place], contributions[:, place], model.encoding.levels.get(name), most)

    return Influence(
        **found,
        explained=len(matrix),
        rows=len(dealt.target),
        repeats=REPEATS,
        cutoff=cost.cutoff,
        cost=dealt.cost_now,
        auc=dealt.auc_now,
        meanings=_meanings(strongest),
        summary={name: bins(name, _COARSE) for name, weight in found["features"].items() if weight.contribution},
        dependence={name: bins(name, _FINE) for name in strongest[:DEPENDENCE]},
    )


def table(feature: str) -> str:
    """The raw table a feature is measured on, by the first word of its name."""
    source = feature.partition("_")[0]
    return SEVERAL if source == "across" else SOURCES[source]


def _weights(model: Model, contributions: Matrix, labels: Sequence[str]) -> dict[str, Weight]:
    """By label, the weightiest first; equal weights by name."""
    gain, split = model.scorer.importance("gain"), model.scorer.importance("split")
    names, groups = grouped(labels)
    size = np.abs(summed(contributions, groups, len(names))).mean(axis=0)
    found = {
        name: Weight(float(size[k]), float(gain[groups == k].sum()), float(split[groups == k].sum()))
        for k, name in enumerate(names)
    }
    return dict(sorted(found.items(), key=lambda entry: (-entry[1].contribution, entry[0])))


@dataclass(frozen=True, slots=True)
class _Dealt:
    """Applicants of the test part, and the orders in which values are dealt out anew: the same for every feature."""

    model: Model
    matrix: Matrix
    target: Matrix
    cost: Cost
    orders: tuple[Places, ...]
    threads: int
    cost_now: float
    auc_now: float

    @classmethod
    def of(
        cls, model: Model, test: Iterable[pl.DataFrame], target: Matrix, cost: Cost, seed: int, threads: int
    ) -> "_Dealt":
        rng = np.random.default_rng(seed)
        drawn = _drawn(target, rng)
        parts, start = [], 0
        for frame in test:
            inside = drawn[(drawn >= start) & (drawn < start + frame.height)] - start
            parts.append(model.encoding.filled(model.matrix(frame[inside])))
            start += frame.height
        matrix, bad = np.concatenate(parts), target[drawn]
        orders = tuple(rng.permutation(len(bad)) for _ in range(REPEATS))
        made = cls(model, matrix, bad, cost, orders, threads, 0.0, 0.0)
        now = made.judged([], np.arange(len(bad)))
        return cls(model, matrix, bad, cost, orders, threads, *now)

    def judged(self, columns: Sequence[int], order: Places) -> tuple[float, float]:
        """Cost per 1000 and AUC once these columns are in that order."""
        margins = []
        for start in range(0, len(order), _AT_ONCE):
            block = self.matrix[start : start + _AT_ONCE].copy()
            block[:, columns] = self.matrix[order[start : start + _AT_ONCE, None], columns]
            margins.append(self.model.scorer.margin(block))
        probability = self.model.calibration.probability(np.concatenate(margins))
        paid = row_costs(self.target, probability, self.cost)
        return PER * float(paid.mean()), auc(self.target, probability).value

    def spreads(self, groups: Sequence[Sequence[int]]) -> list[tuple[Spread, Spread]]:
        """Rise in cost and fall in AUC of each group of columns."""
        tasks = [(columns, order) for columns in groups for order in self.orders]
        with ThreadPoolExecutor(self.threads) as pool:
            judged = np.array(list(pool.map(lambda task: self.judged(*task), tasks)))
        changes = (judged - (self.cost_now, self.auc_now)).reshape(len(groups), len(self.orders), 2)
        return [(_spread(change[:, 0]), _spread(-change[:, 1])) for change in changes]


def _drawn(target: Matrix, rng: np.random.Generator) -> Places:
    """At most ROWS places in order, defaulters and payers in the share they have."""
    if len(target) <= ROWS:
        return np.arange(len(target))
    bad, good = np.flatnonzero(target == 1.0), np.flatnonzero(target == 0.0)
    wanted = max(1, round(ROWS * len(bad) / len(target)))
    return np.sort(np.concatenate([rng.permutation(bad)[:wanted], rng.permutation(good)[: ROWS - wanted]]))


def _spread(values: Matrix) -> Spread:
    # Without the sum's own rounding, so that no change at all stays exactly none.
    return Spread(float(values.mean()) + 0.0, float(values.std(ddof=1)))


def _bins(values: Matrix, contributions: Matrix, levels: Sequence[str] | None, most: int) -> tuple[Bin, ...]:
    """Contributions by value: equal shares of the numbers, or the frequent levels; missing last."""
    known = ~np.isnan(values)
    found = []
    if levels is not None:
        counts = np.bincount(values[known].astype(np.int64), minlength=len(levels))
        shown = [int(code) for code in np.argsort(-counts, kind="stable")[:_LEVELS] if counts[code]]
        found = [_bin(levels[code], contributions[values == code]) for code in shown]
        rest = known & ~np.isin(values, shown)
        if rest.any():
            found.append(_bin(OTHERS, contributions[rest]))
    elif known.any():
        numbers = values[known]
        distinct = np.unique(numbers)
        cuts = np.unique(np.quantile(numbers, np.linspace(0.0, 1.0, most + 1)[1:-1]))
        places = np.searchsorted(distinct if len(distinct) <= most else cuts, numbers, side="left")
        for place in np.unique(places):
            inside = places == place
            found.append(_bin(_short(np.median(numbers[inside])), contributions[known][inside]))
    if not known.all():
        found.append(_bin(None, contributions[~known]))
    return tuple(found)


def _bin(value: float | str | None, contributions: Matrix) -> Bin:
    return Bin(value, len(contributions), *(_short(one) for one in np.quantile(contributions, _QUANTILES)))


def _short(value: float) -> float:
    """Six digits: what is drawn needs no more, and there are thousands."""
    return float(f"{value:.6g}")


def _meanings(names: Sequence[str]) -> dict[str, Meaning]:
    return {one.name: Meaning(one.fr, one.en, one.unit) for one in FeatureSet.named(names)}
