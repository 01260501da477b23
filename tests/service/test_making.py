"""What the log is given: everything a decision rests on, and public facts that name nobody."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aval.credit.decision import Verdict
from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.model.registry import Registry
from aval.service.decide import Decider
from aval.service.inputs import inputs
from aval.service.log.entry import told
from aval.service.making import facts_of, made
from aval.settings import ROOT


@pytest.fixture(scope="module")
def decider(home: Path) -> Decider:
    model, version = Registry("", home).champion()
    return Decider(model, str(version), Policy.load(ROOT / "policies" / "2026-11-24.toml"), on=date(2026, 11, 24))


@pytest.fixture(scope="module")
def some(home: Path) -> Dossiers:
    warehouse = Warehouse.open(home / "warehouse")
    return warehouse.dossiers(warehouse.ids[:60])


def test_each_decision_goes_with_what_it_rests_on(decider: Decider, some: Dossiers) -> None:
    judged = decider.judge(some, Explain.NEEDED)
    several = made(judged, some, decider.policy)
    assert [one.decision for one in several] == judged.decisions
    assert len({one.id for one in several}) == len(some)
    for place, one in enumerate(several):
        assert one.policy_digest == decider.policy.digest
        assert one.private.inputs == inputs(some, one.decision.applicant_id)
        assert np.array_equal(one.private.features, judged.matrix[place], equal_nan=True)
        explained = one.decision.verdict is not Verdict.APPROVE
        assert (one.private.contributions is not None) == explained
        assert one.private.told == told(one.decision)


def test_facts_are_coarse(some: Dossiers) -> None:
    facts = facts_of(some)
    for fact, (kind, income, amount) in zip(
        facts,
        some.tables["application"].select("NAME_CONTRACT_TYPE", "NAME_INCOME_TYPE", "AMT_CREDIT").iter_rows(),
        strict=True,
    ):
        assert (fact["contract"], fact["income"]) == (kind, income)
        assert abs(fact["amount"] - amount) <= 0.05 * amount
        assert len(str(int(fact["amount"])).rstrip("0")) <= 2


def test_a_level_that_nobody_knows_does_not_outlive_an_erasure(some: Dossiers) -> None:
    frame = some.tables["application"].head(1)
    named = frame.with_columns(NAME_CONTRACT_TYPE=pl.lit("Jean Dupont"), NAME_INCOME_TYPE=pl.lit("Jean Dupont"))
    (fact,) = facts_of(Dossiers.of({"application": named}))
    assert (fact["contract"], fact["income"]) == (None, None)
    assert "Dupont" not in json.dumps(fact)
