"""Frames of few rows without threads: waking one costs more than an expression, and far more on a busy machine.

Each of these gives what the frame's own method gives, whatever the number of rows.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

FEW: Final = 2_000
"""Rows up to which one thread is as quick."""

SINGLE: Final = 16
"""Rows up to which Python's own values are as quick as a block of memory."""


def widened(frame: pl.DataFrame, more: Sequence[pl.Expr]) -> pl.DataFrame:
    """The frame with more columns, or others under their names."""
    return frame.with_columns_seq(more) if frame.height <= FEW else frame.with_columns(more)


def selected(frame: pl.DataFrame, columns: Iterable[pl.Expr]) -> pl.DataFrame:
    """These columns alone."""
    return frame.select_seq(columns) if frame.height <= FEW else frame.select(columns)


def taken(frame: pl.DataFrame, places: "np.ndarray[Any, Any]") -> pl.DataFrame:
    """The rows at these places."""
    if len(places) > FEW:
        return frame[places]
    index = pl.Series(places, dtype=pl.UInt32)
    return pl.DataFrame([column[index] for column in frame.get_columns()])


def block(frame: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Numbers as shape (n, k), NaN where one is missing."""
    if frame.height <= SINGLE:
        return np.array(frame.rows(), dtype=np.float64).reshape(frame.shape)
    return frame.to_numpy().astype(np.float64, copy=False)
