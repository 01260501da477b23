"""The README's session is run again: every command it shows, and what came out."""

import contextlib
import json
import math
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from aval.settings import ROOT
from tests.service.serving import PATIENCE

SESSION = (
    "aval simulate lender --applicants 3000 --seed 11",
    "aval ingest lender",
    "aval train",
    "aval score --out decisions.csv --lang fr",
    "head -4 decisions.csv",
    "aval explain {declined}",
)
"""What a newcomer does; `{declined}` is the first declined applicant of decisions.csv."""

VARYING = re.compile(r"\b\d+ s, at most [\d.]+ GB")
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*")
TOLERANCE = 0.05
"""Boosted trees differ in the last digits between kinds of processor; words and whole lines may not differ."""


def session(place: Path) -> str:
    """The session as a terminal shows it."""
    shown = []
    env = os.environ | {"AVAL_HOME": "var", "AVAL_LANG": "en", "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    env.pop("MLFLOW_TRACKING_URI", None)
    for line in SESSION:
        if "{declined}" in line:
            rows = (place / "decisions.csv").read_text().splitlines()
            line = line.format(declined=next(row for row in rows if ",decline," in row).split(",")[0])
        done = subprocess.run(shlex.split(line), cwd=place, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        shown.append(f"$ {line}\n{done.stdout.rstrip()}")
    return "\n\n".join("\n".join(line.rstrip() for line in block.splitlines()) for block in shown)


def written(name: str) -> str:
    """A block as the README has it."""
    text = (ROOT / "README.md").read_text()
    found = re.search(rf"<!-- {name} -->\n```console\n(.*?)\n```\n<!-- /{name} -->", text, re.DOTALL)
    assert found, f"the README has lost its {name}"
    return found.group(1)


def write(name: str, fresh: str) -> None:
    """Put a fresh block into the README."""
    text = (ROOT / "README.md").read_text()
    block = f"<!-- {name} -->\n```console\n{fresh}\n```\n<!-- /{name} -->"
    (ROOT / "README.md").write_text(
        re.sub(rf"<!-- {name} -->.*<!-- /{name} -->", lambda _: block, text, flags=re.DOTALL)
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def shown(place: Path) -> str:
    """The session, run."""
    return session(place)


def agree(fresh: str, expected: str) -> None:
    """Words and lines alike, numbers nearly."""
    fresh, expected = VARYING.sub("", fresh), VARYING.sub("", expected)
    assert NUMBER.sub("#", fresh) == NUMBER.sub("#", expected)
    for now, then in zip(NUMBER.findall(fresh), NUMBER.findall(expected), strict=True):
        a, b = float(now.replace(",", "")), float(then.replace(",", ""))
        assert math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=0.02), f"{now} is not {then}"


def test_the_session_of_the_readme_comes_out_again(place: Path, shown: str) -> None:
    if os.environ.get("AVAL_README") == "write":
        write("session", shown)
        drawn = place / "var" / "pictures" / "champion" / "lightgbm" / "overview.png"
        shutil.copy(drawn, ROOT / "docs" / "overview.png")
    agree(shown, written("session"))


CURL = """$ KEY=$(aval key add counter --role officer)
$ aval serve &
$ curl -sf --retry 99 --retry-delay 1 --retry-connrefused http://127.0.0.1:8000/health/ready
{ready}

$ curl -s http://127.0.0.1:8000/decisions -H "X-API-Key: $KEY" -H "Accept-Language: fr" \\
    -H "Content-Type: application/json" -d @examples/dossier.json | python3 -m json.tool --no-ensure-ascii
"""


def test_the_service_of_the_readme_answers(place: Path, shown: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {"AVAL_HOME": "var", "PYTHONPATH": str(ROOT)}
    env.pop("MLFLOW_TRACKING_URI", None)
    aval = [sys.executable, "-m", "aval"]
    made = subprocess.run(
        [*aval, "key", "add", "counter", "--role", "officer"], cwd=place, env=env, capture_output=True, text=True
    )
    key = made.stdout.strip()
    where = f"http://127.0.0.1:{port}"
    with (place / "serve.log").open("wb") as log:
        server = subprocess.Popen([*aval, "serve", "--port", str(port)], cwd=place, env=env, stdout=log, stderr=log)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(httpx.TransportError):
                ready = httpx.get(f"{where}/health/ready")
                if ready.status_code == 200:
                    break
            assert server.poll() is None, (place / "serve.log").read_text()
            assert time.monotonic() < until, (place / "serve.log").read_text()
            time.sleep(0.2)
        headers = {"X-API-Key": key, "Accept-Language": "fr", "Content-Type": "application/json"}
        body = (ROOT / "aval" / "service" / "example.json").read_bytes()
        answer = httpx.post(f"{where}/decisions", content=body, headers=headers, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
    finally:
        server.terminate()
        assert server.wait(PATIENCE) == 0
    said = answer.json()
    for name, told in (("id", "0f8fad5bd9cb469fa16570867728950e"), ("at", "2026-11-25T10:15:00.123456Z")):
        assert len(said[name]) == len(told)
        said[name] = told
    said["record"]["hash"] = "…"
    fresh = CURL.replace("{ready}", ready.text) + json.dumps(said, indent=4, ensure_ascii=False)
    if os.environ.get("AVAL_README") == "write":
        write("service", fresh)
    agree(fresh, written("service"))
