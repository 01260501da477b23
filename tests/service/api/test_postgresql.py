"""The same service on PostgreSQL: what the other files try on SQLite holds there too, for two workers at once."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from aval.data.warehouse import Warehouse
from aval.service.api.app import create
from tests.postgres import Postgres
from tests.service.api import test_acting as acting
from tests.service.api import test_deciding as deciding
from tests.service.api import test_filing as filing
from tests.service.api import test_journal as journal
from tests.service.api.conftest import House, opened
from tests.service.log.test_log import Clock

Two = tuple[House, House]


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def workers(home: Path, postgres: Postgres, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Two workers of one installation: a log in PostgreSQL and a folder are what they share."""
    place, url, warehouse = tmp_path_factory.mktemp("service"), postgres.fresh(), Warehouse.open(home / "warehouse")
    first, keys = opened(home, place, url=url, now=clock, busy=5.0)
    second, _ = opened(home, place, url=url, now=clock, busy=5.0)
    apps = [create(service) for service in (first, second)]
    with TestClient(apps[0]) as one, TestClient(apps[1]) as other:
        clients = zip((first, second), apps, (one, other), strict=True)
        a, b = (House(*some, keys, warehouse, warehouse.ids.to_list()) for some in clients)
        b.taken = iter(range(800_000_001, 899_999_999))
        yield a, b


@pytest.fixture(scope="module")
def house(workers: Two) -> House:
    return workers[0]


@pytest.fixture
def another(house: House) -> Callable[[], House]:
    return lambda: house


refused = acting.refused

test_the_answer_is_what_it_says_it_is = deciding.test_the_answer_is_what_it_says_it_is
test_a_key_sent_again_gets_the_same_decision = deciding.test_a_key_sent_again_gets_the_same_decision
test_a_key_sent_eight_times_at_once_decides_once = deciding.test_a_key_sent_eight_times_at_once_decides_once
test_an_officer_decides_otherwise_and_everybody_sees_it = acting.test_an_officer_decides_otherwise_and_everybody_sees_it
test_four_eyes_above_the_policy_s_amount = acting.test_four_eyes_above_the_policy_s_amount
test_of_two_second_officers_at_once_one_comes_late = acting.test_of_two_second_officers_at_once_one_comes_late
test_the_chain_holds_and_says_how_long_it_is = acting.test_the_chain_holds_and_says_how_long_it_is
test_who_is_erased_is_gone_everywhere = acting.test_who_is_erased_is_gone_everywhere_and_the_chain_holds
test_pages_hold_everything_once_while_more_arrives = journal.test_pages_hold_everything_once_while_more_arrives
test_the_worklist_holds_what_waits_the_oldest_first = journal.test_the_worklist_holds_what_waits_the_oldest_first
test_an_override_that_waits_is_on_the_worklist = journal.test_an_override_that_waits_is_on_the_worklist


def test_a_key_sent_to_two_workers_at_once_decides_once(workers: Two) -> None:
    dossier, before = workers[0].stranger(), workers[0].size()
    head = {"Idempotency-Key": "to-both"}
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(workers[turn % 2].post, "/decisions", json=dossier, headers=head) for turn in range(8)]
    answers = [one.result() for one in sent]
    assert {one.status_code for one in answers} == {200}
    assert len({one.content for one in answers}) == 1
    assert workers[1].size() == before + 1


def test_a_key_sent_a_day_later_asks_for_another_decision(workers: Two, clock: Clock) -> None:
    dossier, head = workers[0].stranger(), {"Idempotency-Key": "tomorrow"}
    first = workers[0].post("/decisions", json=dossier, headers=head)
    clock.at += timedelta(hours=23)
    assert workers[1].post("/decisions", json=dossier, headers=head).content == first.content
    clock.at += timedelta(hours=2)
    again = workers[1].post("/decisions", json=dossier, headers=head)
    assert again.status_code == 200
    assert "idempotency-replayed" not in again.headers
    assert again.json()["id"] != first.json()["id"]
    assert workers[0].post("/decisions", json=dossier, headers=head).json()["id"] == again.json()["id"]


def test_two_officers_meet_at_two_workers(workers: Two) -> None:
    large = workers[0].refused(AMT_CREDIT=2_000_000.0, AMT_GOODS_PRICE=2_000_000.0)
    where = f"/decisions/{large['id']}/override"
    with ThreadPoolExecutor(2) as pool:
        sent = [
            pool.submit(worker.post, where, role, json=acting.YES)
            for worker, role in zip(workers, ("officer", "second"), strict=True)
        ]
    assert sorted(one.result().status_code for one in sent) == [200, 409]
    (event,) = workers[1].get(f"/decisions/{large['id']}").json()["events"]
    other, role = (workers[0], "second") if event["caller"] == "the-officer" else (workers[1], "officer")
    told = other.post(f"{where}/second", role, json={"agrees": True, "words": "Vu."})
    assert (told.json()["state"], told.json()["decision"]["final"]) == ("in_force", "approve")


def test_two_workers_share_the_files_that_wait_and_decide_nobody_twice(workers: Two) -> None:
    """As many files as it takes until both had one."""
    frame = filing.applications(workers[0], workers[0].ids[:60]).drop("TARGET", strict=False)
    files = [frame[place : place + 10].write_csv().encode() for place in range(0, 60, 10)]
    before, sent, until = workers[0].size(), 0, time.monotonic() + 90
    at_first = [counted(worker) for worker in workers]
    while any(counted(worker) == first for worker, first in zip(workers, at_first, strict=True)):
        assert time.monotonic() < until, "one of them took none"
        jobs = []
        for turn, content in enumerate(files):
            found = workers[turn % 2].post("/decisions/file?later=true", content=content, headers=filing.CSV)
            assert found.status_code == 202, found.text
            jobs.append(found.json()["id"])
        for job in jobs:
            assert filing.done(workers[0], job, "admin")["done"] == 10
            assert len(filing.table(workers[1].get(f"/jobs/{job}/results"))) == 10
        sent += 60
    assert workers[0].size() == before + sent
    assert sum(map(counted, workers)) - sum(at_first) == sent
    assert workers[1].get("/verify", "validator").json()["holds"]


def counted(worker: House) -> float:
    """Decisions that this worker made."""
    (metric,) = worker.service.metrics.verdicts.collect()
    return sum(sample.value for sample in metric.samples if sample.name == "aval_decisions_total")
