"""Recipes R3b and R3c: the price of earlier loans, from their amount, instalment and term.

The true monthly rate is the root of r = (A / C)(1 - (1 + r)^-n), by Newton's steps. The start lies right of the
root, where the function is convex: every step comes closer and none passes it.
"""

from typing import Final

import polars as pl

from aval.features.measure import History, ratio

_CREDIT = pl.col("AMT_CREDIT")
_ANNUITY = pl.col("AMT_ANNUITY")
_TERM = pl.col("CNT_PAYMENT")
_INTEREST = _TERM * _ANNUITY - _CREDIT
_QUOTA = ratio(_ANNUITY, _CREDIT)
_STEPS: Final = 5


def of_previous(history: History) -> None:
    """Declare interest, its share, the approximate and the true rate of an earlier application."""
    history.measure("interest_amount", _INTEREST, "interest", "les intérêts", "PREVIOUS_TERMS")
    history.measure(
        "interest_share",
        ratio(_INTEREST, _CREDIT),
        "interest over the amount",
        "le rapport des intérêts au montant",
        "PREVIOUS_TERMS",
    )
    history.measure(
        "price_rate",
        ratio(24 * _INTEREST, _CREDIT * (_TERM + 1)),
        "approximate yearly rate",
        "le taux annuel approché",
        "PREVIOUS_TERMS",
    )
    history.measure(
        "simple_rate",
        ratio(ratio(_INTEREST, _CREDIT), _TERM),
        "simple monthly rate",
        "le taux mensuel simple",
        "PREVIOUS_TERMS",
    )
    history.measure(
        "newton0_rate",
        pl.when((_TERM > 1) & (_INTEREST > 0)).then(
            pl.min_horizontal(_QUOTA, ratio(2 * _INTEREST, _CREDIT * (_TERM + 1)))
        ),
        "monthly rate, first guess",
        "le taux mensuel, première approche",
        "PREVIOUS_TERMS",
    )
    for step in range(1, _STEPS + 1):
        rate = pl.col(f"newton{step - 1}_rate")
        decay = (-_TERM * (rate + 1).log()).exp()
        slope = 1 - _QUOTA * _TERM * decay * ratio(pl.lit(1.0), rate + 1)
        history.measure(
            f"newton{step}_rate" if step < _STEPS else "true_rate",
            rate - ratio(rate - _QUOTA * (1 - decay), slope),
            f"monthly rate, step {step}" if step < _STEPS else "true monthly rate",
            f"le taux mensuel, étape {step}" if step < _STEPS else "le taux mensuel réel",
            "PREVIOUS_TERMS",
        )
