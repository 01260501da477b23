"""One column cut into bins: how many applicants, how many defaulters, and how much that tells of default.

The *information value* of a column is the sum over its bins of (share of the payers - share of the defaulters) x
ln(share of the payers / share of the defaulters) (Kullback's divergence, 1959; Siddiqi, Credit Risk Scorecards,
2006). Missing values and stand-ins are bins of their own, so it sees categories, gaps and bends that a correlation
does not.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.credit.rate import Rate
from aval.data.column import Column
from aval.data.profile.facts import Bin, Distribution, Histogram
from aval.data.profile.words import number

Labels = npt.NDArray[np.int8]
"""Per row 1 for a defaulter, 0 for a payer, -1 where the outcome is not known."""

Counts = npt.NDArray[np.int64]
"""Per bin the rows without outcome, the payers and the defaulters."""

VALUE: Final = "value"
STAND: Final = "stand-in"
MISSING: Final = "missing"
OTHER: Final = "other"

FEW: Final = 30
"""Labelled rows below which no rate is stated: it would say little of the group and much of each one in it."""

_EACH = 12  # a number with at most so many values gets a bin for each
_TENTHS = np.arange(0.1, 0.95, 0.1)
_BARS = 24
_LEVELS = 24  # categories with a bin of their own
_RARE = 20  # a level the contract does not know could say who someone is when so few rows have it


def distribution(table: str, column: Column, values: pl.Series, labels: Labels) -> Distribution:
    """`values` and `labels` row by row. Null where nothing is labelled: `iv`, `chance` and `pearson`."""
    missing = values.null_count()
    text = not column.dtype.is_numeric()
    if text:
        bins, counts = _levels(column, values, labels)
        histogram = quartiles = pearson = None
        known = 0
    else:
        stood, numbers = _known(column, values)
        bins, counts, histogram, quartiles = _numbers(column, numbers, stood, values.is_null().to_numpy(), labels)
        pearson, known = _pearson(numbers, labels)
    return Distribution(
        table=table,
        column=column.name,
        meaning=column.meaning,
        unit=column.unit,
        rows=len(values),
        missing=missing,
        quartiles=quartiles,
        histogram=histogram,
        bins=bins,
        pearson=pearson,
        known=known,
        iv=information(counts),
        chance=chance(counts),
        rate=rate(counts.sum(axis=0)),
    )


def information(counts: Counts) -> float | None:
    """Information value; a bin without payers, or without defaulters, counts half of one. None without both kinds."""
    both = counts[:, 1:][counts[:, 1:].sum(axis=1) > 0].astype(np.float64)
    if not both.size or not both.sum(axis=0).all():
        return None
    share = np.maximum(both, 0.5) / both.sum(axis=0)
    return float(np.sum((share[:, 0] - share[:, 1]) * np.log(share[:, 0] / share[:, 1])))


def chance(counts: Counts) -> float | None:
    """The information value that 1 column of pure noise in 1,000 exceeds with as many bins.

    Times (payers x defaulters / labelled) it follows a chi-square law with one degree less than there are bins.
    """
    both = counts[:, 1:][counts[:, 1:].sum(axis=1) > 0]
    if not both.size or not both.sum(axis=0).all():
        return None
    paid, defaulted = both.sum(axis=0)
    return _chi_square(len(both) - 1) * float(1.0 / paid + 1.0 / defaulted)


def _chi_square(degrees: int) -> float:
    """Its 99.9 % point, as Wilson and Hilferty (1931) approximate it."""
    if degrees < 1:
        return 0.0
    part = 2.0 / (9.0 * degrees)
    return degrees * (1.0 - part + 3.0902 * math.sqrt(part)) ** 3


def tally(codes: npt.NDArray[np.int64], labels: Labels, size: int) -> Counts:
    return np.bincount(codes * 3 + labels + 1, minlength=3 * size).reshape(size, 3).astype(np.int64)


def rate(counts: npt.NDArray[np.int64]) -> Rate | None:
    """Of one row of `Counts`; none of so few labelled rows that it would say who paid and who did not."""
    labelled = int(counts[1]) + int(counts[2])
    return Rate.of(int(counts[2]), labelled) if labelled >= FEW else None


def made(names: Iterable[tuple[str, str]], counts: Counts) -> tuple[Bin, ...]:
    """Bins of (label, kind), without the empty ones."""
    return tuple(
        Bin(label, kind, int(row.sum()), rate(row))
        for (label, kind), row in zip(names, counts, strict=True)
        if row.sum()
    )


def counted(bins: Iterable[Bin]) -> Counts:
    """Back to counts."""
    rows = [(0, part.rate.rows - part.rate.bad, part.rate.bad) for part in bins if part.rate]
    return np.array(rows, np.int64).reshape(-1, 3)


def grouped(series: pl.Series, labels: Labels, order: Sequence[str] | None = None) -> tuple[tuple[Bin, ...], Counts]:
    """Bins of a series of words, in this order or by name; nulls are left out."""
    names = list(order) if order is not None else sorted(series.drop_nulls().unique().to_list())
    places = series.replace_strict(names, range(len(names)), default=None, return_dtype=pl.Int64)
    here = places.is_not_null().to_numpy()
    counts = tally(places.drop_nulls().to_numpy(), labels[here], len(names))
    return made([(name, VALUE) for name in names], counts), counts


def _levels(column: Column, values: pl.Series, labels: Labels) -> tuple[tuple[Bin, ...], Counts]:
    frame = pl.DataFrame({"level": values, "label": labels.astype(np.int64)})
    cells = frame.group_by("level", "label").len().sort("level", "label")
    counted: dict[str | None, Counts] = {}
    for level, label, rows in cells.iter_rows():
        counted.setdefault(level, np.zeros(3, np.int64))[label + 1] += rows
    missing = counted.pop(None, None)
    shown = [
        level
        for level, row in sorted(counted.items(), key=lambda item: (-int(item[1].sum()), str(item[0])))
        if level in column.values or row.sum() >= _RARE
    ][:_LEVELS]
    names = [(str(level), STAND if level in column.none else VALUE) for level in shown]
    parts = [counted.pop(level) for level in shown]
    if counted:
        names.append((f"{len(counted)} other {'level' if len(counted) == 1 else 'levels'}", OTHER))
        parts.append(np.sum(list(counted.values()), axis=0))
    if missing is not None:
        names.append(("missing", MISSING))
        parts.append(missing)
    counts = np.array(parts, np.int64).reshape(-1, 3)
    return made(names, counts), counts


def _known(column: Column, values: pl.Series) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Where a stand-in stood, and the numbers with neither stand-ins nor gaps (NaN instead)."""
    numbers = values.cast(pl.Float64).to_numpy().copy()
    stood = np.isin(numbers, [float(stand) for stand in column.none]) if column.none else np.zeros(len(numbers), bool)
    numbers[stood] = np.nan
    return stood, numbers


