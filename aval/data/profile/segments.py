"""Groups of applicants a committee asks about, and the default rate of each."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from aval.data.profile.bins import VALUE, Labels, grouped, information, made, tally
from aval.data.profile.facts import Distribution, Segment
from aval.data.profile.words import number

PROTECTED: Final = frozenset(
    {"CODE_GENDER", "NAME_FAMILY_STATUS", "CNT_CHILDREN", "CNT_FAM_MEMBERS", "DAYS_BIRTH", "NAME_TYPE_SUITE"}
)
"""Columns of the application that state sex, family or age."""

_YEAR = 365.25
_WHOLE = ("CNT_CHILDREN", "REGION_RATING_CLIENT_W_CITY")  # numbers that read as kinds


def segments(known: pl.DataFrame, columns: Sequence[Distribution], labels: Labels) -> tuple[Segment, ...]:
    """`known`: the applications without their stand-ins. Every category, bands of age and the like; widest first."""
    found = [
        _banded("Age", "DAYS_BIRTH", (25, 35, 45, 55, 65), "years", known, labels),
        _banded("Years with the employer", "DAYS_EMPLOYED", (1, 3, 5, 10, 20), "years", known, labels),
        _fifths("Yearly income", "AMT_INCOME_TOTAL", known, labels),
        _fifths("Amount of the loan", "AMT_CREDIT", known, labels),
        _fifths("Instalment for 100 of declared income", ("AMT_ANNUITY", "AMT_INCOME_TOTAL"), known, labels),
        *(
            Segment(_title(column), (column.column,), column.column in PROTECTED, column.bins, column.iv)
            for column in columns
            if column.unit == "category" or column.column in _WHOLE
        ),
    ]
    return tuple(sorted(found, key=lambda segment: (-(segment.iv or 0.0), segment.name)))


def _title(column: Distribution) -> str:
    if column.column == "REGION_RATING_CLIENT_W_CITY":
        return "The lender's rating of region and city"
    meaning = column.meaning.split(";")[0]
    return meaning[:1].upper() + meaning[1:]


def _banded(name: str, column: str, ends: Sequence[int], unit: str, known: pl.DataFrame, labels: Labels) -> Segment:
    """Years before the application, in bands."""
    years = -known[column].cast(pl.Float64) / _YEAR
    words = [
        f"under {ends[0]} {unit if ends[0] > 1 else unit.removesuffix('s')}",
        *(f"{low} to {high - 1}" for low, high in pairwise(ends)),
        f"{ends[-1]} and more",
        "none",
    ]
    place = pl.lit(len(ends))
    for at in reversed(range(len(ends))):
        place = pl.when(pl.col("years") < ends[at]).then(at).otherwise(place)
    place = pl.when(pl.col("years").is_null()).then(len(ends) + 1).otherwise(place)
    said = years.alias("years").to_frame().select(place.replace_strict(range(len(words)), words)).to_series()
    bins, counts = grouped(said, labels, words)
    return Segment(name, (column,), column in PROTECTED, bins, information(counts))


def _fifths(name: str, column: str | tuple[str, str], known: pl.DataFrame, labels: Labels) -> Segment:
    """Fifths of the applicants by a number, or by 100 times a ratio."""
    names = (column,) if isinstance(column, str) else column
    if isinstance(column, str):
        values = known[column].cast(pl.Float64)
    else:
        values = 100.0 * known[column[0]] / known.select(pl.when(pl.col(column[1]) > 0).then(column[1])).to_series()
    values = values.cast(pl.Float64).fill_null(float("nan"))
    ends = sorted(
        {float(end) for share in (0.2, 0.4, 0.6, 0.8) if (end := values.drop_nans().quantile(share)) is not None}
    )
    words = [f"up to {number(ends[0])}"] if ends else ["any"]
    words += [f"{number(low)} to {number(high)}" for low, high in pairwise(ends)]
    words += [f"above {number(ends[-1])}"] if ends else []
    numbers = values.to_numpy()
    here = ~np.isnan(numbers)
    counts = tally(np.searchsorted(ends, numbers[here]), labels[here], len(words))
    bins = made([(word, VALUE) for word in words], counts)
    return Segment(name, names, bool(PROTECTED & set(names)), bins, information(counts))
