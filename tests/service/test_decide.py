"""From dossiers to decisions: warnings, reasons for those who need them, and refusals to start wrongly."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from aval.credit.decision import Verdict
from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.errors import FeatureError, PolicyError
from aval.model.registry import Registry
from aval.service.decide import Decider, portions
from aval.settings import ROOT

POLICY = ROOT / "policies" / "2026-11-24.toml"


@pytest.fixture(scope="module")
def decider(home: Path) -> Decider:
    model, version = Registry("", home).champion()
    return Decider(model, str(version), Policy.load(POLICY), on=date(2026, 11, 24))


@pytest.fixture(scope="module")
def some(home: Path) -> Dossiers:
    warehouse = Warehouse.open(home / "warehouse")
    return warehouse.dossiers(warehouse.ids[:400])


def test_every_application_gets_one_decision_in_order(decider: Decider, some: Dossiers) -> None:
    decisions = decider.decide(some)
    assert [d.applicant_id for d in decisions] == some.ids.to_list()
    assert {d.verdict for d in decisions} == set(Verdict)
    for decision in decisions:
        assert 0 < decision.probability < 1
        assert decision.points == decider.policy.points.of(decision.probability)
        assert (decision.model, decision.policy) == (decider.version, "2026-11-24")
        assert decision.features == decider.model.digest


def test_reasons_go_to_those_who_need_them_unless_all_are_asked_for(decider: Decider, some: Dossiers) -> None:
    needed = decider.decide(some)
    assert all(bool(d.reasons) == (d.verdict is not Verdict.APPROVE) for d in needed)
    assert all(reason.weight > 0 for d in needed for reason in d.reasons)
    told = decider.decide(some, Explain.ALL)
    approved = [d for d in told if d.verdict is Verdict.APPROVE]
    assert any(d.reasons for d in approved)
    assert all(reason.weight < 0 for d in approved for reason in d.reasons)
    assert not any(d.reasons for d in decider.decide(some, Explain.NONE))


def test_strongest_reason_first(decider: Decider, some: Dossiers) -> None:
    for decision in decider.decide(some):
        weights = [abs(reason.weight) for reason in decision.reasons]
        assert weights == sorted(weights, reverse=True)


def test_what_was_missing_or_unusual_is_said(decider: Decider, some: Dossiers) -> None:
    frame = some.tables["application"].head(2)
    strange = frame.with_columns(
        *(pl.lit(None, dtype=pl.Float64).alias(f"EXT_SOURCE_{n}") for n in (1, 2, 3)),
        NAME_HOUSING_TYPE=pl.lit("Houseboat"),
    )
    alone = Dossiers.of({"application": strange})
    for decision in decider.decide(alone):
        assert "NO_EXTERNAL_SCORE" in decision.warnings
        assert "NO_HISTORY" in decision.warnings
        assert "ABSENT:bureau" in decision.warnings
        assert "UNKNOWN_CATEGORY:NAME_HOUSING_TYPE" in decision.warnings
        assert not any("Houseboat" in warning for warning in decision.warnings)


@pytest.mark.parametrize("few", [0, 1_000_000])
def test_an_unknown_category_of_a_history_is_said_to_whom_it_concerns(
    decider: Decider, some: Dossiers, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("aval.service.decide._FEW", few)
    bureau = some.tables["bureau"]
    whose = bureau["SK_ID_CURR"][0]
    kind = pl.when(pl.col("SK_ID_CURR") == whose).then(pl.lit("Houseboat")).otherwise("CREDIT_TYPE")
    strange = Dossiers.of({**some.tables, "bureau": bureau.with_columns(CREDIT_TYPE=kind)})
    for before, decision in zip(decider.decide(some), decider.decide(strange), strict=True):
        added = ("UNKNOWN_CATEGORY:bureau.CREDIT_TYPE",) if decision.applicant_id == whose else ()
        assert decision.warnings == before.warnings + added


def test_a_minor_is_declined_and_told_why(decider: Decider, some: Dossiers) -> None:
    frame = some.tables["application"].head(1).with_columns(DAYS_BIRTH=pl.lit(-6000).cast(pl.Int32))
    (decision,) = decider.decide(Dossiers.of({**some.tables, "application": frame}))
    assert (decision.verdict, decision.rules) == (Verdict.DECLINE, ("MINOR",))


def test_portions_are_whole_and_complete(some: Dossiers) -> None:
    parts = list(portions(some, 150))
    assert [len(part) for part in parts] == [150, 150, 100]
    assert [i for part in parts for i in part.ids.to_list()] == some.ids.to_list()


def test_a_model_of_other_features_is_refused(decider: Decider) -> None:
    stale = replace(decider.model, digest="0" * 64)
    with pytest.raises(FeatureError, match="changed since the model was trained"):
        Decider(stale, "7", decider.policy)


def test_a_policy_out_of_its_dates_is_refused(decider: Decider) -> None:
    with pytest.raises(PolicyError, match="not in force on 2020-01-01"):
        Decider(decider.model, "1", decider.policy, on=date(2020, 1, 1))


def test_a_rule_on_an_unknown_column_is_refused(decider: Decider, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(POLICY.read_text().replace('column = "DAYS_BIRTH"', 'column = "DAYS_BORN"'))
    with pytest.raises(PolicyError, match="rule MINOR reads DAYS_BORN"):
        Decider(decider.model, "1", Policy.load(file))
