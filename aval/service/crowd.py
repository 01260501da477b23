"""The applicants a model learned from, to see one of them beside: never fewer than ten together."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from threading import Lock
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.errors import FeatureError
from aval.model.calibration import sigmoid
from aval.model.evaluation import Histogram
from aval.model.influence import OTHERS
from aval.model.interval import Floats
from aval.model.model import Model
from aval.service.answer import Answer

FEWEST: Final = 10
"""A bar or a level of fewer applicants is taken together with others."""
ALIKE: Final = ("application_contract_type_category", "application_income_type_category")
"""What similar applicants have in common, where the model looks at it: the kind of credit and of income."""

_BARS: Final = 40
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_EDGES: Final = (0.01, 0.99)
_AT_ONCE: Final = 2_000

Flags = npt.NDArray[np.bool_]


class Quantiles(Answer):
    """Of the known values."""

    p05: float
    """5 % lie at or below it."""
    p25: float
    """A quarter."""
    p50: float
    """Half: the median."""
    p75: float
    """Three quarters."""
    p95: float
    """95 %."""


class Bar(Answer):
    """One bar of a histogram. The first and the last also hold what lies beyond them."""

    low: float
    """Lower edge."""
    high: float
    """Upper edge."""
    share: float
    """Of the known values."""
    density: float
    """Share over width: the height of a bar whose area is its share."""


class Level(Answer):
    """One level of a category."""

    level: str
    """As it is written in data; `…` for all those too rare to be shown."""
    share: float
    """Of the known values."""


class Distribution(Answer):
    """How one feature is spread over applicants."""

    name: str
    """Of the feature."""
    kind: Literal["number", "category"]
    """Bars for a number, levels for a category."""
    applicants: int
    """How many there are."""
    missing: float
    """Share of them whose value is not known."""
    quantiles: Quantiles | None
    """Of a number; null where fewer than ten values are known."""
    bars: tuple[Bar, ...]
    """Of a number, from below."""
    levels: tuple[Level, ...]
    """Of a category, the most frequent first."""


class ScoreBar(Answer):
    """Applicants of the test part with like probability of default."""

    low: float
    """Lower edge of the probability."""
    high: float
    """Upper edge."""
    payers: float
    """Share of all good payers per unit of probability."""
    defaulters: float
    """Share of all defaulters per unit of probability."""


class Beside(Answer):
    """One feature of one applicant beside all and beside similar ones."""

    name: str
    """Of the feature."""
    value: float | str | None
    """The applicant's; null where it is not known."""
    rank: float | None
    """Share of all known values that lie below, ties counting half; null for a category or an unknown value."""
    rank_similar: float | None
    """The same among similar applicants."""
    everyone: Distribution
    """Over all applicants the model learned from (20,000 at most)."""
    similar: Distribution
    """Over those most like this one."""


class Company(Answer):
    """One applicant beside others."""

    alike: tuple[str, ...]
    """Features that the similar applicants share with this one exactly."""
    applicants: int
    """How many similar ones there are."""
    lowest: float
    """The least probability of default among them."""
    highest: float
    """The greatest."""
    features: tuple[Beside, ...]
    """In the order asked for."""


class Crowd:
    """A model's reference rows, read column by column and scored once."""

    def __init__(self, model: Model) -> None:
        """Nothing is read before it is asked for; `log_odds` takes a second and is kept."""
        self._model = model
        self._lock = Lock()
        self._known: dict[str, Distribution] = {}

    @cached_property
    def log_odds(self) -> Floats:
        """Calibrated log-odds of every reference row, shape (n,)."""
        rows = self._model.reference(self._model.features)
        parts = [
            self._model.calibration.logit(self._model.margin(self._model.matrix(rows[start : start + _AT_ONCE])))
            for start in range(0, rows.height, _AT_ONCE)
        ]
        return np.concatenate(parts)

    def distributions(self, names: Sequence[str]) -> list[Distribution]:
        """Of these features over all reference rows, in this order.

        Raises:
            FeatureError: the model does not use one of them.
        """
        self._check(names)
        with self._lock:
            asked = [name for name in dict.fromkeys(names) if name not in self._known]
            for column in self._model.reference(asked).get_columns() if asked else ():
                self._known[column.name] = spread(column)
            return [self._known[name] for name in names]

    def similar(self, row: pl.DataFrame, names: Sequence[str], k: int = 200) -> Company:
        """One applicant's row of features beside all, and beside the `k` reference rows most like it.

        Most like it: of the same kind of credit and the same kind of income where the model looks at them, and
        of these the nearest in calibrated log-odds. Where fewer than `k` are of both kinds, the kind of income is
        let go, then the kind of credit. So one sees what sets an applicant apart from others of the same risk.

        Raises:
            FeatureError: a feature that the model does not use, or a row that is not one row of its features.
        """
        self._check(names)
        if row.height != 1:
            raise FeatureError(f"{row.height:,} rows of features were given", "give the row of one applicant")
        model = self._model
        mine = float(model.calibration.logit(model.margin(model.matrix(row)))[0])
        alike, inside = self._alike(row, k)
        places = np.flatnonzero(inside)
        near = places[np.argsort(np.abs(self.log_odds[places] - mine), kind="stable")[:k]]
        everyone = self.distributions(names)
        columns = model.reference(list(dict.fromkeys(names)))
        chosen = columns[np.sort(near)]
        chances = sigmoid(self.log_odds[near])
        beside = [
            Beside(
                name=one.name,
                value=row[one.name][0],
                rank=_rank(columns[one.name], row[one.name]),
                rank_similar=_rank(chosen[one.name], row[one.name]),
                everyone=one,
                similar=spread(chosen[one.name], one.bars),
            )
            for one in everyone
        ]
        return Company(
            alike=alike,
            applicants=len(near),
            lowest=float(chances.min()),
            highest=float(chances.max()),
            features=tuple(beside),
        )

    def scores(self) -> tuple[ScoreBar, ...]:
        """The probability's own spread on the test part, by outcome."""
        return scores(self._model.evaluation.histogram)

    def _alike(self, row: pl.DataFrame, k: int) -> tuple[tuple[str, ...], Flags]:
        kinds = [name for name in ALIKE if name in self._model.features]
        frame = self._model.reference(kinds) if kinds else None
        while kinds and frame is not None:
            inside = np.ones(frame.height, dtype=np.bool_)
            for name in kinds:
                mine = pl.lit(row[name][0], dtype=pl.String)
                inside &= frame.select(pl.col(name).eq_missing(mine)).to_series().to_numpy()
            if inside.sum() >= k:
                return tuple(kinds), inside
            kinds.pop()
        return (), np.ones(len(self.log_odds), dtype=np.bool_)

    def _check(self, names: Iterable[str]) -> None:
        beyond = sorted(set(names) - set(self._model.features))
        if beyond:
            raise FeatureError(f"the model does not use {', '.join(beyond[:3])}", "see which it uses in `features`")


