"""Overrides, four eyes, replays, the chain and erasure over HTTP, and two officers at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aval.service.api.acting import EraseAnswer, OverrideAnswer, ReplayAnswer, VerifyAnswer

YES = {"verdict": "approve", "motive": "NEW_INFORMATION", "words": "Bulletin fourni."}
NO = {"verdict": "decline", "motive": "SUSPICION", "words": "Doute."}


@pytest.fixture
def refused(house) -> dict[str, Any]:
    """Somebody new who was refused by the probability alone."""
    found = house.refused()
    assert found["verdict"] == "decline"
    assert found["rules"] == []
    return found


def of(decision: dict[str, Any], more: str = "") -> str:
    return f"/decisions/{decision['id']}/override{more}"


def test_an_officer_decides_otherwise_and_everybody_sees_it(house, refused) -> None:
    found = house.post(of(refused), "officer", json=YES)
    assert found.status_code == 200, found.text
    answer = OverrideAnswer.model_validate_json(found.content)
    assert answer.state == "in_force"
    assert (answer.decision.verdict, answer.decision.final) == ("decline", "approve")
    (event,) = answer.decision.events
    assert (event.kind, event.caller, event.motive, event.words) == (
        "override", "the-officer", "NEW_INFORMATION", "Bulletin fourni.")  # fmt: skip
    for role, words in (("officer", True), ("validator", True), ("admin", True), ("analyst", False)):
        (seen,) = house.get(f"/decisions/{refused['id']}", role).json()["events"]
        assert (seen["words"] is not None) is words
    again = house.post(of(refused), "second", json=YES)
    assert again.status_code == 409
    assert house.post(of(refused), "second", json=NO).json()["decision"]["final"] == "decline"
    assert house.post(f"/decisions/{refused['id']}/replay").json()["outcome"] == "same"


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": "refer"},
        {"verdict": "maybe"},
        {"verdict": None},
        {"motive": "PLANTED"},
        {"motive": ""},
        {"motive": "x" * 41},
        {"motive": "NEW_INFORMATION\x00"},
        {"words": ""},
        {"words": "  \n "},
        {"words": "é" * 2001},
        {"words": 5},
        {"caller": "PLANTED"},
    ],
)
def test_an_override_that_the_policy_does_not_know_is_refused(house, refused, changed: dict[str, Any]) -> None:
    found = house.post(of(refused), "officer", json=YES | changed)
    assert found.status_code == 422, found.text
    assert "PLANTED" not in found.text
    assert house.get(f"/decisions/{refused['id']}").json()["events"] == []


def test_what_lacks_is_refused_and_what_is_nobody_s_is_not_found(house, refused) -> None:
    for name in YES:
        body = {key: value for key, value in YES.items() if key != name}
        assert house.post(of(refused), "officer", json=body).status_code == 422
    assert house.post(f"/decisions/{'0' * 32}/override", "officer", json=YES).status_code == 404
    assert house.post("/decisions/x/override", "officer", json=YES).status_code == 422


@pytest.mark.parametrize("scores", [0.01, 0.9])
def test_no_officer_approves_against_a_hard_rule(house, scores: float) -> None:
    """Neither where the rule decided, nor where the probability refused before the rule was asked."""
    minor = house.decided(
        DAYS_BIRTH=-6500, DAYS_EMPLOYED=-100, EXT_SOURCE_1=scores, EXT_SOURCE_2=scores, EXT_SOURCE_3=scores
    )
    assert minor["verdict"] == "decline"
    found = house.post(of(minor), "officer", json=YES)
    assert found.status_code == 422
    assert "MINOR" in found.json()["detail"]


def test_four_eyes_above_the_policy_s_amount(house) -> None:
    large = house.refused(AMT_CREDIT=2_000_000.0, AMT_GOODS_PRICE=2_000_000.0)
    assert large["verdict"] == "decline"
    nothing = {"agrees": True, "words": "Vu."}
    assert house.post(of(large, "/second"), "second", json=nothing).status_code == 409
    first = house.post(of(large), "officer", json=YES)
    assert first.json()["state"] == "awaiting_second"
    assert first.json()["decision"]["final"] == "decline"
    assert first.json()["decision"]["events"][0]["awaiting_second"]
    assert house.post(of(large), "second", json=NO).status_code == 409
    own = house.post(of(large, "/second"), "officer", json=nothing)
    assert own.status_code == 409
    assert "colleague" in own.json()["detail"]
    for role in ("analyst", "validator"):
        assert house.post(of(large, "/second"), role, json=nothing).status_code == 403
    for body in ({"agrees": "yes", "words": "x"}, {"agrees": 1, "words": "x"}, {"agrees": True}, {"words": "x"}):
        assert house.post(of(large, "/second"), "second", json=body).status_code == 422
    no = house.post(of(large, "/second"), "second", json={"agrees": False, "words": "Non."})
    assert (no.json()["state"], no.json()["decision"]["final"]) == ("rejected", "decline")
    assert house.post(of(large), "second", json=YES).json()["state"] == "awaiting_second"
    yes = house.post(of(large, "/second"), "officer", json=nothing)
    assert (yes.json()["state"], yes.json()["decision"]["final"]) == ("in_force", "approve")
    kinds = [one["kind"] for one in yes.json()["decision"]["events"]]
    assert kinds == ["override", "second", "override", "second"]


def test_of_two_officers_at_once_one_is_told_that_the_other_was_quicker(house) -> None:
    for _ in range(5):
        where = of(refused := house.refused())
        with ThreadPoolExecutor(2) as pool:
            sent = [pool.submit(house.post, where, role, json=YES) for role in ("officer", "second")]
        assert sorted(one.result().status_code for one in sent) == [200, 409]
        assert len(house.get(f"/decisions/{refused['id']}").json()["events"]) == 1


def test_of_two_second_officers_at_once_one_comes_late(house) -> None:
    large = house.refused(AMT_CREDIT=2_000_000.0, AMT_GOODS_PRICE=2_000_000.0)
    house.post(of(large), "officer", json=YES)
    body = {"agrees": True, "words": "Vu."}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda role: house.post(of(large, "/second"), role, json=body), ("admin", "second")))
    assert sorted(one.status_code for one in answers) == [200, 409]


def test_the_chain_holds_and_says_how_long_it_is(house) -> None:
    before = VerifyAnswer.model_validate_json(house.get("/verify", "validator").content)
    house.decided()
    after = VerifyAnswer.model_validate_json(house.get("/verify", "validator").content)
    assert after.holds
    assert after.faults == ()
    assert (after.records, after.decisions) == (before.records + 1, before.decisions + 1)
    assert after.decisions == house.size()
    assert after.seq == after.records
    assert after.head_at is not None


def test_one_walk_at_a_time(house) -> None:
    with house.service.walking:
        busy = house.get("/verify")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
    assert house.get("/verify").status_code == 200


def test_a_replay_says_what_came_out(house, refused) -> None:
    found = house.post(f"/decisions/{refused['id']}/replay", "validator")
    answer = ReplayAnswer.model_validate_json(found.content)
    assert (answer.outcome, answer.differs, answer.model, answer.policy) == ("same", (), "1", "2026-11-24")
    assert house.post(f"/decisions/{'0' * 32}/replay", "validator").status_code == 404


def test_who_is_erased_is_gone_everywhere_and_the_chain_holds(house) -> None:
    dossier = house.stranger(AMT_INCOME_TOTAL=0.0)
    head = {"Idempotency-Key": "erased-1"}
    made = house.post("/decisions", json=dossier, headers=head).json()
    assert made["verdict"] == "refer"
    number, applicant = made["id"], made["applicant_id"]
    house.post(of(made), "officer", json=YES)
    assert house.get(f"/applicants/{applicant}").status_code == 200
    found = house.post(f"/applicants/{applicant}/erase", json={"why": "asked"})
    assert EraseAnswer.model_validate_json(found.content).decisions == 1
    assert house.post(f"/applicants/{applicant}/erase", json={"why": "asked"}).status_code == 404
    assert house.get(f"/applicants/{applicant}").status_code == 404
    assert house.get("/decisions", params={"applicant_id": applicant}).json()["decisions"] == []

    left = house.get(f"/decisions/{number}?explain=full").json()
    assert left["erased"]
    assert left["applicant_id"] is None
    assert [one["code"] for one in left["reasons"]] == left["rules"] == ["NO_INCOME"]  # public, and without a value
    assert left["warnings"] == []
    assert left["contributions"] is None
    assert left["probability"] == made["probability"]
    (event,) = left["events"]
    assert (event["motive"], event["words"]) == ("NEW_INFORMATION", None)

    gone = [
        house.get(f"/decisions/{number}?inputs=true"),
        house.get(f"/letters/{number}"),
        house.get(f"/counterfactual/{number}"),
        house.get("/distributions", params={"decision": number}),
        house.post("/what-if", json={"decision": number, "changes": {}}),
        house.post(of(made), "officer", json=NO),
        house.post(of(made, "/second"), "second", json={"agrees": True, "words": "Vu."}),
    ]
    for one in gone:
        assert one.status_code == 410, one.request.url
        assert one.json()["type"] == "urn:aval:erased"
        assert str(applicant) not in one.text
    assert house.post(f"/decisions/{number}/replay").json()["outcome"] == "erased"
    assert house.get("/verify").json()["holds"]
    assert number not in {one["id"] for one in house.get("/worklist").json()["waiting"]}
    again = house.post("/decisions", json=dossier, headers=head)
    assert again.status_code == 200
    assert again.json()["id"] != number  # the key told whose request it was: it is gone too


@pytest.mark.parametrize("why", ["", "because", None, 5, ["asked"]])
def test_why_is_a_word_of_three(house, why: object) -> None:
    assert house.post("/applicants/1/erase", json={"why": why}).status_code == 422


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "1e3", "x", "9" * 20, "%00"])
def test_an_applicant_s_number_is_one(house, number: str) -> None:
    assert house.post(f"/applicants/{number}/erase", json={"why": "asked"}).status_code == 422
    assert house.get(f"/applicants/{number}").status_code == 422


def test_what_was_decided_here_replays(house) -> None:
    """Whatever other tests did to it: a sample of the whole log."""
    from aval.service.views import numbers

    every = list(numbers(house.service.log))
    outcomes = {house.service.replayer.replay(number).outcome for number in every[:: max(1, len(every) // 40)]}
    assert "same" in outcomes
    assert outcomes <= {"same", "erased"}
