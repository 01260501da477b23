"""Additive boosting as it decides: a table of log-odds per feature and per pair of features, as JSON.

Fitted by interpret's explainable boosting machine (Lou et al. 2013, doi:10.1145/2487575.2487579); looked up here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from aval.errors import ArtefactError
from aval.model import artefact
from aval.model.encoding import Matrix

TERMS: Final = "terms.json"


@dataclass(frozen=True)
class Axis:
    """How one feature is cut for one term; bin 0 is missing, the last one unknown."""

    place: int
    """Its column among the encoded features."""
    count: int
    """Bins, missing and unknown among them."""
    cuts: tuple[float, ...]
    """Of a number: bin 1 ends below the first cut."""
    codes: tuple[int, ...]
    """Of a category: the bin of each level's code; empty for a number."""

    def bins(self, matrix: Matrix) -> npt.NDArray[np.intp]:
        """The bin of each encoded row, shape (n,)."""
        column = matrix[:, self.place]
        gaps = np.isnan(column)
        if not self.codes:
            return np.where(gaps, 0, np.searchsorted(self._edges, column, side="right") + 1)
        codes = np.where(gaps, 0.0, column).astype(np.intp)
        return np.where(gaps, 0, self._known[np.minimum(codes, len(self.codes))])

    @cached_property
    def _edges(self) -> Matrix:
        return np.array(self.cuts, dtype=np.float64)

    @cached_property
    def _known(self) -> npt.NDArray[np.intp]:
        return np.array([*self.codes, self.count - 1], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Term:
    """What a feature, or two together, add to the log-odds."""

    axes: tuple[Axis, ...]
    scores: tuple[float, ...]
    """By bin; those of a pair row by row."""
    weight: float
    """Mean absolute score in training."""


class Additive:
    """Margin = intercept + one score of each term, in log-odds."""

    kind: ClassVar[str] = "additive"
    parts: ClassVar[str] = "terms"
    link: ClassVar[str] = "logit"

    def __init__(self, intercept: float, terms: Sequence[Term], columns: int, parameters: Mapping[str, str]) -> None:
        """`columns` of the encoded rows. Raises ValueError where a term has not a score for each of its bins."""
        self.terms = tuple(terms)
        self.parameters: Mapping[str, str] = dict(parameters)
        self._intercept = intercept
        self._columns = columns
        # Pairs share the axes of their features, whose bins are looked up once.
        self._axes = list(dict.fromkeys(axis for term in self.terms for axis in term.axes))
        self._places = [[self._axes.index(axis) for axis in term.axes] for term in self.terms]
        self._tables = [
            np.array(term.scores, dtype=np.float64).reshape([axis.count for axis in term.axes]) for term in self.terms
        ]

    @property
    def size(self) -> int:
        """Features and pairs that have a table."""
        return len(self.terms)

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """Log-odds; terms are added one after the other, so that a batch changes no digit."""
        del size
        total = np.full(len(matrix), self._intercept)
        for scores in self._scores(matrix):
            total += scores
        return total

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """The score of each feature, half of each pair's for either, and the intercept.

        Tables are centred on the training rows, so these are distances from the average applicant.
        """
        del threads
        found = np.zeros((len(matrix), self._columns + 1))
        for term, scores in zip(self.terms, self._scores(matrix), strict=True):
            for axis in term.axes:
                found[:, axis.place] += scores / len(term.axes)
        found[:, -1] = self._intercept
        return found

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """Mean absolute score as `gain`, half of each pair's for either feature; the number of terms as `split`."""
        found = np.zeros(self._columns)
        for term in self.terms:
            for axis in term.axes:
                found[axis.place] += term.weight / len(term.axes) if kind == "gain" else 1.0
        return found

    def save(self, folder: Path) -> None:
        """JSON, every float to the last bit."""
        stored = {
            "intercept": self._intercept,
            "columns": self._columns,
            "terms": [asdict(term) for term in self.terms],
            "parameters": dict(self.parameters),
        }
        artefact.write(folder / TERMS, stored)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where the file is not what was stored."""
        stored = artefact.read(folder / TERMS)
        try:
            terms = [
                Term(tuple(_axis(axis) for axis in entry["axes"]), tuple(entry["scores"]), float(entry["weight"]))
                for entry in stored["terms"]
            ]
            return cls(float(stored["intercept"]), terms, int(stored["columns"]), {**stored["parameters"]})
        except (KeyError, TypeError, ValueError):
            raise ArtefactError(folder / TERMS, "it is not an additive form") from None

    def _scores(self, matrix: Matrix) -> Iterator[Matrix]:
        """Of each term, shape (n,)."""
        bins = [axis.bins(matrix) for axis in self._axes]
        for table, places in zip(self._tables, self._places, strict=True):
            yield table[tuple(bins[place] for place in places)]


def _axis(entry: Mapping[str, Any]) -> Axis:
    return Axis(int(entry["place"]), int(entry["count"]), tuple(entry["cuts"]), tuple(entry["codes"]))
