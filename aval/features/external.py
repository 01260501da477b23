"""Recipe R2: the three external scores, alone and together. A missing score is unknown, never the worst."""

from typing import Final

import polars as pl

from aval.credit.reason import Theme
from aval.features.application import Derived, derived
from aval.features.measure import mean_known, quotient, total

_SCORES: Final = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
_1, _2, _3 = (pl.col(column) for column in _SCORES)
_PAIRS: Final = ((1, 2, _1, _2), (1, 3, _1, _3), (2, 3, _2, _3))

_MEAN = mean_known(*_SCORES)
_LIST = pl.concat_list(*_SCORES).list.drop_nulls()


def _weighted(*weights: float) -> pl.Expr:
    """Weighted mean of the scores that are known."""
    scores = tuple(pl.col(column) for column in _SCORES)
    above = total(*(score * weight for score, weight in zip(scores, weights, strict=True)))
    below = total(*(score.is_not_null() * weight for score, weight in zip(scores, weights, strict=True)))
    return quotient(above, below)


_ANY = pl.any_horizontal(pl.col(column).is_not_null() for column in _SCORES)
_TOGETHER: Final = (
    ("score_mean", _MEAN, "Mean of the external scores", "Moyenne des scores externes"),
    ("score_min", pl.min_horizontal(*_SCORES), "Smallest external score", "Minimum des scores externes"),
    ("score_max", pl.max_horizontal(*_SCORES), "Largest external score", "Maximum des scores externes"),
    ("score_median", _LIST.list.median(), "Median of the external scores", "Médiane des scores externes"),
    (
        "score_std",
        _LIST.list.std(),
        "Standard deviation of the external scores",
        "Écart type des scores externes",
    ),
    (
        "score_range",
        pl.max_horizontal(*_SCORES) - pl.min_horizontal(*_SCORES),
        "Range of the external scores",
        "Étendue des scores externes",
    ),
    (
        "score_sum",
        pl.when(_ANY).then(total(_1, _2, _3)),
        "Sum of the external scores known",
        "Somme des scores externes connus",
    ),
    (
        "score_product",
        pl.when(_ANY).then(_1.fill_null(1.0) * _2.fill_null(1.0) * _3.fill_null(1.0)),
        "Product of the external scores known",
        "Produit des scores externes connus",
    ),
    (
        "score_weighted",
        _weighted(1.9, 2.1, 2.6),
        "Weighted mean of the external scores (1.9, 2.1, 2.6)",
        "Moyenne pondérée des scores externes (1,9, 2,1, 2,6)",
    ),
    (
        "two_score_weighted",
        _weighted(2.0, 1.0, 3.0),
        "Weighted mean of the external scores (2, 1, 3)",
        "Moyenne pondérée des scores externes (2, 1, 3)",
    ),
)

_AMOUNTS: Final = (
    ("credit", "AMT_CREDIT", "Credit requested", "Crédit demandé"),
    ("annuity", "AMT_ANNUITY", "Monthly instalment", "Mensualité"),
    ("income", "AMT_INCOME_TOTAL", "Yearly income", "Revenu annuel"),
)


def _features() -> list[Derived]:
    found = [
        derived(
            f"external_source{number}_score",
            pl.col(f"EXT_SOURCE_{number}"),
            f"External score {number}",
            f"Score externe {number}",
            f"EXTERNAL_SCORE_{number}",
        )
        for number in (1, 2, 3)
    ]
    found += [derived(f"external_{name}", expr, en, fr, "EXTERNAL_SCORES") for name, expr, en, fr in _TOGETHER]
    for left, right, first, second in _PAIRS:
        found += [
            derived(
                f"external_pair{left}{right}_score_product",
                first * second,
                f"Product of external scores {left} and {right}",
                f"Produit des scores externes {left} et {right}",
                "EXTERNAL_SCORES",
            ),
            derived(
                f"external_pair{left}{right}_score_sum",
                first + second,
                f"Sum of external scores {left} and {right}",
                f"Somme des scores externes {left} et {right}",
                "EXTERNAL_SCORES",
            ),
            derived(
                f"external_gap{left}{right}_score",
                first - second,
                f"External score {left} less external score {right}",
                f"Score externe {left} moins score externe {right}",
                "EXTERNAL_SCORES",
            ),
        ]
    found.append(
        derived(
            "external_unknown_count",
            pl.sum_horizontal(pl.col(column).is_null() for column in _SCORES),
            "Number of external scores that are unknown",
            "Nombre de scores externes inconnus",
            Theme.EXTERNAL,
        )
    )
    for name, column, en, fr in _AMOUNTS:
        found.append(
            derived(
                f"external_{name}_source3_ratio",
                quotient(pl.col(column), _3),
                f"{en} over external score 3",
                f"{fr} : rapport au score externe 3",
                "EXTERNAL_SCORES",
            )
        )
    found += [
        derived(
            "external_term_mean_ratio",
            quotient(quotient(pl.col("AMT_CREDIT"), pl.col("AMT_ANNUITY")), _MEAN),
            "Credit over its instalment, over the mean of the external scores",
            "Rapport du crédit à sa mensualité, divisé par la moyenne des scores externes",
            "EXTERNAL_SCORES",
        ),
        derived(
            "external_employed_mean_ratio",
            _MEAN * pl.col("DAYS_EMPLOYED"),
            "Mean of the external scores times the time in employment",
            "Moyenne des scores externes multipliée par l'ancienneté dans l'emploi",
            "EXTERNAL_SCORES",
        ),
        derived(
            "external_age_mean_ratio",
            _MEAN * pl.col("DAYS_BIRTH"),
            "Mean of the external scores times age",
            "Moyenne des scores externes multipliée par l'âge",
            Theme.EXTERNAL,
        ),
    ]
    return found


FEATURES: Final = tuple(_features())
