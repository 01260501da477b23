"""Correlations with gaps, and groups around their leaders."""

import numpy as np
import polars as pl
import pytest

from aval.data.profile.links import correlations, links


def frame() -> pl.DataFrame:
    draw = np.random.default_rng(3)
    a, noise = draw.normal(size=1_000), draw.normal(size=1_000)
    made = pl.DataFrame(
        {"a": a, "near": a + 0.5 * noise, "against": -a + 0.6 * draw.normal(size=1_000), "far": draw.normal(size=1_000)}
    )
    big = pl.DataFrame({"amount": 1e6 + 1e-3 * a, "flat": np.full(1_000, 0.1), "few": a})
    made = made.hstack(big).with_row_index()
    return made.with_columns(
        pl.when(pl.col("index") % 3 != 0).then("near").alias("near"),
        pl.when(pl.col("index") < 20).then("few").alias("few"),
    ).drop("index")


def test_each_pair_is_correlated_over_the_rows_that_have_both() -> None:
    made = frame()
    names = made.columns
    found = correlations(made, names)
    for one, first in enumerate(names[:5]):
        for two, second in enumerate(names[:5]):
            both = made.select(first, pl.col(second).alias("other")).drop_nulls()
            expected = np.corrcoef(both[first].to_numpy(), both["other"].to_numpy())[0, 1]
            assert found[one, two] == pytest.approx(expected, abs=1e-6), (first, second)
    assert np.isnan(found[names.index("flat")]).all()  # does not vary
    assert np.isnan(found[names.index("few")]).all()  # 20 rows


def test_groups_stand_around_the_first_column_in_order() -> None:
    made = frame().drop("amount", "flat", "few")
    found = links(made, ["near", "far", "a", "against"])
    (group,) = found.groups
    assert group.leader == "near"
    assert [twin.column for twin in group.twins] == ["a", "against"]
    assert group.twins[0].correlation > 0.7
    assert group.twins[1].correlation < -0.7
    assert found.columns == ("near", "a", "against")
    assert np.array(found.matrix, dtype=float) == pytest.approx(np.array(found.matrix, dtype=float).T)
    assert links(made, ["near", "far"]).groups == ()
