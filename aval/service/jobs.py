"""Files to decide: leased to a worker for a while, so that another goes on where one dies; nobody is decided twice.

A file is decided part by part, and each part is one record of the chain, written together with the job's progress by
whoever holds the lease then. A part that stands in the chain is never decided again.
"""

import json
import logging
import os
import shutil
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from polars.exceptions import PanicException
from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from aval.credit.reason import Explain, Language
from aval.errors import AvalError, JobUnknown, LogBroken, LogUnavailable, Quicker, Said, SourceError
from aval.service.decide import Decider
from aval.service.files import PART, Limits, Part, Reject, Upload, opened, room
from aval.service.lines import Form, lines
from aval.service.log.entry import Made
from aval.service.log.log import Log, number, stamp, utc
from aval.service.log.opening import named, what
from aval.service.log.tables import JOB, RECORD
from aval.service.making import made

ATTEMPTS: Final = 3
"""How often a file is begun, or begun again after its last part, before it counts as failed."""
LEASE_SECONDS: Final = 30.0

GONE: Final = Said(
    "It ended unfinished, for a reason that is not the file's; send it again, or ask who runs this service."
)
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a file; `name` is what its sender calls it, to be shown and never trusted."""

    explain: Explain = Explain.NEEDED
    lang: Language = "fr"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to decide, as it stands."""

    id: str
    caller: str
    created_at: str
    state: Literal["waiting", "running", "done", "failed"]
    asked: Asked
    part: int
    """Applicants in a part: settled when the file came, or a second worker would cut it otherwise."""
    worker: str | None
    """Whose lease it is: another token each time."""
    attempts: int
    total: int | None
    """Applicants in the file, once counted."""
    done: int
    rejected: int
    problem: Said | None
    """Why it failed, or why it is tried again."""
    finished_at: str | None


_Judged = tuple[int, Part, Sequence[Made] | None]
_Waiting = tuple[int, Part, Future[Sequence[Made]] | None]


class _Lost(Exception):
    """The lease is another's, or the part stands in the chain: stop."""


class _Halted(Exception):
    """The worker was asked to stop."""


