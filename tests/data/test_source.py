"""Reading files that lenders really send, and saying in one sentence what is wrong with those that cannot be read."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from aval.data.source import Part, Reader, find, lone
from aval.errors import AvalError, SourceAmbiguous, SourceMissing, SourceUnreadable

MARK = "Zq7Marker"  # a value that must never be seen in a message


def read(path: Path, wanted: list[str] | None = None) -> tuple[pl.DataFrame, list[int], list[tuple[int, str]]]:
    cells, rows, ragged = [], [], []
    with Reader(Part("bureau", path, None)) as reader:
        for batch in reader.batches(wanted or reader.columns):
            cells.append(batch.cells)
            rows += batch.rows.to_list()
            ragged += batch.ragged
    return pl.concat(cells) if cells else pl.DataFrame(), rows, ragged


def test_files_are_known_by_their_published_names(tmp_path: Path) -> None:
    for name in (
        "Application_Train.CSV", "application_test.csv.gz", "BUREAU.parquet", "bureau_balance.csv.zip",
        "pos_cash_balance.zip", "previous_application.gz", "calendar.csv", "truth.parquet", "coverage.csv",
        "sample_submission.csv", "HomeCredit_columns_description.csv", "bureau", "README.md",
    ):  # fmt: skip
        (tmp_path / name).write_text("x")
    for name in ("refused", "later"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "installments_payments.csv").write_text("x")
    found = find(tmp_path)
    assert list(found.parts) == [
        "application", "bureau", "bureau_balance", "previous_application", "POS_CASH_balance", "calendar"
    ]  # fmt: skip
    assert [part.name for part in found.parts["application"]] == ["Application_Train.CSV", "application_test.csv.gz"]
    assert set(found.ignored) == {
        "truth.parquet", "coverage.csv", "sample_submission.csv", "HomeCredit_columns_description.csv", "bureau",
        "README.md",
    }  # fmt: skip


def test_one_zip_holds_the_tables_or_a_folder_of_them(tmp_path: Path) -> None:
    for inside in ("", "home-credit/"):
        archive = tmp_path / f"{len(inside)}.zip"
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr(f"{inside}application_train.csv", "A,B\n1,2\n")
            made.writestr(f"{inside}bureau.csv.gz", gzip.compress(b"A,B\n3,4\n", mtime=0))
            made.writestr(f"{inside}refused/bureau.csv", "A,B\n5,6\n")
            made.writestr(f"{inside}notes.txt", "")
            made.writestr("__MACOSX/application_train.csv", "")
        found = find(archive)
        assert list(found.parts) == ["application", "bureau"]
        assert found.ignored == ("notes.txt",)
        (part,) = found.parts["bureau"]
        assert part.name == f"{archive.name}/{inside}bureau.csv.gz"
        with Reader(part) as reader:
            assert [batch.cells.rows() for batch in reader.batches(["B", "A"])] == [[("4", "3")]]


@pytest.mark.parametrize(
    "names",
    [
        ("application_train.csv", "application_train.csv.gz"),
        ("application.csv", "application_train.csv"),
        ("application.csv", "bureau.csv", "bureau.parquet"),
        ("application.csv", "bureau.csv", "BUREAU.csv"),
    ],
)
def test_two_files_for_one_table_are_one_too_many(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_text("x")
    with pytest.raises(SourceAmbiguous) as problem:
        find(tmp_path)
    assert all(name in str(problem.value) for name in names[-2:])


def test_a_source_without_applications_says_what_to_add(tmp_path: Path) -> None:
    (tmp_path / "bureau.csv").write_text("x")
    with pytest.raises(SourceMissing, match=r"application_train\.csv"):
        find(tmp_path)
    with pytest.raises(SourceMissing, match="give the folder"):
        find(tmp_path / "nowhere")
    with pytest.raises(SourceUnreadable, match="neither a folder nor a zip"):
        find(tmp_path / "bureau.csv")
    with pytest.raises(SourceUnreadable, match="save it as one of these"):
        lone(tmp_path / "applications.xlsx")


def plain(path: Path, text: str) -> Path:
    path = path / "bureau.csv"
    path.write_text(text)
    return path


def gzipped(path: Path, text: str) -> Path:
    path = path / "bureau.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


def zipped(path: Path, text: str) -> Path:
    path = path / "bureau.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bureau.csv", text)
    return path


@pytest.mark.parametrize("keep", [plain, gzipped, zipped])
def test_the_wrapping_does_not_matter(tmp_path: Path, keep: Callable[[Path, str], Path]) -> None:
    cells, rows, ragged = read(keep(tmp_path, "A,B\n1,x\n2,\n"))
    assert_frame_equal(cells, pl.DataFrame({"A": ["1", "2"], "B": ["x", None]}))
    assert rows == [2, 3]
    assert ragged == []


def test_parquet_is_read_under_the_same_names(tmp_path: Path) -> None:
    frame = pl.DataFrame({"B": ["x", None], "A": [1, 2], "C": [0.5, 1.5]})
    frame.write_parquet(tmp_path / "bureau.parquet")
    cells, rows, _ = read(tmp_path / "bureau.parquet", ["A", "B"])
    assert_frame_equal(cells, frame.select("A", "B"))
    assert rows == [1, 2]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as made:
        made.write(tmp_path / "bureau.parquet", "bureau.parquet")
        made.writestr("application.csv", "A\n1\n")
    (part,) = find(tmp_path / "all.zip").parts["bureau"]
    with Reader(part) as reader:
        assert_frame_equal(next(reader.batches(["A", "B"])).cells, frame.select("A", "B"))


@pytest.mark.parametrize(
    ("raw", "cells"),
    [
        (b"A,B\r\n1,2\r\n", [("1", "2")]),
        (b"\xef\xbb\xbfA,B\n1,2\n", [("1", "2")]),
        (b'"A"," B "\n"1","2"\n', [("1", "2")]),
        (b'A,B\n"one, two","say ""no"""\n', [("one, two", 'say "no"')]),
        (b'A,B\n"two\nlines",2\n', [("two\nlines", "2")]),
        (b"A,B\n1,2", [("1", "2")]),
        (b"A,B\n\n1,2\n\n", [("1", "2")]),
        (b'A,B\n17" screen,2\n', [('17" screen', "2")]),
        (b'A,B\n"",2\n', [(None, "2")]),
        ("A,B\né,2\n".encode(), [("é", "2")]),
        ("A,B\né,2\n".encode("latin-1"), [("é", "2")]),
        (b"A,B\n\xc3\xa9,\xe9\n", [("é", "é")]),
    ],
)
def test_ordinary_ways_of_writing_a_csv(tmp_path: Path, raw: bytes, cells: list[tuple[str, str]]) -> None:
    (tmp_path / "bureau.csv").write_bytes(raw)
    assert read(tmp_path / "bureau.csv")[0].rows() == cells


