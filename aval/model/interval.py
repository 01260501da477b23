"""How sure a measured figure is: a value between the two ends of its 95 % interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aval.credit import rate
from aval.credit.rate import Rate

LEVEL: Final = 0.95
Z: Final = rate.Z

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval, `low <= value <= high` up to the resampling of a bootstrap."""

    value: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether `value` is compatible with the figure."""
        return self.low <= value <= self.high

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Interval":
        """From what `dataclasses.asdict` wrote."""
        return cls(float(stored["value"]), float(stored["low"]), float(stored["high"]))


def wilson(hits: int, rows: int) -> Interval | None:
    """The share `hits / rows` with Wilson's score interval, as `Rate` computes it. None when there are no rows."""
    found = Rate.of(hits, rows)
    return None if found is None else Interval(found.value, found.low, found.high)


def wald(value: float, variance: float, low: float = -math.inf, high: float = math.inf) -> Interval:
    """`value` plus and minus Z standard errors, kept within `low` and `high`."""
    half = Z * math.sqrt(max(variance, 0.0))
    return Interval(value, max(value - half, low), min(value + half, high))


def bootstrap_mean(values: Floats, scale: float = 1.0, seed: int = 0, resamples: int = 1000) -> Interval:
    """The mean of `values` times `scale`, with the percentile interval of `resamples` drawings of all rows.

    Drawing n rows with replacement and counting each distinct value is one multinomial draw: the same
    bootstrap, without touching the rows again. Meant for values that take few distinct amounts, such as
    the cost of a decision.
    """
    distinct, counts = np.unique(values, return_counts=True)
    value = scale * float(np.sum(distinct * counts)) / len(values)
    if len(distinct) == 1:
        return Interval(value, value, value)
    drawn = np.random.default_rng(seed).multinomial(len(values), counts / len(values), size=resamples)
    means = scale * np.sum(drawn * distinct, axis=1) / len(values)
    low, high = np.quantile(means, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Interval(value, float(low), float(high))
