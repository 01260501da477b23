"""XGBoost by its native interface: settings checked by its own names, categories and gaps as they are, read back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from aval.errors import PlanError
from aval.model.boosted import Boosted, library, stored
from aval.model.candidates import Candidate, Fit, Rows, Setting, agree, nearest
from aval.model.learners.lightgbm import SLOWEST
from aval.model.monotone import MONOTONE, checked, constraints

FORCED: Final[Mapping[str, Setting]] = {
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "tree_method": "hist",
    "verbosity": 0,
}
"""What no plan may change: the loss makes probabilities, and histograms are what a card can build too."""

_OPEN: Final = (
    *("learning_rate", "num_boost_round", "early_stopping_rounds"),
    *("max_depth", "max_leaves", "grow_policy", "gamma", "min_child_weight", "max_delta_step"),
    *("subsample", "colsample_bytree", "colsample_bylevel", "colsample_bynode"),
    *("lambda", "alpha", "max_bin", "max_cat_to_onehot", "max_cat_threshold", "scale_pos_weight"),
)
"""What a plan may set: what shapes the trees, under the first name XGBoost's own pages give it but for eta."""

_ALIASES: Final[Mapping[str, str]] = {
    "eta": "learning_rate",
    "min_split_loss": "gamma",
    "reg_lambda": "lambda",
    "reg_alpha": "alpha",
    "n_estimators": "num_boost_round",
}


def check(candidate: Candidate, plan: str | Path) -> None:
    """Every setting must be one a plan may state, by exactly this name.

    Raises:
        PlanError: says which setting, and the nearest known name.
    """
    for name, value in candidate.parameters.items():
        if name == MONOTONE:
            continue
        if name in _ALIASES:
            what = f"{candidate.name}: {name} is another name of {_ALIASES[name]}"
            raise PlanError(plan, what, f"write {_ALIASES[name]}")
        if name in FORCED or name in ("nthread", "seed", "device", "booster"):
            raise PlanError(plan, f"{candidate.name}: {name} is not for a plan to set", "leave it out")
        if name not in _OPEN:
            raise PlanError(plan, f"{candidate.name}: XGBoost has no parameter {name!r}", nearest(name, _OPEN))
        if not isinstance(value, float | int | bool | str):
            raise PlanError(plan, f"{candidate.name}: {name} is not a number or a word", "state one value")
    checked(candidate, plan)
    rate = candidate.parameters.get("learning_rate", 0.3)
    if not isinstance(rate, float | int) or rate < SLOWEST:
        raise PlanError(plan, f"{candidate.name}: the learning rate is below {SLOWEST}", f"state {SLOWEST} or more")
    for name in ("num_boost_round", "early_stopping_rounds"):
        count = candidate.parameters.get(name, 1)
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise PlanError(
                plan, f"{candidate.name}: {name} is not a whole number above 0", "state one, or leave it out"
            )


def most(candidate: Candidate) -> int:
    """Where a fit stops at the latest, in trees."""
    return int(candidate.parameters.get("num_boost_round", 1000))


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
        PlanError: XGBoost refuses a setting, or trained with another one than the plan states.
    """
    xgboost = library()
    own = ("num_boost_round", "early_stopping_rounds", MONOTONE)
    asked = {name: value for name, value in candidate.parameters.items() if name not in own}
    asked = {**asked, **FORCED, "seed": seed, "device": device}
    settings: dict[str, Any] = {**asked, "nthread": threads}
    signs = constraints(candidate, rows.encoding, plan)
    if signs is not None:
        settings["monotone_constraints"] = signs
    patience = int(candidate.parameters.get("early_stopping_rounds", 0))
    callbacks: list[Any] = []
    if advance is not None:
        callbacks.append(_counter(advance))
    history: dict[str, dict[str, list[float]]] = {}
    with explained(plan, candidate.name):
        kinds = ["c" if place in rows.categories else "q" for place in range(rows.matrix.shape[1])]
        given = {"feature_types": kinds, "enable_categorical": True, "nthread": threads}
        bins = int(candidate.parameters.get("max_bin", 256))
        train = xgboost.QuantileDMatrix(rows.matrix, rows.target, max_bin=bins, **given)
        watched = []
        if held is not None:
            # A weight on defaulters moves every probability; held rows weighed alike are judged by the same loss.
            weight = np.where(held.target == 1.0, float(candidate.parameters.get("scale_pos_weight", 1.0)), 1.0)
            watched.append((xgboost.DMatrix(held.matrix, held.target, weight=weight, **given), "held"))
            if patience:
                stop = xgboost.callback.EarlyStopping(rounds=patience, data_name="held", metric_name="logloss")
                callbacks.append(stop)
        booster = xgboost.train(
            settings,
            train,
            most(candidate) if size is None else size,
            evals=watched,
            evals_result=history,
            callbacks=callbacks,
            verbose_eval=False,
        )
        # Every tree grown is kept: how many are used is decided over all folds together.
        scorer = Boosted(stored(booster))
    agree(plan, candidate, asked, scorer.parameters)
    losses = history["held"]["logloss"] if held is not None else []
    return Fit(scorer, np.asarray(losses, dtype=np.float64))


def _counter(advance: Callable[[int], None]) -> Any:
    class Counter(library().callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            advance(1)
            return False

    return Counter()


@contextmanager
def explained(plan: str | Path, name: str) -> Iterator[None]:
    """What XGBoost refuses, as one sentence; what it mutters, in silence: what was used is read back."""
    try:
        with library().config_context(verbosity=0):
            yield
    except library().core.XGBoostError as problem:
        said = _sentence(str(problem))
        raise PlanError(plan, f"{name}: XGBoost refuses it ({said})", "correct the setting it names") from None


def _sentence(text: str) -> str:
    """The sentence of XGBoost's message, without the clock, the source line and the stack around it."""
    lines = [line.strip() for line in text.split("Stack trace")[0].splitlines() if line.strip()]
    return " ".join(lines).partition(": ")[2].strip() if lines and lines[0].startswith("[") else " ".join(lines)
