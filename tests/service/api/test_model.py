"""What decides, over HTTP: model, policy, features, words, versions, results, and an applicant beside all."""

import pytest
from pydantic import TypeAdapter

from aval.service.api.model import DistributionsAnswer, ModelAnswer, PolicyAnswer
from aval.service.listing import Brief, ResultsTable
from aval.service.portrait import ModelCard
from aval.service.words import FeatureWord, Words


def test_the_model_that_decides(house) -> None:
    answer = ModelAnswer.model_validate_json(house.get("/model", "analyst").content)
    model = house.service.live.champion.decider.model
    assert answer.champion.version == "1"
    assert answer.champion.digest == model.digest == house.decided()["features"]
    assert answer.champion.features == len(model.features)
    assert answer.champion.row_ms > 0
    assert answer.challenger is None
    assert answer.trouble is None


def test_trouble_is_told_without_the_places_of_this_machine(house) -> None:
    from aval.service.live import Trouble

    said = f"version 3 was not taken: {house.service.home}/models/3/model.txt: it is not; sqlite:////x/y.db is away."
    house.service.live.trouble = Trouble("2026-11-25T00:00:00", said)
    try:
        told = house.get("/model").json()["trouble"]
        ready = house.get("/health/ready", None)
    finally:
        house.service.live.trouble = None
    assert "version 3 was not taken" in told
    assert "/" not in told
    assert ready.status_code == 200
    assert ready.json()["registry"] == "not followed"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_policy_in_force(house, lang: str) -> None:
    found = house.get("/policy", headers={"Accept-Language": lang})
    answer = PolicyAnswer.model_validate_json(found.content)
    policy = house.service.policy
    assert (answer.name, answer.digest, answer.cutoff) == (policy.name, policy.digest, policy.cutoff)
    assert answer.in_force
    assert answer.band == (0.08, 0.105)
    assert [rule.code for rule in answer.rules] == [rule.code for rule in policy.rules]
    assert answer.rules[0].sentence == policy.rules[0].sentence(lang)  # type: ignore[arg-type]
    assert answer.motives["GUARANTEE"] == policy.motives["GUARANTEE"][lang == "en"]
    assert answer.costs == {"accepted_defaulter": 10, "refused_payer": 1, "review": 0.25}
    assert answer.four_eyes_above == 1_000_000


def test_the_features_are_those_of_the_catalogue(house) -> None:
    every = TypeAdapter(list[FeatureWord]).validate_json(house.get("/features").content)
    used = TypeAdapter(list[FeatureWord]).validate_json(house.get("/features?used=true").content)
    assert {one.name for one in used} == set(house.service.live.champion.decider.model.features)
    assert [one for one in every if one.used] == used
    assert house.get("/features?used=perhaps").status_code == 422


def test_every_code_of_an_answer_has_its_words(house) -> None:
    words = Words.model_validate_json(house.get("/words?lang=en").content)
    assert words.lang == "en"
    said = house.get("/words?lang=en").text
    answer = house.decided()
    for one in (*answer["reasons"], *answer["warnings"]):
        assert f'"{one["code"]}"' in said
    assert house.get("/words?lang=de").status_code == 422


def test_versions_and_their_cards(house) -> None:
    briefs = TypeAdapter(list[Brief]).validate_json(house.get("/models").content)
    assert [one.version for one in briefs] == ["1"]
    assert "champion" in briefs[0].aliases
    by_number = house.get("/models/1")
    ModelCard.model_validate_json(by_number.content)
    assert house.get("/models/champion").content == by_number.content
    for version in ("2", "999999999", "challenger"):
        found = house.get(f"/models/{version}")
        assert found.status_code == 404
        assert found.json()["type"] == "urn:aval:version-unknown"
    for version in ("0", "01", "-1", "x", "PLANTED", "%2e%2e", "9999999999", "champion%00"):
        found = house.get(f"/models/{version}")
        assert found.status_code in (404, 422)
        assert "PLANTED" not in found.text


def test_candidates_compared(house) -> None:
    table = ResultsTable.model_validate_json(house.get("/results").content)
    assert table.model_dump()


def test_an_applicant_beside_all(house) -> None:
    made = house.decided()
    used = house.service.live.champion.decider.model.features
    names = list(used)[:3]
    found = house.get("/distributions", params={"name": names, "decision": made["id"]})
    answer = DistributionsAnswer.model_validate_json(found.content)
    assert [one.name for one in answer.features] == names
    assert answer.company is not None
    assert answer.scores
    bare = DistributionsAnswer.model_validate_json(house.get("/distributions").content)
    assert (bare.features, bare.company) == ([], None)
    assert house.get("/distributions", params={"decision": "0" * 32}).status_code == 404
    assert house.get("/distributions", params={"name": names[:1] * 41}).status_code == 422
    for name in ("PLANTED", "", "a\x00b", "x" * 10_000):
        unknown = house.get("/distributions", params={"name": name})
        assert unknown.status_code == 422
        assert "PLANTED" not in unknown.text
