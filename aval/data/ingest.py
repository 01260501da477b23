"""From a lender's files to a warehouse: checked, linked, sorted by applicant, in bounded memory."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data import shelf
from aval.data.check import ORPHAN, Check, Checked
from aval.data.dossiers import canonical
from aval.data.manifest import Entry, Manifest, Origin, contracts, sha256
from aval.data.parquet import Spill, Writer
from aval.data.source import Advance, Batch, Found, Part, Reader, find
from aval.data.tables import HISTORIES, KEY, TABLES, TARGET, columns, layout
from aval.errors import KeyDuplicate, OptionError, RejectsExceeded, SourceUnreadable, listed

# Applicants to a row group, which is decoded whole for one of them. Each column of each group also costs memory in
# every process that opens the file, and applications have more columns than all histories together.
GROUP = 500
HISTORY_GROUP = 100
BUCKET = 10_000  # applicants sorted at once: about 800,000 rows of the longest table

_UNIQUE = {"bureau": "SK_ID_BUREAU", "previous_application": "SK_ID_PREV", "calendar": KEY, "outcomes": KEY}
_LOAN = "SK_ID_PREV"

Ids = npt.NDArray[np.int64]


def ingest(
    source: Path, target: Path, *, tolerate: float = 0.01, blind: bool = False, advance: Advance | None = None
) -> Manifest:
    """Reads the tables of a folder or zip into the warehouse at `target`, which changes only if all went well.

    `tolerate` is the share of rejected rows allowed in a table; they are then set aside in `rejects/`. `blind`: a
    TARGET is not looked at, as `load` does not.
    Raises: OptionError, SourceError, WarehouseError.
    """
    if not 0 <= tolerate <= 1:
        raise OptionError("--tolerate", "must lie between 0 and 1")
    found = find(source)
    refused = target.with_name(f"{target.name}.rejects")
    with shelf.version(target) as folder:
        manifest = _Run(found, folder, refused, tolerate, blind, advance or (lambda *_: None)).manifest()
        manifest.write(folder)
    shelf.discard(refused)
    return manifest


@dataclass
class _Tally:
    """What was found in the files of one table."""

    files: list[str] = field(default_factory=list)
    rows: int = 0
    kept: int = 0
    rejected: int = 0
    orphans: int = 0
    unlinked: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    extras: list[str] = field(default_factory=list)


class _Run:
    def __init__(
        self, found: Found, folder: Path, refused: Path, tolerate: float, blind: bool, advance: Advance
    ) -> None:
        self._found, self._folder, self._refused = found, folder, refused
        self._tolerate, self._blind, self._advance = tolerate, blind, advance
        self._ids: Ids = np.empty(0, np.int64)  # applications, sorted
        self._owners: tuple[Ids, Ids] | None = None  # bureau credits, sorted, and whose they are
        self._loans: Ids | None = None  # previous applications, sorted
        (folder / "rejects").mkdir()

    def manifest(self) -> Manifest:
        entries = {table: self._table(table) for table in self._found.parts}
        absent = [table for table in HISTORIES if table not in entries]
        if "bureau" in absent and "bureau_balance" not in absent:
            absent.append("bureau_balance")  # nobody knows whose credits these are
        paths = {part.path: None for parts in self._found.parts.values() for part in parts}
        return Manifest(
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            contracts=contracts(),
            sources=tuple(Origin(path.name, path.stat().st_size, sha256(path)) for path in paths),
            tables=entries,
            absent=tuple(absent),
            ignored=self._found.ignored,
            warnings=tuple(_warnings(entries, absent)),
            folder=str(next(iter(paths)).parent.resolve()) if paths else "",
        )

    def _table(self, table: str) -> Entry:
        parts = self._found.parts[table]
        tally = _Tally()
        path = self._folder / f"{table}.parquet"
        with Writer(self._folder / "rejects" / f"{table}.parquet") as rejected:
            if table == "application":
                self._applications(parts, tally, rejected, path)
            else:
                self._history(table, parts, tally, rejected, path)
        return Entry(
            files=tuple(tally.files),
            rows=tally.rows,
            kept=tally.kept,
            rejected=tally.rejected,
            orphans=tally.orphans,
            rules=dict(sorted(tally.rules.items())),
            unlinked=tally.unlinked if _LOAN in columns(table) and self._loans is not None else None,
            unknown=dict(sorted(tally.unknown.items())),
            columns_ignored=tuple(tally.extras),
            bytes=path.stat().st_size,
            sha256=sha256(path),
        )

    def _applications(self, parts: tuple[Part, ...], tally: _Tally, rejected: Writer, path: Path) -> None:
        frames = [checked.kept for _, _, checked in self._rows("application", parts, tally, rejected)]
        names = listed([part.name for part in parts])
        if not frames or not any(frame.height for frame in frames):
            raise SourceUnreadable(names, "holds no application that keeps the contract", "export it again")
        frame = canonical(pl.concat(frames), "application")
        del frames
        self._ids = frame[KEY].to_numpy()
        self._no_repeats(self._ids, names, KEY)
        tally.kept = frame.height
        with Writer(path, grouped=True) as out:
            for start in range(0, frame.height, GROUP):
                out.add(frame.slice(start, GROUP))

    def _history(self, table: str, parts: tuple[Part, ...], tally: _Tally, rejected: Writer, path: Path) -> None:
        buckets = -(-len(self._ids) // BUCKET)
        keys: list[Ids] = []
        owners: list[Ids] = []
        with Spill(self._folder / f"{table}.spill", buckets) as spill:
            for check, batch, checked in self._rows(table, parts, tally, rejected):
                frame, slots = self._linked(table, check, batch, checked, tally, rejected)
                spill.add(frame, slots // BUCKET)
                if unique := _UNIQUE.get(table):
                    keys.append(frame[unique].to_numpy())
                    owners.append(frame[KEY].to_numpy())
                if self._loans is not None and _LOAN in frame.columns:
                    tally.unlinked += int((~_found(self._loans, frame[_LOAN].to_numpy())[1]).sum())
            self._keep_keys(table, keys, owners, listed([part.name for part in parts]))
            with Writer(path, grouped=True, empty=pl.DataFrame(schema=dict(layout(table)))) as out:
                for bucket in range(buckets):
                    self._advance(f"{table}, sorting", bucket, buckets)
                    self._sort(table, spill.take(bucket), out)
        self._advance(f"{table}, sorting", buckets, buckets)

    def _rows(
        self, table: str, parts: tuple[Part, ...], tally: _Tally, rejected: Writer
    ) -> Iterator[tuple[Check, Batch, Checked]]:
        """Every batch of the table, checked; the rejected rows are on their way. Raises: SourceError."""
        for part in parts:
            check = Check(table, part.name)
            with Reader(part, partial(self._advance, part.name)) as reader:
                wanted = [name for name in check.header(reader.columns) if not (self._blind and name == TARGET)]
                tally.files.append(part.name)
                tally.extras += [name for name in reader.columns if name not in wanted and name not in tally.extras]
                for batch in reader.batches(wanted):
                    checked = check.batch(batch)
                    rejected.add(checked.rejected)
                    tally.rejected += checked.rejected.height
                    tally.kept += checked.kept.height
                    yield check, batch, checked
            check.done()
            tally.rows += check.rows
            tally.rules += check.rules
            tally.unknown += check.unknown
        if tally.rejected > self._tolerate * tally.rows:
            rejected.close()
            shelf.discard(self._refused)
            (self._folder / "rejects").replace(self._refused)
            worst = tally.rules.most_common(1)[0][0]
            raise RejectsExceeded(table, tally.rejected, tally.rows, worst, self._refused / f"{table}.parquet")

    def _linked(
        self, table: str, check: Check, batch: Batch, checked: Checked, tally: _Tally, rejected: Writer
    ) -> tuple[pl.DataFrame, Ids]:
        """The rows that lead to an application, and its place among the sorted ids; the orphans are set aside."""
        frame = checked.kept
        if table == "bureau_balance":
            loans, whose = self._owners or (np.empty(0, np.int64), np.empty(0, np.int64))
            places, linked = _found(loans, frame["SK_ID_BUREAU"].to_numpy())
            keys = whose[places] if len(whose) else np.zeros(frame.height, np.int64)
            frame = frame.insert_column(0, pl.Series(KEY, keys))
        slots, known = _found(self._ids, frame[KEY].to_numpy())
        if table == "bureau_balance":
            known &= linked
        if known.all():
            return frame, slots
        lost = checked.origin.filter(pl.Series(~known))
        rejected.add(check.aside(batch, lost, pl.repeat([ORPHAN], len(lost), eager=True)))
        tally.orphans += len(lost)
        tally.kept -= len(lost)
        return frame.filter(pl.Series(known)), slots[known]

    def _keep_keys(self, table: str, keys: list[Ids], owners: list[Ids], names: str) -> None:
        if table not in _UNIQUE:
            return
        found = np.concatenate(keys) if keys else np.empty(0, np.int64)
        order = np.argsort(found, kind="stable")
        found = found[order]
        self._no_repeats(found, names, _UNIQUE[table])
        if table == "bureau":
            self._owners = found, (np.concatenate(owners) if owners else found)[order]
        elif table == "previous_application":
            self._loans = found

    def _no_repeats(self, keys: Ids, names: str, key: str) -> None:
        repeats = int((keys[1:] == keys[:-1]).sum())
        if repeats:
            raise KeyDuplicate(names, [key], repeats)

    def _sort(self, table: str, frame: pl.DataFrame | None, out: Writer) -> None:
        if frame is None:
            return
        frame = canonical(frame, table)
        slots = np.searchsorted(self._ids, frame[KEY].to_numpy()) // HISTORY_GROUP
        starts = [0, *(np.flatnonzero(slots[1:] != slots[:-1]) + 1).tolist(), frame.height]
        for start, end in pairwise(starts):
            out.add(frame.slice(start, end - start))


def _found(ids: Ids, wanted: Ids) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """The place of each wanted id among the sorted ids, and whether it is there."""
    if not len(ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return places, ids[places] == wanted


def _warnings(entries: dict[str, Entry], absent: list[str]) -> Iterator[str]:
    for table in TABLES:
        entry = entries.get(table)
        if table in absent:
            why = "has no bureau table to say whose credits these are" if entry else "not supplied"
            yield f"{table}: {why}; its features are missing."
        if entry is None:
            continue
        if entry.columns_ignored:
            yield f"{table}: columns {', '.join(entry.columns_ignored[:6])} are not in the contract and were ignored."
        if entry.unknown:
            where = ", ".join(f"{name} ({rows:,} rows)" for name, rows in entry.unknown.items())
            yield f"{table}: unknown levels in {where}."
        if entry.rejected:
            yield f"{table}: {entry.rejected:,} of {entry.rows:,} rows break the contract and were set aside."
        if entry.orphans:
            link = "credit" if table == "bureau_balance" else "application"
            yield f"{table}: {entry.orphans:,} rows belong to no {link} on file and were set aside."
