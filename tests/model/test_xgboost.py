"""XGBoost is trained with what its plan states and decides as it was trained: alone, batched, reloaded, explained."""

from pathlib import Path

import numpy as np
import pytest

from aval.errors import ArtefactError, PlanError
from aval.model.boosted import MODEL, Boosted
from aval.model.candidates import Candidate, Setting
from aval.model.learners.xgboost import check, fit
from aval.model.scorer import load_scorer, save_scorer
from tests.model.test_lightgbm import rows

QUICK: dict[str, Setting] = {"learning_rate": 0.1, "num_boost_round": 40, "max_depth": 4, "subsample": 0.7}


def candidate(**parameters: Setting) -> Candidate:
    return Candidate("boosted", "xgboost", {**QUICK, **parameters})


@pytest.fixture(scope="module")
def fitted() -> Boosted:
    found = fit(candidate(colsample_bynode=0.5), rows(), seed=5, threads=1).scorer
    assert isinstance(found, Boosted)
    return found


def test_one_row_alone_is_what_it_is_in_any_batch(fitted: Boosted) -> None:
    matrix = rows(3).matrix[:1000].astype(np.float64)
    alone = np.concatenate([fitted.margin(matrix[place : place + 1]) for place in range(len(matrix))])
    assert np.array_equal(alone, fitted.margin(matrix))
    assert np.array_equal(fitted.margin(matrix[::-7]), alone[::-7])


def test_what_features_add_adds_up_to_the_margin_on_any_threads(fitted: Boosted) -> None:
    matrix = rows(4).matrix[:300].astype(np.float64)
    found = fitted.contributions(matrix)
    assert found.shape == (300, 13)
    np.testing.assert_allclose(found.sum(axis=1), fitted.margin(matrix), rtol=1e-12)
    assert np.ptp(found[:, -1]) < 1e-5, "the base is one number, but for single precision"
    assert np.array_equal(found[:, :-1], fitted.contributions(matrix, threads=2)[:, :-1])
    assert fitted.contributions(matrix[:0]).shape == (0, 13)
    assert fitted.margin(matrix[:0]).shape == (0,)


def test_categories_and_gaps_are_its_own() -> None:
    """Odd levels are risky: no threshold parts them, sets of levels do. A gap is not a zero."""
    shallow = candidate(max_depth=1, num_boost_round=30, learning_rate=0.3, subsample=1.0, max_cat_to_onehot=1)
    found = fit(shallow, rows(0, 6000), threads=1).scorer
    row = np.zeros((6, 12))
    row[:, 0] = range(6)
    margin = found.margin(row)
    assert margin[[1, 3, 5]].min() > margin[[0, 2, 4]].max() + 0.3
    gap = row.copy()
    gap[:, 1] = np.nan
    assert not np.array_equal(found.margin(gap), margin)


def test_stored_and_loaded_it_gives_the_same_numbers(fitted: Boosted, tmp_path: Path) -> None:
    matrix = rows(6).matrix.astype(np.float64)
    save_scorer(fitted, tmp_path)
    loaded = load_scorer(tmp_path)
    assert np.array_equal(loaded.margin(matrix), fitted.margin(matrix))
    assert loaded.parameters == fitted.parameters
    assert loaded.link == fitted.link
    assert (loaded.size, loaded.kind) == (40, "boosted")
    whole = (tmp_path / MODEL).read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"{}"):
        (tmp_path / MODEL).write_bytes(damaged)
        with pytest.raises(ArtefactError, match="not a whole XGBoost model"):
            load_scorer(tmp_path)
    (tmp_path / MODEL).unlink()
    with pytest.raises(ArtefactError, match="cannot be read"):
        load_scorer(tmp_path)


def test_the_first_trees_are_a_smaller_fit(fitted: Boosted) -> None:
    matrix = rows(6).matrix.astype(np.float64)
    few = fit(candidate(colsample_bynode=0.5), rows(), size=7, seed=5, threads=1).scorer
    assert few.size == 7
    assert np.array_equal(fitted.margin(matrix, 7), few.margin(matrix))


def test_threads_change_nothing_and_the_seed_does() -> None:
    matrix = rows(6).matrix.astype(np.float64)
    one, two, other = (
        fit(candidate(num_boost_round=10, colsample_bynode=0.5), rows(), seed=seed, threads=threads).scorer.margin(
            matrix
        )
        for seed, threads in ((1, 1), (1, 2), (2, 1))
    )
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_what_is_logged_is_what_was_used() -> None:
    asked = candidate(**{"lambda": 7.5, "gamma": 0.5, "max_cat_to_onehot": 1})
    used = fit(asked, rows(), seed=5, threads=1).scorer.parameters
    assert (float(used["lambda"]), float(used["gamma"]), used["max_depth"], used["seed"]) == (7.5, 0.5, "4", "5")
    assert (used["objective"], used["tree_method"], used["device"]) == ("binary:logistic", "hist", "cpu")


def test_a_setting_xgboost_refuses_is_one_sentence() -> None:
    with pytest.raises(PlanError, match=r"plan: boosted: XGBoost refuses it \(.*subsample.*\); correct") as problem:
        fit(candidate(subsample=3.0), rows(), threads=1)
    assert "\n" not in str(problem.value)
    assert ".cc" not in str(problem.value)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("max_dept", 4, "XGBoost has no parameter 'max_dept'; did you mean 'max_depth'"),
        ("eta", 0.1, "eta is another name of learning_rate; write learning_rate"),
        ("n_estimators", 9, "n_estimators is another name of num_boost_round"),
        ("nthread", 4, "nthread is not for a plan to set"),
        ("objective", "reg:squarederror", "objective is not for a plan to set"),
        ("max_depth", [3, 4], "max_depth is not a number or a word"),
        ("learning_rate", 0.001, "the learning rate is below 0.02"),
        ("num_boost_round", 0.5, "num_boost_round is not a whole number above 0"),
        ("monotone", "yes", "monotone is neither true nor false"),
    ],
)
def test_a_slip_of_the_pen_is_an_error_with_its_remedy(name: str, value: Setting, says: str) -> None:
    check(candidate(monotone=True), "small")
    with pytest.raises(PlanError) as problem:
        check(candidate(**{name: value}), "small")
    assert says in str(problem.value)


def test_early_stopping_watches_the_held_rows_and_keeps_every_loss() -> None:
    asked = candidate(num_boost_round=400, early_stopping_rounds=10)
    found = fit(asked, rows(), rows(1, 400), threads=1)
    assert 11 <= len(found.losses) < 400
    assert len(found.losses) == int(np.argmin(found.losses)) + 11
    assert found.scorer.size == len(found.losses)


def test_losses_are_those_of_the_stored_trees_weighed_as_training_weighs() -> None:
    held = rows(1, 400)
    found = fit(candidate(scale_pos_weight=4.0), rows(), held, threads=1)
    chance = 1.0 / (1.0 + np.exp(-found.scorer.margin(held.matrix.astype(np.float64))))
    weight = np.where(held.target == 1.0, 4.0, 1.0)
    loss = -np.log(np.where(held.target == 1.0, chance, 1.0 - chance))
    assert found.losses[-1] == pytest.approx(np.average(loss, weights=weight), rel=1e-5)


def test_progress_counts_every_tree_and_importance_names_what_matters(fitted: Boosted) -> None:
    told: list[int] = []
    fit(candidate(), rows(), size=25, threads=1, advance=told.append)
    assert sum(told) == 25
    assert int(np.argmax(fitted.importance("gain"))) == 1
    assert fitted.importance("split").shape == (12,)
