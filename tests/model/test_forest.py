"""A forest stored as LightGBM's text votes and explains as scikit-learn's own does; a card's forest votes alike."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aval.errors import ArtefactError, PlanError
from aval.model.boosted import Boosted
from aval.model.candidates import Candidate, Setting
from aval.model.forest import SETTINGS, Forest
from aval.model.learners.forest import check, fit, on_card
from aval.model.ranking import auc
from aval.model.scorer import load_scorer, save_scorer
from tests.model.test_lightgbm import rows

QUICK: dict[str, Setting] = {"n_estimators": 25, "max_depth": 9, "min_samples_leaf": 3}


def candidate(**parameters: Setting) -> Candidate:
    return Candidate("forest", "forest", {**QUICK, **parameters})


@pytest.fixture(scope="module")
def fitted() -> Forest:
    found = fit(candidate(), rows(), seed=5, threads=1).scorer
    assert isinstance(found, Forest)
    return found


@pytest.mark.parametrize(
    "parameters", [{}, {"class_weight": "balanced"}, {"max_features": 0.5, "criterion": "entropy", "max_depth": 40}]
)
def test_it_votes_as_scikit_learn_does(parameters: dict[str, Any]) -> None:
    """On 2,000 rows with gaps, among them gaps in a column that had none in training."""
    from sklearn.ensemble import RandomForestClassifier

    given, others = rows(), rows(9, 2000)
    others.matrix[:200, 0] = np.nan
    found = fit(candidate(**parameters), given, seed=5, threads=1).scorer
    own = RandomForestClassifier(**QUICK | parameters, random_state=5).fit(given.matrix, given.target)
    expected = own.predict_proba(others.matrix)[:, 1]
    np.testing.assert_allclose(found.margin(others.matrix.astype(np.float64)), expected, rtol=0, atol=1e-13)
    assert found.size == 25


def test_one_row_alone_is_what_it_is_in_any_batch(fitted: Forest) -> None:
    matrix = rows(3).matrix[:1000].astype(np.float64)
    alone = np.concatenate([fitted.margin(matrix[place : place + 1]) for place in range(len(matrix))])
    assert np.array_equal(alone, fitted.margin(matrix))


def test_what_features_add_adds_up_to_the_vote(fitted: Forest) -> None:
    matrix = rows(4).matrix[:200].astype(np.float64)
    found = fitted.contributions(matrix)
    np.testing.assert_allclose(found.sum(axis=1), fitted.margin(matrix), atol=1e-12)
    assert np.ptp(found[:, -1]) == 0.0


def test_one_tree_is_explained_by_hand() -> None:
    """A single split: the base is the vote of the rows it was grown from, the feature adds the rest."""
    given = rows()
    found = fit(candidate(n_estimators=1, max_depth=1, max_features=12), given, seed=1, threads=1).scorer
    contributions = found.contributions(given.matrix[:50].astype(np.float64))
    used = np.flatnonzero(np.abs(contributions[:, :-1]).sum(axis=0))
    assert len(used) == 1
    assert used[0] == int(np.argmax(found.importance("gain")))
    assert contributions[0, -1] == pytest.approx(np.mean(given.target), abs=0.03)


def test_a_tree_of_one_leaf_votes_the_same_for_all() -> None:
    found = fit(candidate(min_samples_leaf=1499), rows(), threads=1).scorer
    margin = found.margin(rows(3).matrix.astype(np.float64))
    assert np.ptp(margin) == 0.0
    assert margin[0] == pytest.approx(np.mean(rows().target), abs=0.03)
    assert found.contributions(rows(3).matrix[:2].astype(np.float64))[0, :-1].tolist() == [0.0] * 12


def test_threads_change_nothing_and_the_seed_does() -> None:
    one, two, other = (
        fit(candidate(n_estimators=12), rows(), seed=seed, threads=threads).scorer
        for seed, threads in ((1, 1), (1, 2), (2, 1))
    )
    assert isinstance(one, Forest)
    assert isinstance(two, Forest)
    assert isinstance(other, Forest)
    assert one.text == two.text != other.text


def test_stored_and_loaded_it_gives_the_same_numbers(fitted: Forest, tmp_path: Path) -> None:
    matrix = rows(6).matrix.astype(np.float64)
    save_scorer(fitted, tmp_path)
    loaded = load_scorer(tmp_path)
    assert np.array_equal(loaded.margin(matrix), fitted.margin(matrix))
    assert loaded.parameters == fitted.parameters
    assert loaded.link == fitted.link
    used = loaded.parameters
    assert (used["n_estimators"], used["max_depth"], used["random_state"], used["criterion"]) == (
        "25",
        "9",
        "5",
        "gini",
    )
    (tmp_path / SETTINGS).write_text("[]")
    with pytest.raises(ArtefactError, match="no settings"):
        load_scorer(tmp_path)


def test_progress_counts_every_tree() -> None:
    told: list[int] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(candidate(class_weight="balanced_subsample"), rows(), threads=1, advance=told.append)
    assert sum(told) == 25
    assert len(told) > 5


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("max_feature", "sqrt", "a forest has no parameter 'max_feature'; did you mean 'max_features'"),
        ("random_state", 3, "random_state is not for a plan to set"),
        ("max_depth", [3, 4], "max_depth is not a number or a word"),
        ("n_estimators", 0, "n_estimators is not a whole number above 0"),
    ],
)
def test_a_slip_of_the_pen_is_an_error_with_its_remedy(name: str, value: Setting, says: str) -> None:
    check(candidate(), "small")
    with pytest.raises(PlanError) as problem:
        check(candidate(**{name: value}), "small")
    assert says in str(problem.value)


def test_a_setting_scikit_learn_refuses_is_one_sentence() -> None:
    with pytest.raises(PlanError, match=r"scikit-learn refuses it \(.*'max_features'.*\); correct it"):
        fit(candidate(max_features="all"), rows(), threads=1)


def card(**parameters: Setting) -> Boosted:
    """The forest of a card, grown on a processor: the same code and settings, but for the device."""
    chosen = Candidate("forest", "forest", {"n_estimators": 60, "max_depth": 9, "min_samples_leaf": 5, **parameters})
    return on_card(chosen, rows(), 60, 5, 1, None, "small", device="cpu")


def test_a_cards_forest_votes_shares_and_ranks_as_well() -> None:
    others = rows(9, 2000)
    matrix = others.matrix.astype(np.float64)
    found = card()
    vote = found.margin(matrix)
    assert found.size == 60
    assert vote.min() >= 0.0
    assert vote.max() <= 1.0
    assert np.mean(vote) == pytest.approx(np.mean(rows().target), abs=0.02)
    own = fit(candidate(n_estimators=60, min_samples_leaf=5), rows(), seed=5, threads=1).scorer.margin(matrix)
    assert auc(others.target, vote).value == pytest.approx(auc(others.target, own).value, abs=0.015)
    weighed = candidate(n_estimators=60, min_samples_leaf=5, class_weight="balanced")
    own = fit(weighed, rows(), seed=5, threads=1).scorer.margin(matrix)
    # A leaf of five rows is one of fewer defaulters there: votes are a little lower.
    assert np.mean(card(class_weight="balanced").margin(matrix)) == pytest.approx(np.mean(own), abs=0.08)


def test_what_a_cards_forest_cannot_do_is_an_error() -> None:
    with pytest.raises(PlanError, match="criterion has no meaning for a forest on a card; use n_estimators"):
        card(criterion="gini")
    with pytest.raises(PlanError, match="on a card min_samples_leaf is a number of rows"):
        card(min_samples_leaf=0.1)
    with pytest.raises(PlanError, match="max_features is 'all'; use sqrt"):
        card(max_features="all")
    with pytest.raises(PlanError, match="class_weight is 'heavy'"):
        card(class_weight="heavy")
