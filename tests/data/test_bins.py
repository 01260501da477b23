"""Bins, information values and correlations, against figures worked out by hand."""

import math

import numpy as np
import polars as pl
import pytest

from aval.data.profile.bins import Labels, chance, distribution, information
from aval.data.profile.facts import Distribution
from aval.data.tables import columns


def labels(paid: int, defaulted: int, unknown: int = 0) -> list[int]:
    return [0] * paid + [1] * defaulted + [-1] * unknown


def drawn(name: str, cells: list[tuple[float | str | None, list[int]]]) -> Distribution:
    """A column of the application from (value, the labels of its rows)."""
    column = columns("application")[name]
    values = pl.Series([value for value, outcomes in cells for _ in outcomes], dtype=column.dtype, strict=False)
    outcomes: Labels = np.array([outcome for _, rows in cells for outcome in rows], np.int8)
    return distribution("application", column, values, outcomes)


def test_the_information_value_of_a_table_worked_out_by_hand() -> None:
    # Of 100 payers 60 rent and 40 own; of 50 defaulters 40 rent and 10 own.
    found = drawn("NAME_HOUSING_TYPE", [("Rented apartment", labels(60, 40)), ("House / apartment", labels(40, 10))])
    assert found.iv == pytest.approx((0.6 - 0.8) * math.log(0.6 / 0.8) + (0.4 - 0.2) * math.log(0.4 / 0.2))
    assert [(part.label, part.rows) for part in found.bins] == [("Rented apartment", 100), ("House / apartment", 50)]
    assert found.bins[0].rate is not None
    assert (found.bins[0].rate.bad, found.bins[0].rate.rows) == (40, 100)
    assert found.pearson is None


def test_gaps_and_stand_ins_are_bins_of_their_own_and_no_numbers() -> None:
    cells = [(-100.0, labels(30, 10)), (-200.0, labels(40, 5, 7)), (365243.0, labels(30, 5))]
    found = drawn("DAYS_EMPLOYED", cells)
    assert [(part.label, part.kind, part.rows) for part in found.bins] == [
        ("-200", "value", 52),
        ("-100", "value", 40),
        ("365243", "stand-in", 35),
    ]
    assert found.known == 85  # neither the stand-ins nor the seven without outcome
    assert found.quartiles == (-200.0, -200.0, -100.0)
    gone = drawn("EXT_SOURCE_3", [(0.5, labels(30, 10)), (None, labels(30, 30))])
    assert [(part.label, part.kind) for part in gone.bins] == [("0.500", "value"), ("missing", "missing")]
    assert gone.missing == 60
    assert gone.iv is not None
    assert gone.iv > 0.1  # missing tells, though the only value does not vary
    assert gone.pearson is None


def test_an_empty_side_counts_half() -> None:
    counts = np.array([[0, 50, 0], [0, 50, 20]])
    expected = (0.5 - 0.5 / 20) * math.log(0.5 / (0.5 / 20)) + (0.5 - 1.0) * math.log(0.5)
    assert information(counts) == pytest.approx(expected)


@pytest.mark.parametrize("counts", [np.zeros((0, 3), int), np.array([[9, 5, 0]]), np.array([[9, 0, 5], [1, 0, 2]])])
def test_one_kind_of_outcome_tells_nothing(counts: np.ndarray) -> None:
    assert information(counts) is None
    assert chance(counts) is None


def test_noise_stays_below_what_chance_allows() -> None:
    """1,000 columns without any link to default: about one exceeds its limit, and links far above noise do."""
    draw = np.random.default_rng(0)
    outcomes = (draw.random(4_000) < 0.1).astype(np.int64)
    above = 0
    for _ in range(1_000):
        codes = draw.integers(0, 10, 4_000)
        counts = np.bincount(codes * 3 + outcomes + 1, minlength=30).reshape(10, 3)
        above += (information(counts) or 0) > (chance(counts) or 0)
    assert above <= 6


def test_a_bend_is_seen_by_the_information_value_and_not_by_the_correlation() -> None:
    cells = [(float(value), labels(80, 20) if value in (0, 10) else labels(98, 2)) for value in range(11)]
    found = drawn("CNT_CHILDREN", cells)
    assert found.pearson == pytest.approx(0.0, abs=1e-12)
    assert found.iv is not None
    assert found.iv > 1.0


def test_tenths_hold_a_tenth_each_and_name_what_they_hold() -> None:
    cells = [(float(value), [value % 5 == 0, 0]) for value in range(1, 1_001)]
    found = drawn("AMT_CREDIT", [(value, [int(one) for one in rows]) for value, rows in cells])
    assert [part.rows for part in found.bins] == [200] * 10
    assert found.bins[0].label == "up to 100"
    assert found.bins[1].label == "101 to 200"
    assert found.bins[-1].label == "above 900"
    assert found.histogram is not None
    assert sum(found.histogram.paid) + sum(found.histogram.defaulted) == 2_000
    assert sum(found.histogram.defaulted) == 200


def test_pearson_is_the_textbook_s() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.random(500), draw.integers(0, 2, 500)
    column = columns("application")["EXT_SOURCE_1"]
    found = distribution("application", column, pl.Series(x), y.astype(np.int8))
    assert found.pearson == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_few_rows_have_no_rate() -> None:
    found = drawn("CODE_GENDER", [("F", labels(29, 1)), ("M", labels(28, 1, 100))])
    kept, hidden = {part.label: part for part in found.bins}["F"], {part.label: part for part in found.bins}["M"]
    assert kept.rate is not None
    assert hidden.rate is None
    assert hidden.rows == 129
