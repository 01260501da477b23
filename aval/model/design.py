"""The design matrix: encoded features made dense, for learners that know neither gaps nor categories.

Medians for gaps, one column per level, standard scores: all learned on training rows, inside the folds, with
scikit-learn; then written down as numbers and applied by the same few lines in training and when it decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from aval.errors import ArtefactError, PlanError
from aval.model import artefact
from aval.model.candidates import Rows, nearest
from aval.model.encoding import Encoding, Matrix
from aval.model.scorer import Scorer, load_scorer, save_scorer

DESIGN: Final = "design.json"
INNER: Final = "on"
"""The folder of the form that reads the design matrix."""

_WAYS: Final = ("one-hot", "ordinal")
_NUMBER: Final = -1

_AT_ONCE: Final = 10_000
"""Rows in double precision at a time: all of a lender's would take 40 bytes a cell."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a plan states under `[candidates.design]`."""

    categories: str = "one-hot"
    """`one-hot`: a column per level, all 0 where missing or unknown; `ordinal`: the level's position, -1 there."""
    scale: bool = False
    """Subtract the mean and divide by the standard deviation."""
    missing: float = 1.0
    """Numbers missing in a larger share of the training rows are left out."""

    @classmethod
    def of(cls, stated: Mapping[str, Any], plan: str | Path, name: str) -> "Layout":
        """Raises PlanError: names the entry that is not known or impossible."""
        for entry in stated:
            if entry not in cls.__slots__:
                raise PlanError(plan, f"{name}: unknown entry design.{entry!r}", nearest(entry, cls.__slots__))
        found = cls(**stated)
        if found.categories not in _WAYS:
            raise PlanError(plan, f"{name}: design.categories is {found.categories!r}", f"use {' or '.join(_WAYS)}")
        if not isinstance(found.scale, bool):
            raise PlanError(plan, f"{name}: design.scale is neither true nor false", "state one of them")
        share = found.missing
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 < share <= 1.0:
            raise PlanError(
                plan, f"{name}: design.missing does not lie above 0 and up to 1", "state a share such as 0.7"
            )
        return found


