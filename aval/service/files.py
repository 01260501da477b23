"""A file of applications, or a zip of the tables, cut into parts to decide; read in bounded memory and never believed.

What an upload is, its first bytes say; what its sender calls it is not asked. An archive is unpacked under names of
our own, counting what comes out of it, so that nothing in it says where it is written or how large it is.
"""

import errno
import gzip
import io
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import IO, Final

import numpy as np
import polars as pl

from aval.data import shelf
from aval.data.check import ORPHAN, Check
from aval.data.dossiers import Dossiers
from aval.data.load import batches, load
from aval.data.source import Found, find, lone
from aval.data.source import Part as Source
from aval.data.tables import HISTORIES, KEY, layout
from aval.data.warehouse import Warehouse, ingest
from aval.errors import (
    ArchiveRefused,
    ArchiveTooLarge,
    KeyDuplicate,
    NoRoom,
    Said,
    SourceMissing,
    SourceUnreadable,
    listed,
)
from aval.service.decide import portions

PART: Final = 10_000
"""Applicants in a part."""
_SMALL: Final = 16 << 20
"""Bytes of tables that are read in memory: about 20,000 rows."""
_FREE: Final = 1 << 20
"""Bytes up to which it does not matter how well something was compressed."""
_AT_ONCE: Final = 1 << 20
"""Bytes read from an archive at once; its list of members, too, has to keep within them."""
_DAMAGED: Final = (
    *(EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, zipfile.LargeZipFile),
    *(NotImplementedError, RuntimeError, ValueError, KeyError, struct.error),
)


_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


class Kind(StrEnum):
    """What an upload is."""

    CSV = "csv"
    PARQUET = "parquet"
    ZIP = "zip"
    GZIP = "gz"

    @classmethod
    def of(cls, path: Path) -> "Kind":
        """By the first bytes; what is nothing else is taken for text."""
        with path.open("rb") as file:
            start = file.read(4)
        if start[:2] == b"PK":
            return cls.ZIP
        if start == b"PAR1":
            return cls.PARQUET
        return cls.GZIP if start[:2] == b"\x1f\x8b" else cls.CSV


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may unpack to."""

    members: int = 64
    bytes: int = 8 << 30
    ratio: int = 200
    """Bytes for each compressed byte, from 1 MiB on; tables come to about 10."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that breaks the contract, told without its cells."""

    table: str
    file: str
    row: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Applicants to decide together, and the rows rejected on the way to them; either may be none."""

    dossiers: Dossiers
    rejects: list[Reject]


@dataclass(frozen=True)
class Upload:
    """A readable upload: how many applicants it brings, and its parts, the same each time it is read."""

    applicants: int
    _cut: Callable[[int], Iterator[Part]]

    def parts(self, applicants: int = PART) -> Iterator[Part]:
        """At most `applicants` in each, in the order of the file. Raises: SourceError."""
        return self._cut(applicants)


@contextmanager
def room() -> Iterator[None]:
    """For what is written on the way to a decision. Raises NoRoom: the disk is full, or will not be written to."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in _FULL:
            raise
        what = errno.errorcode[problem.errno]
        raise NoRoom(what) from None


@contextmanager
def opened(path: Path, scratch: Path, limits: Limits = Limits()) -> Iterator[Upload]:
    """The upload at `path`, read once from end to end; what has to be written down goes to `scratch` meanwhile.

    Raises:
        ArchiveTooLarge: it unpacks to more than the limits.
        ArchiveRefused: it cannot be unpacked.
        SourceError: whatever `aval.data.load.load` would say of the same file.
        NoRoom, WarehouseError: there is no room in `scratch`.
    """
    with room(), tempfile.TemporaryDirectory(prefix="work-", dir=scratch, ignore_cleanup_errors=True) as place:
        yield _opened(path, Path(place), limits)


def _opened(path: Path, place: Path, limits: Limits) -> Upload:
    kind = Kind.of(path)
    named = place / f"upload.{kind}"  # a reader goes by the ending, so it is given the right one
    named.symlink_to(path.resolve())
    if kind is Kind.ZIP:
        return _tables(_Unpacking(named, limits).unzip(place / "tables"), place, limits)
    plain = named
    if kind is Kind.GZIP:
        plain = place / "upload.csv"
        _Unpacking(named, limits).gunzip(plain)
    _weigh([plain], limits)
    return _applications(lone(plain))


