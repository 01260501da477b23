"""What every request passes: sizes, patience, headers, numbers, methods; below any client's politeness."""

import json
import uuid
from contextlib import suppress
from typing import Any

import anyio
import pytest
import structlog
from polars.exceptions import PanicException

from aval.errors import BodySlow
from aval.service.api.gate import Gate
from aval.service.api.metrics import Metrics
from aval.service.api.state import Limits
from tests.service.api.conftest import dossier_of, raw

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
JSON = {"Content-Type": "application/json"}


def _safe(found: Any) -> None:
    for name, value in SAFE.items():
        assert found.headers[name] == value
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert found.headers["cache-control"] == "no-store"
    assert "max-age" in found.headers["strict-transport-security"]
    assert uuid.UUID(found.headers["x-request-id"])
    assert "server" not in found.headers


def test_every_answer_has_safe_headers_errors_too(house) -> None:
    answers = [
        house.get("/model"),
        house.get("/model", None),
        house.get("/applicants/1/erase"),
        house.get("/nothing"),
        house.get("/decisions/x"),
        house.get("/health/live", None),
        house.get("/metrics", None),
        house.get("/openapi.json", None),
        house.post("/decisions", content=b"{", headers=JSON),
        house.post("/decisions", content=b"x" * (house.service.limits.body_bytes + 1), headers=JSON),
        house.post("/decisions", "analyst"),
    ]
    assert {one.status_code for one in answers} == {200, 400, 401, 403, 404, 405, 413, 422}
    for answer in answers:
        _safe(answer)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            told = answer.json()
            assert told["status"] == answer.status_code
            assert told["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("0F8FAD5B-D9CB-469F-A165-70867728950E", True),
        ("0f8fad5bd9cb469fa16570867728950e", True),
        ("0f8fad5b-d9cb-469f-a165-70867728950e\n", False),
        ("0f8fad5b-d9cb-469f-a165-70867728950e PLANTED", False),
        ("PLANTED-7F3", False),
        ("", False),
        ("é", False),
        ("1" * 10_000, False),
    ],
)
def test_a_request_s_number_is_echoed_only_where_it_is_one(house, sent: str, echoed: bool) -> None:
    scope = {"path": "/health/live", "headers": [(b"x-request-id", sent.encode("latin-1"))]}
    _, headers, _ = house.client.portal.call(raw, house.app, scope, [{"type": "http.request", "body": b""}])
    assert (headers["x-request-id"] == sent.lower()) is echoed
    assert "PLANTED" not in headers["x-request-id"]
    assert uuid.UUID(headers["x-request-id"])


def test_methods_that_are_not_there(house) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "CONNECT"):
        found = house.ask(method, "/decisions")
        assert found.status_code == 405, method
        assert set(found.headers["allow"].split(", ")) & {"GET", "POST"}
        _safe(found)
    assert house.ask("BREW", "/decisions").status_code == 405
    assert house.ask("GET", "/decisions/file").status_code == 422
    assert "BREW" not in house.get("/metrics", None).text


def test_a_slash_too_many_is_no_redirect_to_whoever_the_request_names(house) -> None:
    found = house.get("/portfolio/", headers={"Host": "evil.example"}, follow_redirects=False)
    assert found.status_code == 404
    assert "location" not in found.headers


def _post(house: Any, path: str, messages: list[dict[str, Any]], *more: tuple[bytes, bytes], pause: float = 0.0) -> Any:
    headers = [(b"content-type", b"application/json"), (b"x-api-key", house.keys["admin"].encode()), *more]
    scope = {"method": "POST", "path": path, "headers": headers}
    return house.client.portal.call(raw, house.app, scope, messages, pause)


BODIES = ("/decisions", "/what-if", f"/decisions/{'0' * 32}/override", "/applicants/1/erase")


