"""Appended and never lost: idempotency, erasure, time, writers at once, and everything that can go wrong."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from aval.credit.decision import Verdict
from aval.errors import DecisionUnknown, Erased, KeyReused, LogBroken, LogUnavailable
from aval.service.log.chain import read_head
from aval.service.log.log import Log, stamp
from aval.service.log.opening import BUSY_SECONDS, checkpoint
from aval.service.log.sealing import House
from aval.service.log.tables import RECORD
from aval.service.log.verifying import verify
from aval.settings import ROOT
from tests.postgres import Postgres
from tests.service.log.deeds import WITNESS, filled, found, made, tamper
from tests.service.log.writers import EACH, KILLED, MANY
from tests.service.serving import PATIENCE


def count(log: Log, table: str) -> int:
    with log.reading() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def holds(log: Log, home: Path) -> bool:
    exported = read_head(home / "log" / "head.json")
    told = verify(log, exported)
    assert told.faults == ()
    return exported is not None and exported.seq == told.seq


# Appending


def test_a_part_of_none_is_a_record_too(log: Log, tmp_path: Path) -> None:
    receipt = log.append([], "job", kind="part", about="job", place=0, body={"rejected": 3})
    assert receipt.seq == 1
    assert holds(log, tmp_path)


def test_a_part_stands_once(log: Log) -> None:
    log.append([made(1)], "job", kind="part", about="job", place=0)
    with pytest.raises(LogUnavailable):
        log.append([made(2)], "job", kind="part", about="job", place=0)
    assert (count(log, "record"), count(log, "subject")) == (1, 1)


def test_a_number_stands_once_and_the_log_goes_on(log: Log, tmp_path: Path) -> None:
    one = made(1)
    log.append([one], "ann")
    with pytest.raises(LogUnavailable) as refused:
        log.append([one], "ann")
    assert one.id not in str(refused.value)
    assert log.append([made(1)], "ann").seq == 2
    assert holds(log, tmp_path)


def test_one_applicant_is_one_subject(log: Log) -> None:
    log.append([made(1), made(1), made(2)], "job", kind="part", about="job", place=0)
    log.append([made(2)], "ann")
    assert count(log, "subject") == 2


def test_more_than_an_in_list_holds(log: Log, tmp_path: Path) -> None:
    for place in range(2):
        log.append([made(i % 1_100) for i in range(1_200)], "job", kind="part", about="job", place=place)
    assert count(log, "subject") == 1_100
    assert holds(log, tmp_path)


def test_both_databases_hash_alike(tmp_path: Path, postgres: Postgres) -> None:
    odd = {"é": ["ß", "\u2028", "\x7f", "😀"], "n": [0.1, 1e-300, -0.0, 1 / 11, 1e22]}
    chains = []
    for place, url in ((tmp_path / "a", ""), (tmp_path / "b", postgres.fresh())):
        log = Log.open(url, place)
        at = stamp(datetime(2026, 11, 24, tzinfo=UTC))
        with log._write() as connection:
            previous, seq, _ = log._head(connection)
            record = log._record("policy", "é", at, about="x", place=0, body=odd) | {"id": "n" * 32, "leaves": "l"}
            log._link(connection, record, previous, seq)
        with log.reading() as connection:
            chains.append(dict(connection.execute(RECORD.select()).mappings().one()))
    assert chains[0] == chains[1]


def test_where_nothing_can_be_said_nothing_is_written(log: Log) -> None:
    with pytest.raises(DecisionUnknown):
        log.decision("none")
    with pytest.raises(DecisionUnknown):
        log.policy("none")
    with pytest.raises(DecisionUnknown):
        log.note("remark", "eve", about="none", words="for nobody")
    with pytest.raises(DecisionUnknown):
        log.note("override", "eve", about="none", verdict=Verdict.APPROVE)
    assert count(log, "record") == 0


def test_the_policy_that_decided_is_kept_once(log: Log) -> None:
    for _ in range(2):
        log.once("policy", "p" * 32, "aval", {"text": "rule é"})
    assert count(log, "record") == 1
    assert log.policy("p" * 64) == "rule é"


def test_time_never_goes_back_along_the_chain(log: Log) -> None:
    moments = iter([10, 5, 5, 12])
    start = datetime(2026, 11, 24, tzinfo=UTC)
    other = Log(log.engine, log.signer, House(), now=lambda: start + timedelta(seconds=next(moments)))
    told = [other.append([made(i)], "ann").at[17:19] for i in range(4)]
    assert told == ["10", "10", "10", "12"]


# Idempotency


def test_the_same_request_again_is_answered(log: Log) -> None:
    one, two = made(1), made(1)
    receipt = log.append([one], "ann", key=("k", "d"))
    log.append([made(2)], "ann")
    assert log.answered("ann", "k", "d") == one.id
    again = log.append([two], "ann", key=("k", "d"))
    assert (again.answered, again.seq, again.hash, again.at) == (one.id, receipt.seq, receipt.hash, receipt.at)
    assert log.append([two], "bob", key=("k", "d")).answered is None  # another caller's key is another key
    assert log.answered("ann", "other", "d") is None
    assert count(log, "decision") == 3


def test_another_request_under_the_key_is_refused(log: Log) -> None:
    log.append([made(1)], "ann", key=("k", "d"))
    with pytest.raises(KeyReused):
        log.append([made(1)], "ann", key=("k", "e"))
    with pytest.raises(KeyReused):
        log.answered("ann", "k", "e")
    assert count(log, "decision") == 1


def test_of_two_at_once_one_decides(log: Log, again: Callable[[], Log]) -> None:
    workers = [log, again()]
    barrier = threading.Barrier(2)

    def ask(worker: Log) -> str:
        one = made(1)
        barrier.wait()
        return worker.append([one], "ann", key=("k", "d")).answered or one.id

    with ThreadPoolExecutor(2) as pool:
        for logs in (workers, [log, log]):
            assert len(set(pool.map(ask, logs))) == 1
    assert count(log, "decision") == 1


class Clock:
    """Stands where it is set."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def test_a_key_is_remembered_for_a_day(database: str, tmp_path: Path) -> None:
    clock = Clock()
    log = Log.open(database, tmp_path, now=clock)
    first, second = made(1), made(1)
    log.append([first], "ann", key=("k", "d"))
    clock.at += timedelta(hours=24)
    assert log.answered("ann", "k", "d") == log.append([second], "ann", key=("k", "d")).answered == first.id
    clock.at += timedelta(microseconds=1)
    assert log.answered("ann", "k", "another request") is None
    assert log.append([second], "ann", key=("k", "another request")).answered is None
    assert log.answered("ann", "k", "another request") == second.id
    assert (count(log, "idempotency"), count(log, "decision")) == (1, 2)
    assert holds(log, tmp_path)


