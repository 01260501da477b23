"""The reference system's faults 2, 3, 5, 6, 7 and 8, each made impossible: a test that would have caught it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.credit.policy import Cost
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.tables import TARGET
from aval.data.warehouse import Warehouse
from aval.features.build import build, catalogue
from aval.model.evaluation import confusion, evaluate
from aval.model.registry import Registry
from aval.service.decide import Decider
from tests.laws.conftest import LAWS


def test_fault_2_probabilities_are_calibrated_and_the_cut_off_follows_from_the_cost(
    decider: Decider, warehouse: Warehouse, everyone: Dossiers
) -> None:
    labels = warehouse.labels()
    predicted = pl.DataFrame({"SK_ID_CURR": everyone.ids, "p": decider.probabilities(everyone)})
    known = labels.join(predicted, on="SK_ID_CURR")
    assert known["p"].mean() == pytest.approx(known[TARGET].mean(), rel=0.25)
    assert decider.policy.cutoff == Cost(10, 1).cutoff == 1 / 11  # never 0.5, never searched by no code


@LAWS
@given(
    bad=st.lists(st.booleans(), min_size=2, max_size=200).filter(lambda rows: 0 < sum(rows) < len(rows)),
    cutoff=st.floats(0.01, 0.99),
)
def test_fault_3_a_refused_defaulter_is_a_true_positive(bad: list[bool], cutoff: float) -> None:
    target = np.array(bad, dtype=float)
    everyone_refused = confusion(target, np.ones(len(bad)), cutoff)
    assert (everyone_refused.tp, everyone_refused.fp) == (sum(bad), len(bad) - sum(bad))
    everyone_accepted = confusion(target, np.zeros(len(bad)), cutoff)
    assert (everyone_accepted.fn, everyone_accepted.tn) == (sum(bad), len(bad) - sum(bad))
    perfect = evaluate(target, target, Cost(10, 1), resamples=10)
    assert perfect.costs.decided.value == 0.0  # a model that knows costs nothing; with labels swapped it costs most


def test_fault_5_sex_and_car_are_read_by_value_never_by_order_of_appearance(everyone: Dossiers) -> None:
    person = everyone.select([everyone.ids[0]])

    def features_of(sex: str, car: str) -> pl.DataFrame:
        frame = person.tables["application"].with_columns(CODE_GENDER=pl.lit(sex), FLAG_OWN_CAR=pl.lit(car))
        return build(Dossiers.of({**person.tables, "application": frame}))

    reads = {c for f in catalogue() for c in f.reads}
    assert {"application.CODE_GENDER", "application.FLAG_OWN_CAR"} <= reads
    man, woman = features_of("M", "N"), features_of("F", "N")
    differing = {name for name in man.columns if not man[name].equals(woman[name], null_equal=True)}
    assert differing
    assert all("sex" in catalogue()[name].protected for name in differing)


def test_fault_6_the_model_that_decides_is_the_model_that_was_judged(home: Path, warehouse: Warehouse) -> None:
    model, _ = Registry("", home).champion()
    test = warehouse.dossiers(model.test_ids(warehouse))
    labels = test.ids.to_frame().join(warehouse.labels(), on="SK_ID_CURR", how="left")[TARGET].to_numpy()
    again = evaluate(
        labels.astype(float),
        model.probability(model.matrix(build(test, catalogue().named(model.features)))),
        Cost(10, 1),
        resamples=10,
    )
    assert again.auc.value == model.evaluation.auc.value
    assert again.brier == model.evaluation.brier
    assert again.confusion == model.evaluation.confusion


def test_fault_7_nothing_computed_from_a_dossier_can_see_the_target(everyone: Dossiers) -> None:
    assert TARGET not in everyone.tables["application"].columns
    assert not any(column.endswith(f".{TARGET}") for feature in catalogue() for column in feature.reads)


@LAWS
@given(column=st.sampled_from(["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3", "AMT_ANNUITY", "OWN_CAR_AGE"]))
def test_fault_8_what_is_missing_stays_missing(everyone: Dossiers, column: str) -> None:
    some = everyone.select(everyone.ids[:50])
    frame = some.tables["application"]
    blank = frame.with_columns(pl.lit(None, dtype=frame.schema[column]).alias(column))
    built = build(Dossiers.of({**some.tables, "application": blank}))
    alone = [f.name for f in catalogue() if f.reads == {f"application.{column}"} and not f.name.endswith("count")]
    assert alone
    for name in alone:
        assert built[name].null_count() == len(some)


def test_a_blank_external_score_is_not_the_riskiest_one(everyone: Dossiers, decider: Decider) -> None:
    frame = everyone.tables["application"]
    scores = [f"EXT_SOURCE_{n}" for n in (1, 2, 3)]

    def with_scores(value: float | None) -> float:
        changed = frame.with_columns(pl.lit(value, dtype=pl.Float64).alias(name) for name in scores)
        return float(decider.probabilities(Dossiers.of({**everyone.tables, "application": changed})).mean())

    assert with_scores(0.9) < with_scores(None) < with_scores(0.01)


def test_a_protected_feature_is_never_a_reason(everyone: Dossiers, decider: Decider) -> None:
    assert all(feature.reason is None for feature in catalogue() if feature.protected)
    for decision in decider.decide(everyone.select(everyone.ids[:200]), Explain.ALL):
        assert len(decision.reasons) <= 4
        assert len({reason.code for reason in decision.reasons}) == len(decision.reasons)
