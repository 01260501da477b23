"""What comes out of the log is what went in."""

from dataclasses import replace

import pytest

from aval.credit.decision import Verdict
from aval.service.log.entry import Record, canonical
from aval.service.log.log import Log
from aval.service.log.verifying import verify
from tests.service.log.deeds import filled, made


def test_a_decision_comes_back_equal(log: Log) -> None:
    for one in [made(100_001, probability) for probability in (0.1, 1e-300, -0.0, 1 / 11, 5e-324, 1.0)]:
        receipt = log.append([one], "é ann")
        stored = log.decision(one.id)
        assert stored.decision() == one.decision
        assert (stored.seq, stored.hash, stored.at, stored.caller) == (receipt.seq, receipt.hash, receipt.at, "é ann")
        assert stored.facts == one.facts
        assert stored.private is not None
        assert stored.private.inputs == one.private.inputs
        assert stored.private.features.tobytes() == one.private.features.tobytes()
        assert stored.private.contributions is not None
        assert one.private.contributions is not None
        assert stored.private.contributions.tobytes() == one.private.contributions.tobytes()
    assert verify(log, None).holds


def test_without_its_private_part_a_decision_has_no_reasons(log: Log) -> None:
    one = filled(log)[0]
    stored = replace(log.decision(one.id), private=None)
    assert stored.decision() == replace(one.decision, reasons=(), warnings=())
    assert not stored.erased


def test_the_last_override_stands(log: Log) -> None:
    one = filled(log)[1]
    stored = log.decision(one.id)
    assert (stored.verdict, stored.final) == (Verdict.DECLINE, Verdict.APPROVE)
    assert [(event.kind, event.motive, event.words) for event in stored.events] == [
        ("override", "INCOME", "new payslip")
    ]
    log.note("remark", "eve", about=one.id, verdict=Verdict.REFER)
    assert log.decision(one.id).final is Verdict.APPROVE
    log.note("second", "max", about=one.id, verdict=Verdict.DECLINE)
    assert log.decision(one.id).final is Verdict.DECLINE


def test_a_record_is_told_without_its_sealed_part() -> None:
    assert "sealed" not in Record.__slots__


def test_a_body_has_one_spelling() -> None:
    assert canonical({"b": 0.1, "a": "é"}) == '{"a":"é","b":0.1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})