def test_old_keys_go_with_new_ones_and_nobody_waits_for_many(database: str, tmp_path: Path) -> None:
    clock = Clock()
    log = Log.open(database, tmp_path, now=clock)
    for number in range(250):  # a second apart
        clock.at += timedelta(seconds=1)
        log.append([made(1, size=4)], "ann", key=(f"k{number}", "d"))
    clock.at += timedelta(hours=24) - timedelta(seconds=9)  # ten of them are not old yet
    log.append([made(1)], "ann")
    assert count(log, "idempotency") == 250
    log.append([made(1)], "ann", key=("k239", "another"))  # old, and not of the oldest hundred
    assert count(log, "idempotency") == 250 - 100
    with pytest.raises(KeyReused):
        log.append([made(1)], "ann", key=("k240", "another"))
    log.append([made(1)], "ann", key=("new", "d"))
    log.append([made(1)], "ann", key=("newer", "d"))
    assert count(log, "idempotency") == 10 + 3
    assert holds(log, tmp_path)


def test_of_several_that_send_an_old_key_again_one_decides(database: str, tmp_path: Path) -> None:
    clock = Clock()
    workers = [Log.open(database, tmp_path, now=clock) for _ in range(4)]
    for number in range(5):
        workers[0].append([made(1)], "ann", key=(f"k{number}", "d"))
    clock.at += timedelta(days=2)
    barrier = threading.Barrier(4)

    def ask(worker: Log) -> list[str]:
        barrier.wait()
        return [worker.append([one := made(1)], "ann", key=(f"k{k}", "d")).answered or one.id for k in range(5)]

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(ask, workers))
    assert told[0] == told[1] == told[2] == told[3]
    assert (count(workers[0], "decision"), count(workers[0], "idempotency")) == (10, 5)
    assert holds(workers[0], tmp_path)


# Erasure


def test_erased_is_erased_and_the_chain_holds(log: Log, tmp_path: Path) -> None:
    ones = filled(log)
    log.append([made(100_001)], "ann", key=("k", "digest of a request that names its applicant"))
    assert log.erase(100_001, "dpo", "asked") == 2
    stored = log.decision(ones[1].id)
    assert (stored.private, stored.applicant_id, stored.erased, stored.final) == (None, None, True, Verdict.APPROVE)
    assert stored.events[0].words is None
    assert stored.decision().reasons == ()
    assert log.erase(100_001, "dpo", "asked") == 0
    assert count(log, "idempotency") == 0
    with pytest.raises(Erased):
        log.note("override", "eve", about=ones[1].id, verdict=Verdict.REFER, words="too late")
    assert log.decision(ones[0].id).private is not None
    assert holds(log, tmp_path)


