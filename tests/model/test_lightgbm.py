"""LightGBM is trained with what its plan states, which is read back from the booster; threads change no tree."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from aval.errors import PlanError
from aval.model.candidates import Candidate, Rows, agree
from aval.model.encoding import Encoding
from aval.model.learners.lightgbm import fit
from aval.model.trees import Trees, parameters

QUICK = {"learning_rate": 0.1, "num_iterations": 40, "num_leaves": 8, "min_data_in_leaf": 20, "lambda_l2": 5.0}


def rows(seed: int = 0, count: int = 1500, columns: int = 12) -> Rows:
    """Numbers with missing values, and one category that matters in column 0."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, columns)).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    matrix[:, 0] = rng.integers(0, 6, count)
    odds = -2.0 + np.nan_to_num(matrix[:, 1]) + 0.8 * (matrix[:, 0] % 2)
    target = (rng.random(count) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64)
    names = tuple(f"c{column}" for column in range(columns))
    return Rows(matrix, target, Encoding(names, {"c0": tuple("abcdef")}, {}))


def candidate(**parameters: float) -> Candidate:
    return Candidate("trees", "lightgbm", {**QUICK, **parameters})


def text(given: Candidate, seed: int = 0, threads: int = 1) -> str:
    """What LightGBM wrote down."""
    found = fit(given, rows(), seed=seed, threads=threads).scorer
    assert isinstance(found, Trees)
    return found.text


def test_threads_change_no_tree() -> None:
    subsets = {"feature_fraction": 0.3, "bagging_fraction": 0.7, "bagging_freq": 1}
    texts = [text(candidate(num_iterations=12, **subsets), seed=5, threads=threads) for threads in (1, 2)]
    trees = [text.partition("\nparameters:")[0] for text in texts]
    assert trees[0] == trees[1]


def test_the_seed_does() -> None:
    found = [text(candidate(feature_fraction=0.3), seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_what_is_logged_is_what_was_used() -> None:
    used = parameters(text(candidate(lambda_l2=7.5), seed=5))
    assert (float(used["lambda_l2"]), int(used["num_leaves"]), int(used["seed"])) == (7.5, 8, 5)
    assert (used["deterministic"], used["force_row_wise"], used["objective"]) == ("1", "1", "binary")
    assert int(used["bin_construct_sample_cnt"]) == 1500


def test_a_setting_lightgbm_bent_would_be_an_error_not_a_footnote() -> None:
    asked = {"num_leaves": 31, "learning_rate": 0.1, "extra_trees": True, "objective": "binary"}
    agree("small", candidate(), asked, {"num_leaves": "31", "learning_rate": "0.1", "extra_trees": "1"})
    with pytest.raises(PlanError, match="small: trees: num_leaves = 31 was asked for, 8 was used"):
        agree("small", candidate(), asked, {"num_leaves": "8"})
    with pytest.raises(PlanError, match="objective = binary was asked for, regression was used"):
        agree("small", candidate(), asked, {"objective": "regression"})


def test_a_setting_lightgbm_refuses_is_one_sentence() -> None:
    with pytest.raises(PlanError, match=r"LightGBM refuses it .*feature_fraction"):
        fit(candidate(feature_fraction=3.0), rows(), threads=1)


def test_early_stopping_watches_the_held_rows_and_keeps_every_loss() -> None:
    found = fit(candidate(num_iterations=400, early_stopping_round=10), rows(), rows(1, 400), threads=1)
    assert 11 <= len(found.losses) < 400
    assert len(found.losses) == int(np.argmin(found.losses)) + 11
    assert found.scorer.size == len(found.losses)


def test_progress_counts_every_tree() -> None:
    told: list[int] = []
    fit(candidate(), rows(), size=25, threads=1, advance=told.append)
    assert sum(told) == 25


def test_served_trees_give_what_training_saw() -> None:
    """LightGBM's own running score of its training rows, against the stored text read back."""
    given = rows()
    held = Rows(given.matrix, given.target, given.encoding)
    found = fit(candidate(), given, held, threads=1)
    margin = found.scorer.margin(given.matrix.astype(np.float64))
    chance = 1.0 / (1.0 + np.exp(-margin))
    loss = -np.mean(np.where(given.target == 1.0, np.log(chance), np.log(1.0 - chance)))
    assert loss == pytest.approx(found.losses[-1], abs=1e-12)


def test_a_row_alone_gives_the_bits_it_gives_among_others_whoever_else_asks() -> None:
    given = rows()
    matrix = given.matrix.astype(np.float64)[:100]
    trees = fit(candidate(), given, seed=0, threads=1).scorer
    margins, shares = trees.margin(matrix), trees.contributions(matrix)

    def alike(place: int) -> bool:
        row = matrix[place : place + 1]
        return bool((trees.margin(row) == margins[place]).all() and (trees.contributions(row) == shares[place]).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(alike, [*range(100)] * 5))
    assert np.array_equal(trees.margin(np.asfortranarray(matrix)[7:8]), margins[7:8])


def test_a_row_of_another_width_is_refused_before_lightgbm_reads_beyond_it() -> None:
    trees = fit(candidate(), rows(), seed=0, threads=1).scorer
    for ask in (trees.margin, trees.contributions):
        with pytest.raises(ValueError, match="11 numbers for a model of 12"):
            ask(np.zeros((1, 11)))
