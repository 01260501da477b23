"""An officer decides otherwise: what the policy lets them, with a second one where it asks, and one at a time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from aval.credit.decision import Verdict
from aval.errors import AvalError, Erased, NotNow, OverrideInvalid
from aval.service.live import Live
from aval.service.log.log import Log
from aval.service.log.verifying import verify
from aval.service.overriding import WORDS_MOST, Overridden, confirm, override
from tests.service.stand import POLICY, live, log, written

APPROVE, REFER, DECLINE = Verdict.APPROVE, Verdict.REFER, Verdict.DECLINE
LARGE = {"AMT_CREDIT": 1_000_000.5}


@pytest.fixture(scope="module")
def deciding(home: Path) -> Live:
    return live(home)


@pytest.fixture
def own(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = log(tmp_path)
    yield made
    assert verify(made, None).holds
    made.engine.dispose()


def test_a_verdict_in_force_at_once(deciding: Live, own: Log) -> None:
    for place, (before, after) in enumerate(
        ((REFER, APPROVE), (REFER, DECLINE), (APPROVE, DECLINE), (DECLINE, APPROVE))
    ):
        stored = written(deciding, own, 700_000 + place, before)  # fmt: skip
        made = override(own, POLICY, stored, "ann", after, "GUARANTEE", "Caution.")
        assert (made.state, made.verdict) == ("in_force", after)
        found = own.decision(stored.id)
        assert (found.verdict, found.final, found.awaiting) == (before, after, None)
        (event,) = found.events
        assert event.hash == made.receipt.hash
        assert (event.kind, event.caller, event.motive, event.words) == ("override", "ann", "GUARANTEE", "Caution.")
        assert event.body == {"policy": "2026-11-24", "instead_of": before.value, "awaiting": False}


def test_what_the_policy_does_not_let_them(deciding: Live, own: Log) -> None:
    stored = written(deciding, own, 700_001, DECLINE)
    for verdict, motive, words in (
        (REFER, "GUARANTEE", "x"),
        (APPROVE, "PLANTED", "x"),
        (APPROVE, "", "x"),
        (APPROVE, "GUARANTEE", ""),
        (APPROVE, "GUARANTEE", " \n\t"),
        (APPROVE, "GUARANTEE", "x" * (WORDS_MOST + 1)),
    ):
        with pytest.raises(OverrideInvalid) as caught:
            override(own, POLICY, stored, "ann", verdict, motive, words)
        assert "PLANTED" not in str(caught.value)
    with pytest.raises(NotNow, match="stands already"):
        override(own, POLICY, stored, "ann", DECLINE, "GUARANTEE", "x")
    assert own.decision(stored.id).events == ()
    override(own, POLICY, stored, "ann", APPROVE, "GUARANTEE", "x" * WORDS_MOST)


def test_no_one_approves_against_a_hard_rule_that_declines(deciding: Live, own: Log) -> None:
    by_rule = written(deciding, own, 700_001, DECLINE, DAYS_BIRTH=-6500, rules=("MINOR",))
    by_both = written(deciding, own, 700_002, DECLINE, DAYS_BIRTH=-6500, rules=(), probability=0.9)
    for stored in (by_rule, by_both):
        with pytest.raises(OverrideInvalid, match="MINOR"):
            override(own, POLICY, stored, "ann", APPROVE, "GUARANTEE", "x")
    asks = written(deciding, own, 700_003, REFER, AMT_INCOME_TOTAL=0.0, rules=("NO_INCOME",))
    assert override(own, POLICY, asks, "ann", APPROVE, "GUARANTEE", "x").verdict is APPROVE


def test_above_the_amount_a_second_officer_has_to_agree(deciding: Live, own: Log) -> None:
    at = written(deciding, own, 700_001, DECLINE, AMT_CREDIT=1_000_000.0)
    assert override(own, POLICY, at, "ann", APPROVE, "GUARANTEE", "x").state == "in_force"
    stored = written(deciding, own, 700_002, DECLINE, **LARGE)
    with pytest.raises(NotNow, match="No override waits"):
        confirm(own, stored, "bob", agrees=True, words="x")
    made = override(own, POLICY, stored, "ann", APPROVE, "GUARANTEE", "x")
    assert (made.state, made.verdict) == ("awaiting_second", DECLINE)
    waiting = own.decision(stored.id)
    assert waiting.final is DECLINE
    assert waiting.awaiting is not None
    with pytest.raises(NotNow, match="waits for a second"):
        override(own, POLICY, waiting, "bob", APPROVE, "GUARANTEE", "x")
    for herself in ("ann", "Ann", "ＡＮＮ"):  # a token and a key may spell one name differently
        with pytest.raises(NotNow, match="another officer's"):
            confirm(own, waiting, herself, agrees=True, words="x")
    for words in ("", "  ", "x" * (WORDS_MOST + 1)):
        with pytest.raises(OverrideInvalid):
            confirm(own, waiting, "bob", agrees=True, words=words)
    no = confirm(own, waiting, "bob", agrees=False, words="Non.")
    assert (no.state, no.verdict) == ("rejected", DECLINE)
    after = own.decision(stored.id)
    assert (after.final, after.awaiting) == (DECLINE, None)
    with pytest.raises(NotNow):
        confirm(own, after, "bob", agrees=True, words="x")
    override(own, POLICY, after, "bob", APPROVE, "DATA_ERROR", "x")
    yes = confirm(own, own.decision(stored.id), "ann", agrees=True, words="Oui.")
    assert (yes.state, yes.verdict) == ("in_force", APPROVE)
    ended = own.decision(stored.id)
    assert (ended.final, ended.awaiting) == (APPROVE, None)
    assert [event.motive for event in ended.events] == ["GUARANTEE", "GUARANTEE", "DATA_ERROR", "DATA_ERROR"]
    assert ended.events[-1].body["proposed_by"] == "bob"


def test_a_policy_without_four_eyes_asks_nobody(deciding: Live, own: Log) -> None:
    stored = written(deciding, own, 700_001, DECLINE, **LARGE)
    alone = replace(POLICY, four_eyes_above=None)
    assert override(own, alone, stored, "ann", APPROVE, "GUARANTEE", "x").state == "in_force"


def test_who_is_erased_is_decided_no_more(deciding: Live, own: Log) -> None:
    stored = written(deciding, own, 700_001, DECLINE, **LARGE)
    override(own, POLICY, stored, "ann", APPROVE, "GUARANTEE", "Caution.")
    waiting = own.decision(stored.id)
    own.erase(700_001, "admin", "asked")
    for one in (waiting, own.decision(stored.id)):  # erased while the officer looked, and before
        with pytest.raises(Erased):
            confirm(own, one, "bob", agrees=True, words="x")
    with pytest.raises(Erased):
        override(own, POLICY, stored, "ann", APPROVE, "GUARANTEE", "x")
    (event,) = own.decision(stored.id).events
    assert event.words is None


@pytest.mark.parametrize("second", [False, True])
def test_of_several_at_once_one_is_first(deciding: Live, own: Log, second: bool) -> None:
    def act(stored: object, who: str) -> Overridden | AvalError:
        try:
            if second:
                return confirm(own, stored, who, agrees=True, words="x")  # type: ignore[arg-type]
            return override(own, POLICY, stored, who, APPROVE, "GUARANTEE", "x")  # type: ignore[arg-type]
        except AvalError as problem:
            return problem

    for place in range(4):
        stored = written(deciding, own, 700_010 + place, DECLINE, **(LARGE if second else {}))
        if second:
            override(own, POLICY, stored, "ann", APPROVE, "GUARANTEE", "x")
            stored = own.decision(stored.id)
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda who, seen=stored: act(seen, who), ("bob", "cid", "dan", "eve")))
        assert sum(isinstance(one, Overridden) for one in told) == 1
        assert all(isinstance(one, Overridden | NotNow) for one in told)
        assert len(own.decision(stored.id).events) == 1 + second
