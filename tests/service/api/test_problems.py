"""Every failure of ours has one status, whole headers, and nothing of the machine or the request in its words."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from aval import errors
from aval.credit.reason import LANGUAGES, Language
from aval.service.api import problems
from aval.service.api.problems import STATUS, Problem, documented, plain, rendered

INSTANCE = "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e"
PLACE = "/srv/secret/log.db"

MADE: list[errors.AvalError] = [
    errors.BodyInvalid("is not JSON", 1, 2),
    errors.NotAuthenticated("The request shows no key", "send one"),
    errors.NotAllowed("analyst", "decide"),
    errors.RoleMissing("roles"),
    errors.ApplicantUnknown("The warehouse"),
    errors.DecisionUnknown(),
    errors.JobUnknown(),
    errors.VersionUnknown(),
    errors.BodySlow(),
    errors.NotNow("That verdict stands already", "there is nothing to override"),
    errors.Erased("x"),
    errors.BodyTooLarge(5),
    errors.DossierTooLarge(6, 5),
    errors.ArchiveTooLarge("unpacks to more", "send the tables"),
    errors.MediaUnknown("application/json"),
    errors.DossierInvalid([errors.Problem("bureau", 1, "AMT_ANNUITY", "AMT_ANNUITY|dtype")]),
    errors.ChangeInvalid("credit", "not an amount", "give more"),
    errors.KeyReused(),
    errors.OverrideInvalid("Say why", "write"),
    errors.OptionError("cursor", "is none"),
    errors.SourceMissing("upload.csv", "table", "add one"),
    errors.TooMany("requests", 3.2),
    errors.Busy(),
    errors.LogUnavailable(f"sqlite:///{PLACE}", "database is locked"),
    errors.Quicker(f"sqlite:///{PLACE}", "another writer was quicker"),
    errors.ProviderUnavailable("https://idp.bank.example", "refused the connection", 7.5),
    errors.RegistryError(f"{PLACE}: no such model", "train"),
    errors.FeatureError(f"{PLACE}: other features", "train"),
    errors.ArtefactError(PLACE, "its digest is another"),
    errors.PolicyError(PLACE, "not in force today", "start"),
    errors.WarehouseError(PLACE, "is damaged"),
    errors.LogBroken(PLACE, "the chain is broken", "keep it"),
]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("failure", MADE, ids=lambda one: type(one).__name__)
def test_a_failure_is_a_whole_problem(failure: errors.AvalError, lang: Language) -> None:
    found = rendered(failure, INSTANCE, lang)
    told = Problem.model_validate_json(bytes(found.body))
    expected = 500 if isinstance(failure, errors.LogBroken) else next(
        STATUS[one][0] for one in type(failure).__mro__ if one in STATUS
    )  # fmt: skip
    assert (found.status_code, told.status) == (expected, expected)
    assert told.type.startswith("urn:aval:")
    assert told.instance == INSTANCE
    assert told.title
    assert told.detail.endswith(".")
    assert found.media_type == "application/problem+json"
    assert found.headers["cache-control"] == "no-store"
    assert found.headers["content-language"] == lang
    for leak in ("/srv", "sqlite", "secret", "locked", "digest is another", "idp.bank"):
        assert leak not in bytes(found.body).decode()
    assert (found.status_code in (429, 503)) == ("retry-after" in found.headers)
    assert (found.status_code == 401) == ("www-authenticate" in found.headers)
    if found.status_code in (429, 503):
        assert int(found.headers["retry-after"]) >= 1


def test_when_to_come_again_is_whole_seconds_and_not_too_early() -> None:
    for seconds, said in ((0.01, "1"), (1.0, "1"), (3.2, "4"), (60, "60")):
        assert rendered(errors.TooMany("requests", seconds), INSTANCE, "en").headers["retry-after"] == said
    assert rendered(errors.ProviderUnavailable("x", "y", 7.5), INSTANCE, "en").headers["retry-after"] == "8"


def test_no_status_is_for_an_error_that_there_is_not() -> None:
    every = {one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.AvalError)}
    assert set(STATUS) <= every
    assert {one for status, one in STATUS.values()} >= {"contract", "too-large", "busy", "timeout"}
    assert all(status in problems.TITLES for status, _ in STATUS.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version 2: /var/lib/x.txt: gone; try", "version 2: …: gone; try"),
        ("sqlite:////a/b.db: locked.", "…: locked."),
        ("https://user:pw@host/x, away", "…, away"),
        ("run `aval train`, or/and wait; 3/4 of it", "run `aval train`, or/and wait; 3/4 of it"),
        ("Prêt à dépenser", "Prêt à dépenser"),
    ],
)
def test_places_are_left_out(text: str, said: str) -> None:
    assert plain(text) == said


def test_documented_statuses_have_their_headers() -> None:
    told = documented(404, 410)
    assert {400, 401, 403, 404, 405, 410, 413, 422, 429, 503} == set(told)
    assert "Retry-After" in told[503]["headers"]
    assert "WWW-Authenticate" in told[401]["headers"]
    assert all("X-Request-ID" in one["headers"] for one in told.values())


def test_addresses_and_methods_that_are_not_there(house) -> None:
    for path in ("/", "/docs", "/redoc", "/PLANTED", "/decisions/x/y/z", "/%2e%2e/etc/passwd", "//", "/jobs/"):
        found = house.get(path)
        assert found.status_code == 404, path
        assert "openapi.json" in found.json()["detail"]
        assert "PLANTED" not in found.text
    found = house.ask("DELETE", "/verify")
    assert found.status_code == 405
    assert found.headers["allow"] == "GET"
    assert found.json()["title"] == "Method not allowed"


def test_fastapi_s_own_complaints_repeat_nothing() -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/number")
    def number(n: int) -> int:
        return n

    @app.post("/body")
    def body(sent: dict[str, int]) -> int:
        return len(sent)

    @app.get("/broken")
    def broken() -> None:
        raise errors.LogBroken(PLACE, "PLANTED", "keep it")

    client = TestClient(app)
    found: Any = client.get("/number", params={"n": "PLANTED"})
    assert found.status_code == 422
    assert found.json()["problems"] == [
        {
            "table": "query",
            "row": None,
            "column": "n",
            "rule": "int_parsing",
            "sentence": "n: not of the form expected.",
        }
    ]
    assert "PLANTED" not in found.text
    found = client.post("/body", content=b'{"PLANTED": ', headers={"Content-Type": "application/json"})
    assert found.status_code == 400
    assert "PLANTED" not in found.text
    found = client.get("/broken")
    assert found.status_code == 500
    assert "PLANTED" not in found.text
    assert PLACE not in found.text


def test_what_is_said_names_no_machine() -> None:
    here = str(Path(__file__).resolve().parents[3])
    assert here not in json.dumps(dict(problems.SAID))
    assert set(problems.SAID) - {"internal"} <= {kind for _, kind in STATUS.values()}


def test_a_problem_speaks_the_language_asked_for(house) -> None:
    asked = {"Accept-Language": "fr-FR, en;q=0.5"}
    gone = f"/decisions/{'0' * 32}"
    said = {
        404: house.get(gone, headers=asked),
        405: house.ask("DELETE", "/verify", headers=asked),
        401: house.get("/me", None, headers=asked),
        422: house.post("/decisions", json={"application": {"AMT_CREDIT": -1}}, headers=asked),
        415: house.post("/decisions", content=b"x", headers={**asked, "Content-Type": "text/plain"}),
        400: house.post("/decisions", content=b"{", headers={**asked, "Content-Type": "application/json"}),
    }
    for status, found in said.items():
        told, plainly = found.json(), found.json()["detail"].replace("\u00a0", " ")
        assert (found.status_code, told["status"]) == (status, status)
        assert found.headers["content-language"] == "fr"
        assert told["title"] == problems.TITLES[status][0]
        assert re.search(r"\b(le|la|une?|aucune|cette|à|l'ensemble)\b", plainly, re.IGNORECASE), plainly
    english = house.post("/decisions", json={"application": {"AMT_CREDIT": -1}})
    assert english.headers["content-language"] == "en"
    told = said[422].json()
    assert told["type"] == english.json()["type"] == "urn:aval:contract"
    assert [one["rule"] for one in told["problems"]] == [one["rule"] for one in english.json()["problems"]]
    credit = next(one for one in told["problems"] if one["rule"] == "AMT_CREDIT|range")
    assert credit["sentence"].startswith("Montant du crédit (AMT_CREDIT)\u00a0: valeur hors des limites")
    assert house.get(gone, headers={"Accept-Language": "de"}).headers["content-language"] == "en"
    long = house.get("/me", headers={**asked, "Content-Length": "x" * 3})
    assert long.json()["detail"] == "Content-Length n'est pas un nombre."
