"""Every failure as RFC 9457 problem details, rendered in one place; never a value of the request."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from aval import errors
from aval.credit.reason import Language
from aval.errors import Said
from aval.service.api.state import language
from aval.service.breaches import breach
from aval.service.failures import said
from aval.service.remedies import FAILED, SAID, TITLES
from aval.service.terms import Pair, typeset

MEDIA: Final = "application/problem+json"

STATUS: Final[Mapping[type[errors.AvalError], tuple[int, str]]] = {
    errors.BodyInvalid: (400, "unreadable-body"),
    errors.NotAuthenticated: (401, "not-authenticated"),
    errors.NotAllowed: (403, "not-allowed"),
    errors.ApplicantUnknown: (404, "applicant-unknown"),
    errors.DecisionUnknown: (404, "decision-unknown"),
    errors.JobUnknown: (404, "job-unknown"),
    errors.VersionUnknown: (404, "version-unknown"),
    errors.BodySlow: (408, "timeout"),
    errors.NotNow: (409, "not-now"),
    errors.Erased: (410, "erased"),
    errors.BodyTooLarge: (413, "too-large"),
    errors.DossierTooLarge: (413, "too-large"),
    errors.ArchiveTooLarge: (413, "too-large"),
    errors.MediaUnknown: (415, "media-type"),
    errors.DossierInvalid: (422, "contract"),
    errors.ChangeInvalid: (422, "change"),
    errors.KeyReused: (422, "idempotency-key-reused"),
    errors.OverrideInvalid: (422, "override"),
    errors.OptionError: (422, "option"),
    errors.SourceError: (422, "unreadable-file"),
    errors.TooMany: (429, "too-many-requests"),
    errors.Busy: (503, "busy"),
    errors.NoRoom: (503, "no-room"),
    errors.LogUnavailable: (503, "log-unavailable"),
    errors.ProviderUnavailable: (503, "identity-provider-unavailable"),
    errors.RegistryError: (503, "no-model"),
    errors.FeatureError: (503, "no-model"),
    errors.ArtefactError: (503, "no-model"),
    errors.PolicyError: (503, "no-policy"),
    errors.WarehouseError: (503, "warehouse-unavailable"),
}
"""What each failure is over HTTP: the status, and the last part of the problem's type."""

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+]*://[^\s;,']*[^\s;,:.']|(?<![\w.])/[^\s:;,']+", re.IGNORECASE)
RETRY_SECONDS: Final = 2
"""When to come again after a 503 that says nothing better."""

_HEADERS: Final[Mapping[str, Any]] = {
    "X-Request-ID": {"description": "The request's number, as in the logs", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "How to authenticate", "schema": {"type": "string"}},
    "Allow": {"description": "The methods that there are", "schema": {"type": "string"}},
}
_WITH: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


