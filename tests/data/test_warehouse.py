"""The warehouse: one dossier, some or all are the same rows, and what was tampered with is not read."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from aval.data.dossiers import Dossiers
from aval.data.manifest import Manifest
from aval.data.tables import HISTORIES, KEY, TABLES
from aval.data.warehouse import Warehouse, ingest
from aval.errors import ApplicantUnknown, WarehouseError
from tests.data import hand


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("warehouse")
    ingest(hand.write(place / "source", hand.tables(2)), place / "warehouse")
    return place / "warehouse"


@pytest.fixture
def copy(path: Path, tmp_path: Path) -> Path:
    shutil.copytree(path, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"


def same(left: Dossiers, right: Dossiers) -> None:
    assert left.absent == right.absent
    for table, frame in left.tables.items():
        assert_frame_equal(frame, right.tables[table], check_exact=True)


def test_it_holds_what_the_contract_of_modules_says(path: Path) -> None:
    warehouse = Warehouse.open(path)
    assert len(warehouse) == hand.APPLICANTS
    assert warehouse.ids.to_list() == sorted(warehouse.ids.to_list())
    labels = warehouse.labels()
    assert labels.columns == [KEY, "TARGET"]
    assert labels.height == hand.LABELLED
    assert set(labels["TARGET"]) == {0, 1}
    calendar, outcomes = warehouse.calendar(), warehouse.outcomes()
    assert calendar is not None
    assert outcomes is not None
    assert dict(calendar.schema) == {KEY: pl.Int64, "applied_on": pl.Date}
    assert dict(outcomes.schema) == {KEY: pl.Int64, "TARGET": pl.Int8, "observed_on": pl.Date}
    assert len(warehouse.fingerprint) == 64


@pytest.mark.parametrize("applicants", [1, 5, 1_000])
def test_alone_in_a_batch_and_streamed_are_the_same_rows(path: Path, applicants: int) -> None:
    warehouse = Warehouse.open(path)
    everyone = warehouse.dossiers(warehouse.ids)
    streamed = list(warehouse.stream(applicants))
    assert pl.concat([chunk.ids for chunk in streamed]).to_list() == warehouse.ids.to_list()
    for chunk in streamed:
        same(chunk, everyone.select(chunk.ids))
        same(chunk, warehouse.dossiers(chunk.ids.shuffle(seed=1)))
    for applicant in warehouse.ids:
        same(warehouse.dossiers(applicant), everyone.select([applicant]))
    same(Dossiers.of(everyone.tables), everyone)


def test_a_stream_of_some(path: Path) -> None:
    warehouse = Warehouse.open(path)
    some = warehouse.ids.gather([9, 2, 5])
    assert [chunk.ids.to_list() for chunk in warehouse.stream(2, some)] == [
        sorted(some.to_list())[:2],
        sorted(some.to_list())[2:],
    ]


def test_across_row_groups(ingested: Path) -> None:
    """3,000 simulated applicants lie in six row groups; any of them is found."""
    warehouse = Warehouse.open(ingested)
    drawn = np.random.default_rng(5).choice(warehouse.ids.to_numpy(), 40, replace=False)
    some = warehouse.dossiers(drawn)
    whole = {table: pl.read_parquet(ingested / "current" / f"{table}.parquet") for table in ("application", *HISTORIES)}
    for table, frame in some.tables.items():
        expected = whole[table].filter(pl.col(KEY).is_in(drawn.tolist())).select(frame.columns)
        assert_frame_equal(frame, expected, check_exact=True)
        assert frame[KEY].flags["SORTED_ASC"]
    chunks = [chunk.tables["bureau_balance"] for chunk in warehouse.stream(700)]
    assert_frame_equal(pl.concat(chunks), whole["bureau_balance"], check_exact=True)


def test_many_may_ask_at_once(path: Path) -> None:
    """Without a lock around the file this ends the process, about every second time."""
    warehouse = Warehouse.open(path)
    alone = {applicant: warehouse.dossiers(applicant) for applicant in warehouse.ids}
    with ThreadPoolExecutor(4) as pool:
        asked = warehouse.ids.to_list() * 20
        for applicant, found in zip(asked, pool.map(warehouse.dossiers, asked), strict=True):
            same(found, alone[applicant])


def test_an_unknown_applicant_is_an_error_without_the_number(path: Path) -> None:
    warehouse = Warehouse.open(path)
    for ask in (lambda: warehouse.dossiers(918273645), lambda: list(warehouse.stream(ids=[1, 918273645]))):
        with pytest.raises(ApplicantUnknown) as problem:
            ask()
        assert "918273645" not in str(problem.value)


def rewrite(copy: Path, table: str, change: Callable[[pl.DataFrame], pl.DataFrame], **options: int) -> None:
    """Another Parquet file under the table's name, with a manifest that knows its size."""
    file = copy / "current" / f"{table}.parquet"
    change(pl.read_parquet(file)).write_parquet(file, **options)  # type: ignore[arg-type]
    facts = json.loads(Manifest.read(copy / "current").json())
    facts["tables"][table]["bytes"] = file.stat().st_size
    (copy / "current" / "manifest.json").write_text(json.dumps(facts))


