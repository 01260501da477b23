"""One dossier without the planner: to the last bit, sign of zero included, what Polars computes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY, layout
from aval.features.alone import Value
from aval.features.build import alone, build, catalogue, reference, single
from aval.features.feature import FeatureSet
from aval.features.tape import Odd
from tests.features.drawn import dossiers

SETS = {"catalogue": catalogue(), "reference": reference()}
TRIES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
WILD = (None, 0, 1, -1, 3, -7, 30, -365, 365243, -0.5, 0.1, 1e-3, 12.75, 99_999.99, 1e7, 1e40, 1e-60, 1e160, -1e300)


def differing(found: Sequence[Value], wanted: pl.DataFrame, features: FeatureSet) -> list[str]:
    """Features whose value is another, if only by the sign of a zero."""
    (row,) = wanted[list(features.names)].rows()
    return [feature.name for one, other, feature in zip(found, row, features, strict=True) if not _same(one, other)]


def _same(one: Value, other: Value) -> bool:
    if other is None:
        return one is None or one != one
    if isinstance(one, float) and isinstance(other, float):
        lost = one != one and other != other  # an aggregate of numbers no contract lets in
        return lost or (one == other and math.copysign(1, one) == math.copysign(1, other))
    return one == other


@pytest.mark.parametrize("which", SETS)
def test_every_feature_has_steps_and_no_ordinary_dossier_is_odd(people: Dossiers, which: str) -> None:
    features = SETS[which]
    for applicant in people.ids[:: 6 if which == "catalogue" else 24]:
        one = people.select([applicant])
        found = alone(features, one.absent).of(one.tables)  # Odd or NotImplementedError would fail here
        assert not differing(found, build(one, features), features), applicant


@TRIES
@given(data=st.data())
def test_whatever_a_dossier_holds_it_is_as_polars_has_it(people: Dossiers, data: st.DataObject) -> None:
    """Values far out and missing, rows repeated, dated later, in any order; histories that were not supplied."""
    draw = data.draw
    place = draw(st.integers(0, len(people) - 1))
    tables = dict(people.select([people.ids[place]]).tables)
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from([table for table, frame in tables.items() if frame.height]))
        column = draw(st.sampled_from([column for column in tables[name].columns if column != KEY]))
        tables[name] = _changed(tables[name], column, draw)
    for name in draw(st.lists(st.sampled_from(list(HISTORIES)), max_size=2)):
        tables.pop(name, None)
    changed = Dossiers.of(tables)
    features = SETS[draw(st.sampled_from(list(SETS)))]
    assert not differing(single(changed, features), build(changed, features), features)


def _changed(frame: pl.DataFrame, column: str, draw: Any) -> pl.DataFrame:
    """The frame with some rows repeated and some cells of a column replaced."""
    alike = "CODE_GENDER" not in frame.columns  # an application has one row
    rows = draw(st.lists(st.integers(0, frame.height - 1), max_size=4)) if alike else []
    # Made anew: Polars remembers of repeated slices that they are one value, whose mean it takes without adding.
    longer = pl.DataFrame(pl.concat([frame, *(frame[row] for row in rows)]).get_columns())
    values = longer[column].to_list()
    text = longer.schema[column] == pl.String
    pool = st.sampled_from(["", "1", "5", "6_0", "C", "XNA", "Approved", "é", None] if text else WILD)
    for row in draw(st.lists(st.integers(0, longer.height - 1), min_size=1, max_size=6)):
        values[row] = draw(pool)
    made = pl.Series(column, values, dtype=pl.String if text else pl.Float64, strict=False)
    return longer.with_columns(made.cast(longer.schema[column], strict=False))


def test_numbers_that_might_overflow_take_the_long_way() -> None:
    far = dossiers(application="AMT_CREDIT AMT_ANNUITY EXT_SOURCE_1\n1e300 1e-300 0.5")
    with pytest.raises(Odd):
        alone(catalogue(), far.absent).of(far.tables)
    assert not differing(single(far), build(far), catalogue())


def test_what_a_calculation_lost_is_not_taken_for_missing() -> None:
    """0 / 0 that somebody looks at: Polars holds it larger than everything, a missing value is not."""
    lost = dossiers(
        previous_application="SK_ID_PREV DAYS_DECISION AMT_CREDIT AMT_ANNUITY CNT_PAYMENT NAME_CONTRACT_STATUS\n"
        "1 -10 0 0 12 Approved\n2 -20 100 50 2 Approved\n3 -30 100 0 12 Approved\n4 -40 1e40 1e-40 600 Refused"
    )
    assert not differing(single(lost), build(lost), catalogue())


@pytest.mark.parametrize("rows", [1, 2, 127, 128, 129, 1_000])
def test_long_histories_add_up_in_the_same_order(rows: int) -> None:
    draw = np.random.default_rng(rows)
    frame = pl.DataFrame(
        {
            KEY: [100_001] * rows,
            "SK_ID_PREV": draw.integers(1, 9, rows),
            "NUM_INSTALMENT_VERSION": draw.integers(0, 3, rows),
            "NUM_INSTALMENT_NUMBER": draw.integers(1, 60, rows),
            "DAYS_INSTALMENT": draw.integers(-2_900, 1, rows),
            "DAYS_ENTRY_PAYMENT": np.where(draw.random(rows) < 0.1, np.nan, draw.integers(-2_900, 20, rows)),
            "AMT_INSTALMENT": draw.lognormal(8, 2, rows),
            "AMT_PAYMENT": np.where(draw.random(rows) < 0.1, np.nan, draw.lognormal(8, 2, rows)),
        }
    )
    long = Dossiers.of({**dossiers().tables, "installments_payments": _typed(frame)})
    assert not differing(alone(catalogue(), long.absent).of(long.tables), build(long), catalogue())


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    types = layout("installments_payments")
    filled = frame.with_columns(pl.selectors.float().fill_nan(None))
    return filled.select(pl.col(name).cast(dtype) for name, dtype in types.items())
