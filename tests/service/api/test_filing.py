"""Files over HTTP: at once or as a job, a line each, whose they are, and what is rejected."""

import csv
import io
import json
import time
from typing import Any

import polars as pl
import pytest

from aval.data.tables import KEY
from aval.service.api.filing import JobAnswer
from aval.service.api.state import Limits
from tests.service import hostile
from tests.service.api.conftest import LONG

CSV = {"Content-Type": "text/csv"}


def applications(house: Any, ids: list[int]) -> pl.DataFrame:
    return house.warehouse.dossiers(ids).tables["application"]


def table(found: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found.text)))


def test_a_file_gets_the_numbers_of_a_batch(house, judge) -> None:
    """200 applicants to the last bit: applications alone, so that no history is known."""
    from aval.data.dossiers import Dossiers

    frame = applications(house, house.ids[-200:])
    batch = {one.applicant_id: one for one in judge(Dossiers.of({"application": frame}))}
    parquet = io.BytesIO()
    frame.write_parquet(parquet)
    before = house.size()
    for content, kind in (
        (frame.write_csv().encode(), "text/csv"),
        (parquet.getvalue(), "application/vnd.apache.parquet"),
        (hostile.archive({"application.csv": frame.write_csv()}), "application/zip"),
    ):
        found = house.post("/decisions/file", content=content, headers={"Content-Type": kind})
        assert found.status_code == 200, found.text
        assert found.headers["content-type"] == "text/csv; charset=utf-8"
        rows = table(found)
        assert len(rows) == 200
        for row in rows:
            expected = batch[int(row["SK_ID_CURR"])]
            assert float(row["probability"]) == expected.probability
            assert row["verdict"] == expected.verdict.value
            assert int(row["points"]) == expected.points
    assert house.size() == before + 600
    some = [row["decision"] for row in rows]
    for number in some if LONG else some[::8]:
        assert house.service.replayer.replay(number).same
    one = house.get(f"/decisions/{some[0]}").json()
    assert one["probability"] == batch[one["applicant_id"]].probability
    assert len(house.get("/decisions", params={"job": found.headers["x-job"], "limit": 200}).json()["decisions"]) == 200


def test_the_same_zip_of_all_tables_is_the_same_as_by_id(house) -> None:
    ids = house.ids[-30:]
    dossiers = house.warehouse.dossiers(ids)
    members = {
        "application_test.csv" if name == "application" else f"{name}.csv": frame.write_csv()
        for name, frame in dossiers.tables.items()
        if name not in ("bureau_balance",)
    }
    balance = dossiers.tables["bureau_balance"]
    members["bureau_balance.csv"] = balance.drop(KEY).write_csv() if KEY in balance.columns else balance.write_csv()
    found = house.post(
        "/decisions/file?form=ndjson&explain=all",
        content=hostile.archive(members),
        headers={"Content-Type": "application/zip"},
    )
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in found.text.splitlines()]
    assert [line["kind"] for line in lines] == ["decision"] * 30
    for line in lines:
        alone = house.decided({"applicant_id": line["applicant_id"]})
        assert line["probability"] == alone["probability"]
        assert line["reasons"] == [one["sentence"] for one in alone["reasons"]]


def test_rejected_rows_come_last_with_their_rule(house) -> None:
    good, bad = hostile.application(800_001), hostile.application(800_002, AMT_CREDIT="PLANTED-7F3")
    found = house.post("/decisions/file", content=hostile.sheet(good, bad).encode(), headers=CSV)
    first, last = table(found)
    assert first["SK_ID_CURR"] == "800001"
    assert last["verdict"] == "rejected"
    assert last["rules"] == "AMT_CREDIT|dtype"
    assert last["row"]
    assert "PLANTED" not in found.text


@pytest.mark.parametrize(("lang", "word"), [("fr", "Aucun"), ("en", "no")])
def test_sentences_are_in_the_language_asked_for(house, lang: str, word: str) -> None:
    content = hostile.sheet(hostile.application(800_003)).encode()
    found = house.post("/decisions/file", content=content, headers={**CSV, "Accept-Language": lang})
    assert found.headers["content-language"] == lang
    (row,) = table(found)
    assert word.lower() in row["warnings"].lower()


