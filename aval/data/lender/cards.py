"""Credit cards of the lender: limit, drawings, interest and payments, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from aval.data.lender.draws import MONTH_DAYS, Floats, Ints, curve, logistic, words
from aval.data.lender.households import Households
from aval.data.lender.repayment import ACCIDENT_WEIGHT, DELAY_DAYS, HABIT_WEIGHT, STRAIN_WEIGHT, Ledger
from aval.data.lender.requests import Requests
from aval.data.lender.state import State

FIRST_MONTH: Final = -96
LOST: Final = 0.28
"""Share of cards whose application row is lost (RECIPES)."""
MONTHLY_INTEREST: Final = 0.021
MINIMUM: Final = 0.05
"""Share of the balance that is due each month."""
NEVER_USED: Final = 0.30
CLOSED_PER_MONTH: Final = 0.0012


@dataclass(frozen=True, slots=True)
class Cards:
    """Card rows, the payments they made, and what other mechanisms read."""

    balance: pl.DataFrame
    payments: pl.DataFrame
    used_from: Floats  # per request: month of the first drawing; NaN without one
    use: Floats  # per applicant: balance over limit at the end; 0 without a card
    dues: Floats  # per applicant: the minimum due


def simulate_cards(
    rng: np.random.Generator, people: Households, state: State, asked: Requests, ledger: Ledger, who: Ints, ids: Ints
) -> Cards:
    """Every month: draw up to a wish that strain raises, bear interest, pay all, some, the minimum or nothing."""
    card = np.flatnonzero(ledger.card)
    owner = asked.owner[card]
    size = len(card)
    start = np.maximum(np.floor(asked.day[card] / MONTH_DAYS).astype(np.int64) + 1, FIRST_MONTH)
    limit = np.maximum(asked.credit[card], 45_000.0)
    will = state.willingness[owner]
    taste, habit = rng.standard_normal(size), rng.standard_normal(size)
    never = rng.random(size) < logistic(-0.92 + 0.35 * state.level[owner])
    balance, months, idle = np.zeros(size), np.zeros(size), np.ones(size, bool)
    closed = np.full(size, 1)
    owed, days_late = np.zeros(size), np.zeros(size)
    used_from = np.full(len(asked), np.nan)
    out: dict[str, list[Floats]] = {}
    paid: dict[str, list[Floats]] = {}
    for month in range(FIRST_MONTH, 0):
        ability = state.at_month(month)[owner]
        runs = (start <= month) & (closed > month)
        if not runs.any():
            continue
        dice = rng.random((6, size))
        noise = rng.standard_normal((4, size))
        wish = np.where(never, 0.0, logistic(-0.75 - 1.05 * ability - 0.45 * will + 0.65 * taste + 0.5 * noise[0]))
        interest = np.round(MONTHLY_INTEREST * balance, 3)
        minimum = np.where(balance > 100, np.round(np.minimum(np.maximum(MINIMUM * balance, 2250.0), balance), 3), 0.0)
        room = np.maximum(wish * limit - balance, 0.0)
        draws = (room > 0.03 * limit) & (dice[0] < 0.55) & runs
        total = np.where(draws, room * (0.35 + 0.65 * dice[1]), 0.0)
        at_machine = np.where(
            dice[2] < logistic(0.2 - 0.5 * ability), np.round(total * (0.5 + 0.5 * dice[3]) / 4500) * 4500, 0.0
        )
        other = np.where(dice[4] < 0.02, np.round(0.2 * (total - at_machine).clip(0), 2), 0.0)
        in_shops = np.where(dice[5] < 0.6, np.round((total - at_machine - other).clip(0), 2), 0.0)
        drawn = at_machine + other + in_shops
        strain = STRAIN_WEIGHT * -(0.66 * will + 0.62 * ability) + HABIT_WEIGHT * habit + ACCIDENT_WEIGHT * noise[1]
        delay = np.floor(curve(strain, DELAY_DAYS))
        pays = runs & (minimum > 0) & (strain < 2.15)
        generous = np.exp(0.55 * ability + 0.3 * will + 0.7 * noise[2])
        clears = pays & (noise[3] + 0.75 * ability + 0.25 * will > 1.35)
        payment = np.where(
            pays,
            np.where(
                clears,
                balance + interest,
                np.maximum(np.round(minimum * np.maximum(generous, 1.0) / 450) * 450, np.ceil(minimum)),
            ),
            0.0,
        )
        payment = np.round(np.minimum(payment, balance + interest), 3)
        missed = runs & (minimum > 0) & ~pays
        owed = np.where(pays, 0.0, np.where(missed, owed + minimum, owed * (balance > 0)))
        days_late = np.where(missed, days_late + np.where(days_late > 0, 30, 5 + np.floor(20 * dice[3])), 0.0)
        balance = np.where(runs, np.round(balance + drawn + interest - payment, 3), balance)
        balance = np.where(balance < 1.0, 0.0, balance)
        first = idle & (drawn > 0) & runs
        used_from[card[first]] = month
        idle &= ~(drawn > 0)
        months = months + (runs & (minimum > 0))
        ends = runs & (balance == 0) & (dice[1] < CLOSED_PER_MONTH * np.where(never, 4.0, 1.0)) & (month > start + 6)
        closed = np.where(ends, month + 1, closed)
        raise_ = runs & ~idle & (noise[2] > 2.25) & (ability > -0.5)
        at = np.flatnonzero(runs)
        principal = np.where(balance > 0, np.maximum(balance - interest, 0.0), 0.0)
        row = {
            "card": at.astype(np.float64),
            "MONTHS_BALANCE": np.full(len(at), month, np.float64),
            "AMT_BALANCE": balance[at],
            "AMT_CREDIT_LIMIT_ACTUAL": limit[at],
            "AMT_DRAWINGS_ATM_CURRENT": np.where(idle, np.nan, at_machine)[at],
            "AMT_DRAWINGS_CURRENT": drawn[at],
            "AMT_DRAWINGS_OTHER_CURRENT": np.where(idle, np.nan, other)[at],
            "AMT_DRAWINGS_POS_CURRENT": np.where(idle, np.nan, in_shops)[at],
            "AMT_INST_MIN_REGULARITY": np.where(start == month, np.nan, minimum)[at],
            "AMT_PAYMENT_CURRENT": np.where(idle, np.nan, payment)[at],
            "AMT_PAYMENT_TOTAL_CURRENT": payment[at],
            "AMT_RECEIVABLE_PRINCIPAL": np.round(principal, 3)[at],
            "AMT_RECIVABLE": balance[at],
            "AMT_TOTAL_RECEIVABLE": balance[at],
            "CNT_DRAWINGS_ATM_CURRENT": np.where(idle, np.nan, np.ceil(at_machine / 22_500))[at],
            "CNT_DRAWINGS_CURRENT": (np.ceil(at_machine / 22_500) + np.ceil(in_shops / 6000) + (other > 0))[at],
            "CNT_DRAWINGS_OTHER_CURRENT": np.where(idle, np.nan, other > 0)[at],
            "CNT_DRAWINGS_POS_CURRENT": np.where(idle, np.nan, np.ceil(in_shops / 6000))[at],
            "CNT_INSTALMENT_MATURE_CUM": np.where(start == month, np.nan, months)[at],
            "state": np.where(ends, 1.0, 0.0)[at],
            "SK_DPD": days_late[at],
            "SK_DPD_DEF": np.where(owed > 0.03 * limit, days_late, 0.0)[at],
        }
        for name, values in row.items():
            out.setdefault(name, []).append(values)
        due = np.floor((month + 1) * MONTH_DAYS) - 12
        paid_at = np.flatnonzero((payment > 0) & (due + np.minimum(delay, 10) < 0))
        for name, values in {
            "card": paid_at.astype(np.float64),
            "number": months[paid_at],
            "due": np.full(len(paid_at), due),
            "delay": np.clip(delay[paid_at], -12, 11),
            "amount": payment[paid_at],
        }.items():
            paid.setdefault(name, []).append(values)
        limit = np.where(raise_, np.minimum(limit + 45_000.0, 1_350_000.0), limit)
    nothing = np.zeros(0)
    rows = {name: np.concatenate(parts) for name, parts in out.items()} if out else {}
    bills = {name: np.concatenate(parts) for name, parts in paid.items()} if paid else {}
    whole = {"MONTHS_BALANCE", "AMT_CREDIT_LIMIT_ACTUAL", "CNT_DRAWINGS_CURRENT", "SK_DPD", "SK_DPD_DEF"}
    at = rows.pop("card", nothing).astype(np.int64)
    ended = rows.pop("state", nothing).astype(np.int64)
    columns: dict[str, pl.Series] = {}
    for name, values in rows.items():
        if name == "SK_DPD":
            columns["NAME_CONTRACT_STATUS"] = words(["Active", "Completed"], ended)
        columns[name] = pl.Series(values.astype(np.int64)) if name in whole else pl.Series(values)
    frame = pl.DataFrame({"SK_ID_PREV": ids[card[at]], "SK_ID_CURR": who[owner[at]], **columns})
    payer = bills.get("card", nothing).astype(np.int64)
    due_day = bills.get("due", nothing)
    payments = pl.DataFrame(
        {
            "SK_ID_PREV": ids[card[payer]],
            "SK_ID_CURR": who[owner[payer]],
            "NUM_INSTALMENT_VERSION": np.zeros(len(payer)),
            "NUM_INSTALMENT_NUMBER": bills.get("number", nothing).astype(np.int64),
            "DAYS_INSTALMENT": due_day,
            "DAYS_ENTRY_PAYMENT": np.minimum(due_day + bills.get("delay", nothing), -1.0),
            "AMT_INSTALMENT": bills.get("amount", nothing),
            "AMT_PAYMENT": bills.get("amount", nothing),
        }
    )
    use, dues = np.zeros(len(people)), np.zeros(len(people))
    use[owner] = balance / limit
    dues[owner] = MINIMUM * balance
    return Cards(
        balance=frame.with_columns(pl.col(pl.Float64).fill_nan(None)),
        payments=payments,
        used_from=used_from,
        use=use,
        dues=dues,
    )
