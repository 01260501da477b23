"""`aval demo`: everything from nothing, fast and safe the second time, and never over somebody's own warehouse."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest


def demo(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AVAL_", "MLFLOW_"))} | {"NO_COLOR": "1"}
    command = [sys.executable, "-m", "aval", "demo", "--applicants", "1500", "--seed", "5", *words]
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    place = tmp_path_factory.mktemp("demo")
    done = demo(place)
    assert done.returncode == 0, done.stderr
    return place, done.stdout


def test_the_demo_ends_with_figures_and_one_decision_in_words(first: tuple[Path, str]) -> None:
    place, said = first
    for step in (
        "A lender",
        "Its tables, checked",
        "A champion",
        "Decisions for the unlabelled",
        "One decision in words",
    ):
        assert f"== {step}" in said
    assert "of the Gini that anyone could attain" in said
    assert "where accepting everyone costs" in said
    assert "Reasons" in said
    assert (place / "var" / "decisions.csv").is_file()


def test_the_demo_leaves_examples_to_try_elsewhere(first: tuple[Path, str]) -> None:
    place, _ = first
    with (place / "examples" / "one.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert "TARGET" not in row
    with (place / "examples" / "many.csv").open(newline="") as file:
        assert 100 < len(list(csv.DictReader(file))) <= 1000


def test_running_it_again_repeats_nothing(first: tuple[Path, str]) -> None:
    place, _ = first
    before = (place / "var" / "decisions.csv").stat().st_mtime_ns
    again = demo(place)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("there already") == 6
    assert (place / "var" / "decisions.csv").stat().st_mtime_ns == before


def test_somebodys_own_warehouse_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "var" / "warehouse").mkdir(parents=True)
    refused = demo(tmp_path)
    assert refused.returncode == 1
    assert "holds a warehouse the demo did not make" in refused.stderr
    assert not (tmp_path / "var" / "lender").exists()
