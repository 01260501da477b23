"""Reasons: what sets an applicant apart from approved ones, at most four, never protected, never meaningless."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.credit.decision import Verdict
from aval.credit.reason import REASONS, Theme
from aval.model.calibration import log_odds
from aval.model.explanation import AT_MOST, BASE, NEGLIGIBLE, reasons, themes
from aval.model.model import Model
from tests.model.small import frame, model


def contrasted() -> Model:
    made = model()
    rows = made.matrix(frame(500, 3))
    approved = made.contributions(rows)[made.probability(rows) < 0.3, :-1]
    return replace(made, contrast=approved.mean(axis=0))


MADE = contrasted()
FRAME = frame(300, 4)
ROWS = MADE.matrix(FRAME)
APART = MADE.contributions(ROWS)[:, :-1] - MADE.contrast
verdicts = st.lists(st.sampled_from(Verdict), min_size=1, max_size=40)


def weight(row: int, code: str) -> float:
    """A reason's weight, worked out the long way."""
    return sum(float(APART[row, k]) for k, used in enumerate(MADE.used) if used.reason == code and not used.protected)


@given(verdicts=verdicts)
def test_reasons_are_the_weightiest_on_the_verdicts_side(verdicts: list[Verdict]) -> None:
    for row, (verdict, given_reasons) in enumerate(
        zip(verdicts, reasons(MADE, ROWS[: len(verdicts)], verdicts), strict=True)
    ):
        sign = -1.0 if verdict is Verdict.APPROVE else 1.0
        expected = sorted(
            (-sign * weight(row, code), code) for code in REASONS if sign * weight(row, code) >= NEGLIGIBLE
        )[:AT_MOST]
        assert [reason.code for reason in given_reasons] == [code for _, code in expected]
        assert [sign * reason.weight for reason in given_reasons] == pytest.approx([-turned for turned, _ in expected])


def test_protected_and_unspoken_features_are_never_given() -> None:
    silent = {used.name for used in MADE.used if used.protected or used.reason is None}
    assert silent
    loud = replace(MADE, used=tuple(replace(used, protected=("sex",)) for used in MADE.used))
    assert reasons(loud, ROWS, [Verdict.DECLINE] * len(ROWS)) == [()] * len(ROWS)


def test_equal_weights_are_ordered_by_code() -> None:
    codes = sorted({used.reason for used in MADE.used if used.reason})[:3]
    flat = replace(MADE, contrast=np.where([used.reason in codes for used in MADE.used], -50.0, 50.0))
    # 50 apart, what the trees add is small, but it still decides first; without it the codes do.
    silent = replace(flat, scorer=_Silent(len(MADE.features)))
    singles = [code for code in codes if sum(used.reason == code for used in MADE.used) == 1]
    found = reasons(silent, ROWS[:1], [Verdict.DECLINE])[0]
    assert [reason.code for reason in found if reason.code in singles] == singles


class _Silent:
    """Trees that say the same of everyone."""

    def __init__(self, features: int) -> None:
        self._features = features

    def contributions(self, matrix: np.ndarray, threads: int = 1) -> np.ndarray:
        return np.zeros((len(matrix), self._features + 1))


def test_a_frame_and_its_matrix_give_the_same_reasons() -> None:
    declined = [Verdict.DECLINE] * len(ROWS)
    assert reasons(MADE, FRAME, declined) == reasons(MADE, ROWS, declined)
    assert reasons(MADE, ROWS[:0], []) == []


def test_reasons_do_not_depend_on_who_else_is_asked_about() -> None:
    together = reasons(MADE, ROWS[:50], [Verdict.DECLINE] * 50)
    alone = [reasons(MADE, ROWS[k : k + 1], [Verdict.DECLINE])[0] for k in range(50)]
    assert alone == together


@given(first=st.integers(0, 250), count=st.integers(1, 40))
def test_themes_and_the_base_add_up_to_the_log_odds(first: int, count: int) -> None:
    rows = ROWS[first : first + count]
    found = themes(MADE, rows)
    assert set(found[0]) - {BASE} <= {theme.value for theme in Theme}
    assert [sum(row.values()) for row in found] == pytest.approx(log_odds(MADE.probability(rows)).tolist(), abs=1e-9)
