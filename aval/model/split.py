"""Which labelled applications are learned from, and which nothing touches until the end."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.tables import KEY, TARGET
from aval.errors import PlanError

Ids = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]
Targets = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """Applicants to learn from and applicants kept for the end; ids and targets, sorted by id."""

    development: Ids
    development_target: Targets
    test: Ids
    test_target: Targets
    how: Literal["latest", "drawn"]
    """`latest`: the applications with the latest dates; `drawn`: a stratified draw, for want of dates."""


def split(labels: pl.DataFrame, calendar: pl.DataFrame | None, share: float, seed: int) -> Split:
    """Keep `share` of the labelled applications apart: the latest by date and id, or a stratified draw without dates.

    Raises:
        PlanError: too few labelled applications to do so.
    """
    rows = labels.drop_nulls(TARGET).sort(KEY)
    ids, target = rows[KEY].to_numpy(), rows[TARGET].cast(pl.Float64).to_numpy()
    kept = np.zeros(len(ids), dtype=np.bool_)
    dated = calendar is not None and calendar.height > 0
    if calendar is not None and dated:
        days = rows.join(calendar, on=KEY, how="left", maintain_order="left")["applied_on"]
        # Applications without a date come first: what is not known to be late is learned from.
        order = pl.DataFrame({"day": days, "place": np.arange(len(ids))}).sort("day", "place", nulls_last=False)
        kept[order["place"].to_numpy()[len(ids) - round(share * len(ids)) :]] = True
    else:
        rng = np.random.default_rng(seed)
        for value in (0.0, 1.0):
            members = rng.permutation(np.flatnonzero(target == value))
            kept[members[: round(share * len(members))]] = True
    for part, name in ((target[~kept], "development"), (target[kept], "test")):
        if not len(part) or part.min() == part.max():
            raise PlanError(
                "training",
                f"the {name} part has {len(part):,} labelled applications and not both outcomes",
                "ingest more labelled applications",
            )
    return Split(ids[~kept], target[~kept], ids[kept], target[kept], "latest" if dated else "drawn")


def folds(target: Targets, count: int, seed: int) -> list[Places]:
    """Places of the held-out rows of each fold: both outcomes spread evenly, every row held out once.

    Raises:
        PlanError: fewer rows of an outcome than folds.
    """
    rng = np.random.default_rng(seed)
    fold = np.empty(len(target), dtype=np.intp)
    for value in (0.0, 1.0):
        members = rng.permutation(np.flatnonzero(target == value))
        if len(members) < count:
            raise PlanError(
                "training", f"{len(members)} rows of one outcome do not make {count} folds", "state fewer folds"
            )
        fold[members] = np.arange(len(members)) % count
    return [np.flatnonzero(fold == number) for number in range(count)]
