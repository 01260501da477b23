"""Finding a lender's files, and reading them as batches of cells without believing any of them."""

import codecs
import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol, cast

import polars as pl
from polars.exceptions import PanicException

from aval.data.tables import TABLES, columns
from aval.errors import Said, SourceAmbiguous, SourceMissing, SourceUnreadable

Advance = Callable[[str, int, int], None]  # (table, bytes done, bytes in all)

_BLOCK = 8 << 20  # a CSV block: about 150,000 rows of a history table
_CELLS = 2 << 20  # of a Parquet batch: about 17,000 applications
_NAME = re.compile(r"(?P<stem>.+?)(?P<kind>\.parquet|\.csv|\.csv\.gz|\.csv\.zip|\.gz|\.zip)", re.IGNORECASE)
_STEMS = {
    **{table.lower(): table for table in TABLES},
    "application_train": "application",
    "application_test": "application",
}
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Part:
    """One file that holds a table, or part of it (application_train and application_test)."""

    table: str
    path: Path  # the file on disk: itself, or the archive it lies in
    member: str | None  # its name in the archive

    @property
    def name(self) -> str:
        return f"{self.path.name}/{self.member}" if self.member else self.path.name

    @property
    def stem(self) -> str:
        return _stem(PurePosixPath(self.member or self.path.name).name)[0]


