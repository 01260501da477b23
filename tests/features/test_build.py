"""The build: the same values alone, together and in any order; nothing later; missing stays missing."""

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY
from aval.data.warehouse import Warehouse
from aval.features.build import HISTORIES as ASKED
from aval.features.build import build, catalogue, reference, stream
from aval.features.feature import FeatureSet, parse
from tests.features.drawn import dossiers
from tests.features.twins import twins

CATALOGUE = catalogue()
TRIES = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def rows(people: Dossiers) -> pl.DataFrame:
    """The small lender's features, built in one go."""
    return build(people)


def test_the_frame_is_what_was_promised(people, rows):
    assert rows.columns == [KEY, *CATALOGUE.names]
    assert rows[KEY].to_list() == people.ids.to_list()
    for feature in CATALOGUE:
        assert rows.schema[feature.name] == (pl.Float64 if feature.kind == "number" else pl.String)
    assert rows.select(pl.col(pl.Float64).is_finite().all()).row(0) == (True,) * (len(rows.columns) - 1 - _categories())


def _categories() -> int:
    return sum(feature.kind == "category" for feature in CATALOGUE)


def test_alone_is_as_in_a_batch(people, rows):
    for place in range(0, len(people), 7):
        one = people.select([people.ids[place]])
        assert build(one).equals(rows[place], null_equal=True)


def test_streamed_is_as_in_a_batch(stored: Warehouse, rows):
    done: list[int] = []
    found = pl.concat(stream(stored, advance=done.append, applicants=701))
    assert found.equals(rows, null_equal=True)
    assert sum(done) == len(rows)


def test_again_is_the_same(people, rows):
    """Threads that add in whatever order they come differ once in a few builds."""
    own = CATALOGUE.select(name for name in CATALOGUE.names if name.startswith(("application", "external", "across")))
    for _ in range(30):
        assert build(people, own).equals(rows.select(KEY, *own.names), null_equal=True)


@TRIES
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 60))
def test_row_and_column_order_do_not_matter(people, rows, seed, size):
    draw = np.random.default_rng(seed)
    ids = draw.choice(people.ids.to_numpy(), size, replace=False)
    some = people.select(ids.tolist())
    shuffled = {
        table: frame.select(draw.permutation(frame.columns).tolist()).sample(
            fraction=1, shuffle=True, seed=seed % 2**31
        )
        for table, frame in some.tables.items()
    }
    expected = rows.filter(pl.col(KEY).is_in(ids.tolist()))
    assert build(Dossiers.of(shuffled)).equals(expected, null_equal=True)


LATER = {
    "bureau": {"DAYS_CREDIT": 5},
    "bureau_balance": {"MONTHS_BALANCE": 2},
    "previous_application": {"DAYS_DECISION": 5},
    "POS_CASH_balance": {"MONTHS_BALANCE": 2},
    "installments_payments": {"DAYS_INSTALMENT": 30.0, "DAYS_ENTRY_PAYMENT": 30.0},
    "credit_card_balance": {"MONTHS_BALANCE": 2},
}


@pytest.mark.parametrize("table", HISTORIES)
def test_later_rows_change_nothing(people, rows, table):
    some = people.select(people.ids[:200])
    frame = some.tables[table]
    dated = [pl.lit(value).cast(frame.schema[column]).alias(column) for column, value in LATER[table].items()]
    more = Dossiers.of({**some.tables, table: pl.concat([frame, frame.with_columns(dated)])})
    assert build(more).equals(rows[:200], null_equal=True)


@pytest.mark.parametrize("table", HISTORIES)
def test_a_history_that_was_not_supplied_is_unknown(people, table):
    some = people.select(people.ids[:50])
    without = Dossiers(tables={**some.tables, table: some.tables[table].clear()}, absent=frozenset({table}))
    found = build(without)
    readers = [feature.name for feature in CATALOGUE if any(c.startswith(table + ".") for c in feature.reads)]
    others = [name for name in CATALOGUE.names if name not in readers]
    assert readers
    assert found.select(readers).null_count().row(0) == (50,) * len(readers)
    assert found.select(others).equals(build(some).select(others), null_equal=True)


