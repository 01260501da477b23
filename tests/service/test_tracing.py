"""Lines and spans: what an operator sees of a request, and nothing of the applicant."""

import json
import logging
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.testclient import TestClient

from aval.credit.policy import Policy
from aval.model.registry import Registry
from aval.service.access import Access, Keys, Rate, Role
from aval.service.api.app import create
from aval.service.api.state import Service
from aval.service.example import dossier
from aval.service.log.log import Log
from aval.service.tracing import ENDPOINT, Spans, logged, traced
from aval.settings import ROOT

PLANTED = 7_654_321_987
APPLICATION = {**dossier(), "application": {**dossier()["application"], "SK_ID_CURR": PLANTED}}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SERVERS = ("uvicorn", "uvicorn.error", "asyncio")
ABOVE = "00f067aa0ba902b7"


class Collector:
    """What an OpenTelemetry collector on this machine received."""

    def __init__(self) -> None:
        received: list[bytes] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Not on the screen."""

        self.received = received
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def spans(self) -> list[Any]:
        found = []
        for body in self.received:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found += list(scope.spans)
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv(ENDPOINT[0], made.address)
    yield made
    made.close()


def test_spans_of_requests_and_stages_reach_the_collector(home: Path, tmp_path: Path, collector: Collector) -> None:
    log = Log.open("", tmp_path)
    keys = Keys(log.engine)
    service = Service(
        refresh_seconds=3600,  # or its looks at the registry would put its place into the environment of other tests
        registry=Registry("", home),
        log=log,
        access=Access(keys, None, Rate(1000, 1000)),
        policy=Policy.load(ROOT / "policies" / "2026-11-24.toml"),
        home=home,
        spans=traced(),
    )
    headers = {"X-API-Key": keys.add("tester", Role.ADMIN)}
    with TestClient(create(service), headers=headers) as client:
        above = {"traceparent": f"00-{TRACE}-{ABOVE}-01"}
        made = client.post("/decisions", json=APPLICATION, headers=above)
        assert made.status_code == 200
        assert client.get(f"/applicants/{PLANTED}").status_code in (200, 404)
        assert client.post("/decisions", json={"applicant_id": PLANTED}).status_code == 404
        assert client.get("/nowhere").status_code == 404
    # The service has ended: what was waiting was sent.
    spans = collector.spans()
    mine = [span for span in spans if span.trace_id.hex() == TRACE]
    by_name = {span.name: span for span in mine}
    assert set(by_name) == {"POST /decisions", "read", "judge", "log", "answer"}
    request = by_name["POST /decisions"]
    assert request.parent_span_id.hex() == ABOVE
    told = {one.key: one.value for one in request.attributes}
    assert told["http.route"].string_value == "/decisions"
    assert told["http.request.method"].string_value == "POST"
    assert told["http.response.status_code"].int_value == 200
    assert told["aval.request_id"].string_value == made.headers["x-request-id"]
    for stage in ("read", "judge", "log", "answer"):
        span = by_name[stage]
        assert span.parent_span_id == request.span_id
        assert request.start_time_unix_nano <= span.start_time_unix_nano
        assert span.start_time_unix_nano < span.end_time_unix_nano <= request.end_time_unix_nano
    others = {span.name for span in spans if span.trace_id.hex() != TRACE and not span.parent_span_id}
    assert others == {"GET /applicants/{applicant_id}", "POST /decisions", "GET unknown"}
    assert str(PLANTED).encode() not in b"".join(collector.received)


def test_without_a_collector_nothing_is_made() -> None:
    bare = traced({})
    first, second = bare.span("judge"), bare.request({})
    assert isinstance(first, nullcontext)
    assert isinstance(second, nullcontext)
    bare.stop()


def test_a_collector_that_is_away_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT[1], "http://127.0.0.1:9/v1/traces")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    spans: Spans = traced()
    stage: AbstractContextManager[Any] = spans.span("judge")
    with pytest.raises(ValueError, match="the value 42"), stage:
        raise ValueError("the value 42")
    start = time.monotonic()
    spans.stop()
    assert time.monotonic() - start < 15
    logging.getLogger("opentelemetry").setLevel(logging.NOTSET)


@pytest.fixture
def _logging() -> Iterator[None]:
    """The process's own set-up, put back afterwards."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in SERVERS)]
    before, hook = [(one.handlers[:], one.level, one.propagate) for one in loggers], threading.excepthook
    yield
    for one, (handlers, level, propagate) in zip(loggers, before, strict=True):
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)
    threading.excepthook = hook
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging")
@pytest.mark.parametrize("taken", [False, True])
def test_every_line_is_json_whoever_speaks_and_says_no_value(capsys: pytest.CaptureFixture[str], taken: bool) -> None:
    for name in SERVERS if taken else ():  # as Streamlit does at its import
        logging.getLogger(name).propagate = False
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logged()
    structlog.get_logger().info("request", status=200, caller="Élodie")
    logging.getLogger("uvicorn.error").warning("first line\nsecond line")
    try:
        int(f"cannot read {PLANTED}")
    except ValueError:
        logging.getLogger("asyncio").exception("Task of %s failed", PLANTED)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", UserWarning, stacklevel=1)

    def fall() -> None:
        raise ValueError(f"cannot read {PLANTED}")

    thread = threading.Thread(target=fall, name="faller")
    thread.start()
    thread.join()
    out, err = capsys.readouterr()
    assert out == ""
    assert str(PLANTED) not in err
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "error", "warning", "error"]
    assert lines[0]["caller"] == "Élodie"
    assert lines[1]["event"] == "first line"
    assert (lines[2]["event"], lines[2]["kind"]) == ("failed", "ValueError")
    assert (lines[4]["thread"], lines[4]["kind"]) == ("faller", "ValueError")
    assert "old ways" in lines[3]["event"]
