"""Routes for whoever runs the service; they need no key and tell nothing of applicants."""

from typing import Literal

from fastapi import APIRouter, Response

from aval.errors import AvalError
from aval.service.answer import Answer
from aval.service.api.doors import The
from aval.service.api.problems import plain

router = APIRouter(tags=["run"])


class LiveAnswer(Answer):
    """The process is there."""

    state: Literal["live"]
    """Always."""


class ReadyAnswer(Answer):
    """Whether to send applications here."""

    ready: bool
    """All that deciding needs is there, and warm."""
    model: str
    """Version that decides, or why none does."""
    policy: str
    """Name of the rule, or why it is not in force."""
    log: str
    """`ok`, or why nothing can be written."""
    registry: str
    """`ok`, or `not followed`: deciding goes on, and `/model` says why."""


@router.get("/health/live", summary="Is the process there?")
async def live() -> LiveAnswer:
    """Yes."""
    return LiveAnswer(state="live")


@router.get(
    "/health/ready",
    summary="Can it decide?",
    responses={503: {"description": "Not yet, or not now", "model": ReadyAnswer}},
)
def ready(service: The, response: Response) -> ReadyAnswer:
    """Model, policy, log, registry."""
    trouble = service.live.trouble
    state = {"model": "", "policy": "", "log": "ok", "registry": "ok" if trouble is None else "not followed"}
    well = service.ready
    try:
        state["model"] = service.live.champion.version
        state["policy"] = service.live.decider().policy.name
    except AvalError as problem:
        well = False
        state["model" if not state["model"] else "policy"] = plain(str(problem))
    try:
        service.log.alive()
    except AvalError:
        well = False
        state["log"] = "unavailable"  # its address is nobody's business here
    if not well:
        response.status_code = 503
    return ReadyAnswer(ready=well, **state)


@router.get("/metrics", summary="For Prometheus", response_class=Response,
            responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})  # fmt: skip
def metrics(service: The) -> Response:
    """Latency by stage, verdicts, rejects, what decides."""
    page, kind = service.metrics.page()
    return Response(page, media_type=kind)
