"""A real MLflow store: what was tried is written down, and only a verified, gated model decides."""

import os
import sqlite3
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aval.credit.policy import Policy
from aval.data.tables import KEY
from aval.data.warehouse import Warehouse
from aval.errors import ArtefactError, RegistryError
from aval.model.artefact import MANIFEST, seal
from aval.model.calibration import Platt
from aval.model.gates import Gates, examine
from aval.model.interval import Interval
from aval.model.model import GOLDEN, LEARNED, Model, hashed
from aval.model.pictures import draw
from aval.model.plan import Plan
from aval.model.registry import CHALLENGER, CHAMPION, Registry
from aval.model.training import Trained, train
from aval.settings import ROOT

POLICY = Policy.load(ROOT / "policies" / "2026-11-24.toml")
PASSED = Gates(100, Interval(-1.0, -5.0, 3.0), Interval(1.0, 0.9, 1.1), 0.2, golden=True)


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Warehouse:
    return Warehouse.open(home / "warehouse")


@pytest.fixture(scope="module")
def trained(home: Path, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    plan = Plan.load(Path(__file__).parents[1] / "small.toml")
    (candidate,) = plan.candidates
    quick = replace(candidate, parameters={**candidate.parameters, "num_iterations": 20})
    folder = tmp_path_factory.mktemp("trained")
    (found,) = train(warehouse, replace(plan, name="quick", candidates=(quick,)), POLICY, folder, home=home, threads=1)
    return found


@pytest.fixture(scope="module")
def registry(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A store with one recorded training: version 1, the champion."""
    place = tmp_path_factory.mktemp("registry")
    made = Registry("", place)
    drawn = draw(trained.evaluation, place / "pictures", fairness=trained.fairness)
    assert made.record(trained, drawn) == "1"
    assert made.crowned() is None
    made.promote("1", by="a test", why="the first model", gates=None)
    return made


def copied(trained: Trained, folder: Path, **changes: object) -> Trained:
    """The same training, its stored model altered and sealed anew."""
    folder.mkdir()
    for file in trained.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    facts = {k: v for k, v in Model.load(trained.folder).manifest.items() if k not in ("files", "schema")}
    seal(folder, {**facts, **changes})
    return replace(trained, folder=folder)


def test_the_champion_is_the_model_that_was_trained(registry: Registry, trained: Trained) -> None:
    model, version = registry.champion()
    assert version == "1"
    kept = Model.load(trained.folder)
    rows = kept.matrix(kept.reference().head(200))
    assert np.array_equal(model.probability(rows), kept.probability(rows))
    assert model.manifest == kept.manifest
    assert registry.load("1")[0].manifest == registry.load(CHAMPION)[0].manifest
    assert registry.latest() == "1"


def test_tracking_holds_the_figures_the_parameters_used_and_the_pictures(
    registry: Registry, trained: Trained, warehouse: Warehouse
) -> None:
    (run,) = registry.results()
    assert (run.version, run.aliases, run.plan, run.candidate) == ("1", (CHAMPION,), "quick", "lightgbm")
    assert run.data == warehouse.fingerprint[:8]
    for name, value in trained.evaluation.metrics().items():
        assert run.metrics[name] == value
    assert run.metrics["cv_auc_mean"] == pytest.approx(np.mean([fold.auc for fold in trained.folds]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        client = MlflowClient(registry.uri)
        stored = client.get_run(run.run)
        history = client.get_metric_history(run.run, "cv_auc")
        pictures = {Path(entry.path).name for entry in client.list_artifacts(run.run, "pictures")}
        version = client.get_model_version("aval", "1")
        root = Path(client.get_model_version_download_uri("aval", "1").removeprefix("file://"))
    assert {"learning_rate": "0.1", "num_leaves": "8", "num_iterations": str(trained.size)}.items() <= (
        stored.data.params.items()
    )
    assert stored.data.params["lambda_l2"] == trained.parameters["lambda_l2"]
    assert [entry.value for entry in history] == [fold.auc for fold in trained.folds]
    assert {"roc.png", "precision_recall.png", "reliability.png", "cost.png", "confusion.png", "scores.png"} <= pictures
    assert version.tags["data_fingerprint"] == warehouse.fingerprint
    assert version.tags["feature_digest"] == Model.load(trained.folder).digest
    assert (version.tags["promoted_by"], version.tags["promoted_why"]) == ("a test", "the first model")
    required = (root / "requirements.txt").read_text().split()
    assert any(line.startswith("lightgbm==") for line in required)
    assert any(line.startswith("polars==") for line in required)


def test_nothing_pickled_and_the_store_is_where_it_was_put(registry: Registry) -> None:
    place = Path(registry.uri.removeprefix("sqlite:///")).parent
    files = [file for file in (place / "mlartifacts").rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if file.suffix in (".pkl", ".pickle", ".joblib", ".cloudpickle")]
    with sqlite3.connect(place / "mlflow.db") as store:
        (name,) = store.execute("select name from registered_models").fetchone()
    store.close()
    assert name == "aval"


@pytest.mark.parametrize("name", ["booster.txt", "profile.json", MANIFEST])
def test_a_tampered_version_refuses_to_load_and_names_the_file(registry: Registry, name: str) -> None:
    folder = registry.champion()[0].folder
    assert folder is not None
    file = folder / name
    whole = file.read_bytes()
    try:
        file.write_bytes(whole.replace(b"0", b"1", 1))
        with pytest.raises(ArtefactError, match=name.replace(".", r"\.")):
            registry.champion()
        file.unlink()
        with pytest.raises(ArtefactError, match=name.replace(".", r"\.")):
            registry.champion()
    finally:
        file.write_bytes(whole)
    assert registry.champion()[1] == "1"


def test_another_model_put_in_its_place_is_noticed(registry: Registry) -> None:
    """Whoever can seal a folder anew still cannot change what the registry remembers."""
    model, _ = registry.champion()
    assert model.folder is not None
    manifest, levels = model.folder / MANIFEST, model.folder / "calibration.json"
    whole, calibration = manifest.read_bytes(), levels.read_bytes()
    try:
        levels.write_text(Platt(1.0, -9.0).to_json())
        seal(model.folder, {})
        assert Model.load(model.folder).calibration.intercept == -9.0
        with pytest.raises(ArtefactError, match="not the manifest that was registered"):
            registry.champion()
    finally:
        manifest.write_bytes(whole)
        levels.write_bytes(calibration)


def test_what_is_not_there_is_said(registry: Registry, tmp_path: Path) -> None:
    empty = Registry("", tmp_path / "nowhere")
    with pytest.raises(RegistryError, match="nothing was trained there yet; run `aval train`"):
        empty.champion()
    assert empty.crowned() is None
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(RegistryError, match="no version '99'"):
        registry.load("99")
    with pytest.raises(RegistryError, match="no version 'challenger'"):
        registry.load("challenger")


def test_a_version_that_fails_a_gate_is_not_promoted_and_the_figures_are_told(registry: Registry) -> None:
    dear = replace(PASSED, cost=Interval(12.0, 4.0, 20.0))
    with pytest.raises(RegistryError, match=r"costs \+12\.0 \(\+4\.0 to \+20\.0\) per 1000"):
        registry.promote("1", by="a test", why="try", gates=dear)
    with pytest.raises(RegistryError, match="let the gates decide with `aval promote`"):
        registry.promote("1", by="a test", why="try", gates=None)


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        (replace(PASSED, slope=Interval(0.7, 0.5, 0.9)), "slope is 0.70"),
        (replace(PASSED, slope=None), "no calibration line"),
        (replace(PASSED, golden=False), "golden rows"),
        (replace(PASSED, cost=Interval(0.2, 0.1, 0.3)), "per 1000"),
    ],
)
def test_each_gate_shuts_on_its_own(gates: Gates, says: str) -> None:
    assert len(gates.failed) == 1
    assert says in gates.failed[0]


@pytest.mark.parametrize(
    "gates",
    [
        PASSED,
        replace(PASSED, cost=None),
        replace(PASSED, cost=Interval(3.0, -0.5, 7.0)),
        replace(PASSED, slope=Interval(0.7, 0.3, 1.1)),
        replace(PASSED, slope=Interval(1.15, 1.1, 1.2)),
    ],
)
def test_what_may_be_chance_is_let_through(gates: Gates) -> None:
    assert gates.failed == ()


def test_a_challenger_is_measured_beside_the_champion_and_takes_its_place(
    registry: Registry, trained: Trained, warehouse: Warehouse, tmp_path: Path
) -> None:
    version = registry.record(copied(trained, tmp_path / "again", created_at="later"))
    champion, _ = registry.champion()
    challenger, _ = registry.load(version)
    gates = examine(challenger, champion, warehouse, POLICY)
    assert gates.cost == Interval(0.0, 0.0, 0.0)
    assert gates.rows == trained.rows[1]
    assert gates.golden
    assert gates.slope == trained.evaluation.calibration.slope  # type: ignore[union-attr]
    registry.promote(version, by="a test", why="as good", gates=replace(gates, slope=PASSED.slope))
    assert registry.crowned() == version
    assert registry.champion()[1] == version
    by_version = {run.version: run for run in registry.results()}
    assert by_version[version].aliases == (CHAMPION,)
    assert by_version["1"].aliases == ()
    registry.promote("1", by="a test", why="back again", gates=PASSED)


def test_a_model_whose_golden_rows_differ_is_caught(trained: Trained, warehouse: Warehouse, tmp_path: Path) -> None:
    model = Model.load(copied(trained, tmp_path / "model").folder)
    shifted = replace(model, calibration=replace(model.calibration, intercept=model.calibration.intercept + 0.7))
    gates = examine(shifted, model, warehouse, POLICY)
    assert not gates.golden
    assert gates.cost is not None
    assert gates.cost.value != 0.0


def test_rows_that_a_champion_learned_from_are_not_untouched(
    trained: Trained, warehouse: Warehouse, tmp_path: Path
) -> None:
    """On newer tables without dates a plan draws anew: what it keeps apart today its older model may know."""
    model = Model.load(trained.folder)
    ids = model.test_ids(warehouse)
    labelled = warehouse.labels()[KEY].to_numpy()
    assert not model.learned(ids).any()
    assert model.learned(np.setdiff1d(labelled, ids)).all()
    assert examine(model, model, warehouse, POLICY).rows == len(ids) == trained.rows[1]
    for seen, left in ((ids[::2], len(ids) - len(ids[::2])), (ids, 0)):
        folder = tmp_path / str(left)
        copied(trained, folder)
        facts = {k: v for k, v in model.manifest.items() if k not in ("files", "schema")}
        known = pl.Series("id", hashed(seen, facts["test_digest"]))
        known.to_frame().write_parquet(folder / LEARNED)
        seal(folder, facts)
        if left:
            assert examine(model, Model.load(folder), warehouse, POLICY).rows == left
        else:
            with pytest.raises(RegistryError, match="share no untouched applications"):
                examine(model, Model.load(folder), warehouse, POLICY)


def test_mlflow_leaves_the_place_as_it_was(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two registries in one process must not read each other's champion."""
    names = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    registry.champion()
    assert not [name for name in names if name in os.environ]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    registry.champion()
    assert os.environ["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:1"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")


def altered(trained: Trained, folder: Path, calibration: Platt | None = None, golden: float = 0.0) -> Trained:
    """A model that decides otherwise, its golden rows its own, or off by so much."""
    made = copied(trained, folder)
    facts = {k: v for k, v in Model.load(folder).manifest.items() if k not in ("files", "schema")}
    if calibration is not None:
        (folder / "calibration.json").write_text(calibration.to_json())
        seal(folder, facts)
    model, rows = Model.load(folder), pl.read_parquet(folder / GOLDEN).drop("probability")
    probability = model.probability(model.matrix(rows)) + golden
    rows.with_columns(pl.Series("probability", probability)).write_parquet(folder / GOLDEN)
    seal(folder, facts)
    return made


def test_a_challenger_that_fails_a_gate_is_refused_with_figures_and_that_is_recorded(
    registry: Registry, trained: Trained, warehouse: Warehouse, tmp_path: Path
) -> None:
    """Three real challengers, each worse in one way."""
    champion, number = registry.champion()
    fair = set(examine(champion, champion, warehouse, POLICY).failed)
    old, at = champion.calibration, float(np.log(POLICY.cutoff / (1.0 - POLICY.cutoff)))
    worse = {
        "per 1000 applicants more": altered(trained, tmp_path / "dear", Platt(old.slope, old.intercept + 4.0)),
        # Turned around the cut-off: the same decisions, five times too sure of themselves.
        "calibration slope is 0.": altered(
            trained, tmp_path / "sure", Platt(5.0 * old.slope, at + 5.0 * (old.intercept - at))
        ),
        "golden rows": altered(trained, tmp_path / "other", golden=1e-9),
    }
    for says, made in worse.items():
        version = registry.record(made)
        assert registry.load(CHALLENGER)[1] == version
        gates = examine(registry.load(version)[0], champion, warehouse, POLICY)
        (reason,) = [reason for reason in gates.failed if reason.startswith("it costs")] if "1000" in says else [
            reason for reason in gates.failed if reason not in fair
        ]  # fmt: skip
        assert says in reason
        with pytest.raises(RegistryError, match=f"version {version} is not promoted: on .* untouched applications"):
            registry.promote(version, by="an analyst", why="hope", gates=gates)
        assert registry.crowned() == number
        told = registry.history()[-1]
        assert (told.what, told.version, told.by, told.why, told.before) == (
            "refused", version, "an analyst", "hope", number,
        )  # fmt: skip
        assert says in told.figures["gate_failed"]
        assert gates.champion is not None
        assert told.figures["gate_champion_cost"].startswith(f"{gates.champion.cost.value:.2f} (")
        assert {"gate_challenger_cost", "gate_challenger_auc", "gate_challenger_slope"} <= set(told.figures)


def test_the_gates_state_both_models_figures_as_the_evaluation_does(
    registry: Registry, trained: Trained, warehouse: Warehouse
) -> None:
    champion, _ = registry.champion()
    gates = examine(champion, champion, warehouse, POLICY)
    assert gates.challenger == gates.champion
    assert gates.challenger is not None
    assert gates.challenger.auc == trained.evaluation.auc
    assert gates.challenger.cost.value == pytest.approx(trained.evaluation.costs.decided.value)
    assert examine(champion, None, warehouse, POLICY).champion is None


def test_rollback_walks_back_through_the_champions_and_verifies_each(trained: Trained, tmp_path: Path) -> None:
    store = Registry("", tmp_path / "store")
    assert store.history() == []
    with pytest.raises(RegistryError, match="there is no champion"):
        store.rollback(by="an officer", why="none")
    assert store.record(trained) == "1"
    with pytest.raises(RegistryError, match="no version 'challenger'"):
        store.load(CHALLENGER)
    store.promote("1", by="a test", why="the first model", gates=None)
    with pytest.raises(RegistryError, match="version 1 is the champion and none was before it"):
        store.rollback(by="an officer", why="nowhere to go")
    store.record(altered(trained, tmp_path / "two", golden=1e-9))
    store.record(copied(trained, tmp_path / "three", created_at="later"))
    for version in ("3", "2", "3"):
        store.promote(version, by="a test", why=f"try {version}", gates=PASSED)
    with pytest.raises(RegistryError, match="no version 'challenger'"):
        store.load(CHALLENGER)
    # Version 2 never gave its golden rows: nobody returns to it, and the champion stays.
    with pytest.raises(RegistryError, match="version 2 is not returned to: its golden rows"):
        store.rollback(by="an officer", why="back")
    assert store.crowned() == "3"
    store.promote("1", by="a test", why="try 1", gates=PASSED)
    assert store.rollback(by="an officer", why="back") == store.crowned() == "3"
    assert [(e.what, e.version, e.before, e.by) for e in store.history()] == [
        ("promoted", "1", None, "a test"),
        ("promoted", "3", "1", "a test"),
        ("promoted", "2", "3", "a test"),
        ("promoted", "3", "2", "a test"),
        ("promoted", "1", "3", "a test"),
        ("returned", "3", "1", "an officer"),
    ]
    folder = store.load("1")[0].folder
    assert folder is not None
    whole = (folder / "booster.txt").read_bytes()
    store.promote("1", by="a test", why="before", gates=PASSED)
    store.promote("3", by="a test", why="after", gates=PASSED)
    (folder / "booster.txt").write_bytes(whole.replace(b"0", b"1", 1))
    with pytest.raises(ArtefactError, match=r"booster\.txt"):
        store.rollback(by="an officer", why="to a tampered one")
    assert store.champion()[1] == "3"
    (folder / "booster.txt").write_bytes(whole)
    assert store.rollback(by="an officer", why="mended") == "1"
    assert store.rollback(by="an officer", why="further") == "3"
