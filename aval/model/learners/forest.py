"""Random forest: scikit-learn's on a processor; on a card XGBoost's, grown in one round to the same mean vote."""

import math
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from aval.errors import PlanError
from aval.model.boosted import Boosted, library, stored
from aval.model.candidates import Candidate, Fit, Rows, Setting, agree, known_only
from aval.model.forest import Forest, text
from aval.model.learners.xgboost import explained

_OPEN: Final = (
    *("n_estimators", "criterion", "max_depth", "max_features", "max_leaf_nodes", "max_samples"),
    *("min_samples_leaf", "min_samples_split", "min_impurity_decrease", "min_weight_fraction_leaf", "class_weight"),
)
"""What a plan may set, under scikit-learn's names."""

ON_CARD: Final = ("n_estimators", "max_depth", "max_features", "max_samples", "min_samples_leaf", "class_weight")
"""What has the same meaning in XGBoost's forest."""

_SHARE_DRAWN: Final = 1.0 - math.exp(-1.0)
"""Of n rows drawn n times with replacement, the share that is drawn at all: what a tree on a card is given."""

_STEPS: Final = 10
"""Progress is told this often."""


def check(candidate: Candidate, plan: str | Path) -> None:
    """Every setting must be one scikit-learn's forest knows by exactly this name.

    Raises:
        PlanError: says which setting, and the nearest known name.
    """
    for name in candidate.parameters:
        if name in ("random_state", "n_jobs", "warm_start", "bootstrap", "oob_score", "verbose"):
            raise PlanError(plan, f"{candidate.name}: {name} is not for a plan to set", "leave it out")
    known_only(candidate, _OPEN, "a forest", plan)
    count = candidate.parameters.get("n_estimators", 100)
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise PlanError(plan, f"{candidate.name}: n_estimators is not a whole number above 0", "state one")


def most(candidate: Candidate) -> int:
    """How many trees a fit grows."""
    return int(candidate.parameters.get("n_estimators", 100))


def fit(
    candidate: Candidate,
    rows: Rows,
    held: Rows | None = None,  # noqa: ARG001 - a forest has no best size
    *,
    size: int | None = None,
    seed: int = 0,
    threads: int = 2,
    device: str = "cpu",
    advance: Callable[[int], None] | None = None,
    plan: str | Path = "plan",
) -> Fit:
    """Grow every tree; categories are cut in the order of their levels, missing values go where they serve best.

    Raises:
        PlanError: a setting that is refused, or that has no meaning on a card.
    """
    count = most(candidate) if size is None else size
    grow = on_card if device == "cuda" else _grow
    with explained(plan, candidate.name):
        scorer = grow(candidate, rows, count, seed, threads, advance, plan)
    return Fit(scorer, np.empty(0))


