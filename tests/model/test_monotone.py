"""Where a direction is declared, no tree goes against it; where none is, none is imposed."""

from collections import Counter

import numpy as np
import pytest

from aval.errors import PlanError
from aval.features.build import catalogue
from aval.model.candidates import Candidate, Rows, Setting, learner
from aval.model.encoding import Encoding
from aval.model.monotone import _COMPILED, DIRECTIONS, direction, directions, page
from aval.settings import ROOT

NAMES = (
    *("application_contract_type_category", "external_source2_score", "bureau_overdue_days_max"),
    *("instalments_late_share_365d", "application_income_amount", "card_use_ratio_mean"),
)
PARAMETERS: dict[str, dict[str, Setting]] = {
    "lightgbm": {"num_iterations": 60, "num_leaves": 15, "min_data_in_leaf": 5, "feature_fraction": 0.7},
    "xgboost": {"num_boost_round": 60, "max_depth": 4, "colsample_bynode": 0.7},
}


def noise(seed: int, count: int = 1500) -> Rows:
    """Rows on which nothing matters, so that free trees would go either way; a fifth is missing."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, len(NAMES))).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    matrix[:, 0] = rng.integers(0, 3, count)
    encoding = Encoding(NAMES, {NAMES[0]: ("a", "b", "c")}, {})
    return Rows(matrix, (rng.random(count) < 0.2).astype(np.float64), encoding)


def steps(name: str, *, monotone: bool) -> np.ndarray:
    """How far each margin moves, (columns, rows), when that column alone is raised, gaps left as they are."""
    given = Candidate("held", name, {**PARAMETERS[name], "monotone": monotone})
    form = learner(given, "small")
    form.check(given, "small")
    scorer = form.fit(given, noise(1), threads=1, plan="small").scorer
    matrix = noise(2).matrix.astype(np.float64)
    before, found = scorer.margin(matrix), []
    raise_by = np.random.default_rng(3).exponential(size=len(matrix))
    for column in range(1, len(NAMES)):
        raised = matrix.copy()
        raised[:, column] += raise_by
        found.append(scorer.margin(raised) - before)
    return np.array(found)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_constrained_feature_never_moves_the_margin_the_wrong_way(name: str) -> None:
    free, held = steps(name, monotone=False), steps(name, monotone=True)
    signs = directions(noise(1).encoding)
    assert signs == (0, -1, 1, 1, 0, 1)
    for column, sign in enumerate(signs[1:]):
        wrong = (held[column] * sign < 0.0).sum()
        assert wrong == 0, NAMES[column + 1]
        assert (free[column] > 0.0).any(), "free trees go either way, or this test could not fail"
        assert (free[column] < 0.0).any(), "free trees go either way, or this test could not fail"
    assert (held[3] > 0.0).any(), "a feature without a direction stays free"
    assert (held[3] < 0.0).any(), "a feature without a direction stays free"


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_what_was_imposed_is_read_back_and_a_plan_without_directions_is_told(name: str) -> None:
    given = Candidate("held", name, {**PARAMETERS[name], "monotone": True})
    form = learner(given, "small")
    used = form.fit(given, noise(1, 300), size=2, threads=1).scorer.parameters
    assert used["monotone_constraints"].strip("()") == "0,-1,1,1,0,1"
    rows = noise(1, 300)
    nameless = Rows(rows.matrix, rows.target, Encoding(tuple("abcdef"), {}, {}))
    with pytest.raises(PlanError, match="monotone is asked for, and none of its columns has a direction"):
        form.fit(given, nameless, size=2, threads=1)


def test_every_direction_holds_a_feature_and_no_feature_has_two() -> None:
    names = catalogue().names
    fits = Counter(name for name in names for pattern, _ in _COMPILED if pattern.fullmatch(name))
    assert set(fits.values()) == {1}
    for pattern, one in _COMPILED:
        assert any(pattern.fullmatch(name) for name in names), one.pattern
        assert one.en
        assert one.fr
    assert {one.sign for one in DIRECTIONS} == {-1, 1}


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("external_score_mean", -1),
        ("instalments_late_days_max_365d", 1),
        ("bureau_debt_total_ratio", 1),
        ("previous_refused_share", 1),
        ("balance_late_age_months_min", -1),
        # More than one thing could be meant by these.
        ("external_score_sum", None),
        ("external_score_std", None),
        ("external_unknown_count", None),
        ("instalments_late_days_slope", None),
        ("instalments_late_days_std", None),
        ("instalments_late_gap_days_mean_365d", None),
        ("instalments_late_ratio_mean_30d_60d", None),
        ("pos_late_ratio_12m", None),
        ("balance_late1_share", None),
        ("bureau_credit_count_active", None),
        ("application_age_days", None),
    ],
)
def test_only_what_nobody_argues_about_has_a_direction(name: str, sign: int | None) -> None:
    found = direction(name)
    assert (None if found is None else found.sign) == sign


def test_no_protected_feature_and_no_category_has_a_direction() -> None:
    assert not [f.name for f in catalogue() if direction(f.name) and (f.protected or f.kind == "category")]


def test_the_page_is_what_the_table_says() -> None:
    assert (ROOT / "docs" / "monotone.md").read_text(encoding="utf-8") == page(catalogue().names)
