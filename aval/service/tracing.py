"""Structured log lines, and OpenTelemetry where it is configured."""

import json
import logging
import os
import sys
from typing import Final

import structlog

ENDPOINT: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Either, in the environment, sends traces there (OpenTelemetry's own names)."""


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


def traced() -> bool:
    """Send traces to the collector that the environment names; returns whether one is named."""
    if not any(os.environ.get(name) for name in ENDPOINT):
        return False
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "aval")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True


class _Line(logging.Formatter):
    """Logger, level and the first line of the message; no traceback."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        said = record.getMessage().splitlines()[0][:200] if kind is None else "failed"
        return json.dumps({"logger": record.name, "level": record.levelname.lower(), "event": said, "kind": kind})
