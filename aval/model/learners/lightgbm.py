"""LightGBM: settings checked by its own names, trees that do not depend on threads, and what was used read back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from aval.errors import PlanError
from aval.model.candidates import Candidate, Fit, Rows, Setting, agree, nearest
from aval.model.device import lightgbm_device
from aval.model.monotone import MONOTONE, checked, constraints
from aval.model.trees import Trees, library, parameters

SLOWEST: Final = 0.02
"""A smaller learning rate buys a hair of AUC with minutes of training and milliseconds per decision."""

FORCED: Final[Mapping[str, Setting]] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "boosting": "gbdt",
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
"""What no plan may change: the loss makes probabilities, and the same rows make the same trees on any threads."""

_OPEN: Final = (
    *("learning_rate", "num_iterations", "early_stopping_round"),
    *("num_leaves", "max_depth", "min_data_in_leaf", "min_sum_hessian_in_leaf", "min_gain_to_split", "extra_trees"),
    *("feature_fraction", "feature_fraction_bynode", "bagging_fraction", "bagging_freq"),
    *("lambda_l1", "lambda_l2", "max_delta_step", "path_smooth", "max_bin", "min_data_in_bin"),
    *("min_data_per_group", "max_cat_threshold", "max_cat_to_onehot", "cat_l2", "cat_smooth"),
)
"""What a plan may set: what shapes the trees. Anything else would do nothing, or change what is asked of them."""


def check(candidate: Candidate, plan: str | Path) -> None:
    """Every setting must be one LightGBM knows by exactly this name.

    Raises:
        PlanError: says which setting, and the nearest known name.
    """
    aliases = _names()
    for name, value in candidate.parameters.items():
        if name == MONOTONE:
            continue
        canonical = aliases.get(name)
        if canonical is None:
            raise PlanError(plan, f"{candidate.name}: LightGBM has no parameter {name!r}", nearest(name, _OPEN))
        if canonical not in _OPEN:
            raise PlanError(plan, f"{candidate.name}: {name} is not for a plan to set", "leave it out")
        if canonical != name:
            raise PlanError(plan, f"{candidate.name}: {name} is another name of {canonical}", f"write {canonical}")
        if not isinstance(value, float | int | bool | str):
            raise PlanError(plan, f"{candidate.name}: {name} is not a number or a word", "state one value")
    checked(candidate, plan)
    for name in ("num_iterations", "early_stopping_round", "bagging_freq"):
        count = candidate.parameters.get(name, 1)
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise PlanError(plan, f"{candidate.name}: {name} is not a whole number", "state one")
    if candidate.parameters.get("bagging_fraction", 1.0) != 1.0 and not candidate.parameters.get("bagging_freq", 0):
        what = f"{candidate.name}: bagging_fraction does nothing without bagging_freq"
        raise PlanError(plan, what, "state bagging_freq = 1")
    rate = candidate.parameters.get("learning_rate", 0.1)
    if not isinstance(rate, float | int) or rate < SLOWEST:
        raise PlanError(plan, f"{candidate.name}: the learning rate is below {SLOWEST}", f"state {SLOWEST} or more")


@cache
def _names() -> dict[str, str]:
    """Every name LightGBM gives a parameter -> its canonical one, as the installed library tells it."""
    every = library().basic._ConfigAliases._get_all_param_aliases()
    return {alias: canonical for canonical, aliases in every.items() for alias in (canonical, *aliases)}


def most(candidate: Candidate) -> int:
    """Where a fit stops at the latest, in trees."""
    return int(candidate.parameters.get("num_iterations", 1000))


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
    """Train on `rows`: `size` trees, or until `held` rows stop getting better.

    Raises:
        PlanError: LightGBM refuses a setting, or trained with another one than the plan states.
    """
    lightgbm = library()
    count = most(candidate) if size is None else size
    own = ("early_stopping_round", MONOTONE)
    chosen = {name: value for name, value in candidate.parameters.items() if name not in own}
    asked = {**chosen, **FORCED, "seed": seed, "num_iterations": count}
    if device == "cuda":
        asked["device_type"] = lightgbm_device() or "cuda"
        # Each kind of device has its own way through the rows, which LightGBM chooses.
        del asked["force_row_wise"]
    # All rows are looked at for the bins: a column whose rare missing values a sample overlooked would
    # read them as 0 for good.
    settings: dict[str, Any] = {**asked, "num_threads": threads, "bin_construct_sample_cnt": max(len(rows.target), 1)}
    signs = constraints(candidate, rows.encoding, plan)
    if signs is not None:
        settings["monotone_constraints"] = signs
    patience = int(candidate.parameters.get("early_stopping_round", 0))
    history: dict[str, dict[str, list[float]]] = {}
    with _quiet(), _explained(plan, candidate.name):
        train = lightgbm.Dataset(
            rows.matrix, rows.target, categorical_feature=list(rows.categories), params=settings, free_raw_data=True
        )
        callbacks: list[Callable[..., Any]] = []
        if advance is not None:
            callbacks.append(lambda _: advance(1))
        valid = []
        if held is not None:
            valid.append(train.create_valid(held.matrix, held.target, params=settings))
            callbacks.append(lightgbm.record_evaluation(history))
            if patience:
                callbacks.append(lightgbm.early_stopping(patience, verbose=False))
        # Every tree grown is kept: how many are used is decided over all folds together. Without
        # `keep_training_booster` LightGBM would drop those after this fold's own best.
        booster = lightgbm.train(
            settings, train, count, valid, ["held"] if valid else None, callbacks=callbacks, keep_training_booster=True
        )
        text = booster.model_to_string(num_iteration=-1)
    agree(plan, candidate, asked, parameters(text))
    losses = history["held"]["binary_logloss"] if held is not None else []
    return Fit(Trees(text), np.asarray(losses, dtype=np.float64))


@contextmanager
def _explained(plan: str | Path, name: str) -> Iterator[None]:
    try:
        yield
    except library().basic.LightGBMError as problem:
        said = str(problem).partition(" at /")[0].strip()
        raise PlanError(plan, f"{name}: LightGBM refuses it ({said})", "correct the setting it names") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """LightGBM warns of what is meant: parameters given to the data set as well as to the training."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="lightgbm")
        yield
