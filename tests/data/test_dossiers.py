"""Dossiers: one order of rows, whatever order they came in."""

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from aval.data.dossiers import Dossiers, canonical, marked
from aval.data.tables import HISTORIES, KEY, TARGET, columns, layout
from aval.errors import ApplicantUnknown
from tests.data import hand


def typed(seed: int = 0) -> dict[str, pl.DataFrame]:
    return {
        table: frame.select(pl.col(name).cast(column.dtype) for name, column in columns(table).items())
        for table, frame in hand.tables(seed).items()
        if table in ("application", *HISTORIES)
    }


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    return typed()


def same(left: Dossiers, right: Dossiers) -> None:
    assert left.absent == right.absent
    for table, frame in left.tables.items():
        assert_frame_equal(frame, right.tables[table], check_exact=True)


def test_every_table_is_there_typed_sorted_and_marked(frames: dict[str, pl.DataFrame]) -> None:
    dossiers = Dossiers.of(frames)
    assert list(dossiers.tables) == ["application", *HISTORIES]
    for table, frame in dossiers.tables.items():
        assert dict(frame.schema) == dict(layout(table))
        assert frame[KEY].is_sorted()
        assert frame[KEY].flags["SORTED_ASC"]
        assert frame.n_chunks() == 1
    assert TARGET not in dossiers.tables["application"].columns
    assert len(dossiers) == hand.APPLICANTS == len(dossiers.ids)


def test_monthly_balances_get_their_applicant_from_bureau(frames: dict[str, pl.DataFrame]) -> None:
    dossiers = Dossiers.of(frames)
    owners = dict(frames["bureau"].select("SK_ID_BUREAU", KEY).iter_rows())
    balance = dossiers.tables["bureau_balance"]
    assert balance.height == frames["bureau_balance"].height
    assert all(owners[credit] == key for key, credit in balance.select(KEY, "SK_ID_BUREAU").iter_rows())


@settings(max_examples=25, deadline=None, derandomize=True)
@given(order=st.randoms(use_true_random=False))
def test_any_order_of_rows_and_columns_gives_the_same_dossiers(order) -> None:  # type: ignore[no-untyped-def]
    frames = typed(1)
    mixed = {}
    for table, frame in frames.items():
        rows, names = list(range(frame.height)), list(frame.columns)
        order.shuffle(rows)
        order.shuffle(names)
        mixed[table] = frame[rows].select(names)
    same(Dossiers.of(mixed), Dossiers.of(frames))


def test_the_two_zeros_have_one_order() -> None:
    frame = pl.DataFrame({KEY: [1, 1], "AMT_BALANCE": [0.0, -0.0]})
    there, back = canonical(frame, "credit_card_balance"), canonical(frame.reverse(), "credit_card_balance")
    assert [math.copysign(1, value) for value in there["AMT_BALANCE"]] == [1, 1]
    assert_frame_equal(there, back, check_exact=True)


def test_missing_values_come_first_and_time_runs_forward() -> None:
    frame = pl.DataFrame({"SK_ID_PREV": [2, 1, 3], KEY: [1, 1, 1], "DAYS_DECISION": [-5, -9, None]})
    assert canonical(frame, "previous_application")["SK_ID_PREV"].to_list() == [3, 1, 2]


def test_identical_rows_are_data(frames: dict[str, pl.DataFrame]) -> None:
    twice = dict(frames) | {"installments_payments": pl.concat([frames["installments_payments"]] * 2)}
    assert Dossiers.of(twice).tables["installments_payments"].height == 2 * hand.ROWS["installments_payments"]


def test_what_was_not_supplied_is_named(frames: dict[str, pl.DataFrame]) -> None:
    some = {table: frame for table, frame in frames.items() if table not in ("bureau", "credit_card_balance")}
    dossiers = Dossiers.of(some)
    assert dossiers.absent == {"bureau", "bureau_balance", "credit_card_balance"}
    assert all(dossiers.tables[table].height == 0 for table in dossiers.absent)
    assert dict(dossiers.tables["bureau"].schema) == dict(layout("bureau"))
    empty = Dossiers.of(dict(frames) | {"credit_card_balance": frames["credit_card_balance"].clear()})
    assert empty.absent == frozenset()


def test_rows_of_other_applicants_are_left_out(frames: dict[str, pl.DataFrame]) -> None:
    few = frames["application"].head(3)
    dossiers = Dossiers.of(dict(frames) | {"application": few})
    same(dossiers, Dossiers.of(frames).select(few[KEY]))
    for frame in dossiers.tables.values():
        assert set(frame[KEY]) <= set(few[KEY])


def test_one_is_selected_from_many(frames: dict[str, pl.DataFrame]) -> None:
    dossiers = Dossiers.of(frames)
    for applicant in dossiers.ids:
        one = dossiers.select([applicant])
        assert one.ids.to_list() == [applicant]
        for table, frame in one.tables.items():
            assert_frame_equal(frame, dossiers.tables[table].filter(pl.col(KEY) == applicant), check_exact=True)
            assert frame[KEY].flags["SORTED_ASC"]
    assert dossiers.select(reversed(dossiers.ids.to_list())).ids.to_list() == dossiers.ids.to_list()


def test_an_unknown_applicant_is_an_error_without_the_number(frames: dict[str, pl.DataFrame]) -> None:
    with pytest.raises(ApplicantUnknown) as problem:
        Dossiers.of(frames).select([918273645])
    assert "918273645" not in str(problem.value)


def test_rows_out_of_order_are_never_marked_as_sorted() -> None:
    with pytest.raises(ValueError, match="not sorted"):
        marked(pl.DataFrame({KEY: [2, 1]}))


def test_real_rows_have_one_order_too(real) -> None:  # type: ignore[no-untyped-def]
    from aval.data.warehouse import load

    dossiers = load(real / "deep").dossiers
    assert len(dossiers) > 400
    mixed = {table: frame.sample(fraction=1, shuffle=True, seed=3) for table, frame in dossiers.tables.items()}
    mixed["bureau_balance"] = mixed["bureau_balance"].drop(KEY)
    same(Dossiers.of(mixed), dossiers)