def test_after_an_erasure_the_person_is_a_new_one(log: Log) -> None:
    first = made(1)
    log.append([first], "ann")
    log.erase(1, "dpo", "asked")
    log.append([second := made(1)], "ann")
    assert log.decision(first.id).erased
    assert log.decision(second.id).applicant_id == 1


def test_what_was_decided_long_ago_is_found_by_person(log: Log) -> None:
    moments = iter(datetime(2020 + i, 1, 1, tzinfo=UTC) for i in range(4))
    past = Log(log.engine, log.signer, House(), now=lambda: next(moments))
    for applicant in (1, 2, 1, 3):
        past.append([made(applicant)], "ann")
    assert past.outdated(stamp(datetime(2021, 6, 1, tzinfo=UTC))) == [2]


BIG = 0x5EED_5EED_5EED_0000


def test_nothing_of_the_person_is_left_in_sqlites_files(tmp_path: Path) -> None:
    log = Log.open("", tmp_path)
    # Enough that pages were split: what moved must not stay where it was either.
    log.append([made(BIG + i) for i in range(400)], "job", kind="part", about="job", place=0)
    log.append([made(BIG + i * 7 + 400) for i in range(200)], "job", kind="part", about="job", place=1)
    assert found(tmp_path, WITNESS) == []
    with log.reading() as connection:
        rows = connection.execute(text("SELECT applicant_id, key FROM subject ORDER BY token")).all()
    gone = rows[::15]
    assert all(found(tmp_path, row.key[1:]) for row in gone)
    for row in gone:
        log.erase(row.applicant_id, "dpo", "asked")
    assert not log.unswept
    whole = b"".join(file.read_bytes() for file in (tmp_path / "log").glob("log.db*"))
    assert [row.applicant_id - BIG for row in gone if row.key[1:] in whole] == []
    assert [row.applicant_id - BIG for row in gone if row.applicant_id.to_bytes(8, "big") in whole] == []
    assert holds(log, tmp_path)


def test_a_reader_may_delay_the_sweep_but_not_stop_it(tmp_path: Path) -> None:
    log = Log.open("", tmp_path, busy=0.1)
    log.append([made(BIG)], "ann")
    with log.reading() as connection:
        key = connection.execute(text("SELECT key FROM subject")).scalar_one()[1:]
        assert log.erase(BIG, "dpo", "asked") == 1
        assert log.unswept
        assert found(tmp_path, key)
    log.append([made(1)], "ann")
    assert not log.unswept
    assert found(tmp_path, key) == []


def test_an_erasure_killed_before_it_swept_is_swept_by_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log.open("", tmp_path)
    log.append([made(BIG)], "ann")
    with log.reading() as connection:
        key = connection.execute(text("SELECT key FROM subject")).scalar_one()[1:]
    monkeypatch.setattr(log, "_sweep", lambda *_: None)
    log.erase(BIG, "dpo", "asked")
    assert found(tmp_path, key)
    Log.open("", tmp_path)
    assert found(tmp_path, key) == []


def test_little_of_the_person_is_left_in_postgresqls_tables(tmp_path: Path, postgres: Postgres) -> None:
    """All but a row that lay last on its page; and where rows are locked away, the next record tries again."""
    log = Log.open(postgres.database(), tmp_path, busy=0.5)
    log.append([made(BIG + i, size=4) for i in range(300)], "job", kind="part", about="job", place=0)
    with log.reading() as connection:
        rows = connection.execute(text("SELECT applicant_id, key FROM subject ORDER BY applicant_id")).all()
    gone = rows[5:295:29]
    with log.engine.connect() as holder:  # as another vacuum would
        holder.execute(text("LOCK TABLE subject IN SHARE UPDATE EXCLUSIVE MODE"))
        log.erase(gone[0].applicant_id, "dpo", "asked")
        assert log.unswept
    log.append([made(1)], "ann")
    assert not log.unswept
    for row in (*gone[1:], rows[0]):  # the last for whoever looked on while the one before it was erased
        log.erase(row.applicant_id, "dpo", "asked")
    with log.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CHECKPOINT"))
        place = connection.execute(text("SELECT pg_relation_filepath('subject')")).scalar_one()
    whole = (postgres.folder / "data" / place).read_bytes()
    assert all(row.key[1:] in whole for row in rows[1:] if row not in gone)
    assert [row.applicant_id - BIG for row in gone if row.key[1:] in whole] == []
    assert holds(log, tmp_path)


