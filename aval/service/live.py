"""What decides now: the champion under the policy, swapped whole when the registry names another."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import structlog

from aval.credit.policy import Policy
from aval.errors import AvalError, PolicyError, RegistryError
from aval.model.model import Model
from aval.model.registry import CHALLENGER, CHAMPION, Registry
from aval.service.decide import Decider

SLOWEST_MS: Final = 50.0
"""A model that takes longer for one row, features aside, does not decide while someone waits."""

_TRIALS: Final = 20


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
    ) -> None:
        """`swapped` is told of each new champion and the version before it, before it decides anything."""
        self.registry, self.policy = registry, policy
        self._swapped, self._on = swapped, on
        self._champion: Serving | None = None
        self._challenger: Serving | None = None
        self._refused: dict[str, str] = {}
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
        """Follow the registry's aliases; returns whether something was swapped. Never raises for a registry's sake."""
        with self._lock:
            try:
                wanted = self.registry.aliases()
            except Exception as problem:
                self._complain("the registry is away", problem)
                return False
            before, after = self._champion, self._follow(self._champion, wanted.get(CHAMPION))
            if after is not before and after is not None:
                if self._swapped is not None:
                    self._swapped(after.decider, before.version if before else None)
                self._champion = after
                structlog.get_logger().info("champion", version=after.version, before=before and before.version)
            if before is not None and CHAMPION not in wanted:
                self._complain("the registry names no champion", RegistryError("it did before", "see `aval results`"))
                return False
            shadow = wanted.get(CHALLENGER)
            self._challenger = self._follow(self._challenger, shadow) if shadow else None
            if not self._refused.keys() & set(wanted.values()):
                self.trouble = None
            return after is not before

    def _follow(self, now: Serving | None, version: str | None) -> Serving | None:
        """The wanted version if it stands its trial, else what there was."""
        if version is None or (now is not None and now.version == version) or version in self._refused:
            return now
        try:
            return self.trial(version)
        except AvalError as problem:
            self._refused[version] = str(problem)
            self._complain(f"version {version} was not taken", problem)
        except Exception as problem:  # whatever the registry's storage raises: what decides goes on deciding
            self._complain(f"version {version} could not be loaded", problem)
        return now

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
        decider = Decider(model, number, self.policy, on=self._on())
        if not model.reproduces():
            raise RegistryError(
                f"version {number}: its golden rows do not give the stored probabilities on this machine",
                "install the libraries it was trained with",
            )
        taken = _row_ms(model)
        if taken > SLOWEST_MS:
            raise RegistryError(
                f"version {number} takes {taken:.0f} ms for one row, more than {SLOWEST_MS:.0f}",
                "train a smaller model",
            )
        return Serving(decider, datetime.now(UTC).isoformat(timespec="seconds"), taken)

    def _complain(self, what: str, problem: Exception) -> None:
        said = str(problem) if isinstance(problem, AvalError) else type(problem).__name__
        told = f"{what}: {said}"
        if self.trouble is None or self.trouble.what != told:
            structlog.get_logger().warning("registry", problem=told)
        self.trouble = Trouble(datetime.now(UTC).isoformat(timespec="seconds"), told)


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
    """Calls `refresh` every so often until it is stopped."""

    def __init__(self, refresh: Callable[[], object], seconds: float) -> None:
        super().__init__(name="watcher", daemon=True)
        self._refresh, self._seconds, self._stop_asked = refresh, seconds, threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        while not self._stop_asked.wait(self._seconds):
            self._refresh()

    def stop(self) -> None:
        """Ask it to end, and wait for it."""
        self._stop_asked.set()
        self.join(timeout=5)
