"""Settings are chosen by the policy's cost after calibration, the same by every method where there is one best."""

import numpy as np
import pytest

from aval.credit.policy import Cost
from aval.errors import PlanError
from aval.model.candidates import Candidate
from aval.model.plan import METHODS, Method, Search
from aval.model.search import Estimator, chosen, policy_cost, reference_score, search
from tests.model.rough import fitter, logistic
from tests.model.test_evaluation import PUBLISHED

COST = Cost(10, 1)


class Said:
    """An estimator that answers what it is told."""

    def __init__(self, margin: np.ndarray) -> None:
        self.margin = margin

    def decision_function(self, x: np.ndarray) -> np.ndarray:
        return self.margin[: len(x)]

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        p = 1.0 / (1.0 + np.exp(-self.margin[: len(x)]))
        return np.column_stack((1.0 - p, p))


@pytest.mark.parametrize(("rows", "fp", "fn", "score"), PUBLISHED)
def test_the_references_score_as_a_scorer(rows: int, fp: int, fn: int, score: float) -> None:
    bad = 6256
    target = np.r_[np.ones(bad), np.zeros(rows - bad)]
    refused = np.r_[np.zeros(fn), np.ones(bad - fn), np.ones(fp), np.zeros(rows - bad - fp)]
    said = Said(np.where(refused == 1.0, 1.0, -1.0))
    assert reference_score()(said, target[:, None], target) == pytest.approx(score, abs=5e-6)


def test_shifted_margins_cost_the_same() -> None:
    """SMOTE and class weights shift a margin: at a fixed 0.5 that would look like another model."""
    rng = np.random.default_rng(0)
    target = (rng.random(4000) < 0.08).astype(float)
    margin = rng.normal(size=4000) + target
    score = policy_cost(COST)
    plain = score(Said(margin), target[:, None], target)
    assert score(Said(2.0 + 0.5 * margin), target[:, None], target) == pytest.approx(plain, abs=1e-6)
    assert score(Said(-margin), target[:, None], target) < plain
    assert score(Said(np.zeros(4000)), target[:, None], target) == pytest.approx(-1000 * min(10 * target.mean(), 1))


def flat(**more: object) -> Candidate:
    """Of these, one value of C is plainly better: the other leaves nothing of the coefficients."""
    return logistic(axes={"C": (1e-7, 0.5)}, **more)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_one_good_setting(method: Method) -> None:
    subject = fitter(logistic(axes={"C": (1e-7, 0.5), "class_weight": ("balanced",)}), count=2500)
    found = search(subject, Search(method, folds=3, trials=8, seconds=60.0), COST)
    assert found.best["C"] == 0.5
    assert found.cost == min(trial.cost for trial in found.trials if trial.cost is not None and trial.rows == 2500)
    tuned = chosen(subject.candidate, found)
    assert (tuned.parameters["C"], tuned.axes) == (0.5, {})


def test_resampling_is_an_axis_too() -> None:
    candidate = flat(resampling={"method": "smote"})
    candidate = Candidate(
        "one",
        "logistic",
        candidate.parameters,
        candidate.design,
        candidate.resampling,
        axes={"resampling.sampling_strategy": (0.3, 1.0)},
    )
    found = search(fitter(candidate, count=1200), Search("grid", folds=2), COST)
    assert {trial.settings["resampling.sampling_strategy"] for trial in found.trials} == {0.3, 1.0}
    tuned = chosen(candidate, found)
    assert tuned.resampling == {"method": "smote", **{"sampling_strategy": found.best["resampling.sampling_strategy"]}}


def test_the_same_search_finds_the_same() -> None:
    subject = fitter(logistic(axes={"C": (0.001, 0.01, 0.1, 1.0)}), count=1200)
    one, two = (search(subject, Search("optuna", folds=2, trials=6, seconds=60.0), COST) for _ in range(2))
    assert one.trials == two.trials


def test_optuna_keeps_to_its_budget() -> None:
    subject = fitter(logistic(axes={"C": (0.001, 0.01, 0.1, 1.0)}), count=1200)
    found = search(subject, Search("optuna", folds=2, trials=10_000, seconds=0.5), COST)
    assert 1 <= len(found.trials) < 10_000


@pytest.mark.parametrize(
    ("name", "settings", "axis"),
    [
        ("lightgbm", {"num_iterations": 300, "early_stopping_round": 10, "num_leaves": 4}, "num_leaves"),
        ("xgboost", {"num_boost_round": 300, "early_stopping_rounds": 10, "max_depth": 4}, "max_depth"),
    ],
)
def test_a_growing_form_stops_on_rows_of_its_own(name: str, settings: dict[str, float], axis: str) -> None:
    given = Candidate("trees", name, {**settings, "learning_rate": 0.2}, axes={axis: (4, 8)})
    subject = fitter(given, count=1500)
    places = np.arange(1500)[:, None]
    made = Estimator(subject, **{axis: 8}).fit(places, subject.target)
    assert made.size_ is not None
    assert made.size_ < 300
    assert made.scorer_.parameters[axis] == "8"


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"C ": (1.0,)}, "did you mean 'C'"),
        ({"C": ()}, "has no values"),
        ({"resampling.sampling_strategy": (0.5,)}, "nothing to act on"),
    ],
)
def test_an_axis_that_would_do_nothing_is_an_error(axes: dict[str, tuple[float, ...]], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        logistic(axes=axes).check("plan")
