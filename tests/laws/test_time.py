"""Nothing dated after the application changes a feature, and nobody else's rows do."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from aval.data.dossiers import Dossiers
from aval.features.build import build
from tests.laws.conftest import LAWS

CLOCK = {
    "bureau": ("DAYS_CREDIT",),
    "bureau_balance": ("MONTHS_BALANCE",),
    "previous_application": ("DAYS_DECISION",),
    "POS_CASH_balance": ("MONTHS_BALANCE",),
    "installments_payments": ("DAYS_INSTALMENT", "DAYS_ENTRY_PAYMENT"),
    "credit_card_balance": ("MONTHS_BALANCE",),
}
"""The columns that date a row of each history, relative to the application."""

IDS = {"bureau": "SK_ID_BUREAU", "previous_application": "SK_ID_PREV"}
"""Keys that a later row must not share with an earlier one."""


@LAWS
@given(
    table=st.sampled_from(sorted(CLOCK)),
    size=st.integers(1, 20),
    later=st.integers(1, 2000),
    seed=st.integers(0, 2**32 - 1),
)
def test_rows_dated_after_the_application_change_nothing(
    everyone: Dossiers, table: str, size: int, later: int, seed: int
) -> None:
    chosen = np.random.default_rng(seed).choice(everyone.ids.to_numpy(), size, replace=False)
    some = everyone.select(chosen.tolist())
    frame = some.tables[table]
    future = frame.with_columns(pl.lit(later).cast(frame.schema[column]).alias(column) for column in CLOCK[table])
    if table in IDS:
        future = future.with_columns(pl.col(IDS[table]) + 10**9)
    more = Dossiers.of({**some.tables, table: pl.concat([frame, future])})
    assert build(more).equals(build(some), null_equal=True)


@LAWS
@given(seed=st.integers(0, 2**32 - 1))
def test_another_applicants_rows_change_nothing(everyone: Dossiers, seed: int) -> None:
    one, other = np.random.default_rng(seed).choice(everyone.ids.to_numpy(), 2, replace=False).tolist()
    both = build(everyone.select([one, other])).filter(pl.col("SK_ID_CURR") == one)
    assert both.equals(build(everyone.select([one])), null_equal=True)