def test_latin_1_survives_the_edge_of_a_block(tmp_path: Path) -> None:
    lines = [f"{number},{'é' * (number % 7)}" for number in range(400_000)]
    for encoding in ("utf-8", "latin-1"):
        (tmp_path / "bureau.csv").write_bytes("\n".join(["A,B", *lines, ""]).encode(encoding))
        cells, rows, _ = read(tmp_path / "bureau.csv")
        assert cells.height == 400_000 == len(rows)
        assert set(cells["B"].drop_nulls().unique()) == {"é" * count for count in range(1, 7)}


def test_ragged_lines_are_kept_aside_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "bureau.csv"
    path.write_bytes(b"A,B\n1,2\n3\n4,5\n6,7,8\n\xe9\n9,9\n")
    cells, rows, ragged = read(path)
    assert cells["A"].to_list() == ["1", "4", "9"]
    assert rows == [2, 4, 7]
    assert ragged == [(3, "3"), (5, "6,7,8"), (6, "é")]
    path.write_bytes(b"A,B\n1\n2\n3,4\n5\n")
    assert read(path)[1:] == ([4], [(2, "1"), (3, "2"), (5, "5")])
    path.write_bytes(b"A,B\n1\n2\n")
    assert read(path)[2] == [(2, "1"), (3, "2")]


def test_many_ragged_lines_across_blocks(tmp_path: Path) -> None:
    lines = ["short" if number % 1000 == 0 else f"{number},{'x' * 60}" for number in range(300_000)]
    (tmp_path / "bureau.csv").write_text("\n".join(["A,B", *lines]))
    cells, rows, ragged = read(tmp_path / "bureau.csv")
    assert len(ragged) == 300
    assert cells.height == 299_700
    assert all(int(cell) + 2 == row for cell, row in zip(cells["A"], rows, strict=True))
    assert [number for number, _ in ragged] == [number + 2 for number in range(0, 300_000, 1000)]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    for raw in (b"A,B\n", b"A,B", b"\xef\xbb\xbfA,B\r\n\r\n"):
        (tmp_path / "bureau.csv").write_bytes(raw)
        cells, rows, ragged = read(tmp_path / "bureau.csv")
        assert (cells.height, rows, ragged) == (0, [], [])


GOOD = f"A,B\n1,{MARK}\n" + "1,2\n" * 5_000