class Jobs:
    """Files handed in, decided and answered. Any number of workers, of any number of processes, share a log's jobs."""

    def __init__(
        self,
        log: Log,
        folder: Path,
        decider: Callable[[], Decider],
        clock: Callable[[], datetime] = utc,
        *,
        part: int = PART,
        lease_seconds: float = LEASE_SECONDS,
        limits: Limits | None = None,
        ahead: int = 2,
    ) -> None:
        """`folder` holds the uploads and must be the same to every worker; `decider` says what decides now.

        `counted`, an attribute, is told of the decisions and the rejected rows of each part once it is written.

        `ahead`: parts that are judged at once while the one before them is written down; each takes a core.
        """
        self._log, self._folder, self._decider, self._clock = log, folder, decider, clock
        self._part, self._lease, self._limits = part, lease_seconds, limits or Limits()
        self._ahead = ahead
        self.counted: Callable[[Sequence[Made], Sequence[Reject]], None] = lambda _made, _rejects: None
        self._engine = log.engine.execution_options(writing=True)

    # Handing in

    def place(self) -> Path:
        """Where a body may be written before it is submitted. Raises NoRoom."""
        with room():
            self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{number()}.upload"

    def submit(self, upload: Path, caller: str, asked: Asked = Asked(), *, hold: bool = False) -> Job:
        """A new job; `upload` is moved away. `hold`: it is counted and leased at once, for `run` or `release`.

        Raises:
            SourceError: `hold`, and the file cannot be read: then there is no job.
            NoRoom: there is no job.
            LogUnavailable: there is no job.
        """
        one = number()
        home = self._folder / one
        try:
            with room():
                home.mkdir(parents=True)
                shutil.move(upload, home / "upload")
            row: dict[str, Any] = {
                "id": one,
                "caller": caller,
                "created_at": stamp(self._clock()),
                "state": "waiting",
                "asked": json.dumps({**asdict(asked), "part": self._part}, ensure_ascii=False),
                **{"attempts": 0, "done": 0, "rejected": 0},
            }
            if hold:
                with opened(home / "upload", home, self._limits) as read:
                    row["total"] = read.applicants
                row |= {"state": "running", "worker": number(), "lease_until": self._until(), "attempts": 1}
            with self._writing() as connection:
                connection.execute(insert(JOB), row)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
        return self.get(one)

    def get(self, wanted: str) -> Job:
        """Raises JobUnknown, LogUnavailable."""
        with self._log.reading() as connection:
            row = connection.execute(select(JOB).where(JOB.c.id == wanted)).mappings().first()
        if row is None:
            raise JobUnknown
        return _job(row)

    def list(self, caller: str | None = None, most: int = 100) -> Sequence[Job]:
        """Everybody's or one caller's, the newest first. Raises LogUnavailable."""
        wanted = select(JOB).order_by(JOB.c.created_at.desc(), JOB.c.id).limit(most)
        if caller is not None:
            wanted = wanted.where(JOB.c.caller == caller)
        with self._log.reading() as connection:
            return [_job(row) for row in connection.execute(wanted).mappings()]

    # Deciding

    def run(self, job: Job) -> Job:
        """Decide a job that was submitted with `hold`, in this thread. It fails where anything does.

        Raises:
            SourceError, LogUnavailable, RegistryError and so on: why it failed.
        """
        try:
            self._decide(job, lambda: False)
        except _Lost:  # this thread slept for longer than the lease: whoever has it now goes on
            pass
        except BaseException as problem:
            with suppress(LogUnavailable):
                self._end(job, "failed", problem.said if isinstance(problem, AvalError) else GONE)
            raise
        return self.get(job.id)

    def release(self, job: Job) -> None:
        """Give back a job that is held, for any worker to take. Raises LogUnavailable."""
        with self._writing() as connection:
            values = {"state": "waiting", "worker": None, "lease_until": None, "attempts": max(0, job.attempts - 1)}
            self._mine(connection, job, **values)

    def due(self) -> bool:
        """Whether `run_next` may find one: to look makes nobody who writes wait. Raises LogUnavailable."""
        with self._log.reading() as connection:
            return connection.execute(select(JOB.c.id).where(self._free()).limit(1)).first() is not None

    def run_next(self, worker: str, halted: Callable[[], bool] = lambda: False) -> bool:
        """Take the oldest job that waits or whose lease ran out, and decide it; False where there is none.

        `halted` is asked before each part: once true, the job is given back. A file that cannot be read fails with
        the sentence that says why; anything else is tried again when the lease has run out, and then again.
        Raises LogUnavailable.
        """
        job = self._take(worker)
        if job is None:
            return False
        if job.attempts > ATTEMPTS:
            self._end(job, "failed", job.problem or GONE)
            return True
        try:
            self._decide(job, halted)
        except _Lost:
            _log.info("job %s went to another worker", job.id)
        except _Halted:
            self.release(job)
        except SourceError as problem:
            self._end(job, "failed", problem.said)
        except (Exception, PanicException) as problem:
            self._stumble(job, problem)
        return True

    def results(self, wanted: str, form: str = "csv", lang: Language | None = None) -> Iterator[str]:
        """The answer, line by line, from the log: `csv` or `ndjson`; one line per applicant, then the rejected rows.

        Raises:
            JobUnknown, LogUnavailable, LogBroken.
        """
        job = self.get(wanted)
        return lines(self._log, job.id, self._told(job.id), Form(form), lang or job.asked.lang)

    def tidy(self) -> int:
        """Remove what a killed process left: uploads of no job or of one that has ended. Returns how many.

        An upload without a job may be about to become one: it is left alone for an hour.
        """
        with self._log.reading() as connection:
            states = {row.id: row.state for row in connection.execute(select(JOB.c.id, JOB.c.state))}
        removed = 0
        now = self._clock().timestamp()
        for place in self._folder.iterdir() if self._folder.is_dir() else ():
            state = states.get(place.name)
            if state in ("done", "failed"):
                removed += self._clear(place.name)
            elif state is None and place.stat().st_mtime < now - 3600:
                removed += 1
                shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        return removed

    # Within

    def _decide(self, job: Job, halted: Callable[[], bool]) -> None:
        home = self._folder / job.id
        with self._leased(job) as lost:
            decider = self._decider()
            policy = decider.policy
            self._log.once("policy", policy.digest[:32], job.caller, {"text": policy.text})
            with opened(home / "upload", home, self._limits) as upload:
                self._hold(job, total=upload.applicants)
                progress = {"done": 0, "rejected": 0}
                with closing(self._judged(job, upload, decider)) as parts:
                    for place, part, several in parts:
                        if lost.is_set():
                            raise _Lost
                        progress["done"] += len(part.dossiers)
                        progress["rejected"] += len(part.rejects)
                        if several is None:
                            continue
                        if halted():
                            raise _Halted
                        _keep(home / f"rejects-{place:05}.ndjson", part.rejects)
                        self._write(job, place, part, several, progress)
                        self.counted(several, part.rejects)
        self._end(job, "done", None, **progress)

    def _judged(self, job: Job, upload: Upload, decider: Decider) -> Generator[_Judged, None, None]:
        """Each part with its decisions, None where it stands in the chain; some are judged ahead."""
        before = self._parts(job.id)

        def judged(part: Part) -> Sequence[Made]:
            if not len(part.dossiers):
                return ()
            self._decider()  # a policy may go out of force at midnight, in the middle of a file
            return made(decider.judge(part.dossiers, job.asked.explain), part.dossiers, decider.policy)

        waiting: deque[_Waiting] = deque()
        pool = ThreadPoolExecutor(self._ahead, thread_name_prefix="judge")
        try:
            for place, part in enumerate(upload.parts(job.part), start=1):
                if place in before and before[place]["rows"] != len(part.dossiers):
                    raise LogBroken(f"job {job.id}", "its file is not the one it began with", "send it again")
                waiting.append((place, part, None if place in before else pool.submit(judged, part)))
                if len(waiting) > self._ahead:
                    yield _ready(waiting)
            while waiting:
                yield _ready(waiting)
        finally:
            pool.shutdown(cancel_futures=True)

    def _write(self, job: Job, place: int, part: Part, several: Sequence[Made], progress: Mapping[str, int]) -> None:
        """The part and the job's progress, both or neither; by whoever has the lease at that moment."""

        def fence(connection: Connection) -> None:
            if not self._mine(connection, job, lease_until=self._until(), attempts=1, problem=None, **progress):
                raise _Lost

        def write() -> None:
            if several:
                self._log.append(several, job.caller, kind="part", **facts)
            else:
                self._log.note("part", job.caller, **facts)

        body = {"rows": len(several), "rejected": len(part.rejects), "explain": job.asked.explain.value}
        facts: dict[str, Any] = {"about": job.id, "place": place, "body": body, "guard": fence}
        try:
            write()
        except Quicker:
            if place in self._parts(job.id):
                raise _Lost from None
            write()  # two writers met over a new applicant: nothing is lost by writing again

    def _parts(self, wanted: str) -> dict[int, Mapping[str, Any]]:
        """What stands in the chain already: the body of each part, by its place."""
        chosen = select(RECORD.c.place, RECORD.c.body).where(RECORD.c.kind == "part", RECORD.c.about == wanted)
        with self._log.reading() as connection:
            return {row.place: json.loads(row.body) for row in connection.execute(chosen)}

    def _told(self, wanted: str) -> Iterator[Mapping[str, Any]]:
        """The rejected rows of the parts in the chain, in their order."""
        for place in sorted(self._parts(wanted)):
            file = self._folder / wanted / f"rejects-{place:05}.ndjson"
            if file.exists():
                with file.open(encoding="utf-8") as opened:
                    yield from map(json.loads, opened)

    # Leases

    def _until(self) -> float:
        return self._clock().timestamp() + self._lease

    def _free(self) -> ColumnElement[bool]:
        now = self._clock().timestamp()
        return or_(JOB.c.state == "waiting", and_(JOB.c.state == "running", JOB.c.lease_until < now))

    def _take(self, worker: str) -> Job | None:
        """The oldest job that is free, now this worker's; of two that ask at once, each gets its own."""
        free = self._free()
        oldest = select(JOB.c.id).where(free).order_by(JOB.c.created_at, JOB.c.id).limit(1)
        chosen = oldest.with_for_update(skip_locked=True).scalar_subquery()
        token = f"{worker[:31]}:{number()}"
        values = {"state": "running", "worker": token, "lease_until": self._until(), "attempts": JOB.c.attempts + 1}
        with self._writing() as connection:
            taken = update(JOB).where(JOB.c.id == chosen, free).values(values).returning(JOB)
            row = connection.execute(taken).mappings().first()
        return None if row is None else _job(row)

    def _mine(self, connection: Connection, job: Job, **values: Any) -> bool:
        """Change a job whose lease is still ours; False where it is not."""
        held = and_(JOB.c.id == job.id, JOB.c.state == "running", JOB.c.worker == job.worker)
        return connection.execute(update(JOB).where(held).values(values)).rowcount == 1

    def _hold(self, job: Job, **values: Any) -> None:
        """The lease for longer. Raises _Lost, LogUnavailable."""
        with self._writing() as connection:
            if not self._mine(connection, job, lease_until=self._until(), **values):
                raise _Lost

    @contextmanager
    def _leased(self, job: Job) -> Iterator[threading.Event]:
        """Holds the lease while the block runs, however long a part takes; tells when it was lost."""
        over, lost = threading.Event(), threading.Event()

        def renew() -> None:
            while not over.wait(self._lease / 3):
                try:
                    self._hold(job)
                except _Lost:
                    lost.set()
                    return
                except LogUnavailable:  # the next time, or before the next part
                    continue

        thread = threading.Thread(target=renew, name=f"lease {job.id}", daemon=True)
        thread.start()
        try:
            yield lost
        finally:
            over.set()
            thread.join()

    def _end(self, job: Job, state: str, problem: Said | None = None, **values: int) -> None:
        """Done or failed; the applicants' values stay sealed in the log, and nowhere else."""
        told = None if problem is None else _written(problem)
        ended = {"state": state, "problem": told, "finished_at": stamp(self._clock()), "lease_until": None}
        with self._writing() as connection:
            if not self._mine(connection, job, **ended, **values):
                return
        self._clear(job.id)

    def _stumble(self, job: Job, problem: BaseException) -> None:
        """Not the file's fault, or nobody knows whose: the lease runs out, then it is tried again."""
        # A stranger's words may quote a value: only its type and place are told.
        at = traceback.extract_tb(problem.__traceback__)[-1]
        _log.error("job %s: %s at %s:%s", job.id, type(problem).__name__, Path(at.filename).name, at.lineno)
        told = problem.said if isinstance(problem, AvalError) else GONE
        with suppress(LogUnavailable), self._writing() as connection:
            self._mine(connection, job, problem=_written(told))

    def _clear(self, wanted: str) -> int:
        """Remove the upload and what was unpacked of it."""
        home = self._folder / wanted
        left = [path for path in home.iterdir() if not path.name.startswith("rejects-")] if home.is_dir() else []
        for path in left:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        return len(left)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise LogUnavailable(named(self._engine), what(problem)) from None


