"""previous_application.csv: each request as the lender's system kept it, with its sentinels and gaps."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from aval.data.lender import rule
from aval.data.lender.draws import NONE_DAY, Flags, Floats, Ints, choose, words
from aval.data.lender.drift import WEEKDAYS
from aval.data.lender.repayment import Ledger
from aval.data.lender.requests import CASH, CONSUMER, GOODS, REVOLVING, TYPES, YIELDS, Requests
from aval.data.lender.state import PERIOD_DAYS

STATUS: Final = ("Approved", "Canceled", "Refused", "Unused offer")
SUITE: Final = ("Unaccompanied", "Family", "Spouse, partner", "Children", "Other_B", "Other_A", "Group of people", None)
SUITE_SHARES: Final = (7553, 3012, 986, 430, 281, 132, 34)
SUITE_MISSING: Final = 0.37
PURPOSES: Final = (
    "XAP",
    "XNA",
    "Repairs",
    "Other",
    "Urgent needs",
    "Building a house or an annex",
    "Buying a used car",
    "Everyday expenses",
    "Payments on other loans",
    "Medicine",
    "Education",
    "Buying a home",
    "Buying a holiday home / land",
    "Purchase of electronic equipment",
    "Buying a new car",
    "Car repairs",
    "Journey",
    "Business development",
    "Wedding / gift / holiday",
    "Furniture",
    "Gasification / water supply",
    "Hobby",
)
PURPOSE_SHARES: Final = (0, 10453, 321, 207, 111, 45, 45, 42, 40, 39, 16, 15, 14, 14, 14, 14, 13, 11, 9, 6, 4, 2)
CHANNELS: Final = (
    "Credit and cash offices",
    "Country-wide",
    "Stone",
    "Regional / Local",
    "Contact center",
    "AP+ (Cash loan)",
    "Channel of corporate sales",
    "Car dealer",
)
CHANNEL_SHARES: Final = {
    CONSUMER: (0.02, 0.56, 0.27, 0.145, 0.0, 0.0, 0.0, 0.0005),
    CASH: (0.82, 0.015, 0.0, 0.0, 0.09, 0.065, 0.004, 0.0),
    REVOLVING: (0.48, 0.36, 0.04, 0.02, 0.06, 0.03, 0.005, 0.0),
}
INDUSTRY: Final = (
    "Consumer electronics",
    "Connectivity",
    "Furniture",
    "Construction",
    "Clothing",
    "Industry",
    "Auto technology",
    "Jewelry",
    "MLM partners",
    "Tourism",
    "XNA",
)
INDUSTRY_OF_CHANNEL: Final = {
    "mobile": (0.12, 0.88, 0, 0, 0, 0, 0, 0, 0, 0),
    "household": (0.85, 0.1, 0.03, 0.02, 0, 0, 0, 0, 0, 0),
    "industry": (0.05, 0, 0.4, 0.23, 0.2, 0.12, 0, 0, 0, 0),
    "other": (0.2, 0.1, 0.1, 0.1, 0.05, 0.1, 0.2, 0.08, 0.04, 0.03),
}
HOURS: Final = (
    4,
    6,
    35,
    109,
    191,
    341,
    593,
    900,
    1482,
    2738,
    3645,
    3633,
    3317,
    3087,
    2718,
    2371,
    1951,
    1403,
    839,
    396,
    104,
    37,
    10,
    3,
)
"""Applications by hour, as in the real tables."""


def card_dates(rng: np.random.Generator, asked: Requests, used_from: Floats) -> Floats:
    """The day of a card's first drawing; `used_from` is the month of first use, NaN for a card never used."""
    day = np.maximum(np.floor(used_from * 30.4375) + rng.integers(0, 28, len(asked)), asked.day + 1)
    return np.where(np.isnan(used_from) | (day >= 0), NONE_DAY, day)


