"""Which columns go missing together, on tables whose gaps were put there by hand."""

import numpy as np
import polars as pl
import pytest

from aval.data.profile.gaps import missing


def frame(**gaps: set[int]) -> pl.DataFrame:
    """200 rows; each column misses these."""
    return pl.DataFrame({name: [None if row in lost else 1.0 for row in range(200)] for name, lost in gaps.items()})


OUTCOMES = np.array([1 if row < 40 else 0 for row in range(200)], np.int8)
FIRST = set(range(100))


def test_columns_that_miss_the_same_rows_make_a_block() -> None:
    found = missing(
        frame(a=FIRST, b=FIRST - {99}, lone=set(range(60, 160)), full=set(), also=set(range(100, 150))), OUTCOMES, {}
    )
    assert [block.columns for block in found.blocks] == [("a", "b"), ("lone",), ("also",)]
    together = found.blocks[0]
    assert (together.some, together.all, together.share) == (100, 99, 0.5)
    assert together.absent is not None
    assert together.there is not None
    assert (together.absent.bad, together.absent.rows) == (40, 100)
    assert (together.there.bad, together.there.rows) == (0, 100)
    assert [gap.column for gap in found.columns] == ["a", "lone", "b", "also"]


def test_no_chain_of_small_differences_links_columns_that_differ_much() -> None:
    """Each column shares 96 % with the next, but the first and the last only 86 %."""
    steps = {f"c{step}": set(range(step * 2, 100 + step * 2)) for step in range(5)}
    found = missing(frame(**steps), OUTCOMES, {})
    for block in found.blocks:
        lost = [steps[name] for name in block.columns]
        assert all(len(one & other) / len(one | other) >= 0.9 for one in lost for other in lost)
    assert len(found.blocks) > 1


def test_patterns_are_counted_over_blocks() -> None:
    found = missing(frame(a=FIRST, b=FIRST, c=set(range(50, 130))), OUTCOMES, {})
    # 50 to 99 miss both, 0 to 49 only the first block, 100 to 129 only the second, 70 rows miss nothing.
    assert [(pattern.blocks, pattern.rows) for pattern in found.patterns] == [
        ((), 70),
        ((0,), 50),
        ((0, 1), 50),
        ((1,), 30),
    ]
    assert found.patterns_in_all == 4
    assert sum(pattern.share for pattern in found.patterns) == pytest.approx(1.0)
    first = {pattern.blocks: pattern.rate for pattern in found.patterns}[(0,)]
    assert first is not None
    assert (first.bad, first.rows) == (40, 50)


def test_histories_stand_among_the_columns() -> None:
    found = missing(frame(a={1, 2}), OUTCOMES, {("bureau", "AMT_ANNUITY"): (50, 25), ("bureau", "DAYS"): (50, 0)})
    assert [(gap.table, gap.column, gap.share) for gap in found.columns] == [
        ("bureau", "AMT_ANNUITY", 0.5),
        ("application", "a", 0.01),
    ]
    assert found.columns[1].absent is None  # two rows would say who paid
    assert found.columns[1].there is None


def test_nothing_missing() -> None:
    found = missing(frame(a=set()), OUTCOMES, {})
    assert (found.columns, found.blocks) == ((), ())
    assert [pattern.rows for pattern in found.patterns] == [200]
