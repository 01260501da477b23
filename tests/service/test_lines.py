"""The answer to a file, from the log alone."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aval.credit.notice import sentence
from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.model.registry import Registry
from aval.service import lines as module
from aval.service.breaches import breach
from aval.service.decide import Decider, sentences
from aval.service.lines import COLUMNS, Form, lines
from aval.service.log.log import Log
from aval.service.making import made
from aval.settings import ROOT

JOB = "f" * 32
REJECTS = [
    {"table": "bureau", "file": "bureau.csv", "row": 7, "rules": ["DAYS_CREDIT|range", "CREDIT_ACTIVE|nullability"]}
]


@pytest.fixture(scope="module")
def decider(home: Path) -> Decider:
    model, version = Registry("", home).champion()
    return Decider(model, str(version), Policy.load(ROOT / "policies" / "2026-11-24.toml"), on=date(2026, 11, 24))


@pytest.fixture(scope="module")
def some(home: Path) -> Dossiers:
    warehouse = Warehouse.open(home / "warehouse")
    return warehouse.dossiers(warehouse.ids[:90])


@pytest.fixture
def log(tmp_path: Path, decider: Decider, some: Dossiers) -> Iterator[Log]:
    """Two parts, of which the second was written first."""
    log = Log.open("", tmp_path)
    log.once("policy", decider.policy.digest[:32], "system", {"text": decider.policy.text})
    for place, ids in ((2, some.ids[60:]), (1, some.ids[:60])):
        part = some.select(ids)
        several = made(decider.judge(part, Explain.NEEDED), part, decider.policy)
        log.append(several, "officer", kind="part", about=JOB, place=place)
    yield log
    log.engine.dispose()


def rows(log: Log, lang: Any = "fr") -> list[dict[str, str]]:
    return list(csv.DictReader("".join(lines(log, JOB, REJECTS, Form.CSV, lang)).splitlines()))


def objects(log: Log, lang: Any = "fr") -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(log, JOB, REJECTS, Form.NDJSON, lang)]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_each_applicant_has_a_line_with_what_was_decided(
    log: Log, decider: Decider, some: Dossiers, monkeypatch: pytest.MonkeyPatch, lang: Any
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 7)  # several pages to a part
    expected = decider.decide(some)
    found = rows(log, lang)
    assert tuple(found[0]) == COLUMNS
    assert [int(row["SK_ID_CURR"]) for row in found[:-1]] == some.ids.to_list()
    for row, one in zip(found, expected, strict=False):
        assert float(row["probability"]) == one.probability
        assert (row["points"], row["verdict"]) == (str(one.points), one.verdict.value)
        assert [row[f"reason_{n}"] for n in range(1, 5) if row[f"reason_{n}"]] == sentences(one, decider.policy, lang)
        assert row["warnings"] == " ".join(sentence(stored, lang) for stored in one.warnings)
        assert (row["model"], row["policy"]) == (one.model, one.policy)


def test_rejected_rows_come_last_with_the_rules_they_broke(log: Log) -> None:
    last = rows(log)[-1]
    told = {name: value for name, value in last.items() if value}
    rules = "DAYS_CREDIT|range CREDIT_ACTIVE|nullability"
    why = [breach("bureau", rule, "fr") for rule in REJECTS[0]["rules"]]
    assert told == {
        "verdict": "rejected", "table": "bureau", "file": "bureau.csv", "row": "7", "rules": rules, "why": " ".join(why)
    }  # fmt: skip
    assert objects(log)[-1] == {"kind": "rejected", **REJECTS[0], "why": why}
    assert objects(log, "en")[-1]["why"] == [breach("bureau", rule, "en") for rule in REJECTS[0]["rules"]]


def test_objects_say_the_same_as_rows(log: Log) -> None:
    for one, row in zip(objects(log)[:-1], rows(log)[:-1], strict=True):
        assert one["kind"] == "decision"
        assert (one["decision"], str(one["applicant_id"])) == (row["decision"], row["SK_ID_CURR"])
        assert (repr(one["probability"]), one["verdict"]) == (row["probability"], row["verdict"])
        assert one["reasons"] == [row[f"reason_{n}"] for n in range(1, 5) if row[f"reason_{n}"]]
        assert " ".join(one["warnings"]) == row["warnings"]


def test_no_cell_is_a_formula(log: Log) -> None:
    for row in rows(log):
        assert not [value for value in row.values() if value.startswith(("=", "+", "@", "\t"))]


def test_an_erased_applicant_is_called_erased(log: Log, some: Dossiers) -> None:
    before = rows(log)
    place = next(place for place, row in enumerate(before) if row["reason_1"])
    log.erase(int(before[place]["SK_ID_CURR"]), "admin", "asked")
    line = rows(log)[place]
    assert (line["decision"], line["SK_ID_CURR"]) == (before[place]["decision"], "erased")
    assert (line["reason_1"], line["warnings"]) == ("", "")
    told = objects(log)[place]
    assert (told["erased"], told["applicant_id"], told["reasons"], told["warnings"]) == (True, None, [], [])
    assert len(rows(log)) == len(some) + 1


def test_where_the_policy_is_not_known_the_models_reasons_are_told(
    tmp_path: Path, decider: Decider, some: Dossiers
) -> None:
    log = Log.open("", tmp_path / "other")
    several = made(decider.judge(some, Explain.ALL), some, decider.policy)
    log.append(several, "officer", kind="part", about=JOB, place=1)
    told = objects(log)[:-1]
    assert [one["reasons"] for one in told] == [
        [reason.sentence("fr") for reason in made_.decision.reasons] for made_ in several
    ]
    log.engine.dispose()


def test_a_job_without_parts_has_a_header_and_no_line(tmp_path: Path) -> None:
    log = Log.open("", tmp_path / "empty")
    assert list(lines(log, JOB, [], Form.NDJSON, "en")) == []
    assert list(lines(log, JOB, [], Form.CSV, "en")) == [",".join(COLUMNS) + "\n"]
    log.engine.dispose()
