"""What is kept apart for the end, and folds that hold out every row once."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.errors import PlanError
from aval.model.split import folds, split


def labels(count: int, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    target = np.where(np.arange(count) % 10 == 3, 1, 0).astype(np.int8)
    return pl.DataFrame({"SK_ID_CURR": rng.permutation(count) + 100_001, "TARGET": rng.permutation(target)})


def calendar(table: pl.DataFrame, days: list[int]) -> pl.DataFrame:
    first = date(2026, 1, 1)
    on = [first + timedelta(days=day) for day in days]
    return pl.DataFrame({"SK_ID_CURR": table["SK_ID_CURR"], "applied_on": on})


@given(days=st.lists(st.integers(0, 60), min_size=50, max_size=120), seed=st.integers(0, 9))
def test_with_dates_the_test_part_is_the_latest_fifth(days: list[int], seed: int) -> None:
    table = labels(len(days), seed)
    dates = calendar(table, days)
    on = dict(dates.iter_rows())
    try:
        found = split(table, dates, 0.2, seed)
    except PlanError:
        return  # the latest fifth happened to hold one outcome only
    assert found.how == "latest"
    assert len(found.test) == round(0.2 * len(days))
    latest = [(on[int(i)], int(i)) for i in found.test]
    earlier = [(on[int(i)], int(i)) for i in found.development]
    assert max(earlier) < min(latest)
    assert split(table.reverse(), dates.sample(fraction=1.0, shuffle=True, seed=1), 0.2, seed).test.tolist() == (
        found.test.tolist()
    )


@given(count=st.integers(40, 400), seed=st.integers(0, 2**31 - 1))
def test_without_dates_it_is_a_stratified_draw(count: int, seed: int) -> None:
    table = labels(count)
    found = split(table, None, 0.25, seed)
    assert found.how == "drawn"
    assert sorted([*found.test, *found.development]) == sorted(table["SK_ID_CURR"])
    assert found.test_target.sum() == round(0.25 * table["TARGET"].sum())
    assert (np.diff(found.test) > 0).all()
    known = dict(table.iter_rows())
    assert [known[int(i)] for i in found.test] == found.test_target.tolist()
    assert split(table.reverse(), None, 0.25, seed).test.tolist() == found.test.tolist()


def test_applications_without_an_outcome_or_a_date() -> None:
    table = labels(100)
    unknown = pl.DataFrame({"SK_ID_CURR": [1], "TARGET": [None]}, schema=table.schema)
    dates = calendar(table, list(range(100))).head(90)
    found = split(pl.concat([table, unknown]), dates, 0.2, 0)
    assert 1 not in {*found.test, *found.development}
    assert set(dates.tail(20)["SK_ID_CURR"]) == set(found.test.tolist())


def test_one_outcome_cannot_be_learned() -> None:
    with pytest.raises(PlanError, match="not both outcomes; ingest more labelled applications"):
        split(labels(100).with_columns(TARGET=pl.lit(0, pl.Int8)), None, 0.2, 0)


@given(count=st.integers(60, 300), k=st.integers(2, 6), seed=st.integers(0, 1000))
def test_every_row_is_held_out_once_and_outcomes_are_spread(count: int, k: int, seed: int) -> None:
    target = labels(count)["TARGET"].to_numpy().astype(float)
    held = folds(target, k, seed)
    assert sorted(np.concatenate(held)) == list(range(count))
    bads = [target[places].sum() for places in held]
    assert max(bads) - min(bads) <= 1
    assert all(np.array_equal(a, b) for a, b in zip(held, folds(target, k, seed), strict=True))


def test_too_few_defaulters_for_the_folds() -> None:
    with pytest.raises(PlanError, match="3 rows of one outcome do not make 5 folds"):
        folds(np.array([1.0] * 3 + [0.0] * 50), 5, 0)
