"""Expressions as steps: on a column and on one row, what Polars makes of them, unless it says that it cannot tell."""

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aval.features.measure import mean_known, quotient, ratio, total
from aval.features.tape import MANY, NAN, ONE, Odd, Tape, near

A, B, N, S = pl.col("a"), pl.col("b"), pl.col("n"), pl.col("s")
TYPES = {"a": pl.Float64(), "b": pl.Float64(), "n": pl.Int32(), "s": pl.String()}
ANYWHERE = [
    A + B, A - B, A * B, A / B, -A, -N, -N * 2, N * -1, A * 12, 24 * A / (B + 1), N / 7, (N - N).cast(pl.Float64) * -1,
    A == B, A != B, A < B, A <= 0, A > B, A >= 1, N == 3, S == "x", S != "x", A.eq_missing(1.0), S.eq_missing("x"),
    (A > 0) & (B > 0), (A > 0) | (B > 0), pl.when(A > B).then(A), pl.when(A > B).then(A).otherwise(B * 2),
    pl.when(A > 0).then(B > 0).otherwise(S == "x"), pl.when(A > B).then(S), pl.when((A > 0) & (N != 0)).then(A / N),
    ratio(A, B), ratio(N, B), ratio(A, N) * ratio(B, N), quotient(A, B) - quotient(B, A), total(A, B, A * B),
    mean_known("a", "b"), A.fill_null(0.0), (A / B).fill_null(1.0), (A > B).fill_null(value=True), A.is_null(),
    (A / B).is_not_null(), S.is_null(), (A / B) > 1, (A / B) != (B / A), A.log(), A.exp(), A.log1p(),
    (A - B).clip(lower_bound=0), (A / B).clip(lower_bound=-1), pl.sum_horizontal(A.is_null(), B.is_null()),
    pl.sum_horizontal("n", "n"), pl.max_horizontal("a", "b"), pl.min_horizontal("a", "b", "n"),
    pl.any_horizontal(A.is_not_null(), B.is_null()), pl.coalesce(pl.when(A > 1).then(6.0), pl.when(B > 1).then(12.0)),
    A.is_between(-1, 3), (A.log() + math.log(6)) * 2, (A > B).cast(pl.Float64), A * B.is_not_null(),
]  # fmt: skip
COLUMNS = [
    A.shift(1), A.shift(-1), N.diff(), (N.shift(1) != N).fill_null(value=True), S.is_between(pl.lit("1"), pl.lit("5")),
    S.cast(pl.Float64, strict=False),
]  # fmt: skip
ROWS = [
    pl.concat_list("a", "b").list.drop_nulls().list.median(), pl.concat_list("a", "b").list.drop_nulls().list.std(),
    A.cast(pl.String),
]  # fmt: skip
NUMBERS = st.sampled_from([None, 0.0, 1.0, -1.0, 2.0, 0.5, 3.7, -12.25, 1e-7, 99_999.99])
CELLS = st.tuples(NUMBERS, NUMBERS, st.sampled_from([None, 0, 1, 3, -4]), st.sampled_from([None, "x", "3", "5.5", ""]))
CALM = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def same(one: Any, other: Any) -> bool:
    """NaN and infinities of a calculation stay themselves; what is missing is NaN or None."""
    if other is None:
        return one is None or one != one
    if isinstance(other, float) and other != other:
        return bool(one != one)
    return bool(one == other) and (not isinstance(other, float) or math.copysign(1, one) == math.copysign(1, other))


@CALM
@given(rows=st.lists(CELLS, min_size=1, max_size=7), expr=st.sampled_from([*ANYWHERE, *COLUMNS]))
def test_a_column(rows: list[tuple[Any, ...]], expr: pl.Expr) -> None:
    frame = pl.DataFrame(rows, schema=TYPES, orient="row")
    tape = Tape(MANY, TYPES)
    cell = tape.cell(expr)
    known = cell.known()
    given = {name: frame[name].cast(pl.Float64).to_numpy() for name in "abn"}
    with np.errstate(all="ignore"):
        try:
            slots = tape.run({**given, "s": np.array(frame["s"].to_list(), dtype=object)})
        except Odd:
            assert any(math.isnan(value) for value in _inner(frame))
            return
    wanted = frame.select(expr.alias("found"))["found"].to_list()
    found = np.broadcast_to(slots[cell.slot], len(rows)).tolist()
    if cell.kind == "truth":
        where = np.broadcast_to(True if known is None else slots[known], len(rows)).tolist()
        assert [yes if there else None for yes, there in zip(found, where, strict=True)] == wanted
        assert not any(yes for yes, there in zip(found, where, strict=True) if not there)
    else:
        assert all(same(one, other) for one, other in zip(found, _floats(wanted, cell.kind), strict=True))


@CALM
@given(row=CELLS, expr=st.sampled_from([*ANYWHERE, *ROWS]))
def test_a_row(row: tuple[Any, ...], expr: pl.Expr) -> None:
    frame = pl.DataFrame([row], schema=TYPES, orient="row")
    tape = Tape(ONE, TYPES)
    cell = tape.cell(expr)
    slot = cell.slot if cell.kind == "text" else tape.as_number(cell).slot
    given = {name: NAN if value is None else float(value) for name, value in zip("abn", row[:3], strict=True)}
    try:
        found = tape.run({**given, "s": row[3]})[slot]
    except Odd:
        assert any(math.isnan(value) for value in _inner(frame))
        return
    (wanted,) = _floats(frame.select(expr.alias("found"))["found"].to_list(), cell.kind)
    assert same(found, wanted)


def _inner(frame: pl.DataFrame) -> list[float]:
    """Among these, one that is undefined makes a dossier odd."""
    lost = frame.select((A / B).alias("1"), (B / A).alias("2"), A.log().alias("3"), (A / N).alias("4"))
    return [value for row in lost.rows() for value in row if value is not None]


def _floats(wanted: list[Any], kind: str) -> list[Any]:
    return wanted if kind == "text" else [None if value is None else float(value) for value in wanted]


def test_what_is_the_same_is_computed_once() -> None:
    calls: list[float] = []

    def counted(left: float, right: float) -> float:
        calls.append(left)
        return left * right

    tape = Tape({**ONE, "*": counted}, TYPES)
    tape.define([(A * B).alias("one"), (A * B + 1).alias("two"), (pl.lit(1.0) + A * B).alias("three")])
    tape.run({"a": 2.0, "b": 3.0, "n": 1.0, "s": None})
    assert calls == [2.0]


def test_a_level_reads_what_was_there_before_it() -> None:
    tape = Tape(ONE, TYPES)
    tape.define([(A + 1).alias("a"), (A * 10).alias("b")])
    slots = tape.run({"a": 1.0, "b": 5.0, "n": 0.0, "s": None})
    assert [slots[tape.named(name).slot] for name in ("a", "b")] == [2.0, 10.0]


@pytest.mark.parametrize(
    "expr", [A.sin(), A.rank(), S.str.len_chars(), A.is_in([1.0]), S > A, A.cast(pl.Int64)], ids=str
)
def test_what_has_no_steps_says_so(expr: pl.Expr) -> None:
    with pytest.raises(NotImplementedError):
        Tape(ONE, TYPES).cell(expr)


def test_near_is_far_from_overflow() -> None:
    assert near(np.array([0.0, NAN, 1e-50, -1e50]))
    assert not near(np.array([1.0, 2e50]))
    assert not near(np.array([1e-51]))
    assert not near(np.array([np.inf]))