def _ready(waiting: deque[_Waiting]) -> _Judged:
    place, part, future = waiting.popleft()
    return place, part, None if future is None else future.result()


def _keep(file: Path, rejects: Sequence[Reject]) -> None:
    """Rejected rows beside the part they came with; on the disk, whole, before the part is in the chain."""
    if not rejects:
        return
    partial = file.with_name(f"{file.name}.{number()}")
    with partial.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in rejects)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(file)


def _job(row: Mapping[Any, Any]) -> Job:
    asked = json.loads(row["asked"])
    part = asked.pop("part")
    told = {name: row[name] for name in Job.__slots__ if name not in ("asked", "part", "problem")}
    problem = None if row["problem"] is None else _read(row["problem"])
    return Job(asked=Asked(**{**asked, "explain": Explain(asked["explain"])}), part=part, problem=problem, **told)


def _written(problem: Said) -> str:
    """A sentence as a row keeps it: whole, so that it can be read in any language."""
    return json.dumps(problem.kept())


def _read(kept: str) -> Said:
    """A name in it may be the sender's: what does not print is not shown."""

    def shown(found: dict[str, Any]) -> dict[str, Any]:
        return {name: _printable(value) if isinstance(value, str) else value for name, value in found.items()}

    if not kept.startswith("{"):  # a row of before sentences were kept whole
        return Said(kept)
    return Said.of(json.loads(kept, object_hook=shown))


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)
