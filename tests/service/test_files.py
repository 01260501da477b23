"""Uploads cut into parts: the same rows as `load` reads, in bounded memory, and archives that are not believed."""

import errno
import gzip
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aval.data.dossiers import Dossiers
from aval.data.tables import KEY
from aval.data.warehouse import load
from aval.errors import ArchiveRefused, ArchiveTooLarge, ColumnType, KeyDuplicate, NoRoom, SourceError, SourceMissing
from aval.service import files
from aval.service.files import Kind, Limits, Part, Reject, opened, room
from tests.data import hand

MARK = "987654321987"
SMALL = Limits(bytes=1 << 20)


@pytest.fixture(scope="module")
def tables() -> hand.Tables:
    return hand.tables(3)


def parts_of(upload: Path, size: int = 10_000, limits: Limits | None = None) -> tuple[int, list[Part]]:
    with opened(upload, upload.parent, limits or Limits()) as read:
        found = read.applicants, list(read.parts(size))
    assert not list(upload.parent.glob("work-*"))
    return found


def together(parts: list[Part], table: str) -> pl.DataFrame:
    return pl.concat([part.dossiers.tables[table] for part in parts]).sort(KEY, maintain_order=True)


def same(parts: list[Part], expected: Dossiers) -> None:
    assert {part.dossiers.absent for part in parts if len(part.dossiers)} == {expected.absent}
    for table, frame in expected.tables.items():
        assert_frame_equal(together(parts, table), frame, check_exact=True)


def rejects(parts: list[Part]) -> set[tuple[str, int, tuple[str, ...]]]:
    return {(one.table, one.row, one.rules) for part in parts for one in part.rejects}


def expected_rejects(source: Path) -> set[tuple[str, int, tuple[str, ...]]]:
    return {
        (table, row, tuple(rules))
        for table, frame in load(source).rejects.items()
        for row, rules in frame.select("row", "rules").iter_rows()
    }


def broken(tables: hand.Tables) -> pl.DataFrame:
    """Applications of which two break the contract, one of them under the number of another."""
    frame = tables["application"].drop("TARGET")
    lost = frame.head(2).with_columns(
        AMT_CREDIT=pl.lit(-5.0).cast(frame.schema["AMT_CREDIT"]), NAME_HOUSING_TYPE=pl.lit(MARK)
    )
    return pl.concat([frame.slice(1, 3), lost, frame.slice(4)])