@dataclass(frozen=True)
class Found:
    parts: Mapping[str, tuple[Part, ...]]
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Cells of some rows under the contract's names: text from a CSV, typed columns from a Parquet file.

    `rows` numbers them in the file: lines of a CSV (the header is 1), rows of a Parquet file. `ragged` are lines with
    too few or too many cells, as number and raw text.
    """

    cells: pl.DataFrame
    rows: pl.Series
    ragged: tuple[tuple[int, str], ...] = ()


def find(source: Path) -> Found:
    """The tables of a folder or of one zip of it. Raises: SourceMissing, SourceUnreadable, SourceAmbiguous."""
    if source.is_dir():
        names = {path.name: (path, None) for path in sorted(source.iterdir()) if path.is_file()}
        return _sorted_out(source, {name: Part("", path, member) for name, (path, member) in names.items()})
    if not source.exists():
        raise SourceMissing(source, "file or folder", "give the folder or the zip that holds application.csv")
    if source.suffix.lower() == ".zip":
        return _sorted_out(source, _members(source))
    raise SourceUnreadable(source, "is neither a folder nor a zip", "give the folder that holds the tables")


def lone(source: Path) -> Found:
    """One file of applications, whatever its name."""
    if not _stem(source.name)[1]:
        raise SourceUnreadable(source, "is not a .csv, .csv.gz, .zip or .parquet file", "save it as one of these")
    return Found({"application": (Part("application", source, None),)}, ())


def _members(archive: Path) -> dict[str, Part]:
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [info.filename for info in _files(opened)]
    except _DAMAGED:
        raise SourceUnreadable(archive, "is truncated or not a zip archive", "copy or download it again") from None
    places = {name: PurePosixPath(name) for name in names if not name.startswith("__MACOSX/")}
    # A zip of a folder holds the tables one level down; refused/ and later/ beside them are never read.
    tables = {place.parent for place in places.values() if _table(place.name)}
    home = min(tables, key=lambda home: (len(home.parts), home), default=PurePosixPath())
    found: dict[str, Part] = {}
    for name in names:
        if (place := places.get(name)) and place.parent == home:
            if (table := _table(place.name)) and place.name in found:
                raise SourceAmbiguous(table, [place.name, place.name])
            found[place.name] = Part("", archive, name)
    return found


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [info for info in archive.infolist() if info.filename and not info.is_dir()]


def _stem(name: str) -> tuple[str, str]:
    matched = _NAME.fullmatch(name)
    return (matched["stem"], matched["kind"].lower()) if matched else (name, "")


def _table(name: str) -> str | None:
    stem, kind = _stem(name)
    return _STEMS.get(stem.lower()) if kind else None


def _sorted_out(source: Path, files: Mapping[str, Part]) -> Found:
    parts: dict[str, list[Part]] = {}
    ignored: list[str] = []
    for name, file in sorted(files.items()):
        table = _table(name)
        if table is None:
            ignored.append(name)
        else:
            parts.setdefault(table, []).append(Part(table, file.path, file.member))
    for table, found in parts.items():
        stems = [part.stem.lower() for part in found]
        if len(set(stems)) < len(stems) or (len(stems) > 1 and "application" in stems):
            raise SourceAmbiguous(table, [part.name for part in found])
    if "application" not in parts:
        raise SourceMissing(source, "application table", "add application_train.csv, application_test.csv or both")
    ordered = {table: tuple(parts[table]) for table in TABLES if table in parts}
    return Found(ordered, tuple(ignored))


class _Counted(io.RawIOBase):
    """Counts the bytes read, for the progress bar."""

    def __init__(self, inner: IO[bytes], told: Callable[[int], None]) -> None:
        self._inner, self._told = inner, told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._inner.read(len(buffer))
        buffer[: len(read)] = read
        self._told(len(read))
        return len(read)


class _Utf8(io.RawIOBase):
    """The same text as UTF-8: a byte that is not UTF-8 is taken for Latin-1, as the published dictionary's are."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self.quotes = 0  # odd at the end where a field was never closed
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._pending = False  # a character may stand across two blocks
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            block = self._inner.read(len(buffer))
            self.quotes += block.count(b'"')
            if block.isascii() and not self._pending and block:
                buffer[: len(block)] = block
                return len(block)
            self._pending = not block.isascii()
            text = self._decode(block, final=not block)
            self._held = re.sub("[\udc80-\udcff]", lambda odd: chr(ord(odd[0]) - 0xDC00), text).encode()
            if not block and not self._held:
                return 0
        taken, self._held = self._held[: len(buffer)], self._held[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


class _Batched(Protocol):
    columns: list[str]

    def batches(self, wanted: list[str]) -> Iterator[Batch]: ...


class Reader:
    """One part, open: its columns first, then its rows in batches. Use as a context manager."""

    def __init__(self, part: Part, advance: Callable[[int, int], None] | None = None) -> None:
        self._part = part
        self._tell = advance or (lambda *_: None)
        self._stack = ExitStack()
        self._inner: _Batched

    def __enter__(self) -> "Reader":
        try:
            self._inner = self._opened()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def columns(self) -> list[str]:
        return self._inner.columns

    def batches(self, wanted: list[str]) -> Iterator[Batch]:
        """The rows under these columns, which the file must have. Raises: SourceUnreadable."""
        import pyarrow as pa

        try:
            yield from self._inner.batches(wanted)
        except pa.ArrowInvalid:  # its message quotes the row, so it goes no further
            raise self._unreadable("is damaged, or a quotation mark is never closed", "export it again") from None
        except (*_DAMAGED, OSError, UnicodeDecodeError, PanicException):
            raise self._unreadable("is truncated or damaged", "copy or download it again") from None

    def _unreadable(self, what: str, remedy: str) -> SourceUnreadable:
        return SourceUnreadable(self._part.name, what, remedy)

    def _opened(self) -> _Batched:
        part = self._part
        name = PurePosixPath(part.member or part.path.name).name.lower()
        try:
            stream, size = self._raw()
            if size == 0:
                raise self._unreadable("is empty", "export it again")
            if name.endswith(".parquet"):
                parquet = _Parquet(self._seekable(stream), size, self._tell)
                if what := _twice(parquet.columns):
                    raise self._unreadable(what, "keep one of them")
                return parquet
            done = 0

            def told(read: int) -> None:
                nonlocal done
                done += read
                self._tell(min(done, size), size)

            if name.endswith(".zip"):
                archive = self._stack.enter_context(zipfile.ZipFile(self._seekable(stream)))
                inner = [info for info in _files(archive) if "__MACOSX" not in info.filename]
                if len(inner) != 1:
                    raise self._unreadable("does not hold exactly one file", "zip each table by itself")
                if not inner[0].filename.lower().endswith(".csv"):
                    raise self._unreadable("does not hold a .csv file", "zip the CSV file itself")
                stream, size = self._stack.enter_context(archive.open(inner[0])), inner[0].file_size
            counted: IO[bytes] = io.BufferedReader(_Counted(stream, told), 1 << 20)
            if name.endswith(".gz"):
                counted = cast(IO[bytes], gzip.GzipFile(fileobj=counted))
                self._stack.callback(counted.close)
            return _Csv(_Utf8(counted), self._unreadable)
        except (*_DAMAGED, OSError):
            raise self._unreadable("is truncated or not what its name says", "copy or download it again") from None

    def _raw(self) -> tuple[IO[bytes], int]:
        part = self._part
        if part.member is None:
            return self._stack.enter_context(part.path.open("rb")), part.path.stat().st_size
        archive = self._stack.enter_context(zipfile.ZipFile(part.path))
        info = archive.getinfo(part.member)
        return self._stack.enter_context(archive.open(info)), info.file_size

    def _seekable(self, stream: IO[bytes]) -> IO[bytes]:
        """A Parquet file or a zip is read from its end: unpack it first if it lies in a zip itself."""
        if self._part.member is None:
            return stream
        import shutil
        import tempfile

        unpacked = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
        shutil.copyfileobj(stream, unpacked, 1 << 20)
        unpacked.seek(0)
        return unpacked


class _Csv:
    """Every cell is read as text: what a cell should be is for the contract to say, row by row."""

    def __init__(self, text: _Utf8, unreadable: Callable[[str, str], SourceUnreadable]) -> None:
        self._text, self._unreadable = text, unreadable
        self._stream = stream = io.BufferedReader(text, 1 << 20)
        line = stream.peek(1 << 16)[: 1 << 16]
        if not line:
            raise unreadable("is empty", "export it again")
        if line.startswith((b"\xff\xfe", b"\xc3\xbf\xc3\xbe", b"\xc3\xbe\xc3\xbf")):
            raise unreadable("is UTF-16 text", "save it as UTF-8")
        if line.startswith((b"PK\x03\x04", b"\x1f\xc2\x8b", b"\x1f\x8b", b"PAR1")):
            raise unreadable("is not the text its name says", "give it the ending of what it is (.zip, .gz, .parquet)")
        header = re.split(rb"[\r\n]", line, maxsplit=1)[0].decode().removeprefix("\ufeff")
        self._single = header.encode() == line.rstrip(b"\r\n").removeprefix(codecs.BOM_UTF8)
        self.columns = [name.strip() for name in next(csv.reader([header]))] if header else []
        for mark, word in ((";", Said("semicolons")), ("\t", Said("tabs")), ("|", Said("bars"))):
            if len(self.columns) == 1 and mark in header:
                raise unreadable(Said("its values are separated by {mark}", mark=word), "save it with commas")
        if what := _twice(self.columns):
            raise unreadable(what, "keep one of them")

    def batches(self, wanted: list[str]) -> Iterator[Batch]:
        import pyarrow as pa
        import pyarrow.csv as pc

        if self._single:  # a header and nothing under it
            return
        ragged: deque[tuple[int, str]] = deque()

        def aside(row: pc.InvalidRow) -> str:
            ragged.append((row.number, row.text))
            return "skip"

        reader = pc.open_csv(
            self._stream,
            read_options=pc.ReadOptions(column_names=self.columns, skip_rows=1, block_size=_BLOCK, use_threads=False),
            parse_options=pc.ParseOptions(invalid_row_handler=aside, newlines_in_values=True),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
        line, last = 1, list[str | None]()
        for batch in reader:
            cells = pl.DataFrame(pa.table(batch))
            # A skipped line counts, so that the rows after it keep their own numbers; the parser runs ahead, and
            # what it has skipped further down waits for its batch.
            ends = line + cells.height
            skipped = []
            while ragged and ragged[0][0] <= ends + 1:
                skipped.append(ragged.popleft())
                ends += 1
            yield Batch(cells, _numbers(line, cells.height, [number for number, _ in skipped]), tuple(skipped))
            line, last = ends, [*cells.tail(1).row(0), *(text for _, text in skipped[-1:])]
        if ragged:
            yield Batch(
                pl.DataFrame(schema=dict.fromkeys(wanted, pl.String)), pl.Series([], dtype=pl.Int64), tuple(ragged)
            )
        last += [text for _, text in ragged]
        if self._text.quotes % 2 and any("\n" in (cell or "") for cell in last):
            raise self._unreadable("a quotation mark is never closed", "export it again")


def _twice(names: list[str]) -> Said | None:
    """What is wrong with columns of the same name; a name that the contract lacks may be a value, in want of a header.

    None where nothing is.
    """
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if not twice:
        return None
    known = {name for table in TABLES for name in columns(table)}
    shown = next((name for name in twice if name in known), None)
    if shown is None:
        return Said("two columns share a name")
    return Said("column {column} stands there twice", column=shown)


def _numbers(line: int, height: int, skipped: list[int]) -> pl.Series:
    """Line numbers of `height` rows after `line`, without those of the skipped lines."""
    numbers = pl.int_range(line + 1, line + 1 + height + len(skipped), dtype=pl.Int64, eager=True)
    return numbers.filter(~numbers.is_in(skipped)).head(height) if skipped else numbers


class _Parquet:
    def __init__(self, stream: IO[bytes], size: int, tell: Callable[[int, int], None]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            self._file = pq.ParquetFile(stream)
            self.columns = list(self._file.schema_arrow.names)
        except (pa.ArrowException, UnicodeDecodeError):
            raise EOFError from None
        self._size, self._tell = size, tell

    def batches(self, wanted: list[str]) -> Iterator[Batch]:
        import pyarrow as pa

        done, total = 0, max(1, self._file.metadata.num_rows)
        size = max(1, _CELLS // max(1, len(wanted)))
        for name in wanted:
            if pa.types.is_decimal256(self._file.schema_arrow.field(name).type):  # polars panics over these
                raise pa.ArrowInvalid
        for batch in self._file.iter_batches(batch_size=size, columns=wanted, use_threads=False):
            # polars takes text for UTF-8, in cells and in what a schema says besides, and panics where it is not.
            batch.validate(full=True)
            cells = pl.DataFrame(pa.table(batch).replace_schema_metadata(None)).select(wanted)
            rows = pl.int_range(done + 1, done + 1 + cells.height, dtype=pl.Int64, eager=True)
            done += cells.height
            self._tell(self._size * done // total, self._size)
            yield Batch(cells, rows)
