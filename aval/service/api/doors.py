"""Who may come in: the dependency that every route but health stands behind."""

from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Header, Query, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from aval.credit.reason import Language
from aval.errors import MediaUnknown
from aval.service.access import Access
from aval.service.api.state import Service, language, service_of
from aval.service.body import parse
from aval.service.role import Caller, Right

T = TypeVar("T", bound=BaseModel)

_BEARER = HTTPBearer(auto_error=False, description="An API key, or a token of the bank's identity provider.")
_KEY = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key: `aval key add NAME --role ROLE`.")


def may(right: Right) -> Any:
    """A caller who has this right, within their rate."""

    async def check(
        request: Request, _: Annotated[Any, Security(_BEARER)], __: Annotated[Any, Security(_KEY)]
    ) -> Caller:
        access: Access = service_of(request).access
        shown = request.headers.get("authorization"), request.headers.get("x-api-key")
        caller = access.remembered(*shown)  # a thread costs a turn of the loop: only for what has to be waited for
        if caller is None:
            address = request.client.host if request.client else ""
            caller = await run_in_threadpool(access.caller, *shown, address)
        request.scope["caller"] = caller.name
        access.require(caller, right)
        return caller

    return Depends(check)


def json_only(request: Request) -> None:
    """Raises MediaUnknown for a body of another kind."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MediaUnknown("application/json")


def sent(model: type[T]) -> Any:
    """The JSON body as this model, read as strictly as a dossier; to be asked for after `may`, for strangers send
    nothing that is read.
    """

    async def read(request: Request) -> T:
        json_only(request)
        try:
            return model.model_validate(parse(await request.body()), strict=True)
        except ValidationError as failure:
            told = failure.errors(include_url=False, include_context=False, include_input=False)
            raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in told]) from None

    return Depends(read)


def body_of(name: str) -> dict[str, Any]:
    """A JSON body of this component, as the OpenAPI names it."""
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def _spoken(
    request: Request,
    accept_language: Annotated[
        str | None, Header(description="`fr` or `en`: the language of every sentence.", examples=["fr"])
    ] = None,
) -> Language:
    return language(accept_language, service_of(request).lang)


PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
"""What a name in a query may be: PostgreSQL takes no NUL."""
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


async def _the(request: Request) -> Service:
    return service_of(request)


The = Annotated[Service, Depends(_the)]
