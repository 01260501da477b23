"""The rows of a history before they are measured: what is later is left out, and each row learns its place.

Rows stand by applicant. Places are worked out from the ends of runs of equal keys, which costs one pass.
"""

from typing import Any

import numpy as np
import polars as pl

from aval.data.few import selected, taken
from aval.data.tables import KEY


def not_later(frame: pl.DataFrame, time: str) -> pl.DataFrame:
    """Without rows dated after the application; nearly always there are none."""
    latest = frame[time].max()
    return frame if latest is None or float(str(latest)) <= 0 else frame.filter(pl.col(time).fill_null(0) <= 0)


def same_applicant() -> pl.Expr:
    """Whether the row before is the same applicant's."""
    return pl.col(KEY) == pl.col(KEY).shift(1)


def runs(keys: "np.ndarray[Any, Any]") -> tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]:
    """Where each run of equal keys ends (exclusive), and its length."""
    ends = np.append(np.flatnonzero(keys[1:] != keys[:-1]) + 1, keys.size) if keys.size else np.zeros(0, dtype=np.int64)
    return ends, np.diff(ends, prepend=0)


def starting(frame: pl.DataFrame, *columns: str) -> "np.ndarray[Any, Any]":
    """Which rows begin a run of equal values in all of these columns; a missing value begins its own."""
    starts = np.zeros(max(frame.height - 1, 0), dtype=np.bool_)
    for column in columns:
        values = frame[column].to_numpy()  # missing is NaN, which equals nothing
        starts |= values[1:] != values[:-1]
    return np.append(True, starts)[: frame.height]


def recency(frame: pl.DataFrame) -> pl.DataFrame:
    """With `recent`, 1 for an applicant's last row, 2 for the one before; rows stand by applicant and time."""
    ends, lengths = runs(frame[KEY].to_numpy())
    recent = np.repeat(ends, lengths) - np.arange(frame.height)
    return frame.hstack([pl.Series("recent", recent.astype(np.int32))])


def recency_where(frame: pl.DataFrame, column: str, yes: pl.Expr) -> pl.DataFrame:
    """With `column`, 1 for an applicant's last row that says yes, 2 for the one before; null for the others."""
    ends, lengths = runs(frame[KEY].to_numpy())
    said = selected(frame, [yes.fill_null(value=False)]).to_series()
    until = np.cumsum(said.to_numpy())
    after = pl.Series(column, np.repeat(until[ends - 1], lengths) - until + 1, dtype=pl.Int32)
    return frame.hstack([after.zip_with(said, pl.Series([None], dtype=pl.Int32))])


def earliness(frame: pl.DataFrame) -> pl.DataFrame:
    """With `early`, 1 for an applicant's first row, 2 for the next; rows stand by applicant and time."""
    ends, lengths = runs(frame[KEY].to_numpy())
    early = np.arange(frame.height) - np.repeat(ends - lengths, lengths) + 1
    return frame.hstack([pl.Series("early", early.astype(np.int32))])


def by_time(frame: pl.DataFrame, time: str, reach: int) -> pl.DataFrame:
    """Rows of each applicant in order of time, ties in the order they stood; `time` lies within +-reach."""
    _, lengths = runs(frame[KEY].to_numpy())
    moment = np.repeat(np.arange(lengths.size), lengths) * (2 * reach) + frame[time].to_numpy()
    if (moment[1:] >= moment[:-1]).all():
        return frame
    return by_applicant(taken(frame, np.argsort(moment, kind="stable")))


def by_applicant(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame, newly made, with its mark as sorted by applicant."""
    return frame.replace_column(frame.get_column_index(KEY), frame[KEY].set_sorted())