def spread(column: pl.Series, bars: Sequence[Bar] = ()) -> Distribution:
    """How a column's values are spread, over the edges of other `bars` where they are given."""
    known = column.drop_nulls()
    text = column.dtype == pl.String
    empty = Distribution(
        name=column.name,
        kind="category" if text else "number",
        applicants=len(column),
        missing=column.null_count() / max(len(column), 1),
        quantiles=None,
        bars=(),
        levels=_levels(known) if text else (),
    )
    if text or len(known) < FEWEST:
        return empty
    values = known.to_numpy().astype(np.float64)
    quantiles = dict(zip(Quantiles.model_fields, np.quantile(values, _QUANTILES).tolist(), strict=True))
    edges = np.array([bars[0].low, *(bar.high for bar in bars)]) if bars else _edges(values)
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0].astype(np.float64)
    found = tuple(
        Bar(low=low, high=high, share=rows / len(values), density=rows / len(values) / (high - low))
        for low, high, rows in _together(counts, edges)
    )
    return empty.model_copy(update={"quantiles": Quantiles(**quantiles), "bars": found})


def scores(histogram: Histogram) -> tuple[ScoreBar, ...]:
    """A histogram by outcome as bars of at least ten applicants."""
    payers = np.array(histogram.payers, dtype=np.float64)
    defaulters = np.array(histogram.defaulters, dtype=np.float64)
    edges = np.linspace(0.0, 1.0, len(payers) + 1)
    found = []
    for low, high, _ in _together(payers + defaulters, edges):
        inside = slice(int(np.searchsorted(edges, low)), int(np.searchsorted(edges, high)))
        shares = [float(one[inside].sum() / max(one.sum(), 1.0)) / (high - low) for one in (payers, defaulters)]
        found.append(ScoreBar(low=low, high=high, payers=shares[0], defaulters=shares[1]))
    return tuple(found)


def _edges(values: Floats) -> Floats:
    """Even bars over the middle 98 %, one for each whole number where there are few."""
    low, high = np.quantile(values, _EDGES)
    if bool(np.all(values == np.round(values))) and high - low <= _BARS:
        return np.arange(np.floor(low) - 0.5, np.ceil(high) + 1.0)
    if low == high:
        reach = abs(float(low)) / 100.0 or 0.5
        return np.array([low - reach, high + reach])
    return np.linspace(low, high, _BARS + 1)


def _together(counts: Floats, edges: Floats) -> list[tuple[float, float, float]]:
    """Neighbours joined until each has ten: lower edge, upper edge, count."""
    found: list[tuple[float, float, float]] = []
    start, rows = 0, 0.0
    for place, count in enumerate(counts.tolist()):
        rows += count
        if rows >= FEWEST:
            found.append((float(edges[start]), float(edges[place + 1]), rows))
            start, rows = place + 1, 0.0
    if rows and found:
        low, _, before = found.pop()
        found.append((low, float(edges[-1]), before + rows))
    return found


def _levels(known: pl.Series) -> tuple[Level, ...]:
    if len(known) < FEWEST:
        return ()
    counts = sorted(known.value_counts().iter_rows(), key=lambda one: (-one[1], one[0]))
    shown = [(str(level), rows) for level, rows in counts if rows >= FEWEST]
    rest = len(known) - sum(rows for _, rows in shown)
    while 0 < rest < FEWEST:
        rest += shown.pop()[1]  # or the rare ones could be told from the rest
    return tuple(
        Level(level=level, share=rows / len(known)) for level, rows in (*shown, *([(OTHERS, rest)] if rest else ()))
    )


def _rank(column: pl.Series, value: pl.Series) -> float | None:
    """Share of the known values below, ties counting half, both in the single precision the model reads."""
    if column.dtype == pl.String or value[0] is None:
        return None
    known = column.drop_nulls().to_numpy().astype(np.float32)
    if len(known) < FEWEST:
        return None
    mine = np.float32(value[0])
    return float(np.mean(known < mine) + np.mean(known == mine) / 2.0)
