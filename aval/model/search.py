"""Which settings of a candidate cost the lender least: its axes searched inside the development rows.

`grid` tries all, `halving` drops the worse half on few rows before it spends more (Jamieson & Talwalkar 2016,
arXiv:1502.07943), both by scikit-learn; `optuna` proposes (TPE), prunes by fold and keeps to a time budget.
Every setting is judged by the policy's cost after calibration: resampling and weights shift what a probability
means, so a cut-off on raw ones would compare nothing.
"""

import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin

from aval.credit.policy import Cost
from aval.errors import PlanError
from aval.model.calibration import Platt
from aval.model.candidates import Candidate, Setting
from aval.model.encoding import Encoding, Matrix
from aval.model.evaluation import PER, business_score, confusion, row_costs
from aval.model.plan import Method, Search
from aval.model.scorer import Scorer, own_probability
from aval.model.split import Places, folds
from aval.model.validation import Fitter

_STOP_SHARE: Final = 6
"""One row in so many says when a growing form stops, inside a search."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings tried, the rows they were judged on, and their cost per 1000 (None where it was pruned or failed)."""

    settings: Mapping[str, Setting]
    rows: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest settings and everything that was tried."""

    method: Method
    best: Mapping[str, Setting]
    cost: float
    trials: tuple[Trial, ...]
    seconds: float


def policy_cost(cost: Cost) -> Callable[[Any, Any, Any], float]:
    """A scikit-learn scorer: minus the cost per 1000 at the break-even, the margins of these rows calibrated first.

    Calibration on the scored rows themselves is two numbers, the same favour to every setting.
    """

    def score(estimator: Any, x: Any, y: Any) -> float:
        return -_cost(np.asarray(estimator.decision_function(x)), np.asarray(y), cost)

    return score


def reference_score() -> Callable[[Any, Any, Any], float]:
    """A scikit-learn scorer: the reference system's business score, at 0.5 of the learner's own probability."""

    def score(estimator: Any, x: Any, y: Any) -> float:
        wrong = confusion(y, np.asarray(estimator.predict_proba(x))[:, 1], 0.5)
        return business_score(wrong.rows, wrong.fp, wrong.fn)

    return score


def _cost(margin: Matrix, target: Matrix, cost: Cost) -> float:
    try:
        probability = Platt.fit(margin, target).probability(margin)
    except PlanError:
        # Margins that are constant or the wrong way round: deciding all alike is what they are worth.
        probability = np.full(len(target), float(np.mean(target)))
    return PER * float(row_costs(target, probability, cost).mean())


class Estimator(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A candidate as scikit-learn's searches want it: rows are named by their places in the table."""

    def __init__(self, fitter: Fitter | None = None, **settings: Setting) -> None:
        self.fitter = fitter
        self.settings = settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The axes, and what fits."""
        del deep
        return {"fitter": self.fitter, **self.settings}

    def set_params(self, **given: Any) -> "Estimator":
        """Take settings of the axes."""
        self.fitter = given.pop("fitter", self.fitter)
        self.settings = {**self.settings, **given}
        return self

    def __sklearn_clone__(self) -> "Estimator":
        # The table is shared, never copied.
        return Estimator(self.fitter, **self.settings)

    def fit(self, x: npt.NDArray[np.intp], y: Matrix) -> "Estimator":
        """Fit on the rows at places `x` (n, 1); a growing form keeps a sixth of them to know when to stop."""
        del y  # the fitter knows it
        assert self.fitter is not None
        fitter = self.fitter.of(self.fitter.candidate.set(self.settings))
        places = np.sort(x[:, 0])
        self.classes_ = np.array([0.0, 1.0])
        size, out = None, None
        if fitter.candidate.stops:
            stop = folds(fitter.target[places], _STOP_SHARE, fitter.seed)[0]
            out, places = places[stop], np.delete(places, stop)
        self.encoding_, found = fitter.inside(places, out)
        if len(found.losses):
            size = int(np.argmin(found.losses)) + 1
        self.scorer_, self.size_ = found.scorer, size
        return self

    def decision_function(self, x: npt.NDArray[np.intp]) -> Matrix:
        """Margins of the rows at places `x` (n, 1), shape (n,)."""
        assert self.fitter is not None
        return self.scorer_.margin(self.fitter.encoded(self.encoding_, x[:, 0]), self.size_)

    def predict_proba(self, x: npt.NDArray[np.intp]) -> Matrix:
        """The learner's own probabilities, shape (n, 2)."""
        own = own_probability(self.scorer_, self.decision_function(x))
        return np.column_stack((1.0 - own, own))

    encoding_: Encoding
    scorer_: Scorer
    size_: int | None


