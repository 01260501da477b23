"""How a loan goes bad, and the probability of it: the truth that training never reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aval.data.lender.draws import Flags, Floats, Ints, logistic
from aval.data.lender.state import FADING, State

MONTHS: Final = 12
"""The window in which a default counts."""
BASE: Final = -5.38
"""Log-odds of defaulting in one month for an average household: 8.07 % default in the window (RECIPES)."""
ABILITY: Final = 0.99
WILLINGNESS: Final = 1.19
BURDEN: Final = 0.60
"""Weights of the latent state and of what the household owes, in log-odds."""
SEASONING: Final = np.array([-1.6, -1.0, -0.5, -0.1, 0.1, 0.25, 0.35, 0.4, 0.4, 0.35, 0.3, 0.25])
"""New loans go bad most often from the fourth to the twelfth month."""
OBSERVED_AFTER: Final = (365, 30)
"""Days from application to the known outcome: the window, and up to a month until it is booked."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The probability of default on the day of application, and what came of it."""

    probability: Floats
    default: Flags
    burden: Floats
    observed_after: Ints  # days


def burden_of(
    dues_share: Floats,
    other_dues_share: Floats,
    debt_share: Floats,
    cards_used: Floats,
    cover: Floats,
    revolving: Flags,
) -> Floats:
    """How laden the household is, in standard deviations: this loan, other dues, debt, used cards, insurance."""
    own = (np.clip(dues_share, 0.02, 0.6) - 0.18) / 0.09
    other = np.log1p(6.0 * np.clip(other_dues_share, 0.0, 3.0)) - 0.7
    debt = np.log1p(np.clip(debt_share, 0.0, 20.0)) - 0.75
    total = 0.25 * own + 0.35 * other + 0.35 * debt + 0.9 * (cards_used - 0.2) + 1.6 * (cover - 1.12) - 0.65 * revolving
    return np.asarray(total, np.float64)


def monthly_hazards(state: State, burden: Floats) -> Floats:
    """Chance of default in each month of the window, given the day of application.

    A disturbed ability fades back to the household's own level, so the hazards are known on that day.
    """
    ahead = FADING ** np.arange(1, MONTHS + 1)
    ability = state.level[:, None] + ahead * (state.ability_now - state.level)[:, None]
    latent = -ABILITY * ability - WILLINGNESS * state.willingness[:, None] + BURDEN * burden[:, None]
    return logistic(BASE + SEASONING + latent)


def draw_outcome(rng: np.random.Generator, state: State, burden: Floats) -> Truth:
    """Month after month the hazard strikes or spares; the probability is one minus the chance to be spared."""
    hazards = monthly_hazards(state, burden)
    struck = rng.random(hazards.shape) < hazards
    wait, booking = OBSERVED_AFTER
    return Truth(
        probability=1.0 - np.prod(1.0 - hazards, axis=1),
        default=np.asarray(struck.any(axis=1), np.bool_),
        burden=burden,
        observed_after=wait + rng.integers(0, booking + 1, len(burden)),
    )