@dataclass(frozen=True)
class Design:
    """Columns of the design matrix, each from one feature; `level` is -1 for a number, else the level it is 1 for."""

    names: tuple[str, ...]
    source: npt.NDArray[np.intp]
    level: npt.NDArray[np.intp]
    fill: Matrix
    centre: Matrix
    scale: Matrix

    @classmethod
    def fit(cls, layout: Layout, rows: Rows) -> "Design":
        """Learn from training rows (n, k).

        Raises:
            PlanError: no feature is left.
        """
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        matrix, encoding = rows.matrix, rows.encoding
        gaps = np.isnan(matrix).mean(axis=0)
        categories = {place for place in rows.categories if layout.categories == "one-hot"}
        # A level is never missing: it is there or not.
        most = np.array([1.0 if place in categories else layout.missing for place in range(len(gaps))])
        kept = np.flatnonzero((gaps <= most) & (gaps < 1.0))
        if not len(kept):
            raise PlanError("design", "every feature is missing too often", "raise design.missing")
        numbers = np.array([place for place in kept if place not in categories], dtype=np.intp)
        ordinal = np.array([encoding.features[place] in encoding.levels for place in numbers], dtype=np.bool_)
        # scikit-learn's own imputer goes through masked arrays: fifteen times as long for the same medians.
        fill: dict[int, float] = {}
        if len(numbers):
            fill = dict(zip(numbers.tolist(), map(float, np.nanmedian(matrix[:, numbers], axis=0)), strict=True))
        fill |= dict.fromkeys(numbers[ordinal].tolist(), -1.0)
        chosen = np.array([place for place in kept if place in categories], dtype=np.intp)
        known: dict[int, list[int]] = {}
        if len(chosen):
            encoder = OneHotEncoder(handle_unknown="ignore", dtype=np.float32).fit(matrix[:, chosen])
            for place, levels in zip(chosen.tolist(), encoder.categories_, strict=True):
                known[place] = [int(level) for level in levels if not np.isnan(level)]
        names, source, level, fills = [], [], [], []
        for place in kept.tolist():
            feature = encoding.features[place]
            for code in known.get(place, [_NUMBER]):
                names.append(feature if code == _NUMBER else f"{feature}={encoding.levels[feature][code]}")
                source.append(place)
                level.append(code)
                fills.append(fill.get(place, 0.0))
        flat = np.zeros(len(names))
        found = cls(
            tuple(names),
            np.array(source, dtype=np.intp),
            np.array(level, dtype=np.intp),
            np.array(fills, dtype=np.float32).astype(np.float64),
            flat,
            flat + 1.0,
        )
        if not layout.scale:
            return found
        scaler = StandardScaler().fit(found.apply(matrix))
        return cls(found.names, found.source, found.level, found.fill, scaler.mean_, scaler.scale_)

    def apply(self, matrix: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The design matrix (n, d) of encoded rows (n, k), in single precision as it was learned from."""
        found = np.empty((len(matrix), len(self.names)), dtype=np.float32)
        for start in range(0, len(matrix), _AT_ONCE):
            chosen = matrix[start : start + _AT_ONCE, self.source].astype(np.float64)
            filled = np.where(np.isnan(chosen), self.fill, chosen)
            shown = np.where(self.level == _NUMBER, filled, chosen == self.level)
            with np.errstate(over="ignore"):
                found[start : start + _AT_ONCE] = (shown - self.centre) / self.scale
        return found

    def rows(self, rows: Rows) -> Rows:
        """The same rows as a learner that needs a dense matrix reads them."""
        return Rows(self.apply(rows.matrix), rows.target, Encoding(self.names, {}, {}))

    def gather(self, columns: Matrix, features: int) -> Matrix:
        """Sums of design columns (n, d) by the feature they come from, shape (n, features), in a fixed order."""
        found = np.zeros((len(columns), features))
        for column, place in enumerate(self.source.tolist()):
            found[:, place] += columns[:, column]
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain data, every float to the last bit."""
        return {
            "names": list(self.names),
            "source": self.source.tolist(),
            "level": self.level.tolist(),
            **{name: getattr(self, name).tolist() for name in ("fill", "centre", "scale")},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Design":
        """What `to_json` gave."""
        return cls(
            tuple(map(str, stored["names"])),
            np.array(stored["source"], dtype=np.intp),
            np.array(stored["level"], dtype=np.intp),
            *(np.array(stored[name], dtype=np.float64) for name in ("fill", "centre", "scale")),
        )


class Designed:
    """A form that reads the design matrix, answering for the features themselves."""

    kind: ClassVar[str] = "designed"

    def __init__(self, design: Design, inner: Scorer, features: int, learned: Mapping[str, str]) -> None:
        """`features` are those before the design; `learned` says what rows the form inside was fitted on."""
        self.design = design
        self.inner = inner
        self._features = features
        self._learned = dict(learned)

    @property
    def parts(self) -> str:
        """Those of the form inside."""
        return self.inner.parts

    @property
    def link(self) -> str:
        """That of the form inside."""
        return self.inner.link

    @property
    def size(self) -> int:
        """That of the form inside."""
        return self.inner.size

    @property
    def parameters(self) -> Mapping[str, str]:
        """Those of the form inside, the rows it was fitted on, and how wide the matrix it reads is."""
        return {**self.inner.parameters, **self._learned, "design.columns": str(len(self.design.names))}

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """That of the form inside."""
        return self.inner.margin(self.design.apply(matrix).astype(np.float64), size)

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """Each feature's columns together, and the base."""
        found = self.inner.contributions(self.design.apply(matrix).astype(np.float64), threads)
        return np.column_stack((self.design.gather(found[:, :-1], self._features), found[:, -1]))

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """Each feature's columns together."""
        found = self.inner.importance(kind)
        gathered: npt.NDArray[np.float64] = self.design.gather(found[None, :], self._features)[0]
        return gathered

    def save(self, folder: Path) -> None:
        """The design as JSON, the form inside in a folder of its own."""
        facts = {"features": self._features, "learned": self._learned}
        artefact.write(folder / DESIGN, {**facts, **self.design.to_json()})
        save_scorer(self.inner, folder / INNER)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where a file is not what was stored."""
        stored = artefact.read(folder / DESIGN)
        try:
            design, features, learned = Design.from_json(stored), int(stored["features"]), dict(stored["learned"])
        except (KeyError, TypeError, ValueError):
            raise ArtefactError(folder / DESIGN, "it is not a design matrix") from None
        return cls(design, load_scorer(folder / INNER), features, learned)
