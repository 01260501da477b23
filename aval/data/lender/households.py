"""Who applies: age, family, region, education, job, income, home and telephone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from aval.data.lender.draws import Flags, Floats, Ints, along, choose, choose_each, curve, logistic, mixed
from aval.data.lender.drift import Drift, days_of_application, strength

AGE_YEARS: Final = (
    (0, 20.6),
    (0.01, 22.9),
    (0.05, 25.9),
    (0.1, 28.1),
    (0.25, 33.8),
    (0.5, 43.0),
    (0.75, 53.7),
    (0.9, 60.7),
    (0.95, 63.4),
    (0.99, 66.8),
    (1, 69.1),
)
MALE_AT: Final = ((22, 0.47), (27, 0.45), (37, 0.40), (47, 0.36), (57, 0.26), (67, 0.19))
PENSIONER_AT: Final = ((25, 0.003), (42, 0.014), (48, 0.035), (52.5, 0.13), (57.5, 0.57), (62.5, 0.81), (68, 0.91))
MARRIED_AT: Final = ((21, 0.25), (27, 0.57), (32, 0.69), (50, 0.67), (60, 0.59), (68, 0.48))
CHILDREN_AT: Final = ((21, 0.15), (27, 0.53), (33, 0.84), (38, 0.84), (43, 0.56), (48, 0.27), (53, 0.1), (60, 0.01))
EMPLOYED_YEARS: Final = (
    (0, 0.05),
    (0.01, 0.31),
    (0.05, 0.57),
    (0.1, 0.93),
    (0.25, 2.1),
    (0.5, 4.5),
    (0.75, 8.7),
    (0.9, 14.7),
    (0.95, 20.2),
    (0.99, 31.3),
    (1, 47),
)
REGISTRATION_YEARS: Final = (
    (0, 0),
    (0.01, 0.13),
    (0.05, 0.9),
    (0.1, 1.9),
    (0.25, 5.5),
    (0.5, 12.4),
    (0.75, 20.5),
    (0.9, 27.3),
    (0.99, 38),
    (1, 56),
)
ID_YEARS: Final = (
    (0, 0),
    (0.01, 0.16),
    (0.05, 1.0),
    (0.1, 2.0),
    (0.25, 4.8),
    (0.5, 9.0),
    (0.75, 11.8),
    (0.9, 12.9),
    (0.99, 14.9),
    (1, 17),
)
PHONE_YEARS: Final = ((0, 0), (0.105, 0), (0.25, 0.75), (0.5, 2.1), (0.75, 4.3), (0.9, 6.0), (0.99, 8.6), (1, 11.2))
CAR_YEARS: Final = (
    (0, 0),
    (0.02, 0),
    (0.05, 1),
    (0.1, 2),
    (0.25, 5),
    (0.5, 9),
    (0.75, 15),
    (0.9, 22),
    (0.95, 28),
    (0.96, 40),
    (0.97, 64),
    (1, 65),
)

EDUCATION: Final = (
    "Lower secondary",
    "Secondary / secondary special",
    "Incomplete higher",
    "Higher education",
    "Academic degree",
)
FAMILY: Final = ("Married", "Civil marriage", "Single / not married", "Separated", "Widow")
HOUSING: Final = {
    "House / apartment": 0.887,
    "With parents": 0.048,
    "Municipal apartment": 0.036,
    "Rented apartment": 0.016,
    "Office apartment": 0.0085,
    "Co-op apartment": 0.0037,
}
INCOME_TYPE: Final = (
    "Working",
    "Commercial associate",
    "State servant",
    "Pensioner",
    "Unemployed",
    "Student",
    "Businessman",
    "Maternity leave",
)
OCCUPATION: Final = {  # (share among those who say, share of men, skill from 0 to 1)
    "Laborers": (55.0, 0.62, 0.25),
    "Sales staff": (32.0, 0.12, 0.35),
    "Core staff": (27.5, 0.25, 0.7),
    "Managers": (21.5, 0.45, 0.8),
    "Drivers": (18.7, 0.98, 0.3),
    "High skill tech staff": (11.4, 0.45, 0.8),
    "Accountants": (9.8, 0.04, 0.8),
    "Medicine staff": (8.5, 0.07, 0.6),
    "Security staff": (6.7, 0.75, 0.3),
    "Cooking staff": (5.9, 0.1, 0.25),
    "Cleaning staff": (4.7, 0.08, 0.2),
    "Private service staff": (2.7, 0.1, 0.6),
    "Low-skill Laborers": (2.1, 0.7, 0.05),
    "Waiters/barmen staff": (1.4, 0.15, 0.3),
    "Secretaries": (1.3, 0.03, 0.55),
    "Realty agents": (0.75, 0.25, 0.6),
    "IT staff": (0.55, 0.6, 0.85),
    "HR staff": (0.55, 0.1, 0.75),
}
ORGANISATION: Final = {
    "Business Entity Type 3": 6580,
    "Self-employed": 3722,
    "Other": 1636,
    "Medicine": 1069,
    "Business Entity Type 2": 1022,
    "Government": 1011,
    "School": 847,
    "Trade: type 7": 740,
    "Construction": 655,
    "Kindergarten": 627,
    "Business Entity Type 1": 601,
    "Transport: type 4": 555,
    "Trade: type 3": 347,
    "Industry: type 3": 337,
    "Industry: type 9": 324,
    "Housing": 299,
    "Security": 293,
    "Bank": 265,
    "Industry: type 11": 253,
    "Military": 233,
    "Police": 228,
    "Transport: type 2": 213,
    "Agriculture": 209,
    "Postal": 207,
    "Security Ministries": 195,
    "Trade: type 2": 187,
    "Restaurant": 163,
    "Services": 142,
    "University": 122,
    "Industry: type 7": 121,
    "Industry: type 1": 115,
    "Hotel": 110,
    "Electricity": 94,
    "Transport: type 3": 86,
    "Industry: type 4": 86,
    "Trade: type 6": 68,
    "Industry: type 5": 65,
    "Telecom": 62,
    "Insurance": 60,
    "Emergency": 57,
    "Industry: type 2": 54,
    "Industry: type 12": 54,
    "Culture": 45,
    "Advertising": 38,
    "Realtor": 35,
    "Trade: type 1": 34,
    "Legal Services": 33,
    "Transport: type 1": 24,
    "Cleaning": 22,
    "Mobile": 20,
    "Industry: type 10": 15,
    "Industry: type 6": 12,
    "Trade: type 5": 9,
    "Industry: type 13": 8,
    "Religion": 7,
    "Trade: type 4": 6,
    "Industry: type 8": 2,
    "XNA": 0,
}
PUBLIC: Final = frozenset(
    {
        "Medicine",
        "Government",
        "School",
        "Kindergarten",
        "Military",
        "Police",
        "Postal",
        "Security Ministries",
        "University",
        "Emergency",
        "Culture",
    }
)

REGIONS: Final = 62
_PLACE: Final = np.arange(REGIONS) / (REGIONS - 1)
REGION_POPULATION: Final = np.round(0.0006 + 0.0716 * _PLACE**1.9, 6)
"""Population of each region relative to all: a region is recognised by it."""
_REGION_WEIGHTS: Final = REGION_POPULATION * 0.25 + 0.012
REGION_WEALTH: Final = np.round(1.1 * np.sin(2.9 * np.arange(REGIONS)) + 1.2 * (_PLACE - 0.55), 3)
"""Prosperity of each region, in standard deviations: it lifts incomes and the ability to pay."""
REGION_RATING: Final = np.where(REGION_WEALTH > 1.18, 1, np.where(REGION_WEALTH < -0.97, 3, 2))

MEDIAN_INCOME: Final = 145_500.0
"""Before the lender's refusals; 147,150 after them, as in RECIPES."""


