"""What would be decided otherwise, over HTTP: nothing is logged, and what is shown was decided."""

import json
from typing import Any

import pytest

from aval.service.api.asking import AlternativeAnswer, CounterfactualAnswer


@pytest.fixture(scope="module")
def refused(house) -> dict[str, Any]:
    """A decision that was not an approval, of somebody whose request can be made smaller."""
    for applicant in house.ids:
        found = house.decided({"applicant_id": applicant})
        if found["verdict"] == "decline" and 0.105 < found["probability"] < 0.2:
            return found
    raise AssertionError


def test_a_change_is_decided_and_not_logged(house, refused) -> None:
    before = house.size()
    changes = {"credit": 100_000.0, "term_months": 24}
    found = house.post("/what-if", "analyst", json={"decision": refused["id"], "changes": changes})
    assert found.status_code == 200, found.text
    answer = AlternativeAnswer.model_validate_json(found.content)
    assert answer.before.probability == refused["probability"]
    assert answer.before.verdict == refused["verdict"]
    assert answer.after.request.credit == 100_000.0
    assert answer.cutoff == refused["cutoff"]
    same = house.post("/what-if", json={"applicant_id": refused["applicant_id"], "changes": changes}).json()
    assert same == found.json()
    assert house.size() == before


def test_nothing_changed_is_the_same_decision(house) -> None:
    dossier = house.stranger()
    made = house.decided(dossier)
    found = house.post("/what-if", json={"dossier": dossier, "changes": {}})
    assert found.status_code == 200
    assert found.json()["before"] == found.json()["after"]
    assert found.json()["after"]["probability"] == made["probability"]


def test_what_is_changed_decides_like_a_dossier_with_these_values(house) -> None:
    dossier = house.stranger()
    after = house.post("/what-if", json={"dossier": dossier, "changes": {"AMT_CREDIT": 250_000.0}}).json()["after"]
    dossier["application"]["AMT_CREDIT"] = 250_000.0
    assert house.decided(dossier)["probability"] == after["probability"]


def test_words_are_in_the_language_asked_for(house, refused) -> None:
    body = {"decision": refused["id"], "changes": {}}
    words = {lang: house.post("/what-if", json=body, headers={"Accept-Language": lang}).json()["before"]["word"]
             for lang in ("fr", "en")}  # fmt: skip
    assert words["fr"] != words["en"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 422),
        ([], 422),
        ({}, 422),
        ({"changes": {}}, 422),
        ({"changes": {}, "decision": "0" * 32}, 404),
        ({"changes": {}, "decision": "PLANTED-7F3"}, 422),
        ({"changes": {}, "decision": "a\x00b"}, 422),
        ({"changes": {}, "decision": 5}, 422),
        ({"changes": {}, "decision": None}, 422),
        ({"changes": {}, "applicant_id": 1}, 404),
        ({"changes": {}, "applicant_id": "1"}, 422),
        ({"changes": {}, "dossier": None}, 422),
        ({"changes": {}, "dossier": {"applicant_id": 1}}, 404),
        ({"changes": {}, "dossier": {}, "decision": "0" * 32}, 422),
        ({"changes": {}, "PLANTED": 1}, 422),
    ],
)
def test_what_is_asked_about_is_one_thing(house, body: Any, status: int) -> None:
    found = house.post("/what-if", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert found.status_code == status, found.text
    assert "PLANTED" not in found.text


@pytest.mark.parametrize(
    "changes",
    [
        None,
        [],
        "credit",
        {"PLANTED": 1},
        {"credit": "PLANTED"},
        {"credit": None},
        {"credit": True},
        {"credit": 0},
        {"credit": -1},
        {"credit": 1e300},
        {"credit": 1e-300},
        {"term_months": 0},
        {"term_months": 1.5},
        {"term_months": 1e30},
        {"term_months": 100000},
        {"down_payment": -1},
        {"down_payment": 1e30},
        {"AMT_CREDIT": -5},
        {"AMT_CREDIT": 10**30},
        {"AMT_ANNUITY": 1e90},
        {"EXT_SOURCE_1": 1},
        {"SK_ID_CURR": 1},
    ],
)
def test_a_change_that_is_none_is_refused(house, changes: Any) -> None:
    before = house.size()
    found = house.post("/what-if", json={"dossier": house.stranger(), "changes": changes})
    assert found.status_code in (400, 422), found.text
    assert "PLANTED" not in found.text
    assert house.size() == before


def test_what_would_be_approved_is_approved(house, refused) -> None:
    before = house.size()
    found = house.get(f"/counterfactual/{refused['id']}", "analyst")
    assert found.status_code == 200, found.text
    answer = CounterfactualAnswer.model_validate_json(found.content)
    assert not answer.approved
    assert {one.lever for one in answer.searched} == {"credit", "term_months", "down_payment"}
    for offer in answer.offers:
        assert offer.outcome.verdict == "approve"
        value = int(offer.value) if offer.lever == "term_months" else offer.value
        body = {"decision": refused["id"], "changes": {offer.lever: value}}
        after = house.post("/what-if", json=body).json()["after"]
        assert after["verdict"] == "approve"
        assert after["probability"] == offer.outcome.probability
    assert (answer.nearest is None) == (not answer.offers)
    assert house.size() == before
    assert house.get(f"/counterfactual/{'0' * 32}").status_code == 404
