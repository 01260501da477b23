"""The lender's own loans: decided by the rule, then paid early, late or in parts, period by period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from aval.data.lender import rule
from aval.data.lender.draws import MONTH_DAYS, Flags, Floats, Ints, curve, words
from aval.data.lender.households import Households
from aval.data.lender.requests import CASH, REVOLVING, Requests
from aval.data.lender.state import PERIOD_DAYS, PERIODS, State

DELAY_DAYS: Final = (
    (0, -75),
    (0.01, -42),
    (0.05, -30),
    (0.10, -26),
    (0.25, -13.5),
    (0.5, -6.2),
    (0.68, -0.9),
    (0.76, 0),
    (0.922, 0.4),
    (0.935, 1.6),
    (0.955, 5.0),
    (0.98, 11),
    (0.99, 18),
    (0.995, 33),
    (0.999, 100),
    (1, 190),
)
"""Days between due date and payment, from the calmest household to the most strained: 8 % late (RECIPES)."""
STRAIN_WEIGHT: Final = 0.84
"""Weight of the latent state in how late a payment comes; the rest is habit and accident."""
HABIT_WEIGHT: Final = 0.22
ACCIDENT_WEIGHT: Final = 0.60
SHIFT: Final = 0.55
"""The granted are calmer than all who ask."""
EARLY_CLOSE: Final = (0.037, 0.065)
"""Chance per instalment, from the third on, that a goods or a cash loan is paid off at once."""
IN_PARTS: Final = 0.055
"""Share of instalments paid in two parts."""
WITHOUT_BALANCE: Final = 0.055
"""Share of loans whose monthly balance was not kept."""
LOST: Final = 0.030
"""Share of loans whose application row is lost (RECIPES: 3 % of SK_ID_PREV in the POS balance)."""
LOST_WITHOUT_BALANCE: Final = 0.85
TOLERATED: Final = 0.45
"""Share of loans whose arrears stay under the tolerance (SK_DPD_DEF = 0)."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The outcome of each request, and every instalment that fell due before the application."""

    reason: Ints  # of the rule; 0 grants
    granted: Flags  # granted, taken and started
    card: Flags  # a card contract was opened
    first_request: Flags  # the client's first with this lender
    gap_days: Ints  # since the client's request before
    first_due: Ints
    paid: Ints  # instalments that fell due
    closed_day: Ints  # day of the last payment; NONE while the loan runs
    closed_early: Flags
    loan: Ints  # per instalment: the request it belongs to
    number: Ints
    due: Ints
    delay: Floats
    amount: Floats
    late_payments: Floats  # per applicant, recency-weighted
    dues: Floats  # per applicant: annuities of loans that run on
    refusals: Floats  # per applicant


RUNS: Final = 10_000


