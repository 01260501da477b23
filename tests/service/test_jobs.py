"""Files as jobs: decided as `aval score` decides them, exactly once, whatever becomes of the workers."""

import csv
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from polars.exceptions import PanicException
from sqlalchemy import select

from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.errors import ArchiveRefused, ColumnMissing, JobUnknown, PolicyError, RegistryError
from aval.model.registry import Registry
from aval.service.decide import Decider, Judged
from aval.service.files import Limits
from aval.service.jobs import ATTEMPTS, Asked, Job, Jobs
from aval.service.log.log import STORED, Log
from aval.service.log.tables import RECORD
from aval.service.log.verifying import verify
from aval.settings import ROOT
from tests.conftest import run
from tests.service.serving import PATIENCE

MARK = "987654321987"
PARTS = 40
POLICY = ROOT / "policies" / "2026-11-24.toml"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Interrupted(Decider):
    """The champion, with something happening before its n-th part."""

    at = 0
    then: Callable[[], None] = staticmethod(lambda: None)
    parts = 0

    def judge(self, dossiers: Dossiers, explain: Explain = Explain.NEEDED) -> Judged:
        self.parts += 1
        if self.parts == self.at:
            self.then()
        return super().judge(dossiers, explain)


@pytest.fixture(scope="module")
def champion(home: Path) -> Decider:
    model, version = Registry("", home).champion()
    return Decider(model, str(version), Policy.load(POLICY), on=date(2026, 11, 24))


@pytest.fixture
def decider(champion: Decider) -> Interrupted:
    return Interrupted(champion.model, champion.version, champion.policy)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log.open("", tmp_path)
    yield log
    assert verify(log, None).holds
    log.engine.dispose()


@pytest.fixture
def jobs(log: Log, tmp_path: Path, decider: Decider, clock: Clock) -> Jobs:
    return Jobs(log, tmp_path / "jobs", lambda: decider, clock, part=PARTS, ahead=1)


