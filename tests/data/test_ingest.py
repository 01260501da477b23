"""Ingest: what is kept, what is set aside and why, and which sources end in one sentence."""

import gzip
import json
import shutil
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from aval.data.dossiers import Dossiers
from aval.data.manifest import Manifest, sha256
from aval.data.tables import HISTORIES, KEY, TABLES, columns
from aval.data.warehouse import Warehouse, ingest
from aval.errors import (
    AvalError,
    ColumnMissing,
    ColumnType,
    KeyDuplicate,
    OptionError,
    RejectsExceeded,
    SourceUnreadable,
)
from tests.data import hand

MARK = "987654321987"  # a value that must never be seen in a message


def digests(manifest: Manifest) -> dict[str, str]:
    return {table: entry.sha256 for table, entry in manifest.tables.items()}


def set_aside(target: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(target / "current" / "rejects" / f"{table}.parquet")


@pytest.fixture(scope="module")
def made() -> hand.Tables:
    return hand.tables()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def test_every_row_of_a_good_source_is_kept(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    source = hand.write(tmp_path / "source", made)
    (source / "notes.txt").write_text("")
    manifest = ingest(source, target)
    assert manifest == Warehouse.open(target).manifest
    assert list(manifest.tables) == list(TABLES)
    assert manifest.absent == manifest.warnings == ()
    assert manifest.ignored == ("notes.txt",)
    for table, entry in manifest.tables.items():
        assert (entry.rows, entry.kept, entry.rejected, entry.orphans) == (made[table].height,) * 2 + (0, 0)
        assert entry.sha256 == sha256(target / "current" / f"{table}.parquet")
        assert entry.sorted
        assert entry.columns_ignored == ()
    assert manifest.tables["application"].files == ("application_test.csv", "application_train.csv")
    origins = {origin.name: origin for origin in manifest.sources}
    assert set(origins) == {path.name for path in source.glob("*.csv")}
    assert all(origins[path.name].sha256 == sha256(path) for path in source.glob("*.csv"))
    assert json.loads((target / "current" / "manifest.json").read_text())["fingerprint"] == manifest.fingerprint
    assert list((target / "current" / "rejects").iterdir()) == []


def test_what_goes_in_comes_out(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    ingest(hand.write(tmp_path / "source", made), target)
    typed = {
        table: made[table].select(pl.col(name).cast(column.dtype) for name, column in columns(table).items())
        for table in ("application", *HISTORIES)
    }
    expected, found = Dossiers.of(typed), Warehouse.open(target).dossiers(Warehouse.open(target).ids)
    for table, frame in expected.tables.items():
        assert_frame_equal(found.tables[table], frame, check_exact=True)
    assert_frame_equal(
        Warehouse.open(target).labels(), typed["application"].select(KEY, "TARGET").drop_nulls().sort(KEY)
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests of the tables as they are."""
    place = tmp_path_factory.mktemp("plain")
    return digests(ingest(hand.write(place / "plain", hand.tables()), place / "one"))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    order=st.randoms(use_true_random=False), split=st.booleans(), kind=st.sampled_from(["csv", "gz", "parquet", "zip"])
)
def test_any_order_of_rows_and_columns_any_parts_any_wrapping_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, plain: dict[str, str], order, split: bool, kind: str  # type: ignore[no-untyped-def]
) -> None:  # fmt: skip
    made = hand.tables()
    place = tmp_path_factory.mktemp("orders")
    mixed = {}
    for table, frame in made.items():
        rows, names = list(range(frame.height)), list(frame.columns)
        order.shuffle(rows)
        order.shuffle(names)
        mixed[table] = frame[rows].select(names)
    source = hand.write(place / "mixed", mixed, split=split)
    for path in list(source.iterdir()):
        if kind == "gz":
            (source / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        elif kind == "parquet":
            pl.read_csv(path, infer_schema_length=None).write_parquet(path.with_suffix(".parquet"))
        if kind in ("gz", "parquet"):
            path.unlink()
    if kind == "zip":
        shutil.make_archive(str(place / "all"), "zip", source)
        source = place / "all.zip"
    assert digests(ingest(source, place / "two")) == plain


def test_a_bad_row_is_set_aside_with_its_cells_and_rules(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    bad = hand.put(made["bureau"], 4, "AMT_CREDIT_SUM", "12,5")
    bad = hand.put(hand.put(bad, 7, "DAYS_CREDIT", "3"), 7, "CREDIT_TYPE", None)
    bad = hand.put(bad, 9, "AMT_CREDIT_SUM_DEBT", "nan")
    source = hand.write(tmp_path / "source", made | {"bureau": bad})
    with (source / "bureau.csv").open("a") as file:
        file.write("too,few\r\n")
    manifest = ingest(source, target, tolerate=0.5)
    entry = manifest.tables["bureau"]
    assert (entry.rows, entry.kept, entry.rejected) == (21, 17, 4)
    assert entry.rules == {
        "AMT_CREDIT_SUM|dtype": 1, "AMT_CREDIT_SUM_DEBT|nan": 1, "AMT_CREDIT_SUM_DEBT|range": 1,
        "CREDIT_TYPE|nullability": 1, "DAYS_CREDIT|range": 1, "ragged": 1,
    }  # fmt: skip
    aside = set_aside(target, "bureau").sort("row")
    assert aside["row"].to_list() == [6, 9, 11, 22]
    assert aside["file"].unique().to_list() == ["bureau.csv"]
    assert aside["rules"].to_list()[:2] == [["AMT_CREDIT_SUM|dtype"], ["DAYS_CREDIT|range", "CREDIT_TYPE|nullability"]]
    assert aside["AMT_CREDIT_SUM"][0] == "12,5"
    assert aside["raw"].to_list() == [None, None, None, "too,few"]
    names = list(columns("bureau"))
    assert aside.row(1)[: len(names)] == bad.row(7)
    assert any("4 of 21 rows break the contract" in warning for warning in manifest.warnings)


def test_more_rejects_than_tolerated_change_nothing_and_can_be_looked_at(
    tmp_path: Path, target: Path, made: hand.Tables
) -> None:
    before = ingest(hand.write(tmp_path / "source", made), target)
    bad = hand.put(made["bureau"], 4, "AMT_CREDIT_SUM", MARK + "x")
    source = hand.write(tmp_path / "worse", made | {"bureau": bad})
    with pytest.raises(RejectsExceeded) as problem:
        ingest(source, target)
    said = str(problem.value)
    assert "bureau: 1 of 20 rows break the contract (most often AMT_CREDIT_SUM|dtype)" in said
    assert MARK not in said
    where = target.with_name("warehouse.rejects") / "bureau.parquet"
    assert str(where) in said
    assert pl.read_parquet(where)["AMT_CREDIT_SUM"].to_list() == [MARK + "x"]
    assert Warehouse.open(target).manifest == before
    assert len(list(target.glob("v*"))) == 1
    assert ingest(source, target, tolerate=0.05).tables["bureau"].rejected == 1
    assert not where.parent.exists()


def test_exactly_one_percent_is_tolerated(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    rows = pl.concat([made["POS_CASH_balance"]] * 5)
    one = hand.put(pl.concat([rows.head(99), rows.tail(1)]), 99, "SK_DPD", "-1")
    source = hand.write(tmp_path / "source", made | {"POS_CASH_balance": one})
    assert ingest(source, target).tables["POS_CASH_balance"].rejected == 1
    hand.write(source, {"POS_CASH_balance": one.tail(99)})
    with pytest.raises(RejectsExceeded, match="1 of 99"):
        ingest(source, target)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_tolerate_is_a_share(tmp_path: Path, target: Path, share: float) -> None:
    with pytest.raises(OptionError, match="between 0 and 1"):
        ingest(tmp_path, target, tolerate=share)


def test_orphans_are_counted_apart_and_never_too_many(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    some = made["application"].head(4)
    manifest = ingest(hand.write(tmp_path / "source", made | {"application": some}), target)
    for table in (*HISTORIES, "calendar", "outcomes"):
        entry = manifest.tables[table]
        assert entry.orphans > 0
        assert entry.rejected == 0
        assert entry.kept == entry.rows - entry.orphans
        aside = set_aside(target, table)
        assert aside.height == entry.orphans
        assert aside["rules"].to_list() == [["orphan"]] * entry.orphans
    mine = set(some[KEY].cast(pl.Int64))
    owned = made["bureau"].filter(pl.col(KEY).cast(pl.Int64).is_in(list(mine)))["SK_ID_BUREAU"]
    assert manifest.tables["bureau_balance"].kept == made["bureau_balance"]["SK_ID_BUREAU"].is_in(owned.to_list()).sum()
    assert any("belong to no credit on file" in warning for warning in manifest.warnings)
    assert set(Warehouse.open(target).ids) == mine


def test_a_loan_without_its_application_is_normal(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    manifest = ingest(hand.write(tmp_path / "source", made), target)
    for table in ("POS_CASH_balance", "installments_payments", "credit_card_balance"):
        entry = manifest.tables[table]
        assert entry.unlinked == (made[table]["SK_ID_PREV"] == "2500000").sum()
        assert entry.kept == entry.rows
    without = {table: frame for table, frame in made.items() if table != "previous_application"}
    manifest = ingest(hand.write(tmp_path / "without", without), target)
    assert manifest.tables["POS_CASH_balance"].unlinked is None


def test_payments_that_repeat_are_data(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    twice = pl.concat([made["installments_payments"]] * 2)
    manifest = ingest(hand.write(tmp_path / "source", made | {"installments_payments": twice}), target)
    assert manifest.tables["installments_payments"].kept == twice.height


@pytest.mark.parametrize(
    ("table", "key"),
    [("bureau", "SK_ID_BUREAU"), ("previous_application", "SK_ID_PREV"), ("calendar", KEY), ("application", KEY)],
)
def test_a_unique_key_that_repeats_is_an_error(
    tmp_path: Path, target: Path, made: hand.Tables, table: str, key: str
) -> None:
    row = (
        made[table][[2]].with_columns(pl.lit(None, pl.String).alias("TARGET"))
        if table == "application"
        else made[table][[2]]
    )
    twice = pl.concat([made[table], row])
    source = hand.write(tmp_path / "source", made | {table: twice})  # for the applications: once in train, once in test
    with pytest.raises(KeyDuplicate) as problem:
        ingest(source, target)
    assert f"1 rows repeat the key {key}" in str(problem.value)
    assert f"{table}" in str(problem.value)
    assert made[table][key][2] not in str(problem.value)


def test_a_history_that_is_not_there_is_named(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    few = {table: frame for table, frame in made.items() if table not in ("bureau", "calendar", "outcomes")}
    few["credit_card_balance"] = few["credit_card_balance"].clear()
    manifest = ingest(hand.write(tmp_path / "source", few), target)
    assert manifest.absent == ("bureau", "bureau_balance")
    assert any(warning.startswith("bureau: not supplied") for warning in manifest.warnings)
    assert any("no bureau table to say whose" in warning for warning in manifest.warnings)
    warehouse = Warehouse.open(target)
    assert warehouse.calendar() is None
    assert warehouse.outcomes() is None
    assert warehouse.dossiers(warehouse.ids[:2]).absent == {"bureau", "bureau_balance"}
    assert manifest.tables["credit_card_balance"].rows == 0


def test_columns_and_levels_that_are_not_known_are_a_warning(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    more = hand.put(made["bureau"], 3, "CREDIT_TYPE", MARK).with_columns(pl.lit("1").alias("EXTRA"))
    manifest = ingest(hand.write(tmp_path / "source", made | {"bureau": more}), target)
    entry = manifest.tables["bureau"]
    assert entry.columns_ignored == ("EXTRA",)
    assert entry.unknown == {"CREDIT_TYPE": 1}
    assert entry.kept == entry.rows
    assert not any(MARK in warning for warning in manifest.warnings)
    assert any("EXTRA" in warning for warning in manifest.warnings)
    assert any("CREDIT_TYPE (1 rows)" in warning for warning in manifest.warnings)


def test_the_truth_and_the_refused_are_never_read(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    source = hand.write(tmp_path / "source", made)
    plain = ingest(source, target)
    (source / "truth.parquet").write_bytes(b"not to be opened")
    for name in ("refused", "later"):
        (source / name).mkdir()
        (source / name / "bureau.csv").write_bytes(b"not to be opened")
    assert digests(ingest(source, target)) == digests(plain)
    shutil.make_archive(str(tmp_path / "all"), "zip", source)
    assert digests(ingest(tmp_path / "all.zip", target)) == digests(plain)


def test_without_labels_all_applications_are_unlabelled(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    ingest(hand.write(tmp_path / "source", {"application": made["application"].drop("TARGET")}, split=False), target)
    assert Warehouse.open(target).labels().height == 0


def test_columns_that_are_missing_are_named(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    source = hand.write(tmp_path / "source", made | {"bureau": made["bureau"].drop("AMT_ANNUITY")})
    with pytest.raises(ColumnMissing, match=r"bureau\.csv: column AMT_ANNUITY missing"):
        ingest(source, target)
    hand.write(source, {"bureau": made["bureau"].select(KEY, "SK_ID_BUREAU")})
    with pytest.raises(ColumnMissing, match="and 10 more missing"):
        ingest(source, target)
    (source / "bureau.csv").write_text(f"1,2,{MARK}\n")
    with pytest.raises(SourceUnreadable, match="its first line names no column") as problem:
        ingest(source, target)
    assert MARK not in str(problem.value)


def test_a_column_of_the_wrong_type_throughout_is_named(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    shifted = made["bureau"].with_columns(pl.lit(MARK + "x").alias("DAYS_CREDIT"))
    with pytest.raises(ColumnType) as problem:
        ingest(hand.write(tmp_path / "source", made | {"bureau": shifted}), target, tolerate=1)
    assert "bureau.csv: no value of column DAYS_CREDIT is a whole number" in str(problem.value)
    assert MARK not in str(problem.value)


def test_no_application_is_no_source(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    with pytest.raises(SourceUnreadable, match="holds no application"):
        ingest(hand.write(tmp_path / "source", made | {"application": made["application"].clear()}), target)


def corrupted(source: Path, made: hand.Tables, fault: str) -> None:
    """Plants the marker in every cell that allows it, and one fault."""
    planted = made["bureau"].with_columns(pl.lit(MARK).alias("AMT_CREDIT_SUM"), pl.lit(MARK).alias("CREDIT_TYPE"))
    hand.write(source, made | {"bureau": planted})
    path = source / "bureau.csv"
    text = path.read_text()
    if fault == "semicolons":
        path.write_text(text.replace(",", ";"))
    elif fault == "ragged":
        path.write_text(text + f"{MARK}\n" * 9)
    elif fault == "quote":
        path.write_text(text + f'"{MARK}\n' + text)
    elif fault == "repeat":
        path.write_text(text + text.splitlines()[-1] + "\n")
    elif fault == "zip":
        path.with_suffix(".zip").write_bytes(b"PK" + text.encode())
        path.unlink()
    elif fault == "gz":
        (source / "bureau.csv.gz").write_bytes(gzip.compress(text.encode())[:-9])
        path.unlink()
    elif fault == "binary":
        path.write_bytes(text.encode().replace(b"\n", b"\x00\xff\xfe"))
    elif fault == "columns":
        path.write_text(text.replace("CREDIT_ACTIVE", MARK))
    elif fault == "words":
        path.write_text(text.replace(",-", f",{MARK}-"))
    elif fault == "two":
        (source / "bureau.csv.gz").write_bytes(gzip.compress(text.encode()))


@pytest.mark.parametrize(
    "fault", ["semicolons", "ragged", "quote", "repeat", "zip", "gz", "binary", "columns", "words", "two"]
)
def test_a_planted_value_is_in_no_message(
    tmp_path: Path, target: Path, made: hand.Tables, fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = ingest(hand.write(tmp_path / "good", made), target)
    corrupted(tmp_path / "source", made, fault)
    with pytest.raises(AvalError) as problem:
        ingest(tmp_path / "source", target)
    said = str(problem.value)
    assert MARK not in said.replace(f"column {MARK}", "")
    assert "bureau" in said
    assert said.endswith(".")
    assert "\n" not in said
    assert MARK not in "".join(capfd.readouterr())
    assert Warehouse.open(target).manifest == before


def test_progress_is_told_by_file(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    told: list[tuple[str, int, int]] = []
    ingest(hand.write(tmp_path / "source", made), target, advance=lambda *step: told.append(step))
    assert {"bureau.csv", "application_train.csv", "bureau, sorting"} <= {what for what, _, _ in told}
    assert all(0 <= done <= total for _, done, total in told)


def test_one_zip_as_the_competition_sends_it(tmp_path: Path, target: Path, made: hand.Tables) -> None:
    source = hand.write(tmp_path / "source", made)
    plain = ingest(source, target)
    archive = tmp_path / "home-credit-default-risk.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in source.iterdir():
            zipped.write(path, path.name)
        zipped.writestr("sample_submission.csv", "SK_ID_CURR,TARGET\n")
    manifest = ingest(archive, target)
    assert digests(manifest) == digests(plain)
    assert manifest.fingerprint == plain.fingerprint
    assert [origin.name for origin in manifest.sources] == [archive.name]


def test_the_real_rows_are_all_kept(real: Path, target: Path) -> None:
    manifest = ingest(real, target)
    assert all(entry.rejected == entry.orphans == 0 for entry in manifest.tables.values())
    assert manifest.tables["application"].kept == 37_421
    assert "coverage.csv" in manifest.ignored
    assert manifest.absent == ()
