"""Group figures counted by hand and by brute force; bands of age; what is too small to compare."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.errors import PlanError
from aval.model.fairness import Disparity, Fairness, age_band, fairness
from aval.model.interval import wilson

seeds = st.integers(0, 2**32 - 1)


def draw(seed: int, rows: int = 400) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    p = rng.beta(1.0, 8.0, rows)
    groups = {
        "sex": rng.choice(["F", "M"], rows, p=[0.65, 0.35]),
        "family status": rng.choice(["Married", "Single", "Widow"], rows, p=[0.7, 0.27, 0.03]),
    }
    return (rng.random(rows) < p).astype(int), p, groups


@given(seeds)
def test_groups_are_counted_right(seed: int) -> None:
    target, p, groups = draw(seed)
    found = fairness(target, p, groups, 0.1)
    assert [attribute.name for attribute in found.attributes] == ["sex", "family status"]
    for attribute in found.attributes:
        assert sum(group.rows for group in attribute.groups) == len(target)
        for group in attribute.groups:
            mine = groups[attribute.name] == group.name
            bad, refused = target[mine] == 1, p[mine] >= 0.1
            assert group.default_rate == wilson(int(bad.sum()), int(mine.sum()))
            assert group.approval_rate == wilson(int((~refused).sum()), int(mine.sum()))
            assert group.false_positive_rate == wilson(int((refused & ~bad).sum()), int((~bad).sum()))
            assert group.false_negative_rate == wilson(int((~refused & bad).sum()), int(bad.sum()))
            assert group.mean_probability == pytest.approx(p[mine].mean())
            assert group.too_small == (mine.sum() < 30)
            assert group.calibration_ratio is not None
            assert group.calibration_ratio.value == pytest.approx(bad.sum() / p[mine].sum())


def test_disparities_by_hand() -> None:
    # 40 women, 30 approved; 40 men, 20 approved; 5 others, none approved but too few to count.
    p = np.concatenate([np.repeat([0.05, 0.2], [30, 10]), np.repeat([0.05, 0.2], [20, 20]), np.repeat(0.2, 5)])
    sex = np.repeat(["F", "M", "X"], [40, 40, 5])
    found = fairness(np.zeros(85, int), p, {"sex": sex}, 0.1).attributes[0]
    approvals = found.disparities[0]
    assert (approvals.measure, approvals.lowest, approvals.highest) == ("approval_rate", "M", "F")
    assert approvals.difference == pytest.approx(0.25)
    assert approvals.ratio == pytest.approx(2.0 / 3.0)
    assert found.four_fifths is False
    assert [group.too_small for group in found.groups] == [False, False, True]
    # Nobody defaulted: false negatives are not known, and not compared.
    assert all(group.false_negative_rate is None for group in found.groups)
    assert "false_negative_rate" not in {disparity.measure for disparity in found.disparities}
    alike = fairness(np.zeros(80, int), np.tile([0.05, 0.2], 40), {"sex": np.repeat(["F", "M"], 40)}, 0.1)
    assert alike.attributes[0].four_fifths is True


def test_exactly_four_fifths_holds() -> None:
    p = np.concatenate([np.repeat([0.05, 0.2], [100, 0]), np.repeat([0.05, 0.2], [80, 20])])
    found = fairness(np.zeros(200, int), p, {"sex": np.repeat(["F", "M"], 100)}, 0.1)
    assert found.attributes[0].four_fifths is True


def test_error_rates_need_enough_payers_and_defaulters() -> None:
    target, p, groups = draw(0, 200)
    measures = {d.measure for d in fairness(target, p, groups, 0.1).attributes[0].disparities}
    assert int(target.sum()) < 60
    assert measures == {"approval_rate", "false_positive_rate", "calibration_ratio"}


def test_one_group_and_nobody_approved() -> None:
    one = fairness([0, 1] * 30, [0.5] * 60, {"sex": ["F"] * 60}, 0.1).attributes[0]
    assert one.disparities == ()
    assert one.four_fifths is None
    none = fairness([0, 1] * 40, [0.5] * 80, {"sex": ["F"] * 40 + ["M"] * 40}, 0.1).attributes[0]
    assert none.disparities[0] == Disparity("approval_rate", "F", "F", 0.0, None)
    assert none.four_fifths is True


def test_missing_groups_are_unknown_and_not_compared() -> None:
    groups = {"family status": np.array(["Married"] * 40 + [None] * 40 + [np.nan] * 2, dtype=object)}
    found = fairness([0, 1] * 41, [0.05] * 82, groups, 0.1).attributes[0]
    assert [(group.name, group.rows) for group in found.groups] == [("Married", 40), ("unknown", 42)]
    assert found.disparities == ()


def test_unlike_lengths_are_named() -> None:
    with pytest.raises(PlanError, match="sex has another number"):
        fairness([0, 1], [0.1, 0.2], {"sex": ["F"]}, 0.1)


def test_age_bands() -> None:
    years = np.array([17.9, 18.1, 24.9, 25.1, 34.9, 35.1, 44.9, 45.1, 54.9, 55.1, 64.9, 65.1, 90.0])
    assert age_band(-365.25 * years).tolist() == [
        "under 18", "18-24", "18-24", "25-34", "25-34", "35-44", "35-44",
        "45-54", "45-54", "55-64", "55-64", "65+", "65+",
    ]  # fmt: skip
    assert age_band([np.nan, -12_000.0]).tolist() == ["unknown", "25-34"]
    assert age_band(np.array([-9000, -20000], dtype=np.int32)).tolist() == ["18-24", "45-54"]


@given(seeds)
def test_json_keeps_every_bit(seed: int) -> None:
    found = fairness(*draw(seed), cutoff=0.1)
    assert Fairness.from_json(found.to_json()) == found
    assert all(value >= 0.0 for value in found.metrics().values())
    assert "fairness_sex_approval_rate_ratio" in found.metrics()


@given(seeds)
def test_row_order_does_not_matter_to_counts(seed: int) -> None:
    target, p, groups = draw(seed)
    order = np.random.default_rng(seed).permutation(len(p))
    one = fairness(target, p, groups, 0.1)
    two = fairness(target[order], p[order], {name: values[order] for name, values in groups.items()}, 0.1)
    for first, second in zip(one.attributes, two.attributes, strict=True):
        assert [g.approval_rate for g in first.groups] == [g.approval_rate for g in second.groups]
        assert [g.false_positive_rate for g in first.groups] == [g.false_positive_rate for g in second.groups]