def _numbers(
    column: Column,
    numbers: npt.NDArray[np.float64],
    stood: npt.NDArray[np.bool_],
    null: npt.NDArray[np.bool_],
    labels: Labels,
) -> tuple[tuple[Bin, ...], Counts, Histogram | None, tuple[float, float, float] | None]:
    here = ~np.isnan(numbers)
    known = numbers[here]
    histogram, quartiles = None, None
    names: list[tuple[str, str]] = []
    codes = np.zeros(len(numbers), np.int64)
    if known.size:
        lower, middle, upper = np.quantile(known, [0.25, 0.5, 0.75])
        quartiles = (float(lower), float(middle), float(upper))
        distinct = np.unique(known[:2_000])
        distinct = np.unique(known) if len(distinct) <= _EACH else distinct
        if len(distinct) <= _EACH:
            names = [(number(value), VALUE) for value in distinct]
            codes[here] = np.searchsorted(distinct, known)
        else:
            edges = np.unique(np.quantile(known, _TENTHS))
            edges = edges[edges < known.max()]
            whole = bool((np.floor(known) == known).all())
            edges = np.unique(np.floor(edges)) if whole else edges
            names = [(label, VALUE) for label in _between(edges, whole)]
            codes[here] = np.searchsorted(edges, known, side="left")
            histogram = _histogram(known, labels[here], whole)
    for kind, label, mask in (
        (STAND, " or ".join(str(stand) for stand in column.none), stood),
        (MISSING, "missing", null),
    ):
        if mask.any():
            codes[mask] = len(names)
            names.append((label, kind))
    counts = tally(codes, labels, len(names))
    return made(names, counts), counts, histogram, quartiles


def _between(edges: npt.NDArray[np.float64], whole: bool) -> list[str]:
    """Names of the intervals that these upper ends (included) cut."""
    if not len(edges):
        return ["any"]
    said = [f"up to {number(edges[0])}"]
    for low, high in pairwise(edges):
        first = low + 1 if whole else low
        said.append(number(high) if whole and first == high else f"{number(first)} to {number(high)}")
    return [*said, f"above {number(edges[-1])}"]


def _histogram(known: npt.NDArray[np.float64], labels: Labels, whole: bool) -> Histogram | None:
    low, high = (float(end) for end in np.quantile(known, [0.01, 0.99]))
    bars = _BARS
    if whole:  # bars as wide as whole numbers, or some would hold two and others one
        low, high = math.floor(low), math.ceil(high)
        width = max(1, math.ceil((high - low + 1) / _BARS))
        bars = math.ceil((high - low + 1) / width)
        low, high = low - 0.5, low - 0.5 + bars * width
    if high <= low:
        return None
    codes = np.clip(((known - low) / (high - low) * bars).astype(np.int64), 0, bars - 1)
    unknown, paid, defaulted = tally(codes, labels, bars).T.tolist()
    return Histogram(low, high, whole, tuple(paid), tuple(defaulted), tuple(unknown))


def _pearson(numbers: npt.NDArray[np.float64], labels: Labels) -> tuple[float | None, int]:
    here = ~np.isnan(numbers) & (labels >= 0)
    x, y = numbers[here], labels[here].astype(np.float64)
    rows = len(x)
    if rows < 2:
        return None, rows
    x, y = x - x.mean(), y - y.mean()
    spread = math.sqrt(float((x * x).sum()) * float((y * y).sum()))
    # A constant's spread is rounding alone.
    if spread <= 1e-12 * rows * float(np.abs(numbers[here]).max() or 1.0):
        return None, rows
    return float((x * y).sum()) / spread, rows