def test_an_applicant_without_rows_has_counts_of_0_and_nothing_else():
    row = build(dossiers()).row(0, named=True)
    for feature in CATALOGUE:
        if feature.name.split("_")[0] in ("application", "external", "across"):
            continue
        counted = feature.name.endswith("_distinct") or _is_count(feature.name)
        assert row[feature.name] == (0 if counted else None), feature.name


def _is_count(name: str) -> bool:
    parts = parse(name)
    return parts.unit == "count" and parts.statistic is None


def test_no_rows_among_others_is_as_no_rows_alone(people, rows):
    bare = [place for place in range(len(people)) if rows["bureau_credit_count"][place] == 0][:5]
    assert bare
    for place in bare:
        assert build(people.select([people.ids[place]])).equals(rows[place], null_equal=True)


@TRIES
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 30))
def test_fewer_features_are_the_same_values(people, rows, seed, size):
    names = np.random.default_rng(seed).choice(CATALOGUE.names, size, replace=False).tolist()
    some = people.select(people.ids[:20])
    assert build(some, FeatureSet.named(names)).equals(rows[:20].select(KEY, *names), null_equal=True)


def test_unknown_tables_are_not_touched(people):
    """What is not asked for is not read: a table may even lack its columns."""
    some = people.select(people.ids[:5])
    bare = Dossiers(tables={**some.tables, "bureau": some.tables["bureau"].select(KEY)})
    names = ["external_score_mean", "instalments_late_days_max"]
    assert build(bare, FeatureSet.named(names)).equals(build(some, FeatureSet.named(names)), null_equal=True)


def test_no_two_features_rank_applicants_alike(rows):
    names = [feature.name for feature in CATALOGUE if feature.kind == "number"]
    assert twins(rows, names) == []


def test_some_tables_overflow_is_unknown():
    drawn = "AMT_CREDIT AMT_ANNUITY\n1e300 1e-300"
    row = build(dossiers(application=drawn)).row(0, named=True)
    assert row["application_term_ratio"] is None


def test_nothing_is_declared_that_no_feature_asks():
    for history in ASKED.values():
        asked: set[str] = set()
        waiting = [root for name in _aggregates(history.source) for root in history.roots(name)]
        while waiting:
            column = waiting.pop()
            if column not in asked:
                asked.add(column)
                waiting += history.below(column)
        assert {*history.measures, *history.flags} <= asked, history.source


def _aggregates(source: str) -> set[str]:
    every = (*CATALOGUE, *reference())
    named = {name for feature in every for name in (feature.name, *feature.expr.meta.root_names())}
    return {name for name in named if name.split("_")[0] == source and ASKED[source].knows(name)}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_group_and_its_rows_alone_aggregate_to_the_same_bits(seed):
    """`build` leaves out the grouping for one applicant, whatever release of Polars computes both."""
    draw = np.random.default_rng(seed)
    sizes = draw.integers(2, 400, 6)
    rows = int(sizes.sum())
    values = draw.normal(size=rows) * 10.0 ** draw.integers(-6, 9, rows)
    values[draw.random(rows) < 0.1] = -0.0
    values[draw.random(rows) < draw.choice([0, 0.3, 0.97])] = np.nan
    frame = pl.DataFrame({KEY: np.repeat(np.arange(6), sizes), "x": pl.Series(values, nan_to_null=True)})
    x = pl.col("x")
    plain = [getattr(x, how)().alias(how) for how in ("mean", "min", "max", "std", "var", "median", "sum", "count")]
    ends = [x.first(ignore_nulls=True).alias("first"), x.last(ignore_nulls=True).alias("last")]
    kinds = [x.drop_nulls().n_unique().alias("kinds"), (x > 0).mean().alias("share"), (x > 0).sum().alias("yes")]
    asked = [*plain, *ends, *kinds, pl.len().alias("rows")]
    groups = frame.with_columns(pl.col(KEY).set_sorted()).group_by(KEY, maintain_order=True).agg(asked)
    for key in range(6):
        alone = frame.filter(pl.col(KEY) == key).select_seq(asked)
        for one, grouped in zip(alone.row(0), groups.drop(KEY).row(key), strict=True):
            assert (one is None) == (grouped is None)
            assert one is None or np.float64(one).tobytes() == np.float64(grouped).tobytes()
