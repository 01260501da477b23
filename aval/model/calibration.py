"""From a margin to a probability that means what it says, and how far one is from that.

Platt scaling (Platt 1999) of the log-odds is what decides: two numbers, strictly increasing, and a
linear map, so that a margin's contributions times the slope still add up. Isotonic regression is only
drawn beside it: on the rows it was fitted to it always looks best, and it makes plateaus and zeros.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aval.errors import PlanError
from aval.model.interval import Floats, Interval, wald, wilson
from aval.model.ranking import Curve, labelled

OFF_THE_EDGE: Final = 1e-15
"""Probabilities are kept this far from 0 and 1 before their log-odds are taken."""

_STEPS: Final = 200


def sigmoid(logit: npt.ArrayLike) -> Floats:
    """Probability of given log-odds, without overflow; a row's value does not depend on its neighbours."""
    z = np.ascontiguousarray(logit, dtype=np.float64)
    small = np.exp(-np.abs(z))
    shares: Floats = np.where(z >= 0.0, 1.0, small) / (1.0 + small)
    return shares


def log_odds(probability: npt.ArrayLike) -> Floats:
    """Log-odds of given probabilities, those at 0 and 1 moved off by 1e-15."""
    p = np.clip(np.ascontiguousarray(probability, dtype=np.float64), OFF_THE_EDGE, 1.0 - OFF_THE_EDGE)
    odds: Floats = np.log(p) - np.log1p(-p)
    return odds


