"""Ready means that it can decide; what is wrong is told without saying where anything is."""

from starlette.testclient import TestClient

from aval.model.registry import Registry
from aval.service.api.app import create
from aval.service.api.health import LiveAnswer, ReadyAnswer
from aval.service.api.state import Service


def test_it_lives_and_is_ready(house) -> None:
    assert LiveAnswer.model_validate_json(house.get("/health/live", None).content).state == "live"
    found = house.get("/health/ready", None)
    answer = ReadyAnswer.model_validate_json(found.content)
    assert answer.model_dump() == {
        "ready": True, "model": "1", "policy": "2026-11-24", "log": "ok", "registry": "ok"}  # fmt: skip


def test_without_a_log_it_lives_and_is_not_ready(another) -> None:
    own = another()
    own.service.log.engine.dispose()
    (own.service.home / "log").rename(own.service.home / "elsewhere")
    found = own.get("/health/ready", None)
    assert found.status_code == 503
    answer = ReadyAnswer.model_validate_json(found.content)
    assert (answer.ready, answer.log, answer.model) == (False, "unavailable", "1")
    assert str(own.service.home) not in found.text
    assert own.get("/health/live", None).status_code == 200


def test_without_a_champion_it_waits(tmp_path, another) -> None:
    donor = another()
    empty = Service(
        refresh_seconds=3600,
        registry=Registry("", tmp_path / "empty"),
        log=donor.service.log,
        access=donor.service.access,
        policy=donor.service.policy,
        home=tmp_path / "empty",
    )
    with TestClient(create(empty)) as client:
        found = client.get("/health/ready")
        assert found.status_code == 503
        answer = ReadyAnswer.model_validate_json(found.content)
        assert not answer.ready
        assert "no model decides yet" in answer.model
        head = donor.headers("admin")
        refused = client.post("/decisions", json={"applicant_id": 1}, headers=head)
        assert refused.status_code == 503  # there is no warehouse either
        decided = client.post("/decisions", json=donor.stranger(), headers=head)
        assert decided.status_code == 503
        assert decided.json()["type"] == "urn:aval:no-model"
        assert int(decided.headers["retry-after"]) >= 1
        for path in ("/model", "/features", "/distributions", "/models/1", "/results"):
            told = client.get(path, headers=head)
            assert told.status_code in (200, 404, 503), path
            assert str(tmp_path) not in told.text