@pytest.mark.parametrize(
    ("spoilt", "sentence"),
    [
        (pa.Table.from_arrays([pa.array([1])] * 2, names=["A", "A"]), "two columns share a name; keep one of them"),
        (pa.table({"A": pa.array([1]).cast(pa.decimal256(70, 2))}), "is damaged"),
    ],
    ids=["twice", "wide"],
)
def test_parquet_that_polars_would_stumble_over_is_refused(
    tmp_path: Path, spoilt: pa.Table, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(spoilt, tmp_path / "bureau.parquet")
    with pytest.raises(SourceUnreadable, match=sentence):
        read(tmp_path / "bureau.parquet", ["A"])
    assert "panicked" not in capfd.readouterr().err


def _names(table: pa.Table) -> pa.Table:
    return table.rename_columns(["A", "B", "Ca"])


def _words(table: pa.Table) -> pa.Table:
    return table.replace_schema_metadata({"Ca": "x"})


def _cells(table: pa.Table) -> pa.Table:
    return table.set_column(0, "A", pa.array(["Ca", "1"]))


@pytest.mark.parametrize("where", [_names, _words, _cells])
def test_parquet_whose_text_is_no_text_is_refused_without_a_panic(
    tmp_path: Path, where: Callable[[pa.Table], pa.Table], capfd: pytest.CaptureFixture[str]
) -> None:
    made = where(pa.table({"A": ["1", "2"], "B": ["3", "4"], "C": [5.0, 6.0]}))
    file = tmp_path / "bureau.parquet"
    pq.write_table(made, file, compression="none", store_schema=False, use_dictionary=False, write_statistics=False)
    file.write_bytes(file.read_bytes().replace(b"Ca", b"\xff\xfe"))
    if where is _words:  # nobody reads those
        assert read(file, ["A", "B"])[0]["A"].to_list() == ["1", "2"]
    else:
        with pytest.raises(SourceUnreadable, match=r"bureau\.parquet"):
            read(file, ["A", "B"])
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "raw", "sentence"),
    [
        ("bureau.csv", b"", "is empty"),
        ("bureau.csv.gz", b"", "is empty"),
        ("bureau.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("bureau.csv", b"A;B\n1;2\n", "separated by semicolons; save it with commas"),
        ("bureau.csv", b"A\tB\n1\t2\n", "separated by tabs; save it with commas"),
        ("bureau.csv", b"SK_ID_CURR,B,SK_ID_CURR\n1,2,3\n", "column SK_ID_CURR stands there twice; keep one of them"),
        ("bureau.csv", f"{MARK},B,{MARK}\n1,2,3\n".encode(), "two columns share a name; keep one of them"),
        ("bureau.csv", "A,B\n1,2\n".encode("utf-16"), "UTF-16"),
        ("bureau.csv", gzip.compress(GOOD.encode(), mtime=0), "not the text its name says"),
        ("bureau.csv.gz", GOOD.encode(), "truncated or not what its name says"),
        ("bureau.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-30], "truncated or"),
        ("bureau.zip", b"PK\x03\x04" + b"x" * 50, "truncated or not what its name says"),
        ("bureau.parquet", b"PAR1 and no more", "truncated or not what its name says"),
        ("bureau.csv", GOOD.encode() + f'2,"{MARK}\n'.encode() * 3, "quotation mark is never closed"),
    ],
)
def test_what_cannot_be_read_ends_in_one_sentence(tmp_path: Path, name: str, raw: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(SourceUnreadable) as problem:
        read(tmp_path / name)
    said = str(problem.value)
    assert name in said
    assert sentence in said
    assert MARK not in said
    assert said.endswith(".")
    assert "\n" not in said
    assert problem.value.__suppress_context__ or problem.value.__context__ is None


def test_a_truncated_archive_of_tables_ends_in_one_sentence(tmp_path: Path) -> None:
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("application.csv", GOOD)
    (tmp_path / "half.zip").write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(SourceUnreadable, match=r"half\.zip: is truncated or not a zip archive"):
        find(tmp_path / "half.zip")
    damaged = bytearray(whole.read_bytes())
    damaged[60] ^= 0xFF
    (tmp_path / "bits.zip").write_bytes(damaged)
    (part,) = find(tmp_path / "bits.zip").parts["application"]
    with pytest.raises(SourceUnreadable, match="truncated or"), Reader(part) as reader:
        list(reader.batches(["A", "B"]))


def test_a_zip_of_one_table_holds_one_csv(tmp_path: Path) -> None:
    path = tmp_path / "bureau.zip"
    for names, sentence in ((["a.csv", "b.csv"], "exactly one file"), (["bureau.xlsx"], r"\.csv file")):
        with zipfile.ZipFile(path, "w") as made:
            for name in names:
                made.writestr(name, "A,B\n1,2\n")
        with pytest.raises(SourceUnreadable, match=sentence):
            read(path)


def test_progress_runs_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    for keep in (plain, gzipped, zipped):
        told.clear()
        path = keep(tmp_path, GOOD)
        with Reader(Part("bureau", path, None), lambda done, total: told.append((done, total))) as reader:
            list(reader.batches(["A"]))
        assert told == sorted(told)
        assert told[-1][0] == told[-1][1]


def test_every_failure_of_a_reader_is_ours(tmp_path: Path) -> None:
    whole = gzip.compress("".join(["A,B\n", *(f"{number},{number**3}\n" for number in range(500))]).encode())
    for cut in range(0, len(whole), 97):
        (tmp_path / "bureau.csv.gz").write_bytes(whole[:cut])
        with pytest.raises(AvalError):
            read(tmp_path / "bureau.csv.gz", ["A", "B"])
