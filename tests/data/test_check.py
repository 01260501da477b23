"""Cells that come typed: a Parquet file's numbers, flags and categories are read for what they mean."""

from datetime import date, datetime

import polars as pl
import pytest

from aval.data.check import Check
from aval.data.source import Batch
from aval.data.tables import columns
from aval.errors import ColumnType


def check(table: str, column: str, cells: pl.Series) -> tuple[list[object], list[list[str]]]:
    """What became of a column of typed cells, and the rules that were broken on it."""
    frame = cells.alias(column).to_frame()
    tried = Check(table, "file.parquet")
    rows = pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True)
    typed, failed = tried._typed(frame)
    rejected = tried.batch(Batch(frame, rows)).rejected
    broken = [[rule for rule in rules if rule.startswith(f"{column}|")] for rules in rejected["rules"].to_list()]
    assert typed[column].dtype == columns(table)[column].dtype
    assert (column in failed) == any(rule.endswith("|dtype") for rules in broken for rule in rules)
    return typed[column].to_list(), broken


@pytest.mark.parametrize(
    ("table", "column", "cells", "expected"),
    [
        ("bureau", "DAYS_CREDIT", pl.Series([-3.0, None, -4.5]), [-3, None, None]),
        ("bureau", "DAYS_CREDIT", pl.Series([float("nan"), float("-inf"), -1.0]), [None, None, -1]),
        ("bureau", "DAYS_CREDIT", pl.Series([-3, 10**12], dtype=pl.Int64), [-3, None]),
        ("bureau", "AMT_CREDIT_SUM", pl.Series([1, 2], dtype=pl.Int16), [1.0, 2.0]),
        ("application", "FLAG_EMAIL", pl.Series([True, False]), [1, 0]),
        ("application", "FLAG_OWN_CAR", pl.Series(["Y", "N"], dtype=pl.Categorical), ["Y", "N"]),
        ("application", "FLAG_OWN_CAR", pl.Series(["Y", "N"], dtype=pl.Enum(["N", "Y"])), ["Y", "N"]),
        ("bureau_balance", "STATUS", pl.Series([0, 5]), ["0", "5"]),
        ("calendar", "applied_on", pl.Series([datetime(2026, 1, 2), None]), [date(2026, 1, 2), None]),
        ("calendar", "applied_on", pl.Series(["2026-01-02", "02.01.2026"]), [date(2026, 1, 2), None]),
        ("bureau", "DAYS_CREDIT", pl.Series([[1], [2]]), [None, None]),
        ("bureau", "DAYS_CREDIT", pl.Series(["-3.0", " -4 ", "-4.5", "minus"]), [-3, -4, None, None]),
        ("bureau", "AMT_CREDIT_SUM", pl.Series(["1e3", " 2.50", "1 000", "0x10"]), [1000.0, 2.5, None, None]),
    ],
)
def test_what_a_typed_cell_means(table: str, column: str, cells: pl.Series, expected: list[object]) -> None:
    assert check(table, column, cells)[0] == expected


def test_a_fraction_is_no_whole_number() -> None:
    _, broken = check("bureau", "DAYS_CREDIT", pl.Series([-3.0, -4.5]))
    assert broken == [[], ["DAYS_CREDIT|dtype"]]


def test_the_tally_runs_over_batches() -> None:
    tried = Check("bureau_balance", "bureau_balance.csv")
    for status in ("0", "9", "C"):
        cells = pl.DataFrame({"SK_ID_BUREAU": ["7", "x"], "MONTHS_BALANCE": ["-1", "-1"], "STATUS": [status, "X"]})
        tried.batch(Batch(cells, pl.Series([2, 3]), ((4, "7,-1"),)))
    tried.done()
    assert tried.rows == 9
    assert tried.rules == {"SK_ID_BUREAU|dtype": 3, "STATUS|values": 1, "ragged": 3}


def test_one_bad_cell_does_not_condemn_a_column() -> None:
    for cells, condemned in ((["x"], False), (["x", None], False), (["x", "y"], True), (["x", "-1"], False)):
        tried = Check("bureau_balance", "bureau_balance.csv")
        rows = pl.int_range(2, len(cells) + 2, dtype=pl.Int64, eager=True)
        tried.batch(Batch(pl.DataFrame({"MONTHS_BALANCE": cells}), rows))
        if condemned:
            with pytest.raises(ColumnType, match="MONTHS_BALANCE"):
                tried.done()
        else:
            tried.done()


def test_levels_that_are_not_known_are_counted_by_column() -> None:
    tried = Check("POS_CASH_balance", "POS_CASH_balance.csv")
    row = dict.fromkeys(columns("POS_CASH_balance"), "0") | {"SK_ID_PREV": "1", "SK_ID_CURR": "1"}
    cells = pl.DataFrame([row | {"NAME_CONTRACT_STATUS": status} for status in ("Active", "Asleep", "Awake")])
    kept = tried.batch(Batch(cells, pl.Series([2, 3, 4]))).kept
    assert kept.height == 3
    assert tried.unknown == {"NAME_CONTRACT_STATUS": 2}
