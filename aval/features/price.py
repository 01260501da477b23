"""Recipe R3: term and price of a loan, from its amount, instalment and term.

For the application the term is not known: every term that could be is tried (R3a). For earlier loans it is: their
interest and rates follow (R3b), and the true monthly rate, the root of r = (A / C)(1 - (1 + r)^-n) (R3c). Newton's
first guess lies right of the root, where the function is convex: every step comes closer and none passes it.
"""

import math
from typing import Final

import polars as pl

from aval.features.application import Derived, derived
from aval.features.measure import History, mean_known, ratio

_CREDIT = pl.col("AMT_CREDIT")
_ANNUITY = pl.col("AMT_ANNUITY")
_TERM = pl.col("CNT_PAYMENT")

LOWEST_RATE: Final = 0.085
"""Below this yearly rate a term is not what the lender offered (RECIPES R3a)."""
TERMS: Final = tuple(range(6, 61, 6))
"""The terms tried, in months."""


def _steps() -> dict[str, pl.Expr]:
    steps: dict[str, pl.Expr] = {"quota": ratio(_ANNUITY, _CREDIT).log()}
    for term in TERMS:
        # (A n / C)^(12 / n), through logarithms
        steps[f"implied{term}"] = ((pl.col("quota") + math.log(term)) * (12 / term)).exp() - 1
        steps[f"implied{term}_rate"] = pl.when(pl.col(f"implied{term}") > LOWEST_RATE).then(pl.col(f"implied{term}"))
    return steps


STEPS: Final = _steps()
"""Columns on the way to several features: the yearly rate that each term would imply."""

_RATES: Final = tuple(f"implied{term}_rate" for term in TERMS)
_HIGHEST = pl.max_horizontal(*_RATES)
_LOWEST = pl.min_horizontal(*_RATES)

FEATURES: Final[tuple[Derived, ...]] = (
    derived(
        "application_implied_rate_min",
        _LOWEST,
        "Smallest plausible yearly rate implied by the instalment",
        "Minimum des taux annuels plausibles au vu de la mensualité",
        "CREDIT_TERM",
        actionable=True,
    ),
    derived(
        "application_implied_rate_mean",
        mean_known(*_RATES),
        "Mean of the plausible yearly rates implied by the instalment",
        "Moyenne des taux annuels plausibles au vu de la mensualité",
        "CREDIT_TERM",
        actionable=True,
    ),
    derived(
        "application_implied_rate_range",
        _HIGHEST - _LOWEST,
        "Range of the plausible yearly rates implied by the instalment",
        "Étendue des taux annuels plausibles au vu de la mensualité",
        "CREDIT_TERM",
        actionable=True,
    ),
    derived(
        "application_implied_months_min",
        pl.coalesce(pl.when(pl.col(f"implied{term}") > LOWEST_RATE).then(float(term)) for term in TERMS),
        "Shortest plausible term implied by the instalment",
        "Durée minimale plausible au vu de la mensualité",
        "CREDIT_TERM",
        actionable=True,
    ),
)

_STEPS: Final = 3
"""Of Newton: the error is below 1e-6 a month for every price seen."""
_QUOTA = pl.col("annuity_ratio")


def of_previous(history: History) -> None:
    """Declare interest, its share, the approximate and the true rate of an earlier application."""
    why = "PREVIOUS_TERMS"
    history.measure(
        "annuity_ratio", ratio(_ANNUITY, _CREDIT), "instalment over the amount", "la mensualité sur le montant", why
    )
    history.measure("interest_amount", _TERM * _ANNUITY - _CREDIT, "interest", "les intérêts", why)
    history.measure(
        "interest_share", _TERM * _QUOTA - 1, "interest over the amount", "le rapport des intérêts au montant", why
    )
    share = pl.col("interest_share")
    history.measure("price_rate", 24 * share / (_TERM + 1), "approximate yearly rate", "le taux annuel approché", why)
    history.measure("simple_rate", ratio(share, _TERM), "simple monthly rate", "le taux mensuel simple", why)
    rate = pl.min_horizontal(_QUOTA, 2 * share / (_TERM + 1))
    history.measure(
        "newton0_rate",
        pl.when((_TERM > 1) & (share > 0)).then(rate),
        "monthly rate, first guess",
        "le taux mensuel, première approche",
        why,
    )
    for step in range(1, _STEPS + 1):
        rate = pl.col(f"newton{step - 1}_rate")
        decay = (-_TERM * rate.log1p()).exp()
        rate = rate - (rate - _QUOTA * (1 - decay)) / (1 - _QUOTA * _TERM * decay / (1 + rate))
        history.measure(f"newton{step}_rate", rate, f"monthly rate, step {step}", f"le taux mensuel, étape {step}", why)
    # A root that is none, or that Newton's division lost, is unknown.
    rate = pl.col(f"newton{_STEPS}_rate")
    history.measure(
        "true_rate", pl.when(rate.is_between(0, 5)).then(rate), "true monthly rate", "le taux mensuel réel", why
    )
