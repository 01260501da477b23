"""A lab in small: every kind of candidate is trained, registered, compared, and decides alone as in a batch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aval.data.warehouse import Warehouse
from aval.features.build import build
from aval.model.learners import __path__ as learners
from aval.model.registry import Registry
from aval.settings import ROOT
from tests.conftest import run

PLAN = """
name = "small-lab"
why = "every kind of candidate, quickly"
[data]
test_share = 0.2
folds = 2
seed = 3
[features]
set = [
  "external_score_mean", "external_score_min", "application_credit_amount", "application_occupation_category",
  "application_credit_goods_ratio", "instalments_late_share", "instalments_late_days_mean", "previous_refused_share",
  "bureau_everoverdue_share", "application_employed_days", "previous_status_category_last", "application_age_days",
]
without = ["sex", "family"]
[search]
method = "grid"
folds = 2
[[candidates]]
name = "line"
learner = "logistic"
design = { scale = true }
parameters = { C = 0.1, pca = 0.99 }
[[candidates]]
name = "line-smote"
learner = "logistic"
design = { scale = true }
resampling = { method = "smote" }
parameters = { C = 0.1 }
axes = { "resampling.sampling_strategy" = [0.3, 1.0] }
[[candidates]]
name = "forest"
learner = "forest"
design = { categories = "ordinal" }
parameters = { n_estimators = 20, max_depth = 5 }
[[candidates]]
name = "lightgbm"
learner = "lightgbm"
parameters = { num_iterations = 40, num_leaves = 4, monotone = true }
[[candidates]]
name = "xgboost"
learner = "xgboost"
parameters = { num_boost_round = 40, max_depth = 2, monotone = true }
[[candidates]]
name = "card"
learner = "scorecard"
parameters = { characteristics = 6 }
[[candidates]]
name = "additive"
learner = "additive"
parameters = { features = 6, interactions = 1, outer_bags = 1 }
[[candidates]]
name = "blend"
learner = "blend"
of = ["line", "forest", "lightgbm", "xgboost", "card", "additive"]
"""

NAMES = ["line", "line-smote", "forest", "lightgbm", "xgboost", "card", "additive", "blend"]


@pytest.fixture(scope="module")
def lab(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where the plan was trained by the command a user would type."""
    own = tmp_path_factory.mktemp("lab")
    (own / "warehouse").symlink_to(home / "warehouse")
    (own / "features").symlink_to(home / "features")
    (own / "lab.toml").write_text(PLAN)
    run(own, "train", str(own / "lab.toml"), "--threads", "1")
    return own


def test_every_learner_there_is_takes_part() -> None:
    there = {file.stem for file in Path(next(iter(learners))).glob("*.py")} - {"__init__"}
    assert there | {"blend"} == {line.split('"')[1] for line in PLAN.splitlines() if line.startswith("learner")}


def test_one_row_alone_as_in_a_batch_from_the_registry(lab: Path) -> None:
    registry, warehouse = Registry("", lab), Warehouse.open(lab / "warehouse")
    some = warehouse.dossiers(warehouse.ids[::60])
    for version, name in enumerate(NAMES, start=1):
        model, _ = registry.load(str(version))
        assert model.manifest["candidate"] == name
        features = model.feature_set()
        batch = model.probability(model.matrix(build(some, features)))
        alone = [
            float(model.probability(model.matrix(build(some.select([one]), features)))[0]) for one in some.ids.to_list()
        ]
        assert alone == batch.tolist(), name
        assert len(np.unique(batch)) > 5, name
        matrix = model.matrix(build(some, features))
        odds = np.log(batch / (1.0 - batch))
        assert np.allclose(model.contributions(matrix).sum(axis=1), odds, atol=1e-5), name
        assert model.reproduces(), name


def test_the_table_has_them_all_cheapest_first(lab: Path) -> None:
    kept = [entry["table"] for entry in json.loads(run(lab, "results", "--json")) if entry["table"]]
    assert {entry["name"] for entry in kept} == set(NAMES)
    printed = run(lab, "results")
    ranked = sorted(kept, key=lambda entry: entry["cost"]["value"])
    places = [printed.index(f"\n{entry['name']} ") for entry in ranked]
    assert places == sorted(places)
    crowned = next(entry for entry in json.loads(run(lab, "results", "--json")) if "champion" in entry["aliases"])
    cheapest = min(kept, key=lambda entry: entry["cross_validation"]["cost"]["mean"])
    assert crowned["candidate"] == cheapest["name"]


def test_a_search_is_kept_whole(lab: Path) -> None:
    stated = json.loads((lab / "models" / "small-lab" / "line-smote" / "manifest.json").read_text())
    tried, axis = stated["search"]["trials"], "resampling.sampling_strategy"
    assert [trial["settings"][axis] for trial in tried] == [0.3, 1.0]
    best = min(tried, key=lambda trial: trial["cost"])
    assert float(stated["parameters"][axis]) == best["settings"][axis]


def test_what_decides_needs_none_of_the_laboratorys_libraries(lab: Path) -> None:
    """No estimator that learned is loaded to decide: with the libraries it came from out of reach, all still do."""
    code = f"""
import sys
for name in ("sklearn", "imblearn", "optuna", "optbinning", "interpret", "matplotlib"):
    sys.modules[name] = None
from pathlib import Path
from aval.data.warehouse import Warehouse
from aval.features.build import build
from aval.model.model import Model
lab = Path({str(lab)!r})
warehouse = Warehouse.open(lab / "warehouse")
some = warehouse.dossiers(warehouse.ids[:5])
for name in {NAMES!r}:
    model = Model.load(lab / "models" / "small-lab" / name)
    matrix = model.matrix(build(some, model.feature_set()))
    print(name, model.probability(matrix).sum() + model.contributions(matrix).sum())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == NAMES
