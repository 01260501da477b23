"""The corpus of hostile requests over HTTP: the answer that was written by hand, and not a value of it anywhere."""

import csv
import io
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from tests.service.hostile import BOMB, FILE, KINDS, MARKS, Case, cases


def told(case: Case) -> str:
    return f"{case.kind}: {case.name}"


def test_the_corpus_is_wide() -> None:
    assert len(cases()) >= 230
    assert len({told(case) for case in cases()}) == len(cases())
    count = Counter(case.kind for case in cases())
    assert set(count) == set(KINDS)
    assert min(count.values()) >= 15
    assert {case.status for case in cases()} == {200, 400, 413, 415, 422}


def test_bombs_are_small_and_say_that_they_are_not() -> None:
    bombs = [case for case in cases() if case.status == 413 and case.route == FILE and "members" not in case.name]
    assert len(bombs) >= 10
    assert all(len(case.body) < BOMB / 200 for case in bombs)


@pytest.fixture
def heard() -> Iterator[Callable[[], list[str]]]:
    """Every log line of this process, of structlog and of the standard library, as text."""
    lines: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.exc_info}")

    root, ear = logging.getLogger(), Ear(logging.DEBUG)
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    with structlog.testing.capture_logs() as captured:
        yield lambda: lines + [json.dumps(line, default=repr) for line in captured]
    root.removeHandler(ear)
    root.setLevel(level)


def said(found: Any, case: Case) -> str:
    """What the case's words are looked for in: the detail, the warnings or the rejected rows."""
    if found.status_code != 200:
        problem = found.json()
        places = " ".join(f"{one['table']} row {one['row']} {one['rule']}" for one in problem.get("problems", ()))
        return f"{problem['detail']} {places}"
    if case.route == FILE:
        rows = csv.DictReader(io.StringIO(found.text))
        return " ".join(row["rules"] for row in rows if row["verdict"] == "rejected")
    return " ".join(
        one["code"] if one["subject"] is None else f"{one['code']}:{one['subject']}" for one in found.json()["warnings"]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_gets_the_answer_written_for_it(house, heard: Callable[[], list[str]], kind: str) -> None:
    wrong = []
    for case in cases():
        if case.kind != kind:
            continue
        found = house.post(case.route, content=case.body, headers={"Content-Type": case.media_type})
        if found.status_code != case.status or case.says not in (words := said(found, case)):
            wrong.append((case.name, case.status, found.status_code, case.says, found.text[-400:]))
            continue
        if case.status == 200 and case.route == FILE:
            assert bool(words) == bool(case.says), case.name
        if case.status != 200:
            assert found.headers["content-type"] == "application/problem+json"
            assert len(found.text) < 20_000
        if leaks := [mark for mark in (*MARKS, str(house.service.home)) if mark in found.text]:
            wrong.append((case.name, "told", leaks, found.text[:300]))
    assert not wrong, "\n".join(map(str, wrong))
    lines = heard()
    assert sum('"event": "request"' in line for line in lines) >= 15
    assert not [line for line in lines if any(mark in line for mark in MARKS)]
