"""The service's life as processes: it starts, follows, survives, ends, and nothing answered is ever lost."""

import os
import random
import resource
import signal
import socket
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from aval.errors import OptionError
from aval.service.example import dossier
from aval.service.log.log import Log
from aval.service.log.tables import DECISION
from aval.service.log.verifying import verify
from aval.service.running import _proxies
from tests.postgres import Postgres
from tests.service.serving import PATIENCE, Server, aval, key
from tests.service.versions import bolder, champion, own, register

PLANTED = 7_654_321_987
"""An applicant's number that no log line may hold."""
APPLICATION = {**dossier(), "application": {**dossier()["application"], "SK_ID_CURR": PLANTED}}


@pytest.fixture(scope="module")
def place(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation of this module's own."""
    return own(home, tmp_path_factory.mktemp("running") / "home")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers, and leaves none behind."""
    made: list[Server] = []

    def start(home: Path, *options: str, **more: str) -> Server:
        made.append(Server(home, tmp_path / f"server{len(made)}", *options, **more))
        return made[-1]

    yield start
    for one in made:
        one.close()


def metric(client: httpx.Client, name: str) -> float:
    """The sum over a metric's labels."""
    lines = client.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name}{{", f"{name} ")))


class Load:
    """Threads that ask for decisions, each under a key of its own, until they are told to stop."""

    def __init__(self, url: str, secret: str, threads: int = 3) -> None:
        self.answered: dict[str, str] = {}
        self.open: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self._over = threading.Event()
        self._new = lambda: httpx.Client(base_url=url, headers={"X-API-Key": secret}, timeout=60)
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        with self._new() as client:
            while not self._over.is_set():
                one = uuid.uuid4().hex
                self.open.add(one)
                self._send(one, client)

    def again(self, one: str) -> httpx.Response:
        """Ask once more under this key; it must be answered."""
        with self._new() as client:
            answer = self._send(one, client)
        assert answer is not None
        assert answer.status_code == 200
        return answer

    def _send(self, one: str, client: httpx.Client) -> httpx.Response | None:
        """What is answered is remembered, and is the same each time."""
        try:
            answer = client.post("/decisions", json=APPLICATION, headers={"Idempotency-Key": one})
        except httpx.TransportError:
            return None
        self.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            made = answer.json()["id"]
            assert self.answered.setdefault(one, made) == made
            self.open.discard(one)
        return answer

    def until(self, answered: int, seconds: float = PATIENCE) -> None:
        """Wait until so many are answered."""
        end = time.monotonic() + seconds
        while len(self.answered) < answered and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.answered) >= answered, self.statuses

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def standing(home: Path) -> Counter[str]:
    """Numbers of the decisions in a SQLite log, as often as they stand there."""
    with sqlite3.connect(f"file:{home / 'log' / 'log.db'}?mode=ro", uri=True) as store:
        found = Counter(row[0] for row in store.execute("select id from decision"))
    store.close()
    return found


def holds(home: Path, url: str = "") -> bool:
    """Whether the log is whole, its exported head in its place."""
    log = Log.open(url, home)
    try:
        found = verify(log, log.signer.exported())
        assert found.holds, found.faults
        return found.holds
    finally:
        log.engine.dispose()


# Before it starts


def test_it_does_not_start_where_it_would_be_open_closed_or_in_the_way(place: Path, tmp_path: Path) -> None:
    nobody = aval(tmp_path / "nobody", "serve", "--port", "0")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert nobody.stderr == (
        "aval: aval serve would let nobody in: make a key with `aval key add NAME --role officer`.\n"
    )
    key(place, "first")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        before = _worked()
        refused = aval(place, "serve", "--port", str(port))
        assert _worked() - before < 30
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (f"aval: --port {port} is taken; name another address, or end what listens there.\n")


def _worked() -> float:
    """Processor seconds of the processes that have ended: however busy the machine is."""
    done = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.ru_utime + done.ru_stime


def test_proxies_are_addresses_and_never_everybody() -> None:
    assert _proxies("") == []
    assert _proxies("10.0.0.7, fd00::/8") == ["10.0.0.7", "fd00::/8"]
    for wrong in ("*", "0.0.0.0/0", "::/0", "proxy.bank.example"):
        with pytest.raises(OptionError, match="AVAL_PROXY holds addresses"):
            _proxies(wrong)


# One process


def test_a_life_from_no_champion_to_a_graceful_end(home: Path, tmp_path: Path, started: Callable[..., Server]) -> None:
    """Starts without a champion, is warm before it is ready, swaps, tells the truth about proxies, ends with 0."""
    place = own(home, tmp_path / "home")
    champion(place, None)
    secret = key(place)
    (place / "jobs").mkdir()
    left = place / "jobs" / "left.upload"  # of a process that was killed
    left.write_bytes(b"SK_ID_CURR")
    os.utime(left, (0, 0))
    server = started(place, "--host", "0.0.0.0")
    assert "TLS" in server.line("plain HTTP")["advice"]
    server.url = server.url.replace("0.0.0.0", "127.0.0.1")
    waiting = server.wait(503)
    assert waiting["ready"] is False
    assert not left.exists()
    assert waiting["model"].startswith("no model decides yet")
    assert (waiting["log"], waiting["registry"]) == ("ok", "ok")
    with server.client(secret) as client:
        assert client.get("/health/live").json() == {"state": "live"}
        refused = client.post("/decisions", json=APPLICATION)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        champion(place, "1")
        assert server.wait()["model"] == "1"
        # Warm before ready: the first decision is not the slow one.
        # Without a proxy named, what a caller says of its address is not believed.
        guesses = [{"X-API-Key": f"aval_{'x' * 8}_{'y' * 43}", "X-Forwarded-For": f"203.0.113.{n}"} for n in range(12)]
        assert client.get("/model", headers=guesses[0]).status_code == 401
        assert {client.get("/model", headers=guess).status_code for guess in guesses} == {401, 429}
        first, then = _timed(client), sorted(_timed(client) for _ in range(9))[4]
        assert first < 10 * then + 0.5
        champion(place, register(place, bolder))
        until = time.monotonic() + PATIENCE
        while client.get("/health/ready").json()["model"] != "2" and time.monotonic() < until:
            time.sleep(0.05)
        assert client.post("/decisions", json=APPLICATION).json()["model"] == "2"
        stood = client.get("/model").json()
        assert (stood["champion"]["version"], stood["trouble"]) == ("2", None)
    # Asked to end while it decides: what it has begun is answered.
    load = Load(server.url, secret, 4)
    load.until(8)
    assert server.end() == 0
    load.stop()
    assert set(load.statuses) == {200}
    assert server.gone()
    made = standing(place)
    assert not set(load.answered.values()) - set(made)
    assert set(made.values()) == {1}
    assert holds(place)
    assert _kinds(place)[:2] == ["policy", "model"]
    assert _kinds(place).count("model") == 2
    assert server.out.read_text() == ""
    text = server.err.read_text()
    assert str(PLANTED) not in text
    assert "Traceback" not in text
    told = [line for line in server.lines() if line["event"] == "request" and line["route"] == "/decisions"]
    assert len({line["request_id"] for line in told}) == len(told) >= len(load.answered)
    assert {"stopped", "champion"} <= {line["event"] for line in server.lines()}


def _timed(client: httpx.Client) -> float:
    start = time.perf_counter()
    assert client.post("/decisions", json=APPLICATION).status_code == 200
    return time.perf_counter() - start


def _kinds(home: Path) -> list[str]:
    with sqlite3.connect(f"file:{home / 'log' / 'log.db'}?mode=ro", uri=True) as store:
        found = [row[0] for row in store.execute("select kind from record order by seq")]
    store.close()
    return found


def test_killed_at_any_moment_nothing_answered_is_lost_or_doubled(place: Path, started: Callable[..., Server]) -> None:
    secret = key(place, "killer")
    server = started(place)
    server.wait()
    rng = random.Random(4)
    load = Load(server.url, secret)
    load.until(15)
    time.sleep(rng.uniform(0, 0.1))
    server.kill()
    load.stop()
    assert server.gone()
    answered, left = dict(load.answered), set(load.open)
    assert left, "it was killed while nobody asked"
    assert holds(place)
    again = started(place, "--port", str(server.port))
    again.wait()
    for one in sorted(left | set(answered)):
        answer = load.again(one)
        if one in answered:
            assert answer.headers["Idempotency-Replayed"] == "true"
            assert answer.json()["id"] == answered[one]
    made = standing(place)
    assert {made[one] for one in load.answered.values()} == {1}
    assert sum(made.values()) == len(load.answered)
    _locked(place, again, secret)
    _steady(again, secret)
    assert again.end() == 0
    assert again.gone()
    assert "Traceback" not in again.err.read_text()
    assert holds(place)


def _locked(place: Path, server: Server, secret: str) -> None:
    """Somebody holds the database: 503 and when to come again; then it goes on by itself."""
    holder = sqlite3.connect(place / "log" / "log.db", isolation_level=None)
    holder.execute("begin immediate")
    try:
        with server.client(secret) as client:
            answer = client.post("/decisions", json=APPLICATION)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            assert answer.json()["type"] == "urn:aval:log-unavailable"
            assert client.get("/health/live").status_code == 200
    finally:
        holder.execute("rollback")
        holder.close()
    with server.client(secret) as client:
        assert client.post("/decisions", json=APPLICATION).status_code == 200
    assert holds(place)


def _steady(server: Server, secret: str) -> None:
    """Neither threads nor open files grow with what is asked."""
    process = Path(f"/proc/{server.process.pid}")

    def held() -> tuple[int, int]:
        return len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))

    def ask(times: int) -> None:
        with server.client(secret) as client:
            for turn in range(times):
                if turn % 20 == 0:
                    assert client.post("/decisions", json=APPLICATION).status_code == 200
                    assert client.get("/decisions/nothing").status_code == 422
                else:
                    assert client.get("/health/live").status_code == 200

    def everywhere(times: int) -> None:
        threads = [threading.Thread(target=ask, args=(times,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    everywhere(50)
    before, memory = held(), _resident(process)
    everywhere(450)
    files, tasks = held()
    assert files <= before[0] + 4
    assert tasks <= before[1] + 4
    assert _resident(process) < memory + 40


def _resident(process: Path) -> float:
    """MiB."""
    (line,) = (line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def test_postgresql_goes_away_and_comes_back(
    home: Path, tmp_path: Path, started: Callable[..., Server], postgres: Postgres
) -> None:
    """Away: 503 and not ready; back: it goes on by itself, and what was answered stands there once."""
    place, url = own(home, tmp_path / "home"), postgres.fresh()
    secret, unseen = key(place, log=url), key(place, "unseen", log=url)
    server = started(place, AVAL_LOG=url)
    server.wait()
    load = Load(server.url, secret, 3)
    load.until(10)
    postgres.kill()
    try:
        with server.client(secret) as client:
            answer = client.post("/decisions", json=APPLICATION, headers={"Idempotency-Key": "away"})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            # Nobody can tell whose a key is that was not seen of late: that is no fault of its holder.
            assert client.get("/model", headers={"X-API-Key": unseen}).status_code == 503
            assert client.get("/health/ready").json()["log"] == "unavailable"
            assert client.get("/health/live").status_code == 200
    finally:
        postgres.start()
    server.wait()
    load.until(len(load.answered) + 10)
    load.stop()
    assert set(load.statuses) == {200, 503}
    for one in ["away", *sorted(load.open - {"away"})]:
        load.again(one)
    assert server.end() == 0
    assert server.gone()
    log = Log.open(url, place)
    with log.reading() as connection:
        stands = Counter(connection.execute(select(DECISION.c.id)).scalars())
    log.engine.dispose()
    assert set(stands.values()) == {1}
    assert set(stands) == set(load.answered.values())
    assert holds(place, url)
    assert "Traceback" not in server.err.read_text()
    assert server.lines()


# Several workers


def test_two_workers_decide_count_together_and_one_may_be_killed(
    home: Path, tmp_path: Path, started: Callable[..., Server], lender: Path
) -> None:
    place = own(home, tmp_path / "home")
    secret = key(place)
    server = started(place, "--workers", "2", AVAL_PROXY="127.0.0.1")
    server.wait()
    until = time.monotonic() + PATIENCE
    while sum(line["event"] == "started" for line in server.lines()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    with server.client(secret) as client:
        # A trusted proxy says whose failures they are: one address that guesses does not shut out another.
        guess = {"X-API-Key": f"aval_{'x' * 8}_{'y' * 43}", "X-Forwarded-For": "203.0.113.1"}
        refused = [client.get("/model", headers=guess).status_code for _ in range(24)]
        assert set(refused) == {401, 429}
        assert client.get("/model", headers={**guess, "X-Forwarded-For": "203.0.113.2"}).status_code == 401
        head = (lender / "application_test.csv").read_text().splitlines(keepends=True)[:41]
        sent = [
            client.post(
                "/decisions/file?later=true", content="".join(head), headers={"Content-Type": "text/csv"}
            ).json()["id"]
            for _ in range(3)
        ]
        load = Load(server.url, secret, 4)
        load.until(30)
        one, other = server.workers()
        os.kill(one, signal.SIGKILL)
        load.until(len(load.answered) + 10)
        until = time.monotonic() + PATIENCE
        while len(set(server.workers()) - {one}) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert other in server.workers()
        load.stop()
        for left in sorted(load.open):
            load.again(left)
        made = standing(place)
        assert {made[done] for done in load.answered.values()} == {1}
        jobs = [_finished(client, job) for job in sent]
        assert [(job["state"], job["done"]) for job in jobs] == [("done", 40)] * 3
        made = standing(place)
        assert sum(made.values()) == len(load.answered) + 3 * 40
        assert set(made.values()) == {1}
        # Counted over both, the dead one too; what the dead one said of itself is gone.
        page = client.get("/metrics").text
        assert f"_{one}.db" not in " ".join(file.name for file in (place / "run").rglob("gauge_live*.db")), page
        assert metric(client, "aval_decisions_total") >= len(load.answered) - 4
        assert 'aval_model{version="1"} 1.0' in page
    assert holds(place)
    # The server killed: its workers end, and the next one finds the port free.
    server.kill()
    assert server.gone()
    with socket.create_server(("127.0.0.1", server.port)):
        pass
    assert server.out.read_text() == ""
    assert str(PLANTED) not in server.err.read_text()
    assert server.lines()


def _finished(client: httpx.Client, job: str) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE
    while True:
        found: dict[str, Any] = client.get(f"/jobs/{job}").json()
        if found["state"] in ("done", "failed") or time.monotonic() > until:
            return found
        time.sleep(0.1)
