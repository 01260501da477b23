"""Features as numbers: what is learned about a column's values before any tree sees them.

Fitted on training rows only, stored with the model, applied unchanged when it decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.few import block
from aval.data.tables import KEY
from aval.errors import FeatureError

Matrix = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]

_BLOCK: Final = 64
"""Columns looked at together, so that a median never copies the whole matrix."""


@dataclass(frozen=True)
class Encoding:
    """Column order, the known levels of each category, and typical values.

    A category becomes the position of its level; missing and unknown levels become NaN, which a tree
    sends where it sends all it cannot name. Numbers are rounded to single precision, as in training, so
    that a value lies on the same side of a threshold in both.
    """

    features: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    typical: Mapping[str, float]
    """The training median of each number that was never missing there.

    LightGBM reads a missing value as 0 in a column that had none in training: for an external score, the
    riskiest there is; for a count, "has none". An unknown value is taken as the typical one instead.
    """

    @classmethod
    def fit(
        cls,
        features: Sequence[str],
        matrix: Single,
        words: Mapping[str, Sequence[str]],
        places: npt.NDArray[np.intp] | None = None,
    ) -> "Encoding":
        """From the rows at `places` (all by default) of `matrix` (n, k), categories as positions in `words`."""
        levels, typical = {}, {}
        for start in range(0, len(features), _BLOCK):
            block = matrix[:, start : start + _BLOCK]
            block = block if places is None else block[places]
            full = np.count_nonzero(np.isnan(block), axis=0) == 0
            for place, name in enumerate(features[start : start + _BLOCK]):
                if name in words:
                    codes = np.unique(block[:, place])
                    levels[name] = tuple(words[name][int(code)] for code in codes[~np.isnan(codes)])
                elif full[place] and len(block):
                    typical[name] = float(np.median(block[:, place]).astype(np.float32))
        return cls(tuple(features), levels, typical)

    def encode(self, matrix: Single, words: Mapping[str, Sequence[str]]) -> Single:
        """Rewrite rows whose categories are positions in `words` as this encoding writes them, in place."""
        for place, name in enumerate(self.features):
            column = matrix[:, place]
            if name in words:
                known: dict[str | None, float] = {level: code for code, level in enumerate(self.levels[name])}
                codes = np.array([known.get(word, np.nan) for word in (*words[name], None)], dtype=np.float32)
                # NaN, cast to the last position, meets the None put there.
                column[:] = codes[np.where(np.isnan(column), len(words[name]), column).astype(np.int64)]
            elif name in self.typical:
                column[np.isnan(column)] = self.typical[name]
        return matrix

    def matrix(self, frame: pl.DataFrame) -> Matrix:
        """Rows of features, shape (n, k), C order; see the class for what becomes of each value.

        Raises:
            FeatureError: the frame holds other columns than these features (SK_ID_CURR aside).
        """
        self._check(frame.columns)
        matrix = np.empty((frame.height, len(self.features)))
        if len(self._numbers):
            with np.errstate(over="ignore"):
                matrix[:, self._numbers] = block(frame[self._named]).astype(np.float32)
        for place, known in self._codes:
            matrix[:, place] = [known.get(value, np.nan) for value in frame[self.features[place]].to_list()]
        return matrix

    def single(self, values: Sequence[float | str | None]) -> Matrix:
        """One row of features in their order, shape (1, k): what `matrix` gives for it."""
        row: list[Any] = list(values)
        for place, known in self._codes:
            row[place] = known.get(row[place], np.nan)
        with np.errstate(over="ignore"):
            return np.array([row], dtype=np.float64).astype(np.float32).astype(np.float64)

    def filled(self, matrix: Matrix) -> Matrix:
        """The matrix with typical values where a number that was always known is missing; never in place."""
        places, values = self._typical
        known = matrix[:, places]
        gaps = np.isnan(known)
        if not gaps.any():
            return matrix
        filled = matrix.copy()
        filled[:, places] = np.where(gaps, values, known)
        return filled

    @cached_property
    def _numbers(self) -> npt.NDArray[np.intp]:
        return np.array([place for place, name in enumerate(self.features) if name not in self.levels], dtype=np.intp)

    @cached_property
    def _row(self) -> list[str]:
        """The columns as `build` gives them."""
        return [KEY, *self.features]

    @cached_property
    def _named(self) -> list[str]:
        return [self.features[place] for place in self._numbers]

    @cached_property
    def _codes(self) -> list[tuple[int, dict[str | None, float]]]:
        return [
            (place, {level: float(code) for code, level in enumerate(self.levels[name])})
            for place, name in enumerate(self.features)
            if name in self.levels
        ]

    @cached_property
    def _typical(self) -> tuple[npt.NDArray[np.intp], Matrix]:
        places = [place for place, name in enumerate(self.features) if name in self.typical]
        values = [self.typical[self.features[place]] for place in places]
        return np.array(places, dtype=np.intp), np.array(values, dtype=np.float64)

    def _check(self, columns: Sequence[str]) -> None:
        if columns == self._row:
            return
        given = tuple(name for name in columns if name != KEY)
        if given == self.features:
            return
        lacking = sorted(set(self.features) - set(given))
        beyond = sorted(set(given) - set(self.features))
        if lacking or beyond or len(given) != len(self.features):
            both = (("lacks", lacking), ("adds", beyond))
            named = [f"it {verb} {', '.join(names[:3])}" for verb, names in both if names]
            raise FeatureError(
                f"the frame does not hold the {len(self.features)} features of the model: {' and '.join(named)}",
                "build it with the model's own feature set",
            )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "features": list(self.features),
            "levels": {name: list(levels) for name, levels in self.levels.items()},
            "typical": dict(self.typical),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Encoding":
        """What `to_json` gave."""
        return cls(
            tuple(stored["features"]),
            {name: tuple(levels) for name, levels in stored["levels"].items()},
            {name: float(value) for name, value in stored["typical"].items()},
        )
