"""One application over HTTP: in the log before the answer, the same as everywhere, and never twice."""

import json
import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest

from aval.credit.decision import Verdict
from aval.service.api.answers import DecisionAnswer
from aval.service.example import dossier as example
from tests.service.api.conftest import LONG, as_json, dossier_of

JSON = {"Content-Type": "application/json"}


def test_the_answer_is_what_it_says_it_is(house) -> None:
    found = house.post("/decisions", json=example(), headers={"Accept-Language": "en"})
    assert found.headers["content-type"] == "application/json"
    assert found.headers["content-language"] == "en"
    answer = DecisionAnswer.model_validate_json(found.content)
    assert answer.applicant_id == example()["application"]["SK_ID_CURR"]
    assert answer.verdict in {verdict.value for verdict in Verdict}
    assert answer.final == answer.verdict
    assert 0 <= len(answer.reasons) <= 4
    assert answer.contributions is None
    assert answer.inputs is None
    assert answer.cutoff == house.service.policy.cutoff
    assert answer.band == (0.08, 0.105)
    assert answer.model == "1"
    assert answer.policy == "2026-11-24"
    assert answer.events == []
    again = house.get(f"/decisions/{answer.id}", headers={"Accept-Language": "en"})
    assert DecisionAnswer.model_validate_json(again.content) == answer


def test_reasons_are_in_the_language_asked_for(house) -> None:
    dossier = house.stranger()
    said = {}
    for accept, lang in (("fr", "fr"), ("en", "en"), ("fr-CA;q=0.4,en;q=0.9", "en"), ("~~;q=x", "fr")):
        found = house.post("/decisions", json=dossier, headers={"Accept-Language": accept})
        assert found.headers["content-language"] == lang
        sentences = [one["sentence"] for one in found.json()["reasons"]]
        assert sentences
        assert said.setdefault(lang, sentences) == sentences
    assert all(one != other for one, other in zip(said["fr"], said["en"], strict=True))


def test_the_full_explanation_adds_up(house) -> None:
    for lang in ("fr", "en"):
        found = house.post("/decisions?explain=full", json=house.stranger(), headers={"Accept-Language": lang}).json()
        why = found["contributions"]
        themes = why["themes"]
        assert why["base"] + sum(one["contribution"] for one in themes) == pytest.approx(why["log_odds"], abs=1e-9)
        features = [one["contribution"] for theme in themes for one in theme["features"]]
        assert why["base"] + sum(features) == pytest.approx(why["log_odds"], abs=1e-9)
        p = found["probability"]
        assert math.log(p / (1 - p)) == pytest.approx(why["log_odds"], abs=1e-6)
        again = house.get(f"/decisions/{found['id']}?explain=full", headers={"Accept-Language": lang}).json()
        assert again["contributions"] == why


def test_by_id_as_a_dossier_and_in_a_batch_are_one_number(house, judge) -> None:
    """200 applicants of the test part, to the last bit; files are in test_filing, replays are made again here."""
    chosen = house.ids[-200:]
    dossiers = house.warehouse.dossiers(chosen)
    batch = {one.applicant_id: one for one in judge(dossiers)}
    assert set(batch) == set(chosen)
    for place, applicant in enumerate(chosen):
        answers = [house.decided({"applicant_id": applicant})]
        if LONG or place % 10 == 0:
            answers.append(house.decided(as_json(dossiers.select([applicant]))))
        for answer in answers:
            assert answer["probability"] == batch[applicant].probability
            assert answer["points"] == batch[applicant].points
            assert answer["verdict"] == batch[applicant].verdict.value
            assert [one["code"] for one in answer["reasons"]] == [
                one.code for one in batch[applicant].reasons if not answer["rules"]
            ][: len(answer["reasons"])]
            assert answer["applicant_id"] == applicant
        if LONG or place % 10 == 0:
            told = house.service.replayer.replay(answers[-1]["id"])
            assert told.same, told


def test_a_key_sent_again_gets_the_same_decision(house) -> None:
    dossier, before = house.stranger(), house.size()
    head = {"Idempotency-Key": f"again-{dossier['application']['SK_ID_CURR']}"}
    first = house.post("/decisions", json=dossier, headers=head)
    second = house.post("/decisions", json=dossier, headers=head)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    third = house.post("/decisions?explain=full", json=dossier, headers=head).json()
    assert third["id"] == first.json()["id"]
    assert third["contributions"] is not None
    other = house.post("/decisions", json=house.stranger(), headers=head)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:aval:idempotency-key-reused"
    mine = house.post("/decisions", "officer", json=dossier, headers=head)
    assert mine.json()["id"] != first.json()["id"]  # another caller's key is another key
    assert house.size() == before + 2


