"""Out-of-fold margins come from forms that never saw the row, and the size is one for all folds."""

import numpy as np
import pytest

from aval.errors import PlanError
from aval.model.candidates import Candidate
from aval.model.split import folds
from tests.model.rough import fitter, logistic

GROWING = Candidate("trees", "lightgbm", {"num_iterations": 60, "num_leaves": 6, "early_stopping_round": 10})


def test_a_rows_own_outcome_never_reaches_its_margin() -> None:
    subject = fitter(logistic(resampling={"method": "smote"}), count=600)
    held = folds(subject.target, 3, 0)
    before = subject.validate(held).margin
    turned = fitter(logistic(resampling={"method": "smote"}), count=600)
    turned.target[held[1]] = 1.0 - turned.target[held[1]]
    after = turned.validate(held).margin
    assert after[held[1]].tolist() == before[held[1]].tolist()
    assert after[held[0]].tolist() != before[held[0]].tolist()


def test_the_size_is_the_best_over_all_folds() -> None:
    subject = fitter(GROWING)
    found = subject.validate(folds(subject.target, 3, 0))
    assert found.size is not None
    assert 1 <= found.size <= 60
    assert len(found.sizes) == 3
    _, refitted = subject.refit(found.size)
    assert refitted.size == found.size


def test_without_early_stopping_the_plans_own_number_of_trees_is_grown() -> None:
    """Rows left out must not choose what the plan states, least of all by probabilities that resampling shifted."""
    settings = {"num_iterations": 25, "num_leaves": 6}
    subject = fitter(Candidate("trees", "lightgbm", settings, {"scale": False}, {"method": "smote"}))
    found = subject.validate(folds(subject.target, 3, 0))
    assert (found.size, found.sizes) == (None, (25, 25, 25))
    assert subject.refit(found.size)[1].size == 25
    with pytest.raises(PlanError, match="early stopping would judge what resampling shifted"):
        Candidate("trees", "lightgbm", {"early_stopping_round": 5}, {}, {"method": "smote"}).check("plan")


def test_a_form_that_does_not_grow_has_no_size() -> None:
    subject = fitter(logistic())
    found = subject.validate(folds(subject.target, 3, 0))
    assert found.size is None
    assert np.allclose(found.own, 1.0 / (1.0 + np.exp(-found.margin)))
