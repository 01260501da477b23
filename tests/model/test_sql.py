"""The SELECT gives everyone the card's own points: in DuckDB and SQLite, to the last unit in the last place."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aval.credit.policy import Points
from aval.data.tables import KEY
from aval.features.build import catalogue
from aval.model.model import Model
from aval.model.registry import Registry
from aval.model.scorecard import Characteristic, Scorecard
from aval.model.sql import statement

Run = Callable[[str, pl.DataFrame], list[int]]


def in_duckdb(text: str, rows: pl.DataFrame) -> list[int]:
    with duckdb.connect() as engine:
        engine.register("features", rows.to_arrow())
        return [points for _, points in sorted(engine.execute(text).fetchall())]


def in_sqlite(text: str, rows: pl.DataFrame) -> list[int]:
    engine = sqlite3.connect(":memory:")
    try:
        kinds = {pl.String: "TEXT", pl.Int64: "INTEGER"}
        columns = ", ".join(f'"{name}" {kinds.get(kind, "REAL")}' for name, kind in rows.schema.items())  # type: ignore[call-overload]
        engine.execute(f"CREATE TABLE features ({columns})")
        engine.executemany(f"INSERT INTO features VALUES ({', '.join('?' * rows.width)})", rows.rows())
        return [points for _, points in sorted(engine.execute(text).fetchall())]
    finally:
        engine.close()


ENGINES = pytest.mark.parametrize("engine", [in_duckdb, in_sqlite])


def one(cuts: Sequence[float]) -> Scorecard:
    """A card of one number whose every bin has other points."""
    count = len(cuts) + 2
    woe = tuple(float(place) for place in range(count))
    told = Characteristic("x", 0, tuple(cuts), (), (), count - 1, (1,) * count, (0,) * count, woe, 0.5, 1.0)
    return Scorecard(2.0, [told], 1, Points(), {})


def around(cuts: Sequence[float]) -> list[float]:
    """Doubles at each cut, at its neighbours of single precision, half way between, and one ulp around all of them."""
    found = []
    for cut in cuts:
        single = np.float32(cut)
        before, after = np.nextafter(single, np.float32(-np.inf)), np.nextafter(single, np.float32(np.inf))
        places = [float(single), float(before), float(after)]
        places += [(float(a) + float(b)) / 2.0 for a, b in ((before, single), (single, after))]
        found += [x for place in places for x in (np.nextafter(place, -np.inf), place, np.nextafter(place, np.inf))]
    return [float(value) for value in found if np.isfinite(value)]


singles = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**100), max_value=2.0**100)
"""Subnormal ones too: a cut next to 0 is where two precisions differ most."""


@ENGINES
@given(cuts=st.lists(singles, min_size=1, max_size=5, unique_by=lambda cut: cut + 0.0))
@example(cuts=[0.0, 1.0, 0.10000000149011612, 16777216.0, -2.5])
@example(cuts=[0.0])
def test_a_number_falls_into_the_models_bin_to_one_ulp(engine: Run, cuts: list[float]) -> None:
    card = one(sorted(cuts))
    values = around(cuts)
    rounded = np.array(values).astype(np.float32).astype(np.float64)[:, None]
    expected = [*card.total(rounded).tolist(), card.start + card.points[0][-1]]
    rows = pl.DataFrame({KEY: range(len(values) + 1), "x": [*values, None]}, schema={KEY: pl.Int64, "x": pl.Float64})
    assert engine(statement(card), rows) == expected


@pytest.fixture(scope="module")
def model(carded: Path) -> Model:
    return Registry("", carded).load("1")[0]


@pytest.fixture(scope="module")
def everyone(carded: Path, model: Model) -> pl.DataFrame:
    """All labelled applicants, in double precision, some values removed, some levels never seen."""
    whole = catalogue()
    (file,) = (carded / "features").glob(f"*-{whole.digest[:16]}.parquet")
    rows = pl.read_parquet(file, columns=[KEY, *model.features]).cast({pl.Float32: pl.Float64})
    rng = np.random.default_rng(5)
    changed = []
    for name in model.features:
        lot = pl.Series(rng.random(rows.height))
        column = pl.when(lot < 0.05).then(None).otherwise(pl.col(name))
        if rows.schema[name] == pl.String:
            column = pl.when(lot > 0.95).then(pl.lit('O\'Brien "new"')).otherwise(column)
        elif rows.schema[name] == pl.Float64:
            column = column * (1.0 + 1e-9 * pl.Series(rng.normal(size=rows.height)))
        changed.append(column.alias(name))
    return rows.with_columns(changed).with_columns(pl.col(KEY).cast(pl.Int64)).sort(KEY)


@ENGINES
def test_every_applicant_has_the_same_points(engine: Run, model: Model, everyone: pl.DataFrame) -> None:
    card = model.scorer
    assert isinstance(card, Scorecard)
    assert any(told.levels for told in card.characteristics)
    used = everyone.select(KEY, *(told.feature for told in card.characteristics))
    points = engine(statement(card), used)
    assert points == card.total(model.encoding.filled(model.matrix(everyone))).tolist()
    assert len(points) > 2000
    assert len(set(points)) > 100
    # And they are what the policy shows of the calibrated probability.
    assert points == [Points().of(chance) for chance in model.probability(model.matrix(everyone))]


def test_names_and_levels_are_quoted() -> None:
    told = Characteristic(
        'a "b"', 0, (), ("it's", "plain"), (0, 1), 2, (5, 5, 0), (1, 2, 0), (-0.5, 0.5, 0.0), 0.1, 1.0
    )
    text = statement(Scorecard(2.0, [told], 1, Points(), {}), 'odd "table"')
    assert 'WHEN "a ""b""" IN (\'it\'\'s\') THEN 0' in text
    assert 'FROM "odd ""table""";' in text
