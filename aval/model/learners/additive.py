"""Explainable boosting machine (interpret): a curve per feature and a few pairs, on the features that say most."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from aval.errors import PlanError
from aval.model.additive import Additive, Axis, Term
from aval.model.candidates import Candidate, Fit, Rows, Setting, known_only
from aval.model.learners import lightgbm

_DEFAULTS: Final[Mapping[str, Setting]] = {
    "features": 100,
    "interactions": 10,
    "outer_bags": 4,
    "max_bins": 128,
    "max_interaction_bins": 32,
    "learning_rate": 0.02,
}
"""How many features at most; the rest are interpret's own names, smaller than its defaults so as to take a minute."""

_OPEN: Final = (
    *_DEFAULTS,
    *("validation_size", "inner_bags", "greedy_ratio", "smoothing_rounds", "interaction_smoothing_rounds"),
    *("max_rounds", "early_stopping_rounds", "early_stopping_tolerance", "min_samples_leaf", "min_hessian"),
    *("reg_alpha", "reg_lambda", "max_delta_step", "gain_scale", "min_cat_samples", "cat_smooth", "max_leaves"),
)

_MOST: Final = 100
"""More features than this train for long and are read by nobody."""

_RANKING: Final[Mapping[str, Setting]] = {
    "learning_rate": 0.1,
    "num_iterations": 100,
    "num_leaves": 8,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.3,
    "lambda_l2": 20.0,
}
"""The trees whose gain says which features are looked at."""


def check(candidate: Candidate, plan: str | Path) -> None:
    """Raises PlanError for a setting it does not know by exactly this name, or too many features."""
    known_only(candidate, _OPEN, "an explainable boosting machine", plan)
    for name, low, high in (("features", 1, _MOST), ("interactions", 0, 100), ("outer_bags", 1, 100)):
        stated = candidate.parameters.get(name, _DEFAULTS[name])
        if isinstance(stated, bool) or not isinstance(stated, int) or not low <= stated <= high:
            what = f"{candidate.name}: {name} is no whole number from {low} to {high}"
            raise PlanError(plan, what, f"state {_DEFAULTS[name]}, or leave it out")


def most(candidate: Candidate) -> int:
    """One step: interpret tells nothing until it is done."""
    del candidate
    return 1


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
    """Rank features by the gain of a few trees, then boost curves and pairs; each bag stops on rows of its own.

    Raises:
        PlanError: interpret refuses a setting.
    """
    from interpret.glassbox import ExplainableBoostingClassifier

    del held, size, device
    settings: dict[str, Any] = {**_DEFAULTS, **candidate.parameters}
    places = _telling(rows, int(settings.pop("features")), seed, threads)
    names = [rows.encoding.features[place] for place in places]
    kinds = ["nominal" if place in rows.categories else "continuous" for place in places]
    with warnings.catch_warnings():
        # It regrets that its pictures show no missing values; ours are not its pictures.
        warnings.simplefilter("ignore", UserWarning)
        try:
            # One job: more are processes that copy the rows and linger, and won nothing on two cores.
            model = ExplainableBoostingClassifier(
                names, kinds, n_jobs=1, random_state=seed, missing="separate", **settings
            )
            model.fit(rows.matrix[:, places].astype(np.float64), rows.target.astype(np.intp))
        except (TypeError, ValueError) as problem:
            said = str(problem).splitlines()[0].rstrip(".")
            raise PlanError(plan, f"{candidate.name}: interpret refuses it ({said})", "correct it") from None
    if advance is not None:
        advance(1)
    used = {name: str(value) for name, value in model.get_params().items() if name in _OPEN}
    used |= {"features": str(len(places)), "missing": str(model.get_params()["missing"])}
    return Fit(additive(model, places, rows.matrix.shape[1], used), np.empty(0))


def additive(model: Any, places: list[int], columns: int, parameters: Mapping[str, str]) -> Additive:
    """interpret's tables as our own, cut for cut and score for score."""
    terms = []
    for features, scores, weight in zip(
        model.term_features_, model.term_scores_, model.term_importances(), strict=True
    ):
        axes = tuple(_axis(model, feature, places[feature], len(features)) for feature in features)
        terms.append(Term(axes, tuple(np.asarray(scores).ravel().tolist()), float(weight)))
    return Additive(float(np.ravel(model.intercept_)[0]), terms, columns, parameters)


def _axis(model: Any, feature: int, place: int, order: int) -> Axis:
    """interpret cuts a feature more coarsely for pairs, where it has a second set of bins."""
    sets = model.bins_[feature]
    bins = sets[min(order, len(sets)) - 1]
    if not isinstance(bins, dict):
        return Axis(place, len(bins) + 3, tuple(np.asarray(bins, dtype=np.float64).tolist()), ())
    unknown = max(bins.values(), default=0) + 1
    last = max((int(code) for code in bins), default=-1)
    return Axis(place, unknown + 1, (), tuple(int(bins.get(str(code), unknown)) for code in range(last + 1)))


def _telling(rows: Rows, count: int, seed: int, threads: int) -> list[int]:
    """The columns with the most gain in a few trees, in their own order."""
    trees = lightgbm.fit(Candidate("ranking", "lightgbm", _RANKING), rows, seed=seed, threads=threads).scorer
    gain = trees.importance("gain")
    first = np.argsort(-gain, kind="stable")[:count]
    return sorted(first[gain[first] > 0.0].tolist())
