"""A scorecard's points are its probability: whole, in the right direction, and added up by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from aval.credit.policy import Points
from aval.errors import ArtefactError, PlanError
from aval.model.binning import characteristic, evidence, information
from aval.model.calibration import Platt, sigmoid
from aval.model.candidates import Candidate, Rows, learner
from aval.model.encoding import Encoding
from aval.model.learners.scorecard import check, fit
from aval.model.scorecard import CARD, Scorecard
from aval.model.scorer import load_scorer, save_scorer, settled
from tests.model.rough import rows

BINS = {"max_n_bins": 6, "min_bin_size": 0.05}


def card(seed: int = 0, **settings: float) -> Scorecard:
    made = fit(Candidate("card", "scorecard", {"doubt": 0.2, **settings}), rows(seed)).scorer
    assert isinstance(made, Scorecard)
    return made


@pytest.fixture(scope="module")
def made() -> Scorecard:
    return card()


@pytest.fixture(scope="module")
def asked() -> np.ndarray:
    """Other rows, with gaps and unknown levels."""
    return rows(1).matrix.astype(np.float64)


def test_evidence_by_hand() -> None:
    inside, bad = np.array([100.0, 50.0, 0.0]), np.array([10.0, 15.0, 0.0])
    woe = evidence(inside, bad)
    assert woe.tolist() == pytest.approx([math.log((90 / 125) / (10 / 25)), math.log((35 / 125) / (15 / 25)), 0.0])
    assert information(inside, bad, woe) == pytest.approx((90 / 125 - 0.4) * woe[0] + (35 / 125 - 0.6) * woe[1])
    shrunk = evidence(inside, bad, 50.0)
    assert (np.abs(shrunk) <= np.abs(woe)).all()


def test_points_add_up_by_hand_and_are_the_policys_points(made: Scorecard, asked: np.ndarray) -> None:
    """The card read line by line from its own file: cuts, levels, points, and nothing else."""
    total = made.total(asked)
    for row, points in zip(asked[:200], total, strict=False):
        by_hand = made.start
        for one, worth in zip(made.characteristics, made.points, strict=True):
            value = row[one.place]
            if math.isnan(value):
                by_hand += worth[one.missing]
            elif one.levels:
                by_hand += worth[one.groups[int(value)]]
            else:
                by_hand += worth[sum(value >= cut for cut in one.cuts)]
        assert by_hand == points
    probability = sigmoid(made.margin(asked))
    assert [Points().of(chance) for chance in probability] == total.tolist()


def test_one_row_alone_is_the_row_in_a_batch(made: Scorecard, asked: np.ndarray) -> None:
    alone = np.concatenate([made.margin(row[None, :]) for row in asked])
    assert np.array_equal(alone, made.margin(asked))
    explained = np.concatenate([made.contributions(row[None, :]) for row in asked[:99]])
    assert np.array_equal(explained, made.contributions(asked[:99]))


def test_contributions_add_up_and_are_0_for_the_average_of_training(made: Scorecard, asked: np.ndarray) -> None:
    found = made.contributions(asked)
    assert np.allclose(found.sum(axis=1), made.margin(asked), rtol=0, atol=1e-12)
    training = rows().matrix.astype(np.float64)
    assert np.allclose(made.contributions(training)[:, :-1].mean(axis=0), 0.0, atol=1e-12)


def test_it_comes_back_from_one_readable_file(made: Scorecard, asked: np.ndarray, tmp_path: Path) -> None:
    save_scorer(made, tmp_path)
    again = load_scorer(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [CARD, "scorer.json"]
    assert np.array_equal(again.margin(asked), made.margin(asked))
    assert np.array_equal(again.contributions(asked), made.contributions(asked))
    assert again.parameters == made.parameters


@pytest.mark.parametrize("harm", ["points", "start", "cut"])
def test_a_card_that_was_changed_is_refused(made: Scorecard, tmp_path: Path, harm: str) -> None:
    made.save(tmp_path)
    stored = json.loads((tmp_path / CARD).read_text())
    if harm == "points":
        stored["characteristics"][0]["points"][0] += 1
    elif harm == "start":
        stored["start"] += 1
    else:
        del stored["characteristics"][0]["cuts"]
    (tmp_path / CARD).write_text(json.dumps(stored))
    with pytest.raises(ArtefactError, match=r"its points are not those|not a scorecard"):
        Scorecard.load(tmp_path)


def test_the_same_rows_make_the_same_bytes(made: Scorecard, tmp_path: Path) -> None:
    for name, form in (("one", made), ("two", card())):
        (tmp_path / name).mkdir()
        form.save(tmp_path / name)
    assert (tmp_path / "one" / CARD).read_bytes() == (tmp_path / "two" / CARD).read_bytes()


def test_every_characteristic_points_one_way(made: Scorecard) -> None:
    assert len(made.characteristics) >= 3
    for one, points in zip(made.characteristics, made.points, strict=True):
        assert one.coefficient > 0.0
        assert min(points) == 0
        assert sum(one.rows) == 1500
        last = len(one.cuts) + 1 if one.cuts else max(one.groups) + 1
        rates = [bad / inside for bad, inside in zip(one.bad[:last], one.rows[:last], strict=True)]
        turns = np.sign(np.diff(rates))
        assert (turns == turns[0]).all()
        assert np.array_equal(np.argsort(points), np.argsort(one.woe))


def test_a_cut_lies_where_optbinning_cut_in_as_few_digits_as_do(made: Scorecard) -> None:
    for one in made.characteristics:
        for cut in one.cuts:
            assert cut == float(np.float32(cut))
            assert len(np.format_float_positional(np.float32(cut), trim="-").strip("-0.").replace(".", "")) <= 6


def test_few_characteristics_and_none_too_alike() -> None:
    given = rows()
    twin = np.column_stack([given.matrix, given.matrix[:, 2] + np.float32(1e-3)])
    encoding = Encoding((*given.encoding.features, "twin"), given.encoding.levels, given.encoding.typical)
    both = Rows(np.ascontiguousarray(twin), given.target, encoding)
    found = fit(Candidate("card", "scorecard", {"doubt": 1.0, "characteristics": 3}), both).scorer
    assert isinstance(found, Scorecard)
    chosen = [one.feature for one in found.characteristics]
    assert len(chosen) <= 3
    assert len({"c2", "twin"} & set(chosen)) == 1
    columns = np.array([one.evidence(both.matrix) for one in found.characteristics])
    assert (np.abs(np.corrcoef(columns) - np.eye(len(columns))) <= 0.7).all()


def test_what_is_missing_or_unknown_has_a_rule() -> None:
    given = rows()
    category, number = (characteristic(given, place, BINS) for place in (0, 2))
    assert category is not None
    assert number is not None
    gap = np.full((1, given.matrix.shape[1]), np.nan)
    strange = np.full((1, given.matrix.shape[1]), 77.0)
    assert category.bins(gap).tolist() == category.bins(strange).tolist() == [len(category.rows) - 1]
    assert number.bins(gap).tolist() == [len(number.cuts) + 1]
    # A number that training never missed is read as the typical one, as the encoding reads it.
    known = characteristic(given, 1, BINS)
    assert known is not None
    typical = np.full((1, given.matrix.shape[1]), given.encoding.typical["c1"])
    assert known.bins(gap).tolist() == known.bins(typical).tolist()
    assert len(known.rows) == len(known.cuts) + 1


def test_rare_levels_are_one_level() -> None:
    """A hundred levels that mean nothing would, each by itself, tell much about the rows they were sorted by."""
    given, levels = rows(), tuple(f"l{code:02}" for code in range(100))
    encoding = Encoding(given.encoding.features, {"c0": levels}, given.encoding.typical)
    many = Rows(given.matrix.copy(), given.target, encoding)
    many.matrix[:, 0] = np.random.default_rng(3).integers(0, 100, len(many.target))
    assert characteristic(many, 0, BINS) is None
    many.matrix[:500, 0] = 7.0
    many.target[:500] = np.arange(500) % 2
    one = characteristic(many, 0, BINS)
    assert one is not None
    assert one.groups == tuple(int(code != 7) for code in range(100))
    assert one.bad[0] / one.rows[0] > one.bad[1] / one.rows[1]


def test_few_missing_values_say_little() -> None:
    given = rows()
    column = np.where(np.isnan(given.matrix[:, 2]), 0.0, given.matrix[:, 2])
    column[np.flatnonzero(given.target == 1.0)[:3]] = np.nan
    given.matrix[:, 2] = column
    one = characteristic(given, 2, BINS)
    assert one is not None
    assert (one.rows[-1], one.bad[-1]) == (3, 3)
    assert -0.4 < one.woe[-1] < 0.0


def test_calibration_goes_into_the_points(made: Scorecard, asked: np.ndarray) -> None:
    """What was calibrated is what is printed, to within half a point of each line."""
    line = Platt(0.8, -0.3)
    form, left = settled(made, line)
    assert (left.slope, left.intercept) == (1.0, 0.0)
    assert isinstance(form, Scorecard)
    halves = (made.size + 1) * 0.5 * math.log(2.0) / made.scale.double
    apart = np.abs(form.margin(asked) - line.logit(made.margin(asked)))
    assert apart.max() <= halves * (1.0 + line.slope)
    assert apart.max() > 0.0
    assert [Points().of(chance) for chance in sigmoid(form.margin(asked))] == form.total(asked).tolist()


def test_the_scale_is_what_the_plan_states(asked: np.ndarray) -> None:
    wide = card(base=600, odds=50, double=20)
    assert wide.log_odds(600).item() == pytest.approx(-math.log(50.0))
    assert wide.log_odds(620).item() == pytest.approx(-math.log(100.0))
    assert wide.parameters["double"] == "20"
    narrow = card()
    assert np.corrcoef(wide.margin(asked), narrow.margin(asked))[0, 1] > 0.99


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"characteristic": 20}, "did you mean 'characteristics'"),
        ({"max_bins": 20}, "did you mean 'max_n_bins'"),
        ({"characteristics": 20.5}, "characteristics is no whole number from 1 to 100"),
        ({"correlation": 1.5}, "correlation is no number from 0 to 1"),
        ({"double": "wide"}, "double is no number"),
    ],
)
def test_a_misspelt_setting_is_one_sentence(settings: dict[str, float | str], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        check(Candidate("card", "scorecard", settings), "plan")


def test_it_wants_no_design_and_something_to_say() -> None:
    with pytest.raises(PlanError, match="leave design out"):
        Candidate("card", "scorecard", {}, design={"scale": True}).check("plan")
    with pytest.raises(PlanError, match="no feature has an information value of 5"):
        fit(Candidate("card", "scorecard", {"information_value": 5.0}), rows())
    assert learner(Candidate("card", "scorecard", {}), "plan").most(Candidate("card", "scorecard", {})) == 100