@pytest.mark.parametrize("path", BODIES)
def test_a_large_body_is_refused_however_it_says_its_size(house, path: str) -> None:
    most = house.service.limits.body_bytes
    pieces = [{"type": "http.request", "body": b" " * (1 << 20), "more_body": True}] * (most // (1 << 20) + 1)
    for messages, headers in (
        ([], [(b"content-length", str(most + 1).encode())]),
        (pieces, []),
        (pieces, [(b"content-length", b"5")]),
    ):
        status, told, body = _post(house, path, messages, *headers)
        assert status == 413
        assert json.loads(body)["type"] == "urn:aval:too-large"
        assert told["content-type"] == "application/problem+json"
    for length in (b"x", b"-1", b"1e3", b"9" * 19, b"", "٣".encode()):
        assert _post(house, path, [], (b"content-length", length))[0] == 400


def test_a_file_may_be_larger_than_a_dossier(another) -> None:
    small = another(limits=Limits(body_bytes=1000, file_bytes=5000))
    head = {"Content-Type": "text/csv"}
    assert small.post("/decisions", content=b" " * 1001, headers=JSON).status_code == 413
    assert small.post("/decisions/file", content=b"a\n" * 2000, headers=head).status_code == 422
    assert small.post("/decisions/file", content=b"a\n" * 2501, headers=head).status_code == 413
    assert not list((small.service.home / "jobs").iterdir())


def test_a_slow_body_is_given_up(another) -> None:
    hasty = another(limits=Limits(patience=0.2))
    first = {"type": "http.request", "body": b"{", "more_body": True}
    for path in (*BODIES, "/decisions/file"):
        for messages in ([], [first]):
            headers = [(b"content-type", b"text/csv")] if path == "/decisions/file" else []
            scope_headers = headers or [(b"content-type", b"application/json")]
            scope = {
                "method": "POST",
                "path": path,
                "headers": [*scope_headers, (b"x-api-key", hasty.keys["admin"].encode())],
            }
            status, told, body = hasty.client.portal.call(raw, hasty.app, scope, messages)
            assert status == 408, path
            assert json.loads(body)["type"] == "urn:aval:timeout"
            assert told["x-frame-options"] == "DENY"
    assert not list((hasty.service.home / "jobs").iterdir())


def test_a_body_that_drips_is_given_up_too() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        with suppress(BodySlow):
            while (await receive()).get("more_body"):
                pass
            return
        await send({"type": "http.response.start", "status": 408, "headers": []})

    async def dripping(times: int) -> int:
        left, status = times, 0

        async def receive() -> Any:
            nonlocal left
            await anyio.sleep(0.02)
            left -= 1
            return {"type": "http.request", "body": b" ", "more_body": left > 0}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        gate = Gate(app, metrics=Metrics(), body=1000, file=1000, patience=0.2)
        await gate({"type": "http", "path": "/", "method": "POST", "headers": []}, receive, send)
        return status

    assert anyio.run(dripping, 5) == 0  # it was read to its end
    assert anyio.run(dripping, 100) == 408


def test_who_hangs_up_is_not_a_failure(house) -> None:
    gone = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    before = house.size()
    with structlog.testing.capture_logs() as lines:
        for path in ("/decisions", "/applicants/1/erase"):
            assert _post(house, path, gone) is None or True
    assert house.size() == before
    assert {line["status"] for line in lines if line["event"] == "request"} == {499}
    assert not [line for line in lines if line["event"] == "failed"]


def test_one_line_per_request_and_nothing_of_the_applicant(house) -> None:
    dossier = dossier_of(next(house.taken), AMT_INCOME_TOTAL=123456.75)
    with structlog.testing.capture_logs() as lines:
        answer = house.decided(dossier)
        house.get(f"/decisions/{answer['id']}?PLANTED=1")
        house.get("/PLANTED-7F3")
    told = [line for line in lines if line["event"] == "request"]
    assert [line["route"] for line in told] == ["/decisions", "/decisions/{decision}", "unknown"]
    assert told[0]["caller"] == "the-admin"
    assert told[0]["ms"] > 0
    said = json.dumps(lines)
    for secret in ("PLANTED", "123456.75", str(answer["applicant_id"]), house.keys["admin"], answer["id"]):
        assert secret not in said


def test_what_is_unforeseen_is_told_by_its_place_alone() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("PLANTED-7F3")

    gate = Gate(app, metrics=Metrics(), body=10, file=10, patience=1.0)
    with structlog.testing.capture_logs() as lines:
        status, headers, body = anyio.run(raw, gate, {"path": "/", "method": "GET"}, [])
    assert status == 500
    assert json.loads(body)["type"] == "urn:aval:internal"
    assert headers["x-content-type-options"] == "nosniff"
    (failed,) = (line for line in lines if line["event"] == "failed")
    assert failed["kind"] == "ValueError"
    assert "test_gate.py" in failed["at"]
    assert "PLANTED" not in json.dumps(lines) + body.decode()


def test_a_panic_of_a_library_is_a_failure_like_any_other() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise PanicException("PLANTED-7F3")

    gate = Gate(app, metrics=Metrics(), body=10, file=10, patience=1.0)
    with structlog.testing.capture_logs() as lines:
        status, _, body = anyio.run(raw, gate, {"path": "/", "method": "GET"}, [])
    assert (status, json.loads(body)["type"]) == (500, "urn:aval:internal")
    assert [line["event"] for line in lines] == ["failed", "request"]


def test_an_answer_that_fails_half_way_is_seen_to_be_cut_off() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("PLANTED-7F3")

    with structlog.testing.capture_logs() as lines:
        gate = Gate(app, metrics=Metrics(), body=10, file=10, patience=1.0)
        status, _, body = anyio.run(raw, gate, {"path": "/", "method": "GET"}, [])
    assert (status, body) == (200, b"half")  # no last piece: a server ends the connection
    assert [line["event"] for line in lines] == ["failed", "request"]


def test_what_is_no_request_passes() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    gate = Gate(app, metrics=Metrics(), body=10, file=10, patience=1.0)
    anyio.run(raw, gate, {"type": "lifespan"}, [])
    assert seen == ["lifespan"]