@dataclass(frozen=True, slots=True)
class Households:
    """One value per candidate applicant, on the day of application."""

    day: Ints  # of the horizon
    age: Floats
    z_age: Floats  # in standard deviations from the mean age
    male: Flags
    unknown_gender: Flags
    pensioner: Flags
    unemployed: Flags
    schooling: Floats  # standard normal behind the education
    education: Ints
    family: Ints
    children: Ints
    members: Ints
    housing: Ints
    region: Ints
    wealth: Floats
    income_type: Ints
    occupation: Ints  # -1: not stated
    skill: Floats
    organisation: Ints
    income: Floats
    income_residual: Floats  # what neither job, region nor schooling explains
    tenure: Floats  # standard normal behind the years in the job
    employed_years: Floats
    car: Flags
    realty: Flags

    def __len__(self) -> int:
        return len(self.age)


def _income(rng: np.random.Generator, log_income: Floats) -> Floats:
    """Stated incomes are round numbers: tens of thousands for most people, finer for some."""
    amount = np.exp(log_income)
    step = np.where(rng.random(len(amount)) < 0.42, 22_500.0, np.where(rng.random(len(amount)) < 0.85, 4_500.0, 450.0))
    return np.clip(np.round(amount / step) * step, 27_000.0, 9_000_000.0)


