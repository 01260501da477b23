"""Applications to decide, straight from files: one file of applications, or a folder with any of the tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import polars as pl

from aval.data.check import Check, Checked, rejects
from aval.data.dossiers import Dossiers
from aval.data.source import Advance, Found, Part, Reader, find, lone
from aval.data.tables import HISTORIES, KEY, TARGET, columns, layout
from aval.errors import KeyDuplicate, SourceMissing, SourceUnreadable, listed

UNIQUE = {"application": KEY, "bureau": "SK_ID_BUREAU", "previous_application": "SK_ID_PREV"}


@dataclass(frozen=True)
class Loaded:
    """Dossiers that keep the contract, and per table the rows that do not (cells as text, `rules`, `row`, `file`)."""

    dossiers: Dossiers
    rejects: Mapping[str, pl.DataFrame]
    warnings: tuple[str, ...]


def load(source: Path, advance: Advance | None = None) -> Loaded:
    """Reads a .csv, .csv.gz, .zip or .parquet of applications, or a folder or zip of tables, into memory.

    A history that is not there is unknown (`Dossiers.absent`); rows of other applicants are left out and counted;
    a TARGET is not looked at. Raises: SourceError.
    """
    found = _found(source)
    tables: dict[str, pl.DataFrame] = {}
    broken: dict[str, pl.DataFrame] = {}
    warnings: list[str] = []
    for table, parts in found.parts.items():
        if table not in ("application", *HISTORIES):
            continue  # the day and the outcome of an application say nothing about it on its day
        tables[table], rejected, told = _read(table, parts, advance)
        warnings += told
        if rejected.height:
            broken[table] = rejected
            warnings.append(f"{table}: {rejected.height:,} rows break the contract and were left out.")
    if not tables["application"].height and "application" not in broken:
        names = listed([part.name for part in found.parts["application"]])
        raise SourceUnreadable(names, "holds no application", "export it again")
    dossiers = Dossiers.of(tables)
    for table in HISTORIES:
        if table in dossiers.absent:
            warnings.append(f"{table}: not supplied; its features are missing.")
        elif others := tables[table].height - dossiers.tables[table].height:
            warnings.append(f"{table}: {others:,} rows belong to none of these applicants and were left out.")
    return Loaded(dossiers, MappingProxyType(broken), tuple(warnings))


def _found(source: Path) -> Found:
    if source.is_file() and source.suffix.lower() != ".zip":
        return lone(source)
    try:
        return find(source)
    except SourceMissing:
        if source.is_file():
            return lone(source)
        raise


def _read(table: str, parts: tuple[Part, ...], advance: Advance | None) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Kept rows, rejected rows, warnings. Raises: SourceError."""
    kept = [pl.DataFrame(schema=dict(layout(table))).select(_own(table))]
    rejected = [pl.DataFrame(schema=rejects(table))]
    warnings = []
    for part in parts:
        check = Check(table, part.name)
        for checked in batches(check, part, advance):
            kept.append(checked.kept)
            rejected.append(checked.rejected)
        if check.unknown:
            where = ", ".join(f"{name} ({rows:,} rows)" for name, rows in sorted(check.unknown.items()))
            warnings.append(f"{part.name}: unknown levels in {where}.")
    frame = pl.concat(kept)
    if key := UNIQUE.get(table):
        repeats = frame.height - frame[key].n_unique()
        if repeats:
            raise KeyDuplicate(listed([part.name for part in parts]), [key], repeats)
    return frame, pl.concat(rejected), warnings


def batches(check: Check, part: Part, advance: Advance | None = None) -> Iterator[Checked]:
    """The file's rows batch by batch, held against the contract; a TARGET is not looked at. Raises: SourceError."""
    with Reader(part, partial(advance, part.name) if advance else None) as reader:
        wanted = [name for name in check.header(reader.columns) if name != TARGET]
        for batch in reader.batches(wanted):
            checked = check.batch(batch)
            yield replace(checked, kept=checked.kept.select(_own(check.table)))
    check.done()


def _own(table: str) -> list[str]:
    return [name for name in columns(table) if name != TARGET]
