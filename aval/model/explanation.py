"""Why a probability is what it is: exact contributions, grouped until a person understands them.

A contribution is a share of the calibrated log-odds: above 0 it raises the risk. Reasons are weighed
against approved applicants, so that what speaks against someone is what sets them apart from those who
got the credit, not from the average of everyone.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl

from aval.credit.decision import Given, Verdict
from aval.model.encoding import Matrix
from aval.model.model import Model
from aval.model.split import Places

BASE: Final = "base"
AT_MOST: Final = 4
NEGLIGIBLE: Final = 0.02
"""A weight below this changes the odds by less than 2 %: no one is told that it decided."""


def reasons(model: Model, rows: Matrix | pl.DataFrame, verdicts: Sequence[Verdict]) -> list[tuple[Given, ...]]:
    """At most four reasons for each row, the weightiest first: against the application unless it is approved.

    Protected features, and those whose reason is None, are never given.
    """
    return weighed(model, model.contributions(_matrix(model, rows)), verdicts) if len(verdicts) else []


def weighed(model: Model, contributions: Matrix, verdicts: Sequence[Verdict]) -> list[tuple[Given, ...]]:
    """The reasons in contributions that are at hand, shape (n, k + 1); as `reasons` gives them."""
    codes, groups = grouped(model.told)
    weights = summed(contributions[:, :-1] - model.contrast, groups, len(codes))
    given = []
    for row, verdict in zip(weights, verdicts, strict=True):
        sign = -1.0 if verdict is Verdict.APPROVE else 1.0
        found = sorted((-sign * weight, code) for code, weight in zip(codes, row.tolist(), strict=True))
        given.append(tuple(Given(code, -sign * turned) for turned, code in found[:AT_MOST] if -turned >= NEGLIGIBLE))
    return given


def themes(model: Model, rows: Matrix | pl.DataFrame) -> list[dict[str, float]]:
    """Contributions by theme, and the `base`: for each row they add up to the log-odds of its probability."""
    return by_theme(model, model.contributions(_matrix(model, rows)))


def by_theme(model: Model, contributions: Matrix) -> list[dict[str, float]]:
    """Contributions that are at hand, shape (n, k + 1), by theme; as `themes` gives them."""
    names, groups = grouped([used.theme for used in model.used])
    sums = summed(contributions[:, :-1], groups, len(names))
    return [
        {BASE: float(base), **dict(zip(names, row.tolist(), strict=True))}
        for base, row in zip(contributions[:, -1], sums, strict=True)
    ]


def _matrix(model: Model, rows: Matrix | pl.DataFrame) -> Matrix:
    return model.matrix(rows) if isinstance(rows, pl.DataFrame) else rows


def grouped(labels: Sequence[str | None]) -> tuple[tuple[str, ...], Places]:
    """Distinct labels in order, and each column's place among them; -1 for None."""
    return _grouped(tuple(labels))


@lru_cache(maxsize=16)
def _grouped(labels: tuple[str | None, ...]) -> tuple[tuple[str, ...], Places]:
    names = tuple(sorted({label for label in labels if label is not None}))
    place = {name: k for k, name in enumerate(names)}
    found = np.array([-1 if label is None else place[label] for label in labels], dtype=np.intp)
    found.flags.writeable = False
    return names, found


def summed(contributions: Matrix, groups: Places, count: int) -> Matrix:
    """Row sums by group, shape (n, count), columns added in their order whatever the number of rows."""
    inside = groups >= 0
    kept = groups[inside]
    sums = np.zeros((len(contributions), count))
    for place, row in enumerate(contributions[:, inside]):
        sums[place] = np.bincount(kept, row, count)
    return sums
