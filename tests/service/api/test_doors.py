"""Every route behind its right: without a key 401, with a role that may not 403, else let in; and the language."""

import re

import pytest

from aval.service.api.doors import PLAIN, Instant
from aval.service.role import Caller, Right, Role

NOBODY = "0" * 32

ROUTES: list[tuple[str, str, Right]] = [
    ("POST", "/decisions", Right.DECIDE),
    ("POST", "/decisions/file", Right.DECIDE),
    ("GET", "/jobs", Right.DECIDE),
    ("GET", f"/jobs/{NOBODY}", Right.DECIDE),
    ("GET", f"/jobs/{NOBODY}/results", Right.DECIDE),
    ("POST", "/what-if", Right.WHAT_IF),
    ("GET", f"/counterfactual/{NOBODY}", Right.WHAT_IF),
    ("GET", "/applicants/1", Right.READ),
    ("GET", f"/decisions/{NOBODY}", Right.READ),
    ("GET", f"/decisions/{NOBODY}?inputs=true", Right.READ_ALL),
    ("GET", "/decisions", Right.READ),
    ("GET", "/worklist", Right.READ),
    ("GET", f"/letters/{NOBODY}", Right.READ),
    ("GET", "/model", Right.READ),
    ("GET", "/policy", Right.READ),
    ("GET", "/features", Right.READ),
    ("GET", "/words", Right.READ),
    ("GET", "/models", Right.READ),
    ("GET", "/models/999", Right.READ),
    ("GET", "/results", Right.READ),
    ("GET", "/distributions", Right.READ),
    ("GET", "/portfolio", Right.READ),
    ("GET", "/watch", Right.READ),
    ("GET", "/me", Right.READ),
    ("POST", f"/decisions/{NOBODY}/override", Right.OVERRIDE),
    ("POST", f"/decisions/{NOBODY}/override/second", Right.OVERRIDE),
    ("POST", f"/decisions/{NOBODY}/replay", Right.REPLAY),
    ("GET", "/verify", Right.VERIFY),
    ("POST", "/applicants/1/erase", Right.ERASE),
]
OPEN = {"/health/live", "/health/ready", "/metrics"}


def test_the_table_knows_every_route(house) -> None:
    told = {
        (method.upper(), path)
        for path, methods in house.app.openapi()["paths"].items()
        for method in methods
        if path not in OPEN
    }
    table = set()
    for method, path, _ in ROUTES:
        bare = path.partition("?")[0]
        (found,) = (one for one in told if one[0] == method and _fits(one[1], bare))
        table.add(found)
    assert table == told


def _fits(template: str, path: str) -> bool:
    if "{" not in template and template != path:
        return False
    return (
        re.fullmatch(re.sub(r"\{[a-z_]+\}", r"[^/]+", template), path) is not None
        and ("{" in template or template == path)
        and not (template == "/decisions/{decision}" and path == "/decisions/file")
    )


@pytest.mark.parametrize(("method", "path", "right"), ROUTES, ids=lambda one: str(one))
def test_every_right_of_every_role(house, method: str, path: str, right: Right) -> None:
    nobody = house.ask(method, path, None)
    assert nobody.status_code == 401
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
    assert nobody.json()["type"] == "urn:aval:not-authenticated"
    for role in Role:
        found = house.ask(method, path, role.value)
        if Caller("x", role).may(right):
            assert found.status_code not in (401, 403), found.text
        else:
            assert found.status_code == 403, found.text
            assert right.value.replace("_", " ") in found.json()["detail"]


@pytest.mark.parametrize("path", sorted(OPEN))
def test_whoever_runs_the_service_needs_no_key(house, path: str) -> None:
    assert house.get(path, None).status_code == 200


def test_a_bearer_key_opens_and_two_keys_do_not(house) -> None:
    key = house.keys["analyst"]
    assert house.get("/model", None, headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert house.get("/model", "analyst", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    for wrong in ("", "x", key[:-1], key + "a", "aval_" + "a" * 8 + "_" + "b" * 43):
        found = house.get("/model", None, headers={"X-API-Key": wrong})
        assert found.status_code == 401
        assert not wrong or wrong not in found.text or len(wrong) == 1


def test_a_stranger_s_body_is_not_even_looked_at(house) -> None:
    for path in ("/decisions", "/what-if", f"/decisions/{NOBODY}/override", "/applicants/1/erase"):
        found = house.post(path, None, content=b"{", headers={"Content-Type": "application/json"})
        assert found.status_code == 401
        found = house.post(path, "validator", content=b"{", headers={"Content-Type": "application/json"})
        assert found.status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"why": "asked", "why": "court"}', "application/json", 400),
        (b'{"why": NaN}', "application/json", 400),
        (b'{"why": "\xe9"}', "application/json", 400),
        (b"[[[[[[[[[[[[]]]]]]]]]]]]", "application/json", 400),
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"why": "PLANTED"}', "application/json", 422),
        (b'{"why": "asked", "PLANTED": 1}', "application/json", 422),
        (b'{"why": "asked"}', "text/plain", 415),
        (b'{"why": "asked"}', "", 415),
        (b"why=asked", "application/x-www-form-urlencoded", 415),
        (b'{"why": "asked"}', "application/json; charset=utf-8", 404),
        (b'\xef\xbb\xbf{"why": "asked"}', "APPLICATION/JSON", 404),
    ],
)
def test_a_body_is_read_strictly_and_never_repeated(house, body: bytes, kind: str, status: int) -> None:
    headers = {"Content-Type": kind} if kind else {}
    found = house.post("/applicants/1/erase", content=body, headers=headers)
    assert found.status_code == status, found.text
    assert "PLANTED" not in found.text
    if status == 422:
        assert found.json()["problems"][0]["table"] == "body"


@pytest.mark.parametrize(
    ("accept", "lang"),
    [
        (None, "fr"),
        ("", "fr"),
        ("fr", "fr"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("fr-CA;q=0.4,en;q=0.9", "en"),
        ("en;q=0.4, fr-CA;q=0.9", "fr"),
        ("de, en;q=0.1", "en"),
        ("de", "fr"),
        ("*", "fr"),
        ("en;q=0", "fr"),
        ("en;q=nan", "fr"),
        ("en;q=inf", "fr"),
        ("en;q=9, fr;q=0.5", "fr"),
        ("en;q=-1", "fr"),
        ("en; q=0.8", "en"),
        ("en;level=1", "fr"),
        (";;;,,,;q=", "fr"),
        ("en" * 5000, "fr"),
        (",".join(["de"] * 5000) + ",en", "fr"),
    ],
)
def test_the_language_is_the_one_liked_better(house, accept: str | None, lang: str) -> None:
    found = house.get("/words", headers={} if accept is None else {"Accept-Language": accept})
    assert found.status_code == 200
    assert found.json()["lang"] == lang
    assert house.get("/words?lang=en", headers={"Accept-Language": "fr"}).json()["lang"] == "en"


def test_names_and_instants_of_a_query_hold_no_control_character() -> None:
    assert re.search(PLAIN, "Ève's key (2)")
    assert not re.search(PLAIN, "a\x00b")
    pattern = Instant.__metadata__[0].metadata[0].pattern  # type: ignore[attr-defined]
    assert re.search(pattern, "2026-11-25T10:15:00.5Z")
    assert not re.search(pattern, "2026-11-25 OR 1=1")
