"""The README's session is run again: every command it shows, and what came out."""

import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from aval.settings import ROOT

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


def written() -> str:
    """The session as the README has it."""
    text = (ROOT / "README.md").read_text()
    found = re.search(r"<!-- session -->\n```console\n(.*?)\n```\n<!-- /session -->", text, re.DOTALL)
    assert found, "the README has lost its session"
    return found.group(1)


def test_the_session_of_the_readme_comes_out_again(tmp_path: Path) -> None:
    fresh = session(tmp_path)
    if os.environ.get("AVAL_README") == "write":
        text = (ROOT / "README.md").read_text()
        block = f"<!-- session -->\n```console\n{fresh}\n```\n<!-- /session -->"
        (ROOT / "README.md").write_text(
            re.sub(r"<!-- session -->.*<!-- /session -->", lambda _: block, text, flags=re.DOTALL)
        )
        drawn = tmp_path / "var" / "pictures" / "champion" / "lightgbm" / "overview.png"
        shutil.copy(drawn, ROOT / "docs" / "overview.png")
    shown, expected = VARYING.sub("", fresh), VARYING.sub("", written())
    assert NUMBER.sub("#", shown) == NUMBER.sub("#", expected)
    for now, then in zip(NUMBER.findall(shown), NUMBER.findall(expected), strict=True):
        a, b = float(now.replace(",", "")), float(then.replace(",", ""))
        assert math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=0.02), f"{now} is not {then}"
