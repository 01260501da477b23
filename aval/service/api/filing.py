"""Routes that decide files, at once or as jobs."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from aval.credit.reason import Explain, Language
from aval.errors import JobUnknown, MediaUnknown, NotNow, Said
from aval.service.answer import Answer
from aval.service.api.doors import Lang, The, may
from aval.service.api.problems import documented, plain
from aval.service.api.state import Service
from aval.service.failures import said
from aval.service.files import room
from aval.service.jobs import GONE, Asked, Job
from aval.service.role import Caller, Right

router = APIRouter(tags=["decide"])


class JobAnswer(Answer):
    """A file that is being decided."""

    id: str
    """Number of the job."""
    state: str
    """`waiting`, `running`, `done` or `failed`."""
    done: int
    """Applications decided so far."""
    total: int | None
    """Applications of the file, once counted."""
    rejected: int
    """Rows that broke the contract so far."""
    problem: str | None
    """Why it failed."""
    created_at: str
    """UTC."""
    finished_at: str | None
    """UTC."""
    results: str | None
    """Where its answers are, once done."""


def job_answer(job: Job, lang: Language) -> JobAnswer:
    """A job as clients read it."""
    return JobAnswer(
        id=job.id,
        state=job.state,
        done=job.done,
        total=job.total,
        rejected=job.rejected,
        problem=None if job.problem is None else plain(said(job.problem, lang, said(GONE, lang))),
        created_at=job.created_at,
        finished_at=job.finished_at,
        results=f"/jobs/{job.id}/results" if job.state == "done" else None,
    )


_FILE_KINDS: Final = (
    "text/csv",
    "application/zip",
    "application/vnd.apache.parquet",
    "application/octet-stream",
)
_LINES_SHOWN: Final[dict[str, Any]] = {
    "text/csv": {"schema": {"type": "string"}},
    "application/x-ndjson": {"schema": {"type": "string"}},
}
_LINES: Final[Mapping[str, str]] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
Form = Annotated[Literal["csv", "ndjson"], Query(description="Form of the answer: a line per applicant.")]


@router.post(
    "/decisions/file",
    summary="Decide a file of applications",
    description="The body is the file itself: a CSV or Parquet of applications, or a zip of the seven tables; what it "
    "is is seen from its first bytes. Up to some thousand applications are answered at once, a line each; larger "
    "files with 202 and a job. Rows that break the contract come last, with the rules they broke and why in words.",
    responses={
        200: {
            "description": "A line per applicant, then a line per rejected row",
            "content": _LINES_SHOWN,
        },
        202: {"description": "A job: ask again at Location", "model": JobAnswer},
        **documented(408, 415),
    },
    response_class=StreamingResponse,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _FILE_KINDS},
        }
    },
)
async def decide_file(
    request: Request,
    service: The,
    lang: Lang,
    caller: Annotated[Caller, may(Right.DECIDE)],
    form: Form = "csv",
    explain: Annotated[
        Explain, Query(description="Who gets reasons: `needed` those not approved, `all`, `none`.")
    ] = Explain.NEEDED,
    later: Annotated[bool, Query(description="Always a job, however small the file.")] = False,
) -> Response:
    """A file."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FILE_KINDS:
        raise MediaUnknown(Said("one of {kinds}", kinds=", ".join(_FILE_KINDS)))
    upload = service.jobs.place()
    try:
        size = 0  # an empty file is the reader's to refuse
        with room(), upload.open("wb") as file:
            async for piece in request.stream():
                size += len(piece)
                file.write(piece)
        asked = Asked(explain=explain, lang=lang)
        inline = not later and size <= _INLINE_BYTES
        job = await service.working(lambda: service.jobs.submit(upload, caller.name, asked, hold=inline))
    finally:
        upload.unlink(missing_ok=True)
    if inline and job.total is not None and job.total <= service.limits.inline:
        done = await service.working(lambda: service.jobs.run(job))
        if done.state == "done":
            return _lines(service, done, form, lang)
        job = done  # this thread slept, and another worker goes on
    else:
        service.jobs.release(job)
    return Response(
        job_answer(job, lang).model_dump_json(), 202, {"Location": f"/jobs/{job.id}"}, media_type="application/json"
    )


_INLINE_BYTES: Final = 8 << 20


def _lines(service: Service, job: Job, form: str, lang: Language) -> StreamingResponse:
    lines: Iterator[str] = service.jobs.results(job.id, form, lang)
    named = f'attachment; filename="{job.id}.{form}"'
    headers = {"Content-Language": lang, "X-Job": job.id, "Content-Disposition": named}
    return StreamingResponse(lines, headers=headers, media_type=_LINES[form])


JobNumber = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Number of the job.")]


@router.get("/jobs", summary="My jobs", operation_id="list_jobs", responses=documented())
def jobs(service: The, lang: Lang, caller: Annotated[Caller, may(Right.DECIDE)]) -> list[JobAnswer]:
    """The newest first."""
    return [job_answer(job, lang) for job in service.jobs.list(caller.name)]


@router.get("/jobs/{job}", summary="How far a job is", operation_id="get_job", responses=documented(404))
def job(job: JobNumber, service: The, lang: Lang, caller: Annotated[Caller, may(Right.DECIDE)]) -> JobAnswer:
    """One's own, or anybody's for an administrator."""
    return job_answer(_own(service, job, caller), lang)


@router.get(
    "/jobs/{job}/results",
    summary="What a job decided",
    operation_id="get_job_results",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A line per applicant, then a line per rejected row",
            "content": _LINES_SHOWN,
        },
        **documented(404, 409),
    },
)
def job_results(
    job: JobNumber, service: The, lang: Lang, caller: Annotated[Caller, may(Right.DECIDE)], form: Form = "csv"
) -> Response:
    """Once it is done."""
    found = _own(service, job, caller)
    if found.state != "done":
        raise NotNow("The job is not done", Said("ask again at {address}", address=f"/jobs/{job}"))
    return _lines(service, found, form, lang)


def _own(service: Service, wanted: str, caller: Caller) -> Job:
    found = service.jobs.get(wanted)
    if found.caller != caller.name and not caller.may(Right.ADMINISTER):
        raise JobUnknown
    return found
