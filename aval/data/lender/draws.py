"""How a quantity is drawn: by category, by quantile curve, by correlated normal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, ndtr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NONE_DAY = 365_243
"""The published files write this number of days where an event never happened."""
MONTH_DAYS = 30.4375
"""Days in a calendar month, on average: the step of the monthly balances."""


def choose(rng: np.random.Generator, shares: Sequence[float], size: int) -> Ints:
    """Category codes with the given shares (scaled to one)."""
    edges = np.cumsum(np.asarray(shares, dtype=np.float64))
    return np.searchsorted(edges[:-1] / edges[-1], rng.random(size), side="right").astype(np.int64)


def choose_each(rng: np.random.Generator, weights: Floats) -> Ints:
    """One category code per row of a matrix of weights."""
    edges = np.cumsum(weights, axis=1)
    return np.asarray((rng.random(len(weights))[:, None] * edges[:, -1:] >= edges[:, :-1]).sum(axis=1), np.int64)


def words(names: Sequence[str | None], codes: Ints) -> pl.Series:
    """Codes to their names; a name of None is a missing value."""
    return pl.Series(names, dtype=pl.String).gather(pl.Series(codes.astype(np.uint32)))


def curve(z: Floats, knots: Sequence[tuple[float, float]]) -> Floats:
    """A standard normal carried onto the distribution whose (quantile, value) knots are given."""
    at, value = zip(*knots, strict=True)
    return np.interp(np.asarray(ndtr(z), np.float64), np.asarray(at, np.float64), np.asarray(value, np.float64))


def along(x: Floats, knots: Sequence[tuple[float, float]]) -> Floats:
    """A piecewise linear function of x, given by its knots."""
    at, value = zip(*knots, strict=True)
    return np.interp(x, np.asarray(at, np.float64), np.asarray(value, np.float64))


def logistic(x: Floats) -> Floats:
    """The logistic function, as a float array."""
    return np.asarray(expit(x), np.float64)


def mixed(parts: Sequence[tuple[float, Floats]], rng: np.random.Generator) -> Floats:
    """A weighted sum of unit-variance parts, with independent noise that makes up the missing variance."""
    total = sum((w * part for w, part in parts), start=np.zeros(len(parts[0][1])))
    rest = max(0.0, 1.0 - sum(w * w for w, _ in parts))
    return np.asarray(total + np.sqrt(rest) * rng.standard_normal(len(total)), np.float64)


def money(x: Floats, step: float = 0.5) -> Floats:
    """Amounts as the files write them: multiples of a step."""
    return np.round(np.round(x / step) * step, 3)
