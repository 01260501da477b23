"""Everything a request may need, put together once per process."""

import gc
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import structlog
from fastapi import Request

from aval.credit.policy import Policy
from aval.credit.reason import Language
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.errors import ApplicantUnknown, AvalError, Busy, Said, WarehouseError
from aval.model.model import Model
from aval.model.registry import Registry
from aval.service.access import Access
from aval.service.api.metrics import Metrics
from aval.service.cards import Cards
from aval.service.counter import Counter
from aval.service.crowd import Crowd
from aval.service.decide import Decider
from aval.service.files import Reject
from aval.service.jobs import Jobs
from aval.service.live import Live, Watcher
from aval.service.log.entry import Made, Stored
from aval.service.log.log import Log
from aval.service.replaying import Replayer
from aval.service.tracing import Spans

T = TypeVar("T")

_WEIGHT: Final = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_TIDY_SECONDS: Final = 1800.0
_SETTLED_SECONDS: Final = 5.0
"""How often the log's journal is written into its file: each time, the decision that is just being written waits."""

SYSTEM: Final = "aval"
"""Who writes records that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is let in."""

    body_bytes: int = 4 << 20
    file_bytes: int = 4 << 30
    rows: int = 20_000
    """Rows of one applicant's tables."""
    at_once: int = 2
    """Threads that decide."""
    waiting: int = 64
    """Requests that wait for one of them; beyond, 503."""
    patience: float = 30.0
    """Seconds to wait for a turn, or for the next piece of a body."""
    inline: int = 2_000
    """Applications of a file that are decided while the caller waits."""