def _tables(found: Found, place: Path, limits: Limits) -> Upload:
    weight = _weigh([part.path for parts in found.parts.values() for part in parts], limits)
    if found.parts.keys() == {"application"}:
        return _applications(found)
    tables, warehouse = place / "tables", place / "warehouse"
    if weight <= _SMALL:
        loaded = load(tables)
        told = [one for table, frame in sorted(loaded.rejects.items()) for one in _rejects(table, frame)]
        return Upload(len(loaded.dossiers), lambda size: _joined(portions(loaded.dossiers, size), told, size))
    ingest(tables, warehouse, tolerate=1.0, blind=True)
    shutil.rmtree(tables)
    kept = Warehouse.open(warehouse)
    return Upload(len(kept), lambda size: _joined(kept.stream(size), _aside(warehouse), size))


def _joined(dossiers: Iterable[Dossiers], rejects: Iterable[Reject], size: int) -> Iterator[Part]:
    """The rejects go along, as many at a time as applicants; what is left of them comes last."""
    told = iter(rejects)
    for some in dossiers:
        yield Part(some, list(islice(told, size)))
    while rest := list(islice(told, size)):
        yield Part(_of([]), rest)


def _aside(warehouse: Path) -> Iterator[Reject]:
    """What an ingest set aside, but for the rows of nobody, which break no rule."""
    import pyarrow.parquet as pq

    for file in sorted((shelf.current(warehouse) / "rejects").glob("*.parquet")):
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(PART, columns=["rules", "row", "file"], use_threads=False):
                frame = pl.DataFrame(batch)
                yield from (one for one in _rejects(file.stem, frame) if one.rules != (ORPHAN,))


def _rejects(table: str, frame: pl.DataFrame) -> Iterator[Reject]:
    for file, row, rules in frame.select("file", "row", "rules").iter_rows():
        yield Reject(table, file, row, tuple(rules))


def _applications(found: Found) -> Upload:
    """Applications without histories. They are checked twice: nobody is decided of a file that is refused as a whole.

    Raises: SourceError.
    """
    parts = found.parts["application"]
    names = listed([part.name for part in parts])
    keys: list[pl.Series] = []
    rejected = 0
    for kept, lost in _checked(parts):
        keys.append(kept[KEY])
        rejected += lost.height
    ids = np.sort(pl.concat(keys).to_numpy()) if keys else np.empty(0, np.int64)
    if repeats := int((ids[1:] == ids[:-1]).sum()):
        raise KeyDuplicate(names, [KEY], repeats)
    if not len(ids) and not rejected:
        raise SourceUnreadable(names, "holds no application", "export it again")
    return Upload(len(ids), lambda size: _streamed(parts, size))


