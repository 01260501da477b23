"""How well a score puts defaulters before payers: areas, curves and their exact handling of ties.

Everywhere: positive = default, and a higher score means more risk.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aval.errors import PlanError
from aval.model.interval import Floats, Interval, wald

STORED_POINTS: Final = 200
"""At most so many points of a curve are kept."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line to draw: `x` does not fall, and the two have one length, at most 200."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    @classmethod
    def of(cls, x: Floats, y: Floats, points: int = STORED_POINTS) -> "Curve":
        """The curve thinned evenly along its rows, both ends kept."""
        keep = np.unique(np.linspace(0, len(x) - 1, min(points, len(x))).round().astype(np.int64))
        return cls(tuple(map(float, x[keep])), tuple(map(float, y[keep])))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scores of the same applicants: the first's AUC minus the second's, and how likely chance makes it."""

    difference: Interval
    p_value: float


def labelled(target: npt.ArrayLike, score: npt.ArrayLike, *, both: bool = True) -> tuple[Bools, Floats]:
    """Which rows defaulted, and their scores, checked.

    Raises:
        PlanError: lengths differ, no rows, a target other than 0 and 1, a score that is not a finite
            number, or (with `both`) a single class.
    """
    labels = np.asarray(target)
    scores = np.ascontiguousarray(score, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise PlanError(
            "evaluation", "targets and scores are not two columns of one length", "pass one of each per row"
        )
    if not len(labels):
        raise PlanError("evaluation", "there are no rows", "pass labelled applications")
    if not np.isin(labels, (0, 1)).all():
        raise PlanError("evaluation", "a target is neither 0 nor 1", "keep the labelled applications only")
    if not np.isfinite(scores).all():
        raise PlanError("evaluation", "a score is missing or infinite", "check the model that gave it")
    bad = labels.astype(np.bool_)
    if both and bad.all() == bad.any():
        raise PlanError("evaluation", "all rows have the same target", "pass rows of defaulters and of payers")
    return bad, scores


def steps(score: Floats, bad: Floats | Bools, good: Floats | Bools) -> tuple[Floats, Floats, Floats]:
    """Distinct scores from the riskiest down, and the weight of bad and of good at or above each."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    bads = np.cumsum(bad[order], dtype=np.float64)[last]
    goods = np.cumsum(good[order], dtype=np.float64)[last]
    return ordered[last], bads, goods


def _midranks(score: Floats) -> Floats:
    """Ranks from 1, equal scores sharing the mean of their ranks."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle: Floats = np.cumsum(counts) - (counts - 1) / 2.0
    return middle[place]


def _placements(bad: Bools, score: Floats) -> tuple[float, Floats, Floats]:
    """AUC, each defaulter's share of payers below it, each payer's share of defaulters above it.

    The fast form of DeLong's components by midranks (Sun & Xu 2014, doi:10.1109/LSP.2014.2337313).
    """
    ranks = _midranks(score)
    defaulters = int(bad.sum())
    payers = len(bad) - defaulters
    below = (ranks[bad] - _midranks(score[bad])) / payers
    above = 1.0 - (ranks[~bad] - _midranks(score[~bad])) / defaulters
    # Midranks are half-integers, so the sum is exact and the AUC depends on the order alone.
    wins = float(ranks[bad].sum()) - defaulters * (defaulters + 1) / 2.0
    return wins / (defaulters * payers), below, above


def auc(target: npt.ArrayLike, score: npt.ArrayLike) -> Interval:
    """Area under the ROC curve with DeLong's 95 % interval (DeLong et al. 1988, doi:10.2307/2531595).

    The share of defaulter-payer pairs in the right order, a tie counting half. Fewer than two rows of
    a class say nothing about the variance: the interval is then 0 to 1.
    """
    bad, scores = labelled(target, score)
    area, below, above = _placements(bad, scores)
    if min(len(below), len(above)) < 2:
        return Interval(area, 0.0, 1.0)
    return wald(area, float(below.var(ddof=1)) / len(below) + float(above.var(ddof=1)) / len(above), 0.0, 1.0)


def delong_test(target: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike) -> Comparison:
    """Whether two scores of the same rows rank them equally well (DeLong et al. 1988, two-sided).

    Two scores whose components move together have no variance: the p-value is then 1 for equal areas
    and 0 for different ones.
    """
    bad, scores = labelled(target, first)
    area, below, above = _placements(bad, scores)
    other, other_below, other_above = _placements(*labelled(target, second))
    if min(len(below), len(above)) < 2:
        raise PlanError("evaluation", "a class has fewer than two rows", "compare models on more rows")
    variance = float((below - other_below).var(ddof=1)) / len(below)
    variance += float((above - other_above).var(ddof=1)) / len(above)
    gap = area - other
    difference = wald(gap, variance, -1.0, 1.0)
    # Rounding leaves about 1e-33 where the components are equal but for a constant.
    if variance < 1e-30:
        return Comparison(difference, 1.0 if gap == 0.0 else 0.0)
    return Comparison(difference, math.erfc(abs(gap) / math.sqrt(2.0 * variance)))


def ks(target: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Kolmogorov-Smirnov: the most by which the share of defaulters refused can exceed that of payers refused."""
    bad, scores = labelled(target, score)
    _, bads, goods = steps(scores, bad, ~bad)
    return max(0.0, float(np.max(bads / bads[-1] - goods / goods[-1])))


