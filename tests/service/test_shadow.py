"""The challenger's opinion comes later, follows its alias, and is never in the way."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from aval.credit.policy import Policy
from aval.model.registry import Registry
from aval.service.counter import Counter
from aval.service.example import example
from aval.service.live import Live
from aval.service.log.log import Log
from aval.service.log.tables import RECORD
from aval.settings import ROOT
from tests.service.serving import PATIENCE
from tests.service.versions import bolder, challenger, own, register

POLICY = Policy.load(ROOT / "policies" / "2026-11-24.toml")


@pytest.fixture
def place(home: Path, tmp_path: Path) -> Path:
    return own(home, tmp_path / "own")


@pytest.fixture
def live(place: Path) -> Live:
    made = Live(Registry("", place), POLICY, on=lambda: date(2026, 11, 24))
    assert made.refresh()
    return made


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log.open("", tmp_path / "logged", busy=0.2)
    yield opened
    opened.engine.dispose()


def kinds(log: Log) -> list[str]:
    with log.reading() as connection:
        return list(connection.execute(select(RECORD.c.kind).order_by(RECORD.c.seq)).scalars())


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_challenger_decides_in_the_shadow_while_it_is_one(live: Live, place: Path, log: Log) -> None:
    counter = Counter(live, log)
    counted: list[str] = []
    counter.shadow.counted = counted.append
    counter.shadow.start()
    counter.decide(example(), "a test")
    challenger(place, register(place, bolder))
    assert not live.refresh()
    shadowed = counter.decide(example(), "a test")
    until(lambda: bool(counted))
    challenger(place, None)
    assert not live.refresh()
    assert live.challenger is None
    counter.decide(example(), "a test")
    counter.shadow.stop()
    assert counted == ["recorded"]
    assert kinds(log) == ["decision", "decision", "shadow", "decision"]
    stored = log.decision(shadowed.made.id)
    (event,) = stored.events
    assert (event.kind, event.body["model"]) == ("shadow", "2")
    assert event.body["probability"] < stored.probability
    assert stored.model == "1"


def test_a_shadow_that_fails_goes_on_with_the_next(live: Live, place: Path, log: Log) -> None:
    counter = Counter(live, log)
    counted: list[str] = []
    counter.shadow.counted = counted.append
    challenger(place, register(place, bolder))
    live.refresh()
    counter.shadow.start()
    counter.shadow.offer("f" * 32, example())  # about no decision of this log
    until(lambda: counted == ["failed"])
    with log.engine.execution_options(writing=True).begin():
        counter.shadow.offer("e" * 32, example())
        until(lambda: counted == ["failed", "failed"])
    counter.decide(example(), "a test")
    until(lambda: counted == ["failed", "failed", "recorded"])
    counter.shadow.stop()
    assert not counter.shadow.is_alive()


def test_a_shadow_that_is_behind_is_not_waited_for(live: Live, place: Path, log: Log) -> None:
    counter = Counter(live, log)
    counted: list[str] = []
    counter.shadow.counted = counted.append
    challenger(place, register(place, bolder))
    live.refresh()
    with log.engine.execution_options(writing=True).begin():  # each opinion waits for the log, in vain
        counter.shadow.start()
        dossiers, start = example(), time.monotonic()
        for _ in range(1_100):
            counter.shadow.offer("f" * 32, dossiers)
        assert time.monotonic() - start < 5
        assert counted.count("skipped") >= 50
        start = time.monotonic()
        counter.shadow.stop()
        assert time.monotonic() - start < 15
    counter.shadow.join(10)
    assert not counter.shadow.is_alive()
