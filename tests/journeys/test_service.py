"""One applicant, one probability: training's batch, `aval score`, the API alone and in a file, MLflow's own server."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from starlette.testclient import TestClient

from aval.credit.policy import Policy
from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY
from aval.data.warehouse import Warehouse
from aval.model.model import Model
from aval.model.registry import Registry
from aval.service.access import Access, Keys, Rate, Role
from aval.service.api.app import create
from aval.service.api.state import Service
from aval.service.log.log import Log
from aval.service.views import numbers
from aval.settings import Settings
from tests.conftest import run
from tests.service.serving import PATIENCE

LONG = os.environ.get("AVAL_LAWS") == "long"
SAME = pytest.approx


@pytest.fixture(scope="module")
def champion(home: Path) -> Model:
    return Registry("", home).champion()[0]


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Warehouse:
    return Warehouse.open(home / "warehouse")


@pytest.fixture(scope="module")
def ids(champion: Model, warehouse: Warehouse) -> list[int]:
    """The test part: what training kept apart, in its order."""
    return [int(one) for one in champion.test_ids(warehouse)]


@pytest.fixture(scope="module")
def trained(champion: Model, ids: list[int]) -> dict[int, float]:
    """What training itself predicted for its test part, in its own batches."""
    return dict(zip(ids, champion.predictions()[1].tolist(), strict=True))


@pytest.fixture(scope="module")
def log(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    made = Log.open("", tmp_path_factory.mktemp("service"))
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def client(home: Path, log: Log) -> Iterator[TestClient]:
    keys = Keys(log.engine)
    service = Service(
        refresh_seconds=3600,  # or its looks at the registry would put its place into the environment of other tests
        registry=Registry("", home),
        log=log,
        access=Access(keys, None, Rate(10_000, 10_000)),
        policy=Policy.load(Settings().policy),
        home=home,
    )
    with TestClient(create(service), headers={"X-API-Key": keys.add("journey", Role.ADMIN)}) as opened:
        yield opened


def sent(dossiers: Dossiers) -> dict[str, Any]:
    """One applicant's tables as a client sends them."""
    tables = dossiers.tables
    found: dict[str, Any] = {"application": tables["application"].row(0, named=True)}
    for table in HISTORIES:
        rows = tables[table].to_dicts()
        drop = KEY if table == "bureau_balance" else ""
        found[table] = [{name: value for name, value in row.items() if name != drop} for row in rows]
    return found


def test_training_and_score_agree(home: Path, lender: Path, trained: dict[int, float], tmp_path: Path) -> None:
    out = tmp_path / "decisions.csv"
    run(home, "score", str(lender), "--out", str(out), "--reasons", "none")
    with out.open(newline="") as file:
        scored = {int(row[KEY]): float(row["probability"]) for row in csv.DictReader(file)}
    assert {one: scored[one] for one in trained} == SAME(trained, abs=1e-9)


def test_the_counter_alone_agrees_and_replays(
    client: TestClient, warehouse: Warehouse, trained: dict[int, float], ids: list[int]
) -> None:
    chosen = ids if LONG else ids[::8]
    for place, one in enumerate(chosen):
        body = sent(warehouse.dossiers([one])) if place % 2 else {"applicant_id": one}
        answer = client.post("/decisions", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["probability"] == SAME(trained[one], abs=1e-9)
        again = client.post(f"/decisions/{answer.json()['id']}/replay").json()
        assert (again["outcome"], again["differs"]) == ("same", [])


def test_a_file_of_all_tables_agrees_and_replays(
    client: TestClient, log: Log, warehouse: Warehouse, trained: dict[int, float], ids: list[int]
) -> None:
    dossiers = warehouse.dossiers(ids)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for table, frame in dossiers.tables.items():
            kept = frame.drop(KEY) if table == "bureau_balance" else frame
            zipped.writestr(f"{table}.csv", kept.write_csv())
    headers = {"Content-Type": "application/zip"}
    answer = client.post("/decisions/file?form=ndjson", content=archive.getvalue(), headers=headers)
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    found = {line["applicant_id"]: line["probability"] for line in lines if line["kind"] == "decision"}
    assert found == SAME(trained, abs=1e-9)
    for line in lines[:: 1 if LONG else 40]:
        again = client.post(f"/decisions/{line['decision']}/replay").json()
        assert (again["outcome"], again["differs"]) == ("same", [])
    assert len(set(numbers(log))) >= len(ids)


@pytest.fixture(scope="module")
def invocations(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """MLflow's own scoring server on the champion, as anyone would start it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("mlflow") / "server.log"
    words = ["models", "serve", "-m", "models:/aval@champion", "--env-manager", "local", "--workers", "1"]
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words, "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                 "MLFLOW_TRACKING_URI": f"sqlite:///{home.resolve() / 'mlflow.db'}",
                 "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
            stdout=told, stderr=told, start_new_session=True,
        )  # fmt: skip
    place = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(f"{place}/ping").status_code == 200:
                    break
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.2)
        yield place
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def rows_of(warehouse: Warehouse, ids: list[int]) -> pl.DataFrame:
    """A row per dossier: raw columns as doubles and text, each history as a JSON list."""
    dossiers = warehouse.dossiers(ids)
    rows = dossiers.tables["application"]
    numbers_ = [name for name, dtype in rows.schema.items() if dtype.is_numeric() and name != KEY]
    rows = rows.with_columns(pl.col(numbers_).cast(pl.Float64))
    for table in HISTORIES:
        parts = dossiers.tables[table].partition_by(KEY, as_dict=True)
        texts = [json.dumps(parts[(one,)].drop(KEY).to_dicts()) if (one,) in parts else "[]" for one in rows[KEY]]
        rows = rows.with_columns(pl.Series(table, texts))
    return rows


def test_mlflows_server_agrees_in_json_and_csv(
    invocations: str, warehouse: Warehouse, trained: dict[int, float], ids: list[int]
) -> None:
    rows = rows_of(warehouse, ids)
    split = {"columns": rows.columns, "data": [list(row) for row in rows.iter_rows()]}
    answer = httpx.post(f"{invocations}/invocations", json={"dataframe_split": split}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text[:500]
    found = {int(line[KEY]): line["probability"] for line in answer.json()["predictions"]}
    assert found == SAME(trained, abs=1e-9)
    some = rows.head(60)
    answer = httpx.post(
        f"{invocations}/invocations", content=some.write_csv(), headers={"Content-Type": "text/csv"}, timeout=PATIENCE
    )
    assert answer.status_code == 200, answer.text[:500]
    found = {int(line[KEY]): line["probability"] for line in answer.json()["predictions"]}
    assert found == SAME({one: trained[one] for one in ids[:60]}, abs=1e-9)