class Broken(BaseModel):
    """One place where a request breaks the contract; never the value that stands there."""

    table: str = Field(description="Raw table, or part of the request")
    row: int | None = Field(None, description="Place in the table's list, from 0; null for the application")
    column: str | None = Field(None, description="Raw column")
    rule: str = Field(description="The rule that is broken", examples=["AMT_CREDIT|range"])
    sentence: str = Field(description="The same in the language asked for")


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:aval:contract"])
    title: str = Field(examples=["The request breaks the contract"])
    status: int = Field(examples=[422])
    detail: str = Field(description="What is wrong, where, what to do")
    instance: str = Field(description="The request's number, as in the logs")
    problems: list[Broken] | None = Field(None, description="Every place that breaks the contract, at most 100")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses as the OpenAPI names them."""
    return {
        status: {
            "description": TITLES[status][1],
            "headers": {name: _HEADERS[name] for name in ("X-Request-ID", *_WITH.get(status, ()))},
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 400, 401, 403, 405, 413, 422, 429, 503})
    }


def problem(
    status: int,
    kind: str,
    detail: str,
    instance: str,
    lang: Language,
    *,
    problems: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response; `detail` is in this language already."""
    told: dict[str, Any] = {
        "type": f"urn:aval:{kind}",
        "title": _of(TITLES.get(status, FAILED), lang),
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    if problems:
        told["problems"] = list(problems)
    sent = {"Cache-Control": "no-store", "Content-Language": lang, **(headers or {})}
    return Response(json.dumps(told, ensure_ascii=False), status, sent, MEDIA)


def rendered(failure: errors.AvalError, instance: str, lang: Language) -> Response:
    """A failure of ours."""
    status, kind = next((STATUS[cls] for cls in type(failure).__mro__ if cls in STATUS), (500, "internal"))
    headers = {}
    if status in (429, 503):
        headers["Retry-After"] = str(max(1, math.ceil(getattr(failure, "retry_after", RETRY_SECONDS))))
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="aval"'
    problems: Sequence[Mapping[str, Any]] = ()
    if isinstance(failure, errors.DossierInvalid):
        problems = [{**one._asdict(), "sentence": breach(one.table, one.rule, lang)} for one in failure.problems]
    detail = public(kind, lang) if kind in SAID else said(failure.said, lang)
    return problem(status, kind, detail, instance, lang, problems=problems, headers=headers)


def public(kind: str, lang: Language) -> str:
    """What is said where the failure's own sentence is for the logs alone."""
    return _of(SAID[kind], lang)


def spoken(accept: str | None) -> Language:
    """The language that failures are told in: English unless French is asked for."""
    return language(accept, "en")


def _of(pair: Pair, lang: Language) -> str:
    return typeset(pair[0 if lang == "fr" else 1], lang)


def install(app: FastAPI) -> None:
    """Make every failure a problem."""

    def instance(request: Request) -> str:
        return f"urn:uuid:{request.scope.get('request_id', '')}"

    def asked(request: Request) -> Language:
        return spoken(request.headers.get("accept-language"))

    @app.exception_handler(errors.AvalError)
    async def _ours(request: Request, failure: errors.AvalError) -> Response:
        request.scope["failure"] = failure
        return rendered(failure, instance(request), asked(request))

    @app.exception_handler(RequestValidationError)
    async def _shape(request: Request, failure: RequestValidationError) -> Response:
        # FastAPI's own answer would send the value back.
        lang = asked(request)
        problems = [_broken(one, lang) for one in failure.errors()[:100]]
        status = 400 if any(one["rule"] == "json_invalid" for one in problems) else 422
        first = problems[0]
        place = " ".join(part for part in (first["table"], first["column"]) if part)
        detail = Said(
            "{place}: breaks the rule {rule}; see the OpenAPI at /openapi.json.", place=place, rule=first["rule"]
        )
        if status == 400:
            detail = Said("The body is not JSON; send one JSON object in UTF-8.")
        return problem(status, "request", said(detail, lang), instance(request), lang, problems=problems)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, failure: HTTPException) -> Response:
        details = {
            404: Said("There is nothing at this address; the addresses are at /openapi.json."),
            405: Said("This address does not take that method; see /openapi.json."),
        }
        status, lang = failure.status_code, asked(request)
        detail = said(details[status], lang) if status in details else f"{_of(TITLES.get(status, FAILED), lang)}."
        return problem(status, "http", detail, instance(request), lang, headers=failure.headers)


def plain(text: str) -> str:
    """A sentence without the addresses and folders of this machine."""
    return _ADDRESS.sub("…", text)


def _broken(error: Mapping[str, Any], lang: Language) -> dict[str, Any]:
    table, column, rule = str(error["loc"][0]), _place(error), str(error["type"])
    sentence = breach(table, f"{column or table}|{rule}", lang)
    return {"table": table, "row": None, "column": column, "rule": rule, "sentence": sentence}


def _place(error: Mapping[str, Any]) -> str | None:
    """Which of our own names is concerned; a name that the sender made up is not repeated."""
    if error["type"] == "extra_forbidden":
        return None
    return ".".join(str(part) for part in error["loc"][1:])[:80] or None
