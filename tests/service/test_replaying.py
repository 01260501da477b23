"""Decisions made again: the same bits, or which part is not; and what can be made again no more."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aval.credit.decision import Verdict
from aval.credit.reason import Explain
from aval.errors import DecisionUnknown
from aval.model.registry import Registry
from aval.service.live import Live
from aval.service.log.entry import Stored
from aval.service.making import made
from aval.service.replaying import Replayer
from tests.service.stand import applicant, live, log, one, several


@pytest.fixture(scope="module")
def deciding(home: Path) -> Live:
    return live(home)


@pytest.fixture(scope="module")
def stand(deciding: Live, home: Path, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    own = log(tmp_path_factory.mktemp("replaying"))
    dossiers = applicant(800_001)
    (why,) = made(deciding.decider().judge(dossiers, Explain.ALL), dossiers, deciding.policy)
    (number,) = several(deciding, own, [why])
    yield own, Replayer(own, Registry("", home)), own.decision(number)
    own.engine.dispose()


def test_what_was_decided_is_decided_again(stand) -> None:  # type: ignore[no-untyped-def]
    _, replayer, stored = stand
    found = replayer.replay(stored.id)
    assert found.same
    assert (found.outcome, found.differs, found.why) == ("same", (), "")
    assert json.loads(json.dumps(found.to_json()))["model"] == "1"


@pytest.mark.parametrize("explain", [Explain.NONE, Explain.NEEDED])
def test_without_contributions_too(deciding: Live, stand, explain: Explain) -> None:  # type: ignore[no-untyped-def]
    own, replayer, _ = stand
    dossiers = applicant(800_010 + list(Explain).index(explain))
    (some,) = made(deciding.decider().judge(dossiers, explain), dossiers, deciding.policy)
    (number,) = several(deciding, own, [some])
    assert replayer.replay(number).same


def nudged(value: float) -> float:
    return float(np.nextafter(value, 1.0))


def test_every_part_that_is_another_is_named(stand) -> None:  # type: ignore[no-untyped-def]
    _, replayer, stored = stand
    private = stored.private
    features = private.features.copy()
    features[0] = nudged(0.0 if features[0] != features[0] else features[0])
    why = private.contributions.copy()
    why[-1] = nudged(why[-1])
    changes: list[tuple[Stored, str]] = [
        (replace(stored, probability=nudged(stored.probability)), "probability"),
        (replace(stored, points=stored.points + 1), "points"),
        (replace(stored, cutoff=nudged(stored.cutoff)), "cutoff"),
        (replace(stored, rules=("MINOR",)), "rules"),
        (replace(stored, features="0" * 64), "features"),
        (replace(stored, applicant_id=5), "applicant_id"),
        (replace(stored, verdict=next(one for one in Verdict if one is not stored.verdict)), "verdict"),
        (replace(stored, private=replace(private, features=features)), "feature values"),
        (replace(stored, private=replace(private, contributions=why)), "contributions"),
        (replace(stored, private=replace(private, told={"reasons": [], "warnings": []})), "reasons"),
    ]
    for changed, part in changes:
        found = replayer.again(changed)
        assert (found.outcome, found.differs) == ("differs", (part,))
        assert not found.same


def test_what_lacks_its_model_or_its_policy_cannot_be_made_again(deciding: Live, stand) -> None:  # type: ignore[no-untyped-def]
    own, replayer, stored = stand
    (gone,) = several(deciding, own, [one(deciding, 800_020, model="99")])
    found = replayer.replay(gone)
    assert found.outcome == "impossible"
    assert found.model == "99"
    assert found.why
    other = replayer.again(replace(stored, policy_digest="0" * 64))
    assert other.outcome == "impossible"


def test_who_is_erased_is_told_so(deciding: Live, stand) -> None:  # type: ignore[no-untyped-def]
    own, replayer, _ = stand
    (number,) = several(deciding, own, [one(deciding, 800_030)])
    own.erase(800_030, "admin", "asked")
    found = replayer.replay(number)
    assert (found.outcome, found.differs) == ("erased", ())
    assert "erased" in found.why


def test_what_was_never_decided_is_unknown(stand) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DecisionUnknown):
        stand[1].replay("0" * 32)


def test_another_policy_s_decision_is_made_again_under_it(home: Path, stand) -> None:  # type: ignore[no-untyped-def]
    """The log keeps the text of every policy that decided."""
    from aval.credit.policy import Policy
    from tests.service.stand import POLICY

    own, replayer, _ = stand
    older = Policy.read(POLICY.text.replace("accepted_defaulter = 10.0", "accepted_defaulter = 11.0")
                        .replace('name = "2026-11-24"', 'name = "older"'), "older")  # fmt: skip
    (number,) = several(live(home, older), own, [one(live(home, older), 800_040)])
    found = replayer.replay(number)
    assert found.same
    assert found.policy == "older"
