"""Structured log lines, and OpenTelemetry where it is configured."""

import json
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINT: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Either, in the environment, sends traces there (OpenTelemetry's own names)."""

_ABOVE: Final = ("traceparent", "tracestate")
_FLUSH_MS: Final = 3_000
_SERVERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "asyncio")


def logged() -> None:
    """One JSON object per line on the error stream: time, level, event, facts; never an applicant's value."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # The server's own complaints as lines of the same kind; its tracebacks hold values, so they stay out.
    quiet = logging.StreamHandler(sys.stderr)
    quiet.setFormatter(_Line())
    root = logging.getLogger()
    root.handlers[:] = [quiet]
    root.setLevel(logging.WARNING)
    for name in _SERVERS:  # other libraries (Streamlit at its import) take these for themselves
        server = logging.getLogger(name)
        server.handlers[:], server.propagate = [], True
        server.setLevel(logging.NOTSET)
    logging.captureWarnings(True)
    threading.excepthook = _fallen


def _fallen(fallen: threading.ExceptHookArgs) -> None:
    name = fallen.thread.name if fallen.thread is not None else ""
    structlog.get_logger().error("thread", thread=name, kind=fallen.exc_type.__name__)


class Spans:
    """Spans of requests and of their stages, for a collector; made bare, they cost and send nothing.

    Attributes are the route's template, method, status and the request's number: never an address, which may hold an
    applicant's, and never an exception's words.
    """

    def __init__(self, provider: "TracerProvider | None" = None) -> None:
        self._provider = provider
        self._tracer = None if provider is None else provider.get_tracer("aval")

    def span(self, name: str) -> AbstractContextManager[Any]:
        """A stage of whatever is going on in this context."""
        if self._tracer is None:
            return nullcontext()
        return self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False)

    def request(self, scope: Any) -> AbstractContextManager[Any]:
        """A request, as a part of its caller's trace where it names one (`traceparent`, W3C)."""
        return nullcontext() if self._tracer is None else self._request(scope)

    @contextmanager
    def _request(self, scope: Any) -> Iterator[None]:
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        assert self._tracer is not None
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        above = TraceContextTextMapPropagator().extract({name: sent[name] for name in _ABOVE if name in sent})
        method = scope["method"]
        with self._tracer.start_as_current_span(
            method, context=above, kind=SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            finally:
                route, status = getattr(scope.get("route"), "path", "unknown"), scope.get("status", 500)
                span.update_name(f"{method} {route}")
                span.set_attributes({
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "aval.request_id": scope.get("request_id", ""),
                })  # fmt: skip
                if status >= 500:
                    span.set_status(StatusCode.ERROR)

    def stop(self) -> None:
        """Send what waits; a collector that is away is not waited for."""
        if self._provider is not None:
            self._provider.force_flush(_FLUSH_MS)
            self._provider.shutdown()


def traced(environ: Mapping[str, str] = os.environ) -> Spans:
    """Spans for the collector that the environment names, or bare ones where it names none."""
    if not any(environ.get(name) for name in ENDPOINT):
        return Spans()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Our own, not the process's: MLflow traces too, and what it would send is not ours to send.
    named = {"service.name": environ.get("OTEL_SERVICE_NAME", "aval")}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


class _Line(logging.Formatter):
    """Logger, level and the first line of the message; no traceback."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        said = record.getMessage().splitlines()[0][:200] if kind is None else "failed"
        return json.dumps({"logger": record.name, "level": record.levelname.lower(), "event": said, "kind": kind})
