"""A plan says what is trained; a slip of the pen in one is an error with its remedy, never ignored."""

from pathlib import Path

import pytest

from aval.errors import OptionError, PlanError
from aval.features.build import catalogue, holding, reference
from aval.model.plan import Plan
from aval.settings import ROOT

GOOD = """
name = "good"
why = "to test"
[data]
test_share = 0.2
folds = 5
seed = 7
[features]
set = "all"
without = ["sex", "family"]
[[candidates]]
name = "trees"
learner = "lightgbm"
[candidates.parameters]
learning_rate = 0.05
num_leaves = 31
"""


def plan(folder: Path, text: str) -> Plan:
    file = folder / "plan.toml"
    file.write_text(text)
    return Plan.load(file)


def test_a_plan_is_read_as_it_is_written(tmp_path: Path) -> None:
    found = plan(tmp_path, GOOD)
    assert (found.name, found.test_share, found.folds, found.seed) == ("good", 0.2, 5, 7)
    assert found.features == "all"
    assert found.without == ("sex", "family")
    assert found.candidates[0].parameters == {"learning_rate": 0.05, "num_leaves": 31}


@pytest.mark.parametrize("file", sorted((ROOT / "plans").glob("*.toml")), ids=lambda file: file.stem)
def test_every_plan_of_the_project_can_be_trained(file: Path) -> None:
    found = Plan.load(file)
    assert found.feature_set(holding(found.features)).names
    # The reference system looked at both: its experiments are repeated as they were, and may not decide.
    assert {"sex", "family"} <= set(found.without) or found.name == "reference"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("seed = 7", "sede = 7", "unknown entry data.'sede'; did you mean 'seed'"),
        ('why = "to test"', 'whi = "to test"', "unknown entry 'whi'; did you mean 'why'"),
        ("num_leaves = 31", '"num_leaves " = 31', "LightGBM has no parameter 'num_leaves '; did you mean 'num_leaves'"),
        ("num_leaves = 31", "num_leafs = 31", "LightGBM has no parameter 'num_leafs'; did you mean 'num_leaves'"),
        ("num_leaves = 31", "max_leaves = 31", "max_leaves is another name of num_leaves; write num_leaves"),
        ("num_leaves = 31", "num_threads = 31", "num_threads is not for a plan to set"),
        ("num_leaves = 31", 'objective = "regression"', "objective is not for a plan to set"),
        ("num_leaves = 31", "num_leaves = [31, 63]", "num_leaves is not a number or a word"),
        ("learning_rate = 0.05", "learning_rate = 0.01", "the learning rate is below 0.02"),
        ('learner = "lightgbm"', 'learner = "oracle"', "unknown learner 'oracle'; use lightgbm"),
        ('"family"]', '"familly"]', "no ground 'familly'; use age, family, sex"),
        ('set = "all"', 'set = "most"', "features.set is 'most'"),
        ('set = "all"', 'set = ["a", "a"]', "names a feature twice"),
        ("test_share = 0.2", "test_share = 1.2", "test_share does not lie between 0 and 1"),
        ("folds = 5", "folds = 1", "data.folds is below 2"),
        ("folds = 5", "folds = true", "the entry folds has the wrong type"),
        ("seed = 7", "seed = -1", "data.seed lies outside"),
        ("seed = 7", "", "the entry seed is missing"),
        ('name = "trees"', 'name = "../.."', "the name '../..' is no plain word"),
        ('name = "trees"', 'name = ""', "is no plain word"),
        ('name = "good"', 'name = "good/plan"', "is no plain word"),
        ("num_leaves = 31", "bagging_fraction = 0.5", "bagging_fraction does nothing without bagging_freq"),
        ("num_leaves = 31", "num_iterations = 20.7", "num_iterations is not a whole number"),
        ("num_leaves = 31", 'early_stopping_round = "x"', "early_stopping_round is not a whole number"),
        ("[data]", "[data", "not a TOML file"),
        ("[[candidates]]", "[candidates]", "the entry candidates has the wrong type"),
    ],
)
def test_a_slip_of_the_pen_is_an_error_with_its_remedy(tmp_path: Path, before: str, after: str, says: str) -> None:
    assert before in GOOD
    with pytest.raises(PlanError) as problem:
        plan(tmp_path, GOOD.replace(before, after, 1))
    assert says in str(problem.value)


