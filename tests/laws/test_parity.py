"""Alone = in a batch = streamed, in any row and column order: exactly (DESIGN, decision 1; REFERENCE, fault 5)."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.features.build import build
from aval.service.decide import Decider
from tests.laws.conftest import LAWS, LONG


def shuffled(dossiers: Dossiers, seed: int) -> Dossiers:
    """The same tables with rows and columns in another order, as a careless caller would send them."""
    order = np.random.default_rng(seed)
    tables = {}
    for table, frame in dossiers.tables.items():
        if table in dossiers.absent:
            continue
        columns = list(frame.columns)
        order.shuffle(columns)
        tables[table] = frame.sample(fraction=1.0, shuffle=True, seed=seed).select(columns)
    return Dossiers.of(tables)


@LAWS
@given(size=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_order_and_company_change_nothing(
    everyone: Dossiers, batch: dict[int, float], decider: Decider, size: int, seed: int
) -> None:
    chosen = np.random.default_rng(seed).choice(everyone.ids.to_numpy(), size, replace=False)
    some = shuffled(everyone.select(chosen.tolist()), seed)
    for applicant, probability in zip(some.ids.to_list(), decider.probabilities(some).tolist(), strict=True):
        assert probability == batch[applicant]


def test_every_applicant_alone_is_decided_as_in_the_batch_and_the_stream(
    warehouse: Warehouse, everyone: Dossiers, decider: Decider
) -> None:
    batch = {d.applicant_id: d for d in decider.decide(everyone, Explain.NONE)}
    streamed = [d for part in warehouse.stream(applicants=700) for d in decider.decide(part, Explain.NONE)]
    assert len(streamed) == len(batch)
    assert all(batch[d.applicant_id] == d for d in streamed)
    ids = everyone.ids.to_list()
    for applicant in ids if LONG else ids[::15]:
        (alone,) = decider.decide(warehouse.dossiers([applicant]), Explain.NONE)
        assert alone == batch[applicant]


def test_features_are_equal_to_the_last_bit(everyone: Dossiers) -> None:
    whole = build(everyone)
    parts = [build(everyone.select(everyone.ids[start : start + 331])) for start in range(0, len(everyone), 331)]
    assert whole.equals(pl.concat(parts), null_equal=True)


@LAWS
@given(size=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_a_decision_with_its_reasons_is_the_same_alone(
    everyone: Dossiers, decider: Decider, size: int, seed: int
) -> None:
    chosen = np.random.default_rng(seed).choice(everyone.ids.to_numpy(), size, replace=False)
    together = decider.decide(everyone.select(chosen.tolist()), Explain.ALL)
    for decision in together:
        (alone,) = decider.decide(everyone.select([decision.applicant_id]), Explain.ALL)
        assert alone == decision


@LAWS
@given(size=st.integers(1, 60), seed=st.integers(0, 2**32 - 1))
def test_contributions_add_up_to_the_calibrated_log_odds(
    everyone: Dossiers, decider: Decider, size: int, seed: int
) -> None:
    chosen = np.random.default_rng(seed).choice(everyone.ids.to_numpy(), size, replace=False)
    matrix = decider.model.matrix(build(everyone.select(chosen.tolist()), decider.features))
    probability = decider.model.probability(matrix)
    summed = decider.model.contributions(matrix).sum(axis=1)
    assert summed == pytest.approx(np.log(probability / (1 - probability)), abs=1e-9)
