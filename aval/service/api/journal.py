"""Routes about what was decided: applicants, decisions, the worklist, letters."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from aval.credit.decision import Verdict
from aval.data.tables import HISTORIES
from aval.errors import ApplicantUnknown, Erased
from aval.service.answer import Answer
from aval.service.api.answers import DecisionAnswer, listed
from aval.service.api.deciding import Number, shown
from aval.service.api.doors import PLAIN, Instant, Lang, Reader, The
from aval.service.api.problems import documented
from aval.service.inputs import restored
from aval.service.letter import letter
from aval.service.log.entry import Stored
from aval.service.log.log import utc
from aval.service.log.sealing import Private
from aval.service.overriding import OVERRIDE, SECOND
from aval.service.role import Right
from aval.service.views import PAGE_MOST, Wanted, agreement, page, worklist

router = APIRouter(tags=["read"])


class ApplicantAnswer(Answer):
    """An applicant of the warehouse."""

    applicant_id: int
    """SK_ID_CURR."""
    application: Mapping[str, Any]
    """Raw columns; null for missing."""
    histories: dict[str, int | None]
    """Rows of each history; null where the lender has none of that table."""
    decisions: list[DecisionAnswer]
    """What was decided, the newest first; at most 20."""


@router.get(
    "/applicants/{applicant_id}", summary="An applicant", operation_id="get_applicant", responses=documented(404, 410)
)
def applicant(
    applicant_id: Annotated[int, Field(gt=0, le=10**15, description="SK_ID_CURR.")], service: The, lang: Lang, _: Reader
) -> ApplicantAnswer:
    """The application as it lies in the warehouse, and what was decided of it."""
    before = page(service.log, Wanted(applicant_id=applicant_id), limit=20).decisions
    try:
        dossiers = service.known(applicant_id)
    except ApplicantUnknown:
        if not before:
            raise
        dossiers = restored(_private(service.log.decision(before[0].id)).inputs)
    tables = dossiers.tables
    return ApplicantAnswer(
        applicant_id=applicant_id,
        application=tables["application"].row(0, named=True),
        histories={table: None if table in dossiers.absent else tables[table].height for table in HISTORIES},
        decisions=[listed(one, service.policy_of(one), lang) for one in before],
    )


def _private(stored: Stored) -> Private:
    if stored.private is None:
        raise Erased(stored.id)
    return stored.private


@router.get(
    "/decisions/{decision}", summary="A decision as it was", operation_id="get_decision", responses=documented(404, 410)
)
def decision(
    decision: Number,
    service: The,
    lang: Lang,
    caller: Reader,
    explain: Annotated[
        Literal["reasons", "full"], Query(description="`full` adds contributions by theme and feature.")
    ] = "reasons",
    inputs: Annotated[bool, Query(description="With the raw tables: for those who may read everything.")] = False,
) -> DecisionAnswer:
    """What it rests on, where it stands in the chain, and what happened to it since."""
    service.access.require(caller, Right.READ_ALL if inputs else Right.READ)
    stored = service.log.decision(decision)
    answer = shown(service, stored, lang, explain, words=caller.may(Right.READ_ALL) or caller.may(Right.OVERRIDE))
    if not inputs:
        return answer
    return answer.model_copy(update={"inputs": json.loads(_private(stored).inputs)})


class PageAnswer(Answer):
    """Some decisions, the newest first."""

    decisions: list[DecisionAnswer]
    """Without reasons: ask for one by its number."""
    next: str | None
    """Hand it back as `cursor` for the next page; null on the last."""


@router.get("/decisions", summary="Search decisions", operation_id="list_decisions", responses=documented())
def decisions(
    service: The,
    lang: Lang,
    _: Reader,
    verdict: Verdict | None = None,
    model: Annotated[str | None, Query(max_length=40, pattern=PLAIN)] = None,
    policy: Annotated[str | None, Query(max_length=64, pattern=PLAIN)] = None,
    caller: Annotated[str | None, Query(max_length=100, pattern=PLAIN)] = None,
    applicant_id: Annotated[int | None, Query(gt=0, le=10**15)] = None,
    job: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
    since: Instant = None,
    until: Instant = None,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
) -> PageAnswer:
    """By verdict, model, policy, caller, applicant, job and time."""
    wanted = Wanted(
        verdict=verdict,
        model=model,
        policy=policy,
        caller=caller,
        applicant_id=applicant_id,
        job=job,
        since=since,
        until=until,
    )
    found = page(service.log, wanted, cursor, limit)
    return PageAnswer(decisions=[listed(one, service.policy_of(one), lang) for one in found.decisions], next=found.next)


class WorklistAnswer(Answer):
    """What waits for an officer."""

    waiting: list[DecisionAnswer]
    """The oldest first."""
    total: int
    """How many wait in all."""
    next: str | None
    """Hand it back as `cursor` for the next page; null on the last."""
    agreement: dict[str, int]
    """Overrides in force, those of referred cases, and of these the ones that went as the cut-off alone would."""
    by_motive: dict[str, int]
    """Overrides by motive."""
    by_officer: dict[str, int]
    """Overrides by officer."""


@router.get("/worklist", summary="What waits for an officer", operation_id="get_worklist", responses=documented())
def work(
    service: The,
    lang: Lang,
    _: Reader,
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = PAGE_MOST,
) -> WorklistAnswer:
    """Referred cases and overrides that want a second pair of eyes."""
    found, met = worklist(service.log, cursor, limit), agreement(service.log)
    return WorklistAnswer(
        waiting=[listed(one, service.policy_of(one), lang) for one in found.decisions],
        total=found.total,
        next=found.next,
        agreement={"overrides": met.overrides, "referred": met.referred, "agreed": met.agreed},
        by_motive=dict(met.by_motive),
        by_officer=dict(met.by_officer),
    )


@router.get(
    "/letters/{decision}",
    summary="A letter to the applicant",
    operation_id="get_letter",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}, **documented(404, 410)},
)
def a_letter(decision: Number, service: The, lang: Lang, _: Reader) -> Response:
    """A page to print: approval, or refusal with its principal reasons; never a figure of the model."""
    stored = service.log.decision(decision)
    _private(stored)
    text = letter(
        stored.decision(),
        service.policy_of(stored),
        lang,
        on=utc().date(),
        reference=stored.id[:12],
        lender=service.lender,
        verdict=stored.final if _by_officer(stored) else None,
    )
    return HTMLResponse(text, headers={"Content-Language": lang})


def _by_officer(stored: Stored) -> bool:
    """Whether the verdict that stands is an officer's: the applicant has a right to know that it is not."""
    return any(one.verdict and one.kind in (OVERRIDE, SECOND) and not one.body.get("awaiting") for one in stored.events)
