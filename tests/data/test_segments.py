"""Segments: bands that cut where they say, and rates a plain count gives."""

from collections import Counter

import numpy as np
import polars as pl

from aval.data.profile.facts import Segment
from aval.data.profile.oddities import anomalies, count
from aval.data.profile.segments import PROTECTED, segments
from aval.features.feature import PROTECTED as DECLARED

ROWS = 2_000


def made() -> dict[str, Segment]:
    draw = np.random.default_rng(0)
    years = np.array([24.99, 25.01, 34.99, 70.0])[np.arange(ROWS) % 4]
    known = pl.DataFrame(
        {
            "DAYS_BIRTH": (-years * 365.25).round().astype(np.int32),
            "DAYS_EMPLOYED": pl.Series([None if row % 2 else -800 for row in range(ROWS)], dtype=pl.Int32),
            "AMT_INCOME_TOTAL": np.arange(ROWS, dtype=float),
            "AMT_CREDIT": draw.random(ROWS),
            "AMT_ANNUITY": np.full(ROWS, 10.0),
        }
    )
    outcomes = (np.arange(ROWS) % 8 == 0).astype(np.int8)
    return {segment.name: segment for segment in segments(known, (), outcomes)}


def test_ages_fall_into_their_bands() -> None:
    age = made()["Age"]
    assert age.protected
    assert [(part.label, part.rows) for part in age.bins] == [
        ("under 25 years", 500),
        ("25 to 34", 1_000),
        ("65 and more", 500),
    ]
    young = age.bins[0].rate
    assert young is not None
    assert (young.bad, young.rows) == (250, 500)


def test_who_has_no_employer_is_a_group_and_fifths_are_fifths() -> None:
    found = made()
    assert [(part.label, part.rows) for part in found["Years with the employer"].bins] == [
        ("1 to 2", 1_000),
        ("none", 1_000),
    ]
    assert not found["Years with the employer"].protected
    fifths = [part.rows for part in found["Yearly income"].bins]
    assert len(fifths) == 5
    assert max(fifths) - min(fifths) <= 2
    # An income of zero has no ratio.
    assert sum(part.rows for part in found["Instalment for 100 of declared income"].bins) == ROWS - 1


def test_what_is_watched_is_what_features_protect() -> None:
    assert {f"application.{name}" for name in PROTECTED} == {
        name for name in DECLARED if name.startswith("application.")
    }


def test_a_stand_in_that_no_contract_knows_is_noticed() -> None:
    """A planted 999 999 999, and a single huge value that is an outlier and no sign."""
    from tests.data.hand import tables

    rows = 1_200
    base = tables()["application"].head(1).drop("TARGET")
    frame = pl.concat([base] * rows).with_columns(
        pl.Series("AMT_CREDIT", [999_999_999.0] * 25 + [float(100_000 + row) for row in range(rows - 25)]),
        pl.Series("AMT_INCOME_TOTAL", [9e8] + [float(50_000 + row) for row in range(rows - 1)]),
        pl.Series("CNT_CHILDREN", [row % 3 for row in range(rows)]),
        pl.Series("CNT_FAM_MEMBERS", [1.0] * rows),
        pl.Series("DAYS_EMPLOYED", [365243] * 400 + [-1000] * 800),
    )
    numbers = {
        name: pl.col(name).cast(pl.Float64) for name in frame.columns if name.startswith(("DAYS", "AMT", "CNT", "OWN"))
    }
    outcomes = np.zeros(rows, np.int8)
    found = anomalies(frame.with_columns(**numbers), outcomes, Counter(), Counter())
    said = {(odd.column, odd.what): odd.rows for odd in found}
    (planted,) = [what for column, what in said if column == "AMT_CREDIT" and "unknown stand-in" in what]
    assert said["AMT_CREDIT", planted] == 25
    assert not [what for column, what in said if column == "AMT_INCOME_TOTAL" and "unknown stand-in" in what]
    (beyond,) = [rows for (column, what), rows in said.items() if column == "AMT_INCOME_TOTAL" and "10 times" in what]
    assert beyond == 1
    assert said["DAYS_EMPLOYED", "365243 stands for none"] == 400
    assert said["CNT_FAM_MEMBERS", "no more members than children"] == 800


def test_odd_rows_of_a_history_are_counted() -> None:
    frame = pl.DataFrame({"DAYS_CREDIT_UPDATE": [3, -1, 0], "AMT_CREDIT_SUM_DEBT": [-5.0, None, 2.0]})
    whole = pl.DataFrame(
        {
            "DAYS_CREDIT_ENDDATE": [-42_000.0, 10.0, None],
            "DAYS_ENDDATE_FACT": [None, None, -1.0],
            "AMT_CREDIT_SUM_LIMIT": [0.0, 0.0, 0.0],
            "CREDIT_TYPE": ["Car loan"] * 3,
        }
    )
    assert dict(count("bureau", frame.hstack(whole))) == {
        ("bureau", "DAYS_CREDIT_UPDATE", "after the application"): 1,
        ("bureau", "AMT_CREDIT_SUM_DEBT", "negative"): 1,
        ("bureau", "DAYS_CREDIT_ENDDATE", "over 50 years before the application"): 1,
    }
