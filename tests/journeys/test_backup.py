"""A log written over HTTP is backed up and restored by the very lines of docs/service.md, and holds."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from aval.data.warehouse import Warehouse
from aval.errors import LogBroken
from aval.service.api.app import create
from aval.settings import ROOT
from tests.conftest import run
from tests.postgres import Postgres, programs
from tests.service.api.conftest import House, opened
from tests.service.api.test_acting import YES, of

DOCS = (ROOT / "docs" / "service.md").read_text()


def lines(heading: str) -> list[str]:
    """The commands of the block under a heading, each as one types it."""
    (block,) = re.findall(rf"^\*\*{heading}\*\*.*?```console\n(.*?)```", DOCS, re.DOTALL | re.MULTILINE)
    return re.sub(r"\\\n\s*", "", block).removeprefix("$ ").rstrip().split("\n$ ")


@pytest.fixture
def place(home: Path, tmp_path: Path) -> Path:
    """A home whose registry is another's."""
    return _home(home, tmp_path / "service")


def _home(home: Path, folder: Path) -> Path:
    (folder / "log").mkdir(parents=True)
    for name in ("mlflow.db", "mlartifacts"):
        (folder / name).symlink_to(home / name)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The log, and where it is restored: empty for the home's SQLite file, or databases of a real PostgreSQL."""
    if request.param == "sqlite":
        return "", ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.database(), server.database()


@pytest.fixture
def house(home: Path, place: Path, urls: tuple[str, str]) -> Iterator[House]:
    service, keys = opened(home, place, url=urls[0], busy=5.0)
    warehouse = Warehouse.open(home / "warehouse")
    with TestClient(create(service)) as client:
        yield House(service, client.app, client, keys, warehouse, warehouse.ids.to_list())  # type: ignore[arg-type]


def shell(line: str, home: Path, url: str, folder: Path) -> None:
    """A line of the docs, in a shell in this folder."""
    path = os.pathsep.join((str(Path(sys.executable).parent), str(programs()), os.environ["PATH"]))
    told = {"PATH": path, "AVAL_HOME": str(home), "AVAL_LOG": url, "LC_ALL": "C"}
    done = subprocess.run(["bash", "-euc", line], cwd=folder, env=told, capture_output=True, text=True)
    assert done.returncode == 0, (line, done.stderr)


def mine(line: str, url: str) -> bool:
    """Whether a line is for this database; comments say which are for one alone."""
    return ("PostgreSQL" in line) <= bool(url) and ("SQLite" in line) <= (not url)


def test_a_backup_made_while_it_is_written_to_restores_verifies_and_replays(
    house: House, home: Path, place: Path, urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = house.ids[3]
    stranger = house.decided()
    assert house.post(f"/applicants/{stranger['applicant_id']}/erase", json={"why": "asked"}).status_code == 200
    ids = [house.decided({"applicant_id": one})["id"] for one in house.ids[:6]]
    refused = house.refused()
    assert house.post(of(refused), "officer", json=YES).status_code == 200
    if not urls[0]:
        assert (place / "log" / "log.db-wal").stat().st_size > 0
    # The service runs; then it is killed, and its disk is gone.
    backup = tmp_path / "backup"
    backup.mkdir()
    shell("\n".join(line for line in lines("Backup.") if mine(line, urls[0])), place, urls[0], backup)
    assert sorted(file.name for file in backup.iterdir()) == ["head.backup", "log.backup"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in backup.iterdir()} == {0o600}
    assert house.post(f"/applicants/{person}/erase", json={"why": "asked"}).json()["decisions"] == 1
    late = house.decided()["id"]
    newest = place / "log" / "head.json"

    restored = _home(home, tmp_path / "restored")
    shutil.copy(place / "log" / "signing.key", restored / "log")
    if not urls[1]:  # what a killed process leaves: its WAL would be played into the backup
        for name in ("log.db", "log.db-wal", "log.db-shm"):
            shutil.copy(place / "log" / name, restored / "log")
    *commands, check = lines("Restore")
    shell("\n".join(line for line in commands if mine(line, urls[1])), restored, urls[1], backup)
    monkeypatch.setenv("AVAL_LOG", urls[1])

    # Held against the newest head it is what a cut log is: nothing is written after it.
    shutil.copy(newest, restored / "log" / "head.json")
    for command in (("verify",), ("erase", str(person), "--yes")):
        with pytest.raises(LogBroken, match="cut short, or restored from an older copy"):
            run(restored, *command)
    (restored / "log" / "head.json").unlink()

    assert re.sub(r"\s+#.*", "", check) == "aval verify --head head.backup && aval replay --all"
    facts = json.loads(run(restored, "verify", "--head", str(backup / "head.backup"), "--json"))
    assert facts["holds"]
    assert facts["seq"] == json.loads((backup / "head.backup").read_text())["seq"]
    assert facts["decisions"] == 8
    assert run(restored, "replay", "--all") == "Replayed 8: 1 erased, 7 same.\n"
    assert "same" in run(restored, "replay", ids[3])  # erased since: to be done again
    run(restored, "erase", str(person), "--yes")
    assert "erased" in run(restored, "replay", ids[3])

    # It goes on, with the keys and the officers' verdicts it had, and still refuses changes.
    service, keys = opened(home, restored, url=urls[1])
    assert keys == {}
    with TestClient(create(service)) as client:
        headers = {"X-API-Key": house.keys["admin"]}
        assert client.get(f"/decisions/{refused['id']}", headers=headers).json()["final"] == "approve"
        assert client.get(f"/decisions/{late}", headers=headers).status_code == 404
        assert client.post("/decisions", json=house.stranger(), headers=headers).status_code == 200
        assert client.get("/verify", headers=headers).json()["holds"]
        for table in ("record", "decision", "access"):
            with pytest.raises(DBAPIError, match=r"append-only|never removed"), service.log.engine.begin() as raw:
                raw.execute(text(f"DELETE FROM {table}"))