def test_the_journal_goes_into_the_file_while_others_read_and_write(tmp_path: Path) -> None:
    log = Log.open("", tmp_path, busy=0.1)
    seen = [log.append([made(1)], "ann")]
    place = tmp_path / "log" / "log.db"

    def settled() -> bool:
        with sqlite3.connect(f"file:{place}?immutable=1", uri=True) as bare:  # the file alone, without its journal
            return bare.execute("SELECT count(*) FROM decision").fetchone() == (len(seen),)

    assert not settled()
    with log.reading() as reader:
        reader.execute(text("SELECT seq FROM head")).one()
        with log._write() as writer:
            log._head(writer)
            start = time.perf_counter()
            log.settle()
            assert time.perf_counter() - start < 3  # nobody was waited for
    assert settled()
    seen.append(log.append([made(2)], "ann"))
    assert not settled()
    log.settle()
    assert settled()
    assert holds(log, tmp_path)


def test_a_log_that_is_away_is_settled_later(tmp_path: Path) -> None:
    log = Log.open("", tmp_path, busy=0.1)
    log.engine.dispose()
    (tmp_path / "log" / "log.db").unlink()
    (tmp_path / "log").rename(tmp_path / "elsewhere")
    log.settle()
    assert not checkpoint(log.engine, "PASSIVE", 0.0, 0.1)


# A log that was cut


def test_nothing_is_written_after_a_cut_log(log: Log, again: Callable[[], Log], tmp_path: Path) -> None:
    filled(log)
    tamper(
        log,
        "DELETE FROM decision WHERE seq > 4",
        "DELETE FROM record WHERE seq > 4",
        "UPDATE head SET seq = 4, hash = (SELECT hash FROM record WHERE seq = 4), at = ''",
    )
    with pytest.raises(LogBroken, match="record 6"):
        log.append([made(1)], "ann")
    with pytest.raises(LogBroken, match="cut short"):
        again()
    assert count(log, "record") == 4
    (tmp_path / "log" / "head.json").rename(tmp_path / "evidence.json")
    assert again().append([made(1)], "ann").seq == 5


# Writers at once, and killed


def running(deed: str, home: Path, url: str) -> list[dict[str, Any]]:
    """What the processes of `writers.py` said."""
    words = [sys.executable, "-m", "tests.service.log.writers", deed, str(home), url]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def told_is_there(log: Log, said: list[dict[str, Any]]) -> None:
    """Every answered decision is in the log, in the record its receipt names, and once."""
    with log.reading() as connection:
        records = {row.seq: row.hash for row in connection.execute(text("SELECT seq, hash FROM record ORDER BY seq"))}
        decisions = {row.id: row.seq for row in connection.execute(text("SELECT id, seq FROM decision"))}
    assert list(records) == list(range(1, len(records) + 1))
    for one in said:
        assert records[one["seq"]] == one["hash"]
        assert {decisions[answered] for answered in one["ids"]} == {one["seq"]}
    assert len({one["seq"] for one in said}) == len(said)


def test_several_write_at_once_from_the_first_moment(database: str, tmp_path: Path) -> None:
    said = running("many", tmp_path, database)
    log = Log.open(database, tmp_path)
    told_is_there(log, said)
    assert len(said) == MANY * EACH
    assert count(log, "record") == MANY * EACH + 1
    assert log.policy("p" * 64) == "é"
    assert holds(log, tmp_path)


def test_killed_at_any_moment_no_answered_decision_is_missing(database: str, tmp_path: Path) -> None:
    said = running("crash", tmp_path, database)
    assert len(said) >= KILLED
    log = Log.open(database, tmp_path)
    told_is_there(log, said)
    # A writer that is killed may have written one more than it could say.
    assert count(log, "record") <= len(said) + KILLED
    assert count(log, "record") == count(log, "idempotency")
    assert verify(log, read_head(tmp_path / "log" / "head.json")).holds
    log.append([made(1)], "next")
    assert holds(log, tmp_path)


def test_threads_write_at_once(log: Log, tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        receipts = list(pool.map(lambda i: log.append([made(i % 3)], "ann"), range(60)))
    assert sorted(receipt.seq for receipt in receipts) == list(range(1, 61))
    assert holds(log, tmp_path)


# Locked, full, away


def test_a_locked_log_is_unavailable_and_then_goes_on(impatient: Log, tmp_path: Path) -> None:
    impatient.append([made(1)], "ann")
    with impatient.engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("UPDATE head SET seq = seq"))
        started = time.monotonic()
        with pytest.raises(LogUnavailable, match="lock"):
            impatient.append([made(2)], "ann")
        assert time.monotonic() - started < BUSY_SECONDS
        with pytest.raises(LogUnavailable):
            impatient.note("remark", "eve")
        connection.rollback()
    assert (count(impatient, "record"), count(impatient, "subject")) == (1, 1)
    assert impatient.append([made(2)], "ann").seq == 2
    assert holds(impatient, tmp_path)


