"""A scorecard as it decides: characteristics, bins and whole points, all of it in one readable file.

The margin is worked out from the rounded points, so whoever adds points up by hand gets the very probability.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from aval.credit.policy import Points
from aval.errors import ArtefactError
from aval.model import artefact
from aval.model.calibration import Platt
from aval.model.encoding import Matrix, Single

CARD: Final = "card.json"


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A feature cut into bins: a number between `cuts` (from below, the cut itself above), a category by `groups`."""

    feature: str
    place: int
    """Its column among the encoded features."""
    cuts: tuple[float, ...]
    """Single-precision numbers, rising; bin k lies below the k-th of them and not below the one before."""
    levels: tuple[str, ...]
    """Of a category; empty for a number."""
    groups: tuple[int, ...]
    """The bin of each level."""
    missing: int
    """The bin of a missing value, and of a level that training never saw."""
    rows: tuple[int, ...]
    """Applicants in each bin in training."""
    bad: tuple[int, ...]
    """Those of them who defaulted."""
    woe: tuple[float, ...]
    """Weight of evidence, log(share of payers / share of defaulters): above 0 is better than average."""
    value: float
    """Information value."""
    coefficient: float = 0.0
    """What the regression makes of the weight of evidence, in log-odds of paying; never below 0."""

    def bins(self, matrix: Matrix | Single) -> npt.NDArray[np.intp]:
        """The bin of each encoded row, shape (n,)."""
        column = matrix[:, self.place]
        gaps = np.isnan(column)
        if not self.levels:
            return np.where(gaps, self.missing, np.searchsorted(self.cuts, column, side="right"))
        known = np.append(np.array(self.groups, dtype=np.intp), self.missing)
        codes = np.where(gaps, len(self.levels), column).astype(np.intp)
        return known[np.minimum(codes, len(self.levels))]

    def evidence(self, matrix: Matrix | Single) -> Matrix:
        """The weight of evidence of each encoded row, shape (n,)."""
        return np.array(self.woe)[self.bins(matrix)]


class Scorecard:
    """`start` points, and those of one bin of each characteristic, the worst of which has 0."""

    kind: ClassVar[str] = "scorecard"
    parts: ClassVar[str] = "characteristics"
    link: ClassVar[str] = "logit"

    def __init__(
        self,
        intercept: float,
        characteristics: Sequence[Characteristic],
        columns: int,
        scale: Points,
        parameters: Mapping[str, str],
    ) -> None:
        """`intercept` in log-odds of paying, where every weight of evidence is 0; `columns` of the encoded rows."""
        self.intercept = intercept
        self.characteristics = tuple(characteristics)
        self.columns = columns
        self.scale = scale
        self.parameters: Mapping[str, str] = dict(parameters)
        factor = scale.double / math.log(2.0)
        worst = sum(one.coefficient * min(one.woe) for one in self.characteristics)
        self.start = round(scale.base + factor * (intercept + worst - math.log(scale.odds)))
        """Points of an applicant who falls into the worst bin of everything."""
        self.points: tuple[tuple[int, ...], ...] = tuple(
            tuple(round(factor * one.coefficient * (woe - min(one.woe))) for woe in one.woe)
            for one in self.characteristics
        )
        """Whole points of each bin of each characteristic."""
        self._unit = math.log(2.0) / scale.double
        self._tables = [np.array(points, dtype=np.int64) for points in self.points]

    @property
    def size(self) -> int:
        """Number of characteristics."""
        return len(self.characteristics)

    @cached_property
    def means(self) -> tuple[float, ...]:
        """Average points of each characteristic among the applicants of training."""
        return tuple(
            sum(count * points for count, points in zip(one.rows, table, strict=True)) / sum(one.rows)
            for one, table in zip(self.characteristics, self.points, strict=True)
        )

    def total(self, matrix: Matrix) -> npt.NDArray[np.int64]:
        """Points of each encoded row, shape (n,); more points, less risk."""
        total = np.full(len(matrix), self.start, dtype=np.int64)
        for one, points in zip(self.characteristics, self._tables, strict=True):
            total += points[one.bins(matrix)]
        return total

    def log_odds(self, points: npt.ArrayLike) -> Matrix:
        """Log-odds of default that points mean on the card's scale."""
        odds: Matrix = (self.scale.base - np.asarray(points, dtype=np.float64)) * self._unit - math.log(self.scale.odds)
        return odds

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """Log-odds of default, from the whole points alone."""
        del size
        return self.log_odds(self.total(matrix))

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """Points that a row lacks against the average of training, in log-odds: a sum's exact Shapley values."""
        del threads
        found = np.zeros((len(matrix), self.columns + 1))
        for one, points, mean in zip(self.characteristics, self._tables, self.means, strict=True):
            found[:, one.place] = (mean - points[one.bins(matrix)]) * self._unit
        found[:, -1] = self.log_odds(self.start + sum(self.means))
        return found

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """The information value of each characteristic as its `gain`; nothing is split."""
        found = np.zeros(self.columns)
        for one in self.characteristics:
            found[one.place] = one.value if kind == "gain" else 0.0
        return found

    def taking_in(self, calibration: Platt) -> "Scorecard":
        """The card whose own points say what was calibrated, to the nearest whole point."""
        told = [replace(one, coefficient=calibration.slope * one.coefficient) for one in self.characteristics]
        intercept = calibration.slope * self.intercept - calibration.intercept
        return Scorecard(intercept, told, self.columns, self.scale, self.parameters)

    def save(self, folder: Path) -> None:
        """One JSON file: the points, and what they were worked out from, to the last bit."""
        pairs = zip(self.characteristics, self.points, strict=True)
        stored = {
            "start": self.start,
            "scale": asdict(self.scale),
            "intercept": self.intercept,
            "columns": self.columns,
            "characteristics": [{**asdict(one), "points": points} for one, points in pairs],
            "parameters": dict(self.parameters),
        }
        artefact.write(folder / CARD, stored)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where the file is no scorecard, or its points are not those of its evidence."""
        stored = artefact.read(folder / CARD)
        try:
            scale = Points(**{name: float(value) for name, value in stored["scale"].items()})
            entries: list[dict[str, Any]] = [
                {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
                for entry in stored["characteristics"]
            ]
            points = [entry.pop("points") for entry in entries]
            told = [Characteristic(**entry) for entry in entries]
            card = cls(float(stored["intercept"]), told, int(stored["columns"]), scale, {**stored["parameters"]})
            sound = card.start == stored["start"] and list(card.points) == points
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ArtefactError(folder / CARD, "it is not a scorecard") from None
        if not sound:
            raise ArtefactError(folder / CARD, "its points are not those of its weights of evidence")
        return card