def draw_households(rng: np.random.Generator, size: int, drift: Drift | None) -> Households:
    """Candidates for a loan: people first, then their family, place, job and income."""
    day = days_of_application(rng, size)
    young = strength(day, drift, Drift.MARKETING)
    recession = strength(day, drift, Drift.RECESSION)
    age = np.clip(curve(rng.standard_normal(size) - 0.55 * young, AGE_YEARS), 20.6, 69.1)
    z_age = (age - 43.4) / 11.9
    male = rng.random(size) < along(age, MALE_AT)
    pensioner = rng.random(size) < along(age + np.where(male, -3.5, -0.2), PENSIONER_AT)
    unemployed = ~pensioner & (rng.random(size) < 8e-5)

    region = choose(rng, list(_REGION_WEIGHTS), size)
    wealth = REGION_WEALTH[region]
    schooling = mixed(((0.12, wealth), (-0.16, z_age), (-0.07, male / 0.47 - 0.72)), rng)
    education = np.where(schooling < -2.25, 0, np.where(schooling < 0.70, 1, 3))
    education = np.where((education == 3) & (age < 33) & (rng.random(size) < 0.45), 2, education)
    education = np.where((education == 3) & (rng.random(size) < 0.008), 3 + (schooling > 1.6), education)

    married = rng.random(size) < along(age, MARRIED_AT)
    alone = np.column_stack(
        [
            np.full(size, 0.31),
            np.where(age < 35, 0.75, 0.34),
            0.03 + 0.006 * (age - 20),
            np.maximum(age - 43, 0.0) ** 1.4 * 0.012 * np.where(male, 0.25, 1.0),
        ]
    )
    family = np.where(married, 0, 1 + choose_each(rng, alone))
    children = np.minimum(rng.poisson(along(age, CHILDREN_AT) * np.where(married, 1.1, 0.75)), 9)
    couple = family <= 1
    members = 1 + couple + children

    housing = choose(rng, list(HOUSING.values()), size)
    housing = np.where((age < 32) & (rng.random(size) < 0.09), 1, housing)

    skills = np.array([s for _, _, s in OCCUPATION.values()])
    tilt = np.exp(1.3 * np.outer(schooling, skills - 0.45))
    weight = np.array([w for w, _, _ in OCCUPATION.values()])
    men = np.array([m for _, m, _ in OCCUPATION.values()])
    occupation = choose_each(rng, tilt * weight * np.where(male[:, None], men / 0.37, (1 - men) / 0.63))
    skill = np.where(pensioner, 0.45, skills[occupation])
    occupation = np.where(pensioner | unemployed | (rng.random(size) < 0.165), -1, occupation)

    names = list(ORGANISATION)
    organisation = choose(rng, list(ORGANISATION.values()), size)
    public = np.array([n in PUBLIC for n in names])[organisation]
    income_type = np.where(public & (rng.random(size) < 0.45), 2, np.where(rng.random(size) < 0.305, 1, 0))
    income_type = np.where(
        ~public & (income_type == 0) & (rng.random(size) < 0.0004), 5 + choose(rng, [2, 1, 1], size), income_type
    )
    income_type = np.where(pensioner, 3, np.where(unemployed, 4, income_type))
    organisation = np.where(pensioner | unemployed, len(names) - 1, organisation)

    income_residual = rng.standard_normal(size)
    log_income = (
        np.log(MEDIAN_INCOME)
        + 0.21 * male
        + 0.16 * schooling
        + 0.28 * (skill - 0.45)
        + 0.12 * wealth
        + 0.05 * (income_type == 1)
        - 0.17 * pensioner
        - 0.09 * (age < 25)
        + 0.37 * income_residual
        - 0.06
        - 0.14 * recession
    )
    tenure = mixed(((0.25, z_age), (0.12, income_residual)), rng)
    employed_years = np.minimum(curve(tenure, EMPLOYED_YEARS), np.maximum(age - 18.3, 0.1) * 0.97)
    car = rng.random(size) < logistic(np.where(male, 0.25, -1.30) + 0.9 * (log_income - 11.9) - 0.5 * pensioner)
    realty = rng.random(size) < np.clip(0.62 + 0.005 * (age - 30), 0.3, 0.85)
    return Households(
        day=day,
        age=age,
        z_age=z_age,
        male=male,
        unknown_gender=rng.random(size) < 1.3e-5,
        pensioner=pensioner,
        unemployed=unemployed,
        schooling=schooling,
        education=education.astype(np.int64),
        family=family.astype(np.int64),
        children=children.astype(np.int64),
        members=members.astype(np.int64),
        housing=housing.astype(np.int64),
        region=region,
        wealth=wealth,
        income_type=income_type.astype(np.int64),
        occupation=occupation.astype(np.int64),
        skill=skill,
        organisation=organisation.astype(np.int64),
        income=_income(rng, log_income),
        income_residual=income_residual,
        tenure=tenure,
        employed_years=employed_years,
        car=car,
        realty=realty,
    )
