"""The counter: written down, then told; the challenger decides in its shadow and changes nothing."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from aval.errors import KeyReused, LogUnavailable, RegistryError
from aval.model.registry import Registry
from aval.service.counter import Counter
from aval.service.live import Live
from aval.service.log.verifying import verify
from tests.service.stand import POLICY, applicant, live, log


@pytest.fixture(scope="module")
def deciding(home: Path) -> Live:
    return live(home)


def test_what_is_answered_stands_in_the_log(deciding: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    answered = Counter(deciding, own).decide(applicant(500_001), "somebody")
    stored = own.decision(answered.made.id)
    shown = answered.stored("somebody")
    assert shown.private is not None
    assert stored.private is not None
    assert replace(shown, private=None) == replace(stored, private=None)
    assert shown.decision() == stored.decision() == answered.made.decision
    assert shown.private.inputs == stored.private.inputs
    assert shown.private.features.tobytes() == stored.private.features.tobytes()
    assert shown.private.contributions is not None
    assert stored.private.contributions is not None
    assert shown.private.contributions.tobytes() == stored.private.contributions.tobytes()
    own.engine.dispose()


def test_the_same_key_is_answered_with_the_same_decision(deciding: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    counter = Counter(deciding, own)
    first = counter.decide(applicant(500_001), "somebody", ("key", "digest"))
    again = counter.decide(applicant(500_001), "somebody", ("key", "digest"))
    assert first.receipt.answered is None
    assert again.receipt.answered == first.made.id
    with pytest.raises(KeyReused):
        counter.decide(applicant(500_001), "somebody", ("key", "another"))
    assert verify(own, None).decisions == 1
    own.engine.dispose()


def test_a_log_that_is_held_by_others_decides_nothing(deciding: Live, tmp_path: Path) -> None:
    own = log(tmp_path, busy=0.3)
    counter = Counter(deciding, own)
    other = sqlite3.connect(tmp_path / "log" / "log.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable):
        counter.decide(applicant(500_001), "somebody")
    other.execute("ROLLBACK")
    other.close()
    assert verify(own, None).decisions == 0
    own.engine.dispose()


def test_without_a_champion_nothing_is_decided(tmp_path: Path) -> None:
    own = log(tmp_path)
    with pytest.raises(RegistryError, match="no model decides yet"):
        Counter(Live(Registry("", tmp_path), POLICY), own).decide(applicant(500_001), "somebody")
    own.engine.dispose()


def test_stages_are_timed_in_their_order(deciding: Live, tmp_path: Path) -> None:
    from collections.abc import Iterator
    from contextlib import contextmanager

    stages = []

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        yield
        stages.append(stage)

    own = log(tmp_path)
    Counter(deciding, own, timed).decide(applicant(500_001), "somebody")
    assert stages == ["judge", "log"]
    own.engine.dispose()


@pytest.fixture
def shadowed(home: Path) -> Live:
    """The champion, and the same version as its challenger."""
    found = live(home)
    found._challenger = found._champion
    return found


def test_the_challenger_s_opinion_is_kept_and_changes_nothing(shadowed: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    counter = Counter(shadowed, own)
    told: list[str] = []
    counter.shadow.counted = told.append
    early = counter.decide(applicant(500_001), "somebody")  # not running yet: never waits
    counter.shadow.start()
    several = [counter.decide(applicant(500_002 + place), "somebody") for place in range(5)]
    counter.shadow.stop()
    assert not counter.shadow.is_alive()
    assert told == ["recorded"] * 5
    assert own.decision(early.made.id).events == ()
    for answered in several:
        (event,) = own.decision(answered.made.id).events
        assert (event.kind, event.caller) == ("shadow", "challenger")
        assert event.body["probability"] == answered.made.decision.probability
        stored = own.decision(answered.made.id)
        assert stored.final == stored.verdict
    assert verify(own, None).holds
    own.engine.dispose()


def test_a_challenger_that_cannot_be_written_down_is_counted_and_goes_on(shadowed: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    counter = Counter(shadowed, own)
    told: list[str] = []
    counter.shadow.counted = told.append
    counter.shadow.start()
    counter.shadow.offer("0" * 32, applicant(500_001))  # about no decision of this log
    answered = counter.decide(applicant(500_002), "somebody")
    counter.shadow.stop()
    assert told == ["failed", "recorded"]
    assert len(own.decision(answered.made.id).events) == 1
    own.engine.dispose()


def test_a_full_queue_lets_the_rest_go_without(shadowed: Live, tmp_path: Path) -> None:
    import queue

    own = log(tmp_path)
    counter = Counter(shadowed, own)
    told: list[str] = []
    counter.shadow.counted = told.append
    counter.shadow._waiting = queue.Queue(1)
    counter.shadow._waiting.put(("0" * 32, applicant(500_001)))
    counter.shadow.is_alive = lambda: True  # type: ignore[method-assign]
    counter.shadow.offer("1" * 32, applicant(500_002))
    assert told == ["skipped"]
    own.engine.dispose()
