"""What decides now: the champion under the policy, swapped whole when the registry names another."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

import structlog
from polars.exceptions import PanicException

from aval.credit.policy import Policy
from aval.errors import AvalError, PolicyError, RegistryError
from aval.model.model import Model
from aval.model.registry import CHALLENGER, CHAMPION, Registry
from aval.service.decide import Decider

SLOWEST_MS: Final = 50.0
"""A model that takes longer for one row, features aside, does not decide while someone waits."""

_TRIALS: Final = 20
_FIRST_WAIT: Final = 30.0
_LONGEST_WAIT: Final = 600.0
"""Seconds until a refused version is looked at again: twice as long each time, up to this."""


def today() -> date:
    """The day of decisions made now, in UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Serving:
    """A decider that passed its trial, and when it took over."""

    decider: Decider
    since: str
    row_ms: float
    """Median time of one row, features aside, with its contributions."""

    @property
    def version(self) -> str:
        """The registered version."""
        return self.decider.version


@dataclass(frozen=True)
class Trouble:
    """Why the registry's wish was not followed."""

    at: str
    what: str


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A version that did not stand its trial: looked at again after a while, or once it is promoted again."""

    trouble: str
    asked: int
    wait: float
    again: float


class Live:
    """Holds the champion, and the challenger that decides in its shadow.

    A registry that is away changes nothing: what was loaded goes on deciding, and `trouble` says so.
    """

    def __init__(
        self,
        registry: Registry,
        policy: Policy,
        swapped: Callable[[Decider, str | None], None] | None = None,
        on: Callable[[], date] = today,
        *,
        slowest_ms: float = SLOWEST_MS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`swapped` is told of each new champion and the version before it, before it decides anything."""
        self.registry, self.policy = registry, policy
        self._swapped, self._on, self._slowest_ms, self._clock = swapped, on, slowest_ms, clock
        self._champion: Serving | None = None
        self._challenger: Serving | None = None
        self._passed: Serving | None = None
        self._refused: dict[str, _Refusal] = {}
        self._lock = threading.Lock()
        self.trouble: Trouble | None = None

    @property
    def champion(self) -> Serving:
        """What decides. Raises RegistryError while there is none."""
        found = self._champion
        if found is None:
            raise RegistryError("no model decides yet", "run `aval train`, or wait until the service is ready")
        return found

    @property
    def challenger(self) -> Serving | None:
        """What would decide."""
        return self._challenger

    def decider(self) -> Decider:
        """The decider of this moment, its policy in force today.

        Raises:
            RegistryError: there is none.
            PolicyError: the policy is not in force today.
        """
        found = self.champion.decider
        if not found.policy.in_force(self._on()):
            raise PolicyError(found.policy.name, "not in force today", "start the service with one that is")
        return found

    def refresh(self) -> bool:
        """Follow the registry's aliases; returns whether another champion decides. Never raises: `trouble` says why."""
        with self._lock:
            troubles: list[str] = []
            swapped = False
            try:
                wanted = self.registry.aliases()
            except Exception as problem:  # whatever the registry's storage raises
                troubles.append(f"the registry is away: {_said(problem)}")
            else:
                # A wish that was withdrawn is forgotten: when it comes back, it is looked at again.
                self._refused = {one: why for one, why in self._refused.items() if one in wanted.values()}
                swapped = self._crown(wanted.get(CHAMPION), troubles)
                if CHAMPION in wanted:
                    self._challenger = self._shadow(wanted.get(CHALLENGER), troubles)
            self._tell(troubles)
            return swapped

    def _crown(self, version: str | None, troubles: list[str]) -> bool:
        now = self._champion
        if version is None:
            if now is not None:
                troubles.append("the registry names no champion: it did before; see `aval results`.")
            return False
        found = self._follow(now, version, troubles)
        if found is None or found is now:
            return False
        try:
            if self._swapped is not None:
                self._swapped(found.decider, now.version if now else None)
        except Exception as problem:  # a log that is away: nothing decides before its turn is on record
            troubles.append(f"version {version} could not be put on record: {_said(problem)}")
            return False
        self._champion = replace(found, since=_instant())
        structlog.get_logger().info("champion", version=version, before=now and now.version)
        return True

    def _shadow(self, version: str | None, troubles: list[str]) -> Serving | None:
        if version is None or (self._champion is not None and version == self._champion.version):
            return None
        return self._follow(self._challenger, version, troubles)

    def _follow(self, now: Serving | None, version: str, troubles: list[str]) -> Serving | None:
        """The wanted version if it stands, or stood, its trial; else what there was."""
        for known in (now, self._challenger, self._passed):
            if known is not None and known.version == version:
                return known
        asked = self._asked(version)
        before = self._refused.get(version)
        if before is not None and before.asked == asked and self._clock() < before.again:
            troubles.append(before.trouble)
            return now
        try:
            self._passed = self.trial(version)
        except Exception as problem:  # whatever the registry's storage raises: what decides goes on deciding
            trouble = f"version {version} was not taken: {_said(problem)}"
            again = before is not None and before.asked == asked
            wait = min(2 * before.wait, _LONGEST_WAIT) if before is not None and again else _FIRST_WAIT
            self._refused[version] = _Refusal(trouble, asked, wait, self._clock() + wait)
            troubles.append(trouble)
            return now
        self._refused.pop(version, None)
        return self._passed

    def _asked(self, version: str) -> int:
        """How often it was made champion: once more means that somebody wants it looked at again."""
        try:
            return sum(event.version == version and event.what != "refused" for event in self.registry.history())
        except Exception:
            return 0

    def trial(self, version: str) -> Serving:
        """Load a version and hold it to what every deciding model must do.

        Raises:
            RegistryError: it looks at what the policy bars, gives other golden probabilities here, or is too slow.
            ArtefactError, FeatureError: it is not what was registered, or this code computes other features.
        """
        model, number = self.registry.load(version)
        if barred := sorted(model.grounds & set(self.policy.barred)):
            raise RegistryError(
                f"version {number} looks at {', '.join(barred)}, which the policy bars", "promote a lawful one"
            )
        decider = Decider(model, number, self.policy)
        if not model.reproduces():
            raise RegistryError(
                f"version {number}: its golden rows do not give the stored probabilities on this machine",
                "install the libraries it was trained with",
            )
        taken = _row_ms(model)
        if taken > self._slowest_ms:
            raise RegistryError(
                f"version {number} takes {taken:.1f} ms for one row, more than {self._slowest_ms:.0f}",
                "train a smaller model",
            )
        return Serving(decider, _instant(), taken)

    def _tell(self, troubles: list[str]) -> None:
        """A line where something changed; the first of several is what callers are shown."""
        if not troubles:
            self.trouble = None
            return
        if self.trouble is None or self.trouble.what != troubles[0]:
            structlog.get_logger().warning("registry", problem=troubles[0])
            self.trouble = Trouble(_instant(), troubles[0])


def _said(problem: Exception) -> str:
    """Our own sentence; of others the kind alone, for their words may hold anything."""
    return str(problem) if isinstance(problem, AvalError) else type(problem).__name__


def _instant() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _row_ms(model: Model) -> float:
    """Median time of a probability and its contributions over some golden rows, one at a time."""
    matrix = model.matrix(model.golden())
    times = []
    for place in range(min(_TRIALS, len(matrix))):
        start = time.perf_counter()
        row = matrix[place : place + 1]
        model.probability(row)
        model.contributions(row)
        times.append(1000.0 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


class Watcher(threading.Thread):
    """Does something every so often until it is stopped, whatever goes wrong with it."""

    def __init__(self, task: Callable[[], object], seconds: float) -> None:
        super().__init__(name="watcher", daemon=True)
        self._task, self._seconds, self._stop_asked = task, seconds, threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop_asked.is_set()

    def run(self) -> None:
        """Until `stop`."""
        while not self._stop_asked.wait(self._seconds):
            try:
                self._task()
            except (Exception, PanicException) as problem:
                structlog.get_logger().error("watcher", problem=type(problem).__name__)

    def stop(self) -> None:
        """Ask it to end, and wait for it."""
        self._stop_asked.set()
        self.join(timeout=5)