def search(fitter: Fitter, stated: Search, cost: Cost) -> Found:
    """The cheapest settings on the candidate's axes, cross-validated on the fitter's rows.

    Raises:
        PlanError: no setting could be fitted.
    """
    start = time.perf_counter()
    # Its own draw: the folds that report are other ones, though of the same rows.
    held = folds(fitter.target, stated.folds, fitter.seed + 1)
    trials = _tried(fitter, stated, cost, held)
    most = max((trial.rows for trial in trials), default=0)
    finished = [trial for trial in trials if trial.cost is not None and trial.rows == most]
    if not finished:
        raise PlanError(
            fitter.plan, f"{fitter.candidate.name}: no setting of its axes could be fitted", "mend the axes"
        )
    best = min(finished, key=lambda trial: trial.cost or 0.0)
    assert best.cost is not None
    return Found(stated.method, best.settings, best.cost, tuple(trials), time.perf_counter() - start)


def _tried(fitter: Fitter, stated: Search, cost: Cost, held: list[Places]) -> list[Trial]:
    if stated.method == "optuna":
        return _optuna(fitter, stated, cost, held)
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - scikit-learn asks for it
    from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV

    estimator = Estimator(fitter)
    axes = {name: list(values) for name, values in fitter.candidate.axes.items()}
    places = np.arange(len(fitter.target))[:, None]
    ways: dict[str, Any] = {"scoring": policy_cost(cost), "refit": False, "error_score": "raise"}
    if stated.method == "grid":
        splits = [(np.setdiff1d(places[:, 0], out), out) for out in held]
        tried = GridSearchCV(estimator, axes, cv=splits, **ways).fit(places, fitter.target)
    else:
        from sklearn.model_selection import StratifiedKFold

        cv = StratifiedKFold(stated.folds, shuffle=True, random_state=fitter.seed + 1)
        # As many rounds as halve the settings down to one on all rows, but never so few rows that chance decides.
        every, settings = len(fitter.target), math.prod(map(len, axes.values()))
        enough = int(_LEAST_DEFAULTERS / max(float(fitter.target.mean()), 1e-9))
        rounds = max(0, int(math.log2(max(1.0, min(settings, every / enough)))))
        least = every // 2**rounds
        halving = HalvingGridSearchCV(
            estimator, axes, cv=cv, factor=2, min_resources=least, random_state=fitter.seed + 1, **ways
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            tried = halving.fit(places, fitter.target)
    found = tried.cv_results_
    rows = found.get("n_resources", [len(fitter.target)] * len(found["params"]))
    scores = found["mean_test_score"]
    return [
        Trial(dict(settings), int(count), -float(score) if np.isfinite(score) else None)
        for settings, count, score in zip(found["params"], rows, scores, strict=True)
    ]


_LEAST_DEFAULTERS: Final = 400


def _optuna(fitter: Fitter, stated: Search, cost: Cost, held: list[Places]) -> list[Trial]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    every = np.arange(len(fitter.target))

    def objective(trial: Any) -> float:
        chosen = {name: trial.suggest_categorical(name, list(values)) for name, values in fitter.candidate.axes.items()}
        costs: list[float] = []
        for number, out in enumerate(held):
            inside = np.setdiff1d(every, out)
            estimator = Estimator(fitter, **chosen).fit(inside[:, None], fitter.target[inside])
            costs.append(_cost(estimator.decision_function(out[:, None]), fitter.target[out], cost))
            trial.report(float(np.mean(costs)), number)
            if number + 1 < len(held) and trial.should_prune():
                raise optuna.TrialPruned
        return float(np.mean(costs))

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=fitter.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    study.optimize(objective, n_trials=stated.trials, timeout=stated.seconds)
    return [
        Trial(dict(one.params), len(every), float(one.value) if one.state.name == "COMPLETE" and one.value else None)
        for one in study.trials
    ]


def chosen(candidate: Candidate, found: Found) -> Candidate:
    """The candidate with the settings that were found, and nothing left to search."""
    return replace(candidate.set(found.best), axes={})