def _checked(parts: tuple[Source, ...]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Kept and rejected rows, batch by batch."""
    for part in parts:
        for checked in batches(Check("application", part.name), part):
            yield checked.kept, checked.rejected


def _streamed(parts: tuple[Source, ...], size: int) -> Iterator[Part]:
    frames: list[pl.DataFrame] = []
    height, rejects = 0, list[Reject]()
    for kept, lost in _checked(parts):
        frames.append(kept)
        height += kept.height
        rejects += _rejects("application", lost)
        while height >= size or len(rejects) >= size:
            frame = pl.concat(frames)
            yield Part(_of([frame.head(size)]), rejects)
            frames, rejects = [frame.slice(size)], []
            height = max(0, height - size)
    if height or rejects:
        yield Part(_of(frames), rejects)


def _of(frames: list[pl.DataFrame]) -> Dossiers:
    return Dossiers.of({"application": pl.concat(frames) if frames else pl.DataFrame(schema=layout("application"))})


def _weigh(files: Iterable[Path], limits: Limits) -> int:
    """Bytes of these files once read. A Parquet file may hold a million rows in a kilobyte: its cells are counted."""
    weight = 0
    for file in files:
        weight += file.stat().st_size
        if file.suffix == f".{Kind.PARQUET}":
            weight += _cells(file)
    if weight > limits.bytes:
        raise _too_much(limits)
    return weight


def _cells(file: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        told = pq.read_metadata(file)
    except (pa.ArrowException, OSError):
        raise SourceUnreadable(file.name, "is truncated or damaged", "copy or export it again") from None
    stored = sum(told.row_group(group).total_byte_size for group in range(told.num_row_groups))
    return int(max(stored, 8 * told.num_rows * told.num_columns))


class _Shy(io.BufferedReader):
    """A file that is never asked for much at once: a zip's list of members is read whole, before it can be counted.

    Nor for what lies before its beginning, where a damaged list sends a reader.
    """

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _AT_ONCE:
            raise _many()
        return super().read(size)

    def seek(self, target: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET and target < 0:
            raise zipfile.BadZipFile
        return super().seek(target, whence)


class _Unpacking:
    """One archive on its way to plain files: the bytes that come out are counted, whatever it says of itself."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._size = path.stat().st_size
        self._out = 0

    def gunzip(self, target: Path) -> None:
        """The one file of a .gz. Raises: ArchiveRefused."""
        with _broken(), gzip.open(self._path) as stream:
            self._copy(stream, target, self._size)
        if Kind.of(target) is not Kind.CSV:
            raise _nested()

    def unzip(self, folder: Path) -> Found:
        """The tables of a zip that a decision may rest on, or its one file, of applications. Raises: SourceError."""
        folder.mkdir()
        with ExitStack() as stack:
            with _broken():
                file = stack.enter_context(_Shy(io.FileIO(self._path)))
                archive = stack.enter_context(zipfile.ZipFile(file))
            if len(archive.infolist()) > self._limits.members:
                raise _many()
            parts: dict[str, tuple[Source, ...]] = {}
            for table, stem, info in self._chosen(archive):
                plain = self._member(archive, info, folder, stem)
                parts[table] = (*parts.get(table, ()), Source(table, plain, None))
        return Found(parts, ())

    def _chosen(self, archive: zipfile.ZipFile) -> Iterator[tuple[str, str, zipfile.ZipInfo]]:
        """Table, name to unpack under, and member: its own name is but a label."""
        try:
            found = find(self._path)
        except SourceMissing:
            named = [info for info in archive.infolist() if info.filename]  # zipfile stumbles over one without
            members = [info for info in named if not info.is_dir() and "__MACOSX" not in info.filename]
            if len(members) != 1:
                remedy = Said("add application_train.csv, application_test.csv or both")
                raise SourceMissing(Said("The upload"), "application table", remedy) from None
            yield "application", "application", members[0]
            return
        for table in ("application", *HISTORIES):
            for part in found.parts.get(table, ()):
                yield table, part.stem.lower(), archive.getinfo(part.member or "")

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, stem: str) -> Path:
        if info.flag_bits & 1:
            raise ArchiveRefused("is encrypted", "send it without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ArchiveRefused("is compressed in an unusual way", "zip it with deflate")
        unpacked = folder / f"{stem}.part"
        with _broken(), archive.open(info) as stream:
            self._copy(stream, unpacked, min(info.compress_size, self._size))
        kind = Kind.of(unpacked)
        if kind in (Kind.ZIP, Kind.GZIP):
            raise _nested()
        return unpacked.rename(folder / f"{stem}.{kind}")

    def _copy(self, stream: IO[bytes] | gzip.GzipFile, target: Path, compressed: int) -> None:
        own = 0
        with target.open("wb") as file:
            while block := stream.read(_AT_ONCE):
                own += len(block)
                self._out += len(block)
                if self._out > self._limits.bytes:
                    raise _too_much(self._limits)
                for out, size in ((own, compressed), (self._out, self._size)):
                    if out > _FREE and out > self._limits.ratio * size:
                        raise ArchiveTooLarge(
                            Said("unpacks to more than {ratio} times its size", ratio=self._limits.ratio),
                            "send the tables",
                        )
                file.write(block)


@contextmanager
def _broken() -> Iterator[None]:
    try:
        yield
    except _DAMAGED:
        raise ArchiveRefused("is truncated or not the archive it begins as", "pack and send it again") from None


def _many() -> ArchiveTooLarge:
    return ArchiveTooLarge("holds too many files", "zip the tables alone")


def _nested() -> ArchiveRefused:
    return ArchiveRefused("holds an archive in an archive", "pack the tables themselves, once")


def _too_much(limits: Limits) -> ArchiveTooLarge:
    return ArchiveTooLarge(Said("unpacks to more than {bytes:,} bytes", bytes=limits.bytes), "send it in several files")
