"""What is counted for Prometheus. One set per service, gathered over all workers where there are several."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aval.service.tracing import Spans

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where several workers keep what they count, so that each shows the sum (prometheus_client's own name)."""

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Latency by stage and route, verdicts, rejects, what decides. No label ever holds an applicant's value."""

    def __init__(self, spans: Spans | None = None) -> None:
        """`spans`: where stages are traced as well."""
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        self._version: str | None = None
        self._spans = spans or Spans()
        kept: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("aval_requests", "Requests answered", ("route", "method", "status"), **kept)
        self.seconds = Histogram("aval_request_seconds", "Time to answer", ("route",), buckets=_BUCKETS, **kept)
        self.stage = Histogram(
            "aval_stage_seconds", "Time by stage of a decision", ("stage",), buckets=_BUCKETS, **kept
        )
        self.verdicts = Counter("aval_decisions", "Decisions", ("verdict", "model", "policy"), **kept)
        self.rejects = Counter("aval_rejected_rows", "Rows that broke the contract", ("table",), **kept)
        self.shadowed = Counter("aval_shadow_decisions", "What the challenger would have decided", ("outcome",), **kept)
        self.waiting = Gauge("aval_waiting", "Requests waiting to be decided", multiprocess_mode="livesum", **kept)
        self.model = Gauge(
            "aval_model", "1 for the version that decides", ("version",), multiprocess_mode="livemax", **kept
        )
        self.trouble = Gauge("aval_registry_trouble", "1 while the registry's wish is not followed",
                             multiprocess_mode="livemax", **kept)  # fmt: skip
        self.unexported = Gauge("aval_log_head_unexported", "1 while the log's head cannot be written down",
                                multiprocess_mode="livemax", **kept)  # fmt: skip

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Counts the time of a stage."""
        start = time.perf_counter()
        try:
            with self._spans.span(stage):
                yield
        finally:
            self.stage.labels(stage).observe(time.perf_counter() - start)

    def decides(self, version: str) -> None:
        """Another version decides now."""
        if self._version is not None:
            self.model.labels(self._version).set(0)
        self.model.labels(version).set(1)
        self._version = version

    def page(self) -> tuple[bytes, str]:
        """The page that Prometheus reads, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        shown = self.registry
        if folder := os.environ.get(SHARED):
            _bury(Path(folder))
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        return generate_latest(shown), CONTENT_TYPE_LATEST


def _bury(folder: Path) -> None:
    """What a killed worker said of itself is no longer so; what it counted stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    for pid in {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*.db")}:
        if not Path("/proc", pid).exists():
            mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
