"""`aval demo`: everything from nothing, fast and safe the second time, and never over somebody's own warehouse."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.service.serving import PATIENCE

DEMO = (sys.executable, "-m", "aval", "demo", "--applicants", "1500", "--seed", "5")


def env() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("AVAL_", "MLFLOW_"))} | {"NO_COLOR": "1"}


def demo(place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(DEMO, cwd=place, env=env(), capture_output=True, text=True)


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


def test_running_it_again_repeats_nothing_and_opens_the_service_and_the_desk(first: tuple[Path, str]) -> None:
    """Asked to end, it ends both."""
    place, said = first
    assert re.search(r"aval desk, beside it; sign in with the same key, and type \d+\n", said)
    before = (place / "var" / "decisions.csv").stat().st_mtime_ns
    ports = [str(free()) for _ in range(2)]
    with (place / "again.log").open("w") as log:
        running = subprocess.Popen([*DEMO, "--open", "--ports", *ports], cwd=place, env=env(), stdout=log, stderr=log)
    pages = (f"http://127.0.0.1:{ports[0]}/health/ready", f"http://127.0.0.1:{ports[1]}/_stcore/health")
    try:
        until = time.monotonic() + PATIENCE
        while not all(answers(page) for page in pages):
            assert running.poll() is None, (place / "again.log").read_text()
            assert time.monotonic() < until, (place / "again.log").read_text()
            time.sleep(0.2)
    finally:
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 0, (place / "again.log").read_text()
    assert not any(answers(page) for page in pages)
    assert (place / "again.log").read_text().count("there already") == 6
    assert (place / "var" / "decisions.csv").stat().st_mtime_ns == before


def test_somebodys_own_warehouse_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "var" / "warehouse").mkdir(parents=True)
    refused = demo(tmp_path)
    assert refused.returncode == 1
    assert "holds a warehouse the demo did not make" in refused.stderr
    assert not (tmp_path / "var" / "lender").exists()


def test_an_interrupted_step_is_not_taken_for_done(tmp_path: Path) -> None:
    with subprocess.Popen(
        DEMO, cwd=tmp_path, env=env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        assert any("$ aval ingest" in line for line in one.stdout)
        one.send_signal(signal.SIGINT)
        _, said = one.communicate(timeout=PATIENCE)
    assert one.returncode == 130, said
    assert said.endswith("aval: interrupted; nothing half-done was kept.\n")
    assert json.loads((tmp_path / "var" / "demo.json").read_text())["finished"] == ["A lender"]


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(page: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(page, trust_env=False).is_success
    return False
