"""`aval train`, `aval results` and `aval promote`, typed as a user would."""

import json
import re
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aval.__main__ import app
from aval.data.warehouse import Warehouse
from aval.errors import OptionError, PlanError, RegistryError
from aval.model.commands import _truth
from aval.model.gates import Gates
from aval.model.interval import Interval
from aval.model.registry import Registry
from tests.conftest import run

SMALL = Path(__file__).parents[1] / "small.toml"

PLAN = """
name = "tiny"
why = "a second model, quickly"
[data]
test_share = 0.2
folds = 2
seed = 3
[features]
set = ["external_score_mean", "external_score_min"]
[[candidates]]
name = "one"
learner = "lightgbm"
[candidates.parameters]
learning_rate = 0.1
num_iterations = 20
num_leaves = 4
min_data_in_leaf = 50
[[candidates]]
name = "two"
learner = "lightgbm"
[candidates.parameters]
learning_rate = 0.1
num_iterations = 1
num_leaves = 2
min_data_in_leaf = 480
"""


@pytest.fixture(scope="module")
def place(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with the same warehouse, so that no other test's champion changes."""
    own = tmp_path_factory.mktemp("place")
    (own / "warehouse").symlink_to(home / "warehouse")
    (own / "features").symlink_to(home / "features")
    (own / "tiny.toml").write_text(PLAN)
    return own


def stored_share(printed: str, version: str) -> float:
    """What tracking has as the share of the attainable Gini."""
    found = next(entry for entry in json.loads(printed) if entry["version"] == version)
    return float(found["metrics"]["attainable_share"])


def test_train_results_and_promote(place: Path) -> None:
    printed = run(place, "train", str(place / "tiny.toml"), "--threads", "1")
    for said in ("AUC", "accepting everyone", "refusing everyone", "share of the attainable Gini", "by date", "GB"):
        assert said in printed
    assert "tiny/one, version 1" in printed
    assert "Version 1: champion, for there was none." in printed
    assert "Version 2: not the champion; `aval promote 2 --why ...` lets the gates decide." in printed
    assert len(list((place / "pictures" / "tiny" / "one").glob("*.png"))) == 12

    table = run(place, "results")
    assert "1 (champion)" in table
    assert "Positive = default" in " ".join(table.split())
    assert "accept everyone" in table
    share = stored_share(run(place, "results", "--json"), "1")
    assert f"{share:.1%}" in table
    stored = json.loads(run(place, "results", "--json"))
    assert [entry["version"] for entry in stored] == ["2", "1"]
    assert stored[1]["aliases"] == ["champion"]
    assert (stored[1]["learner"], stored[1]["parts"], stored[1]["features"]) == ("lightgbm", "trees", 2)
    assert stored[0]["table"]["cross_validation"]["accuracy"]["deviation"] > 0.0
    assert stored[0]["table"]["score_seconds"] > 0.0
    assert [entry["test"] for entry in stored] == [stored[0]["test"]] * 2

    with pytest.raises(OptionError, match="--why states the reason"):
        run(place, "promote", "2")
    with pytest.raises(RegistryError, match="version 1 is the champion already"):
        run(place, "promote", "1", "--why", "again")
    with pytest.raises(RegistryError, match="no version '77'"):
        run(place, "promote", "77", "--why", "hope")


def test_promote_says_what_was_measured(place: Path) -> None:
    """Whether the gates let a ten-tree model through is the data's business; that they tell the figures is ours."""
    result = CliRunner().invoke(app, ["--home", str(place), "promote", "--why", "to see", "--json"])
    if isinstance(result.exception, RegistryError):
        said = str(result.exception)
        assert said.startswith("version 2 is not promoted: on ")
        assert "untouched applications" in said
    else:
        promoted = json.loads(result.output)
        assert promoted["champion"] == "2"
        assert promoted["gates"]["golden"] is True


def test_train_for_a_script_and_through_the_gates(place: Path) -> None:
    one = PLAN[: PLAN.rindex("[[candidates]]")].replace('"tiny"', '"single"')
    (place / "single.toml").write_text(one)
    said = json.loads(run(place, "train", str(place / "single.toml"), "--threads", "1", "--promote", "--json"))
    assert said["version"] == "3"
    assert said["metrics"]["auc"] > 0.6
    assert 0.0 < said["metrics"]["attainable_share"] < 1.0
    assert isinstance(said["champion"], bool)
    assert Path(said["folder"]).is_dir()


def test_the_references_shape_stands_beside_its_own(home: Path, tmp_path: Path) -> None:
    (tmp_path / "warehouse").symlink_to(home / "warehouse")
    head = PLAN[: PLAN.index("[[candidates]]")].replace(
        'set = ["external_score_mean", "external_score_min"]', REFERENCE
    )
    (tmp_path / "there.toml").write_text(head + LINE)
    printed = run(tmp_path, "train", str(tmp_path / "there.toml"), "--threads", "1")
    found = re.search(r"\((\d+), (\d+)\) with TARGET and \((\d+), (\d+)\) here", printed)
    assert found is not None
    labelled, wide, others, narrow = map(int, found.groups())
    assert (labelled + others, wide - 1) == (len(Warehouse.open(home / "warehouse")), narrow)
    assert 500 < narrow < 900
    assert "(307507, 695) and (48744, 694) there" in printed
    assert "resampling.method" in (tmp_path / "models" / "tiny" / "line" / "manifest.json").read_text()


REFERENCE = 'set = "reference"'
LINE = """
[[candidates]]
name = "line"
learner = "logistic"
design = { scale = true, missing = 0.75 }
resampling = { method = "smote", sampling_strategy = 0.5 }
parameters = { C = 0.01, max_iter = 2000, pca = 0.99 }
"""


def test_no_model_that_looks_at_what_the_policy_bars_may_decide(home: Path, tmp_path: Path) -> None:
    (tmp_path / "warehouse").symlink_to(home / "warehouse")
    (tmp_path / "features").symlink_to(home / "features")
    plan = PLAN[: PLAN.rindex("[[candidates]]")].replace('"external_score_min"', '"application_sex_category"')
    (tmp_path / "barred.toml").write_text(plan)
    printed = run(tmp_path, "train", str(tmp_path / "barred.toml"), "--threads", "1")
    assert "Version 1: not the champion" in printed
    assert Registry("", tmp_path).crowned() is None
    (kept,) = json.loads(run(tmp_path, "results", "--json"))
    assert kept["grounds"] == ["sex"]
    assert kept["advice"] == "Choose none of these: they look at sex, which the policy bars."
    with pytest.raises(RegistryError, match="it looks at sex, which the policy bars"):
        run(tmp_path, "promote", "1", "--why", "it is cheaper")
    assert Registry("", tmp_path).crowned() is None


def test_the_truth_is_found_where_the_simulation_left_it(home: Path, lender: Path, tmp_path: Path) -> None:
    warehouse = Warehouse.open(home / "warehouse")
    assert _truth(warehouse, None) == lender / "truth.parquet"
    with pytest.raises(OptionError, match=r"--truth names .* which is not there"):
        _truth(warehouse, tmp_path / "none.parquet")


def test_rollback_returns_to_the_champion_before_and_says_so(place: Path) -> None:
    registry = Registry("", place)
    first = registry.crowned()
    assert first is not None
    gates = Gates(100, Interval(-1.0, -5.0, 3.0), Interval(1.0, 0.9, 1.1), 0.2, golden=True)
    second = "2" if first == "1" else "1"
    registry.promote(second, by="a test", why="to come back", gates=gates)
    with pytest.raises(OptionError, match="--why states the reason for the rollback"):
        run(place, "rollback")
    said = run(place, "rollback", "--why", "it refuses too many")
    assert f"Version {first} is the champion again, in place of version {second}" in said
    registry.promote(second, by="a test", why="once more", gates=gates)
    assert json.loads(run(place, "rollback", "--why", "again", "--json")) == {"champion": first, "left": second}
    assert [(event.what, event.why) for event in registry.history()[-4:]] == [
        ("promoted", "to come back"),
        ("returned", "it refuses too many"),
        ("promoted", "once more"),
        ("returned", "again"),
    ]


def test_a_plan_that_is_not_there(place: Path) -> None:
    with pytest.raises(PlanError, match="no such plan"):
        run(place, "train", "plans/none.toml")


@pytest.mark.parametrize("command", ["train", "results", "promote", "rollback", "mlflow"])
def test_help_shows_an_example(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert f"Example: aval {command}" in " ".join(shown.output.split())


def test_mlflows_pages_open_only_where_something_was_trained_and_the_port_is_free(place: Path, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="nothing was trained there yet"):
        run(tmp_path, "mlflow")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(OptionError, match="something answers already"):
            run(place, "mlflow", "--port", port)
