"""Credits with other lenders, as the credit bureau reports them, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from aval.data.lender.draws import MONTH_DAYS, Flags, Floats, Ints, choose, logistic, words
from aval.data.lender.drift import Drift, strength
from aval.data.lender.households import Households
from aval.data.lender.state import State

MONTHS: Final = 97
"""Months 0 to -96: as far back as a bureau reports."""
NEGATIVE_BINOMIAL: Final = (1.4, 4.85)
"""Shape and mean of the number of credits beyond the first: 5.6 per applicant that has any (RECIPES)."""
KNOWN: Final = 1.28
"""Log-odds of being known to a bureau; about 14 % are not (RECIPES)."""
MONTHLY_REPORTED: Final = 0.46
"""Share of applicants whose bureau sends monthly statuses (RECIPES: fewer than half of the credits)."""
OPENED: Final = (
    (0.0, -2.0),
    (0.05, -82.0),
    (0.25, -430.0),
    (0.5, -990.0),
    (0.75, -1680.0),
    (0.95, -2570.0),
    (1.0, -2922.0),
)
TYPES: Final = (
    "Consumer credit",
    "Credit card",
    "Car loan",
    "Mortgage",
    "Microloan",
    "Loan for business development",
    "Another type of loan",
    "Unknown type of loan",
    "Loan for working capital replenishment",
    "Cash loan (non-earmarked)",
)
TYPE_SHARES: Final = (0.727, 0.234, 0.016, 0.0105, 0.0088, 0.0011, 0.0005, 0.0003, 0.0003, 0.0002)
TERMS: Final = np.array([4, 6, 10, 12, 18, 24, 36, 48, 60])
TERM_SHARES: Final = (0.07, 0.17, 0.10, 0.26, 0.06, 0.15, 0.11, 0.03, 0.05)

MISS_AT: Final = 2.02
"""Strain, in standard deviations, beyond which a month's instalment is missed."""
FALL_BACK: Final = 0.62
"""Strain is that much higher in the month after a missed one: arrears beget arrears."""


@dataclass(frozen=True, slots=True)
class Bureau:
    """What one block's applicants owe elsewhere, as tables and as measures that other mechanisms read."""

    credits: pl.DataFrame
    balance: pl.DataFrame
    known: Flags  # per applicant
    dues: Floats  # monthly dues of running credits, per applicant
    debt: Floats
    arrears: Floats  # recency-weighted months in arrears, per applicant
    recent: Floats  # credits opened in the last year
    used: Floats  # use of card limits, 0 to 1; 0 without a card


@dataclass(frozen=True, slots=True)
class _Credits:
    """One value per credit."""

    owner: Ints
    kind: Ints
    opened: Ints
    term: Floats  # days
    closed: Ints  # day; 1 while it runs
    amount: Floats

    def __len__(self) -> int:
        return len(self.owner)


def _draw_credits(rng: np.random.Generator, people: Households, state: State, known: Flags) -> _Credits:
    """Strained households have borrowed more recently; richer ones borrow more."""
    shape, mean = NEGATIVE_BINOMIAL
    busy = (
        mean
        * np.exp(0.10 * people.income_residual - 0.05)
        * np.interp(people.age, [21, 27, 45, 69], [0.45, 0.95, 1.08, 0.9])
    )
    counts = np.where(known, 1 + rng.negative_binomial(shape, shape / (shape + busy)), 0)
    owner = np.repeat(np.arange(len(people)), counts)
    size = len(owner)
    pull = 0.17 * (-state.ability_now[owner]) + 0.11 * (-people.z_age[owner])
    at, day = zip(*OPENED, strict=True)
    opened = np.interp(ndtr(rng.standard_normal(size) - pull), at, day).astype(np.int64)
    kind = choose(rng, TYPE_SHARES, size)
    months = TERMS[choose(rng, TERM_SHARES, size)].astype(np.float64)
    months = np.select(
        [kind == 1, kind == 2, kind == 3, kind == 4],
        [
            rng.choice([36.0, 48.0, 60.0, 90.0], size),
            rng.choice([36.0, 60.0, 84.0], size),
            rng.choice([120.0, 180.0, 240.0], size),
            rng.choice([1.0, 2.0, 6.0, 12.0], size),
        ],
        months,
    )
    term = months * MONTH_DAYS + rng.integers(-6, 7, size)
    log_amount = (
        11.40
        + 0.72 * np.log(months / 12.0)
        + 0.42 * (np.log(people.income[owner]) - 11.9)
        + np.select([kind == 1, kind == 2, kind == 3, kind == 4], [-0.82, 1.35, 1.5, -1.0], 0.0)
        + 0.75 * rng.standard_normal(size)
    )
    amount = np.round(np.exp(log_amount) / 4.5) * 4.5
    amount = np.where((kind == 1) | (rng.random(size) < 0.45), np.round(amount / 4500) * 4500, amount)
    early = np.where(rng.random(size) < 0.46, rng.beta(1.6, 1.1, size), 1.0)
    life = np.where(
        kind == 1,
        rng.exponential(1900.0, size) + 60,
        np.where(kind == 3, term * rng.beta(1.4, 1.2, size), term * early),
    ).astype(np.int64)
    closed = np.where(opened + np.maximum(life, 5) < 0, opened + np.maximum(life, 5), 1)
    return _Credits(owner, kind, opened, term, closed, np.maximum(amount, 0.0))


