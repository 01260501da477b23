"""Scorecard: the most telling features, optimal monotone bins, logistic regression on their weight of evidence."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from aval.credit.policy import Points
from aval.errors import PlanError
from aval.model.binning import Apart, characteristic, order, ranked
from aval.model.candidates import Candidate, Fit, Rows, Setting, known_only
from aval.model.scorecard import Characteristic, Scorecard

_DEFAULTS: Final[Mapping[str, Setting]] = {
    "characteristics": 30,
    "correlation": 0.7,
    "information_value": 0.02,
    "doubt": 0.01,
    "max_n_bins": 6,
    "min_bin_size": 0.05,
    "C": 1.0,
    "base": Points().base,
    "odds": Points().odds,
    "double": Points().double,
}
"""How many characteristics at most, how alike two may be, how much each must say alone, and how surely it adds to the
others; optbinning's and scikit-learn's own names; and the scale of points, which should be the policy's."""

_EXAMINED: Final = 100
"""Columns whose optimal bins are looked for: those that say most in quick ones."""


def check(candidate: Candidate, plan: str | Path) -> None:
    """Raises PlanError for a setting it does not know by exactly this name, or out of range."""
    known_only(candidate, _DEFAULTS, "a scorecard", plan)
    if candidate.design is not None:
        raise PlanError(plan, f"{candidate.name}: a scorecard has bins for gaps and categories", "leave design out")
    for name, low, high in (
        *(("characteristics", 1, _EXAMINED), ("max_n_bins", 2, 20)),
        *(("correlation", 0, 1), ("information_value", 0, 10), ("doubt", 0, 1), ("min_bin_size", 0.001, 0.4)),
        *(("C", 1e-9, np.inf), ("odds", 1e-9, np.inf), ("double", 1e-9, np.inf), ("base", -np.inf, np.inf)),
    ):
        stated = candidate.parameters.get(name, _DEFAULTS[name])
        whole = isinstance(_DEFAULTS[name], int)
        if isinstance(stated, str | bool) or not low <= stated <= high or (whole and not isinstance(stated, int)):
            what = f"{candidate.name}: {name} is no {'whole ' if whole else ''}number from {low:g} to {high:g}"
            raise PlanError(plan, what, f"state {_DEFAULTS[name]:g}, or leave it out")


def most(candidate: Candidate) -> int:
    """Columns it looks at closely."""
    del candidate
    return _EXAMINED


def fit(
    candidate: Candidate,
    rows: Rows,
    held: Rows | None = None,
    *,
    size: int | None = None,
    seed: int = 0,
    threads: int = 2,
    device: str = "cpu",
    advance: Callable[[int], None] | None = None,
    plan: str | Path = "plan",
) -> Fit:
    """Choose characteristics, weigh them, and leave out whichever would point the wrong way beside the others.

    Raises:
        PlanError: no column says enough.
    """
    from threadpoolctl import threadpool_limits

    del held, size, seed, threads, device
    settings: dict[str, Any] = {**_DEFAULTS, **candidate.parameters}
    cap, least = float(settings["correlation"]), float(settings["information_value"])
    found = []
    with threadpool_limits(1), warnings.catch_warnings():
        # optbinning still calls what scikit-learn has renamed.
        warnings.filterwarnings("ignore", category=FutureWarning, module="optbinning|sklearn")
        for place in ranked(rows, _EXAMINED, cap, least):
            made = characteristic(rows, place, settings)
            if made is not None and made.value >= least:
                found.append(made)
            if advance is not None:
                advance(1)
        chosen = _chosen(found, rows, cap, int(settings["characteristics"]), float(settings["doubt"]))
        if not chosen:
            what = f"{candidate.name}: no feature has an information value of {least:g}"
            raise PlanError(plan, what, "add features, or lower information_value")
        intercept, told = _weighed(chosen, rows, float(settings["C"]))
    scale = Points(*(float(settings[name]) for name in ("base", "odds", "double")))
    used = {name: str(settings[name]) for name in _DEFAULTS}
    return Fit(Scorecard(intercept, told, rows.matrix.shape[1], scale, used), np.empty(0))


def _chosen(found: Sequence[Characteristic], rows: Rows, cap: float, most: int, doubt: float) -> list[Characteristic]:
    """The most telling one, then each time the one that adds most to those before (score test: Rao 1948).

    It ends where what is added could be chance with a probability above `doubt`.
    """
    from scipy.stats import chi2

    least, paid = float(chi2.isf(doubt, 1)), 1.0 - rows.target
    columns = {one.place: one.evidence(rows.matrix) for one in found}
    left, chosen, apart = order(found), list[Characteristic](), Apart(cap)
    chance, design = np.full(len(paid), paid.mean()), np.ones((len(paid), 1))
    while left and len(chosen) < most:
        slack, weight = paid - chance, chance * (1.0 - chance)
        inverse = np.linalg.inv((design * weight[:, None]).T @ design)
        gains = []
        for one in left:
            column = columns[one.place]
            slope, shared = float(np.sum(slack * column)), (design * weight[:, None]).T @ column
            own = float(np.sum(weight * column * column)) - float(shared @ inverse @ shared)
            # Only evidence that points the right way beside the others counts as added.
            gains.append(slope * slope / own if slope > 0.0 and own > 1e-9 else 0.0)
        best = int(np.argmax(gains))
        if gains[best] < least:
            break
        one = left.pop(best)
        if apart.add(one.place, columns[one.place]):
            chosen.append(one)
            design = np.column_stack([design, columns[one.place]])
            chance = _regression(1.0).fit(design[:, 1:], paid).predict_proba(design[:, 1:])[:, 1]
    return chosen


def _weighed(chosen: Sequence[Characteristic], rows: Rows, strength: float) -> tuple[float, list[Characteristic]]:
    """Intercept, and the characteristics whose coefficient is above 0 when all of them decide together."""
    left = list(chosen)
    columns = {one.place: one.evidence(rows.matrix) for one in left}
    while True:
        model = _regression(strength).fit(np.column_stack([columns[one.place] for one in left]), 1.0 - rows.target)
        weights = model.coef_[0]
        wrong = int(np.argmin(weights))
        if weights[wrong] > 0.0:
            told = [replace(one, coefficient=float(weight)) for one, weight in zip(left, weights, strict=True)]
            return float(model.intercept_[0]), told
        # The worst alone: without it, another one may point the right way again.
        del left[wrong]


def _regression(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-8)
