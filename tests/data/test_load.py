"""Applications to decide, from whatever file or folder they come in."""

import shutil
import zipfile
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY
from aval.data.warehouse import Warehouse, ingest, load
from aval.errors import ColumnMissing, ColumnType, KeyDuplicate, SourceMissing, SourceUnreadable
from tests.data import hand

MARK = "987654321987"


@pytest.fixture(scope="module")
def made() -> hand.Tables:
    return hand.tables(3)


def same(left: Dossiers, right: Dossiers) -> None:
    assert left.absent == right.absent
    for table, frame in left.tables.items():
        assert_frame_equal(frame, right.tables[table], check_exact=True)


def test_a_folder_loads_what_the_warehouse_would_hold(tmp_path: Path, made: hand.Tables) -> None:
    source = hand.write(tmp_path / "source", made)
    ingest(source, tmp_path / "warehouse")
    warehouse = Warehouse.open(tmp_path / "warehouse")
    loaded = load(source)
    same(loaded.dossiers, warehouse.dossiers(warehouse.ids))
    assert loaded.rejects == {}
    assert loaded.warnings == ()
    shutil.make_archive(str(tmp_path / "all"), "zip", source)
    same(load(tmp_path / "all.zip").dossiers, loaded.dossiers)


@pytest.mark.parametrize("name", ["many.csv", "many.csv.gz", "many.zip", "Batch 7.parquet", "application_train.csv"])
@pytest.mark.parametrize("labelled", [True, False])
def test_one_file_of_applications_under_any_name(
    tmp_path: Path, made: hand.Tables, name: str, *, labelled: bool
) -> None:
    frame = made["application"] if labelled else made["application"].drop("TARGET")
    path = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("whatever.csv", frame.write_csv())
    elif name.endswith(".gz"):
        frame.write_csv(path, compression="gzip")
    elif name.endswith(".parquet"):
        frame.write_parquet(path)
    else:
        frame.write_csv(path)
    loaded = load(path)
    assert len(loaded.dossiers) == hand.APPLICANTS
    assert loaded.dossiers.absent == set(HISTORIES)
    assert len(loaded.warnings) == len(HISTORIES)
    same(loaded.dossiers, Dossiers.of({"application": loaded.dossiers.tables["application"]}))


def test_a_target_is_not_looked_at(tmp_path: Path, made: hand.Tables) -> None:
    path = tmp_path / "many.csv"
    made["application"].with_columns(pl.lit("who knows").alias("TARGET")).write_csv(path)
    assert len(load(path).dossiers) == hand.APPLICANTS


def test_broken_rows_are_left_out_and_the_others_are_there(tmp_path: Path, made: hand.Tables) -> None:
    bad = hand.put(made["application"], 2, "AMT_CREDIT", MARK + "x")
    bad = hand.put(bad, 5, "DAYS_BIRTH", None)
    bureau = hand.put(made["bureau"], 1, "DAYS_CREDIT", "1")
    source = hand.write(tmp_path / "source", made | {"application": bad, "bureau": bureau}, split=False)
    loaded = load(source)
    assert len(loaded.dossiers) == hand.APPLICANTS - 2
    assert set(loaded.rejects) == {"application", "bureau"}
    rejects = loaded.rejects["application"]
    assert rejects["rules"].to_list() == [["AMT_CREDIT|dtype"], ["DAYS_BIRTH|nullability"]]
    assert rejects["row"].to_list() == [4, 7]
    assert rejects[KEY].to_list() == made["application"][KEY].gather([2, 5]).to_list()
    assert "application: 2 rows break the contract and were left out." in loaded.warnings
    assert any("belong to none of these applicants" in warning for warning in loaded.warnings)
    assert MARK not in " ".join(loaded.warnings)


def test_a_file_with_only_broken_rows_still_says_why(tmp_path: Path, made: hand.Tables) -> None:
    path = tmp_path / "one.csv"
    hand.put(made["application"].head(1), 0, "AMT_CREDIT", "much").write_csv(path)
    loaded = load(path)
    assert len(loaded.dossiers) == 0
    assert loaded.rejects["application"]["rules"].to_list() == [["AMT_CREDIT|dtype"]]


def test_rows_of_other_applicants_are_counted(tmp_path: Path, made: hand.Tables) -> None:
    source = hand.write(tmp_path / "source", made | {"application": made["application"].head(3)}, split=False)
    loaded = load(source)
    whole = load(hand.write(tmp_path / "whole", made))
    same(loaded.dossiers, whole.dossiers.select(loaded.dossiers.ids))
    for table in HISTORIES:
        others = made[table].height - loaded.dossiers.tables[table].height
        assert others > 0
        assert f"{table}: {others:,} rows belong to none of these applicants and were left out." in loaded.warnings


def test_a_history_without_rows_is_none_and_not_unknown(tmp_path: Path, made: hand.Tables) -> None:
    some = {table: made[table] for table in ("application", "credit_card_balance")}
    some["credit_card_balance"] = some["credit_card_balance"].clear()
    dossiers = load(hand.write(tmp_path / "source", some)).dossiers
    assert dossiers.absent == set(HISTORIES) - {"credit_card_balance"}


def test_faults_end_in_one_sentence(tmp_path: Path, made: hand.Tables) -> None:
    frame = made["application"]
    path = tmp_path / "many.csv"
    pl.concat([frame, frame.head(1)]).write_csv(path)
    with pytest.raises(KeyDuplicate, match=r"many\.csv: 1 rows repeat the key SK_ID_CURR"):
        load(path)
    frame.drop("AMT_CREDIT").write_csv(path)
    with pytest.raises(ColumnMissing, match="column AMT_CREDIT missing"):
        load(path)
    frame.with_columns(pl.lit("much").alias("AMT_CREDIT")).write_csv(path)
    with pytest.raises(ColumnType, match="no value of column AMT_CREDIT is a number"):
        load(path)
    frame.clear().write_csv(path)
    with pytest.raises(SourceUnreadable, match="holds no application"):
        load(path)
    frame.write_csv(path, separator=";")
    with pytest.raises(SourceUnreadable, match="semicolons"):
        load(path)
    with pytest.raises(SourceMissing):
        load(tmp_path / "nowhere")
    with pytest.raises(SourceMissing):
        load(tmp_path)


def test_real_applications_are_loaded(real: Path) -> None:
    loaded = load(real / "application_test.csv")
    assert len(loaded.dossiers) == 7_508
    assert loaded.rejects == {}
