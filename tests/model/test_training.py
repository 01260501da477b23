"""From a warehouse to a stored model, judged after it was reloaded, on rows nothing had touched."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aval.credit.policy import Policy
from aval.data.tables import KEY, TARGET
from aval.data.warehouse import Warehouse
from aval.errors import OptionError, PlanError
from aval.features.build import build
from aval.model.evaluation import Evaluation, evaluate
from aval.model.fairness import Fairness
from aval.model.model import Model
from aval.model.plan import Plan
from aval.model.ranking import auc
from aval.model.rows import Table, features_of, frames
from aval.model.training import GOLDEN_ROWS, REFERENCE_ROWS, Trained, train, true_probabilities
from aval.settings import ROOT

POLICY = Policy.load(ROOT / "policies" / "2026-11-24.toml")
SMALL = Path(__file__).parents[1] / "small.toml"


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Warehouse:
    return Warehouse.open(home / "warehouse")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Plan.load(SMALL)


@pytest.fixture(scope="module")
def trained(
    home: Path, lender: Path, warehouse: Warehouse, plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    (found,) = train(
        warehouse,
        plan,
        POLICY,
        tmp_path_factory.mktemp("trained"),
        home=home,
        truth=lender / "truth.parquet",
        threads=1,
    )
    return found


def test_the_evaluation_is_of_the_reloaded_artefact_on_the_latest_applications(
    trained: Trained, warehouse: Warehouse
) -> None:
    model = Model.load(trained.folder)
    ids = model.test_ids(warehouse)
    assert trained.split == "latest"
    assert trained.rows == (warehouse.labels().height - len(ids), len(ids))
    dossiers = warehouse.dossiers(ids.tolist())
    probability = model.probability(model.matrix(build(dossiers, model.feature_set())))
    target = warehouse.labels().filter(pl.col(KEY).is_in(ids.tolist()))[TARGET].to_numpy()
    again = evaluate(target, probability, POLICY.cost, POLICY.band, resamples=10)
    assert again.auc == trained.evaluation.auc
    assert again.confusion == trained.evaluation.confusion
    assert model.evaluation == trained.evaluation


def test_every_applicant_alone_has_the_probability_of_the_batch(trained: Trained, warehouse: Warehouse) -> None:
    model = Model.load(trained.folder)
    features, ids = model.feature_set(), warehouse.ids[:60]
    together = model.probability(model.matrix(build(warehouse.dossiers(ids), features)))
    alone = [model.probability(model.matrix(build(warehouse.dossiers(int(i)), features)))[0] for i in ids]
    assert alone == together.tolist()


def test_it_has_learned_something_and_is_calibrated_out_of_fold(trained: Trained) -> None:
    probability, target = trained.out_of_fold
    assert probability.mean() == pytest.approx(target.mean(), rel=1e-6)
    assert auc(target, probability).value > 0.65
    assert len(trained.folds) == 3
    assert sum(fold.rows for fold in trained.folds) == len(target) == trained.rows[0]
    assert trained.seconds > 0
    assert trained.peak_bytes > 50e6


def test_the_folder_holds_what_the_watch_and_the_screens_need(trained: Trained, warehouse: Warehouse) -> None:
    model = Model.load(trained.folder)
    reference = model.reference()
    assert reference.columns == [*model.features]
    assert reference.height == min(REFERENCE_ROWS, trained.rows[0])
    profile = model.profile()
    assert set(profile["features"]) == set(model.features)
    assert not {KEY, TARGET} & set(profile["application"])
    learned = warehouse.labels().filter(~pl.col(KEY).is_in(model.test_ids(warehouse).tolist()))
    raw = warehouse.applications(learned[KEY])
    amount = profile["application"]["AMT_CREDIT"]
    assert (amount["quantiles"][0], amount["quantiles"][-1]) == (raw["AMT_CREDIT"].min(), raw["AMT_CREDIT"].max())
    assert amount["rows"] == raw.height
    car = profile["application"]["OWN_CAR_AGE"]
    assert car["missing"] == pytest.approx(raw["OWN_CAR_AGE"].null_count() / raw.height)
    contracts = profile["application"]["NAME_CONTRACT_TYPE"]["counts"]
    assert contracts == dict(raw["NAME_CONTRACT_TYPE"].value_counts().rows())
    assert set(model.importance()["features"]) == set(model.features)
    assert Fairness.from_json((trained.folder / "fairness.json").read_text()) == trained.fairness
    assert Evaluation.from_json((trained.folder / "evaluation.json").read_text()) == trained.evaluation
    assert pl.read_parquet(trained.folder / "golden.parquet").height == GOLDEN_ROWS
    assert model.reproduces()
    assert np.abs(model.contrast).sum() > 0


def test_the_manifest_says_what_it_was_made_of(trained: Trained, warehouse: Warehouse, plan: Plan) -> None:
    said = Model.load(trained.folder).manifest
    assert said["data_fingerprint"] == warehouse.fingerprint
    assert said["feature_digest"] == Model.load(trained.folder).digest
    assert said["plan"]["name"] == plan.name
    assert said["policy"]["cutoff"] == POLICY.cutoff
    assert said["empirical_cutoff"] == trained.evaluation.costs.empirical[0]  # type: ignore[index]
    assert float(said["parameters"]["learning_rate"]) == 0.1
    assert {"python", "lightgbm", "polars", "numpy"} <= said["versions"].keys()
    assert len(said["files"]) == 14


def test_the_truth_is_for_the_figures_alone(
    trained: Trained, home: Path, warehouse: Warehouse, plan: Plan, tmp_path: Path
) -> None:
    assert trained.evaluation.truth is not None
    assert 0.3 < trained.evaluation.truth.attainable_share < 1.0  # type: ignore[operator]
    (blind,) = train(warehouse, plan, POLICY, tmp_path, home=home, threads=1)
    assert blind.evaluation.truth is None
    for name in ("booster.txt", "calibration.json", "levels.json", "explanation.json", "golden.parquet"):
        assert (trained.folder / name).read_bytes() == (blind.folder / name).read_bytes(), name


def test_features_are_computed_once_and_kept_whole(home: Path, warehouse: Warehouse, plan: Plan) -> None:
    from aval.features.build import catalogue

    told: list[int] = []
    file = features_of(warehouse, home, told.append)
    assert not told
    assert not list(file.parent.glob("*.part"))
    ids = warehouse.labels()[KEY].to_numpy()[::7]
    features = plan.feature_set(catalogue())
    kept = pl.concat(frames(file, features, ids))
    built = build(warehouse.dossiers(ids.tolist()), features)
    assert kept.equals(built.cast({pl.Float64: pl.Float32}))
    table = Table.read(file, features, ids)
    again = pl.DataFrame(list(table.columns()))
    assert again.equals(kept.drop(KEY))


def test_a_model_of_the_references_features_knows_them_by_name(
    home: Path, warehouse: Warehouse, plan: Plan, tmp_path: Path
) -> None:
    from aval.features.build import reference

    quick = replace(plan, features="reference", folds=2, candidates=(_quick(plan),))
    (found,) = train(warehouse, quick, POLICY, tmp_path, home=home, threads=1)
    model = Model.load(found.folder)
    assert model.feature_set().names == reference().without(plan.without).names
    dossiers = warehouse.dossiers(warehouse.ids[:20])
    together = model.probability(model.matrix(build(dossiers, model.feature_set())))
    one = model.probability(model.matrix(build(dossiers.select([dossiers.ids[7]]), model.feature_set())))
    assert one[0] == together[7]
    assert len(list((home / "features").glob("*.parquet"))) >= 2  # a file of its own beside the catalogue's


def test_progress_is_told_step_by_step(home: Path, warehouse: Warehouse, plan: Plan, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    quick = replace(plan, folds=2, candidates=(_quick(plan),))
    train(warehouse, quick, POLICY, tmp_path, home=home, threads=1, advance=lambda *what: told.append(what))
    steps = list(dict.fromkeys(what for what, _ in told))
    assert steps == ["fold 1 of 2", "fold 2 of 2", "refit", "explain", "evaluate", "influence"]
    assert all(0.0 <= share <= 1.0 for _, share in told)


def test_what_cannot_be_trained_is_said_before_anything_is_fitted(
    home: Path, warehouse: Warehouse, plan: Plan, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="--threads is at least 1"):
        train(warehouse, plan, POLICY, tmp_path, home=home, threads=0)
    with pytest.raises(PlanError, match="do not make 500 folds"):
        train(warehouse, replace(plan, folds=500), POLICY, tmp_path, home=home)


def test_a_place_that_cannot_be_written_is_found_out_before_anything_is_computed(
    warehouse: Warehouse, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "taken").touch()
    told: list[str] = []
    with pytest.raises(NotADirectoryError):
        train(warehouse, plan, POLICY, tmp_path / "taken" / "models", advance=lambda what, _: told.append(what))
    assert told == []


def test_a_file_that_is_no_truth(lender: Path, warehouse: Warehouse, tmp_path: Path) -> None:
    ids = warehouse.labels()[KEY].to_numpy()
    assert true_probabilities(lender / "truth.parquet", ids).shape == (len(ids),)
    with pytest.raises(OptionError, match="is a Parquet file with SK_ID_CURR and probability"):
        true_probabilities(SMALL, ids)
    few = tmp_path / "few.parquet"
    pl.read_parquet(lender / "truth.parquet").head(5).write_parquet(few)
    with pytest.raises(OptionError, match="does not know every labelled applicant once"):
        true_probabilities(few, ids)


def _quick(plan: Plan):  # type: ignore[no-untyped-def]
    (candidate,) = plan.candidates
    return replace(candidate, parameters={**candidate.parameters, "num_iterations": 5})