LAB = (
    GOOD
    + """
[candidates.axes]
num_leaves = [7, 15]
[[candidates]]
name = "line"
learner = "logistic"
design = { scale = true, missing = 0.7 }
resampling = { method = "smote", sampling_strategy = 0.5 }
[[candidates]]
name = "both"
learner = "blend"
of = ["trees", "line"]
[search]
method = "optuna"
seconds = 30
"""
)


def test_a_plan_of_a_lab_is_read_as_it_is_written(tmp_path: Path) -> None:
    found = plan(tmp_path, LAB)
    trees, line, both = found.candidates
    assert (trees.axes, trees.design) == ({"num_leaves": (7, 15)}, None)
    assert (line.design, line.resampling) == (
        {"scale": True, "missing": 0.7},
        {"method": "smote", "sampling_strategy": 0.5},
    )
    assert both.of == ("trees", "line")
    assert (found.search.method, found.search.folds, found.search.seconds) == ("optuna", 3, 30)
    assert found.searched("grid").search.method == "grid"
    assert found.searched("") is found
    with pytest.raises(OptionError, match="--search names none of grid, halving, optuna"):
        found.searched("random")
    with pytest.raises(OptionError, match="--search finds no axes in the plan good"):
        plan(tmp_path, GOOD).searched("grid")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("num_leaves = [7, 15]", '"num_leaves " = [7, 15]', "did you mean 'num_leaves'"),
        ("num_leaves = [7, 15]", "num_leaves = 7", "candidates.axes.num_leaves is not a list"),
        ("num_leaves = [7, 15]", "learning_rate = [0.001]", "the learning rate is below 0.02"),
        ("scale = true", "skale = true", "unknown entry design.'skale'; did you mean 'scale'"),
        ('"smote"', '"smoot"', "resampling.method is 'smoot'"),
        ('"optuna"', '"random"', "search.method is 'random'"),
        ("seconds = 30", "second = 30", "unknown entry search.'second'; did you mean 'seconds'"),
        ("seconds = 30", "folds = 1", "search.folds is below 2"),
        ("seconds = 30", "folds = 3.0", "search.folds is not a whole number"),
        ("missing = 0.7", 'missing = "0.7"', "design.missing does not lie above 0"),
        ('of = ["trees", "line"]', 'of = ["trees", "lime"]', "no candidate 'lime' stands before it"),
        ('of = ["trees", "line"]', 'of = ["trees"]', "two candidates or more"),
        ('name = "line"', 'name = "line"\nof = ["trees"]', "only a blend is `of` others"),
    ],
)
def test_a_slip_in_the_lab_is_an_error_with_its_remedy(tmp_path: Path, before: str, after: str, says: str) -> None:
    assert before in LAB
    with pytest.raises(PlanError) as problem:
        plan(tmp_path, LAB.replace(before, after, 1))
    assert says in str(problem.value)


def test_two_candidates_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    twice = GOOD + GOOD[GOOD.index("[[candidates]]") :]
    with pytest.raises(PlanError, match="two candidates have one name"):
        plan(tmp_path, twice)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no such plan; name one of plans"):
        Plan.load(tmp_path / "none.toml")


def test_features_are_chosen_by_name_and_never_protected_ones(tmp_path: Path) -> None:
    found = plan(tmp_path, GOOD).feature_set(catalogue())
    assert not any(feature.protected & {"sex", "family"} for feature in found)
    assert any("age" in feature.protected for feature in found)
    named = plan(tmp_path, GOOD.replace('"all"', '["external_score_mean"]'))
    assert named.feature_set(catalogue()).names == ("external_score_mean",)
    with pytest.raises(PlanError, match="no feature external_score_maen"):
        plan(tmp_path, GOOD.replace('"all"', '["external_score_maen"]')).feature_set(catalogue())


def test_the_reference_is_a_set_of_its_own(tmp_path: Path) -> None:
    found = plan(tmp_path, GOOD.replace('"all"', '"reference"'))
    assert found.features == "reference"
    assert holding(found.features) is reference()
    assert found.feature_set(holding(found.features)).names == reference().without(found.without).names
    named = plan(tmp_path, GOOD.replace('"all"', '["refcard_month_count", "external_score_mean"]'))
    assert named.feature_set(holding(named.features)).names == ("refcard_month_count", "external_score_mean")
