"""Which way risk may go with a feature, where nobody could argue otherwise: declared, with the reason in words.

A lender has to say why more overdue never helps. A direction is stated only where a higher value at the expense
of nothing else can mean one thing alone; shares of harmless kinds, counts of credits, ages of histories and
amounts of credits have none, however clear the tables look.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aval.errors import PlanError
from aval.model.candidates import Candidate
from aval.model.encoding import Encoding

MONOTONE: Final = "monotone"
"""A candidate's parameter that holds the trees to these directions: ours, no library's."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Features whose whole name fits `pattern`: more of them is more risk (+1) or less (-1)."""

    pattern: str
    sign: int
    en: str
    fr: str


DIRECTIONS: Final = (
    Direction(
        r"external_(source[123]_score|score_(mean|min|max|median|weighted)|two_score_weighted"
        r"|pair\d\d_score_(sum|product))",
        -1,
        "an external score is built to be higher where the risk is lower",
        "un score externe est construit pour monter quand le risque baisse",
    ),
    Direction(
        r"bureau_(overdue_days_max|(worst_)?overdue_amount_\w+|overdue_ratio_\w+|everoverdue_share)",
        +1,
        "more overdue with other lenders, now or at the worst, never speaks for an applicant",
        "plus d'impayés ailleurs, actuels ou passés, ne plaide jamais pour le demandeur",
    ),
    Direction(
        r"bureau_lapsed_share",
        +1,
        "a credit still running after its term was not repaid as promised",
        "un crédit encore en cours après son terme n'a pas été remboursé comme promis",
    ),
    Direction(
        r"bureau_(debt_ratio_\w+|debt_total_ratio(_active)?|debt_limit_ratio_card)",
        +1,
        "the more of what was borrowed is still owed, the more must still be repaid",
        "plus il reste à rembourser sur le montant emprunté, plus la charge à venir est lourde",
    ),
    Direction(
        r"balance_(late_count|late_share_\w+|late5_share|late_rating_(mean|max)|late_credit_ratio)",
        +1,
        "more months late at the bureau, or later ones, never speak for an applicant",
        "plus de mois en retard, ou de plus longs retards, ne plaident jamais pour le demandeur",
    ),
    Direction(
        r"balance_late_age_months_min",
        -1,
        "the longer ago the latest delay, the better",
        "plus le dernier retard est ancien, mieux c'est",
    ),
    Direction(
        r"previous_(refused_count|application_count_\w*refused|refused_share\w*)",
        +1,
        "a lender that refused more often had reasons more often",
        "un prêteur qui a refusé plus souvent avait plus souvent une raison",
    ),
    Direction(
        r"pos_(late\w*_share\w*|due_days_(mean|max)\w*|tolerance_days_\w+|(writtenoff|demand)_share)",
        +1,
        "more days or months past due, or a loan called in or written off, never speak for an applicant",
        "plus de retard, une mise en demeure ou un prêt passé en perte ne plaident jamais pour le demandeur",
    ),
    Direction(
        r"instalments_(late\d*_(count|share\w*)|late_days_(mean|max|median|last|weighted)\w*|past_days_\w+)",
        +1,
        "instalments paid later, or late more often, never speak for an applicant",
        "payer ses échéances plus tard, ou plus souvent en retard, ne plaide jamais pour le demandeur",
    ),
    Direction(
        r"instalments_(unpaid_(count|days_max)|partial_\w+|short_amount_\w+)",
        +1,
        "what was due and not paid is a default in small",
        "une échéance due et non payée est un défaut en petit",
    ),
    Direction(
        r"card_(late_share_\w+|tolerance_days_max|short_share|overlimit_share|nearlimit_share)",
        +1,
        "a card paid late, paid short or drawn to its limit has no room left",
        "une carte payée en retard, insuffisamment, ou tirée jusqu'au plafond n'a plus de marge",
    ),
    Direction(
        r"card_use_ratio_(mean|max|last)\w*",
        +1,
        "the more of a limit is used, the less room is left",
        "plus le plafond est utilisé, moins il reste de marge",
    ),
    Direction(
        r"application_annuity_income_ratio|across_(running|dues|debts|debt|overdue)_income_ratio",
        +1,
        "the larger the share of income that repays, the less is left to live on",
        "plus la part du revenu qui rembourse est grande, moins il reste pour vivre",
    ),
    Direction(
        r"application_circle_default(30_count|60_count|_ratio)",
        +1,
        "more people around the applicant in default never lower the risk",
        "plus de proches en défaut n'abaissent jamais le risque",
    ),
    Direction(
        r"application_region_(city_)?rating",
        +1,
        "the lender rates regions from 1, the best, to 3, the worst",
        "le prêteur note les régions de 1, la meilleure, à 3, la moins bonne",
    ),
)
"""One for a feature at most; a test holds each against the catalogue."""

