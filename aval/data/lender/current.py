"""The application itself: the loan asked for today, and the form as it was filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.special import ndtr

from aval.data.lender import households as home
from aval.data.lender.building import building_columns
from aval.data.lender.draws import NONE_DAY, Flags, Floats, Ints, choose, curve, money, words
from aval.data.lender.drift import FIRST_DAY, WEEKDAYS, Drift, strength
from aval.data.lender.households import Households
from aval.data.lender.previous import HOURS
from aval.data.lender.requests import annuity_of
from aval.data.lender.scores import Scores
from aval.data.lender.state import State

REVOLVING_SHARE: Final = 0.094
CASH_TERMS: Final = (12, 18, 24, 30, 36, 42, 48, 54, 60)
CASH_TERM_SHARES: Final = (0.15, 0.09, 0.19, 0.13, 0.155, 0.07, 0.105, 0.05, 0.06)
MEDIAN_GOODS: Final = 462_000.0
MEDIAN_LIMIT: Final = 262_000.0
COVER: Final = (
    (0, 1.0),
    (0.33, 1.0),
    (0.36, 1.06),
    (0.5, 1.12),
    (0.75, 1.195),
    (0.9, 1.32),
    (0.95, 1.39),
    (0.99, 1.48),
    (1, 1.6),
)
"""Credit over price: what insurance adds (1: none sold)."""
RATES: Final = (0.0100, 0.0165, 0.0230, 0.0290, 0.0370)
SUITE: Final = ("Unaccompanied", "Family", "Spouse, partner", "Children", "Other_B", "Other_A", "Group of people", None)
SUITE_SHARES: Final = (24190, 3892, 1126, 298, 166, 79, 29, 133)
DOCUMENTS: Final = {
    2: 4e-5,
    3: 0.707,
    4: 8e-5,
    5: 0.0149,
    6: 0.0,
    7: 1.9e-4,
    8: 0.0816,
    9: 0.0041,
    10: 2e-5,
    11: 0.0039,
    12: 6e-6,
    13: 0.0033,
    14: 0.0029,
    15: 0.0012,
    16: 0.0095,
    17: 2.7e-4,
    18: 0.0081,
    19: 6e-4,
    20: 5e-4,
    21: 3.3e-4,
}
"""Share of applicants who hand in each document; number 6 is the pensioners' and comes in place of number 3."""


@dataclass(frozen=True, slots=True)
class Loan:
    """The loan asked for."""

    revolving: Flags
    price: Floats
    credit: Floats
    annuity: Floats
    cover: Floats


def draw_loan(rng: np.random.Generator, people: Households, state: State, drift: Drift | None) -> Loan:
    """Price follows income and age; strained households are sold more insurance and dearer money."""
    size = len(people)
    campaign = strength(people.day, drift, Drift.MARKETING)
    tilt = np.interp(people.age, [21, 25, 35, 69], [2.4, 1.3, 1.05, 0.75]) * (1.0 - 0.85 * campaign)
    revolving = rng.random(size) < REVOLVING_SHARE * tilt
    rich = np.log(people.income / 147_150.0)
    grown = -0.30 * np.clip(np.abs(people.age - 45) - 12, 0, 20) / 10
    wanted = np.exp(
        np.log(MEDIAN_GOODS)
        + 0.10
        + 0.55 * rich
        + 0.05 * people.schooling
        + grown
        + 0.10 * state.level
        + 0.09 * state.willingness
        + 0.25 * campaign
        + 0.62 * rng.standard_normal(size)
    )
    step = np.where(rng.random(size) < 0.62, 45_000.0, np.where(rng.random(size) < 0.6, 22_500.0, 4_500.0))
    cash = np.clip(np.round(wanted / step) * step, 40_500.0, 4_050_000.0)
    limit = np.exp(np.log(MEDIAN_LIMIT) + 0.45 * rich + 0.42 * rng.standard_normal(size))
    limit = np.clip(np.round(limit / 45_000) * 45_000, 135_000.0, 1_575_000.0)
    price = np.where(revolving, limit, cash)
    cover = np.where(
        revolving, 1.0, curve(-0.16 * state.level - 0.10 * state.willingness + 0.98 * rng.standard_normal(size), COVER)
    )
    size_z = 0.62 * np.clip(np.log(price / 450_000.0) / 0.72, -3, 3) + 0.78 * rng.standard_normal(size)
    edges = np.cumsum(CASH_TERM_SHARES)
    term = np.array(CASH_TERMS)[np.searchsorted(edges[:-1] / edges[-1], ndtr(size_z), side="right")]
    z = -0.30 * state.level - 0.2 * state.willingness + 0.93 * rng.standard_normal(size)
    rate = curve(z, tuple(zip((0.0, 0.2, 0.5, 0.8, 1.0), RATES, strict=True)))
    credit = money(price * cover)
    annuity = np.where(revolving, money(credit / 20), money(annuity_of(credit, rate, term.astype(np.float64))))
    return Loan(revolving=revolving, price=price, credit=credit, annuity=annuity, cover=cover)