class Service:
    """One process of the decision service."""

    def __init__(
        self,
        *,
        registry: Registry,
        log: Log,
        access: Access,
        policy: Policy,
        home: Path,
        lang: Language = "fr",
        lender: str = "Prêt à dépenser",
        limits: Limits | None = None,
        refresh_seconds: float = 10.0,
        alone: bool = False,
        spans: Spans | None = None,
    ) -> None:
        """`alone`: nothing else lives in this process, so that its memory may be set up for deciding.
        `refresh_seconds`: how often the registry's aliases are looked at; `spans`: where requests are traced.
        """
        self.registry, self.log, self.access, self.policy = registry, log, access, policy
        self.home, self.lang, self.lender = home, lang, lender
        self.limits = limits or Limits()
        self.spans = spans or Spans()
        self.metrics = Metrics(self.spans)
        self.live = Live(registry, policy, self._swapped)
        self.counter = Counter(self.live, log, self.metrics.timed)
        self.counter.shadow.counted = lambda outcome: self.metrics.shadowed.labels(outcome).inc()
        self.jobs = Jobs(log, home / "jobs", self.live.decider)
        self.jobs.counted = self._counted
        self.cards = Cards(registry, policy)
        self.replayer = Replayer(log, registry)
        self._watcher = Watcher(self._look, refresh_seconds)
        self._worker = Watcher(self._work, 1.0)
        self._broom = Watcher(self._tidy, _TIDY_SECONDS)
        self._settler = Watcher(log.settle, _SETTLED_SECONDS)
        self._warehouse: tuple[int, Warehouse] | None = None
        self._crowd: tuple[str, Crowd] | None = None
        self._door = threading.Lock()
        self.walking = threading.Lock()
        """Held by the one walk over the chain: of a long log, forty at once would leave no thread to decide."""
        self._waiting = 0
        self._slots: anyio.CapacityLimiter | None = None
        self._unready: type[Exception] | None = None
        self.ready = False
        self._alone = alone

    # Life

    def start(self) -> None:
        """Load the champion, decide once to be warm, then say ready. Never raises: what is missing is told by ready."""
        self._follow()
        self._warm()
        self._tidy()
        self.counter.shadow.start()
        self._watcher.start()
        self._worker.start()
        self._broom.start()
        self._settler.start()
        if self._alone:
            _still()
        structlog.get_logger().info("started", ready=self.ready, pid=os.getpid())

    def stop(self) -> None:
        """Finish what is begun."""
        self.ready = False
        self._watcher.stop()
        self._worker.stop()
        self._broom.stop()
        self._settler.stop()
        self.counter.shadow.stop()
        self.log.engine.dispose()
        self.spans.stop()
        structlog.get_logger().info("stopped", pid=os.getpid())

    def _follow(self) -> None:
        try:
            self.live.refresh()
        except Exception as problem:  # a log that is away: the new champion decides once it is back
            structlog.get_logger().warning("not followed", problem=type(problem).__name__)

    def _look(self) -> None:
        self._follow()
        self.metrics.trouble.set(self.live.trouble is not None)
        self.metrics.unexported.set(self.log.unexported)
        if not self.ready:
            self._warm()

    def _tidy(self) -> None:
        """What a killed process left of uploads: applicants' values, which nobody needs any more."""
        with suppress(AvalError, OSError):
            self.jobs.tidy()

    def _work(self) -> None:
        if not self.ready:  # a job taken now would fail for want of a model
            return

        def halted() -> bool:
            return self._worker.stopping

        try:
            while (
                not halted() and self.jobs.due() and self.jobs.run_next(f"{os.uname().nodename}:{os.getpid()}", halted)
            ):
                pass
        except Exception as problem:  # the worker thread must outlive a log that is away
            structlog.get_logger().warning("jobs", problem=type(problem).__name__)

    def _warm(self) -> None:
        """The first decision takes a second: it is taken before anybody waits for it."""
        from aval.service.example import example

        try:
            decider = self.live.decider()
            dossiers = example()
            for _ in range(3):
                decider.judge(dossiers)
            self.ready = True
        except Exception as problem:
            if type(problem) is not self._unready:  # said once, not at every look
                structlog.get_logger().warning("not ready", problem=type(problem).__name__)
            self._unready = type(problem)

    def _swapped(self, decider: Decider, before: str | None) -> None:
        """A champion takes over once the log says so."""
        policy = decider.policy
        body = {"name": policy.name, "digest": policy.digest, "text": policy.text}
        self.log.once("policy", policy.digest[:32], SYSTEM, body)
        manifest = decider.model.manifest
        facts = {"version": decider.version, "features": decider.model.digest, "before": before}
        facts["fingerprint"] = str(manifest.get("data_fingerprint", ""))
        self.log.note("model", SYSTEM, body=facts)
        self.metrics.decides(decider.version)

    def _counted(self, several: Sequence[Made], rejects: Sequence[Reject]) -> None:
        """A part of a file stands in the log."""
        for one in several:
            decision = one.decision
            self.metrics.verdicts.labels(decision.verdict.value, decision.model, decision.policy).inc()
        for reject in rejects:
            self.metrics.rejects.labels(reject.table).inc()

    # Work

    async def working(self, task: Callable[[], T]) -> T:
        """Do it in one of the threads that decide.

        Raises:
            Busy: too many wait already, or the turn did not come in time.
        """
        if self._waiting >= self.limits.waiting:
            raise Busy
        if self._slots is None:
            self._slots = anyio.CapacityLimiter(self.limits.at_once)
        self._waiting += 1
        self.metrics.waiting.set(self._waiting)
        try:
            with anyio.move_on_after(self.limits.patience):
                await self._slots.acquire()
                try:
                    with anyio.CancelScope(shield=True):  # once begun it is finished: it may stand in the log already
                        return await anyio.to_thread.run_sync(task)
                finally:
                    self._slots.release()
            raise Busy("The turn did not come in time")
        finally:
            self._waiting -= 1
            self.metrics.waiting.set(self._waiting)

    def warehouse(self) -> Warehouse:
        """The lender's tables as they are now. Raises WarehouseError."""
        where = self.home / "warehouse"
        with self._door:
            try:
                published = (where / "current").lstat().st_mtime_ns
            except OSError:
                published = 0
            if self._warehouse is None or self._warehouse[0] != published:
                try:
                    self._warehouse = (published, Warehouse.open(where))
                except WarehouseError:
                    raise WarehouseError("The warehouse", "cannot be opened", "run `aval ingest SRC`") from None
            return self._warehouse[1]

    def known(self, applicant_id: int) -> Dossiers:
        """The dossier of an applicant of the warehouse. Raises ApplicantUnknown, WarehouseError."""
        try:
            return self.warehouse().dossiers([applicant_id])
        except ApplicantUnknown:
            raise ApplicantUnknown(Said("The warehouse")) from None

    def model_of(self, version: str) -> Model:
        """A registered version; the champion is at hand, others are loaded. Raises RegistryError, ArtefactError."""
        for serving in (self.live.champion, self.live.challenger):
            if serving is not None and serving.version == version:
                return serving.decider.model
        return self._loaded(version)

    @lru_cache(maxsize=4)  # noqa: B019  one service lives as long as its process
    def _loaded(self, version: str) -> Model:
        return self.registry.load(version)[0]

    def crowd(self) -> Crowd:
        """The champion's reference rows."""
        decider = self.live.decider()
        with self._door:
            if self._crowd is None or self._crowd[0] != decider.version:
                self._crowd = (decider.version, Crowd(decider.model))
            return self._crowd[1]

    def policy_of(self, stored: Stored) -> Policy:
        """The policy that decided, whatever is in force now."""
        if stored.policy_digest == self.policy.digest:
            return self.policy
        return self._past(stored.policy_digest, stored.policy)

    @lru_cache(maxsize=32)  # noqa: B019  one service lives as long as its process
    def _past(self, digest: str, name: str) -> Policy:
        return Policy.read(self.log.policy(digest), name)


def service_of(request: Request) -> Service:
    """The service a request came to."""
    found: Service = request.app.state.service
    return found


def _still() -> None:
    """What is loaded stays: the collector need not walk through a million objects while somebody waits."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 10)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Warm before the first request, whole after the last."""
    service: Service = app.state.service
    await anyio.to_thread.run_sync(service.start)
    yield
    await anyio.to_thread.run_sync(service.stop)


def language(accept: str | None, default: Language) -> Language:
    """The language of `Accept-Language` (RFC 9110, 12.5.4): French or English, whichever is liked better."""
    best, liked = default, 0.0
    for part in (accept or "").split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        said = _WEIGHT.fullmatch(parameter.strip().lower()) if parameter else None
        if parameter and said is None:
            continue
        weight = float(said[1]) if said else 1.0
        primary = tag.strip().split("-")[0].lower()
        if primary == "fr" and weight > liked:
            best, liked = "fr", weight
        elif primary == "en" and weight > liked:
            best, liked = "en", weight
    return best
