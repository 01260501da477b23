"""One service for all tests over HTTP: the small lender's champion, a log of its own, a key of every role."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY
from aval.data.warehouse import Warehouse
from aval.model.registry import Registry
from aval.service.access import Access, Keys, Rate
from aval.service.api.app import create
from aval.service.api.state import Limits, Service
from aval.service.decide import Decider
from aval.service.example import dossier as example
from aval.service.log.log import Log, utc
from aval.service.role import Role
from aval.settings import ROOT

POLICY = ROOT / "policies" / "2026-11-24.toml"
LONG = os.environ.get("AVAL_LAWS") == "long"
ROLES = tuple(role.value for role in Role)


@dataclass
class House:
    """A running service, its client, and keys."""

    service: Service
    app: FastAPI
    client: TestClient
    keys: Mapping[str, str]
    """By role; `second` is another officer."""
    warehouse: Warehouse
    ids: list[int]
    """Everybody of the warehouse."""
    taken: Iterator[int] = field(init=False)
    _worst: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.taken = iter(range(900_000_001, 999_999_999))

    def headers(self, role: str | None, **more: str) -> dict[str, str]:
        return ({} if role is None else {"X-API-Key": self.keys[role]}) | more

    def ask(self, method: str, path: str, role: str | None = "admin", **given: Any) -> Any:
        headers = self.headers(role, **given.pop("headers", {}))
        return self.client.request(method, path, headers=headers, **given)

    def get(self, path: str, role: str | None = "admin", **given: Any) -> Any:
        return self.ask("GET", path, role, **given)

    def post(self, path: str, role: str | None = "admin", **given: Any) -> Any:
        return self.ask("POST", path, role, **given)

    def stranger(self, **changes: Any) -> dict[str, Any]:
        """The example's dossier under a number nobody had before."""
        return dossier_of(next(self.taken), **changes)

    def refused(self, **changes: Any) -> dict[str, Any]:
        """A decision of somebody new, as bad a risk as the worst of the warehouse."""
        if self._worst is None:
            ids = self.ids[:600]
            decider = self.service.live.decider()
            found = decider.decide(self.warehouse.dossiers(ids), Explain.NONE)
            worst = max(found, key=lambda one: one.probability).applicant_id
            self._worst = as_json(self.warehouse.dossiers([worst]))
        made = self.decided(renamed(json.loads(json.dumps(self._worst)), next(self.taken), **changes))
        assert made["verdict"] == "decline"
        return made

    def decided(self, dossier: object | None = None, **changes: Any) -> dict[str, Any]:
        """One decision."""
        found = self.post("/decisions", json=self.stranger(**changes) if dossier is None else dossier)
        assert found.status_code == 200, found.text
        answer: dict[str, Any] = found.json()
        return answer

    def size(self) -> int:
        """Decisions in the log."""
        from sqlalchemy import func, select

        from aval.service.log.tables import DECISION

        with self.service.log.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(DECISION)).scalar_one())


def dossier_of(applicant_id: int, **changes: Any) -> dict[str, Any]:
    """The example as another applicant, with other values in the application."""
    return renamed(example(), applicant_id, **changes)


def renamed(found: dict[str, Any], applicant_id: int, **changes: Any) -> dict[str, Any]:
    """A dossier as another applicant's."""
    found["application"] |= {KEY: applicant_id, **changes}
    for table in HISTORIES:
        for row in found.get(table) or ():
            if KEY in row:
                row[KEY] = applicant_id
    return found


def as_json(dossiers: Dossiers) -> dict[str, Any]:
    """One applicant's tables as a client would send them."""
    made: dict[str, Any] = {"application": dossiers.tables["application"].row(0, named=True)}
    for table in HISTORIES:
        if table not in dossiers.absent:
            made[table] = dossiers.tables[table].rows(named=True)
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


def opened(
    home: Path,
    place: Path,
    *,
    limits: Limits | None = None,
    rate: Rate | None = None,
    busy: float = 20.0,
    url: str = "",
    now: Callable[[], datetime] = utc,
    **more: Any,
) -> tuple[Service, dict[str, str]]:
    """A service over the champion of `home`, whose log is in `place` or at `url`, and a key of each role."""
    log = Log.open(url, place, busy=busy, now=now)
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    keys = Keys(log.engine, hasher=cheap, seconds=3600)
    made = {}
    if not keys.list():  # else another worker made them
        made = {role: keys.add(f"the-{role}", Role(role)) for role in ROLES}
        made["second"] = keys.add("the-second", Role.OFFICER)
        (place / "warehouse").symlink_to(home / "warehouse")
    access = Access(keys, None, rate or Rate(1e6, 10**6), Rate(1e6, 10**6, of="failures"))
    service = Service(
        registry=Registry("", home),
        log=log,
        access=access,
        policy=more.pop("policy", None) or Policy.load(POLICY),
        home=place,
        limits=limits,
        refresh_seconds=3600,
        **more,
    )
    return service, made


@pytest.fixture(scope="session")
def house(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service, running."""
    service, keys = opened(home, tmp_path_factory.mktemp("service"))
    app = create(service)
    warehouse = Warehouse.open(home / "warehouse")
    with TestClient(app, raise_server_exceptions=True) as client:
        yield House(service, app, client, keys, warehouse, warehouse.ids.to_list())


@pytest.fixture
def another(home: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes services of a test's own, to be hurt: with little patience, with no room."""
    clients: list[TestClient] = []
    warehouse = Warehouse.open(home / "warehouse")

    def make(**given: Any) -> House:
        place = tmp_path / f"service{len(clients)}"
        place.mkdir()
        service, keys = opened(home, place, **given)
        client = TestClient(create(service))
        client.__enter__()
        clients.append(client)
        return House(service, client.app, client, keys, warehouse, warehouse.ids.to_list())  # type: ignore[arg-type]

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture(scope="session")
def judge(home: Path) -> Callable[[Dossiers], list[Any]]:
    """The champion under the policy in a batch, without any service."""
    model, version = Registry("", home).champion()
    decider = Decider(model, str(version), Policy.load(POLICY), on=date(2026, 11, 24))
    return lambda dossiers: decider.decide(dossiers, Explain.ALL)


async def raw(app: Any, scope: Mapping[str, Any], messages: list[dict[str, Any]], pause: float = 0.0) -> Any:
    """One request below any client's politeness: status, headers and body as they were sent."""
    import anyio

    given = iter(messages)

    async def receive() -> dict[str, Any]:
        for message in given:
            return message
        await anyio.sleep(pause or 3600)
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    whole = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "client": ("127.0.0.1", 5000),
        "server": ("localhost", 80),
        "headers": [],
        **scope,
    }
    await app(whole, receive, send)
    start = next((message for message in sent if message["type"] == "http.response.start"), None)
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    headers = {} if start is None else {name.decode(): value.decode() for name, value in start["headers"]}
    return None if start is None else start["status"], headers, body