def _moves(rng: np.random.Generator, people: Households, state: State) -> dict[str, Ints]:
    """Whether home, registration and work lie in different regions and cities: rarer with age."""
    size = len(people)
    young = np.exp(-0.26 * people.z_age - 0.20 * state.willingness)
    work = ~people.pensioner
    far_home = rng.random(size) < 0.0145 * young
    far_work = work & (rng.random(size) < 0.052 * young)
    other_home = far_home & (rng.random(size) < 0.5) | (rng.random(size) < 0.066 * young)
    live_work = work & (rng.random(size) < 0.225 * young**0.7)
    reg_work = live_work & (rng.random(size) < 0.93) | (work & other_home & (rng.random(size) < 0.75))
    return {
        "REG_REGION_NOT_LIVE_REGION": far_home.astype(np.int64),
        "REG_REGION_NOT_WORK_REGION": far_work.astype(np.int64),
        "LIVE_REGION_NOT_WORK_REGION": (far_work & (rng.random(size) < 0.81)).astype(np.int64),
        "REG_CITY_NOT_LIVE_CITY": other_home.astype(np.int64),
        "REG_CITY_NOT_WORK_CITY": reg_work.astype(np.int64),
        "LIVE_CITY_NOT_WORK_CITY": live_work.astype(np.int64),
    }


def _circle(rng: np.random.Generator, state: State, size: int) -> dict[str, Floats]:
    """People around the applicant, and how many of them are in default: trouble has company."""
    seen = rng.negative_binomial(0.45, 0.45 / (0.45 + 1.43), size)
    bad = rng.binomial(seen, np.clip(0.098 * np.exp(-0.25 * state.willingness - 0.12 * state.level), 0, 0.6))
    bad60 = rng.binomial(bad, 0.70)
    unknown = rng.random(size) < 0.0033
    seen60 = np.where(rng.random(size) < 0.97, seen, np.maximum(seen - 1, bad60))
    values = {"OBS_30": seen, "DEF_30": bad, "OBS_60": seen60, "DEF_60": bad60}
    return {f"{name}_CNT_SOCIAL_CIRCLE": np.where(unknown, np.nan, count) for name, count in values.items()}