def previous_rows(
    rng: np.random.Generator,
    asked: Requests,
    ledger: Ledger,
    used_from: Floats,
    weekday_now: Ints,
    who: Ints,
    ids: Ints,
) -> pl.DataFrame:
    """One row per request; amounts of requests that were given up or refused at the door are zero."""
    size = len(asked)
    kind, owner, day = asked.kind, asked.owner, asked.day
    refused = ledger.reason > 0
    doubled = (kind == REVOLVING) & ~refused & ~asked.cancelled & ~asked.unused & ~ledger.card
    cancelled = ~refused & (asked.cancelled | doubled)
    unused = ~refused & ~cancelled & asked.unused
    approved = ~refused & ~cancelled & ~unused
    status = np.where(refused, 2, np.where(cancelled, 1, np.where(unused, 3, 0)))
    at_the_door = refused & (rng.random(size) < np.array((0.0, 0.176, 0.06))[kind])
    blank = (cancelled & (rng.random(size) < np.array((0.79, 0.965, 0.987))[kind])) | at_the_door
    unpriced = blank | (unused & (rng.random(size) < 0.97)) | (refused & (kind == CONSUMER) & (rng.random(size) < 0.15))
    broken = blank & cancelled & (rng.random(size) < 0.0016)  # the contract type itself was not recorded
    offered = (kind == REVOLVING) & (rng.random(size) < np.where(approved, 0.43, 0.22))  # a card sent without a request
    asked_for = np.where(blank | offered, 0.0, asked.price)
    goods_price = np.where(blank | offered, np.nan, asked.price)
    share = asked.down / np.maximum(asked.price, 1.0)
    down_known = (kind == CONSUMER) & ~(unused & (rng.random(size) < 0.06)) & ~blank | (
        (kind == CASH) & ~blank & (rng.random(size) < 0.12)
    )
    dated = approved & ~asked.idle

    live = dated & (kind != REVOLVING) & ledger.granted
    drawn = card_dates(rng, asked, used_from)
    card = dated & (kind == REVOLVING)
    first_due = np.where(card, np.where(drawn < 0, drawn + rng.integers(25, 50, size), NONE_DAY), ledger.first_due)
    first_due = np.where(card & (first_due >= 0), NONE_DAY, first_due)
    planned = ledger.first_due + PERIOD_DAYS * (asked.term - 1)
    ended = live & (ledger.closed_day < 0)
    last_due = np.where(ended, ledger.first_due + PERIOD_DAYS * (ledger.paid - 1), NONE_DAY)
    finished = ledger.closed_day + rng.integers(1, 9, size)
    termination = np.where(ended & (finished < 0), finished, NONE_DAY)

    def only(values: Floats | Ints, where: Flags) -> Floats:
        return np.where(where, values, np.nan).astype(np.float64)

    client = np.where(ledger.first_request, 0, np.where((ledger.gap_days > 900) & (rng.random(size) < 0.5), 1, 2))
    client = np.where(rng.random(size) < 0.0007, 3, client)
    walk_in = ledger.first_request | (rng.random(size) < np.where(kind == REVOLVING, 0.27, 0.20))
    detailed = ~blank & ~(unused & unpriced)
    product = np.where((kind == CONSUMER) | ~detailed, 0, np.where(walk_in, 2, 1))
    portfolio = np.where(detailed, kind, 3)
    yields = np.where(unpriced | (kind == REVOLVING), 4, asked.yield_group)
    channel = np.choose(kind, [choose(rng, CHANNEL_SHARES[k], size) for k in (CONSUMER, CASH, REVOLVING)])
    sale = np.array([g[2] for g in GOODS.values()])[asked.goods]
    industry = np.full(size, len(INDUSTRY) - 1)
    for name, shares in INDUSTRY_OF_CHANNEL.items():
        industry = np.where((kind == CONSUMER) & (sale == name), choose(rng, shares, size), industry)
    area = np.where(kind == CONSUMER, np.where(rng.random(size) < 0.08, 0, np.exp(rng.normal(5.2, 1.6, size))), -1)
    purpose = np.where(kind == CASH, choose(rng, PURPOSE_SHARES, size), 0)
    purpose = np.where((kind == CASH) & ~detailed, 1, purpose)
    suite = np.where(detailed & (rng.random(size) >= SUITE_MISSING), choose(rng, SUITE_SHARES, size), 7)
    paid_by = np.where(
        (kind == REVOLVING) | blank | (rng.random(size) < 0.11),
        1,
        np.where(rng.random(size) < 0.009, 2, np.where(rng.random(size) < 0.0009, 3, 0)),
    )
    special = (kind == CONSUMER) & approved & (rng.random(size) < 0.0065)
    weekday = (weekday_now[owner] + day) % 7
    combination = _combination(kind, sale, yields, product, broken)
    frame = {
        "SK_ID_PREV": ids,
        "SK_ID_CURR": who[owner],
        "NAME_CONTRACT_TYPE": words(TYPES, np.where(broken, 3, kind)),
        "AMT_ANNUITY": only(asked.annuity, ~unpriced),
        "AMT_APPLICATION": asked_for,
        "AMT_CREDIT": np.where(blank, 0.0, asked.credit),
        "AMT_DOWN_PAYMENT": only(asked.down, down_known),
        "AMT_GOODS_PRICE": goods_price,
        "WEEKDAY_APPR_PROCESS_START": words(WEEKDAYS, weekday),
        "HOUR_APPR_PROCESS_START": choose(rng, HOURS, size),
        "FLAG_LAST_APPL_PER_CONTRACT": words(["Y", "N"], (rng.random(size) < 0.005).astype(np.int64)),
        "NFLAG_LAST_APPL_IN_DAY": (rng.random(size) >= 0.0035).astype(np.int64),
        "RATE_DOWN_PAYMENT": only(np.round(share * 1.0890, 12), down_known),
        "RATE_INTEREST_PRIMARY": only(0.1 + 0.2 * rng.random(size), special),
        "RATE_INTEREST_PRIVILEGED": only(0.6 + 0.26 * rng.random(size), special),
        "NAME_CASH_LOAN_PURPOSE": words(PURPOSES, np.where((kind == CASH), np.maximum(purpose, 1), 0)),
        "NAME_CONTRACT_STATUS": words(STATUS, status),
        "DAYS_DECISION": day,
        "NAME_PAYMENT_TYPE": words(
            ["Cash through the bank", "XNA", "Non-cash from your account", "Cashless from the account of the employer"],
            paid_by,
        ),
        "CODE_REJECT_REASON": words([*rule.REASONS, "CLIENT"], np.where(unused, len(rule.REASONS), ledger.reason)),
        "NAME_TYPE_SUITE": words(SUITE, suite),
        "NAME_CLIENT_TYPE": words(["New", "Refreshed", "Repeater", "XNA"], client),
        "NAME_GOODS_CATEGORY": words(list(GOODS), asked.goods),
        "NAME_PORTFOLIO": words(["POS", "Cash", "Cards", "XNA"], portfolio),
        "NAME_PRODUCT_TYPE": words(["XNA", "x-sell", "walk-in"], product),
        "CHANNEL_TYPE": words(CHANNELS, channel),
        "SELLERPLACE_AREA": np.clip(area, -1, 4_000_000).astype(np.int64),
        "NAME_SELLER_INDUSTRY": words(INDUSTRY, industry),
        "CNT_PAYMENT": only(asked.term, ~unpriced),
        "NAME_YIELD_GROUP": words(YIELDS, yields),
        "PRODUCT_COMBINATION": words(combination[0], combination[1]),
        "DAYS_FIRST_DRAWING": only(np.where(kind == REVOLVING, drawn, NONE_DAY), dated),
        "DAYS_FIRST_DUE": only(np.where(first_due >= 0, NONE_DAY, first_due), dated),
        "DAYS_LAST_DUE_1ST_VERSION": only(np.where(kind == REVOLVING, NONE_DAY, planned), dated),
        "DAYS_LAST_DUE": only(last_due, dated),
        "DAYS_TERMINATION": only(termination, dated),
        "NFLAG_INSURED_ON_APPROVAL": only((rng.random(size) < 0.35) * (kind != REVOLVING), dated),
    }
    return pl.DataFrame(frame).with_columns(pl.col(pl.Float64).fill_nan(None))


def _combination(
    kind: Ints, sale: np.ndarray[tuple[int, ...], np.dtype[np.str_]], yields: Ints, product: Ints, broken: Flags
) -> tuple[list[str | None], Ints]:
    """The product as the sales force names it."""
    names: list[str | None] = [None, "Cash", "Card Street", "Card X-Sell"]
    code = np.where(kind == CASH, 1, np.where(product == 1, 3, 2))
    for label, low in (("Cash X-Sell", 1), ("Cash Street", 2)):
        for level, groups in (("low", (0, 1)), ("middle", (2,)), ("high", (3,))):
            code = np.where((kind == CASH) & (product == low) & np.isin(yields, groups), len(names), code)
            names.append(f"{label}: {level}")
    for channel in ("household", "mobile", "industry", "other"):
        for priced, label in ((True, "with interest"), (False, "without interest")):
            free = yields == 0
            code = np.where((kind == CONSUMER) & (sale == channel) & (free != priced), len(names), code)
            plural = "others" if channel == "other" and not priced else channel
            names.append(f"POS {plural} {label}")
    return names, np.where(broken, 0, code)