def test_threads_behind_a_locked_log_do_not_wait_for_each_other_for_ever(database: str, tmp_path: Path) -> None:
    log, seconds = Log.open(database, tmp_path, busy=2.0), 2.0
    with log.engine.execution_options(writing=True).begin() as connection:
        connection.execute(text("UPDATE head SET seq = seq"))
        started = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(log.note, "remark", "eve") for _ in range(8)]
            assert {type(one.exception()) for one in asked} == {LogUnavailable}
        assert time.monotonic() - started < 6 * seconds  # not eight times as long as one
        connection.rollback()
    assert log.note("remark", "eve").seq == 1


FULL = """
import resource, signal, sys
from pathlib import Path
from aval.errors import LogUnavailable
from aval.service.log.chain import read_head
from aval.service.log.log import Log
from aval.service.log.verifying import verify
from tests.service.log.deeds import made

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
home = Path(sys.argv[1])
log = Log.open("", home)
for i in range(5):
    log.append([made(i)], "ann")
size = max(file.stat().st_size for file in (home / "log").iterdir())
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 60_000, resource.RLIM_INFINITY))
answered, refused = 5, 0
while refused < 3:
    try:
        log.append([made(i) for i in range(40)], "ann")
        answered += 1
    except LogUnavailable as problem:
        refused += 1
        assert "nothing was decided" in str(problem)
assert verify(log, read_head(home / "log" / "head.json")).records == answered
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
log.append([made(1)], "ann")
told = verify(log, read_head(home / "log" / "head.json"))
assert (told.holds, told.records) == (True, answered + 1), told
print("whole")
"""


def test_a_full_disk_is_said_and_the_log_goes_on_with_room(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "whole", done.stderr


def test_a_head_that_cannot_be_exported_takes_nothing_back(database: str, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    log = Log.open(database, tmp_path, head=vault / "head.json")
    log.append([made(1)], "ann")
    vault.rename(tmp_path / "away")
    one = made(2)
    log.append([one], "ann")
    assert log.unexported
    assert log.decision(one.id).decision() == one.decision
    (tmp_path / "away").rename(vault)
    log.append([made(3)], "ann")
    assert not log.unexported
    exported = read_head(vault / "head.json")
    assert exported is not None
    assert (exported.seq, verify(log, exported).holds) == (3, True)


def test_a_full_disk_under_the_head_takes_nothing_back(log: Log, tmp_path: Path) -> None:
    log.append([made(1)], "ann")
    head = tmp_path / "log" / "head.json"
    head.unlink()
    head.symlink_to("/dev/full")
    log.append([made(2)], "ann")
    assert log.unexported
    head.unlink()
    log.append([made(3)], "ann")
    assert not log.unexported
    assert holds(log, tmp_path)


def test_postgresql_may_die_in_mid_traffic_and_come_back(tmp_path: Path) -> None:
    server = Postgres()
    try:
        log = Log.open(server.fresh(), tmp_path, busy=2.0)
        answered: list[str] = []
        refused: list[LogUnavailable] = []
        over = threading.Event()

        def write() -> None:
            while not over.is_set():
                one = made(1)
                try:
                    log.append([one], "ann")
                    answered.append(one.id)
                except LogUnavailable as problem:
                    refused.append(problem)
                    over.wait(0.01)

        def until(enough: Callable[[], bool]) -> None:
            for _ in range(10_000):
                if enough():
                    return
                over.wait(0.01)
            raise AssertionError

        writers = [threading.Thread(target=write) for _ in range(3)]
        for writer in writers:
            writer.start()
        until(lambda: len(answered) > 20)
        server.kill()
        until(lambda: len(refused) > 5)
        before = len(answered)
        server.start()
        until(lambda: len(answered) > before + 20)
        over.set()
        for writer in writers:
            writer.join()
        with log.reading() as connection:
            there = set(connection.execute(text("SELECT id FROM decision")).scalars())
        assert set(answered) <= there
        assert len(there) <= len(answered) + 3
        assert verify(log, read_head(tmp_path / "log" / "head.json")).holds
        server.kill()
        server.start()
        assert log.append([made(1)], "ann").seq > len(there)  # no request pays for connections that died idle
        log.close()
    finally:
        server.close()