def packed(target: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(target, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def csvs(tables: hand.Tables) -> dict[str, bytes]:
    return {f"{name}.csv": frame.write_csv().encode() for name, frame in tables.items()}


# What is read


@pytest.mark.parametrize("size", [1, 2, 10_000])
@pytest.mark.parametrize("kind", ["csv", "parquet", "gz", "zip"])
def test_a_file_of_applications_is_cut_into_the_rows_that_load_reads(
    tables: hand.Tables, tmp_path: Path, kind: str, size: int
) -> None:
    frame = broken(tables)
    upload, plain = tmp_path / "upload", tmp_path / ("plain.parquet" if kind == "parquet" else "plain.csv")
    if kind == "parquet":
        frame.write_parquet(plain)
        upload.write_bytes(plain.read_bytes())
    else:
        frame.write_csv(plain)
        content = plain.read_bytes()
        upload.write_bytes(gzip.compress(content) if kind == "gz" else content)
        if kind == "zip":
            packed(upload, {"M. Dupont.csv": content})
    applicants, parts = parts_of(upload, size)
    loaded = load(plain)
    assert applicants == len(loaded.dossiers) == sum(len(part.dossiers) for part in parts)
    assert all(len(part.dossiers) <= size for part in parts)
    same(parts, loaded.dossiers)
    assert rejects(parts) == expected_rejects(plain)
    assert len(rejects(parts)) == 2


def test_parts_are_the_same_each_time(tables: hand.Tables, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    broken(tables).write_csv(upload)
    first, second = parts_of(upload, 2)[1], parts_of(upload, 2)[1]
    assert [part.dossiers.ids.to_list() for part in first] == [part.dossiers.ids.to_list() for part in second]
    assert [part.rejects for part in first] == [part.rejects for part in second]


@pytest.mark.parametrize("small", [True, False])
def test_a_zip_of_tables_gives_the_same_dossiers_in_memory_and_through_a_warehouse(
    tables: hand.Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, small: bool
) -> None:
    if not small:
        monkeypatch.setattr(files, "_SMALL", 0)
    bureau = tables["bureau"]
    lost = bureau.head(1).with_columns(SK_ID_BUREAU=pl.lit(5_999_999), DAYS_CREDIT=pl.lit(77).cast(pl.Int32))
    odd = tables["application"].with_columns(TARGET=pl.lit(7))  # nobody looks at a TARGET here
    given = {**tables, "bureau": pl.concat([bureau, lost.cast(dict(bureau.schema))]), "application": odd}
    given.pop("credit_card_balance")
    upload = packed(tmp_path / "upload", csvs(given))
    plain = packed(tmp_path / "plain.zip", csvs(given))
    applicants, parts = parts_of(upload, 2)
    loaded = load(plain)
    assert applicants == len(loaded.dossiers)
    assert all(len(part.dossiers) <= 2 for part in parts)
    same(parts, loaded.dossiers)
    assert rejects(parts) == expected_rejects(plain)
    assert {table for table, _, _ in rejects(parts)} == {"bureau"}


def test_what_it_is_is_seen_from_the_first_bytes(tables: hand.Tables, tmp_path: Path) -> None:
    liar = tmp_path / "applications.csv"
    tables["application"].write_parquet(liar)
    assert Kind.of(liar) is Kind.PARQUET
    assert parts_of(liar)[0] == hand.APPLICANTS


def test_a_repeated_number_refuses_the_whole_file_unless_its_row_is_rejected_anyway(
    tables: hand.Tables, tmp_path: Path
) -> None:
    upload = tmp_path / "upload"
    frame = tables["application"]
    pl.concat([frame, frame.head(2)]).write_csv(upload)
    with pytest.raises(KeyDuplicate, match=r"upload.csv: 2 rows repeat the key SK_ID_CURR"):
        parts_of(upload)
    broken(tables).write_csv(upload)
    assert parts_of(upload)[0] == hand.APPLICANTS - 1


def test_a_column_that_never_holds_what_it_should_refuses_the_file_before_anybody_is_decided(
    tables: hand.Tables, tmp_path: Path
) -> None:
    upload = tmp_path / "upload"
    tables["application"].with_columns(OWN_CAR_AGE=pl.lit(MARK + "x")).write_csv(upload)
    with pytest.raises(ColumnType, match="OWN_CAR_AGE") as caught:
        parts_of(upload)
    assert MARK not in str(caught.value)


def test_rejects_alone_are_a_part_without_applicants_and_without_values(tables: hand.Tables, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    broken(tables).filter(pl.col("AMT_CREDIT") == "-5.0").write_csv(upload)
    applicants, parts = parts_of(upload, 1)
    assert applicants == 0
    assert [len(part.dossiers) for part in parts] == [0]
    assert parts[0].rejects[0] == Reject("application", "upload.csv", 2, ("AMT_CREDIT|range",))
    assert MARK not in repr(parts)


@pytest.mark.parametrize("content", [b"", b"\n", b"PAR1", b"PK", b"PK\x03\x04 and no more", b"\x1f\x8b", b"a;b\n1;2\n"])
def test_what_cannot_be_read_is_refused_with_a_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        parts_of(tmp_path / "upload")
    assert str(tmp_path) not in str(caught.value)


# What is refused


def test_a_zip_without_applications_is_refused(tables: hand.Tables, tmp_path: Path) -> None:
    given = csvs(tables)
    given.pop("application.csv")
    with pytest.raises(SourceMissing, match="no application table") as caught:
        parts_of(packed(tmp_path / "upload", given))
    assert str(tmp_path) not in str(caught.value)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    upload = packed(tmp_path / "upload", {f"{name}.csv": b"" for name in range(65)})
    with pytest.raises(ArchiveTooLarge, match="too many files"):
        parts_of(upload)


def test_a_list_of_members_is_not_even_read_where_it_is_long(tmp_path: Path) -> None:
    upload = packed(tmp_path / "upload", {"n" * 60_000 + str(name): b"" for name in range(40)})
    with pytest.raises(ArchiveTooLarge, match="too many files"):
        parts_of(upload)


@pytest.mark.parametrize("name", ["application.csv", "anything.bin"])
def test_a_bomb_is_refused_by_its_ratio_within_memory(tmp_path: Path, name: str) -> None:
    upload = packed(tmp_path / "upload", {name: bytes(64 << 20)})
    assert upload.stat().st_size < 100_000
    tracemalloc.start()
    with pytest.raises(ArchiveTooLarge, match="200 times its size"):
        parts_of(upload)
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_a_gzip_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(gzip.compress(bytes(64 << 20)))
    with pytest.raises(ArchiveTooLarge, match="200 times its size"):
        parts_of(tmp_path / "upload")


@pytest.mark.parametrize("kind", ["zip", "gz", "parquet"])
def test_more_bytes_than_allowed_are_refused(tables: hand.Tables, tmp_path: Path, kind: str) -> None:
    upload = tmp_path / "upload"
    text = tables["application"].write_csv().encode()
    tight = Limits(bytes=len(text) - 1)
    if kind == "zip":
        packed(upload, {"application.csv": text})
    elif kind == "gz":
        upload.write_bytes(gzip.compress(text))
    else:  # a million rows of one value take no room at all
        pl.select(pl.repeat(100_001, 1_000_000).alias(KEY)).write_parquet(upload)
        assert upload.stat().st_size < len(text)
    with pytest.raises(ArchiveTooLarge, match="unpacks to more than"):
        parts_of(upload, limits=tight)


def test_two_members_count_together(tables: hand.Tables, tmp_path: Path) -> None:
    given = csvs(tables)
    limits = Limits(bytes=sum(map(len, given.values())) - len(given["calendar.csv"]) - len(given["outcomes.csv"]) - 1)
    with pytest.raises(ArchiveTooLarge):
        parts_of(packed(tmp_path / "upload", given), limits=limits)


@pytest.mark.parametrize("inner", ["zip", "gz"])
@pytest.mark.parametrize("name", ["application.csv", "application.csv.zip", "one.bin"])
def test_an_archive_in_an_archive_is_not_opened(tables: hand.Tables, tmp_path: Path, inner: str, name: str) -> None:
    text = tables["application"].write_csv().encode()
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("application.csv", text)
    upload = packed(tmp_path / "upload", {name: held.getvalue() if inner == "zip" else gzip.compress(text)})
    with pytest.raises(ArchiveRefused, match="archive in an archive"):
        parts_of(upload)
    (tmp_path / "upload").write_bytes(gzip.compress(held.getvalue()))
    with pytest.raises(ArchiveRefused, match="archive in an archive"):
        parts_of(tmp_path / "upload")


def _sized(content: bytes, size: int) -> bytes:
    """The same zip of one member, which says that it unpacks to `size` bytes, in both of its places."""
    at = content.rindex(b"PK\x01\x02")
    content = content[: at + 24] + struct.pack("<I", size) + content[at + 28 :]
    return content[:22] + struct.pack("<I", size) + content[26:]


def _compressed(content: bytes, size: int) -> bytes:
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 20] + struct.pack("<I", size) + content[at + 24 :]


@pytest.mark.parametrize("lie", [10, 1 << 20])
def test_a_member_that_says_it_is_smaller_is_refused(tables: hand.Tables, tmp_path: Path, lie: int) -> None:
    upload = packed(tmp_path / "upload", {"application.csv": bytes(8 << 20)})
    upload.write_bytes(_sized(upload.read_bytes(), lie))
    with pytest.raises(ArchiveRefused):
        parts_of(upload)


def test_a_member_that_says_it_was_compressed_less_is_refused(tmp_path: Path) -> None:
    upload = packed(tmp_path / "upload", {"application.csv": bytes(64 << 20)})
    upload.write_bytes(_compressed(upload.read_bytes(), 64 << 20))
    with pytest.raises(ArchiveRefused):
        parts_of(upload)


def _damage(content: bytes) -> bytes:
    return content[:400] + bytes(50) + content[450:]


@pytest.mark.parametrize(
    "spoil",
    [lambda whole: whole[:-40], lambda whole: whole[: len(whole) // 2], _damage],
    ids=["tail", "half", "middle"],
)
@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_a_damaged_archive_is_refused(
    tables: hand.Tables, tmp_path: Path, kind: str, spoil: Callable[[bytes], bytes]
) -> None:
    text = tables["application"].write_csv().encode()
    upload = packed(tmp_path / "upload", {"application.csv": text})
    whole = gzip.compress(text) if kind == "gz" else upload.read_bytes()
    upload.write_bytes(spoil(whole))
    with pytest.raises(ArchiveRefused, match="truncated or not the archive"):
        parts_of(upload)


def test_a_member_that_begins_before_its_archive_is_refused(tables: hand.Tables, tmp_path: Path) -> None:
    text = tables["application"].write_csv().encode()
    upload = packed(tmp_path / "upload", {"application.csv": text})
    upload.write_bytes(b"PK" + upload.read_bytes()[9:])
    with pytest.raises(ArchiveRefused, match="truncated or not the archive"):
        parts_of(upload)


def test_a_disk_without_room_is_said_so(tables: hand.Tables, tmp_path: Path) -> None:
    upload = packed(tmp_path / "upload", {"application.csv": tables["application"].write_csv().encode()})
    for code in (errno.ENOSPC, errno.EROFS, errno.EACCES):
        with pytest.raises(NoRoom) as problem, opened(upload, tmp_path):
            raise OSError(code, "PLANTED-7F3")
        assert "PLANTED" not in str(problem.value)
    with pytest.raises(ConnectionResetError), room():  # not for a disk to say
        raise ConnectionResetError(errno.ECONNRESET, "")


def test_an_encrypted_or_oddly_compressed_member_is_refused(tables: hand.Tables, tmp_path: Path) -> None:
    text = tables["application"].write_csv().encode()
    with pytest.raises(ArchiveRefused, match="unusual way"):
        parts_of(packed(tmp_path / "upload", {"application.csv": text}, zipfile.ZIP_LZMA))
    content = packed(tmp_path / "upload", {"application.csv": text}).read_bytes()
    at = content.rindex(b"PK\x01\x02") + 8
    (tmp_path / "upload").write_bytes(content[:at] + b"\x01\x00" + content[at + 2 :])
    with pytest.raises(ArchiveRefused, match="encrypted"):
        parts_of(tmp_path / "upload")


@pytest.mark.parametrize(
    "name",
    ["../../application.csv", "/etc/application.csv", "..\\application.csv", "a/./b//application.csv", "C:\\x\\y.csv"],
)
def test_a_path_in_a_zip_is_but_a_label(tables: hand.Tables, tmp_path: Path, name: str) -> None:
    home = tmp_path / "a" / "b" / "c"
    home.mkdir(parents=True)
    upload = packed(home / "upload", {name: tables["application"].write_csv().encode()})
    assert parts_of(upload)[0] == hand.APPLICANTS
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [upload]
