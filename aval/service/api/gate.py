"""What every request passes: a number, limits, safe headers, one log line, its time counted."""

import asyncio
import re
import time
import uuid
from typing import Any, Final

import structlog
from polars.exceptions import PanicException
from starlette.requests import ClientDisconnect

from aval.errors import AvalError, BodySlow, BodyTooLarge, Said
from aval.service.api.metrics import Metrics
from aval.service.api.problems import problem, public, rendered, spoken
from aval.service.failures import said
from aval.service.tracing import Spans

_SAFE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NUMBER: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
FILES: Final = "/decisions/file"
SLOWEST: Final = 8 << 10
"""Bytes a second of a body on its way, from the time of one patience on: what drips holds a place for ever."""
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"))


class Gate:
    """Pure ASGI: nothing it does waits for a thread."""

    def __init__(
        self, app: Any, *, metrics: Metrics, body: int, file: int, patience: float, spans: Spans | None = None
    ) -> None:
        """`body` and `file`: most bytes read; `patience`: seconds between two pieces of a body, and to make up for
        a slow one.
        """
        self.app, self.metrics, self.spans = app, metrics, spans or Spans()
        self.body, self.file, self.patience = body, file, patience

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self.spans.request(scope):
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Any, receive: Any, send: Any) -> None:
        start = time.perf_counter()
        headers = dict(scope["headers"])
        named = headers.get(b"x-request-id", b"").decode("latin-1").lower()
        request_id = named if _NUMBER.fullmatch(named) else str(uuid.uuid4())
        scope["request_id"] = request_id
        most = self.file if scope["path"] == FILES else self.body
        status, begun, read, waited = 500, False, 0, 0.0

        async def limited() -> Any:
            nonlocal read, waited
            asked = time.perf_counter()
            try:
                async with asyncio.timeout(None if scope.get("body_read") else self.patience):
                    message = await receive()
            except TimeoutError:
                raise BodySlow from None
            if message["type"] == "http.request":
                waited += time.perf_counter() - asked
                read += len(message.get("body", b""))
                scope["body_read"] = not message.get("more_body", False)
                if read > most:
                    raise BodyTooLarge(most)
                if waited > self.patience + read / SLOWEST:
                    raise BodySlow
            return message

        async def safe(message: Any) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                own = {name for name, _ in message["headers"]}
                extra = [(b"x-request-id", request_id.encode())]
                extra += [pair for pair in _SAFE if pair[0] not in own]
                if b"cache-control" not in own:
                    extra.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        instance = f"urn:uuid:{request_id}"
        lang = spoken(headers.get(b"accept-language", b"").decode("latin-1"))
        try:
            length = headers.get(b"content-length", b"0")
            if not length.isdigit() or len(length) > 18:
                detail = said(Said("Content-Length is not a number."), lang)
                await problem(400, "request", detail, instance, lang)(scope, receive, safe)
            elif int(length) > most:
                await rendered(BodyTooLarge(most), instance, lang)(scope, receive, safe)
            else:
                await self.app(scope, limited, safe)
        except ClientDisconnect:
            status = 499  # nobody is there to be answered
        except (Exception, PanicException) as failure:
            # Nothing is raised to the server, which would print it with the values in it. An answer that has begun
            # stays unfinished, and the server ends the connection: the client sees that it was cut off.
            scope["failure"] = failure
            if not begun:
                await problem(500, "internal", public("internal", lang), instance, lang)(scope, receive, safe)
            _told(scope, failure)
        finally:
            scope["status"] = status
            taken = time.perf_counter() - start
            route = getattr(scope.get("route"), "path", "unknown")
            method = scope["method"] if scope["method"] in _METHODS else "other"  # anybody may make one up
            self.metrics.requests.labels(route, method, str(status)).inc()
            self.metrics.seconds.labels(route).observe(taken)
            structlog.get_logger().info(
                "request",
                request_id=request_id,
                method=method,
                route=route,
                status=status,
                ms=round(1000 * taken, 2),
                caller=scope.get("caller"),
                **_failed(scope.get("failure"), status),
            )


def _failed(failure: BaseException | None, status: int) -> dict[str, str]:
    """What failed; its own sentence where whoever runs the service has something to do."""
    if failure is None:
        return {}
    told = {"failure": type(failure).__name__}
    return {**told, "why": str(failure)} if status >= 500 and isinstance(failure, AvalError) else told


def _told(scope: Any, failure: BaseException) -> None:
    """Where an unforeseen failure came from: files and lines, never its text, which may hold a value."""
    frames, trace = [], failure.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    structlog.get_logger().error(
        "failed", request_id=scope["request_id"], kind=type(failure).__name__, at=" > ".join(frames[-8:])
    )
