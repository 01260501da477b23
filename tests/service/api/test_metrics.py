"""What Prometheus reads: counts that move, and no label that holds anything of an applicant."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from aval.service.api.metrics import Metrics
from tests.service import hostile


def value(house, name: str, **labels: str) -> float:
    text = house.get("/metrics", None).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_the_page_is_prometheus_s(house) -> None:
    found = house.get("/metrics", None)
    assert found.headers["content-type"].startswith("text/plain")
    assert list(text_string_to_metric_families(found.text))


def test_what_happens_is_counted(house) -> None:
    before = value(house, "aval_decisions_total")
    asked = value(house, "aval_requests_total", route="/decisions", method="POST", status="200")
    made = house.decided()
    assert value(house, "aval_decisions_total") == before + 1
    assert value(house, "aval_decisions_total", verdict=made["verdict"], model="1", policy="2026-11-24") >= 1
    assert value(house, "aval_requests_total", route="/decisions", method="POST", status="200") == asked + 1
    for stage in ("read", "judge", "log", "answer"):
        assert value(house, "aval_stage_seconds_count", stage=stage) >= 1
    assert value(house, "aval_model", version="1") == 1
    assert value(house, "aval_waiting") == 0


def test_rejected_rows_are_counted(house) -> None:
    before = value(house, "aval_rejected_rows_total", table="application")
    house.post("/decisions/file", content=hostile.spoilt("x", "AMT_CREDIT"), headers={"Content-Type": "text/csv"})
    assert value(house, "aval_rejected_rows_total", table="application") == before + 1


def test_no_label_is_anybody_s_to_choose(house) -> None:
    house.get("/PLANTED-7F3")
    house.ask("PLANTED", "/decisions")
    made = house.decided(OCCUPATION_TYPE="PLANTED-7F3")
    text = house.get("/metrics", None).text
    assert "PLANTED" not in text
    assert made["id"] not in text
    assert str(made["applicant_id"]) not in text
    assert "the-admin" not in text
    assert 'route="unknown"' in text


def test_the_version_that_decided_before_decides_no_more() -> None:
    own = Metrics()
    own.decides("1")
    own.decides("2")
    page = own.page()[0].decode()
    assert re.search(r'aval_model\{version="1"\} 0\.0', page)
    assert re.search(r'aval_model\{version="2"\} 1\.0', page)


def test_a_stage_that_fails_takes_time_too() -> None:
    own = Metrics()
    with pytest.raises(ZeroDivisionError), own.timed("read"):
        _ = 1 / 0
    assert 'aval_stage_seconds_count{stage="read"} 1.0' in own.page()[0].decode()
