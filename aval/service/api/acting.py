"""Routes that act on what was decided: overrides, replays, the chain, erasure."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from aval.credit.decision import Verdict
from aval.errors import ApplicantUnknown, Busy, Said
from aval.service.answer import Answer
from aval.service.api.answers import DecisionAnswer
from aval.service.api.deciding import Number, shown
from aval.service.api.doors import Lang, The, body_of, may, sent
from aval.service.api.problems import documented
from aval.service.failures import said
from aval.service.log.chain import read_head
from aval.service.log.verifying import verify
from aval.service.overriding import WORDS_MOST, confirm, override
from aval.service.remedies import LOST
from aval.service.role import Caller, Right

router = APIRouter(tags=["act"])

Officer = Annotated[Caller, may(Right.OVERRIDE)]


class OverrideAsked(Answer):
    """Another verdict than the one that stands."""

    verdict: Literal["approve", "decline"] = Field(examples=["approve"])
    """The officer's."""
    motive: str = Field(max_length=40, examples=["NEW_INFORMATION"])
    """Code of the policy's list."""
    words: str = Field(min_length=1, max_length=WORDS_MOST, examples=["Bulletin de salaire fourni."])
    """Why, in the officer's own words."""


class SecondAsked(Answer):
    """A second officer's yes or no."""

    agrees: bool = Field(examples=[True])
    """Whether the override comes into force."""
    words: str = Field(min_length=1, max_length=WORDS_MOST, examples=["Bulletin de salaire vérifié."])
    """Why, in the officer's own words."""


class OverrideAnswer(Answer):
    """What became of it."""

    state: Literal["in_force", "awaiting_second", "rejected"]
    """`awaiting_second` where the policy wants a second pair of eyes."""
    decision: DecisionAnswer
    """As it stands now."""


@router.post(
    "/decisions/{decision}/override",
    summary="Decide otherwise",
    operation_id="override_decision",
    responses=documented(404, 408, 409, 410, 415),
    openapi_extra=body_of("OverrideAsked"),
)
def an_override(
    decision: Number,
    service: The,
    lang: Lang,
    caller: Officer,
    asked: Annotated[OverrideAsked, sent(OverrideAsked)],
) -> OverrideAnswer:
    """With a motive of the policy's list and words; above the policy's amount a second officer has to agree."""
    stored = service.log.decision(decision)
    made = override(service.log, service.policy, stored, caller.name, Verdict(asked.verdict), asked.motive, asked.words)
    return OverrideAnswer(state=made.state, decision=shown(service, service.log.decision(decision), lang, words=True))


@router.post(
    "/decisions/{decision}/override/second",
    summary="Confirm or reject an override",
    operation_id="confirm_override",
    responses=documented(404, 408, 409, 410, 415),
    openapi_extra=body_of("SecondAsked"),
)
def a_second(
    decision: Number, service: The, lang: Lang, caller: Officer, asked: Annotated[SecondAsked, sent(SecondAsked)]
) -> OverrideAnswer:
    """By another officer than the first."""
    stored = service.log.decision(decision)
    made = confirm(service.log, stored, caller.name, agrees=asked.agrees, words=asked.words)
    return OverrideAnswer(state=made.state, decision=shown(service, service.log.decision(decision), lang, words=True))


class ReplayAnswer(Answer):
    """A decision made again."""

    id: str
    """Number of the decision."""
    outcome: Literal["same", "differs", "erased", "impossible"]
    """Whether every part came out bit for bit."""
    differs: tuple[str, ...]
    """Parts that came out otherwise."""
    why: str
    """Why it could not be made again."""
    model: str
    """Version that made it."""
    policy: str
    """Policy that made it."""


@router.post(
    "/decisions/{decision}/replay",
    summary="Make a decision again",
    operation_id="replay_decision",
    responses=documented(404),
)
async def a_replay(decision: Number, service: The, lang: Lang, _: Annotated[Caller, may(Right.REPLAY)]) -> ReplayAnswer:
    """From its stored inputs, with its model and its policy; nothing is written."""
    replay = await service.working(lambda: service.replayer.replay(decision))
    return ReplayAnswer.model_validate({**replay.to_json(), "why": said(replay.why, lang, LOST)})


class FaultAnswer(Answer):
    """Something that is not as it was written."""

    seq: int
    """Number of the record."""
    what: str
    """What is wrong with it."""


class VerifyAnswer(Answer):
    """What a walk over the whole chain found."""

    holds: bool
    """Whether the log is whole and unchanged."""
    records: int
    """Links of the chain."""
    decisions: int
    """Applicants decided."""
    seq: int
    """The last record."""
    hash: str
    """Its hash: keep it, and any later log must still hold it."""
    head_at: str | None
    """When the exported head was signed."""
    faults: tuple[FaultAnswer, ...]
    """At most 20."""


@router.get("/verify", summary="Walk the chain", operation_id="verify_log", responses=documented())
def a_walk(service: The, lang: Lang, _: Annotated[Caller, may(Right.VERIFY)]) -> VerifyAnswer:
    """Every hash recomputed, every link followed, the exported head found in its place."""
    if not service.walking.acquire(blocking=False):
        raise Busy("The chain is being walked already")
    try:
        found = verify(service.log, read_head(service.log.signer.file))
    finally:
        service.walking.release()
    told = found.to_json()
    return VerifyAnswer.model_validate(
        {**told, "faults": tuple({**fault, "what": said(fault["what"], lang)} for fault in told["faults"])}
    )


class EraseAsked(Answer):
    """Why somebody is erased."""

    why: Literal["asked", "retention", "court"] = Field(examples=["asked"])
    """A word, so that the record of an erasure tells nothing about the person."""


class EraseAnswer(Answer):
    """What was erased."""

    decisions: int
    """Decisions whose personal part opens no more."""


@router.post(
    "/applicants/{applicant_id}/erase",
    summary="Erase an applicant",
    operation_id="erase_applicant",
    responses=documented(404, 408, 415),
    openapi_extra=body_of("EraseAsked"),
)
def an_erasure(
    applicant_id: Annotated[int, Field(gt=0, le=10**15, description="SK_ID_CURR.")],
    service: The,
    caller: Annotated[Caller, may(Right.ERASE)],
    asked: Annotated[EraseAsked, sent(EraseAsked)],
) -> EraseAnswer:
    """Their key is dropped: inputs, features, contributions and reasons are gone, the chain still holds."""
    gone = service.log.erase(applicant_id, caller.name, asked.why)
    if not gone:
        raise ApplicantUnknown(Said("The log"))
    return EraseAnswer(decisions=gone)
