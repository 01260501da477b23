"""Who may come in: the dependency that every route but health stands behind."""

from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer

from aval.credit.reason import Language
from aval.service.access import Access
from aval.service.api.state import Service, language, service_of
from aval.service.role import Caller, Right

_BEARER = HTTPBearer(auto_error=False, description="An API key, or a token of the bank's identity provider.")
_KEY = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key: `aval key add NAME --role ROLE`.")


def may(right: Right) -> Any:
    """A caller who has this right, within their rate."""

    def check(request: Request, _: Annotated[Any, Security(_BEARER)], __: Annotated[Any, Security(_KEY)]) -> Caller:
        access: Access = service_of(request).access
        address = request.client.host if request.client else ""
        caller = access.caller(request.headers.get("authorization"), request.headers.get("x-api-key"), address)
        request.scope["caller"] = caller.name
        access.require(caller, right)
        return caller

    return Depends(check)


def _spoken(
    request: Request,
    accept_language: Annotated[
        str | None, Header(description="`fr` or `en`: the language of every sentence.", examples=["fr"])
    ] = None,
) -> Language:
    return language(accept_language, service_of(request).lang)


Reader = Annotated[Caller, may(Right.READ)]
Instant = Annotated[
    str | None,
    Query(
        pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z?)?$",
        description="UTC: a day, or an instant.",
        examples=["2026-11-25"],
    ),
]
Lang = Annotated[Language, Depends(_spoken)]
The = Annotated[Service, Depends(service_of)]