def _pay(rng: np.random.Generator, state: State, loans: _Credits) -> NDArray[np.int8]:
    """Instalments in arrears (0 to 5) of each credit in each month; -1 where it does not run."""
    size = len(loans)
    habit = rng.standard_normal(size)
    owed = np.zeros(size, np.int8)
    history = np.full((size, MONTHS), -1, np.int8)
    will = state.willingness[loans.owner]
    first = np.floor(loans.opened / MONTH_DAYS).astype(np.int64)
    last = np.where(loans.closed < 0, np.floor(loans.closed / MONTH_DAYS).astype(np.int64), 0)
    for month in range(-MONTHS + 1, 1):
        rows = np.flatnonzero((first <= month) & (month <= last))
        strain = (
            -0.56 * state.at_month(month)[loans.owner[rows]]
            - 0.46 * will[rows]
            + 0.25 * habit[rows]
            + 0.64 * rng.standard_normal(len(rows))
        )
        before = owed[rows]
        settles = (loans.closed[rows] < 0) & (last[rows] == month)  # the last payment clears all arrears
        missed = (strain + FALL_BACK * (before > 0) > MISS_AT) & (first[rows] < month) & ~settles
        cured = settles | (~missed & (rng.random(len(rows)) < 0.88))
        now = np.where(missed, np.minimum(before + 1, 5), np.where(cured, 0, before)).astype(np.int8)
        owed[rows] = now
        history[rows, month + MONTHS - 1] = now
    return history


