"""Checking cells against a table's contract: what holds goes on, what does not is set aside with the rule it broke."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from aval.data.column import Column
from aval.data.source import Batch
from aval.data.tables import TABLES, TARGET, columns
from aval.errors import ColumnMissing, ColumnType, SourceUnreadable

ORPHAN = "orphan"  # a row of nobody: it keeps the contract, but its link leads nowhere
RAGGED = "ragged"  # a line with too few or too many cells


@dataclass(frozen=True)
class Checked:
    """Rows that keep the contract, typed, where each stood in the batch, and the rows that do not (see `aside`)."""

    kept: pl.DataFrame
    origin: pl.Series
    rejected: pl.DataFrame


@dataclass
class Check:
    """The contract of one table held against one file, and the tally of what was found."""

    table: str
    file: str
    rows: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)  # cells outside the known levels, by column
    _given: Counter[str] = field(default_factory=Counter)
    _failed: Counter[str] = field(default_factory=Counter)

    def header(self, found: list[str]) -> list[str]:
        """The contract's columns among those of the file. Raises: ColumnMissing, SourceUnreadable."""
        contract = columns(self.table)
        needed = [name for name in contract if (self.table, name) != ("application", TARGET)]
        missing = [name for name in needed if name not in found]
        if len(missing) == len(needed):
            raise SourceUnreadable(
                self.file, "its first line names no column of the table", "put the published names there"
            )
        if missing:
            raise ColumnMissing(self.file, missing)
        return [name for name in contract if name in found]

    def batch(self, batch: Batch) -> Checked:
        typed, failed = self._typed(batch.cells)
        holds = typed.select(pl.all_horizontal(*_rules(self.table).values())).to_series()
        for bad in failed.values():
            holds &= ~bad
        self.rows += typed.height + len(batch.ragged)
        ragged = self._ragged(batch)
        if holds.all() and not batch.ragged:
            self._levels(typed)
            return Checked(typed, pl.int_range(typed.height, dtype=pl.UInt32, eager=True), ragged)
        kept = typed.filter(holds)
        self._levels(kept)
        broken = self._broken(typed.filter(~holds), {name: bad.filter(~holds) for name, bad in failed.items()})
        lost = self.aside(batch, (~holds).arg_true(), broken)
        for rule, count in lost["rules"].explode().value_counts().iter_rows():
            self.rules[rule] += count
        return Checked(kept, holds.arg_true(), pl.concat([lost, ragged]))

    def aside(self, batch: Batch, where: pl.Series, broken: pl.Series) -> pl.DataFrame:
        """Rows of the batch as they came, with the rules each broke: the one place where their values are kept."""
        present = batch.cells.columns
        cells = pl.DataFrame([_text(batch.cells[name].gather(where)) for name in present])
        facts: list[pl.Series | pl.Expr] = [
            broken.alias("rules"),
            batch.rows.gather(where).alias("row"),
            pl.lit(self.file).alias("file"),
            pl.lit(None, pl.String).alias("raw"),
        ]
        facts += [pl.lit(None, pl.String).alias(name) for name in columns(self.table) if name not in present]
        return cells.with_columns(facts).select(rejects(self.table).keys())

    def done(self) -> None:
        """After the last batch. Raises: ColumnType when a column never held what it should."""
        for name, count in self._failed.items():
            if count == self._given[name] and count > 1:
                raise ColumnType(self.file, name, _word(columns(self.table)[name]))

    def _typed(self, cells: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
        typed: list[pl.Series] = []
        failed: dict[str, pl.Series] = {}
        for name, column in columns(self.table).items():
            if name not in cells.columns:
                typed.append(pl.repeat(None, cells.height, dtype=column.dtype, eager=True).alias(name))
                continue
            given = cells[name]
            value = _cast(given, column.dtype)
            bad = value.is_null() & given.is_not_null()
            self._given[name] += len(given) - given.null_count()
            if count := int(bad.sum()):
                failed[name] = bad
                self._failed[name] += count
            typed.append(value)
        return pl.DataFrame(typed), failed

    def _broken(self, typed: pl.DataFrame, failed: Mapping[str, pl.Series]) -> pl.Series:
        """Names of the rules each row breaks; a cell of the wrong type breaks that rule alone."""
        names = []
        for rule, holds in _rules(self.table).items():
            column = rule.split("|")[0]
            excused = failed.get(column)
            broke = ~holds if excused is None else ~(holds | excused)
            names.append(pl.when(broke).then(pl.lit(rule)))
        names += [pl.when(bad).then(pl.lit(f"{name}|dtype")) for name, bad in failed.items()]
        return typed.select(pl.concat_list(names).list.drop_nulls().alias("rules")).to_series()

    def _ragged(self, batch: Batch) -> pl.DataFrame:
        if batch.ragged:
            self.rules[RAGGED] += len(batch.ragged)
        lines = pl.DataFrame(batch.ragged, schema={"row": pl.Int64, "raw": pl.String}, orient="row")
        facts = [pl.lit([RAGGED], pl.List(pl.String)).alias("rules"), pl.lit(self.file).alias("file")]
        blank = [pl.lit(None, pl.String).alias(name) for name in columns(self.table)]
        return lines.with_columns(*blank, *facts).select(rejects(self.table).keys())

    def _levels(self, kept: pl.DataFrame) -> None:
        strange = [
            (~pl.col(name).is_in(list(column.values))).sum()
            for name, column in columns(self.table).items()
            if column.values and not column.closed
        ]
        if strange:
            for name, count in kept.select(strange).row(0, named=True).items():
                if count:
                    self.unknown[name] += count


def rejects(table: str) -> dict[str, pl.DataType]:
    """Names and types of a table of rejects: the cells as text, the rules, the row's number, the file, a raw line."""
    cells: dict[str, pl.DataType] = {name: pl.String() for name in columns(table)}
    return {**cells, "rules": pl.List(pl.String()), "row": pl.Int64(), "file": pl.String(), "raw": pl.String()}


@cache
def _rules(table: str) -> Mapping[str, pl.Expr]:
    """The contract's rules by name (`COLUMN|rule`), each true where it holds or has nothing to say."""
    found = {}
    for name, column in TABLES[table].columns().items():
        for rule, holds in column.validation_rules(pl.col(name)).items():
            found[f"{name}|{rule.removeprefix('check__')}"] = holds.fill_null(value=True)
    return found


def _cast(given: pl.Series, dtype: pl.DataType) -> pl.Series:
    """The cells as this type, null where they are not; 20.0 is the whole number 20, and 20.5 is none."""
    if given.dtype == dtype:
        return given
    if given.dtype == pl.Categorical or isinstance(given.dtype, pl.Enum):
        given = given.cast(pl.String)
    if dtype == pl.Date and given.dtype == pl.String:
        return given.str.to_date("%Y-%m-%d", strict=False)
    if given.dtype.is_float() and dtype.is_integer():
        return pl.select(pl.when(given == given.round()).then(given).cast(dtype, strict=False)).to_series()
    try:
        value = given.cast(dtype, strict=False)
    except pl.exceptions.PolarsError:  # there is no way from a list to a number
        return pl.repeat(None, len(given), dtype=dtype, eager=True).alias(given.name)
    if given.dtype == pl.String and dtype.is_numeric() and value.null_count() > given.null_count():
        number = given.str.strip_chars().cast(pl.Float64, strict=False)
        value = value.fill_null(number if dtype.is_float() else _cast(number, dtype))
    return value.alias(given.name)


def _text(cells: pl.Series) -> pl.Series:
    try:
        return cells.cast(pl.String)
    except pl.exceptions.PolarsError:  # lists and bytes of a Parquet file
        words = [None if cell is None else str(cell) for cell in cells.to_list()]
        return pl.Series(cells.name, words, dtype=pl.String)


def _word(column: Column) -> str:
    if column.dtype == pl.Date:
        return "a date (YYYY-MM-DD)"
    return "a whole number" if column.dtype.is_integer() else "a number" if column.dtype.is_numeric() else "text"
