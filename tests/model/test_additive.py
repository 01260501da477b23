"""An additive form gives what interpret gives, from its own tables alone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aval.errors import ArtefactError, PlanError
from aval.model.additive import TERMS, Additive
from aval.model.calibration import sigmoid
from aval.model.candidates import Candidate, Rows
from aval.model.learners.additive import check, fit
from aval.model.scorer import load_scorer, save_scorer
from tests.model.rough import rows

SETTINGS = {"interactions": 3, "outer_bags": 2, "max_rounds": 300}


def machine(threads: int = 1, given: Rows | None = None, **settings: float) -> Additive:
    candidate = Candidate("ebm", "additive", {**SETTINGS, **settings})
    made = fit(candidate, given or rows(), seed=5, threads=threads).scorer
    assert isinstance(made, Additive)
    return made


@pytest.fixture(scope="module")
def both() -> tuple[Additive, Any]:
    """Ours, and the machine of interpret it was read from."""
    from interpret.glassbox import ExplainableBoostingClassifier

    kept = []

    class Kept(ExplainableBoostingClassifier):  # type: ignore[misc]
        def fit(self, *given: Any, **more: Any) -> Any:
            kept.append(self)
            return super().fit(*given, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("interpret.glassbox.ExplainableBoostingClassifier", Kept)
        return machine(), kept[0]


@pytest.fixture(scope="module")
def asked() -> np.ndarray:
    """Rows with gaps, values beyond those of training, and rows on the very cuts."""
    found = rows(7).matrix.astype(np.float64)
    found[:40] *= 100.0
    found[:40, 0] = np.nan
    found[40:60] = np.nan
    return found


def test_it_gives_what_interpret_gives(both: tuple[Additive, Any], asked: np.ndarray) -> None:
    ours, theirs = both
    assert theirs.n_features_in_ == asked.shape[1]
    assert np.allclose(ours.margin(asked), theirs.decision_function(asked), rtol=0, atol=1e-9)
    assert np.allclose(sigmoid(ours.margin(asked)), theirs.predict_proba(asked)[:, 1], rtol=0, atol=1e-9)
    pairs = [term for term in ours.terms if len(term.axes) == 2]
    assert len(pairs) == 3


def test_values_on_a_cut_lie_where_interpret_puts_them(both: tuple[Additive, Any]) -> None:
    ours, theirs = both
    axes = [axis for term in ours.terms for axis in term.axes if axis.cuts]
    probe = np.zeros((len(axes), theirs.n_features_in_))
    for row, axis in zip(probe, axes, strict=True):
        row[axis.place] = axis.cuts[len(axis.cuts) // 2]
    assert np.allclose(ours.margin(probe), theirs.decision_function(probe), rtol=0, atol=1e-9)


def test_an_unknown_level_is_interprets_unknown(both: tuple[Additive, Any]) -> None:
    """Through a model an unknown level is a missing one; a code that no level has is still no error."""
    ours, theirs = both
    probe = np.zeros((1, theirs.n_features_in_))
    probe[0, 0] = 77.0
    assert np.allclose(ours.margin(probe), theirs.decision_function(probe), rtol=0, atol=1e-9)


def test_one_row_alone_is_the_row_in_a_batch(both: tuple[Additive, Any], asked: np.ndarray) -> None:
    ours, _ = both
    alone = np.concatenate([ours.margin(row[None, :]) for row in asked[:300]])
    assert np.array_equal(alone, ours.margin(asked)[:300])


def test_contributions_add_up_with_pairs_in_halves(both: tuple[Additive, Any], asked: np.ndarray) -> None:
    ours, theirs = both
    found = ours.contributions(asked)
    assert np.allclose(found.sum(axis=1), ours.margin(asked), rtol=0, atol=1e-9)
    halves = np.zeros((len(asked), asked.shape[1]))
    for features, scores in zip(theirs.term_features_, theirs.eval_terms(asked).T, strict=True):
        for feature in features:
            halves[:, feature] += scores / len(features)
    assert np.allclose(found[:, :-1], halves, rtol=0, atol=1e-9)


def test_it_comes_back_from_its_file(both: tuple[Additive, Any], asked: np.ndarray, tmp_path: Path) -> None:
    ours, _ = both
    save_scorer(ours, tmp_path)
    again = load_scorer(tmp_path)
    assert np.array_equal(again.margin(asked), ours.margin(asked))
    assert np.array_equal(again.importance("gain"), ours.importance("gain"))
    assert again.parameters == ours.parameters
    stored = json.loads((tmp_path / TERMS).read_text())
    stored["terms"][0]["scores"].pop()
    (tmp_path / TERMS).write_text(json.dumps(stored))
    with pytest.raises(ArtefactError, match="not an additive form"):
        load_scorer(tmp_path)


def test_threads_change_no_digit_and_the_seed_does(both: tuple[Additive, Any], asked: np.ndarray) -> None:
    ours, _ = both
    assert np.array_equal(machine(threads=2).margin(asked), ours.margin(asked))
    other = fit(Candidate("ebm", "additive", SETTINGS), rows(), seed=6, threads=1).scorer
    assert not np.array_equal(other.margin(asked), ours.margin(asked))


def test_only_the_most_telling_features_are_looked_at(asked: np.ndarray) -> None:
    few = machine(features=2, interactions=0)
    used = {axis.place for term in few.terms for axis in term.axes}
    assert used == {1, 2}
    assert np.flatnonzero(few.importance("gain")).tolist() == [1, 2]
    elsewhere = asked.copy()
    elsewhere[:, 3:] = 9.0
    assert np.array_equal(few.margin(elsewhere), few.margin(asked))


def test_what_is_logged_is_what_was_used(both: tuple[Additive, Any]) -> None:
    ours, theirs = both
    assert ours.parameters["interactions"] == str(theirs.get_params()["interactions"]) == "3"
    assert ours.parameters["smoothing_rounds"] == str(theirs.get_params()["smoothing_rounds"])
    assert ours.parameters["features"] == str(theirs.n_features_in_)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_bin": 20}, "did you mean 'max_bins'"),
        ({"n_jobs": 2}, "has no parameter 'n_jobs'"),
        ({"features": 101}, "features is no whole number from 1 to 100"),
        ({"outer_bags": 0}, "outer_bags is no whole number"),
    ],
)
def test_a_misspelt_setting_is_one_sentence(settings: dict[str, float], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        check(Candidate("ebm", "additive", settings), "plan")


def test_what_interpret_refuses_is_one_sentence() -> None:
    with pytest.raises(PlanError, match=r"ebm: interpret refuses it .*learning_rate"):
        machine(learning_rate=-1.0)
