"""What every cut-off would do: cost, approvals and defaults among the approved, expected or observed."""

import numpy as np
import numpy.typing as npt

from aval.credit.policy import Cost
from aval.errors import OptionError
from aval.model.evaluation import PER
from aval.service.answer import Answer

POINTS = 200
"""At most so many of a curve."""


class Point(Answer):
    """All applications decided at one cut-off, the review band and the hard rules left aside."""

    cutoff: float
    """Declined from this probability of default on."""
    cost: float
    """Per 1000 applications (or, weighted, per 1000 of the amount asked for), in units of one good payer refused."""
    approval_rate: float
    """Share of the applications (or of the amount) approved."""
    default_rate: float | None
    """Share of the approved that default; null where nobody is approved."""


def curve(
    probabilities: npt.ArrayLike,
    amounts: npt.ArrayLike | None,
    cost: Cost,
    *,
    outcomes: npt.ArrayLike | None = None,
    points: int = POINTS,
    also: float | None = None,
) -> list[Point]:
    """Rising cut-offs, the break-even of `cost` always among them; half of them even, half at the rows' quantiles.

    Args:
        probabilities: calibrated probabilities of default, shape (n,).
        amounts: of the credits asked for, to weigh each application by; None counts them all alike.
        cost: what each error costs.
        outcomes: 1 = defaulted; without them, what is expected if the probabilities are right.
        points: at most so many.
        also: a cut-off that is among them too, such as the policy's at another cost.

    Raises:
        OptionError: columns of unlike length, a probability outside 0 to 1, a negative or missing amount.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    weight = np.ones_like(p) if amounts is None else np.asarray(amounts, dtype=np.float64)
    bad = p if outcomes is None else np.asarray(outcomes, dtype=np.float64)
    if p.ndim != 1 or p.shape != weight.shape or p.shape != bad.shape:
        raise OptionError("probabilities, amounts and outcomes", "are columns of one length")
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise OptionError("probabilities", "lie between 0 and 1")
    if not (np.isfinite(weight) & (weight >= 0.0)).all():
        raise OptionError("amounts", "are known and not negative")
    total = float(np.sum(weight))
    if not total > 0.0:
        return []
    order = np.argsort(p, kind="stable")
    rising, weight, lost = p[order], weight[order], (weight * bad)[order]
    marked = [cost.cutoff] if also is None else [cost.cutoff, also]
    half = max(2, (points - len(marked)) // 2)
    cutoffs = np.unique(np.concatenate([np.linspace(0, 1, half), np.quantile(p, np.linspace(0, 1, half)), marked]))
    # Approved at a cut-off: the applications strictly below it.
    below = np.searchsorted(rising, cutoffs, side="left")
    approved = np.append(0.0, np.cumsum(weight))[below]
    defaulted = np.append(0.0, np.cumsum(lost))[below]
    paying = total - float(np.sum(lost)) - (approved - defaulted)
    paid = PER * (cost.accepted_defaulter * defaulted + cost.refused_payer * np.maximum(paying, 0.0)) / total
    return [
        Point(
            cutoff=at, cost=price, approval_rate=min(share / total, 1.0), default_rate=rate / share if share else None
        )
        for at, price, share, rate in zip(
            cutoffs.tolist(), paid.tolist(), approved.tolist(), defaulted.tolist(), strict=True
        )
    ]