def test_a_key_sent_eight_times_at_once_decides_once(house) -> None:
    dossier, before = house.stranger(), house.size()
    head = {"Idempotency-Key": f"at-once-{dossier['application']['SK_ID_CURR']}"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: house.post("/decisions", json=dossier, headers=head), range(8)))
    assert {one.status_code for one in answers} == {200}
    assert len({one.content for one in answers}) == 1
    assert house.size() == before + 1


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "a\x7f"])
def test_a_key_that_is_none_is_refused(house, key: str) -> None:
    before = house.size()
    found = house.post("/decisions", json=example(), headers={"Idempotency-Key": key.encode("latin-1")})
    assert found.status_code == 422
    assert house.size() == before


def test_without_a_log_nothing_is_decided(another) -> None:
    shut = another(busy=0.1)
    answer = shut.decided()
    before = shut.size()
    with sqlite3.connect(shut.service.home / "log" / "log.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")  # another program holds it
        for body in (shut.stranger(), {"applicant_id": shut.ids[0]}):
            found = shut.post("/decisions", json=body)
            assert found.status_code == 503, found.text
            assert int(found.headers["retry-after"]) >= 1
            told = found.json()
            assert told["type"] == "urn:aval:log-unavailable"
            for leak in ("sqlite", "log.db", str(shut.service.home), "locked", "INSERT"):
                assert leak not in found.text
        assert shut.size() == before
        assert shut.get(f"/decisions/{answer['id']}").status_code == 200  # what stands there is read
        other.execute("ROLLBACK")
    other.close()
    assert shut.post("/decisions", json=shut.stranger()).status_code == 200
    assert shut.size() == before + 1
    assert shut.get("/verify").json()["holds"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"applicant_id": 1}, 404, "SK_ID_CURR"),
        ({"applicant_id": 10**15}, 404, "SK_ID_CURR"),
        ({"applicant_id": 0}, 422, "applicant_id|dtype"),
        ({"applicant_id": -1}, 422, "applicant_id|dtype"),
        ({"applicant_id": 10**15 + 1}, 422, "applicant_id|dtype"),
        ({"applicant_id": 100001.0}, 422, "applicant_id|dtype"),
        ({"applicant_id": True}, 422, "applicant_id|dtype"),
        ({"applicant_id": "100001"}, 422, "applicant_id|dtype"),
        ({"applicant_id": None}, 422, "applicant_id|dtype"),
        ({"applicant_id": [1]}, 422, "applicant_id|dtype"),
        ({"applicant_id": 100001, "application": {}}, 422, "applicant_id|alone"),
    ],
)
def test_an_id_is_a_number_that_stands_alone(house, body: Any, status: int, says: str) -> None:
    before = house.size()
    found = house.post("/decisions", json=body)
    assert found.status_code == status
    assert says in found.json()["detail"]
    assert house.size() == before


def test_problems_name_table_row_and_column_and_no_value(house) -> None:
    dossier = house.stranger(AMT_CREDIT=-987654321)
    dossier["bureau"][1]["CREDIT_DAY_OVERDUE"] = "PLANTED-7F3"
    found = house.post("/decisions", json=dossier)
    assert found.status_code == 422
    assert found.headers["content-type"] == "application/problem+json"
    places = [(one["table"], one["row"], one["column"]) for one in found.json()["problems"]]
    assert places == [("application", None, "AMT_CREDIT"), ("bureau", 1, "CREDIT_DAY_OVERDUE")]
    assert "PLANTED" not in found.text
    assert "987654321" not in found.text


def test_unknown_words_and_absent_histories_are_decided_with_a_warning(house) -> None:
    bare = {"application": dossier_of(next(house.taken), OCCUPATION_TYPE="PLANTED-7F3")["application"]}
    answer = house.decided(bare)
    codes = {(one["code"], one["subject"]) for one in answer["warnings"]}
    assert ("UNKNOWN_CATEGORY", "OCCUPATION_TYPE") in codes
    assert ("ABSENT", "bureau") in codes
    assert all(one["sentence"] for one in answer["warnings"])
    assert "PLANTED" not in json.dumps(answer)


@pytest.mark.parametrize("explain", ["all", "FULL", "full ", ""])
def test_explain_is_one_of_two(house, explain: str) -> None:
    assert house.post("/decisions", json=example(), params={"explain": explain}).status_code == 422


def test_a_hard_rule_decides_whatever_the_probability(house) -> None:
    minor = house.decided(DAYS_BIRTH=-6000)
    assert minor["verdict"] == "decline"
    if minor["rules"]:
        assert minor["rules"] == ["MINOR"]
        assert minor["reasons"][0]["code"] == "MINOR"
        assert minor["reasons"][0]["theme"] is None
    large = house.decided(
        AMT_CREDIT=3_500_000.0, AMT_GOODS_PRICE=3_500_000.0, EXT_SOURCE_1=0.9, EXT_SOURCE_2=0.9, EXT_SOURCE_3=0.9
    )
    assert large["verdict"] in ("refer", "decline")
    assert pl.Series([large["facts"]["amount"]]).item() == 3_500_000.0