_COMPILED: Final = tuple((re.compile(one.pattern), one) for one in DIRECTIONS)


def direction(name: str) -> Direction | None:
    """What is declared of a feature, if anything."""
    return next((one for pattern, one in _COMPILED if pattern.fullmatch(name)), None)


def directions(encoding: Encoding) -> tuple[int, ...]:
    """The sign of each column, 0 where none is declared; categories have none."""
    found = (None if name in encoding.levels else direction(name) for name in encoding.features)
    return tuple(0 if one is None else one.sign for one in found)


def constraints(candidate: Candidate, encoding: Encoding, plan: str | Path) -> tuple[int, ...] | None:
    """The signs a candidate's trees are held to; None where it does not ask to be.

    Raises:
        PlanError: it asks, and none of its columns has a direction.
    """
    if not candidate.parameters.get(MONOTONE, False):
        return None
    signs = directions(encoding)
    if not any(signs):
        what = f"{candidate.name}: {MONOTONE} is asked for, and none of its columns has a direction"
        raise PlanError(plan, what, "leave it out, or see docs/monotone.md")
    return signs


def checked(candidate: Candidate, plan: str | Path) -> None:
    """Raises PlanError unless the parameter, where it is stated, is true or false."""
    if not isinstance(candidate.parameters.get(MONOTONE, False), bool):
        raise PlanError(plan, f"{candidate.name}: {MONOTONE} is neither true nor false", "write true or leave it out")


def page(names: Iterable[str]) -> str:
    """Markdown of the directions and the features each holds: docs/monotone.md is this page."""
    return "\n".join(_lines(tuple(names))) + "\n"


def _lines(names: tuple[str, ...]) -> Iterator[str]:
    held = {name: one for name in names if (one := direction(name)) is not None}
    signs = Counter(one.sign for one in held.values())
    yield "# Directions that nobody argues about"
    yield ""
    yield "<!-- Written by `python -m aval.model.monotone docs/monotone.md`; a test keeps it true. -->"
    yield ""
    yield f"A candidate of LightGBM or XGBoost with `{MONOTONE} = true` is held to these directions: all else equal,"
    yield "more of a feature marked + never lowers the margin, more of one marked - never raises it. A missing value"
    yield "stands outside: it goes where the tree sends it. All other features are free, because more of them can mean"
    yield f"more than one thing. Held: {len(held)} of {len(names)} features, {signs[1]} by + and {signs[-1]} by -."
    for one in DIRECTIONS:
        yield ""
        yield f"## {'+' if one.sign > 0 else '-'} {one.en[0].upper()}{one.en[1:]}"
        yield ""
        yield f"*{one.fr[0].upper()}{one.fr[1:]}.*"
        yield ""
        yield ", ".join(f"`{name}`" for name, found in held.items() if found is one)


if __name__ == "__main__":
    import sys

    from aval.features.build import catalogue

    Path(sys.argv[1]).write_text(page(catalogue().names), encoding="utf-8")
