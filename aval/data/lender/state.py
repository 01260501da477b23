"""What nobody sees: the ability and the willingness to pay, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aval.data.lender.draws import Floats, Ints
from aval.data.lender.drift import DRIFT_FROM, DRIFT_RAMP, Drift
from aval.data.lender.households import Households

PERIOD_DAYS: Final = 30
"""Loans fall due every thirty days, as in the real tables; the latent state moves at that pace."""
PERIODS: Final = 98
"""Periods before the application: the eight years that the tables reach back."""
FADING: Final = 0.965
"""Share of a disturbance of the ability that is left after one period: half of it after 20 months."""
DISTURBANCE: Final = 0.70
"""Standard deviation of the moving part of the ability."""
RECESSION_FALL: Final = 0.65
"""How much a recession takes from everybody's ability, in standard deviations."""


@dataclass(frozen=True, slots=True)
class State:
    """Latent state of each applicant; 0 is average, 1 is one standard deviation better."""

    level: Floats  # the ability a household returns to
    ability: Floats  # applicants x (PERIODS + 1); the last column is the day of application
    willingness: Floats

    @property
    def ability_now(self) -> Floats:
        """The ability on the day of application."""
        return np.asarray(self.ability[:, -1], np.float64)

    def at_month(self, month: int) -> Floats:
        """The ability in a calendar month counted back from the application (0, -1, ... -96)."""
        return np.asarray(self.ability[:, PERIODS + round(month * 30.4375 / PERIOD_DAYS)], np.float64)


def period_of(day: Ints) -> Ints:
    """The period that holds a day before the application (day -1 is in the last one)."""
    return np.clip(PERIODS + day // PERIOD_DAYS, 0, PERIODS).astype(np.int64)


def draw_state(rng: np.random.Generator, people: Households, drift: Drift | None) -> State:
    """Both traits lean on what can be seen of a household, and are mostly their own."""
    size = len(people)
    at_parents = people.housing == 1
    willingness = (
        0.29 * people.z_age
        + 0.42 * (0.34 - people.male)
        + 0.13 * people.schooling
        + 0.12 * (people.family == 0)
        - 0.15 * at_parents
        + 0.05 * people.realty
        + 0.84 * rng.standard_normal(size)
    )
    level = (
        0.16 * people.schooling
        + 0.18 * people.tenure * ~people.pensioner
        + 0.12 * people.pensioner
        + 0.14 * people.income_residual
        + 0.55 * (people.skill - 0.45)
        + 0.20 * people.wealth
        + 0.30 * (people.income_type == 2)
        + 0.15 * (people.income_type == 1)
        + 0.10 * people.z_age
        - 0.05 * people.children
        + 0.60 * rng.standard_normal(size)
    )
    ability = np.empty((size, PERIODS + 1))
    moving = DISTURBANCE * rng.standard_normal(size)
    kick = DISTURBANCE * np.sqrt(1.0 - FADING**2)
    for period in range(PERIODS + 1):
        ability[:, period] = level + moving
        moving = FADING * moving + kick * rng.standard_normal(size)
    if drift is Drift.RECESSION:
        ago = PERIOD_DAYS * (PERIODS - np.arange(PERIODS + 1))
        when = people.day[:, None] - ago[None, :]
        ability -= RECESSION_FALL * np.clip((when - DRIFT_FROM) / DRIFT_RAMP, 0.0, 1.0)
    return State(level=level, ability=ability, willingness=willingness)
