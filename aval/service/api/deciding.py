"""Routes that decide one application."""

import hashlib
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from aval.credit.reason import Language
from aval.data.dossiers import Dossiers
from aval.errors import DossierInvalid, Problem
from aval.service.api.answers import DecisionAnswer, contributions, decided
from aval.service.api.doors import Lang, The, body_of, json_only, may
from aval.service.api.problems import documented
from aval.service.api.state import Service
from aval.service.body import parse
from aval.service.contract import dossier
from aval.service.log.entry import Stored
from aval.service.role import Caller, Right

router = APIRouter(tags=["decide"])

Number = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Number of the decision.")]
_KEY_MOST: Final = 255


@router.post(
    "/decisions",
    summary="Decide one application",
    description='The raw tables of one applicant as JSON, or `{"applicant_id": ...}` to take them from the warehouse. '
    "The decision is in the log before it is in the answer. The same `Idempotency-Key` and body get the same decision "
    "for 24 hours; later they ask for a new one.",
    response_model=DecisionAnswer,
    responses=documented(404, 408, 415),
    openapi_extra=body_of("Dossier"),
)
async def decide(
    request: Request,
    service: The,
    lang: Lang,
    caller: Annotated[Caller, may(Right.DECIDE)],
    explain: Annotated[
        Literal["reasons", "full"], Query(description="`full` adds contributions by theme and feature.")
    ] = "reasons",
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1, max_length=_KEY_MOST, pattern=r"^[\x21-\x7e]+$", description="Send a retry with the same."
        ),
    ] = None,
) -> Response:
    """One application."""
    json_only(request)
    body = await request.body()
    key = None if idempotency_key is None else (idempotency_key, hashlib.sha256(body).hexdigest())
    answer, repeated = await service.working(lambda: _decide(service, body, caller.name, key, explain, lang))
    headers: dict[str, str] = {"Content-Language": lang}
    if repeated:
        headers["Idempotency-Replayed"] = "true"
    return Response(answer.model_dump_json(), headers=headers, media_type="application/json")


def _decide(
    service: Service, body: bytes, caller: str, key: tuple[str, str] | None, explain: str, lang: Language
) -> tuple[DecisionAnswer, bool]:
    timed = service.metrics.timed
    if key is not None and (before := service.log.answered(caller, *key)):
        return shown(service, service.log.decision(before), lang, explain), True
    with timed("read"):
        dossiers = given(service, parse(body))
    answered = service.counter.decide(dossiers, caller, key)
    if answered.receipt.answered is not None:
        return shown(service, service.log.decision(answered.receipt.answered), lang, explain), True
    decision = answered.made.decision
    service.metrics.verdicts.labels(decision.verdict.value, decision.model, decision.policy).inc()
    with timed("answer"):
        return shown(service, answered.stored(caller), lang, explain), False


def given(service: Service, said: object) -> Dossiers:
    """One applicant's dossier, sent or named.

    Raises:
        DossierInvalid, DossierTooLarge: it breaks the contract.
        ApplicantUnknown, WarehouseError: it is not in the warehouse.
    """
    if isinstance(said, dict) and "applicant_id" in said:
        wanted = said["applicant_id"]
        if len(said) > 1:
            raise DossierInvalid([Problem("request", None, "applicant_id", "applicant_id|alone")])
        if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 < wanted <= 10**15:
            raise DossierInvalid([Problem("request", None, "applicant_id", "applicant_id|dtype")])
        return service.known(wanted)
    return dossier(said, rows=service.limits.rows)


def shown(
    service: Service, stored: Stored, lang: Language, explain: str = "reasons", *, words: bool = False
) -> DecisionAnswer:
    """A decision as answered; `full` with what it rests on, `words` with those of officers."""
    policy = service.policy_of(stored)
    answer = decided(stored, policy, lang, words=words)
    private = stored.private
    if explain != "full" or private is None or private.contributions is None:
        return answer
    model = service.model_of(stored.model)
    why = contributions(model, private.contributions, private.features, lang)
    return answer.model_copy(update={"contributions": why})
