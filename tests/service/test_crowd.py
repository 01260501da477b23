"""One applicant beside all and beside similar ones: what is drawn, against counting, and never fewer than ten."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aval.errors import FeatureError
from aval.model.evaluation import Histogram
from aval.model.influence import OTHERS
from aval.model.model import Model
from aval.model.registry import Registry
from aval.service.crowd import ALIKE, FEWEST, Crowd, scores, spread

AMOUNT, SCORE, CATEGORY = "application_income_amount", "external_score_mean", "application_occupation_category"


@pytest.fixture(scope="module")
def model(home: Path) -> Model:
    return Registry("", home).champion()[0]


@pytest.fixture(scope="module")
def crowd(model: Model) -> Crowd:
    return Crowd(model)


def test_all_features_are_spread_over_the_whole_and_never_finely(crowd: Crowd, model: Model) -> None:
    reference = model.reference()
    for one in crowd.distributions(model.features):
        column = reference[one.name]
        known = len(column) - column.null_count()
        assert one.applicants == len(column)
        assert one.missing == column.null_count() / len(column)
        shares = [part.share for part in (*one.bars, *one.levels)]
        if known < FEWEST:
            assert shares == []
            continue
        assert sum(shares) == pytest.approx(1.0)
        assert min(shares) * known >= FEWEST - 1e-6, one.name
        for bar, after in zip(one.bars, one.bars[1:], strict=False):
            assert bar.high == after.low
        assert sum(bar.density * (bar.high - bar.low) for bar in one.bars) == pytest.approx(float(bool(one.bars)))


def test_a_numbers_bars_and_quantiles_as_counted(crowd: Crowd, model: Model) -> None:
    (one,) = crowd.distributions([SCORE])
    values = model.reference([SCORE])[SCORE].drop_nulls().to_numpy().astype(float)
    assert one.quantiles is not None
    assert one.quantiles.p50 == pytest.approx(np.median(values))
    for bar in one.bars[1:-1]:
        assert bar.share == pytest.approx(np.mean((values >= bar.low) & (values < bar.high)), abs=2 / len(values))
    assert one.bars[0].share == pytest.approx(np.mean(values < one.bars[0].high), abs=2 / len(values))


def test_flags_and_counts_have_a_bar_for_each_whole_number() -> None:
    found = spread(pl.Series("x", [0.0] * 30 + [1.0] * 20 + [2.0] * 4 + [None]))
    assert [(bar.low, bar.high, bar.share) for bar in found.bars] == [
        (-0.5, 0.5, 30 / 54),
        (0.5, 2.5, 24 / 54),
    ]
    constant = spread(pl.Series("x", [0.25] * 12))
    assert [bar.share for bar in constant.bars] == [1.0]
    assert constant.bars[0].low < 0.25 < constant.bars[0].high


def test_rare_levels_are_taken_together_and_cannot_be_worked_out() -> None:
    def levels(**counts: int) -> dict[str, float]:
        words = [word for word, rows in counts.items() for _ in range(rows)]
        return {one.level: round(one.share * len(words)) for one in spread(pl.Series("x", words)).levels}

    assert levels(a=50, b=30, c=9, d=8) == {"a": 50, "b": 30, OTHERS: 17}
    assert levels(a=50, b=30, c=2) == {"a": 50, OTHERS: 32}
    assert levels(a=50, b=30) == {"a": 50, "b": 30}
    assert levels(a=5, b=4) == {}
    assert levels(a=6, b=5) == {OTHERS: 11}


def test_similar_ones_share_the_kinds_and_are_the_nearest_by_risk(crowd: Crowd, model: Model) -> None:
    reference = model.reference()
    odds = model.calibration.logit(model.margin(model.matrix(reference)))
    assert np.array_equal(crowd.log_odds, odds)
    place = int(np.argsort(odds)[len(odds) // 3])
    row, k = reference[place], 60
    found = crowd.similar(row, [AMOUNT, CATEGORY], k)
    alike = np.ones(len(odds), dtype=bool)
    assert found.alike
    for name in found.alike:
        alike &= (reference[name] == row[name][0]).fill_null(value=False).to_numpy()
    gaps = sorted((abs(odds[other] - odds[place]), other) for other in np.flatnonzero(alike))[:k]
    near = [other for _, other in gaps]
    chances = model.probability(model.matrix(reference[near]))
    assert found.applicants == k
    assert (found.lowest, found.highest) == pytest.approx((chances.min(), chances.max()))
    amount, category = found.features
    assert amount.value == row[AMOUNT][0]
    assert amount.similar.applicants == k
    assert amount.rank is not None
    values = reference[AMOUNT].drop_nulls().to_numpy()
    mine = np.float32(row[AMOUNT][0])
    assert amount.rank == pytest.approx(np.mean(values < mine) + np.mean(values == mine) / 2)
    assert category.rank is None
    assert category.value == row[CATEGORY][0]
    edges = {bar.low for bar in amount.everyone.bars}
    assert {bar.low for bar in amount.similar.bars} <= edges
    assert all(bar.share * k >= FEWEST - 1e-6 for bar in amount.similar.bars)


def test_rare_kinds_are_let_go_before_the_risk_is(crowd: Crowd, model: Model) -> None:
    reference = model.reference()
    both = crowd.similar(reference[0], [AMOUNT], 20)
    assert set(both.alike) <= set(ALIKE)
    many = crowd.similar(reference[0], [AMOUNT], reference.height)
    assert many.alike == ()
    assert many.applicants == reference.height
    strange = reference[0].with_columns(pl.lit("Astronaut").alias("application_income_type_category"))
    assert crowd.similar(strange, [AMOUNT], 20).alike == ("application_contract_type_category",)


def test_an_unknown_value_has_no_rank(crowd: Crowd, model: Model) -> None:
    row = model.reference()[3].with_columns(pl.lit(None, dtype=pl.Float32).alias(AMOUNT))
    (one,) = crowd.similar(row, [AMOUNT]).features
    assert (one.value, one.rank, one.rank_similar) == (None, None, None)


def test_what_the_model_does_not_use_is_refused(crowd: Crowd, model: Model) -> None:
    with pytest.raises(FeatureError, match="does not use no_such_share"):
        crowd.distributions([AMOUNT, "no_such_share"])
    with pytest.raises(FeatureError, match="2 rows"):
        crowd.similar(model.reference()[:2], [AMOUNT])


def test_scores_by_outcome_are_shares_of_each(crowd: Crowd) -> None:
    found = crowd.scores()
    assert sum(bar.payers * (bar.high - bar.low) for bar in found) == pytest.approx(1.0)
    assert sum(bar.defaulters * (bar.high - bar.low) for bar in found) == pytest.approx(1.0)
    assert found[0].low == 0.0
    assert found[-1].high == 1.0
    few = scores(Histogram((8, 1, 20, 1), (0, 1, 3, 2)))
    assert [(bar.low, bar.high) for bar in few] == [(0.0, 0.5), (0.5, 1.0)]
