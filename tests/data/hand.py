"""Small tables made from the contracts alone: every cell allowed, some missing, some stand-ins, all of it seeded."""

import random
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from aval.data.tables import KEY, TABLES, columns

APPLICANTS = 12
LABELLED = 8
ROWS = {
    "bureau": 20,
    "bureau_balance": 60,
    "previous_application": 18,
    "POS_CASH_balance": 40,
    "installments_payments": 40,
    "credit_card_balance": 30,
}

Tables = dict[str, pl.DataFrame]


def tables(seed: int = 0) -> Tables:
    """Text cells of all nine tables for twelve applicants, the first eight labelled."""
    draw = random.Random(seed)
    people = [100_001 + 7 * place for place in range(APPLICANTS)]
    made = {"application": _frame("application", APPLICANTS, draw, {KEY: people})}
    labels = ["1" if place % 4 == 1 else "0" for place in range(LABELLED)] + [None] * (APPLICANTS - LABELLED)
    made["application"] = made["application"].with_columns(pl.Series("TARGET", labels, dtype=pl.String))
    for table, rows in ROWS.items():
        given: dict[str, list[int]] = {}
        if KEY in columns(table):
            given[KEY] = [draw.choice(people[:-1]) for _ in range(rows)]  # the last one has no history
        if table == "bureau":
            given["SK_ID_BUREAU"] = draw.sample(range(5_000_000, 6_000_000), rows)
        elif table == "bureau_balance":
            owned = made["bureau"]["SK_ID_BUREAU"].to_list()[:-4]
            given["SK_ID_BUREAU"] = [int(draw.choice(owned)) for _ in range(rows)]
        elif table == "previous_application":
            given["SK_ID_PREV"] = draw.sample(range(1_000_000, 2_000_000), rows)
        else:
            loans = [int(loan) for loan in made["previous_application"]["SK_ID_PREV"]] + [2_500_000]
            given["SK_ID_PREV"] = [draw.choice(loans) for _ in range(rows)]
        made[table] = _frame(table, rows, draw, given)
    made["calendar"] = pl.DataFrame({KEY: map(str, people), "applied_on": ["2026-01-15"] * APPLICANTS})
    made["outcomes"] = pl.DataFrame(
        {KEY: map(str, people[:LABELLED]), "TARGET": labels[:LABELLED], "observed_on": ["2026-08-01"] * LABELLED}
    )
    return made


def _frame(table: str, rows: int, draw: random.Random, given: Mapping[str, list[int]]) -> pl.DataFrame:
    cells: dict[str, list[str | None]] = {}
    for name, column in columns(table).items():
        if name in given:
            cells[name] = [str(value) for value in given[name]]
            continue
        made: list[str | None] = []
        for _ in range(rows):
            if column.nullable and draw.random() < 0.3:
                made.append(None)
            elif column.none and draw.random() < 0.2:
                made.append(str(draw.choice(column.none)))
            elif column.values:
                made.append(draw.choice(column.values))
            else:
                low, high = max(column.minimum or 0, -3_000), min(column.maximum or 0, 5_000)
                whole = column.dtype.is_integer()
                made.append(str(draw.randint(int(low), int(high)) if whole else round(draw.uniform(low, high), 4)))
        cells[name] = made
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


def write(folder: Path, given: Tables, *, split: bool = True) -> Path:
    """The tables as CSV files under their published names, the applications in one file or in two."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        if table not in given:
            continue
        frame = given[table]
        if table == "application" and split:
            labelled = pl.col("TARGET").is_not_null()
            frame.filter(labelled).write_csv(folder / "application_train.csv")
            frame.filter(~labelled).drop("TARGET").write_csv(folder / "application_test.csv")
        else:
            frame.write_csv(folder / f"{table}.csv")
    return folder


def put(frame: pl.DataFrame, row: int, column: str, cell: str | None) -> pl.DataFrame:
    """The frame with one cell replaced."""
    cells = frame[column].to_list()
    cells[row] = cell
    return frame.with_columns(pl.Series(column, cells, dtype=pl.String))