def done(house: Any, job: str, role: str = "admin") -> dict[str, Any]:
    for _ in range(300):
        found = house.get(f"/jobs/{job}", role).json()
        if found["state"] in ("done", "failed"):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_a_job_is_its_caller_s(house) -> None:
    content = applications(house, house.ids[:50]).write_csv().encode()
    found = house.post("/decisions/file?later=true", "officer", content=content, headers=CSV)
    assert found.status_code == 202
    started = JobAnswer.model_validate_json(found.content)
    assert found.headers["location"] == f"/jobs/{started.id}"
    assert started.state in ("waiting", "running", "done")
    ended = done(house, started.id, "officer")
    assert (ended["state"], ended["done"], ended["total"], ended["rejected"]) == ("done", 50, 50, 0)
    assert ended["problem"] is None
    for path in (f"/jobs/{started.id}", f"/jobs/{started.id}/results"):
        assert house.get(path, "officer").status_code == 200
        assert house.get(path, "admin").status_code == 200
        other = house.get(path, "second")
        nobody = house.get(path.replace(started.id, "f" * 32), "second")
        assert other.status_code == nobody.status_code == 404
        assert other.json()["detail"] == nobody.json()["detail"]  # not even that there is one
    assert started.id in {one["id"] for one in house.get("/jobs", "officer").json()}
    assert started.id not in {one["id"] for one in house.get("/jobs", "second").json()}
    rows = table(house.get(f"/jobs/{started.id}/results", "officer"))
    assert len(rows) == 50
    lines = house.get(f"/jobs/{started.id}/results?form=ndjson", "officer").text.splitlines()
    assert [json.loads(line)["decision"] for line in lines] == [row["decision"] for row in rows]


def test_a_job_that_cannot_be_read_fails_and_says_why(house) -> None:
    found = house.post("/decisions/file?later=true", content=b"PLANTED-7F3\n1\n", headers=CSV)
    assert found.status_code == 202
    ended = done(house, found.json()["id"])
    assert ended["state"] == "failed"
    english = house.get(f"/jobs/{ended['id']}", headers={"Accept-Language": "en"}).json()
    assert "names no column" in english["problem"]
    assert "ne nomme sur sa première ligne aucune colonne" in ended["problem"]
    assert "PLANTED" not in ended["problem"]
    assert str(house.service.home) not in ended["problem"]
    assert ended["results"] is None
    early = house.get(f"/jobs/{ended['id']}/results")
    assert early.status_code == 409
    assert early.json()["type"] == "urn:aval:not-now"


def test_more_than_is_decided_at_once_becomes_a_job(another) -> None:
    few = another(limits=Limits(inline=20))
    content = applications(few, few.ids[:21]).write_csv().encode()
    found = few.post("/decisions/file", content=content, headers=CSV)
    assert found.status_code == 202
    assert done(few, found.json()["id"])["done"] == 21
    content = applications(few, few.ids[:20]).write_csv().encode()
    assert few.post("/decisions/file", content=content, headers=CSV).status_code == 200


@pytest.mark.parametrize("kind", ["", "application/json", "image/png", "text/html", "multipart/form-data; boundary=x"])
def test_another_kind_of_body_is_refused(house, kind: str) -> None:
    found = house.post("/decisions/file", content=b"x", headers={"Content-Type": kind} if kind else {})
    assert found.status_code == 415
    assert "text/csv" in found.json()["detail"]


def test_nothing_is_left_of_a_file_that_was_refused(house) -> None:
    where = house.service.home / "jobs"
    before = {path.name for path in where.iterdir()}
    jobs = len(house.get("/jobs").json())
    for content in (b"", b"nothing,of\n1,2\n", b"PK\x03\x04rest", b"PAR1PAR1"):
        assert house.post("/decisions/file", content=content, headers=CSV).status_code == 422
    assert {path.name for path in where.iterdir()} == before
    assert len(house.get("/jobs").json()) == jobs


@pytest.mark.parametrize("query", ["form=xml", "explain=some", "later=perhaps"])
def test_options_are_those_stated(house, query: str) -> None:
    content = hostile.sheet(hostile.application(800_004)).encode()
    assert house.post(f"/decisions/file?{query}", content=content, headers=CSV).status_code == 422


@pytest.mark.parametrize("number", ["x", "%2e%2e%2f", "0" * 31, "0" * 33, "A" * 32])
def test_a_job_s_number_is_one(house, number: str) -> None:
    assert house.get(f"/jobs/{number}").status_code in (404, 422)
    assert house.get(f"/jobs/{number}/results").status_code in (404, 422)
