"""Out-of-fold margins come from forms that never saw the row, and the size is one for all folds."""

import numpy as np

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


def test_a_form_that_does_not_grow_has_no_size() -> None:
    subject = fitter(logistic())
    found = subject.validate(folds(subject.target, 3, 0))
    assert found.size is None
    assert np.allclose(found.own, 1.0 / (1.0 + np.exp(-found.margin)))
