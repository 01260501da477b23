"""The calendar of applications, and what may change in its later months."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import numpy as np

from aval.data.lender.draws import Floats, Ints

LAST_DAY: Final = date(2026, 10, 31)
HORIZON_DAYS: Final = 730
FIRST_DAY: Final = LAST_DAY - timedelta(days=HORIZON_DAYS - 1)
WEEKDAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
WEEKDAY_WEIGHTS: Final = np.array([5029, 5126, 5021, 4895, 4915, 3303, 1624], np.float64)
"""Applications by weekday, as in the real tables."""
DRIFT_FROM: Final = 540
"""The day of the horizon on which a drift sets in: about six months before its end."""
DRIFT_RAMP: Final = 60
"""Days from the first sign of a drift to its full strength."""


class Drift(StrEnum):
    """What changes in the later months."""

    RECESSION = "recession"
    MARKETING = "marketing"
    BUREAU_OUTAGE = "bureau-outage"


_CUMULATED: Final = np.cumsum(WEEKDAY_WEIGHTS[(np.arange(HORIZON_DAYS) + FIRST_DAY.weekday()) % 7])
_EDGES: Final = _CUMULATED / _CUMULATED[-1]


def days_of_application(rng: np.random.Generator, size: int) -> Ints:
    """Days of the horizon, 0 to 729, busier on weekdays."""
    return np.searchsorted(_EDGES, rng.random(size), side="right").astype(np.int64)


def first_unlabelled_day(train_share: float) -> int:
    """The day from which applications have no outcome yet, so that about `train_share` come before it."""
    return int(np.searchsorted(_EDGES, train_share - 1e-9, side="right")) + (train_share >= 1.0)


def strength(day: Ints, drift: Drift | None, wanted: Drift) -> Floats:
    """How far the wanted drift has set in on each day: 0 not at all, 1 in full."""
    if drift is not wanted:
        return np.zeros(len(day))
    return np.clip((day - DRIFT_FROM) / DRIFT_RAMP, 0.0, 1.0)
