"""Applicants, decisions by page, the worklist and letters over HTTP."""

from typing import Any

import pytest

from aval.service.api.answers import DecisionAnswer
from aval.service.api.journal import ApplicantAnswer, PageAnswer, WorklistAnswer
from tests.service.api.conftest import as_json

YES = {"verdict": "approve", "motive": "GUARANTEE", "words": "<b>Caution & co</b>"}


def referred(house: Any) -> dict[str, Any]:
    """Somebody new whom a rule refers: no income is declared."""
    found = house.decided(AMT_INCOME_TOTAL=0.0, EXT_SOURCE_1=0.8, EXT_SOURCE_2=0.8, EXT_SOURCE_3=0.8)
    assert found["verdict"] == "refer", found
    return found


def pages(house: Any, arriving: bool = False, **wanted: Any) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        given = {key: value for key, value in {**wanted, "cursor": cursor}.items() if value is not None}
        answer = house.get("/decisions", params=given)
        assert answer.status_code == 200, answer.text
        page = PageAnswer.model_validate_json(answer.content)
        found += answer.json()["decisions"]
        cursor = page.next
        if cursor is None:
            return found
        if arriving:
            house.decided()


def test_pages_hold_everything_once_while_more_arrives(house) -> None:
    for _ in range(5):
        house.decided()
    before = house.size()
    newest = house.get("/decisions?limit=1").json()["decisions"][0]["id"]
    several = [one["id"] for one in pages(house, arriving=True, limit=max(2, before // 9))]
    assert len(several) == len(set(several)) == before
    assert several[0] == newest
    once = [one["id"] for one in pages(house, limit=200)]
    assert once[-before:] == several


def test_filters_are_those_stated(house) -> None:
    made = house.post("/decisions", "officer", json=house.stranger()).json()
    everything = pages(house, limit=200)
    for verdict in ("approve", "refer", "decline"):
        assert [one["id"] for one in pages(house, verdict=verdict, limit=200)] == [
            one["id"] for one in everything if one["verdict"] == verdict
        ]
    assert made["id"] in {one["id"] for one in pages(house, caller="the-officer", limit=200)}
    assert made["id"] not in {one["id"] for one in pages(house, caller="the-admin", limit=200)}
    assert [one["id"] for one in pages(house, applicant_id=made["applicant_id"])] == [made["id"]]
    assert [one["id"] for one in pages(house, since=made["at"])][-1] == made["id"]
    assert made["id"] not in {one["id"] for one in pages(house, until=made["at"])}
    assert len(pages(house, model="1", policy="2026-11-24", limit=200)) == len(everything)
    assert pages(house, model="2") == pages(house, policy="x") == pages(house, caller="' OR 1=1 --") == []
    day = made["at"][:10]
    assert made["id"] in {one["id"] for one in pages(house, since=day, limit=200)}
    whole = made["at"][:19] + "Z"  # the second it was made in, of which the log knows the parts
    assert made["id"] in {one["id"] for one in pages(house, since=whole)}
    assert made["id"] not in {one["id"] for one in pages(house, until=whole, limit=200)}


@pytest.mark.parametrize(
    "query",
    [
        "cursor=PLANTED",
        "cursor=%00",
        "cursor=" + "A" * 65,
        "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjA",
        "limit=0",
        "limit=201",
        "limit=x",
        "verdict=maybe",
        "model=%00",
        "policy=a%00b",
        "caller=%0a",
        "applicant_id=0",
        "job=x",
        "since=2026-13-45",
        "since=yesterday",
        "until=2026-02-30T25:00:00Z",
    ],
)
def test_what_is_none_is_refused(house, query: str) -> None:
    found = house.get(f"/decisions?{query}")
    assert found.status_code == 422, found.text
    assert "PLANTED" not in found.text


def test_listed_decisions_hold_nothing_personal(house) -> None:
    made = house.decided()
    (listed,) = pages(house, applicant_id=made["applicant_id"])
    assert listed["reasons"] == listed["warnings"] == []
    assert listed["contributions"] is None
    assert listed["inputs"] is None
    assert listed["record"] == made["record"]


def test_a_decision_with_its_inputs_is_for_those_who_may_read_everything(house) -> None:
    dossier = house.stranger()
    made = house.decided(dossier)
    for role, status in (("admin", 200), ("validator", 200), ("officer", 403), ("analyst", 403)):
        assert house.get(f"/decisions/{made['id']}?inputs=true", role).status_code == status
    found = house.get(f"/decisions/{made['id']}?inputs=true", "validator")
    answer = DecisionAnswer.model_validate_json(found.content)
    assert answer.inputs is not None
    assert answer.inputs["application"]["AMT_CREDIT"] == [dossier["application"]["AMT_CREDIT"]]
    assert answer.inputs["bureau"]["SK_ID_CURR"] == [made["applicant_id"]] * len(dossier["bureau"])
    assert house.get("/decisions/" + "0" * 32).status_code == 404
    assert house.get("/decisions/PLANTED").status_code == 422


def test_an_applicant_and_what_was_decided_of_them(house) -> None:
    applicant = house.ids[7]
    made = [house.decided({"applicant_id": applicant})["id"] for _ in range(2)]
    found = house.get(f"/applicants/{applicant}", "analyst")
    answer = ApplicantAnswer.model_validate_json(found.content)
    assert answer.applicant_id == applicant
    assert [one.id for one in answer.decisions][:2] == made[::-1]
    dossiers = house.warehouse.dossiers([applicant])
    assert found.json()["application"] == as_json(dossiers)["application"]
    assert answer.histories["bureau"] == dossiers.tables["bureau"].height
    assert house.get("/applicants/1").status_code == 404


def test_an_applicant_whom_only_the_log_knows(house) -> None:
    dossier = house.stranger()
    del dossier["credit_card_balance"]
    made = house.decided(dossier)
    answer = house.get(f"/applicants/{made['applicant_id']}").json()
    assert answer["application"]["AMT_CREDIT"] == dossier["application"]["AMT_CREDIT"]
    assert answer["histories"]["bureau"] == len(dossier["bureau"])
    assert answer["histories"]["credit_card_balance"] is None


def test_the_worklist_holds_what_waits_the_oldest_first(another) -> None:
    house = another()
    first, second, third = referred(house), referred(house), referred(house)
    approved = house.decided(EXT_SOURCE_1=0.9, EXT_SOURCE_2=0.9, EXT_SOURCE_3=0.9)
    found = house.get("/worklist", "officer")
    listed = [one.id for one in WorklistAnswer.model_validate_json(found.content).waiting]
    ours = [one for one in listed if one in {first["id"], second["id"], third["id"]}]
    assert ours == [first["id"], second["id"], third["id"]]
    assert approved["id"] not in listed
    house.post(f"/decisions/{second['id']}/override", "officer", json=YES)
    after = house.get("/worklist").json()
    listed = [one["id"] for one in after["waiting"]]
    assert second["id"] not in listed
    assert first["id"] in listed
    assert after["by_motive"]["GUARANTEE"] >= 1
    assert after["by_officer"]["the-officer"] >= 1
    assert after["agreement"]["agreed"] <= after["agreement"]["referred"] <= after["agreement"]["overrides"]
    once, cursor = [], ""
    while cursor is not None:
        some = WorklistAnswer.model_validate_json(house.get("/worklist", params={"cursor": cursor, "limit": 1}).content)
        assert (len(some.waiting), some.total) == (1, len(listed))
        once.append(some.waiting[0].id)
        cursor = some.next
    assert once == listed
    assert house.get("/worklist?limit=0").status_code == 422
    assert house.get("/worklist?cursor=x").status_code == 422


def test_an_override_that_waits_is_on_the_worklist(another) -> None:
    house = another()
    large = house.refused(AMT_CREDIT=2_000_000.0, AMT_GOODS_PRICE=2_000_000.0)

    def waits() -> bool:
        return large["id"] in {one["id"] for one in house.get("/worklist").json()["waiting"]}

    assert not waits()
    house.post(f"/decisions/{large['id']}/override", "officer", json=YES)
    assert waits()
    second = {"agrees": True, "words": "Vu."}
    house.post(f"/decisions/{large['id']}/override/second", "second", json=second)
    assert not waits()


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_letter_is_a_page_in_that_language_and_tells_who_decided(house, lang: str) -> None:
    refused = house.refused()
    head = {"Accept-Language": lang}
    found = house.get(f"/letters/{refused['id']}", "analyst", headers=head)
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["content-language"] == lang
    assert f'lang="{lang}"' in found.text
    assert "<script" not in found.text
    assert str(refused["applicant_id"]) not in found.text
    assert f"{refused['probability']:.4f}" not in found.text
    assert refused["id"][:12] in found.text
    house.post(f"/decisions/{refused['id']}/override", "officer", json=YES)
    house.post(f"/decisions/{refused['id']}/override", "second", json={**YES, "verdict": "decline"})
    again = house.get(f"/letters/{refused['id']}", headers=head)
    assert again.text != found.text  # a person decided: the right to have one look at it is another's
    assert "Caution" not in again.text
    assert house.get("/letters/" + "0" * 32).status_code == 404


def test_a_lender_s_name_is_set_as_text(another) -> None:
    own = another(lender="<script>Prêt & Co</script>")
    made = own.decided()
    found = own.get(f"/letters/{made['id']}")
    assert "<script>" not in found.text
    assert "&lt;script&gt;" in found.text
