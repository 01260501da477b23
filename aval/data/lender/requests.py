"""What is asked of the lender: the earlier applications, as they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from aval.data.lender.draws import Flags, Floats, Ints, choose, money
from aval.data.lender.households import Households
from aval.data.lender.state import State, period_of

CONSUMER, CASH, REVOLVING = 0, 1, 2
TYPES: Final = ("Consumer loans", "Cash loans", "Revolving loans", "XNA")
NEGATIVE_BINOMIAL: Final = (2.3, 5.15)
"""Shape and mean of the number of earlier applications: 5.0 per applicant that has any (RECIPES)."""
SHARE_BY_YEAR: Final = (0.0, 0.32, 0.58, 0.715, 0.79, 0.85, 0.90, 0.95, 1.0)
"""Cumulated share of applications of the last 1, 2, ... 8 years, as in the real tables."""
CONSUMER_BY_YEAR: Final = (0.21, 0.33, 0.45, 0.57, 0.71, 0.745, 0.715, 0.70)
CASH_BY_YEAR: Final = (0.645, 0.52, 0.43, 0.325, 0.215, 0.165, 0.165, 0.12)
CASH_CANCELLED_BY_YEAR: Final = (0.58, 0.33, 0.05, 0.02, 0.02, 0.02, 0.02, 0.02)
CARD_CANCELLED_BY_YEAR: Final = (0.54, 0.46, 0.24, 0.20, 0.05, 0.02, 0.02, 0.02)
UNUSED_OFFER: Final = 0.04
"""Share of granted goods loans that the client does not take."""
NOT_STARTED: Final = (0.020, 0.075, 0.045)
"""Share of granted contracts (goods, cash, card) on which nothing ever happens."""

GOODS: Final = {  # share, median price, sale channel
    "Mobile": (0.305, 38_000.0, "mobile"),
    "Consumer Electronics": (0.166, 75_000.0, "household"),
    "Computers": (0.146, 95_000.0, "household"),
    "Audio/Video": (0.134, 82_000.0, "household"),
    "Furniture": (0.078, 105_000.0, "industry"),
    "Construction Materials": (0.038, 110_000.0, "industry"),
    "Clothing and Accessories": (0.036, 75_000.0, "industry"),
    "Photo / Cinema Equipment": (0.033, 62_000.0, "household"),
    "Auto Accessories": (0.011, 75_000.0, "other"),
    "Jewelry": (0.0085, 75_000.0, "other"),
    "Homewares": (0.0062, 90_000.0, "household"),
    "Medical Supplies": (0.0055, 100_000.0, "industry"),
    "Gardening": (0.005, 85_000.0, "household"),
    "Vehicles": (0.0048, 110_000.0, "other"),
    "Office Appliances": (0.003, 90_000.0, "household"),
    "Sport and Leisure": (0.003, 80_000.0, "other"),
    "Tourism": (0.0027, 100_000.0, "other"),
    "Other": (0.0027, 80_000.0, "other"),
    "Medicine": (0.0016, 80_000.0, "industry"),
    "XNA": (0.015, 60_000.0, "other"),
}
CONSUMER_TERMS: Final = (
    (12, 0.323),
    (6, 0.244),
    (10, 0.19),
    (24, 0.082),
    (8, 0.046),
    (4, 0.037),
    (18, 0.0365),
    (14, 0.0125),
    (36, 0.0075),
    (16, 0.007),
    (5, 0.006),
)
CASH_TERMS: Final = (
    (12, 0.273),
    (24, 0.183),
    (18, 0.135),
    (36, 0.134),
    (6, 0.08),
    (48, 0.076),
    (60, 0.054),
    (30, 0.038),
    (42, 0.018),
    (54, 0.005),
)
YIELDS: Final = ("low_action", "low_normal", "middle", "high", "XNA")
CONSUMER_RATES: Final = np.array([0.012, 0.016, 0.030, 0.047])
CASH_RATES: Final = np.array([0.017, 0.024, 0.034, 0.050])
"""Monthly interest by yield group."""


@dataclass(frozen=True, slots=True)
class Requests:
    """One value per earlier application, in order of time."""

    owner: Ints
    day: Ints
    period: Ints
    kind: Ints
    goods: Ints
    price: Floats  # what is to be bought, or the cash wanted
    down: Floats
    credit: Floats
    term: Ints
    yield_group: Ints
    annuity: Floats
    cancelled: Flags
    unused: Flags
    idle: Flags  # granted, and nothing ever happens on it

    def __len__(self) -> int:
        return len(self.owner)


def annuity_of(credit: Floats, rate: Floats, term: Floats) -> Floats:
    """The level instalment that pays a credit off at a monthly rate."""
    return np.asarray(credit * rate / (1.0 - (1.0 + rate) ** -term), np.float64)


def draw_requests(rng: np.random.Generator, people: Households, state: State) -> Requests:
    """Strained households ask more often of late; prices and terms go with the income and the goods."""
    shape, mean = NEGATIVE_BINOMIAL
    keen = mean * np.exp(-0.10 * state.ability_now + 0.06 * state.willingness - 0.01)
    keen = keen * np.interp(people.age, [21, 25, 30, 60, 69], [0.55, 0.85, 1.0, 1.05, 0.95])
    owner = np.repeat(np.arange(len(people)), rng.negative_binomial(shape, shape / (shape + keen)))
    size = len(owner)
    pull = 0.14 * -state.ability_now[owner]
    years = np.interp(ndtr(rng.standard_normal(size) - pull), SHARE_BY_YEAR, np.arange(9.0))
    day = -np.clip((years * 365.25).astype(np.int64), 2, 2922)
    order = np.argsort(day, kind="stable")
    owner, day = owner[order], day[order]
    year = np.minimum(-day // 366, 7)
    dice = rng.random(size)
    consumer = np.array(CONSUMER_BY_YEAR)[year]
    kind = np.where(
        dice < consumer, CONSUMER, np.where(dice < consumer + np.array(CASH_BY_YEAR)[year], CASH, REVOLVING)
    )
    goods = np.where(kind == CONSUMER, choose(rng, [g[0] for g in GOODS.values()], size), len(GOODS) - 1)
    rich = np.log(people.income[owner]) - 11.9

    base = np.log(np.array([g[1] for g in GOODS.values()]))[goods]
    price = money(np.exp(base + 0.35 * rich + 0.48 * rng.standard_normal(size)), 4.5)
    term = _terms(rng, CONSUMER_TERMS, size)
    down_share = np.where(rng.random(size) < 0.52, 0.0, np.clip(rng.gamma(1.3, 0.10, size), 0.0, 0.8))
    cash = kind == CASH
    cash_term = _terms(rng, CASH_TERMS, size)
    wanted = np.exp(12.15 + 0.55 * rich + 0.45 * np.log(cash_term / 18.0) + 0.55 * rng.standard_normal(size))
    price = np.where(cash, np.clip(np.round(wanted / 22_500) * 22_500, 22_500, 3_000_000), price)
    term = np.where(cash, cash_term, term)
    limit = np.clip(
        np.round(np.exp(12.05 + 0.5 * rich + 0.55 * rng.standard_normal(size)) / 45_000) * 45_000, 45_000, 1_350_000
    )
    card = kind == REVOLVING
    price = np.where(card, limit, price)
    term = np.where(card, 0, term)
    down = np.where(kind == CONSUMER, money(price * down_share, 4.5), 0.0)
    cover = np.where(rng.random(size) < 0.45, 1.0, 1.0 + rng.beta(1.6, 3.0, size) * 0.32)
    credit = np.where(card, price, money((price - down) * cover, 4.5))
    yield_group = np.where(
        cash, choose(rng, (0.045, 0.285, 0.42, 0.25), size), choose(rng, (0.105, 0.265, 0.315, 0.315), size)
    )
    rate = np.where(cash, CASH_RATES[yield_group], CONSUMER_RATES[yield_group]) * rng.uniform(0.85, 1.15, size)
    annuity = np.where(card, money(price / 20), money(annuity_of(credit, rate, np.maximum(term, 1.0)), 0.045))
    gives_up = np.select(
        [cash, card], [np.array(CASH_CANCELLED_BY_YEAR)[year], np.array(CARD_CANCELLED_BY_YEAR)[year]], 0.0025
    )
    return Requests(
        owner=owner,
        day=day,
        period=period_of(day),
        kind=kind.astype(np.int64),
        goods=goods.astype(np.int64),
        price=price,
        down=down,
        credit=credit,
        term=term.astype(np.int64),
        yield_group=np.where(card, 4, yield_group).astype(np.int64),
        annuity=annuity,
        cancelled=rng.random(size) < gives_up,
        unused=(kind == CONSUMER) & (rng.random(size) < UNUSED_OFFER),
        idle=rng.random(size) < np.array(NOT_STARTED)[kind],
    )


def _terms(rng: np.random.Generator, table: tuple[tuple[int, float], ...], size: int) -> Ints:
    months, shares = zip(*table, strict=True)
    return np.array(months)[choose(rng, shares, size)]
