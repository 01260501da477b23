"""What rows of features come to once categories are one-hot and columns missing too often are dropped."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import polars as pl

from aval.features.feature import FeatureSet

PUBLISHED: Final = ((307_507, 695), (48_744, 694))
"""Rows and columns of the reference's final training (with TARGET) and test tables."""

MISSING: Final = 0.75
"""Largest share of missing values in training rows of a number that is kept, unless told otherwise.

The reference's own rule is not known, only what it left: 695 columns with TARGET. No share leaves just that many of
its recipe: where histories are complete, 0.72 leaves 614 and 0.73 leaves 714, for 100 columns of cards are missing
together, wherever there is no card (`python -m benchmarks.reference`). This is the round share nearest to it.
"""


class Shape(NamedTuple):
    """What rows of features come to, as the reference would have counted them."""

    rows: int
    features: int
    columns: int
    """Of the design: numbers, and one per level of a category in these rows."""
    kept: int
    """Columns left when the numbers that are missing too often are dropped; a level is never missing."""


def shape(frames: Iterable[pl.DataFrame], features: FeatureSet, missing: float = MISSING) -> Shape:
    """The shape of training rows, TARGET and SK_ID_CURR apart: applicants of unknown sex left out, as there."""
    sex = "application_sex_category"
    numbers = [feature.name for feature in features if feature.kind == "number"]
    levels: dict[str, set[str]] = {feature.name: set() for feature in features if feature.kind == "category"}
    rows, nulls = 0, dict.fromkeys(numbers, 0)
    for frame in frames:
        known = frame.filter(pl.col(sex).is_not_null()) if sex in frame.columns else frame
        rows += known.height
        for name in numbers:
            nulls[name] += known[name].null_count()
        for name, seen in levels.items():
            seen.update(known[name].drop_nulls().unique())
    hot = sum(map(len, levels.values()))
    left = sum(count <= missing * rows for count in nulls.values())
    return Shape(rows, len(features), len(numbers) + hot, left + hot)
