"""Logistic regression as scikit-learn fits it; principal components are folded into the coefficients."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from aval.errors import PlanError
from aval.model.candidates import Candidate
from aval.model.design import Design, Layout
from aval.model.learners.logistic import check, fit
from tests.model.rough import logistic, rows


def dense(seed: int = 0):  # type: ignore[no-untyped-def]
    given = rows(seed)
    return Design.fit(Layout(scale=True), rows()).rows(given)


def test_components_are_folded_exactly() -> None:
    given = dense()
    candidate = Candidate("pca", "logistic", {"C": 0.5, "pca": 0.8})
    found = fit(candidate, given).scorer
    axes = PCA(0.8, svd_solver="covariance_eigh").fit(given.matrix.astype(np.float64))
    theirs = LogisticRegression(C=0.5).fit(axes.transform(given.matrix.astype(np.float64)), given.target)
    asked = dense(1).matrix.astype(np.float64)
    assert np.allclose(found.margin(asked), theirs.decision_function(axes.transform(asked)), atol=1e-9)
    assert int(found.parameters["components"]) == axes.n_components_ < given.matrix.shape[1]


def test_what_is_logged_is_what_was_fitted() -> None:
    found = fit(Candidate("one", "logistic", {"C": 0.25, "class_weight": "balanced"}), dense()).scorer
    assert (found.parameters["C"], found.parameters["class_weight"]) == ("0.25", "balanced")


def test_class_weights_shift_the_probabilities_not_the_order() -> None:
    plain, heavy = (fit(Candidate("one", "logistic", settings), dense()).scorer for settings in ({}, BALANCED))
    asked = dense(1).matrix.astype(np.float64)
    assert (heavy.margin(asked) > plain.margin(asked)).all()
    assert np.corrcoef(heavy.margin(asked), plain.margin(asked))[0, 1] > 0.98


BALANCED = {"class_weight": "balanced"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"c": 1.0}, "did you mean 'C'"),
        ({"C ": 1.0}, "did you mean 'C'"),
        ({"penalty": "l1"}, "has no parameter 'penalty'"),
        ({"pca": 1.5}, "share of variance"),
        ({"class_weight": "heavy"}, "balanced"),
    ],
)
def test_a_misspelt_setting_is_one_sentence(settings: dict[str, float | str], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        check(Candidate("one", "logistic", settings), "plan")


def test_gaps_want_a_design_and_few_steps_are_an_error() -> None:
    with pytest.raises(PlanError, match=r"candidates\.design"):
        fit(logistic(), rows())
    with pytest.raises(PlanError, match="no convergence in 1 steps"):
        fit(Candidate("one", "logistic", {"max_iter": 1}), dense())
