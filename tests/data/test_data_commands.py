"""`aval simulate`, `aval ingest` and `aval profile`, as a user types them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aval.__main__ import app
from aval.data.warehouse import Warehouse
from aval.errors import OptionError, RejectsExceeded, SourceMissing, WarehouseError
from tests.conftest import run
from tests.data import hand


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand.write(tmp_path_factory.mktemp("commands") / "source", hand.tables())


@pytest.mark.parametrize("command", ["simulate", "ingest", "profile"])
def test_help_has_an_example(tmp_path: Path, command: str) -> None:
    assert f"aval {command}" in " ".join(run(tmp_path, command, "--help").split())


def test_ingest_says_what_it_kept(tmp_path: Path, source: Path) -> None:
    said = run(tmp_path, "ingest", str(source))
    warehouse = Warehouse.open(tmp_path / "warehouse")
    assert "bureau_balance" in said
    assert warehouse.fingerprint[:12] in said
    assert "Set aside" not in said


def test_ingest_as_json_is_its_manifest(tmp_path: Path, source: Path) -> None:
    said = json.loads(run(tmp_path, "ingest", str(source), "--json"))
    assert said["fingerprint"] == Warehouse.open(tmp_path / "warehouse").fingerprint
    assert said["tables"]["bureau"]["kept"] == hand.ROWS["bureau"]


def test_ingest_tolerates_what_it_is_told_to(tmp_path: Path) -> None:
    made = hand.tables()
    made["bureau"] = hand.put(made["bureau"], 0, "DAYS_CREDIT", "5")
    del made["credit_card_balance"]
    source = hand.write(tmp_path / "source", made)
    with pytest.raises(RejectsExceeded):
        run(tmp_path, "ingest", str(source))
    result = CliRunner().invoke(app, ["--home", str(tmp_path), "ingest", str(source), "--tolerate", "0.1"])
    assert result.exit_code == 0
    assert "1 rows broke DAYS_CREDIT|range" in result.stdout
    assert str(tmp_path / "warehouse" / "current" / "rejects") in result.stdout.replace("\n", "")
    assert "warning: credit_card_balance: not supplied" in result.stderr


def test_profile_prints_and_draws(tmp_path: Path, source: Path) -> None:
    run(tmp_path, "ingest", str(source))
    said = run(tmp_path, "profile")
    assert f"{hand.APPLICANTS} applications, {hand.LABELLED} labelled" in said
    assert str(tmp_path / "profile" / "profile.html") in said.replace("\n", "")
    assert (tmp_path / "profile" / "profile.html").is_file()
    assert json.loads(run(tmp_path, "profile", "--json"))["labelled"] == hand.LABELLED


def test_simulate_writes_tables_that_ingest_keeps(tmp_path: Path) -> None:
    said = run(tmp_path, "simulate", str(tmp_path / "lender"), "--applicants", "200", "--seed", "3")
    assert "200 applications" in said
    found = json.loads(run(tmp_path, "ingest", str(tmp_path / "lender"), "--json"))
    assert found["tables"]["application"]["kept"] == 200
    assert all(entry["orphans"] == 0 for entry in found["tables"].values())
    told = run(tmp_path, "simulate", str(tmp_path / "worse"), "--applicants", "100", "--drift", "recession", "--json")
    assert json.loads(told)["rows"]


def test_faults_are_raised_for_the_one_place_that_prints_them(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        run(tmp_path, "ingest", str(tmp_path / "nowhere"))
    with pytest.raises(OptionError, match="--tolerate"):
        run(tmp_path, "ingest", str(tmp_path), "--tolerate", "2")
    with pytest.raises(OptionError, match="--drift is one of recession, marketing, bureau-outage"):
        run(tmp_path, "simulate", str(tmp_path / "x"), "--drift", "war")
    with pytest.raises(WarehouseError, match="aval ingest"):
        run(tmp_path, "profile")


def test_a_failure_is_one_sentence_and_exit_code_one(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "aval", "--home", str(tmp_path), "ingest", str(tmp_path / "nowhere")]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "give the folder or the zip" in ended.stderr
