"""One block of candidates after another, each through the whole mechanism, until enough were granted a loan."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from aval.data.lender import rule
from aval.data.lender.bureau import simulate_bureau
from aval.data.lender.cards import LOST, simulate_cards
from aval.data.lender.current import application_rows, draw_loan
from aval.data.lender.draws import Flags, Floats, Ints
from aval.data.lender.drift import FIRST_DAY, Drift, first_unlabelled_day
from aval.data.lender.households import draw_households
from aval.data.lender.outcome import Truth, burden_of, draw_outcome
from aval.data.lender.previous import previous_rows
from aval.data.lender.repayment import balance_rows, instalment_rows, lost_rows, run_ledger, with_balance
from aval.data.lender.requests import draw_requests
from aval.data.lender.scores import Scores, draw_scores
from aval.data.lender.state import draw_state
from aval.data.lender.writing import TARGET_AT, Files
from aval.errors import OptionError

BLOCK: Final = 2_500
"""Candidates per block. Part of the definition: another size is another population of the same law."""
FIRST_CURR, FIRST_PREV, FIRST_BUREAU = 100_001, 1_000_000, 5_000_000
LEAST: Final = 100


@dataclass(frozen=True, slots=True)
class Summary:
    """What a simulation wrote."""

    rows: dict[str, int]
    default_rate: float
    refused_share: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Block:
    """One block's tables, the lender's verdict on each candidate, and the truth."""

    application: pl.DataFrame
    histories: dict[str, pl.DataFrame]
    statuses: pl.DataFrame  # bureau_balance, keyed by credit
    day: Ints
    refused: Flags
    truth: Truth
    latent: dict[str, Floats]


def simulate(
    folder: Path,
    applicants: int = 20_000,
    seed: int = 0,
    *,
    train_share: float = 0.8632,
    drift: Drift | None = None,
    advance: Callable[[str, float], None] | None = None,
) -> Summary:
    """Write the published tables, the calendar, the outcomes and the truth for a simulated lender."""
    if applicants < LEAST:
        raise OptionError("--applicants", f"must be at least {LEAST}")
    if not 0.0 <= train_share <= 1.0:
        raise OptionError("--train-share", "must lie between 0 and 1")
    if seed < 0:
        raise OptionError("--seed", "must not be negative")
    begun = time.perf_counter()
    cut = first_unlabelled_day(train_share)
    written, block, defaults, labelled, refused = 0, 0, 0, 0, 0
    next_prev, next_bureau = FIRST_PREV, FIRST_BUREAU
    folder = Path(folder)
    with Files(folder) as main, Files(folder / "refused") as apart, Files(folder / "later") as later:
        while written < applicants:
            first_curr = FIRST_CURR + block * BLOCK
            made = make_block(seed, block, first_curr, next_prev, next_bureau, drift)
            next_prev += 20 * BLOCK
            next_bureau += 20 * BLOCK
            granted = np.flatnonzero(~made.refused)[: applicants - written]
            upto = int(granted[-1]) + 1 if len(granted) else BLOCK
            declined = np.flatnonzero(made.refused[:upto])
            counts = _write_granted(main, later, made, granted, cut)
            _write_refused(apart, made, declined)
            labelled, defaults = labelled + counts[0], defaults + counts[1]
            written, refused, block = written + len(granted), refused + len(declined), block + 1
            if advance is not None:
                advance(f"{written:,} of {applicants:,} applicants", written / applicants)
        rows = dict(main.rows) | {f"refused/{k}": v for k, v in apart.rows.items()}
        rows |= {f"later/{k}": v for k, v in later.rows.items()}
    return Summary(
        rows=rows,
        default_rate=defaults / max(labelled, 1),
        refused_share=refused / (refused + written),
        seconds=time.perf_counter() - begun,
    )


def make_block(
    seed: int, block: int, first_curr: int, first_prev: int, first_bureau: int, drift: Drift | None
) -> Block:
    """Candidates from their households to their outcome. Depends on the seed and the block's number alone."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
    who = np.arange(first_curr, first_curr + BLOCK)
    people = draw_households(rng, BLOCK, drift)
    state = draw_state(rng, people, drift)
    bureau = simulate_bureau(rng, people, state, drift, first_bureau, who)
    asked = draw_requests(rng, people, state)
    ids = first_prev + rng.permutation(20 * BLOCK)[: len(asked)]
    ledger = run_ledger(rng, people, state, asked)
    cards = simulate_cards(rng, people, state, asked, ledger, who, ids)
    kept = with_balance(rng, ledger, asked)
    weekday = (people.day + FIRST_DAY.weekday()) % 7
    previous = previous_rows(rng, asked, ledger, cards.used_from, weekday, who, ids)
    lost = lost_rows(rng, ledger, asked, kept) | (ledger.card & (rng.random(len(asked)) < LOST))
    instalments = pl.concat([instalment_rows(rng, asked, ledger, who, ids), cards.payments])
    histories = {
        "bureau": bureau.credits,
        "previous_application": previous.filter(pl.Series(~lost)),
        "POS_CASH_balance": balance_rows(rng, asked, ledger, kept, who, ids),
        "installments_payments": instalments,
        "credit_card_balance": cards.balance,
    }
    histories = {name: table[rng.permutation(table.height)] for name, table in histories.items()}

    loan = draw_loan(rng, people, state, drift)
    scores = draw_scores(rng, people, state, bureau, drift)
    application = application_rows(rng, people, state, loan, scores, who)
    own = loan.annuity / people.income
    elsewhere = (bureau.dues + ledger.dues + cards.dues) / people.income
    burden = burden_of(
        own, elsewhere, bureau.debt / people.income, np.maximum(bureau.used, cards.use), loan.cover, loan.revolving
    )
    truth = draw_outcome(rng, state, burden)
    view = _view(scores)
    score = rule.points(
        view, people.z_age, ledger.late_payments + 0.5 * ledger.refusals, own + ledger.dues / people.income
    )
    verdict = rule.decide(
        rng, score + 0.25 * rng.standard_normal(BLOCK), own * 0.6, ledger.refusals > 0, rule.CUT_OFF_NOW
    )
    return Block(
        application=application,
        histories=histories,
        statuses=bureau.balance,
        day=people.day,
        refused=verdict > 0,
        truth=truth,
        latent={"ability": state.ability_now, "level": state.level, "willingness": state.willingness},
    )