def average_precision(target: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Area under the precision-recall curve as a sum of steps, without interpolation."""
    bad, scores = labelled(target, score)
    _, bads, goods = steps(scores, bad, ~bad)
    return float(np.sum(np.diff(bads, prepend=0.0) * bads / (bads + goods)) / bads[-1])


def roc(target: npt.ArrayLike, score: npt.ArrayLike) -> Curve:
    """x = share of payers refused, y = share of defaulters refused, from refusing none to refusing all."""
    bad, scores = labelled(target, score)
    _, bads, goods = steps(scores, bad, ~bad)
    return Curve.of(np.append(0.0, goods / goods[-1]), np.append(0.0, bads / bads[-1]))


def precision_recall(target: npt.ArrayLike, score: npt.ArrayLike) -> Curve:
    """x = share of defaulters refused (recall), y = share of the refused who default (precision).

    Between two defaulters precision only falls; the curve keeps where it was highest, and its very end.
    """
    bad, scores = labelled(target, score)
    _, bads, goods = steps(scores, bad, ~bad)
    kept = np.diff(bads, prepend=0.0) > 0.0
    kept[-1] = True
    bads, goods = bads[kept], goods[kept]
    return Curve.of(bads / bads[-1], bads / (bads + goods))


def gini_weighted(truth: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Gini of `score` when every row counts as `truth` defaulters and `1 - truth` payers.

    Label noise drops out: this is what the Gini tends to as the same applicants live their lives over
    and over. Twice the area of the weighted ROC curve, minus 1; ties count half.

    Raises:
        PlanError: a truth outside 0 to 1, or one that is certain of everyone's fate alike.
    """
    chance = np.ascontiguousarray(truth, dtype=np.float64)
    scores = np.ascontiguousarray(score, dtype=np.float64)
    if chance.shape != scores.shape or not len(chance) or not np.isfinite(scores).all():
        raise PlanError("evaluation", "truths and scores are not two columns of numbers", "pass one of each per row")
    if not ((chance >= 0.0) & (chance <= 1.0)).all():
        raise PlanError("evaluation", "a true probability lies outside 0 to 1", "pass the simulation's own truth")
    _, bads, goods = steps(scores, chance, 1.0 - chance)
    if not (bads[-1] > 0.0 and goods[-1] > 0.0):
        raise PlanError("evaluation", "the truth holds one class only", "pass rows of defaulters and of payers")
    area = np.sum(np.diff(goods, prepend=0.0) * (bads + np.append(0.0, bads[:-1])) / 2.0)
    return 2.0 * float(area) / float(bads[-1] * goods[-1]) - 1.0