def _grow(
    candidate: Candidate,
    rows: Rows,
    count: int,
    seed: int,
    threads: int,
    advance: Callable[[int], None] | None,
    plan: str | Path,
) -> Forest:
    from sklearn import __version__
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.utils._param_validation import InvalidParameterError

    asked: dict[str, Setting] = {**candidate.parameters, "n_estimators": count}
    forest = RandomForestClassifier(**asked, random_state=seed, n_jobs=threads, warm_start=True)
    done, step = 0, max(1, -(-count // _STEPS))
    with warnings.catch_warnings():
        # Class weights are worked out afresh at each step, from the same rows.
        warnings.filterwarnings("ignore", message="class_weight presets", category=UserWarning)
        while done < count:
            more = min(step, count - done)
            forest.set_params(n_estimators=done + more)
            try:
                forest.fit(rows.matrix, rows.target)
            except InvalidParameterError as problem:
                said = str(problem).partition(" Got ")[0].rstrip(".")
                raise PlanError(plan, f"{candidate.name}: scikit-learn refuses it ({said})", "correct it") from None
            done += more
            if advance is not None:
                advance(more)
    held = {name: value for name, value in forest.get_params().items() if name not in ("n_jobs", "warm_start")}
    used = {name: str(value) for name, value in held.items()} | {"version": __version__}
    agree(plan, candidate, asked, used)
    trees = (tree.tree_ for tree in forest.estimators_)
    return Forest(text(trees, rows.matrix.shape[1], 1.0 / count), used)


def on_card(
    candidate: Candidate,
    rows: Rows,
    count: int,
    seed: int,
    threads: int,
    advance: Callable[[int], None] | None,
    plan: str | Path,
    device: str = "cuda",
) -> Boosted:
    """One round of parallel trees on squared error from 0, without regularisation.

    Each leaf is then its share of defaulters, and what a split gains is half of what Gini says: the margin is the mean
    vote, as scikit-learn's is. Rows are drawn without replacement, each as often as a bootstrap draws any.
    Under class weights `min_samples_leaf` counts weighted rows, of mean weight 1.
    """
    xgboost = library()
    stated = candidate.parameters
    for name in stated:
        if name not in ON_CARD:
            what = f"{candidate.name}: {name} has no meaning for a forest on a card"
            raise PlanError(plan, what, f"use {', '.join(ON_CARD)}")
    for name, kind in (("min_samples_leaf", int), ("max_samples", float)):
        if not isinstance(stated.get(name, kind(1)), kind):
            what = f"{candidate.name}: on a card {name} is a {'number of rows' if kind is int else 'share'}"
            raise PlanError(plan, what, "state it so")
    asked: dict[str, Setting] = {
        "objective": "reg:squarederror",
        "base_score": 0.0,
        "tree_method": "hist",
        "learning_rate": 1.0,
        "lambda": 0.0,
        "num_parallel_tree": count,
        "max_depth": int(stated.get("max_depth", 0)),
        "min_child_weight": float(stated.get("min_samples_leaf", 1)),
        "subsample": _SHARE_DRAWN * float(stated.get("max_samples", 1.0)),
        "colsample_bynode": _share(candidate, rows.matrix.shape[1], plan),
        "seed": seed,
        "device": device,
    }
    # Without types: categories are cut in the order of their levels here too.
    weight = _weight(candidate, rows.target, plan)
    train = xgboost.DMatrix(rows.matrix, rows.target, weight=weight, nthread=threads)
    booster = xgboost.train({**asked, "nthread": threads, "verbosity": 0}, train, 1)
    if advance is not None:
        advance(count)
    scorer = Boosted(stored(booster))
    agree(plan, candidate, {name: value for name, value in asked.items() if name != "base_score"}, scorer.parameters)
    return scorer


def _share(candidate: Candidate, columns: int, plan: str | Path) -> float:
    """The share of columns a split may choose among: scikit-learn's words and numbers, in XGBoost's."""
    stated = candidate.parameters.get("max_features", "sqrt")
    words: Mapping[Any, float] = {"sqrt": math.sqrt(columns), "log2": math.log2(columns)}
    if isinstance(stated, float):
        return stated
    if stated not in words and not isinstance(stated, int):
        raise PlanError(plan, f"{candidate.name}: max_features is {stated!r}", "use sqrt, log2 or a number")
    return min(1.0, max(1.0, words.get(stated, float(stated) if isinstance(stated, int) else 1.0)) / columns)


def _weight(candidate: Candidate, target: Any, plan: str | Path) -> Any:
    """Weights of mean 1 that give both classes the same say, where that is asked for."""
    stated = candidate.parameters.get("class_weight")
    if stated is None:
        return None
    if stated not in ("balanced", "balanced_subsample"):
        raise PlanError(plan, f"{candidate.name}: class_weight is {stated!r}", "use balanced or leave it out")
    bad = float(np.mean(target))
    return np.where(target == 1.0, 0.5 / bad, 0.5 / (1.0 - bad))