def run_ledger(rng: np.random.Generator, people: Households, state: State, asked: Requests) -> Ledger:
    """All periods in order: new requests are decided on what is known by then, then the open loans pay."""
    size, count = len(people), len(asked)
    starts = np.searchsorted(asked.period, np.arange(PERIODS + 1))
    noise = rng.standard_normal(count)
    habit = rng.standard_normal(size)
    lender_view = rng.standard_normal(size)
    first_due = asked.day + PERIOD_DAYS + rng.integers(0, 3, count)
    reason = np.zeros(count, np.int64)
    granted, card = np.zeros(count, bool), np.zeros(count, bool)
    open_, early = np.zeros(count, bool), np.zeros(count, bool)
    next_number = np.ones(count, np.int64)
    closed_day = np.full(count, RUNS, np.int64)
    late, dues, refusals = np.zeros(size), np.zeros(size), np.zeros(size)
    seen, has_card = np.full(size, -100_000, np.int64), np.zeros(size, bool)
    first_request, gap = np.zeros(count, bool), np.zeros(count, np.int64)
    loans: list[Ints] = []
    numbers: list[Ints] = []
    days: list[Ints] = []
    delays: list[Floats] = []
    amounts: list[Floats] = []
    for period in range(PERIODS):
        ability = state.ability[:, period]
        new = np.arange(starts[period], starts[period + 1])
        if len(new):
            who = asked.owner[new]
            view = 0.55 * ability[who] + 0.40 * state.willingness[who] + 0.45 * lender_view[who] + 0.8 * noise[new]
            share = (dues[who] + np.where(asked.kind[new] == REVOLVING, 0.3, 1.0) * asked.annuity[new]) / people.income[
                who
            ]
            score = rule.points(view, people.z_age[who], late[who], share)
            known = seen[who] > -50_000
            reason[new] = np.where(asked.cancelled[new], 0, rule.decide(rng, score, share, known))
            first_request[new], gap[new] = ~known, asked.day[new] - seen[who]
            seen[who] = asked.day[new]
            taken = (reason[new] == 0) & ~asked.cancelled[new] & ~asked.unused[new]
            wants_card = taken & (asked.kind[new] == REVOLVING)
            card[new] = wants_card & ~has_card[who]
            has_card[who[card[new]]] = True
            granted[new] = np.where(asked.kind[new] == REVOLVING, card[new], taken & ~asked.idle[new])
            open_[new] = granted[new] & ~wants_card
            np.add.at(dues, who, np.where(open_[new], asked.annuity[new], 0.0))
            np.add.at(refusals, who, reason[new] > 0)
        paying = np.flatnonzero(open_ & (first_due < (period - PERIODS + 1) * PERIOD_DAYS))
        if not len(paying):
            continue
        who = asked.owner[paying]
        stretch = np.clip(dues[who] / people.income[who] - 0.15, -0.15, 0.4)
        strain = STRAIN_WEIGHT * -(0.66 * state.willingness[who] + 0.62 * ability[who]) + HABIT_WEIGHT * habit[who]
        delay = np.floor(
            curve(SHIFT + strain + 0.7 * stretch + ACCIDENT_WEIGHT * rng.standard_normal(len(paying)), DELAY_DAYS)
        )
        number = next_number[paying]
        due = first_due[paying] + PERIOD_DAYS * (number - 1)
        delay = np.maximum(delay, asked.day[paying] + 1.0 - due)
        calm = np.exp(0.25 * ability[who]) * np.where(asked.kind[paying] == CASH, EARLY_CLOSE[1], EARLY_CLOSE[0])
        settles = (number >= 3) & (number < asked.term[paying] - 1) & (delay <= 0) & (rng.random(len(paying)) < calm)
        left = asked.term[paying] - number
        amount = np.where(settles, asked.annuity[paying] * (1.0 + 0.93 * left), asked.annuity[paying])
        ends = settles | (left == 0)
        done = paying[ends]
        open_[done] = False
        early[paying[settles]] = True
        closed_day[done] = (due + delay)[ends].astype(np.int64)
        np.subtract.at(dues, who[ends], asked.annuity[done])
        late *= 0.985
        np.add.at(late, who, (delay > 1) + 0.5 * (delay > 10) + (delay > 30))
        next_number[paying] += 1
        loans.append(paying)
        numbers.append(number)
        days.append(due)
        delays.append(delay)
        amounts.append(amount)
    nothing = np.zeros(0, np.int64)
    return Ledger(
        reason=reason,
        granted=granted,
        card=card,
        first_request=first_request,
        gap_days=gap,
        first_due=first_due,
        paid=next_number - 1,
        closed_day=closed_day,
        closed_early=early,
        loan=np.concatenate([nothing, *loans]),
        number=np.concatenate([nothing, *numbers]),
        due=np.concatenate([nothing, *days]),
        delay=np.concatenate([np.zeros(0), *delays]),
        amount=np.round(np.concatenate([np.zeros(0), *amounts]), 3),
        late_payments=late,
        dues=np.maximum(dues, 0.0),
        refusals=refusals,
    )


