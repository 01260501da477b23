"""What may be trained: a plan's candidates, each fitted by its learner and read back after the fit."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from aval.errors import PlanError
from aval.model.encoding import Encoding
from aval.model.scorer import Scorer

Setting = float | int | bool | str

BLEND: Final = "blend"
"""Named like a learner, but it learns from other candidates, not from rows."""

_STOPPING: Final = frozenset(("early_stopping_round", "early_stopping_rounds"))
"""What LightGBM and XGBoost call it."""

_RESAMPLING: Final = "resampling."

LEARNERS: Final = ("lightgbm", "logistic", "xgboost", "forest", "scorecard", "additive")
"""Each a module of `learners/` under its name."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a plan: a learner and its settings, under the learner's own parameter names."""

    name: str
    learner: str
    parameters: Mapping[str, Setting]
    design: Mapping[str, Setting] | None = None
    """How features become a dense matrix, for a learner that knows neither gaps nor categories; see `Layout`."""
    resampling: Mapping[str, Setting] | None = None
    """How training rows are drawn anew inside the folds; see `resampling`."""
    of: tuple[str, ...] = ()
    """The candidates of the same plan that a `blend` is made of."""
    axes: Mapping[str, tuple[Setting, ...]] = field(default_factory=dict)
    """Settings to search over: a parameter's name, or `resampling.` and one of its entries -> the values to try."""

    def check(self, plan: str | Path) -> None:
        """Every setting, also of the axes, must be one that is known by exactly this name.

        Raises:
            PlanError: says which setting, and the nearest known name.
        """
        from aval.model import design, resampling

        if self.learner == BLEND:
            if len(set(self.of)) < max(2, len(self.of)):
                raise PlanError(plan, f"{self.name}: a blend is of two candidates or more", "name them in `of`")
            if self.parameters or self.design or self.resampling or self.axes:
                raise PlanError(plan, f"{self.name}: a blend has no settings", "leave them out")
            return
        if self.of:
            raise PlanError(plan, f"{self.name}: only a blend is `of` others", "leave it out")
        learner(self, plan).check(self, plan)
        if self.design is not None:
            design.Layout.of(self.design, plan, self.name)
        if self.resampling is not None:
            if self.design is None:
                raise PlanError(plan, f"{self.name}: resampling needs a dense matrix", "state [candidates.design]")
            resampling.check(self.resampling, plan, self.name)
            if self.stops:
                # Resampled rows shift every probability: on rows as they are, more trees always look better.
                what = f"{self.name}: early stopping would judge what resampling shifted"
                raise PlanError(plan, what, "state the number of trees instead")
        for axis, values in self.axes.items():
            if not values:
                raise PlanError(plan, f"{self.name}: the axis {axis} has no values", "list what to try")
            if axis.startswith(_RESAMPLING) and self.resampling is None:
                raise PlanError(
                    plan, f"{self.name}: the axis {axis} has nothing to act on", "state [candidates.resampling]"
                )
            for value in values:
                replace(self.set({axis: value}), axes={}).check(plan)

    @property
    def stops(self) -> bool:
        """Whether rows left out say when it has grown enough; otherwise it grows as far as the plan states."""
        return not _STOPPING.isdisjoint(self.parameters)

    def set(self, settings: Mapping[str, Setting]) -> "Candidate":
        """The candidate with other settings, named as axes are."""
        own = {name: value for name, value in settings.items() if not name.startswith(_RESAMPLING)}
        drawn = {name.removeprefix(_RESAMPLING): value for name, value in settings.items() if name not in own}
        again = {**(self.resampling or {}), **drawn} if drawn else self.resampling
        return replace(self, parameters={**self.parameters, **own}, resampling=again)


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
        device: str = "cpu",
        advance: Callable[[int], None] | None = None,
        plan: str | Path = "plan",
    ) -> Fit:
        """Learn from `rows`; where the form grows, `size` parts, or until `held` rows stop getting better.

        `device` is `cpu` or `cuda`, for those who can use it; what they leave behind decides on a processor.

        Raises:
            PlanError: the learner refuses a setting, or learned with another one than the plan states.
        """
        ...


def learner(candidate: Candidate, plan: str | Path) -> Learner:
    """The module a candidate is fitted by. Raises PlanError where there is none of that name."""
    if candidate.learner not in LEARNERS:
        what = f"{candidate.name}: unknown learner {candidate.learner!r}"
        raise PlanError(plan, what, f"use {', '.join((*LEARNERS, BLEND))}")
    return cast("Learner", import_module(f"aval.model.learners.{candidate.learner}"))


def fit(
    candidate: Candidate,
    rows: Rows,
    held: Rows | None = None,
    *,
    size: int | None = None,
    seed: int = 0,
    threads: int = 2,
    device: str = "cpu",
    advance: Callable[[int], None] | None = None,
    plan: str | Path = "plan",
) -> Fit:
    """Learn from `rows`: design matrix, resampling and learner, none of which has seen any other row.

    Raises:
        PlanError: see `Learner.fit`, and what `Layout` and `resample` refuse.
    """
    form = learner(candidate, plan)
    ways: dict[str, Any] = {"size": size, "seed": seed, "threads": threads, "device": device}
    ways |= {"advance": advance, "plan": plan}
    if candidate.design is None:
        return form.fit(candidate, rows, held, **ways)
    from aval.model.design import Design, Designed, Layout
    from aval.model.resampling import resample

    design = Design.fit(Layout.of(candidate.design, plan, candidate.name), rows)
    dense = design.rows(rows)
    learned = {f"design.{name}": str(value) for name, value in candidate.design.items()}
    if candidate.resampling is not None:
        dense = resample(candidate.resampling, dense, seed, plan, candidate.name)
        learned |= {f"resampling.{name}": str(value) for name, value in candidate.resampling.items()}
    bad = int(dense.target.sum())
    learned |= {"fitted_payers": str(len(dense.target) - bad), "fitted_defaulters": str(bad)}
    found = form.fit(candidate, dense, None if held is None else design.rows(held), **ways)
    return Fit(Designed(design, found.scorer, len(rows.encoding.features), learned), found.losses)


def known_only(candidate: Candidate, known: Iterable[str], whose: str, plan: str | Path) -> None:
    """Raises PlanError for a parameter that is none of `known`, with the nearest of them."""
    for name, value in candidate.parameters.items():
        if name not in known:
            raise PlanError(plan, f"{candidate.name}: {whose} has no parameter {name!r}", nearest(name, known))
        if not isinstance(value, float | int | bool | str):
            raise PlanError(plan, f"{candidate.name}: {name} is not a number or a word", "state one value")


def nearest(name: str, known: Iterable[str]) -> str:
    """The remedy for a name that is not known."""
    same = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.strip().lower(), list(same), 1)
    return f"did you mean {same[found[0]]!r}" if found else "leave it out"


def agree(plan: str | Path, candidate: Candidate, asked: Mapping[str, Setting], used: Mapping[str, str]) -> None:
    """What a library wrote down must be what was asked for. Raises PlanError where it bent a setting."""
    for name, value in asked.items():
        written = used.get(name)
        if written is not None and not _same(value, written):
            raise PlanError(
                plan,
                f"{candidate.name}: {name} = {value} was asked for, {written} was used",
                "state a value it accepts",
            )


def _same(value: Setting, written: str) -> bool:
    if isinstance(value, str):
        return value == written
    try:
        return abs(float(written) - float(value)) <= 1e-6 * max(1.0, abs(float(value)))
    except ValueError:
        return False
