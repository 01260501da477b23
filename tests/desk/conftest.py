"""The desk against a service that really answers on loopback: the small lender's champion, keys of every role."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from joserfc.jwk import ECKey
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from aval.credit.policy import Policy
from aval.data.warehouse import Warehouse
from aval.model.registry import Registry
from aval.service.access import Access, Keys, Rate
from aval.service.api.app import create
from aval.service.api.state import Service
from aval.service.log.log import Log
from aval.service.provider import Provider
from aval.service.role import Role
from aval.settings import ROOT
from tests.service.bank import Bank, claims, signed
from tests.service.serving import PATIENCE

PEOPLE: Mapping[str, Role] = {
    "olga": Role.OFFICER,
    "otto": Role.OFFICER,
    "ana": Role.ANALYST,
    "val": Role.VALIDATOR,
    "boss": Role.ADMIN,
}


def rows(chart: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every row that a chart draws; what Vega-Lite would not take is refused here."""
    alt.Chart.from_dict(dict(chart))

    def within(part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield from part.get("data", {}).get("values", ())
        for layer in part.get("layer", ()):
            yield from within(layer)

    return list(within(chart))


@dataclass
class Served:
    """A service on loopback."""

    address: str
    keys: Mapping[str, str]
    """By name."""
    service: Service
    ids: list[int]
    """Some applicants of the warehouse."""
    bank: Bank
    """The identity provider it trusts."""
    signing: ECKey

    def token(self, name: str, role: str, seconds: float = 300.0) -> str:
        """What the bank's provider gives somebody."""
        now = int(time.time())
        said = claims(self.bank, preferred_username=name, roles=[role], iat=now - 10, nbf=now - 10, exp=now + seconds)
        return signed(said, self.signing, "ES256")

    def ask(self, who: str, method: str, path: str, **more: Any) -> Any:
        headers = {"X-API-Key": self.keys[who]}
        answer = httpx.request(method, self.address + path, headers=headers, timeout=PATIENCE, **more)
        assert answer.is_success, answer.text
        return answer.json()


@contextmanager
def serving(home: Path, place: Path) -> Iterator[Served]:
    """A home's champion on loopback, behind a log and jobs of its own at `place`."""
    for part in home.iterdir():
        if part.name not in ("log", "jobs"):
            (place / part.name).symlink_to(part)
    log = Log.open("", place)
    keys = Keys(log.engine, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    known = {name: keys.add(name, role) for name, role in PEOPLE.items()}
    bank, signing = Bank(), ECKey.generate_key("P-256", {"kid": "desk", "use": "sig"})
    bank.publish(signing)
    service = Service(
        refresh_seconds=3600,  # or its looks at the registry would put its place into the environment of other tests
        registry=Registry("", place),
        log=log,
        access=Access(keys, Provider(bank.issuer, "aval"), Rate(1e6, 1_000_000)),
        policy=Policy.load(ROOT / "policies" / "2026-11-24.toml"),
        home=place,
        lender="Banque d'essai",
    )
    config = uvicorn.Config(create(service), port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not (server.started and service.ready):
        assert time.monotonic() < until, "the service did not start"
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    ids = next(Warehouse.open(place / "warehouse").stream(20)).tables["application"]["SK_ID_CURR"].to_list()
    yield Served(f"http://127.0.0.1:{port}", known, service, ids, bank, signing)
    server.should_exit = True
    thread.join(20)
    bank.stop()


@pytest.fixture(scope="session")
def served(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small lender's champion."""
    with serving(home, tmp_path_factory.mktemp("desk")) as found:
        yield found


class Desk:
    """The app as somebody at the screen would use it."""

    def __init__(self, app: AppTest) -> None:
        self.app = app

    def enter(self, key: str) -> "Desk":
        self.app.run()
        self.app.text_input(key="key").set_value(key)
        return self.press("enter")

    def press(self, key: str) -> "Desk":
        self.app.button(key=key).click().run()
        return self.well()

    def choose(self, key: str, value: Any) -> "Desk":
        self.app.segmented_control(key=key).set_value(value).run()
        return self.well()

    def go(self, screen: str) -> "Desk":
        # AppTest.switch_page knows files only; the desk's pages are functions under an address.
        self.app._page_hash = calc_hash(screen)
        self.app.run()
        return self.well()

    def decide(self, number: int) -> "Desk":
        self.app.text_input(key="number").set_value(str(number))
        return self.press("decide_number")

    def well(self) -> "Desk":
        assert not self.app.exception, [one.value for one in self.app.exception]
        return self

    @property
    def errors(self) -> str:
        return "\n".join(one.value for one in self.app.error)

    @property
    def text(self) -> str:
        """Everything that can be read on the screen."""
        parts = (self.app.title, self.app.subheader, self.app.markdown, self.app.caption, self.app.html)
        told = [str(getattr(one, "value", None) or getattr(one, "body", "")) for kind in parts for one in kind]
        boxes = [box.value for kind in (self.app.info, self.app.success, self.app.warning) for box in kind]
        return "\n".join([*told, *boxes, self.errors])


@pytest.fixture
def desk(served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Desk]:
    """A new browser tab; signed in as somebody where a name is given."""

    def opened(who: str | None = None, address: str = served.address, lang: str = "fr") -> Desk:
        monkeypatch.setenv("AVAL_DESK_API", address)
        monkeypatch.setenv("AVAL_DESK_LANG", lang)
        found = Desk(AppTest.from_file(str(ROOT / "desk" / "app.py"), default_timeout=PATIENCE))
        return found.enter(served.keys[who]) if who else found

    return opened