def instalment_rows(rng: np.random.Generator, asked: Requests, ledger: Ledger, who: Ints, ids: Ints) -> pl.DataFrame:
    """One row per payment; an instalment paid in two parts has two, and one not yet paid has no payment."""
    parts = rng.random(len(ledger.loan)) < IN_PARTS
    share = np.where(parts, np.round(rng.beta(1.2, 1.2, len(parts)) * 0.9 + 0.05, 3), 1.0)
    paid_first = np.round(ledger.amount * share, 3)
    rows = np.concatenate([np.arange(len(parts)), np.flatnonzero(parts)])
    amount = np.concatenate([paid_first, np.round(ledger.amount[parts] - paid_first[parts], 3)])
    wait = np.concatenate([np.zeros(len(parts)), np.floor(rng.exponential(4.0, int(parts.sum())))])
    wait = np.where(ledger.delay[rows] + wait > 0, np.minimum(wait, 2.0) * (ledger.delay[rows] > 0), wait)
    entry = ledger.due[rows] + ledger.delay[rows] + wait
    unpaid = entry >= 0
    loan = ledger.loan[rows]
    settled = ledger.closed_early[loan] & (ledger.number[rows] == ledger.paid[loan])
    return pl.DataFrame(
        {
            "SK_ID_PREV": ids[loan],
            "SK_ID_CURR": who[asked.owner[loan]],
            "NUM_INSTALMENT_VERSION": np.where(settled, 2.0, 1.0),
            "NUM_INSTALMENT_NUMBER": ledger.number[rows],
            "DAYS_INSTALMENT": ledger.due[rows].astype(np.float64),
            "DAYS_ENTRY_PAYMENT": np.where(unpaid, np.nan, entry),
            "AMT_INSTALMENT": ledger.amount[rows],
            "AMT_PAYMENT": np.where(unpaid, np.nan, amount),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def with_balance(rng: np.random.Generator, ledger: Ledger, asked: Requests) -> Flags:
    """The loans whose monthly balance was kept."""
    kept = rng.random(len(asked)) >= WITHOUT_BALANCE
    return np.asarray(ledger.granted & (asked.kind != REVOLVING) & kept, np.bool_)


def lost_rows(rng: np.random.Generator, ledger: Ledger, asked: Requests, balance: Flags) -> Flags:
    """Loans that were granted but whose application row was lost."""
    chance = np.where(balance, LOST, LOST_WITHOUT_BALANCE)
    lost = rng.random(len(asked)) < chance
    return np.asarray(ledger.granted & (asked.kind != REVOLVING) & lost, np.bool_)


def balance_rows(
    rng: np.random.Generator, asked: Requests, ledger: Ledger, balance: Flags, who: Ints, ids: Ints
) -> pl.DataFrame:
    """POS_CASH_balance: at the end of each month, what is left to pay and how many days it is past due."""
    loan = np.flatnonzero(balance)
    first = np.maximum(np.floor(asked.day[loan] / MONTH_DAYS).astype(np.int64), -96)
    ended = ledger.closed_day[loan] < 0
    last = np.where(ended, np.floor((ledger.closed_day[loan] + 4) / MONTH_DAYS).astype(np.int64), -1)
    last = np.clip(last, -97, -1)
    keep = last >= first
    loan, first, last, ended = loan[keep], first[keep], last[keep], ended[keep]
    ended &= ledger.closed_day[loan] < -4
    lengths = last - first + 1
    start = np.cumsum(lengths) - lengths
    total = int(lengths.sum())
    which = np.repeat(np.arange(len(loan)), lengths)
    month = first[which] + np.arange(total) - start[which]
    row_loan = loan[which]
    close = np.floor((month + 1) * MONTH_DAYS)  # the day a month is closed
    fell_due = np.clip(np.floor((close - 1 - ledger.first_due[row_loan]) / PERIOD_DAYS) + 1, 0, asked.term[row_loan])
    finished = ended[which] & (month == last[which])
    term = np.where(finished & ledger.closed_early[row_loan], ledger.paid[row_loan], asked.term[row_loan])
    future = np.where(finished, 0, term - fell_due)

    dpd = np.zeros(total, np.int64)
    position = np.full(len(asked), -1, np.int64)
    position[loan] = np.arange(len(loan))
    late = np.flatnonzero((ledger.delay > 0) & (position[ledger.loan] >= 0))
    due, paid = ledger.due[late], ledger.due[late] + ledger.delay[late]
    at = position[ledger.loan[late]]
    for ahead in range(8):  # the latest payment comes half a year late
        m = np.floor(due / MONTH_DAYS).astype(np.int64) + ahead
        shut = np.floor((m + 1) * MONTH_DAYS)
        hit = (shut > due) & (shut < paid) & (m >= first[at]) & (m <= last[at])
        np.maximum.at(dpd, start[at[hit]] + (m - first[at])[hit], (shut - due)[hit].astype(np.int64))
    dpd = np.where(finished, 0, dpd)
    tolerated = rng.random(len(asked)) < TOLERATED
    signed = (month == first[which]) & (rng.random(total) < 0.095) & ~finished
    code = np.where(finished, 1, np.where(signed, 2, 0))
    blank = rng.random(total) < np.where(signed, 0.23, 0.0005)
    return pl.DataFrame(
        {
            "SK_ID_PREV": ids[row_loan],
            "SK_ID_CURR": who[asked.owner[row_loan]],
            "MONTHS_BALANCE": month,
            "CNT_INSTALMENT": np.where(blank, np.nan, term.astype(np.float64)),
            "CNT_INSTALMENT_FUTURE": np.where(blank, np.nan, future.astype(np.float64)),
            "NAME_CONTRACT_STATUS": words(["Active", "Completed", "Signed"], code),
            "SK_DPD": dpd,
            "SK_DPD_DEF": np.where(tolerated[row_loan], 0, dpd),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
