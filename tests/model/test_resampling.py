"""Rows are drawn anew inside the folds alone; what the plan misspells is one sentence."""

import numpy as np
import pytest

from aval.errors import PlanError
from aval.model.design import Design, Layout
from aval.model.resampling import check, resample
from aval.model.validation import Fitter
from tests.model.rough import fitter, logistic, rows


@pytest.mark.parametrize(("way", "grows"), [("smote", True), ("over", True), ("under", False)])
def test_the_wanted_share_of_defaulters(way: str, grows: bool) -> None:
    given = rows()
    dense = Design.fit(Layout(), given).rows(given)
    drawn = resample({"method": way, "sampling_strategy": 0.5}, dense, 0, "plan", "one")
    bad = int(drawn.target.sum())
    assert bad / (len(drawn.target) - bad) == pytest.approx(0.5, abs=0.01)
    assert (len(drawn.target) > len(given.target)) == grows
    assert drawn.matrix.dtype == np.float32


def test_rows_left_out_are_never_resampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row that SMOTE sees is one of the fold's own training rows."""
    import aval.model.resampling as module

    seen: list[int] = []

    def spy(stated, dense, *rest):  # type: ignore[no-untyped-def]
        seen.append(len(dense.target))
        return resample(stated, dense, *rest)

    monkeypatch.setattr(module, "resample", spy)
    subject: Fitter = fitter(logistic(resampling={"method": "smote"}), count=900)
    held = [np.arange(0, 300), np.arange(300, 600), np.arange(600, 900)]
    found = subject.validate(held)
    assert seen == [600, 600, 600]
    assert len(found.margin) == 900


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"method": "smot"}, "use smote"),
        ({}, "use smote"),
        ({"method": "smote", "sampling_strategy ": 0.5}, "did you mean 'sampling_strategy'"),
        ({"method": "under", "k_neighbors": 5}, "under has no setting 'k_neighbors'"),
        ({"method": "smote", "sampling_strategy": 2.0}, "defaulters per payer"),
    ],
)
def test_a_misspelt_resampling_is_one_sentence(stated: dict[str, float | str], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        check(stated, "plan", "one")


def test_a_share_that_is_there_already_is_refused() -> None:
    given = rows()
    dense = Design.fit(Layout(), given).rows(given)
    with pytest.raises(PlanError, match="imbalanced-learn refuses it"):
        resample({"method": "smote", "sampling_strategy": 0.01}, dense, 0, "plan", "one")