@pytest.mark.parametrize("table", ["application", "bureau", "installments_payments"])
@pytest.mark.parametrize("options", [{}, {"row_group_size": 4}])
def test_a_shuffled_table_gives_no_wrong_numbers(copy: Path, table: str, options: dict[str, int]) -> None:
    rewrite(copy, table, lambda frame: frame.reverse(), **options)
    with pytest.raises(WarehouseError, match=f"not sorted by {KEY}"):
        list(Warehouse.open(copy).stream())


def test_a_row_group_that_ends_within_an_applicant_is_not_read(copy: Path) -> None:
    """The applicant's other rows would be missed."""
    rewrite(copy, "bureau_balance", lambda frame: frame, row_group_size=3)
    with pytest.raises(WarehouseError, match=f"not sorted by {KEY}"):
        Warehouse.open(copy)


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_table_is_named(copy: Path, table: str) -> None:
    file = copy / "current" / f"{table}.parquet"
    raw = file.read_bytes()
    for damage in (raw[:-10], b"", raw + b"x"):
        file.write_bytes(damage)
        with pytest.raises(WarehouseError, match=f"{table}.parquet"):
            Warehouse.open(copy)
    file.write_bytes(b"x" * len(raw))
    with pytest.raises(WarehouseError, match=f"{table}.parquet: is missing or damaged"):
        Warehouse.open(copy)
    file.unlink()
    with pytest.raises(WarehouseError, match=f"{table}.parquet: is missing or damaged"):
        Warehouse.open(copy)


def test_a_damaged_page_is_an_error_when_it_is_read(copy: Path) -> None:
    file = copy / "current" / "bureau_balance.parquet"
    raw = bytearray(file.read_bytes())
    raw[4:60] = bytes(56)
    file.write_bytes(raw)
    warehouse = Warehouse.open(copy)
    with pytest.raises(WarehouseError, match=r"bureau_balance\.parquet: is damaged"):
        warehouse.dossiers(warehouse.ids)


def test_a_damaged_manifest_is_named(copy: Path) -> None:
    file = copy / "current" / "manifest.json"
    text = file.read_text()
    for damage in ("", "{}", "[]", text[:-20], text.replace('"rows"', '"lines"')):
        file.write_text(damage)
        with pytest.raises(WarehouseError, match=r"manifest\.json: is missing or damaged"):
            Warehouse.open(copy)


def test_other_contracts_ask_for_a_new_ingest(copy: Path) -> None:
    file = copy / "current" / "manifest.json"
    file.write_text(file.read_text().replace(Manifest.read(copy / "current").contracts, "0" * 64))
    with pytest.raises(WarehouseError, match=r"other contracts.*run `aval ingest SRC` again"):
        Warehouse.open(copy)


def test_nothing_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="make one with `aval ingest SRC`"):
        Warehouse.open(tmp_path / "nowhere")