def _view(scores: Scores) -> Floats:
    """What the lender makes of the external scores: their mean, in standard deviations; average where none is known."""
    known = np.column_stack([(scores.first - 0.5) / 0.21, (scores.second - 0.51) / 0.19, (scores.third - 0.51) / 0.195])
    weight = ~np.isnan(known)
    return np.asarray(np.where(weight, known, 0.0).sum(axis=1) / np.sqrt(np.maximum(weight.sum(axis=1), 1)), np.float64)


def _calendar(made: Block, rows: Ints) -> pl.DataFrame:
    applied = np.datetime64(FIRST_DAY) + made.day[rows]
    return pl.DataFrame(
        {
            "SK_ID_CURR": made.application["SK_ID_CURR"].to_numpy()[rows],
            "TARGET": made.truth.default[rows].astype(np.int64),
            "applied_on": applied,
            "observed_on": applied + made.truth.observed_after[rows],
        }
    )


def _truth(made: Block, rows: Ints) -> pl.DataFrame:
    columns = {"probability": made.truth.probability, **made.latent, "burden": made.truth.burden}
    return pl.DataFrame(
        {
            "SK_ID_CURR": made.application["SK_ID_CURR"].to_numpy()[rows],
            **{name: values[rows] for name, values in columns.items()},
        }
    )


def _histories(files: Files, made: Block, who: pl.Series) -> None:
    chosen = who.implode()
    for name, table in made.histories.items():
        files.add(name, table.filter(pl.col("SK_ID_CURR").is_in(chosen)))
    credits_ = made.histories["bureau"].filter(pl.col("SK_ID_CURR").is_in(chosen))["SK_ID_BUREAU"]
    files.add("bureau_balance", made.statuses.filter(pl.col("SK_ID_BUREAU").is_in(credits_.implode())))


def _write_granted(main: Files, later: Files, made: Block, rows: Ints, cut: int) -> tuple[int, int]:
    """Labelled applications, the later ones without a label, and all histories; returns (labelled, defaults)."""
    known = rows[made.day[rows] < cut]
    unknown = rows[made.day[rows] >= cut]
    table = made.application[known]
    target = pl.Series("TARGET", made.truth.default[known].astype(np.int64))
    main.add("application_train", table.insert_column(TARGET_AT, target))
    main.add("application_test", made.application[unknown])
    calendar = _calendar(made, rows)
    main.add("calendar", calendar.select("SK_ID_CURR", "applied_on"))
    main.add("outcomes", _calendar(made, known).select("SK_ID_CURR", "TARGET", "observed_on"))
    later.add("outcomes", _calendar(made, unknown).select("SK_ID_CURR", "TARGET", "observed_on"))
    main.add_truth(_truth(made, rows))
    _histories(main, made, made.application["SK_ID_CURR"][rows])
    return len(known), int(target.sum())


def _write_refused(apart: Files, made: Block, rows: Ints) -> None:
    """Candidates the lender turned away: only the truth file knows what would have come."""
    apart.add("application_test", made.application[rows])
    apart.add("calendar", _calendar(made, rows).select("SK_ID_CURR", "applied_on"))
    truth = _truth(made, rows).with_columns(pl.Series("TARGET", made.truth.default[rows].astype(np.int64)))
    apart.add_truth(truth)
    _histories(apart, made, made.application["SK_ID_CURR"][rows])
