"""What a model must show before it may decide: cost, calibration, and the same numbers on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from aval.credit.policy import Cost, Policy
from aval.data.tables import KEY, TARGET
from aval.errors import RegistryError
from aval.features.build import build
from aval.model.calibration import line
from aval.model.evaluation import PER, paired_cost, row_costs
from aval.model.interval import Floats, Interval, bootstrap_mean
from aval.model.model import Model
from aval.model.ranking import auc
from aval.model.split import Ids

if TYPE_CHECKING:
    from aval.data.warehouse import Warehouse

_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Figures:
    """One model on those rows."""

    cost: Interval
    """Per 1000 applicants at the policy's cut-off."""
    auc: Interval
    slope: Interval | None
    """The calibration line's; None when there is no finite one."""

    @classmethod
    def of(cls, target: Floats, probability: Floats, cost: Cost) -> "Figures":
        """Measured as an evaluation does."""
        fitted = line(target, probability)
        paid = bootstrap_mean(row_costs(target, probability, cost), PER)
        return cls(paid, auc(target, probability), None if fitted is None else fitted.slope)

    def facts(self, of: str) -> Mapping[str, str]:
        """What to write down under a name."""
        return {
            f"gate_{of}_cost": _said(self.cost, ".2f"),
            f"gate_{of}_auc": _said(self.auc, ".4f"),
            f"gate_{of}_slope": "none" if self.slope is None else _said(self.slope, ".3f"),
        }


@dataclass(frozen=True, slots=True)
class Gates:
    """What was measured, on rows that neither model learned from."""

    rows: int
    cost: Interval | None
    """Per 1000 applicants, the challenger's minus the champion's on the same rows; None without a champion."""
    slope: Interval | None
    """The challenger's calibration line; 1 when calibrated, None when there is no finite one."""
    tolerance: float
    """How far from 1 the policy lets the slope lie."""
    golden: bool
    """Whether the golden rows give the stored probabilities, bit for bit."""
    barred: tuple[str, ...] = ()
    """Protected grounds it looks at although the policy bars them."""
    challenger: Figures | None = None
    champion: Figures | None = None
    """None without one."""

    @property
    def failed(self) -> tuple[str, ...]:
        """Each gate that stays shut, with its figures."""
        shut = []
        if self.cost is not None and self.cost.low > 0.0:
            shut.append(f"it costs {_said(self.cost, '+.1f')} per 1000 applicants more than the champion")
        if self.slope is None:
            shut.append("its probabilities have no calibration line")
        elif abs(self.slope.value - 1.0) > self.tolerance and not self.slope.holds(1.0):
            shut.append(f"its calibration slope is {_said(self.slope, '.2f')}, further from 1 than {self.tolerance}")
        if not self.golden:
            shut.append("its golden rows do not give the stored probabilities here")
        if self.barred:
            shut.append(f"it looks at {' and '.join(self.barred)}, which the policy bars")
        return tuple(shut)

    def require(self, version: str) -> None:
        """Raises RegistryError with the figures of every gate that stays shut."""
        if self.failed:
            raise RegistryError(
                f"version {version} is not promoted: on {self.rows:,} untouched applications {'; '.join(self.failed)}",
                "keep the champion, or train again",
            )

    def facts(self) -> Mapping[str, str]:
        """What to write down beside a promotion."""
        return {
            "gate_rows": str(self.rows),
            "gate_cost": "no champion" if self.cost is None else _said(self.cost, "+.2f"),
            "gate_slope": "none" if self.slope is None else _said(self.slope, ".3f"),
            "gate_golden": "reproduced" if self.golden else "differ",
            **(self.challenger.facts("challenger") if self.challenger else {}),
            **(self.champion.facts("champion") if self.champion else {}),
        }


def examine(challenger: Model, champion: Model | None, warehouse: "Warehouse", policy: Policy) -> Gates:
    """Hold a challenger against the champion on the warehouse's test part, features computed anew for each.

    Raises:
        FeatureError: this code no longer computes the features of one of them.
        RegistryError: their plans leave no rows that neither has learned from.
    """
    ids = challenger.test_ids(warehouse)
    for model in (challenger, *([champion] if champion else [])):
        # Two plans draw their test parts differently, and so does one plan on newer tables without dates: what one
        # keeps apart today, the other may have learned from.
        ids = ids[~model.learned(ids)]
    labels = warehouse.labels()
    target = labels.filter(labels[KEY].is_in(ids.tolist()))[TARGET].to_numpy().astype(np.float64)
    if not len(ids) or target.min() == target.max():
        raise RegistryError("the two models share no untouched applications", "train both with the same [data]")
    mine, theirs = _scored([challenger, *([champion] if champion else [])], warehouse, ids)
    figures = Figures.of(target, mine, policy.cost)
    return Gates(
        rows=len(ids),
        cost=None if theirs is None else paired_cost(target, mine, theirs, policy.cost),
        slope=figures.slope,
        tolerance=policy.limits.slope,
        golden=challenger.reproduces(),
        barred=tuple(sorted(challenger.grounds & set(policy.barred))),
        challenger=figures,
        champion=None if theirs is None else Figures.of(target, theirs, policy.cost),
    )


def _scored(models: list[Model], warehouse: "Warehouse", ids: Ids) -> tuple[Floats, Floats | None]:
    """Probabilities of each model for the same applicants, read once."""
    sets = [model.feature_set() for model in models]
    found: list[list[Floats]] = [[] for _ in models]
    for dossiers in warehouse.stream(_AT_ONCE, ids):
        for model, features, parts in zip(models, sets, found, strict=True):
            parts.append(model.probability(model.matrix(build(dossiers, features))))
    scored = [np.concatenate(parts) for parts in found]
    return scored[0], scored[1] if len(scored) > 1 else None


def _said(interval: Interval, form: str) -> str:
    return f"{interval.value:{form}} ({interval.low:{form}} to {interval.high:{form}})"