def simulate_bureau(
    rng: np.random.Generator, people: Households, state: State, drift: Drift | None, first_id: int, who: Ints
) -> Bureau:
    """Credits and monthly statuses of one block; `who` holds the SK_ID_CURR of each applicant."""
    size = len(people)
    outage = strength(people.day, drift, Drift.BUREAU_OUTAGE)
    odds = KNOWN + 0.55 * state.willingness + 0.25 * state.level + 0.6 * np.clip((people.age - 24) / 12, 0, 1)
    known = (rng.random(size) < logistic(odds)) & (rng.random(size) >= 0.35 * outage)
    loans = _draw_credits(rng, people, state, known)
    history = _pay(rng, state, loans)
    closed = loans.closed
    count = len(loans)
    active = closed >= 0
    owner, kind = loans.owner, loans.kind
    ids = first_id + np.arange(count)

    late = history > 0
    weight = np.exp(np.arange(-MONTHS + 1, 1) / 18.0)
    arrears = _sums(owner, (late * np.minimum(history, 3)) @ weight, size)
    elapsed = np.clip(-loans.opened / loans.term, 0.0, 1.0)
    ability = state.ability_now[owner]
    use = logistic(-0.35 - 1.0 * ability - 0.40 * state.willingness[owner] + 0.9 * rng.standard_normal(count))
    idle = rng.random(count) < logistic(-0.45 + 0.45 * ability)
    used = np.where(idle, 0.0, use)
    left = np.where(elapsed < 1.0, 1.0 - elapsed, 0.06) ** 0.9
    debt = np.where(active, loans.amount * np.where(kind == 1, used, left), 0.0)
    months = loans.term / MONTH_DAYS
    instalment = np.where(kind == 1, 0.05 * debt, loans.amount / months * (1 + 0.009 * months))
    owed_now = np.where(active, np.maximum(history[:, -1], 0), 0).astype(np.int64)
    overdue = np.where(owed_now > 0, instalment * owed_now * 0.8, 0.0)
    days_overdue = np.where(owed_now > 0, owed_now * 30 - rng.integers(0, 29, count), 0)
    days_overdue = np.where((owed_now == 5) & (rng.random(count) < 0.5), rng.integers(150, 2400, count), days_overdue)
    days_overdue = np.minimum(days_overdue, np.maximum(-loans.opened - 20, 0))
    overdue = np.where(days_overdue > 0, overdue, 0.0)
    usual = np.where(kind == 1, 0.05 * loans.amount * np.maximum(use, 0.2), instalment).clip(10.0)
    worst = history.max(axis=1).astype(np.int64)
    told = rng.random(count) < np.where(worst > 0, 0.75, 0.23)
    worst_amount = np.where(
        told, np.where(worst > 0, usual * np.minimum(worst, 3) * rng.uniform(0.4, 1.0, count), 0.0), np.nan
    )

    card = active & (kind == 1)
    cards = _sums(owner, card, size)
    measures = {
        "dues": _sums(owner, np.where(active, np.minimum(instalment, debt), 0.0), size),
        "debt": _sums(owner, debt, size),
        "recent": _sums(owner, loans.opened > -365, size),
        "used": _sums(owner, np.where(card, used, 0.0), size) / np.maximum(cards, 1),
    }

    fact = np.where(active, np.nan, closed.astype(np.float64))
    end = np.where(
        rng.random(count) < np.select([kind == 1, kind == 4], [0.20, 0.5], 0.011),
        np.nan,
        loans.opened + np.round(loans.term),
    )
    end = np.where((kind == 1) & (rng.random(count) < 0.09), 31_000.0 - rng.integers(0, 900, count), end)
    lag = np.where(rng.random(count) < 0.55, rng.integers(0, 5, count), rng.exponential(420.0, count))
    update = np.where(active, -rng.gamma(1.1, 28.0, count), np.minimum(closed + lag, -1.0))
    update = np.clip(update, np.where(active, loans.opened, -2922), 0).astype(np.int64)
    limit = np.where(
        rng.random(count) < np.where(kind == 1, 0.30, 0.375),
        np.nan,
        np.where(active & (kind == 1) & (rng.random(count) < 0.42), np.round(loans.amount - debt, 2), 0.0),
    )
    sold = ~active & (rng.random(count) < np.where(worst >= 3, 0.12, 0.002))
    debt_told = rng.random(count) >= np.where(active, 0.118, 0.168)
    frame = pl.DataFrame(
        {
            "SK_ID_CURR": who[owner],
            "SK_ID_BUREAU": ids,
            "CREDIT_ACTIVE": words(
                ["Closed", "Active", "Sold", "Bad debt"], np.where(sold, 2, active.astype(np.int64))
            ),
            "CREDIT_CURRENCY": words(
                ["currency 1", "currency 2", "currency 3"], choose(rng, (0.9992, 0.0007, 0.0001), count)
            ),
            "DAYS_CREDIT": loans.opened,
            "CREDIT_DAY_OVERDUE": days_overdue.astype(np.int64),
            "DAYS_CREDIT_ENDDATE": end,
            "DAYS_ENDDATE_FACT": fact,
            "AMT_CREDIT_MAX_OVERDUE": np.round(worst_amount, 3),
            "CNT_CREDIT_PROLONG": np.where(
                rng.random(count) < 0.005 + 0.004 * worst, 1 + (rng.random(count) < 0.15), 0
            ).astype(np.int64),
            "AMT_CREDIT_SUM": loans.amount,
            "AMT_CREDIT_SUM_DEBT": np.where(debt_told, np.round(debt, 2), np.nan),
            "AMT_CREDIT_SUM_LIMIT": limit,
            "AMT_CREDIT_SUM_OVERDUE": np.round(overdue, 2),
            "CREDIT_TYPE": words(TYPES, kind),
            "DAYS_CREDIT_UPDATE": update,
            "AMT_ANNUITY": np.where(
                rng.random(count) < 0.667,
                np.nan,
                np.where(active | (rng.random(count) < 0.3), np.round(instalment, 2), 0.0),
            ),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    sent = (rng.random(size) < MONTHLY_REPORTED)[owner] & (rng.random(count) < 0.985)
    balance = _balance(rng, sent, history, loans.opened, closed, ids)
    return Bureau(credits=frame, balance=balance, known=known, arrears=arrears, **measures)


def _sums(owner: Ints, values: Floats | Flags, size: int) -> Floats:
    """Totals per applicant."""
    return np.bincount(owner, np.asarray(values, np.float64), size).astype(np.float64)


def _balance(
    rng: np.random.Generator, sent: Flags, history: NDArray[np.int8], opened: Ints, closed: Ints, ids: Ints
) -> pl.DataFrame:
    """Monthly statuses: arrears while the credit runs, C once it is closed, X where a month was not reported."""
    rows = np.flatnonzero(sent)
    first = np.maximum(np.floor(opened[rows] / MONTH_DAYS).astype(np.int64) + 1, -MONTHS + 1)
    first = np.minimum(first, 0)
    stop = np.where(
        (closed[rows] < 0) & (rng.random(len(rows)) < 0.36),
        np.minimum(np.floor(closed[rows] / MONTH_DAYS) + rng.integers(0, 24, len(rows)), 0),
        0,
    ).astype(np.int64)
    stop = np.maximum(stop, first)
    lengths = stop - first + 1
    total = int(lengths.sum())
    which = np.repeat(np.arange(len(rows)), lengths)
    month = stop[which] - (np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths))
    status = history[rows[which], month + MONTHS - 1].astype(np.int64)
    shy = np.where(rng.random(len(rows)) < 0.17, 0.97, np.where(rng.random(len(rows)) < 0.25, 0.2, 0.01))
    unreported = rng.random(total) < shy[which]
    after = (closed[rows] < 0)[which] & (month > np.floor(closed[rows] / MONTH_DAYS)[which])
    hidden_after = (shy > 0.9)[which] & unreported
    code = np.where(
        after & ~hidden_after, 6, np.where((unreported & (status <= 0)) | hidden_after | (status < 0), 7, status)
    )
    return pl.DataFrame(
        {
            "SK_ID_BUREAU": ids[rows[which]],
            "MONTHS_BALANCE": month,
            "STATUS": words(["0", "1", "2", "3", "4", "5", "C", "X"], code),
        }
    )
