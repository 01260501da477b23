"""Few rows or many: what comes out is what the frame's own method gives."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aval.data.few import FEW, block, selected, taken, widened

SIZES = pytest.mark.parametrize("rows", [0, 1, 16, 17, FEW, FEW + 1])


def drawn(rows: int) -> pl.DataFrame:
    draw = np.random.default_rng(rows)
    values = pl.Series("x", np.where(draw.random(rows) < 0.2, np.nan, draw.normal(size=rows)), nan_to_null=True)
    return pl.DataFrame([values, pl.Series("n", np.arange(rows), dtype=pl.UInt32)])


@SIZES
def test_columns_are_the_same(rows: int) -> None:
    frame = drawn(rows)
    more = [(pl.col("x") * 2).alias("y"), pl.when(pl.col("n") > 3).then("x").alias("x")]
    assert_frame_equal(widened(frame, more), frame.with_columns(more), check_exact=True)
    assert_frame_equal(selected(frame, more), frame.select(more), check_exact=True)


@SIZES
def test_rows_are_the_same(rows: int) -> None:
    frame = drawn(rows)
    places = np.random.default_rng(1).permutation(rows)
    assert_frame_equal(taken(frame, places), frame[places], check_exact=True)


@SIZES
def test_numbers_are_the_same(rows: int) -> None:
    frame = drawn(rows)
    found = block(frame)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, frame.to_numpy().astype(np.float64))
