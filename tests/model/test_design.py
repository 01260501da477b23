"""What a design matrix learns it learns from training rows alone; served, it is scikit-learn's own pipeline."""

from pathlib import Path

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from aval.errors import ArtefactError, PlanError
from aval.model.candidates import Candidate, Rows, fit
from aval.model.design import Design, Designed, Layout
from aval.model.scorer import load_scorer, save_scorer
from tests.model.rough import logistic, rows


def test_blocks_of_rows_change_no_bit() -> None:
    given = rows(3, 1200)
    design = Design.fit(Layout(scale=True), given)
    many = np.concatenate([given.matrix] * 10)
    assert np.array_equal(design.apply(many), np.concatenate([design.apply(given.matrix)] * 10))


def test_gaps_categories_and_scales_by_hand() -> None:
    given = rows()
    matrix = np.array([[1.0, 4.0], [np.nan, np.nan], [0.0, 8.0], [1.0, 6.0]], dtype=np.float32)
    from aval.model.encoding import Encoding

    drawn = Rows(matrix, given.target[:4], Encoding(("kind", "age"), {"kind": ("a", "b")}, {}))
    plain = Design.fit(Layout(), drawn)
    assert plain.names == ("kind=a", "kind=b", "age")
    assert plain.apply(matrix).tolist() == [[0, 1, 4], [0, 0, 6], [1, 0, 8], [0, 1, 6]]
    # A level never seen in training, and one the encoding knows not.
    assert plain.apply(np.array([[7.0, 1.0]])).tolist() == [[0, 0, 1]]
    ordinal = Design.fit(Layout(categories="ordinal"), drawn)
    assert ordinal.apply(matrix)[:, 0].tolist() == [1, -1, 0, 1]
    scaled = Design.fit(Layout(scale=True), drawn).apply(matrix)
    assert np.allclose(scaled.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(scaled.std(axis=0), 1, atol=1e-6)


def test_features_missing_too_often_are_left_out_by_training_rows_alone() -> None:
    given = rows()
    design = Design.fit(Layout(missing=0.5), given)
    assert "c7" not in design.names
    assert "c2" in design.names
    served = given.matrix.copy()
    served[:, 2] = np.nan
    assert design.apply(served).shape == design.apply(given.matrix).shape


def test_a_design_without_a_feature_left_is_an_error() -> None:
    empty = rows()
    with pytest.raises(PlanError, match="every feature is missing too often"):
        Design.fit(Layout(missing=0.01), Rows(np.full_like(empty.matrix, np.nan), empty.target, empty.encoding))


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"scal": True}, "did you mean 'scale'"),
        ({"categories": "hot"}, "one-hot"),
        ({"missing": 0.0}, "above 0 and up to 1"),
        ({"missing": True}, "above 0 and up to 1"),
        ({"scale": 1}, "neither true nor false"),
    ],
)
def test_a_misspelt_design_is_one_sentence(stated: dict[str, object], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        Layout.of(stated, "plan", "one")


def pipeline(given: Rows, ratio: float) -> Pipeline:
    """The same steps, by imbalanced-learn and scikit-learn alone."""
    numbers = [k for k in range(given.matrix.shape[1]) if k not in given.categories]
    steps = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore", categories=[np.arange(6.0)]), list(given.categories)),
            ("numbers", SimpleImputer(strategy="median"), numbers),
        ],
        sparse_threshold=0.0,
    )
    learner = LogisticRegression(C=0.5, max_iter=500, random_state=0)
    smote = SMOTE(sampling_strategy=ratio, random_state=0)
    return Pipeline([("columns", steps), ("scale", StandardScaler()), ("smote", smote), ("learner", learner)])


def test_it_is_the_imbalanced_learn_pipeline_it_stands_for() -> None:
    given, others = rows(), rows(1, 400)
    candidate = logistic(resampling={"method": "smote", "sampling_strategy": 0.8})
    ours = fit(candidate, given).scorer.margin(others.matrix.astype(np.float64))
    known = np.where(np.isnan(given.matrix[:, :1]), -1.0, given.matrix[:, :1])
    theirs = pipeline(given, 0.8).fit(np.hstack([known, given.matrix[:, 1:]]), given.target)
    asked = np.hstack([np.where(np.isnan(others.matrix[:, :1]), -1.0, others.matrix[:, :1]), others.matrix[:, 1:]])
    assert np.allclose(ours, theirs.decision_function(asked), atol=2e-3)
    assert np.corrcoef(ours, theirs.decision_function(asked))[0, 1] > 0.999_99


@pytest.mark.parametrize("learner", ["logistic", "lightgbm"])
def test_served_alone_as_in_a_batch_and_after_reloading(learner: str, tmp_path: Path) -> None:
    settings = {"C": 0.5} if learner == "logistic" else {"num_iterations": 20, "num_leaves": 6}
    candidate = Candidate("one", learner, settings, design={"scale": True}, resampling={"method": "smote"})
    scorer = fit(candidate, rows()).scorer
    asked = rows(2, 300).matrix.astype(np.float64)
    batch = scorer.margin(asked)
    assert [scorer.margin(asked[k : k + 1])[0] for k in range(len(asked))] == batch.tolist()
    assert np.allclose(scorer.contributions(asked).sum(axis=1), batch, atol=1e-9)
    assert scorer.contributions(asked).shape == (300, 9)
    save_scorer(scorer, tmp_path)
    again = load_scorer(tmp_path)
    assert again.margin(asked).tolist() == batch.tolist()
    assert (again.kind, again.size, again.parts, again.link) == ("designed", scorer.size, scorer.parts, "logit")
    assert again.parameters == scorer.parameters
    assert isinstance(again, Designed)


def test_a_changed_file_refuses_to_load(tmp_path: Path) -> None:
    save_scorer(fit(logistic(), rows()).scorer, tmp_path)
    (tmp_path / "design.json").write_text('{"names": []}')
    with pytest.raises(ArtefactError, match=r"design\.json"):
        load_scorer(tmp_path)
    save_scorer(fit(logistic(), rows()).scorer, tmp_path)
    (tmp_path / "on" / "coefficients.json").write_text('{"weights": [1.0], "means": []}')
    with pytest.raises(ArtefactError, match=r"coefficients\.json"):
        load_scorer(tmp_path)
