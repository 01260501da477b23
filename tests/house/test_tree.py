"""The house holds its own rules: names, sizes, addresses, secrets, and commands that help."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aval.settings import ROOT

TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]
CODE = [file for file in TRACKED if file.suffix == ".py"]


def test_no_module_is_longer_than_500_lines() -> None:
    ours = [file for file in CODE if file.is_relative_to(ROOT / "aval") or file.is_relative_to(ROOT / "desk")]
    assert not [str(file) for file in ours if len(file.read_text().splitlines()) > 500]


def test_no_module_is_called_what_says_nothing() -> None:
    vague = re.compile(r"^(utils?|helpers?|common|misc|core|base|manager)$")
    assert not [str(file) for file in CODE if any(vague.match(part) for part in file.with_suffix("").parts)]


THROUGH = {
    "application": "test_policy",
    "column": "test_tables",
    "levels": "test_tables",
    "manifest": "test_ingest",
    "parquet": "test_ingest",
    "describe": "test_features_commands",
    "artefact": "test_model",
    "trees": "test_model",
    "boosted": "test_xgboost",
    "scorer": "test_model",
    "candidates": "test_plan",
    "linear": "test_logistic",
    "binning": "test_scorecard",
    "rows": "test_training",
    "report": "test_model_commands",
    "sheet": "test_results",
    "gates": "test_registry",
    "outline": "test_service_commands",
    "judged": "test_cards",
    "listing": "test_cards",
    "portrait": "test_cards",
    "terms": "test_words",
    "labels": "test_words",
    "remedies": "test_words",
    "external": "test_application",
    "price": "test_application",
    "ratios": "test_application",
    "across": "test_application",
    "balance": "test_monthly",
    "card": "test_monthly",
    "pos": "test_monthly",
    "product": "test_previous",
    "measure": "test_build",
    "shape": "test_reference",
    "statements": "test_log",
}
"""Modules without a door of their own -> the test file of the module they are used through."""


def test_every_module_has_its_test_file() -> None:
    tests = {file.stem for file in CODE if file.name.startswith("test_")}
    untested = []
    for file in CODE:
        if not file.is_relative_to(ROOT / "aval") or file.name in ("__init__.py", "__main__.py"):
            continue
        folder, name = file.parent.name, file.stem
        if "migrations" in file.parts:
            name = "tables"  # whose test compares what the migrations make
        door = folder if folder in ("lender", "profile") else f"{folder}_commands" if name == "commands" else name
        if not tests & {f"test_{door}", THROUGH.get(name, "")}:
            untested.append(f"{folder}/{name}")
    assert not untested


DESK_THROUGH = {"drawing": "test_charts", "tables": "screens/test_decide", "here": "test_app"}
"""Modules of the desk without a test file of their own -> the one they are used through."""


def test_the_longest_test_files_are_there() -> None:
    from tests.conftest import LONGEST

    assert not [name for name in LONGEST if not (ROOT / name).is_file()]


def test_every_module_of_the_desk_has_its_test_file() -> None:
    modules = [file.relative_to(ROOT / "desk") for file in CODE if file.is_relative_to(ROOT / "desk")]
    tests = {
        str(file.relative_to(ROOT / "tests" / "desk")) for file in CODE if file.is_relative_to(ROOT / "tests/desk")
    }
    wanted = {
        f"{DESK_THROUGH[module.stem]}.py"
        if module.stem in DESK_THROUGH
        else str(module.with_name(f"test_{module.name}"))
        for module in modules
        if module.name != "__init__.py"
    }
    assert wanted <= tests


def test_the_desk_knows_the_service_over_http_alone() -> None:
    imported = re.compile(r"^\s*(from|import) +aval\b", re.MULTILINE)
    assert not [str(file) for file in CODE if file.is_relative_to(ROOT / "desk") and imported.search(file.read_text())]


def test_nothing_committed_names_a_machine_an_index_or_a_secret() -> None:
    forbidden = re.compile(
        rb"https?://[^ \"'>)]*/(simple|packages)/|(^|[^A-Za-z0-9._-])/(work|root|home/[a-z]+)/|BEGIN [A-Z ]*PRIVATE KEY"
    )
    found = [
        str(file) for file in TRACKED if file.suffix not in (".png", ".svg") and forbidden.search(file.read_bytes())
    ]
    assert not [file for file in found if not file.endswith("test_tree.py")]


def test_nothing_large_is_committed() -> None:
    assert not [str(file) for file in TRACKED if file.stat().st_size > 1_500_000]


def test_locks_are_pinned_with_hashes_and_name_no_address() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name in (*stated, "tools"):
        text = (ROOT / "locks" / f"{name}.txt").read_text()
        pins = re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)
        assert pins, name
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "--index" not in text


def test_gpu_and_lab_never_hold_both_xgboosts() -> None:
    pins = {name: (ROOT / "locks" / f"{name}.txt").read_text() for name in ("gpu", "lab", "dev")}
    assert "\nxgboost==" in pins["gpu"]
    assert "xgboost-cpu==" not in pins["gpu"]
    assert "xgboost-cpu==" in pins["lab"]
    assert "\nxgboost==" not in pins["lab"]


def test_nothing_pickled_is_loaded() -> None:
    pickled = re.compile(r"\b(pickle|joblib|cloudpickle|dill)\.(load|loads)\b|import (pickle|joblib|cloudpickle|dill)")
    assert not [str(file) for file in CODE if file.is_relative_to(ROOT / "aval") and pickled.search(file.read_text())]


def commands() -> list[str]:
    """Every command as one types it, those of groups too: `key add`."""
    from aval.__main__ import app

    groups = [("", app), *((f"{group.name} ", group.typer_instance) for group in app.registered_groups)]
    return sorted(
        prefix + (command.name or command.callback.__name__)  # type: ignore[union-attr]
        for prefix, group in groups
        for command in group.registered_commands  # type: ignore[union-attr]
    )


def test_the_promised_commands_are_there() -> None:
    promised = {
        "simulate",
        "ingest",
        "profile",
        "features",
        "train",
        "results",
        "promote",
        "rollback",
        "score",
        "explain",
        "mlflow",
        "demo",
        "desk",
        "key add",
        "key list",
        "key revoke",
    }
    assert promised <= set(commands())


@pytest.mark.parametrize("command", commands())
def test_every_command_helps_with_an_example(command: str) -> None:
    from typer.testing import CliRunner

    from aval.__main__ import app

    text = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"}).output
    assert "Example" in text
    assert f"aval {command}" in text


def test_a_failure_is_one_sentence_and_exit_code_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aval", "--home", str(tmp_path), "ingest", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("aval: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_importing_the_commands_runs_nothing_heavy() -> None:
    heavy = "('mlflow', 'lightgbm', 'sklearn', 'polars', 'matplotlib')"
    code = f"import sys, aval.__main__; print(*[m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert loaded.split() == []
