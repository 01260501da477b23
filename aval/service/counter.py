"""The counter: one application is decided, and it is in the log before anybody is told."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Final

import structlog
from polars.exceptions import PanicException

from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.service.live import Live
from aval.service.log.entry import Made, Receipt, Stored
from aval.service.log.log import Log
from aval.service.making import made

Timed = Callable[[str], AbstractContextManager[None]]

_WAITING_MOST: Final = 1_000
"""Decisions that wait for the challenger's opinion; beyond, they go without."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A decision that stands in the log, or the number of the one that answered the same request before."""

    made: Made
    receipt: Receipt

    def stored(self, caller: str) -> Stored:
        """As the log would give it back, without asking the log."""
        decision, receipt = self.made.decision, self.receipt
        return Stored(
            id=self.made.id,
            seq=receipt.seq,
            place=0,
            at=receipt.at,
            caller=caller,
            applicant_id=decision.applicant_id,
            verdict=decision.verdict,
            probability=decision.probability,
            points=decision.points,
            cutoff=decision.cutoff,
            rules=decision.rules,
            model=decision.model,
            policy=decision.policy,
            policy_digest=self.made.policy_digest,
            features=decision.features,
            facts=self.made.facts,
            hash=receipt.hash,
            kind="decision",
            about=None,
            private=self.made.private,
        )


class Counter:
    """Decides, writes down, and lets the challenger decide in the shadow."""

    def __init__(self, live: Live, log: Log, timed: Timed | None = None) -> None:
        self.live, self.log = live, log
        self._timed: Timed = timed or (lambda _: nullcontext())
        self.shadow = Shadow(live, log)

    def decide(self, dossiers: Dossiers, caller: str, key: tuple[str, str] | None = None) -> Answered:
        """One application, with reasons and contributions; `key`: an Idempotency-Key and the request's digest.

        Raises:
            RegistryError, PolicyError: nothing decides now.
            LogUnavailable: it could not be written down, so it was not decided.
            KeyReused: the key came with another request.
        """
        decider = self.live.decider()
        with self._timed("judge"):
            judged = decider.judge(dossiers, Explain.ALL)
        (one,) = made(judged, dossiers, decider.policy)
        with self._timed("log"):
            receipt = self.log.append([one], caller, key=key)
        if receipt.answered is None:
            self.shadow.offer(one.id, dossiers)
        return Answered(one, receipt)


class Shadow(threading.Thread):
    """The challenger decides what the champion decided, later and without effect; what it would have said is kept."""

    def __init__(self, live: Live, log: Log) -> None:
        super().__init__(name="shadow", daemon=True)
        self._live, self._log, self._over = live, log, False
        self._waiting: queue.Queue[tuple[str, Dossiers] | None] = queue.Queue(_WAITING_MOST)
        self.counted: Callable[[str], None] = lambda _: None
        """Told `recorded`, `failed` or `skipped` for each."""

    def offer(self, wanted: str, dossiers: Dossiers) -> None:
        """Ask for the challenger's opinion where there is a challenger; never waits."""
        if self._live.challenger is None or not self.is_alive():
            return
        try:
            self._waiting.put_nowait((wanted, dossiers))
        except queue.Full:
            self.counted("skipped")

    def run(self) -> None:
        """Until `stop`."""
        while (offered := self._waiting.get()) is not None and not self._over:
            try:
                self._record(*offered)
            except (Exception, PanicException) as problem:  # an opinion without effect; the next one may succeed
                self.counted("failed")
                structlog.get_logger().warning("shadow", problem=type(problem).__name__)

    def _record(self, wanted: str, dossiers: Dossiers) -> None:
        serving = self._live.challenger
        if serving is None:
            return
        start = time.perf_counter()
        (decision,) = serving.decider.decide(dossiers, Explain.NONE)
        taken = round(1000 * (time.perf_counter() - start), 1)
        body = {"model": decision.model, "probability": decision.probability, "points": decision.points, "ms": taken}
        self._log.note("shadow", "challenger", about=wanted, verdict=decision.verdict, body=body)
        self.counted("recorded")

    def stop(self) -> None:
        """Let it do what waits, for three seconds at most: opinions have no effect."""
        if not self.is_alive():
            return
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        self.join(timeout=3)
        self._over = True
