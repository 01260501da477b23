"""The warehouse: checked tables sorted by applicant, read as dossiers, one or all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data import shelf
from aval.data.dossiers import Dossiers, marked
from aval.data.few import FEW
from aval.data.ingest import ingest
from aval.data.load import Loaded, load
from aval.data.manifest import Manifest, contracts
from aval.data.tables import HISTORIES, KEY, TARGET, layout, none
from aval.errors import ApplicantUnknown, WarehouseError

__all__ = ["Loaded", "Warehouse", "ingest", "load"]

Ids = npt.NDArray[np.int64]

_AT_ONCE = 100  # row groups decoded before the rows of other applicants are dropped


@dataclass(frozen=True)
class Warehouse:
    """An open warehouse. It keeps its files open: a later ingest replaces them for those who open it anew."""

    path: Path
    manifest: Manifest
    ids: pl.Series  # every application, sorted
    _files: MappingProxyType[str, "_File"]

    @classmethod
    def open(cls, path: Path) -> "Warehouse":
        """Raises: WarehouseError."""
        folder = shelf.current(path)
        try:
            return cls._open(path, folder)
        except WarehouseError:
            # Between following the link and opening the files another run may have published and swept.
            if (again := shelf.current(path)) == folder:
                raise
            return cls._open(path, again)

    @classmethod
    def _open(cls, path: Path, folder: Path) -> "Warehouse":
        manifest = Manifest.read(folder)
        if manifest.contracts != contracts():
            raise WarehouseError(path, "was written under other contracts than this version's")
        files = {table: _File(folder / f"{table}.parquet", entry.bytes) for table, entry in manifest.tables.items()}
        if "application" not in files:
            raise WarehouseError(path, "has no applications")
        ids = files["application"].all([KEY])[KEY]
        return cls(path, manifest, ids, MappingProxyType(files))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def fingerprint(self) -> str:
        return self.manifest.fingerprint

    def labels(self) -> pl.DataFrame:
        """SK_ID_CURR and TARGET of the labelled applications, sorted."""
        return self._files["application"].all([KEY, TARGET]).filter(pl.col(TARGET).is_not_null())

    def calendar(self) -> pl.DataFrame | None:
        """SK_ID_CURR and applied_on, where the lender keeps them."""
        return self._files["calendar"].all() if "calendar" in self._files else None

    def outcomes(self) -> pl.DataFrame | None:
        """SK_ID_CURR, TARGET and observed_on, where the lender keeps them."""
        return self._files["outcomes"].all() if "outcomes" in self._files else None

    def applications(self, ids: Iterable[int] | pl.Series) -> pl.DataFrame:
        """The applications of these applicants without their histories, sorted. Raises: ApplicantUnknown."""
        return self._files["application"].of(self._known(ids), list(layout("application")))

    def dossiers(self, ids: int | Iterable[int] | pl.Series) -> Dossiers:
        """The dossiers of one applicant or some. Raises: ApplicantUnknown, WarehouseError."""
        return self._read(self._known([ids] if isinstance(ids, int) else ids))

    def stream(self, applicants: int = 20_000, ids: Iterable[int] | pl.Series | None = None) -> Iterator[Dossiers]:
        """Chunks of whole applicants in order: memory stays bounded. Raises: ApplicantUnknown, WarehouseError."""
        wanted = self.ids if ids is None else self._known(ids)
        for start in range(0, len(wanted), applicants):
            yield self._read(wanted.slice(start, applicants))

    def _known(self, ids: Iterable[int] | pl.Series) -> pl.Series:
        wanted = np.unique(pl.Series(KEY, ids, dtype=pl.Int64).to_numpy())
        every = self.ids.to_numpy()
        places = np.minimum(np.searchsorted(every, wanted), len(every) - 1)
        if not (every[places] == wanted).all():
            raise ApplicantUnknown(self.path)
        return pl.Series(KEY, wanted, dtype=pl.Int64)

    def _read(self, wanted: pl.Series) -> Dossiers:
        absent = frozenset(self.manifest.absent)
        tables = {}
        for table in ("application", *HISTORIES):
            types = layout(table)
            if table in absent or table not in self._files:
                tables[table] = none(table)
            else:
                tables[table] = self._files[table].of(wanted, list(types))
        return Dossiers(MappingProxyType(tables), absent)


class _File:
    """One table's Parquet file with the first and last applicant of each row group."""

    def __init__(self, path: Path, size: int) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._path = path
        self._empty: dict[tuple[str, ...], pl.DataFrame] = {}
        self._lock = Lock()  # two threads reading through one ParquetFile end in a segmentation fault
        try:
            if path.stat().st_size != size:
                raise WarehouseError(path, "is not the file that was written")
            self._file: Any = pq.ParquetFile(path, pre_buffer=False)  # which reads ahead in threads: a dossier is small
        except (OSError, pa.ArrowException):
            raise WarehouseError(path, "is missing or damaged") from None
        metadata = self._file.metadata
        place = self._file.schema_arrow.names.index(KEY)
        bounds = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
        self._first: Ids = np.array([bound.min for bound in bounds], dtype=np.int64)
        self._last: Ids = np.array([bound.max for bound in bounds], dtype=np.int64)
        if (self._first[1:] <= self._last[:-1]).any():
            raise self._shuffled()

    def all(self, columns: list[str] | None = None) -> pl.DataFrame:
        return marked(pl.DataFrame(self._table(list(range(len(self._first))), columns)[0]).rechunk())

    def of(self, wanted: pl.Series, columns: list[str]) -> pl.DataFrame:
        """The rows of these applicants (sorted), in one chunk."""
        ids = wanted.to_numpy()
        groups = np.searchsorted(self._last, ids)
        inside = groups < len(self._last)
        inside[inside] &= self._first[groups[inside]] <= ids[inside]
        needed = sorted(set(groups[inside].tolist()))
        frames = [self._picked(needed[at : at + _AT_ONCE], columns, ids) for at in range(0, len(needed), _AT_ONCE)]
        found = frames or [self._picked([], columns, ids)]
        return marked(found[0] if len(found) == 1 else pl.concat(found).rechunk())

    def _picked(self, groups: list[int], columns: list[str], ids: Ids) -> pl.DataFrame:
        table, keys = self._table(groups, columns)
        # Only the stretch that holds the applicants is converted: one of them costs a few rows, not a row group.
        first = int(np.searchsorted(keys, ids[0], "left")) if len(ids) else 0
        height = int(np.searchsorted(keys, ids[-1], "right")) - first if len(ids) else 0
        if not height:
            if (empty := self._empty.get(tuple(columns))) is None:
                empty = self._empty[tuple(columns)] = _frame(table.slice(0, 0))
            return empty
        frame = _frame(table.slice(first, height))
        if len(ids) == 1:
            return frame
        others = keys[first : first + height]
        mine = ids[np.minimum(np.searchsorted(ids, others), len(ids) - 1)] == others
        return frame if mine.all() else frame.filter(pl.Series(mine)).rechunk()

    def _table(self, groups: list[int], columns: list[str] | None) -> tuple[Any, Ids]:
        """Row groups and their applicants, having looked that these are in order."""
        import pyarrow as pa

        try:
            with self._lock:
                table = self._file.read_row_groups(groups, columns=columns, use_threads=False)
        except (OSError, pa.ArrowException):
            raise WarehouseError(self._path, "is damaged") from None
        keys = table.column(KEY).to_numpy()
        if (keys[1:] < keys[:-1]).any():
            raise self._shuffled()
        return table, keys

    def _shuffled(self) -> WarehouseError:
        return WarehouseError(self._path, f"is not sorted by {KEY} in whole row groups")


def _frame(table: Any) -> pl.DataFrame:
    """In one chunk. A record batch is taken over whole, a table column by column."""
    batches: list[Any] = table.to_batches() if table.num_rows <= FEW else []
    return pl.DataFrame(batches[0]) if len(batches) == 1 else pl.DataFrame(table).rechunk()