def application_rows(
    rng: np.random.Generator, people: Households, state: State, loan: Loan, scores: Scores, who: Ints
) -> pl.DataFrame:
    """All columns of the published application file but TARGET, in its order."""
    size = len(people)
    will = state.willingness
    cap = people.age * 0.98
    registered = np.minimum(
        curve(0.25 * people.z_age + 0.10 * will + 0.95 * rng.standard_normal(size), home.REGISTRATION_YEARS), cap
    )
    published = np.minimum(
        curve(0.25 * people.z_age + 0.22 * will + 0.93 * rng.standard_normal(size), home.ID_YEARS), people.age - 14
    )
    phone = curve(0.24 * will + 0.10 * state.level + 0.96 * rng.standard_normal(size), home.PHONE_YEARS)
    idle = people.pensioner | people.unemployed
    employed = np.where(idle, NONE_DAY, -np.round(people.employed_years * 365.25))
    documents = rng.random((len(DOCUMENTS), size)) < np.array(list(DOCUMENTS.values()))[:, None]
    document = {number: documents[i] & ~loan.revolving for i, number in enumerate(DOCUMENTS)}
    document[6] = idle & (rng.random(size) < 0.5)
    document[3] = ~document[6] & ~document[8] & ~loan.revolving & (rng.random(size) < 0.95)
    rating = home.REGION_RATING[people.region]
    rating_city = np.where((rating == 2) & (rng.random(size) < 0.015), 1 + 2 * (rng.random(size) < 0.3), rating)
    columns: dict[str, object] = {
        "SK_ID_CURR": who,
        "NAME_CONTRACT_TYPE": words(["Cash loans", "Revolving loans"], loan.revolving.astype(np.int64)),
        "CODE_GENDER": words(["F", "M", "XNA"], np.where(people.unknown_gender, 2, people.male.astype(np.int64))),
        "FLAG_OWN_CAR": words(["N", "Y"], people.car.astype(np.int64)),
        "FLAG_OWN_REALTY": words(["N", "Y"], people.realty.astype(np.int64)),
        "CNT_CHILDREN": people.children,
        "AMT_INCOME_TOTAL": people.income,
        "AMT_CREDIT": loan.credit,
        "AMT_ANNUITY": np.where(rng.random(size) < 4e-5, np.nan, loan.annuity),
        "AMT_GOODS_PRICE": np.where(loan.revolving & (rng.random(size) < 0.0095), np.nan, loan.price),
        "NAME_TYPE_SUITE": words(SUITE, choose(rng, SUITE_SHARES, size)),
        "NAME_INCOME_TYPE": words(home.INCOME_TYPE, people.income_type),
        "NAME_EDUCATION_TYPE": words(home.EDUCATION, people.education),
        "NAME_FAMILY_STATUS": words(home.FAMILY, people.family),
        "NAME_HOUSING_TYPE": words(list(home.HOUSING), people.housing),
        "REGION_POPULATION_RELATIVE": home.REGION_POPULATION[people.region],
        "DAYS_BIRTH": -np.round(people.age * 365.25).astype(np.int64),
        "DAYS_EMPLOYED": employed.astype(np.int64),
        "DAYS_REGISTRATION": 0.0 - np.round(registered * 365.25),
        "DAYS_ID_PUBLISH": -np.round(published * 365.25).astype(np.int64),
        "OWN_CAR_AGE": np.where(
            people.car,
            np.round(
                curve(
                    -0.15 * state.level - 0.1 * people.income_residual + 0.98 * rng.standard_normal(size),
                    home.CAR_YEARS,
                )
            ),
            np.nan,
        ),
        "FLAG_MOBIL": (rng.random(size) >= 3e-6).astype(np.int64),
        "FLAG_EMP_PHONE": (~idle).astype(np.int64),
        "FLAG_WORK_PHONE": (~idle & (rng.random(size) < np.where(people.male, 0.26, 0.235))).astype(np.int64),
        "FLAG_CONT_MOBILE": (rng.random(size) < 0.9983).astype(np.int64),
        "FLAG_PHONE": (rng.random(size) < np.clip(0.28 + 0.05 * state.level + 0.03 * will, 0.02, 0.9)).astype(np.int64),
        "FLAG_EMAIL": (rng.random(size) < 0.057).astype(np.int64),
        "OCCUPATION_TYPE": words(
            [*home.OCCUPATION, None], np.where(people.occupation < 0, len(home.OCCUPATION), people.occupation)
        ),
        "CNT_FAM_MEMBERS": np.where(rng.random(size) < 7e-6, np.nan, people.members.astype(np.float64)),
        "REGION_RATING_CLIENT": rating,
        "REGION_RATING_CLIENT_W_CITY": rating_city.astype(np.int64),
        "WEEKDAY_APPR_PROCESS_START": words(WEEKDAYS, (people.day + FIRST_DAY.weekday()) % 7),
        "HOUR_APPR_PROCESS_START": choose(rng, HOURS, size),
        **_moves(rng, people, state),
        "ORGANIZATION_TYPE": words(list(home.ORGANISATION), people.organisation),
        "EXT_SOURCE_1": scores.first,
        "EXT_SOURCE_2": scores.second,
        "EXT_SOURCE_3": scores.third,
        **building_columns(rng, people.wealth, people.income_residual),
        **_circle(rng, state, size),
        "DAYS_LAST_PHONE_CHANGE": np.where(rng.random(size) < 3e-6, np.nan, 0.0 - np.round(phone * 365.25)),
        **{f"FLAG_DOCUMENT_{number}": document[number].astype(np.int64) for number in DOCUMENTS},
        **{f"AMT_REQ_CREDIT_BUREAU_{window}": count for window, count in scores.enquiries.items()},
    }
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))
