"""The profile's figures are those a plain count gives."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from aval.data.profile import Profile, summary, write
from aval.data.tables import KEY
from aval.data.warehouse import Warehouse, ingest
from tests.data import hand


@pytest.fixture(scope="module")
def warehouse(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    target = tmp_path_factory.mktemp("profile") / "warehouse"
    ingest(lender, target)
    return Warehouse.open(target)


@pytest.fixture(scope="module")
def profile(warehouse: Warehouse) -> Profile:
    return summary(warehouse)


def table(warehouse: Warehouse, name: str) -> pl.DataFrame:
    return pl.read_parquet(warehouse.path / "current" / f"{name}.parquet")


def test_the_figures_are_those_of_a_plain_count(warehouse: Warehouse, profile: Profile) -> None:
    applications = table(warehouse, "application")
    labelled = applications.filter(pl.col("TARGET").is_not_null())
    assert profile.applications == applications.height
    assert profile.labelled == labelled.height
    assert profile.default_rate == pytest.approx(labelled["TARGET"].sum() / labelled.height)
    calendar = table(warehouse, "calendar")["applied_on"]
    assert (profile.first_on, profile.last_on) == (calendar.min(), calendar.max())
    assert isinstance(profile.first_on, date)
    for held in profile.tables:
        frame = table(warehouse, held.table)
        assert held.rows == frame.height
        assert held.coverage == pytest.approx(frame[KEY].n_unique() / applications.height)
        assert held.depth == pytest.approx(frame.height / frame[KEY].n_unique())
        assert held.supplied


def test_the_worst_missing_columns_come_first(warehouse: Warehouse, profile: Profile) -> None:
    shares = [gap.share for gap in profile.missing]
    assert shares == sorted(shares, reverse=True)
    for gap in profile.missing:
        column = table(warehouse, gap.table)[gap.column]
        assert gap.share == pytest.approx(column.null_count() / len(column))


def test_correlations_leave_the_stand_ins_out(warehouse: Warehouse, profile: Profile) -> None:
    frame = table(warehouse, "application").filter(pl.col("TARGET").is_not_null())
    assert any(link.column.startswith("EXT_SOURCE") for link in profile.correlations)
    for link in profile.correlations:
        known = frame
        if link.column == "DAYS_EMPLOYED":
            known = frame.filter(pl.col("DAYS_EMPLOYED") != 365243)
        elif link.column == "DAYS_LAST_PHONE_CHANGE":
            known = frame.filter(pl.col("DAYS_LAST_PHONE_CHANGE") != 0)
        known = known.drop_nulls(link.column)
        expected = known.select(pl.corr(pl.col(link.column).cast(pl.Float64), pl.col("TARGET").cast(pl.Float64))).item()
        assert link.value == pytest.approx(expected, abs=1e-6)
        assert link.rows == known.height


def test_oddities_are_counted(warehouse: Warehouse, profile: Profile) -> None:
    (pensioners,) = [odd for odd in profile.anomalies if odd.column == "DAYS_EMPLOYED"]
    assert pensioners.rows == (table(warehouse, "application")["DAYS_EMPLOYED"] == 365243).sum()
    assert pensioners.share == pytest.approx(pensioners.rows / profile.applications)


def test_the_chunks_do_not_matter(warehouse: Warehouse, profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Warehouse.stream
    monkeypatch.setattr(Warehouse, "stream", lambda self: stream(self, 700))
    chunked = summary(warehouse)
    assert chunked.tables == profile.tables
    assert chunked.missing == profile.missing
    assert chunked.anomalies == profile.anomalies
    assert [link.column for link in chunked.correlations] == [link.column for link in profile.correlations]


def test_it_is_drawn_and_written(warehouse: Warehouse, profile: Profile, tmp_path: Path) -> None:
    picture = write(warehouse, tmp_path / "profile", profile)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "profile" / "summary.json").read_text())["applications"] == profile.applications


def test_a_lender_with_nothing_but_unlabelled_applications(tmp_path: Path) -> None:
    made = {"application": hand.tables()["application"].drop("TARGET")}
    ingest(hand.write(tmp_path / "source", made, split=False), tmp_path / "warehouse")
    warehouse = Warehouse.open(tmp_path / "warehouse")
    found = summary(warehouse)
    assert (found.labelled, found.default_rate, found.first_on, found.correlations) == (0, None, None, ())
    assert [held.supplied for held in found.tables] == [True, *[False] * 6]
    assert write(warehouse, tmp_path / "profile").exists()
