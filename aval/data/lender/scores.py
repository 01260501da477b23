"""External scores and bureau enquiries: what third parties say of an applicant, with noise and gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aval.data.lender.bureau import Bureau
from aval.data.lender.draws import Floats, curve, mixed
from aval.data.lender.drift import Drift, strength
from aval.data.lender.households import Households
from aval.data.lender.state import State

FIRST: Final = (
    (0, 0.0150),
    (0.01, 0.081),
    (0.05, 0.160),
    (0.1, 0.212),
    (0.25, 0.331),
    (0.5, 0.508),
    (0.75, 0.675),
    (0.9, 0.789),
    (0.95, 0.836),
    (0.99, 0.893),
    (1, 0.951),
)
SECOND: Final = (
    (0, 0.0),
    (0.01, 0.030),
    (0.05, 0.134),
    (0.1, 0.217),
    (0.25, 0.390),
    (0.5, 0.565),
    (0.75, 0.664),
    (0.9, 0.722),
    (0.95, 0.748),
    (0.99, 0.783),
    (1, 0.855),
)
THIRD: Final = (
    (0, 0.0005),
    (0.01, 0.062),
    (0.05, 0.154),
    (0.1, 0.224),
    (0.25, 0.369),
    (0.5, 0.533),
    (0.75, 0.669),
    (0.9, 0.749),
    (0.95, 0.786),
    (0.99, 0.835),
    (1, 0.896),
)
"""Distribution of each score (quantile, value), as in the real tables."""
GRANTED: Final = 0.24
"""The curves hold among the granted, who score higher than all who ask, in standard deviations."""
FIRST_MISSING: Final = 0.56
SECOND_MISSING: Final = 0.0021
THIRD_MISSING: Final = 0.065
"""Among applicants a bureau knows; those it does not know have no third score (20 % in all, RECIPES)."""
THIRD_GRID: Final = 0.008
"""The third score comes in steps: a few hundred distinct values."""


@dataclass(frozen=True, slots=True)
class Scores:
    """External scores (NaN where missing), the noise-free ranks behind them, and the enquiries."""

    first: Floats
    second: Floats
    third: Floats
    enquiries: dict[str, Floats]


def draw_scores(
    rng: np.random.Generator, people: Households, state: State, bureau: Bureau, drift: Drift | None
) -> Scores:
    """Three views: of the person, of the household's means, of the behaviour the bureau sees."""
    size = len(people)
    woman = np.where(people.male, -1.39, 0.72)
    first = mixed(
        ((0.50, people.z_age), (0.12, woman), (0.08, people.schooling), (0.44, state.willingness), (0.35, state.level)),
        rng,
    )
    second = mixed(
        (
            (0.40, state.ability_now),
            (0.40, state.willingness),
            (0.08, people.income_residual),
            (0.10, people.wealth),
            (0.08, people.schooling),
        ),
        rng,
    )
    trouble = np.log1p(bureau.arrears) / 0.55 - 0.6
    weight_of_debt = np.clip(np.log1p(bureau.debt / people.income) - 0.6, -0.6, 1.8) / 0.6
    third = mixed(
        (
            (-0.24, trouble),
            (-0.16, weight_of_debt),
            (-0.12, np.clip(bureau.recent - 1.1, -1, 4) / 1.2),
            (0.36, state.ability_now),
            (0.32, state.willingness),
            (0.05, people.z_age),
        ),
        rng,
    )
    third = np.round(third / THIRD_GRID) * THIRD_GRID
    outage = strength(people.day, drift, Drift.BUREAU_OUTAGE)
    unseen = ~bureau.known & (rng.random(size) < 0.97)
    lost = rng.random(size) < THIRD_MISSING + 0.45 * outage
    asked = _enquiries(rng, people, state, bureau, unseen | (rng.random(size) < 0.35 * outage))
    return Scores(
        first=np.where(rng.random(size) < FIRST_MISSING, np.nan, curve(first - GRANTED, FIRST)),
        second=np.where(rng.random(size) < SECOND_MISSING, np.nan, curve(second - GRANTED, SECOND)),
        third=np.where(unseen | lost, np.nan, curve(third - GRANTED, THIRD)),
        enquiries=asked,
    )


def _enquiries(
    rng: np.random.Generator,
    people: Households,
    state: State,
    bureau: Bureau,
    unseen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> dict[str, Floats]:
    """Enquiries of other lenders by window before the application, each without the shorter ones."""
    busy = np.exp(-0.12 * state.ability_now + 0.10 * np.minimum(bureau.recent, 4) - 0.12) * rng.gamma(
        2.0, 0.5, len(people)
    )
    means = {"HOUR": 0.006, "DAY": 0.007, "WEEK": 0.035, "MON": 0.27, "QRT": 0.27, "YEAR": 1.9}
    return {window: np.where(unseen, np.nan, rng.poisson(mean * busy)) for window, mean in means.items()}
