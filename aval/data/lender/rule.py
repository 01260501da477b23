"""How the lender decides: a scorecard with a cut-off, and a limit on monthly dues.

The same rule decides the earlier applications, the month they are made, and the current one. It sees what a lender
sees: an enquiry at the bureau (a noisy view of the household's health), late payments so far, age, dues and income.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from aval.data.lender.draws import Flags, Floats, Ints, choose

REASONS: Final = ("XAP", "HC", "LIMIT", "SCO", "SCOFR", "XNA", "VERIF", "SYSTEM")
"""Granted; hard check; dues too high for the income; score; fraud score; not told; not verified; system."""
CUT_OFF: Final = -0.72
"""Points below which an earlier application is refused: 15 % of them are, where the real tables have 17 %."""
CUT_OFF_NOW: Final = -2.02
"""Points below which a current application is refused: about one in eleven."""
DUES_LIMIT: Final = 0.46
"""Largest share of the income that this lender's monthly dues may take."""
LATE_POINTS: Final = -0.30
"""Points for each unit of log(1 + number of late payments so far)."""


def points(view: Floats, z_age: Floats, late_payments: Floats, dues_share: Floats) -> Floats:
    """The scorecard; higher is better, 0 is about average."""
    dues = -1.1 * np.clip(dues_share - 0.18, -0.15, 0.4)
    return np.asarray(0.62 * view + 0.16 * z_age + LATE_POINTS * np.log1p(late_payments) + dues, np.float64)


def decide(
    rng: np.random.Generator, score: Floats, dues_share: Floats, known_client: Flags, cut_off: float = CUT_OFF
) -> Ints:
    """A reason code per application: 0 grants it."""
    size = len(score)
    told = choose(rng, (0.80, 0.14, 0.045, 0.015), size)  # how a low score is worded
    low = np.choose(told, [np.where(known_client, 1, 3), np.full(size, 3), np.full(size, 4), np.full(size, 5)])
    odd = np.where(rng.random(size) < 0.0022, 6, np.where(rng.random(size) < 0.0003, 7, 0))
    return np.where(score < cut_off, low, np.where(dues_share > DUES_LIMIT, 2, odd)).astype(np.int64)
