"""What columns looked like on the day of training: the watch holds today's applications against it."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import polars as pl

QUANTILES: Final = 101
"""From the smallest to the largest value in steps of 1 %."""

MOST_LEVELS: Final = 200
"""Counts are kept for so many categories, the rest together."""

OTHERS: Final = "(others)"


def profile(columns: Iterable[pl.Series]) -> dict[str, dict[str, Any]]:
    """Of each column: rows, missing rate, and quantiles, mean and deviation of numbers or counts of categories."""
    return {column.name: _one(column) for column in columns}


def _one(column: pl.Series) -> dict[str, Any]:
    known = column.drop_nulls()
    found: dict[str, Any] = {"rows": len(column), "missing": column.null_count() / max(len(column), 1)}
    if column.dtype in (pl.String, pl.Boolean):
        counts = known.cast(pl.String).value_counts().sort(["count", column.name], descending=[True, False])
        kept = dict(counts.head(MOST_LEVELS).rows())
        if others := int(counts.slice(MOST_LEVELS)["count"].sum()):
            kept[OTHERS] = others
        return {**found, "kind": "category", "counts": kept}
    values = known.cast(pl.Float64).to_numpy()
    if not len(values):
        return {**found, "kind": "number", "quantiles": [], "mean": None, "deviation": None}
    places = np.ceil(np.linspace(0.0, 1.0, QUANTILES) * len(values)).astype(np.intp) - 1
    quantiles = np.sort(values)[np.maximum(places, 0)]
    return {
        **found,
        "kind": "number",
        "quantiles": quantiles.tolist(),
        "mean": float(values.mean()),
        "deviation": float(values.std()),
    }