@pytest.fixture(scope="module")
def many(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 applications of which two break the contract, one with a value that must go nowhere."""
    header, *rows = (lender / "application_test.csv").read_text().splitlines()
    names, rows = header.split(","), rows[:150]
    for place, (name, value) in {3: ("AMT_CREDIT", f"-{MARK}"), 90: ("CNT_CHILDREN", MARK + "x")}.items():
        cells = rows[place].split(",")
        cells[names.index(name)] = value
        rows[place] = ",".join(cells)
    file = tmp_path_factory.mktemp("many") / "many.csv"
    file.write_text("\n".join([header, *rows]) + "\n")
    return file


def handed(jobs: Jobs, source: Path, asked: Asked | None = None, *, hold: bool = False) -> Job:
    upload = jobs.place()
    upload.write_bytes(source.read_bytes())
    job = jobs.submit(upload, "officer", asked or Asked(lang="en"), hold=hold)
    assert not upload.exists()
    return job


def read(lines: Iterator[str]) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(lines).splitlines()))


def scored(home: Path, source: Path, out: Path, lang: str = "en") -> dict[str, dict[str, str]]:
    run(home, "score", str(source), "--out", str(out), "--lang", lang)
    with out.open(newline="") as file:
        return {row["SK_ID_CURR"]: row for row in csv.DictReader(file)}


def decided(log: Log, job: Job) -> list[int]:
    """Every applicant of the job's parts, by the log."""
    with log.reading() as connection:
        rows = connection.execute(STORED.where(RECORD.c.about == job.id)).mappings().all()
    return [one.applicant_id or 0 for one in log.stored(rows)]


def numbers(source: Path) -> list[int]:
    """Of the applicants that keep the contract."""
    with source.open() as file:
        rows = list(csv.DictReader(file))
    return sorted(int(row["SK_ID_CURR"]) for place, row in enumerate(rows) if place not in (3, 90))


# The answer


def test_a_file_is_answered_as_score_answers_it(jobs: Jobs, log: Log, home: Path, many: Path, tmp_path: Path) -> None:
    job = handed(jobs, many)
    assert (job.state, job.total) == ("waiting", None)
    assert jobs.run_next("one")
    assert not jobs.run_next("one")
    done = jobs.get(job.id)
    assert (done.state, done.done, done.total, done.rejected, done.problem) == ("done", 148, 148, 2, None)
    rows = read(jobs.results(job.id))
    expected = scored(home, many, tmp_path / "out.csv")
    lines = [row for row in rows if row["verdict"] != "rejected"]
    assert len({row["decision"] for row in lines}) == 148
    assert {row["SK_ID_CURR"]: {name: row[name] for name in expected[row["SK_ID_CURR"]]} for row in lines} == expected
    lost = [(row["table"], row["row"], row["rules"]) for row in rows if row["verdict"] == "rejected"]
    with (tmp_path / "out.rejects.csv").open() as file:
        assert lost == [(row["table"], row["row"], row["rules"]) for row in csv.DictReader(file)]
    left = sorted(path.name for path in (tmp_path / "jobs" / job.id).iterdir())
    assert [name for name in left if not name.startswith("rejects-")] == []
    assert MARK not in "".join((tmp_path / "jobs" / job.id / name).read_text() for name in left)
    assert MARK not in "".join(jobs.results(job.id, "ndjson"))
    with log.reading() as connection:
        parts = connection.execute(select(RECORD).where(RECORD.c.about == job.id).order_by(RECORD.c.place)).all()
    bodies = [json.loads(part.body) for part in parts]
    assert [(part.kind, part.place) for part in parts] == [("part", place) for place in range(1, 5)]
    assert [body["rows"] for body in bodies] == [40, 40, 40, 28]
    assert sum(body["rejected"] for body in bodies) == 2
    assert {body["explain"] for body in bodies} == {"needed"}


def test_a_zip_of_tables_is_answered_as_score_answers_it(jobs: Jobs, home: Path, lender: Path, tmp_path: Path) -> None:
    archive = tmp_path / "tables.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in lender.glob("*.csv"):
            if file.stem not in ("application_train", "calendar", "outcomes", "application_test"):
                packed.write(file, file.name)
        lines = (lender / "application_test.csv").read_text().splitlines(keepends=True)
        packed.writestr("application_test.csv", "".join(lines[:90]))
    job = handed(jobs, archive, Asked(lang="fr"))
    jobs.run_next("one")
    rows = {row["SK_ID_CURR"]: row for row in read(jobs.results(job.id))}
    expected = scored(home, archive, tmp_path / "out.csv", "fr")
    assert len(rows) == 89
    assert {key: {name: row[name] for name in expected[key]} for key, row in rows.items()} == expected


def test_lines_as_objects_say_the_same(jobs: Jobs, many: Path) -> None:
    job = handed(jobs, many, Asked(explain=Explain.ALL, lang="fr"))
    jobs.run_next("one")
    told = [json.loads(line) for line in jobs.results(job.id, "ndjson", "en")]
    rows = read(jobs.results(job.id, "csv", "en"))
    assert [one["kind"] for one in told] == ["decision"] * 148 + ["rejected"] * 2
    for one, row in zip(told[:148], rows[:148], strict=True):
        assert one["decision"] == row["decision"]
        assert repr(one["probability"]) == row["probability"]
        assert one["reasons"] == [row[f"reason_{n}"] for n in range(1, 5) if row[f"reason_{n}"]]
        assert " ".join(one["warnings"]) == row["warnings"] != ""
    assert any(one["verdict"] == "approve" and one["reasons"] for one in told[:148])
    assert told[148] == {
        "kind": "rejected",
        "table": "application",
        "file": "upload.csv",
        "row": 5,
        "rules": ["AMT_CREDIT|range"],
        "why": ["Amount of the loan (AMT_CREDIT): outside what is allowed, 0 to 10,000,000,000."],
    }


def test_a_file_of_rejects_alone_is_done_with_nobody_decided(jobs: Jobs, log: Log, many: Path, tmp_path: Path) -> None:
    lines = many.read_text().splitlines(keepends=True)
    (tmp_path / "lost.csv").write_text(lines[0] + lines[4])
    job = handed(jobs, tmp_path / "lost.csv")
    jobs.run_next("one")
    done = jobs.get(job.id)
    assert (done.state, done.done, done.total, done.rejected) == ("done", 0, 0, 1)
    assert decided(log, job) == []
    assert [row["verdict"] for row in read(jobs.results(job.id))] == ["rejected"]


# In the request's own thread


def test_a_small_file_is_held_counted_and_decided_at_once(jobs: Jobs, many: Path) -> None:
    job = handed(jobs, many, hold=True)
    assert (job.state, job.total) == ("running", 148)
    assert not jobs.run_next("another")
    assert jobs.run(job).state == "done"


def test_a_held_file_given_back_is_anybodys(jobs: Jobs, many: Path) -> None:
    job = handed(jobs, many, hold=True)
    jobs.release(job)
    assert jobs.get(job.id).state == "waiting"
    assert jobs.run_next("another")
    assert jobs.get(job.id).state == "done"


def test_a_held_file_that_cannot_be_read_is_no_job(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"PK\x03\x04")
    with pytest.raises(ArchiveRefused):
        handed(jobs, tmp_path / "odd", hold=True)
    assert list(jobs.list()) == []
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_held_file_that_stumbles_fails_and_says_why(jobs: Jobs, decider: Interrupted, many: Path) -> None:
    def away() -> None:
        raise RegistryError("the registry is away", "wait")

    decider.at, decider.then = 2, away
    job = handed(jobs, many, hold=True)
    with pytest.raises(RegistryError):
        jobs.run(job)
    failed = jobs.get(job.id)
    assert (failed.state, failed.problem) == ("failed", "the registry is away; wait.")
    assert failed.problem.form == "{what}; {remedy}."  # kept whole, so that it can be said in French
    assert not jobs.run_next("another")


def test_unknown_jobs_and_other_callers(jobs: Jobs, many: Path) -> None:
    with pytest.raises(JobUnknown):
        jobs.get("0" * 32)
    job = handed(jobs, many)
    assert [one.id for one in jobs.list("officer")] == [job.id]
    assert list(jobs.list("somebody")) == []


# What goes wrong


def test_a_file_that_cannot_be_read_fails_at_once_with_its_sentence(jobs: Jobs, many: Path, tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("\n".join(line.partition(",")[2] for line in many.read_text().splitlines()))
    job = handed(jobs, tmp_path / "short.csv")
    assert jobs.run_next("one")
    failed = jobs.get(job.id)
    assert failed.state == "failed"
    assert failed.problem == str(ColumnMissing("upload.csv", ["SK_ID_CURR"]))
    assert not (tmp_path / "jobs" / job.id / "upload").exists()


def test_a_bomb_fails_with_a_sentence(log: Log, tmp_path: Path, decider: Decider, many: Path) -> None:
    jobs = Jobs(log, tmp_path / "jobs", lambda: decider, limits=Limits(bytes=1000))
    job = handed(jobs, many)
    jobs.run_next("one")
    assert "unpacks to more than 1,000 bytes" in (jobs.get(job.id).problem or "")


def test_what_is_not_the_files_fault_is_tried_again_and_then_given_up(
    jobs: Jobs, decider: Interrupted, clock: Clock, many: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble() -> None:
        decider.parts = 0
        raise ValueError(MARK)

    decider.at, decider.then = 1, stumble
    job = handed(jobs, many)
    with caplog.at_level(logging.INFO):
        for attempt in range(1, ATTEMPTS + 1):
            assert jobs.run_next("one")
            assert (jobs.get(job.id).state, jobs.get(job.id).attempts) == ("running", attempt)
            assert not jobs.run_next("one")
            clock.later(31)
        assert jobs.run_next("one")
    failed = jobs.get(job.id)
    assert failed.state == "failed"
    assert MARK not in (failed.problem or MARK)
    assert "ValueError" in caplog.text
    assert MARK not in caplog.text


def test_a_panic_of_a_library_does_not_end_the_worker(
    jobs: Jobs, decider: Interrupted, clock: Clock, many: Path
) -> None:
    def panic() -> None:
        raise PanicException(MARK)

    decider.at, decider.then = 1, panic
    job = handed(jobs, many)
    assert jobs.run_next("a")
    clock.later(60)
    assert jobs.run_next("b")
    assert jobs.get(job.id).state == "done"


def test_a_policy_that_ends_in_mid_file_decides_no_further_part(
    jobs: Jobs, log: Log, decider: Interrupted, many: Path
) -> None:
    def midnight() -> Decider:
        if decider.parts >= 2:
            raise PolicyError("2026-11-24", "not in force today", "start the service with one that is")
        return decider

    jobs._decider = midnight
    job = handed(jobs, many)
    assert jobs.run_next("a")
    assert 0 < len(decided(log, job)) <= 2 * PARTS < len(numbers(many))
    assert "not in force" in (jobs.get(job.id).problem or "")
    jobs._decider = lambda: decider


def test_a_halted_worker_gives_its_job_back_and_another_goes_on(jobs: Jobs, log: Log, many: Path) -> None:
    answers = iter([False, True])
    job = handed(jobs, many)
    assert jobs.run_next("one", lambda: next(answers))
    waiting = jobs.get(job.id)
    assert (waiting.state, waiting.done, waiting.attempts) == ("waiting", 40, 0)
    assert jobs.run_next("two")
    assert jobs.get(job.id).state == "done"
    assert sorted(decided(log, job)) == numbers(many)


def test_looking_for_a_job_waits_for_no_writer(jobs: Jobs, log: Log, clock: Clock, many: Path) -> None:
    assert not jobs.due()
    handed(jobs, many)
    with log._write() as connection:
        log._head(connection)
        start = time.perf_counter()
        assert jobs.due()
        assert time.perf_counter() - start < 3  # of the five that a writer waits
    assert jobs._take("one") is not None
    assert not jobs.due()
    clock.later(31)
    assert jobs.due()


def test_a_worker_that_lost_its_lease_writes_nothing_more(
    jobs: Jobs, log: Log, decider: Interrupted, champion: Decider, clock: Clock, many: Path, tmp_path: Path
) -> None:
    other = Jobs(log, tmp_path / "jobs", lambda: champion, clock, ahead=1)

    def overtaken() -> None:
        clock.later(31)
        assert other.run_next("two")

    decider.at, decider.then = 3, overtaken
    job = handed(jobs, many)
    assert jobs.run_next("one")
    done = jobs.get(job.id)
    assert (done.state, done.done, done.rejected) == ("done", 148, 2)
    assert sorted(decided(log, job)) == numbers(many)
    assert len(read(jobs.results(job.id))) == 150


def test_a_lost_lease_stops_a_worker_even_where_nobody_was_quicker(
    jobs: Jobs, log: Log, decider: Interrupted, champion: Decider, clock: Clock, many: Path, tmp_path: Path
) -> None:
    other = Jobs(log, tmp_path / "jobs", lambda: champion, clock, ahead=1)

    def overtaken() -> None:
        clock.later(31)
        assert other.run_next("two", lambda: True)  # it gives the job back before its first part

    decider.at, decider.then = 3, overtaken
    job = handed(jobs, many)
    assert jobs.run_next("one")
    left = jobs.get(job.id)
    assert (left.state, left.worker) == ("waiting", None)
    assert len(decided(log, job)) == left.done < 148
    assert other.run_next("two")
    assert sorted(decided(log, job)) == numbers(many)


def test_a_worker_that_is_slow_but_alone_keeps_its_job(
    jobs: Jobs, decider: Interrupted, clock: Clock, many: Path
) -> None:
    decider.at, decider.then = 2, lambda: clock.later(600)
    job = handed(jobs, many)
    assert jobs.run_next("one")
    assert jobs.get(job.id).state == "done"


def test_a_lease_is_renewed_while_a_part_takes_long(
    log: Log, decider: Interrupted, champion: Decider, many: Path, tmp_path: Path
) -> None:
    slow = Jobs(log, tmp_path / "jobs", lambda: decider, part=PARTS, lease_seconds=1.5, ahead=1)
    other = Jobs(log, tmp_path / "jobs", lambda: champion, part=PARTS)
    taken: list[bool] = []

    def long() -> None:
        time.sleep(4)
        taken.append(other.run_next("two"))

    decider.at, decider.then = 1, long
    job = handed(slow, many)
    slow.run_next("one")
    assert taken == [False]
    assert slow.get(job.id).state == "done"


def test_two_threads_on_one_lease_decide_nobody_twice(jobs: Jobs, log: Log, many: Path) -> None:
    job = handed(jobs, many, hold=True)
    threads = [threading.Thread(target=jobs.run, args=(job,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(decided(log, job)) == numbers(many)


def test_workers_share_the_jobs_that_wait(log: Log, champion: Decider, many: Path, tmp_path: Path) -> None:
    several = [Jobs(log, tmp_path / "jobs", lambda: champion, part=PARTS, ahead=1) for _ in range(3)]
    waiting = [handed(several[0], many) for _ in range(4)]

    def work(jobs: Jobs, name: str) -> None:
        while jobs.run_next(name):
            pass

    threads = [threading.Thread(target=work, args=(jobs, str(place))) for place, jobs in enumerate(several)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for job in waiting:
        assert several[0].get(job.id).state == "done"
        assert sorted(decided(log, job)) == numbers(many)


_KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from aval.credit.policy import Policy
from aval.model.registry import Registry
from aval.service.decide import Decider
from aval.service.jobs import Jobs
from aval.service.log.log import STORED, Log

home, place, policy = map(Path, sys.argv[1:])
class Killed(Decider):
    parts = 0
    def judge(self, dossiers, explain):
        self.parts += 1
        if self.parts == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(dossiers, explain)
model, version = Registry("", home).champion()
decider = Killed(model, str(version), Policy.load(policy))
Jobs(Log.open("", place), place / "jobs", lambda: decider, part=40, lease_seconds=2, ahead=1).run_next("killed")
"""


def test_a_killed_workers_job_is_taken_up_and_everyone_is_decided_once(
    log: Log, champion: Decider, home: Path, many: Path, tmp_path: Path
) -> None:
    jobs = Jobs(log, tmp_path / "jobs", lambda: champion, part=25, lease_seconds=2)  # its own size does not matter
    job = handed(Jobs(log, tmp_path / "jobs", lambda: champion, part=PARTS), many)
    words = [sys.executable, "-c", _KILLED, str(home), str(tmp_path), str(POLICY)]
    killed = subprocess.run(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = jobs.get(job.id)
    assert (left.state, left.attempts) == ("running", 1)
    assert 0 < left.done < 148
    ends = time.monotonic() + PATIENCE
    while not jobs.run_next("heir"):
        assert time.monotonic() < ends
        time.sleep(0.2)
    done = jobs.get(job.id)
    assert (done.state, done.done, done.rejected) == ("done", 148, 2)
    assert sorted(decided(log, job)) == numbers(many)
    assert len(read(jobs.results(job.id))) == 150
    assert not [path for path in (tmp_path / "jobs" / job.id).iterdir() if not path.name.startswith("rejects-")]


def test_what_a_killed_process_left_is_tidied(jobs: Jobs, clock: Clock, many: Path, tmp_path: Path) -> None:
    clock.now = datetime.now(UTC)
    job = handed(jobs, many)
    jobs.run_next("one")
    home = tmp_path / "jobs" / job.id
    (home / "upload").write_text(MARK)
    waiting = handed(jobs, many)
    jobs.place().write_text(MARK)
    assert jobs.tidy() == 1
    clock.later(7200)
    assert jobs.tidy() == 1
    assert (tmp_path / "jobs" / waiting.id / "upload").exists()
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir()) == sorted([job.id, waiting.id])
    assert len(read(jobs.results(job.id))) == 150
