"""What the decisions on record cost, if their probabilities are right."""

from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from aval.credit.decision import Verdict
from aval.credit.policy import Cost
from aval.service.answer import Answer
from aval.service.curve import Point, curve
from aval.service.views import Figures

By = Literal["contract", "income", "amount"]
Every = Literal["day", "week", "month"]


class Segment(Answer):
    """Applications that are alike in one thing, or of one stretch of time."""

    name: str
    """What they have in common."""
    applications: int
    """How many."""
    verdicts: dict[str, int]
    """By verdict as decided."""
    approval_rate: float
    """Share approved, of the applications or of their amount."""
    expected_default_rate: float | None
    """Mean probability of default of the approved; null where nobody is."""
    expected_cost: float
    """Per 1000 applications (or, weighted, per 1000 of the amount), at the break-even of these costs."""


class Portfolio(Answer):
    """What the decisions on record cost, if the probabilities are right."""

    applications: int
    """Applicants with a decision that is wanted; each counts once, by the last."""
    verdicts: dict[str, int]
    """By verdict as decided."""
    cutoff: float
    """Break-even at these costs."""
    costs: dict[str, float]
    """What the figures were taken at."""
    weighted: bool
    """Whether each application counts by its amount."""
    curve: list[Point]
    """Cost, approvals and defaults against the cut-off; the policy's own is among them."""
    segments: list[Segment]
    """By kind of contract, source of income or amount."""
    over_time: list[Segment]
    """By day, week or month."""


def portfolio(
    found: Figures, cost: Cost, by: By, every: Every, *, weighted: bool, policy: float | None = None
) -> Portfolio:
    """Over these decisions, at this cost; `policy`: a cut-off that is on the curve whatever the cost."""
    amounts = np.array([float(fact.get("amount") or 0.0) for fact in found.facts])
    weights = amounts if weighted else None
    if by == "amount":
        names = [_band(amount) for amount in amounts.tolist()]
    else:
        names = [str(fact.get(by) or "") for fact in found.facts]
    return Portfolio(
        applications=len(found),
        verdicts=_verdicts(found.verdict),
        cutoff=cost.cutoff,
        costs={"accepted_defaulter": cost.accepted_defaulter, "refused_payer": cost.refused_payer},
        weighted=weighted,
        curve=curve(found.probability, weights, cost, also=policy)
        if len(found) and (weights is None or weights.sum() > 0)
        else [],
        segments=_segments(found, names, cost, weights),
        over_time=_segments(found, [stretch(at, every) for at in found.at], cost, weights),
    )


def _verdicts(verdicts: Any) -> dict[str, int]:
    return {verdict.value: int((verdicts == verdict.value).sum()) for verdict in Verdict}


def _band(amount: float) -> str:
    """Amounts by the power of ten and its halves: 100000-200000, 200000-500000, 500000-1000000."""
    if amount < 1:
        return "0"
    power = 10.0 ** np.floor(np.log10(amount))
    for low, high in ((1, 2), (2, 5), (5, 10)):
        if amount < high * power:
            return f"{low * power:.0f}-{high * power:.0f}"
    return f"{10 * power:.0f}-{20 * power:.0f}"


def _segments(found: Figures, names: list[str], cost: Cost, weights: npt.NDArray[np.float64] | None) -> list[Segment]:
    named = np.array(names, dtype=np.str_)
    each = np.ones(len(found)) if weights is None else weights
    segments = []
    for name in sorted(set(names)):
        inside = named == name
        p, verdict, weight = found.probability[inside], found.verdict[inside], each[inside]
        approved = verdict == Verdict.APPROVE.value
        price = np.where(p < cost.cutoff, p * cost.accepted_defaulter, (1 - p) * cost.refused_payer)
        segments.append(
            Segment(
                name=name,
                applications=int(inside.sum()),
                verdicts=_verdicts(verdict),
                approval_rate=_mean(approved, weight) or 0.0,
                expected_default_rate=_mean(p[approved], weight[approved]),
                expected_cost=1000 * (_mean(price, weight) or 0.0),
            )
        )
    return segments


def _mean(values: npt.ArrayLike, weights: npt.NDArray[np.float64]) -> float | None:
    """None where nothing weighs anything."""
    return float(np.average(np.asarray(values, dtype=np.float64), weights=weights)) if weights.sum() > 0 else None


def stretch(at: str, every: Every) -> str:
    """The day, the week (its Monday) or the month of a UTC instant."""
    if every == "month":
        return at[:7]
    if every == "day":
        return at[:10]
    day = date.fromisoformat(at[:10])
    return date.fromordinal(day.toordinal() - day.weekday()).isoformat()
