"""What may be trained: a plan's candidates, each fitted by its learner and read back after the fit."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from aval.errors import PlanError
from aval.model.encoding import Encoding
from aval.model.scorer import Scorer

Setting = float | int | bool | str

LEARNERS: Final = ("lightgbm",)
"""Each a module of `learners/` under its name."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a plan: a learner and its settings, under the learner's own parameter names."""

    name: str
    learner: str
    parameters: Mapping[str, Setting]

    def check(self, plan: str | Path) -> None:
        """Every setting must be one the learner knows by exactly this name.

        Raises:
            PlanError: says which setting, and the nearest known name.
        """
        learner(self, plan).check(self, plan)


@dataclass(frozen=True, slots=True)
class Rows:
    """Encoded training rows: `matrix` (n, k) in single precision, `target` (n,), and what the columns are."""

    matrix: npt.NDArray[np.float32]
    target: npt.NDArray[np.float64]
    encoding: Encoding

    @property
    def categories(self) -> tuple[int, ...]:
        """Columns whose values are positions of levels."""
        return tuple(k for k, name in enumerate(self.encoding.features) if name in self.encoding.levels)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted form, and its loss on the held-out rows after each of its parts (empty where it does not grow)."""

    scorer: Scorer
    losses: npt.NDArray[np.float64]


class Learner(Protocol):
    """What a module of `learners/` offers."""

    def check(self, candidate: Candidate, plan: str | Path) -> None:
        """Raises PlanError for a setting it does not know by exactly this name."""
        ...

    def most(self, candidate: Candidate) -> int:
        """How many parts a fit grows at the latest, for its progress."""
        ...

    def fit(
        self,
        candidate: Candidate,
        rows: Rows,
        held: Rows | None = None,
        *,
        size: int | None = None,
        seed: int = 0,
        threads: int = 2,
        advance: Callable[[int], None] | None = None,
        plan: str | Path = "plan",
    ) -> Fit:
        """Learn from `rows`; where the form grows, `size` parts, or until `held` rows stop getting better.

        Raises:
            PlanError: the learner refuses a setting, or learned with another one than the plan states.
        """
        ...


def learner(candidate: Candidate, plan: str | Path) -> Learner:
    """The module a candidate is fitted by. Raises PlanError where there is none of that name."""
    if candidate.learner not in LEARNERS:
        what = f"{candidate.name}: unknown learner {candidate.learner!r}"
        raise PlanError(plan, what, f"use {' or '.join(LEARNERS)}")
    return cast("Learner", import_module(f"aval.model.learners.{candidate.learner}"))


def nearest(name: str, known: Iterable[str]) -> str:
    """The remedy for a name that is not known."""
    found = difflib.get_close_matches(name.strip(), list(known), 1)
    return f"did you mean {found[0]!r}" if found else "leave it out"
