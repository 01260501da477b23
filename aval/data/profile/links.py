"""Which columns of the application say nearly the same as another."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.profile.facts import Group, Links, Twin

_CLOSE = 0.7  # of Pearson's correlation, in size
_ROWS = 30  # fewer applicants with both values say nothing
_CHUNK = 20_000

Matrix = npt.NDArray[np.float64]


def correlations(known: pl.DataFrame, names: Sequence[str]) -> Matrix:
    """Pearson's over the rows that have both columns; NaN where they are few or one of them does not vary."""
    size = len(names)
    rows, x, xx, xy = (np.zeros((size, size)) for _ in range(4))
    # About a value near the middle, so that the sums of squares keep their digits.
    near = known.select(pl.col(names).cast(pl.Float64).mean().fill_null(0.0)).to_numpy()
    for start in range(0, known.height, _CHUNK):
        values = known.slice(start, _CHUNK).select(pl.col(names).cast(pl.Float64)).to_numpy() - near
        here = (~np.isnan(values)).astype(np.float64)
        values = np.nan_to_num(values, nan=0.0)
        rows += here.T @ here
        x += values.T @ here
        xx += (values * values).T @ here
        xy += values.T @ values
    spread = rows * xx - x * x  # of the first column over the rows that have the second
    spread[spread <= 1e-12 * rows * xx] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (rows * xy - x * x.T) / np.sqrt(spread * spread.T)
    found[(rows < _ROWS) | ~np.isfinite(found)] = np.nan
    return np.clip(found, -1.0, 1.0)


def links(known: pl.DataFrame, order: Sequence[str]) -> Links:
    """Groups around leaders. `order`: the numeric columns, those that should lead first.

    Each column joins the first leader it correlates with by 0.7 or more in size, so every member is close to the
    leader that could stand for it.
    """
    matrix = correlations(known, order)
    members: list[list[int]] = []
    for place in range(len(order)):
        for group in members:
            if abs(matrix[group[0], place]) >= _CLOSE:
                group.append(place)
                break
        else:
            members.append([place])
    shared = [group for group in members if len(group) > 1]
    shared.sort(key=lambda group: -len(group))
    places = [place for group in shared for place in group]
    return Links(
        groups=tuple(
            Group(order[lead], tuple(Twin(order[twin], round(float(matrix[lead, twin]), 6)) for twin in twins))
            for lead, *twins in shared
        ),
        columns=tuple(order[place] for place in places),
        matrix=tuple(
            tuple(None if np.isnan(matrix[a, b]) else round(float(matrix[a, b]), 4) for b in places) for a in places
        ),
    )