@dataclass(frozen=True, slots=True)
class Platt:
    """Calibrated log-odds = `slope` x margin + `intercept`, with a slope above 0.

    Higher margins get higher log-odds, always; probabilities beyond about 37 in log-odds are equal to 1
    in floating point. Whoever adds contributions up does so in log-odds.
    """

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.slope) and np.isfinite(self.intercept) and self.slope > 0.0):
            raise PlanError("calibration", "the slope is not above 0", "a higher margin must mean more risk")

    @classmethod
    def fit(cls, margin: npt.ArrayLike, target: npt.ArrayLike, *, smooth: bool = False) -> "Platt":
        """Maximum likelihood on out-of-fold margins.

        Plain targets by default: the calibrated probabilities then sum to the number of defaults, and
        their own calibration line is exactly the diagonal. `smooth` takes Platt's targets (n+1)/(n+2)
        and 1/(n+2) instead, for samples so small that the classes do not overlap.

        Raises:
            PlanError: one class, constant margins, margins that order applicants the wrong way round, or
                (without `smooth`) classes that do not overlap.
        """
        bad, margins = labelled(target, margin)
        wanted = bad.astype(np.float64)
        if smooth:
            defaulters, payers = int(bad.sum()), int((~bad).sum())
            wanted = np.where(bad, (defaulters + 1.0) / (defaulters + 2.0), 1.0 / (payers + 2.0))
        elif _apart(margins, bad):
            raise PlanError(
                "calibration",
                "one margin separates all defaulters from all payers",
                "look for a feature that knows the outcome, or calibrate on more rows",
            )
        backwards = _apart(-margins, bad)
        slope, intercept, _ = (-1.0, 0.0, None) if backwards else _logistic(margins, wanted)
        if not slope > 0.0:
            raise PlanError(
                "calibration", "higher margins do not go with more defaults", "check the model's target and its margins"
            )
        return cls(slope, intercept)

    def logit(self, margin: npt.ArrayLike) -> Floats:
        """Calibrated log-odds of default."""
        odds: Floats = self.slope * np.asarray(margin, dtype=np.float64) + self.intercept
        return odds

    def probability(self, margin: npt.ArrayLike) -> Floats:
        """Calibrated probability of default."""
        return sigmoid(self.logit(margin))

    def to_json(self) -> str:
        """Both numbers, to the last bit."""
        return json.dumps(asdict(self), allow_nan=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Platt":
        """What `to_json` wrote."""
        stored = json.loads(text)
        return cls(float(stored["slope"]), float(stored["intercept"]))


@dataclass(frozen=True, slots=True)
class Line:
    """Logistic regression of the outcome on the log-odds: slope 1 and intercept 0 when calibrated.

    A slope below 1 means probabilities too extreme, above 1 too timid (Cox 1958). Wald intervals.
    """

    slope: Interval
    intercept: Interval


@dataclass(frozen=True, slots=True)
class Bin:
    """Applicants of like probability, what was predicted for them and what happened (Wilson interval)."""

    rows: int
    predicted: float
    observed: Interval


def line(target: npt.ArrayLike, probability: npt.ArrayLike) -> Line | None:
    """The calibration line; None where no finite one exists (constant probabilities, classes apart)."""
    bad, p = labelled(target, probability)
    odds = log_odds(p)
    if odds.min() == odds.max() or _apart(odds, bad) or _apart(-odds, bad):
        return None
    slope, intercept, variances = _logistic(odds, bad.astype(np.float64))
    return Line(wald(slope, variances[0]), wald(intercept, variances[1]))


def reliability(target: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10) -> tuple[Bin, ...]:
    """Predicted against observed by deciles of probability; equal probabilities stay in one bin."""
    bad, p = labelled(target, probability, both=False)
    ends = np.arange(1, bins) * len(p) // bins
    edges = np.unique(np.sort(p)[np.maximum(ends - 1, 0)])
    place = np.searchsorted(edges, p, side="left")
    found = []
    for number in np.unique(place):
        inside = place == number
        observed = wilson(int(bad[inside].sum()), int(inside.sum()))
        assert observed is not None
        found.append(Bin(int(inside.sum()), float(p[inside].mean()), observed))
    return tuple(found)


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Expected calibration error: mean distance of predicted and observed, weighted by rows."""
    return sum(b.rows * abs(b.predicted - b.observed.value) for b in bins) / sum(b.rows for b in bins)


def isotonic(score: npt.ArrayLike, target: npt.ArrayLike) -> Curve:
    """The best rising step function of `score` (a margin or a probability), for drawing only."""
    from sklearn.isotonic import IsotonicRegression

    bad, scores = labelled(target, score)
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(scores, bad.astype(np.float64))
    return Curve.of(fitted.X_thresholds_, fitted.y_thresholds_)


def _apart(score: Floats, bad: npt.NDArray[np.bool_]) -> bool:
    """Whether all defaulters lie at or above all payers: then the likelihood has no finite maximum."""
    return bool(score[bad].min() >= score[~bad].max() and score.min() < score.max())


def _logistic(x: Floats, wanted: Floats) -> tuple[float, float, tuple[float, float]]:
    """Slope, intercept and their variances, by Newton's method on standardised `x`.

    `np.sum` rather than `@`: its order of addition does not depend on threads, so nor does the fit.
    """
    centre, spread = float(x.mean()), float(x.std())
    if x.min() == x.max() or not spread > 0.0:
        raise PlanError("calibration", "all margins are equal", "calibrate a model that tells applicants apart")
    u = (x - centre) / spread
    rate = float(wanted.mean())
    a, b = float(np.log(rate / (1.0 - rate))), 0.0

    def loss(a: float, b: float) -> float:
        z = a + b * u
        return float(np.sum(np.logaddexp(0.0, z) - wanted * z))

    def curvature(a: float, b: float) -> tuple[Floats, float, float, float]:
        p = sigmoid(a + b * u)
        w = p * (1.0 - p)
        return p, float(np.sum(w)), float(np.sum(w * u)), float(np.sum(w * u * u))

    current = loss(a, b)
    for _ in range(_STEPS):
        p, waa, wab, wbb = curvature(a, b)
        slack = p - wanted
        ga, gb = float(np.sum(slack)), float(np.sum(slack * u))
        determinant = waa * wbb - wab * wab
        if not determinant > 0.0:
            break
        da, db = (wbb * ga - wab * gb) / determinant, (waa * gb - wab * ga) / determinant
        # The loss is convex: a full step that climbs has jumped over the minimum, so halve it.
        while (tried := loss(a - da, b - db)) > current + 1e-12 * abs(current):
            da, db = da / 2.0, db / 2.0
        a, b, current = a - da, b - db, tried
        if max(abs(da), abs(db)) <= 1e-12 * (1.0 + max(abs(a), abs(b))):
            break
    _, waa, wab, wbb = curvature(a, b)
    determinant = waa * wbb - wab * wab
    if not (determinant > 0.0 and np.isfinite(a) and np.isfinite(b)):
        raise PlanError("calibration", "the margins have no finite calibration line", "calibrate on more rows")
    shift = centre / spread
    var_a, var_b, cov = wbb / determinant, waa / determinant, -wab / determinant
    variances = (var_b / spread**2, var_a + shift**2 * var_b - 2.0 * shift * cov)
    return b / spread, a - b * shift, variances
