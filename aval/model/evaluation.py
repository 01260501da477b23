"""What a model is worth on rows it has not seen: ranking, calibration and, first of all, cost.

Everywhere, without exception: positive = default (TARGET = 1), and an applicant is refused when the
probability reaches the cut-off. FN = a defaulter accepted, FP = a good payer refused. Costs are per
1000 applicants, in units of one good payer refused. Pure functions of arrays; the same rows and seed
give the same figures.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aval.credit.policy import Band, Cost
from aval.errors import PlanError
from aval.model.calibration import Bin, Line, calibration_error, line, log_odds, reliability
from aval.model.interval import Floats, Interval, bootstrap_mean
from aval.model.ranking import (
    STORED_POINTS,
    Curve,
    auc,
    average_precision,
    gini_weighted,
    ks,
    labelled,
    precision_recall,
    roc,
    steps,
)

PER: Final = 1000.0
"""Costs are stated for so many applicants."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Who was refused and who defaulted, in applicants; positive = default."""

    cutoff: float
    tn: int
    """Good payers accepted."""
    fp: int
    """Good payers refused."""
    fn: int
    """Defaulters accepted."""
    tp: int
    """Defaulters refused."""

    @property
    def rows(self) -> int:
        """All applicants."""
        return self.tn + self.fp + self.fn + self.tp

    @property
    def approved(self) -> float:
        """Share of applicants accepted."""
        return (self.tn + self.fn) / self.rows

    @property
    def business_score(self) -> float:
        """The reference system's score; see `business_score`."""
        return business_score(self.rows, self.fp, self.fn)


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost per 1000 applicants under one policy, each with a percentile bootstrap interval of the rows."""

    accepted_defaulter: float
    refused_payer: float
    review: float
    cutoff: float
    decided: Interval
    """At the cut-off, the review band ignored: the headline."""
    accept_all: Interval
    refuse_all: Interval
    saved: Interval
    """Accept-all minus decided, on the same resampled rows."""
    best_cutoff: float
    """The cheapest cut-off on these very rows, so an optimistic one."""
    best: float
    """Cost at `best_cutoff`."""
    empirical: tuple[float, Interval] | None
    """The cut-off found on out-of-fold predictions, if given, and its cost here."""
    band: tuple[float, float] | None
    reviewed: Interval | None
    """With the review band: see `row_costs`."""
    referred: float | None
    """Share of applicants inside the band."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Applicants by class in 200 equal bins of probability from 0 to 1."""

    payers: tuple[int, ...]
    defaulters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """Against the true probability, which only a simulation knows."""

    mean_absolute_error: float
    root_mean_square_error: float
    log_odds_correlation: float | None
    """Pearson's; None where either side is constant."""
    gini: float
    """The model's, every row weighted by its truth, so without label noise."""
    attainable_gini: float
    """The truth's own, in the same way: no model can do better."""
    attainable_share: float | None
    """The first over the second; None when nobody could rank these applicants."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures of one model on one set of rows, and the curves to draw them."""

    rows: int
    defaults: int
    mean_probability: float
    auc: Interval
    gini: Interval
    ks: float
    average_precision: float
    brier: float
    log_loss: float
    calibration: Line | None
    calibration_error: float
    costs: Costs
    confusion: Confusion
    """At the policy's cut-off."""
    confusion_half: Confusion
    """At 0.5 of the calibrated probability, which suits no lender."""
    confusion_own: Confusion
    """At 0.5 of the learner's own probability, before calibration: as the reference system decided."""
    truth: Truth | None
    roc: Curve
    precision_recall: Curve
    cost_curve: Curve
    reliability: tuple[Bin, ...]
    histogram: Histogram

    @property
    def default_rate(self) -> float:
        """Share of applicants who defaulted."""
        return self.defaults / self.rows

    def metrics(self) -> dict[str, float]:
        """The figures by flat name, for tracking; those that do not exist are left out."""
        costs, truth, fitted = self.costs, self.truth, self.calibration
        found: dict[str, float | None] = {
            "rows": self.rows,
            "default_rate": self.default_rate,
            "mean_probability": self.mean_probability,
            **_spread("auc", self.auc),
            **_spread("gini", self.gini),
            "ks": self.ks,
            "average_precision": self.average_precision,
            "brier": self.brier,
            "log_loss": self.log_loss,
            **_spread("calibration_slope", fitted.slope if fitted else None),
            **_spread("calibration_intercept", fitted.intercept if fitted else None),
            "calibration_error": self.calibration_error,
            "cutoff": costs.cutoff,
            **_spread("cost", costs.decided),
            **_spread("cost_saved", costs.saved),
            "cost_accept_all": costs.accept_all.value,
            "cost_refuse_all": costs.refuse_all.value,
            **_spread("cost_reviewed", costs.reviewed),
            "referred": costs.referred,
            "empirical_cutoff": costs.empirical and costs.empirical[0],
            **_spread("cost_empirical", costs.empirical and costs.empirical[1]),
            "approved": self.confusion.approved,
            "tn": self.confusion.tn,
            "fp": self.confusion.fp,
            "fn": self.confusion.fn,
            "tp": self.confusion.tp,
            "business_score": self.confusion.business_score,
            "business_score_at_half": self.confusion_half.business_score,
            "own_tn": self.confusion_own.tn,
            "own_fp": self.confusion_own.fp,
            "own_fn": self.confusion_own.fn,
            "own_tp": self.confusion_own.tp,
            "own_accuracy": (self.confusion_own.tn + self.confusion_own.tp) / self.rows,
            "own_business_score": self.confusion_own.business_score,
        }
        if truth:
            found |= {
                "truth_mean_absolute_error": truth.mean_absolute_error,
                "truth_root_mean_square_error": truth.root_mean_square_error,
                "truth_log_odds_correlation": truth.log_odds_correlation,
                "gini_weighted": truth.gini,
                "attainable_gini": truth.attainable_gini,
                "attainable_share": truth.attainable_share,
            }
        return {name: float(value) for name, value in found.items() if value is not None}

    def to_json(self) -> str:
        """Everything, every float to the last bit."""
        return json.dumps(asdict(self), allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Evaluation":
        """What `to_json` wrote, equal in every field."""
        from pydantic import TypeAdapter

        return TypeAdapter(cls).validate_json(text)


def evaluate(
    target: npt.ArrayLike,
    probability: npt.ArrayLike,
    cost: Cost,
    band: Band | None = None,
    *,
    empirical_cutoff: float | None = None,
    own: npt.ArrayLike | None = None,
    truth: npt.ArrayLike | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Evaluation:
    """Judge probabilities of default against what happened.

    Args:
        target: 1 = defaulted, 0 = paid; both must occur.
        probability: calibrated probability of default.
        cost: what each error costs; its break-even is the cut-off.
        band: probabilities that are referred to an officer, for the cost with review.
        empirical_cutoff: `best_cutoff` of out-of-fold predictions, to show beside the policy's.
        own: the learner's own probability before calibration; `probability` where it is the same.
        truth: true probabilities, where a simulation knows them.
        seed: of the bootstrap of the costs.
        resamples: of the bootstrap of the costs.

    Raises:
        PlanError: columns of unlike length, missing values, one class only, a probability outside 0 to 1.
    """
    bad, p = _probabilities(target, probability)
    area = auc(bad, p)
    bins = reliability(bad, p)
    near = np.clip(p, np.finfo(np.float64).eps, 1.0 - np.finfo(np.float64).eps)
    return Evaluation(
        rows=len(bad),
        defaults=int(bad.sum()),
        mean_probability=float(p.mean()),
        auc=area,
        gini=Interval(2.0 * area.value - 1.0, 2.0 * area.low - 1.0, 2.0 * area.high - 1.0),
        ks=ks(bad, p),
        average_precision=average_precision(bad, p),
        brier=float(np.mean((p - bad) ** 2)),
        log_loss=float(-np.mean(np.log(np.where(bad, near, 1.0 - near)))),
        calibration=line(bad, p),
        calibration_error=calibration_error(bins),
        costs=_costs(bad, p, cost, band, empirical_cutoff, seed, resamples),
        confusion=confusion(bad, p, cost.cutoff),
        confusion_half=confusion(bad, p, 0.5),
        confusion_own=confusion(bad, p if own is None else own, 0.5),
        truth=None if truth is None else against_truth(truth, p),
        roc=roc(bad, p),
        precision_recall=precision_recall(bad, p),
        cost_curve=cost_curve(bad, p, cost),
        reliability=bins,
        histogram=_histogram(bad, p),
    )


def business_score(rows: int, fp: int, fn: int) -> float:
    """The reference system's score, 1 - (6 FP + 11 FN) / (16 N): a ratio of 1.83 to 1, kept to compare."""
    return 1.0 - (6.0 * fp + 11.0 * fn) / (16.0 * rows)


def confusion(target: npt.ArrayLike, probability: npt.ArrayLike, cutoff: float) -> Confusion:
    """Counts of right and wrong verdicts when all at or above `cutoff` are refused."""
    bad, p = labelled(target, probability, both=False)
    refused = p >= cutoff
    return Confusion(
        cutoff=float(cutoff),
        tn=int((~bad & ~refused).sum()),
        fp=int((~bad & refused).sum()),
        fn=int((bad & ~refused).sum()),
        tp=int((bad & refused).sum()),
    )


def row_costs(
    target: npt.ArrayLike,
    probability: npt.ArrayLike,
    cost: Cost,
    cutoff: float | None = None,
    band: Band | None = None,
) -> Floats:
    """What deciding each applicant costs, at the policy's cut-off unless another is given.

    With a `band`, an application inside it (ends included, as the policy decides) costs the review and
    nothing else: as if the officer then decided right. That is the most a review can be worth.
    """
    bad, p = labelled(target, probability, both=False)
    refused = p >= (cost.cutoff if cutoff is None else cutoff)
    paid = np.where(bad, np.where(refused, 0.0, cost.accepted_defaulter), np.where(refused, cost.refused_payer, 0.0))
    if band is None:
        return paid
    return np.where((p >= band.low) & (p <= band.high), cost.review, paid)


def paired_cost(
    target: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    cost: Cost,
    *,
    cutoffs: tuple[float, float] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Interval:
    """Cost per 1000 of the first model minus that of the second, on the same resampled rows; below 0, the first saves.

    Both decide at the policy's cut-off unless `cutoffs` names one for each.
    """
    one, two = cutoffs or (None, None)
    gap = row_costs(target, first, cost, one) - row_costs(target, second, cost, two)
    return bootstrap_mean(gap, PER, seed, resamples)


def best_cutoff(target: npt.ArrayLike, probability: npt.ArrayLike, cost: Cost) -> float:
    """The cut-off that was cheapest on these rows; find it on out-of-fold predictions, never on the test part.

    Between two neighbouring probabilities every cut-off decides alike: the middle is returned, and of
    equally cheap gaps the one nearest to the break-even. 0 refuses all; accepting all takes 1, or the
    next number above it where a probability is 1.
    """
    bad, p = _probabilities(target, probability)
    values, prices = _prices(bad, p, cost)
    below = np.append(values[1:], values[-1])
    middles = (values + below) / 2.0
    # Neighbours one bit apart have no number between them: the upper one then decides as the gap does.
    middles = np.where(middles > below, middles, values)
    middles[0] = 1.0 if values[1] < 1.0 else np.nextafter(1.0, 2.0)
    middles[-1] = 0.0
    cheapest = np.flatnonzero(prices == prices.min())
    return float(middles[cheapest[np.argmin(np.abs(middles[cheapest] - cost.cutoff))]])


def cost_curve(target: npt.ArrayLike, probability: npt.ArrayLike, cost: Cost) -> Curve:
    """x = cut-off, y = exact cost per 1000 there: half the points evenly from 0 to 1, half by the rows' quantiles."""
    bad, p = _probabilities(target, probability)
    grid = np.linspace(0.0, 1.0, STORED_POINTS // 2)
    cutoffs = np.unique(np.append(grid, np.quantile(p, grid)))
    rising = np.sort(p)
    # Accepted at a cut-off: the rows strictly below it.
    accepted = np.searchsorted(rising, cutoffs, side="left")
    accepted_bad = np.searchsorted(np.sort(p[bad]), cutoffs, side="left")
    refused_good = (len(p) - accepted) - (int(bad.sum()) - accepted_bad)
    paid = cost.accepted_defaulter * accepted_bad + cost.refused_payer * refused_good
    return Curve.of(cutoffs, PER * paid / len(p))


def against_truth(truth: npt.ArrayLike, probability: npt.ArrayLike) -> Truth:
    """The error of probabilities whose truth is known, and how much of what could be known was found."""
    p = np.ascontiguousarray(probability, dtype=np.float64)
    real = np.ascontiguousarray(truth, dtype=np.float64)
    found, attainable = gini_weighted(real, p), gini_weighted(real, real)
    error = p - real
    varied = p.min() < p.max() and real.min() < real.max()
    return Truth(
        mean_absolute_error=float(np.mean(np.abs(error))),
        root_mean_square_error=float(np.sqrt(np.mean(error**2))),
        log_odds_correlation=float(np.corrcoef(log_odds(p), log_odds(real))[0, 1]) if varied else None,
        gini=found,
        attainable_gini=attainable,
        attainable_share=found / attainable if attainable > 0.0 else None,
    )


def _probabilities(target: npt.ArrayLike, probability: npt.ArrayLike) -> tuple[npt.NDArray[np.bool_], Floats]:
    bad, p = labelled(target, probability)
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise PlanError("evaluation", "a probability lies outside 0 to 1", "pass calibrated probabilities, not margins")
    return bad, p


def _prices(bad: npt.NDArray[np.bool_], p: Floats, cost: Cost) -> tuple[Floats, Floats]:
    """Cut-offs that decide differently, falling from above all, and what each costs in all."""
    values, bads, goods = steps(p, bad, ~bad)
    refused_bad, refused_good = np.append(0.0, bads), np.append(0.0, goods)
    prices = cost.accepted_defaulter * (bads[-1] - refused_bad) + cost.refused_payer * refused_good
    return np.append(np.inf, values), prices


def _costs(
    bad: npt.NDArray[np.bool_],
    p: Floats,
    cost: Cost,
    band: Band | None,
    empirical_cutoff: float | None,
    seed: int,
    resamples: int,
) -> Costs:
    def sure(values: Floats) -> Interval:
        return bootstrap_mean(values, PER, seed, resamples)

    decided, accept_all = row_costs(bad, p, cost), row_costs(bad, p, cost, np.inf)
    best = best_cutoff(bad, p, cost)
    empirical = None if empirical_cutoff is None else sure(row_costs(bad, p, cost, empirical_cutoff))
    return Costs(
        accepted_defaulter=float(cost.accepted_defaulter),
        refused_payer=float(cost.refused_payer),
        review=float(cost.review),
        cutoff=float(cost.cutoff),
        decided=sure(decided),
        accept_all=sure(accept_all),
        refuse_all=sure(row_costs(bad, p, cost, -np.inf)),
        saved=sure(accept_all - decided),
        best_cutoff=best,
        best=PER * float(row_costs(bad, p, cost, best).mean()),
        empirical=None if empirical_cutoff is None or empirical is None else (float(empirical_cutoff), empirical),
        band=None if band is None else (float(band.low), float(band.high)),
        reviewed=None if band is None else sure(row_costs(bad, p, cost, band=band)),
        referred=None if band is None else float(np.mean((p >= band.low) & (p <= band.high))),
    )


def _histogram(bad: npt.NDArray[np.bool_], p: Floats) -> Histogram:
    edges = np.linspace(0.0, 1.0, STORED_POINTS + 1)
    payers, defaulters = np.histogram(p[~bad], edges)[0], np.histogram(p[bad], edges)[0]
    return Histogram(tuple(map(int, payers)), tuple(map(int, defaulters)))


def _spread(name: str, interval: Interval | None) -> dict[str, float | None]:
    if interval is None:
        return {}
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
