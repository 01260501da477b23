"""What a process holds: turns, waiting rooms, rates, warehouses and models that come and go."""

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from aval.errors import Busy, LogUnavailable
from aval.service.access import Rate
from aval.service.api.state import Limits, Service, _still, language
from tests.service.api.conftest import opened


def held(house: Any, turns: int) -> tuple[ThreadPoolExecutor, threading.Event]:
    """So many tasks that hold a turn until the event is set."""
    over, begun = threading.Event(), threading.Semaphore(0)

    def task() -> None:
        begun.release()
        over.wait(20)

    pool = ThreadPoolExecutor(turns)
    for _ in range(turns):
        pool.submit(house.client.portal.call, house.service.working, task)
    for _ in range(turns):
        assert begun.acquire(timeout=10)
    return pool, over


def test_a_full_waiting_room_is_told_at_once(another) -> None:
    full = another(limits=Limits(at_once=1, waiting=1))
    before = full.size()
    pool, over = held(full, 1)
    try:
        start = time.perf_counter()
        for path, body in (("/decisions", full.stranger()), ("/what-if", {"dossier": full.stranger(), "changes": {}})):
            found = full.post(path, json=body)
            assert found.status_code == 503
            assert found.json()["type"] == "urn:aval:busy"
            assert int(found.headers["retry-after"]) >= 1
        assert time.perf_counter() - start < 3
        assert full.get("/health/live", None).status_code == 200
    finally:
        over.set()
        pool.shutdown()
    assert full.size() == before
    assert full.post("/decisions", json=full.stranger()).status_code == 200


def test_a_turn_that_does_not_come_is_given_up(another) -> None:
    slow = another(limits=Limits(at_once=1, waiting=5, patience=0.3))
    pool, over = held(slow, 1)
    try:
        found = slow.post("/decisions", json=slow.stranger())
        assert found.status_code == 503
        assert "turn" in found.json()["detail"]
    finally:
        over.set()
        pool.shutdown()
    assert slow.post("/decisions", json=slow.stranger()).status_code == 200
    assert slow.service._waiting == 0


def test_what_is_begun_is_finished_however_long_it_takes(another) -> None:
    hasty = another(limits=Limits(patience=0.1))

    def task() -> str:
        time.sleep(0.4)
        return "done"

    assert hasty.client.portal.call(hasty.service.working, task) == "done"

    def broken() -> None:
        raise LogUnavailable("x", "y")

    with pytest.raises(LogUnavailable):
        hasty.client.portal.call(hasty.service.working, broken)
    assert hasty.service._waiting == 0


def test_one_who_goes_away_while_waiting_leaves_no_trace(another) -> None:
    room = another(limits=Limits(at_once=1, waiting=5))
    pool, over = held(room, 1)

    async def leave() -> None:
        with anyio.move_on_after(0.1):
            await room.service.working(lambda: None)

    try:
        room.client.portal.call(leave)
        assert room.service._waiting == 1
    finally:
        over.set()
        pool.shutdown()
    assert room.client.portal.call(room.service.working, lambda: 5) == 5


def test_too_many_requests_are_told_when_to_come_again(another) -> None:
    strict = another(rate=Rate(0.5, 3))
    statuses = [strict.get("/model").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    found = strict.get("/model")
    assert found.json()["type"] == "urn:aval:too-many-requests"
    assert found.headers["retry-after"] in ("1", "2")
    assert strict.get("/model", "officer").status_code == 200  # everybody's own
    assert strict.get("/health/ready", None).status_code == 200


def test_a_policy_that_is_over_decides_nothing(another) -> None:
    from dataclasses import replace
    from datetime import date

    from aval.credit.policy import Policy
    from tests.service.api.conftest import POLICY

    over = another(policy=replace(Policy.load(POLICY), valid_until=date(2026, 11, 24)))
    found = over.post("/decisions", json=over.stranger())
    assert found.status_code == 503
    assert over.size() == 0
    ready = over.get("/health/ready", None)
    assert ready.status_code == 503


def test_a_log_that_is_away_at_the_start_is_no_reason_not_to_start(home, tmp_path) -> None:
    service, _ = opened(home, tmp_path)
    service.log.engine.dispose()
    (tmp_path / "log").rename(tmp_path / "elsewhere")
    service.start()
    assert not service.ready
    (tmp_path / "elsewhere").rename(tmp_path / "log")
    service._look()
    assert service.ready
    assert service.live.champion.version == "1"
    service.stop()


def test_the_champion_and_the_policy_are_on_record_before_they_decide(another) -> None:
    own = another()
    told = own.get("/verify").json()
    assert told["decisions"] == 0
    assert told["records"] == 2
    assert own.service.log.policy(own.service.policy.digest) == own.service.policy.text
    made = own.decided()
    assert made["record"]["seq"] == 3


def test_a_warehouse_published_anew_is_opened_anew(another, home, tmp_path) -> None:
    own = another()
    before = own.service.warehouse()
    assert own.service.warehouse() is before
    (own.service.home / "warehouse").unlink()
    found = own.post("/decisions", json={"applicant_id": own.ids[0]})
    assert found.status_code == 503
    assert found.json()["type"] == "urn:aval:warehouse-unavailable"
    assert str(own.service.home) not in found.text
    (own.service.home / "warehouse").symlink_to(home / "warehouse")
    assert own.post("/decisions", json={"applicant_id": own.ids[0]}).status_code == 200


def test_busy_is_told_from_a_service_without_room(house) -> None:
    class Full(Service):
        """Not one may wait."""

    none = Full.__new__(Full)
    none.limits, none._waiting = Limits(waiting=0), 0
    with pytest.raises(Busy):
        anyio.run(none.working, lambda: None)


@pytest.mark.parametrize("default", ["fr", "en"])
def test_without_a_wish_the_lender_s_language_is_spoken(default: Any) -> None:
    assert language(None, default) == language("de;q=1", default) == language("*", default) == default
    assert language("fr;q=0.001,en;q=0.002", default) == "en"
    assert language("fr;q=0.5,en;q=0.5", default) == "fr"


def test_what_is_loaded_is_left_alone_by_the_collector_and_new_cycles_are_not() -> None:
    class Knot:
        pass

    before = gc.get_threshold()
    try:
        _still()
        assert gc.get_freeze_count() > 10_000
        knot = Knot()
        knot.self = knot  # type: ignore[attr-defined]
        seen = weakref.ref(knot)
        del knot
        gc.collect()
        assert seen() is None
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
