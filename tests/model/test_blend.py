"""A blend is worth at least its best member, adds up like one model, and its fold's rows never weigh for it."""

from pathlib import Path

import numpy as np
import pytest

from aval.errors import ArtefactError, PlanError
from aval.model.blend import Member, blended
from aval.model.calibration import Platt
from aval.model.candidates import Candidate
from aval.model.ranking import auc
from aval.model.scorer import load_scorer, save_scorer
from aval.model.split import folds
from tests.model.rough import fitter, logistic, rows

TREES = Candidate("trees", "lightgbm", {"num_iterations": 30, "num_leaves": 6})


def members() -> tuple[list[Member], np.ndarray, list[np.ndarray]]:
    made = []
    held = folds(fitter(TREES).target, 3, 1)
    for candidate in (TREES, logistic()):
        subject = fitter(candidate)
        across = subject.validate(held)
        calibration = Platt.fit(across.margin, subject.target)
        made.append(Member(candidate.name, across.margin, calibration, subject.refit(across.size)[1]))
    return made, subject.target, held


MEMBERS, TARGET, HELD = members()


def test_adds_up_alone_as_in_a_batch_and_after_reloading(tmp_path: Path) -> None:
    _, blend = blended(MEMBERS, TARGET, HELD)
    asked = rows(5, 200).matrix.astype(np.float64)
    batch = blend.margin(asked)
    assert [blend.margin(asked[k : k + 1])[0] for k in range(len(asked))] == batch.tolist()
    assert np.allclose(blend.contributions(asked).sum(axis=1), batch, atol=1e-9)
    save_scorer(blend, tmp_path)
    again = load_scorer(tmp_path)
    assert again.margin(asked).tolist() == batch.tolist()
    assert again.parameters == blend.parameters
    (tmp_path / "blend.json").write_text("[{}]")
    with pytest.raises(ArtefactError, match=r"blend\.json"):
        load_scorer(tmp_path)


def test_it_ranks_no_worse_than_its_members() -> None:
    across, blend = blended(MEMBERS, TARGET, HELD)
    best = max(auc(TARGET, member.margin).value for member in MEMBERS)
    assert auc(TARGET, across.margin).value > best - 0.005
    assert all(float(value) >= 0.0 for name, value in blend.parameters.items() if name.startswith("weight."))


def test_its_own_probabilities_are_those_of_the_rows() -> None:
    """Weights that do not add up to 1 shift every probability; the intercept that was fitted with them holds."""
    rng = np.random.default_rng(1)
    noisy = [
        Member(
            f"m{k}", MEMBERS[0].margin + rng.normal(0.0, 1.5, len(TARGET)), MEMBERS[0].calibration, MEMBERS[0].scorer
        )
        for k in range(3)
    ]
    across, blend = blended(noisy, TARGET, HELD)
    assert abs(float(across.own.mean()) - float(TARGET.mean())) < 0.01
    assert float(blend.parameters["intercept"]) != 0.0


def test_a_member_that_knows_nothing_weighs_nothing() -> None:
    rng = np.random.default_rng(0)
    noise = Member("noise", rng.normal(size=len(TARGET)), Platt(1.0, -2.0), MEMBERS[0].scorer)
    _, blend = blended([MEMBERS[0], noise], TARGET, HELD)
    assert float(blend.parameters["weight.noise"]) < 0.1 * float(blend.parameters["weight.trees"])


def test_a_folds_own_rows_never_weigh_for_it() -> None:
    across, _ = blended(MEMBERS, TARGET, HELD)
    turned = TARGET.copy()
    turned[HELD[0]] = 1.0 - turned[HELD[0]]
    again, _ = blended(MEMBERS, turned, HELD)
    assert again.margin[HELD[0]].tolist() == across.margin[HELD[0]].tolist()
    assert again.margin[HELD[1]].tolist() != across.margin[HELD[1]].tolist()


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        (Candidate("b", "blend", {}, of=("one",)), "two candidates or more"),
        (Candidate("b", "blend", {}, of=("one", "one")), "two candidates or more"),
        (Candidate("b", "blend", {"C": 1.0}, of=("one", "two")), "has no settings"),
        (Candidate("b", "logistic", {}, of=("one", "two")), "only a blend"),
    ],
)
def test_what_a_blend_cannot_be(candidate: Candidate, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        candidate.check("plan")
