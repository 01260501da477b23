"""Pages, the worklist, agreement and figures, against walking the whole log."""

import random
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from aval.credit.decision import Verdict
from aval.errors import Erased, NotNow, OptionError
from aval.service.live import Live
from aval.service.log.entry import Stored
from aval.service.log.log import Log
from aval.service.log.tables import REPORT
from aval.service.overriding import confirm, override
from aval.service.views import PAGE_MOST, Waiting, Wanted, agreement, cursor, figures, numbers, page, reports, worklist
from tests.service.stand import POLICY, Clock, live, log, one, several, written


@pytest.fixture(scope="module")
def deciding(home: Path) -> Live:
    return live(home)


@pytest.fixture(scope="module")
def filled(deciding: Live, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """40 decisions of 25 applicants, alone and in parts, of two callers and two models."""
    own = log(tmp_path_factory.mktemp("views"), Clock())
    draw = random.Random(5)
    for place in range(10):
        size = draw.choice((1, 3, 7))
        some = [
            one(
                deciding,
                600_000 + draw.randrange(25) * 10 + index,
                draw.choice(list(Verdict)),
                probability=round(draw.random(), 3),
                model=draw.choice(("1", "2")),
            )
            for index in range(size)
        ]
        more: dict[str, Any] = {"kind": "part", "about": "f" * 32, "place": place} if size > 1 else {}
        several(deciding, own, some, draw.choice(("ann", "bob")), **more)
    yield own
    own.engine.dispose()


def everything(own: Log) -> list[Stored]:
    return [own.decision(number) for number in numbers(own)]


def walked(own: Log, wanted: Wanted, limit: int) -> list[str]:
    found, after = [], None
    while True:
        some = page(own, wanted, after, limit)
        assert len(some.decisions) <= limit
        found += [stored.id for stored in some.decisions]
        after = some.next
        if after is None:
            return found


def test_numbers_are_those_of_every_decision_in_order(filled: Log) -> None:
    order = [(stored.seq, stored.place) for stored in everything(filled)]
    assert order == sorted(order)
    assert len(set(order)) == len(order) > 20


@pytest.mark.parametrize("limit", [1, 2, 7, PAGE_MOST])
def test_pages_hold_everything_once(filled: Log, limit: int) -> None:
    assert walked(filled, Wanted(), limit) == [stored.id for stored in everything(filled)][::-1]


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Wanted(verdict=Verdict.REFER), lambda one: one.verdict is Verdict.REFER),
        (Wanted(model="2"), lambda one: one.model == "2"),
        (Wanted(policy="2026-11-24"), lambda one: True),
        (Wanted(policy="other"), lambda one: False),
        (Wanted(caller="bob"), lambda one: one.caller == "bob"),
        (Wanted(job="f" * 32), lambda one: one.about == "f" * 32),
        (Wanted(applicant_id=600_010), lambda one: one.applicant_id == 600_010),
        (Wanted(since="2026-11-25"), lambda one: True),
        (Wanted(until="2026-11-25"), lambda one: False),
        (Wanted(since="2026-11-25T10:00:08Z"), lambda one: one.at >= "2026-11-25T10:00:08.000000Z"),
        (Wanted(until="2026-11-25T10:00:08"), lambda one: one.at < "2026-11-25T10:00:08.000000Z"),
        (Wanted(since="2026-11-25T10:00:08.5Z"), lambda one: one.at >= "2026-11-25T10:00:08.500000Z"),
        (Wanted(caller="ann", model="1", verdict=Verdict.APPROVE),
         lambda one: (one.caller, one.model, one.verdict) == ("ann", "1", Verdict.APPROVE)),
    ],
)  # fmt: skip
def test_filters_are_those_of_looking_at_each(filled: Log, wanted: Wanted, holds: Any) -> None:
    expected = [stored.id for stored in everything(filled) if holds(stored)][::-1]
    assert walked(filled, wanted, 3) == expected
    last: dict[int | None, Stored] = {}
    for stored in everything(filled):
        if holds(stored):
            last[stored.applicant_id] = stored
    found = figures(filled, wanted)
    assert len(found) == len(last)
    assert Counter(found.probability.tolist()) == Counter(stored.probability for stored in last.values())
    assert Counter(found.verdict.tolist()) == Counter(stored.verdict.value for stored in last.values())
    assert list(found.at) == sorted(found.at, reverse=True)


@pytest.mark.parametrize(
    "text", ["x", "%", "é", "MS4y.", "LTEuMA", "MS4tMQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjA", "MQ", "a" * 64]
)
def test_a_cursor_of_no_log_is_refused(filled: Log, text: str) -> None:  # fmt: skip
    with pytest.raises(OptionError, match="cursor") as caught:
        page(filled, Wanted(), text)
    assert text not in str(caught.value) or len(text) == 1


@pytest.mark.parametrize("said", ["2026-02-30", "yesterday", "2026-11-25T25:00:00Z", ""])
def test_an_instant_that_there_is_not_is_refused(filled: Log, said: str) -> None:
    for wanted in (Wanted(since=said), Wanted(until=said)):
        with pytest.raises(OptionError, match="calendar"):
            page(filled, wanted)
        with pytest.raises(OptionError, match="calendar"):
            figures(filled, wanted)


def test_pages_know_nothing_personal_and_all_that_happened(deciding: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    stored = written(deciding, own, 600_001, Verdict.REFER)
    override(own, POLICY, stored, "ann", Verdict.APPROVE, "GUARANTEE", "Caution.")
    (listed,) = page(own, Wanted()).decisions
    assert listed.private is None
    assert listed.final is Verdict.APPROVE
    assert [(event.kind, event.words) for event in listed.events] == [("override", None)]
    assert cursor(listed) == cursor(own.decision(stored.id))
    assert page(own, Wanted(), "", 1).next is None
    own.engine.dispose()


def test_the_worklist_is_what_waits_the_oldest_first(deciding: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    large = {"AMT_CREDIT": 2_000_000.0}
    waits = [written(deciding, own, 600_001, Verdict.REFER), written(deciding, own, 600_002, Verdict.DECLINE, **large)]
    handled = [written(deciding, own, 600_003, Verdict.REFER), written(deciding, own, 600_004, Verdict.DECLINE)]
    written(deciding, own, 600_005, Verdict.APPROVE)
    waits.append(written(deciding, own, 600_006, Verdict.REFER, **large))
    erased = written(deciding, own, 600_007, Verdict.REFER)
    for stored in (waits[1], waits[2], *handled):
        override(own, POLICY, stored, "ann", Verdict.APPROVE, "GUARANTEE", "Caution.")
    assert waiting(own) == [stored.id for stored in (*waits, erased)]
    own.erase(600_007, "admin", "asked")
    assert waiting(own) == [stored.id for stored in waits]
    first = worklist(own, limit=2)
    assert [stored.id for stored in first.decisions] == [stored.id for stored in waits[:2]]
    assert (first.total, first.next) == (3, cursor(waits[1]))
    confirm(own, own.decision(waits[1].id), "bob", agrees=False, words="Non.")
    confirm(own, own.decision(waits[2].id), "bob", agrees=False, words="Non.")
    # A refusal that stands is decided; a referral whose override was rejected is where it was.
    assert waiting(own) == [waits[0].id, waits[2].id]
    # What was dealt with in between moves nothing over the end of a page.
    assert [stored.id for stored in worklist(own, first.next, 2).decisions] == [waits[2].id]
    with pytest.raises(OptionError, match="cursor"):
        worklist(own, "x")
    own.engine.dispose()


def waiting(own: Log, limit: int = 2) -> list[str]:
    """Over all pages; each says how many there are."""
    found, after, totals = [], None, set()
    while True:
        some = worklist(own, after, limit)
        assert len(some.decisions) == limit or some.next is None
        found += [stored.id for stored in some.decisions]
        totals.add(some.total)
        after = some.next
        if after is None:
            assert totals == {len(found)}
            return found


@pytest.mark.parametrize("seed", range(3))
def test_the_worklist_is_that_of_looking_at_each(deciding: Live, database: str, tmp_path: Path, seed: int) -> None:
    """Officers at random, in parts and alone, on either database."""
    own, draw = Log.open(database, tmp_path), random.Random(seed)
    large = {"AMT_CREDIT": 2_000_000.0}
    ids: list[str] = []
    for place in range(6):
        some = [
            one(deciding, 600_000 + 10 * place + turn, draw.choice(list(Verdict)), **draw.choice(({}, large)))
            for turn in range(draw.choice((1, 4)))
        ]
        ids += several(deciding, own, some)
    for _ in range(60):
        stored = own.decision(draw.choice(ids))
        with suppress(NotNow, Erased):
            if draw.random() < 0.04:
                own.erase(stored.applicant_id or 0, "admin", "asked")
            elif stored.awaiting is not None:
                confirm(own, stored, "bob", agrees=draw.random() < 0.5, words="Vu.")
            else:
                override(own, POLICY, stored, "ann", draw.choice([Verdict.APPROVE, Verdict.DECLINE]), "GUARANTEE", "x")
    expected = [
        stored.id
        for stored in everything(own)
        if not stored.erased and (stored.final is Verdict.REFER or stored.awaiting is not None)
    ]
    assert expected
    assert waiting(own, 1 + seed) == expected
    own.engine.dispose()


def test_agreement_counts_what_is_in_force_and_once(deciding: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    low, high = {"probability": 0.02}, {"probability": 0.6}
    cases = [
        (written(deciding, own, 600_001, Verdict.REFER, **low), Verdict.APPROVE, "GUARANTEE", "ann"),
        (written(deciding, own, 600_002, Verdict.REFER, **low), Verdict.DECLINE, "SUSPICION", "ann"),
        (written(deciding, own, 600_003, Verdict.REFER, **high), Verdict.DECLINE, "SUSPICION", "bob"),
        (written(deciding, own, 600_004, Verdict.DECLINE, **high), Verdict.APPROVE, "GUARANTEE", "bob"),
    ]
    for stored, verdict, motive, officer in cases:
        override(own, POLICY, stored, officer, verdict, motive, "Vu.")
    found = agreement(own)
    assert (found.overrides, found.referred, found.agreed) == (4, 3, 2)
    assert found.by_motive == {"GUARANTEE": 2, "SUSPICION": 2}
    assert found.by_officer == {"ann": 2, "bob": 2}

    override(own, POLICY, own.decision(cases[0][0].id), "bob", Verdict.DECLINE, "DATA_ERROR", "Non.")
    found = agreement(own)  # the first is in force no more
    assert (found.overrides, found.referred, found.agreed) == (4, 3, 1)
    assert found.by_officer == {"ann": 1, "bob": 3}

    large = written(deciding, own, 600_005, Verdict.DECLINE, AMT_CREDIT=2_000_000.0)
    override(own, POLICY, large, "ann", Verdict.APPROVE, "RELATIONSHIP", "Connu.")
    assert agreement(own).overrides == 4  # it waits
    confirm(own, own.decision(large.id), "bob", agrees=True, words="Vu.")
    found = agreement(own)
    assert found.overrides == 5
    assert found.by_motive["RELATIONSHIP"] == 1
    assert found.by_officer == {"ann": 2, "bob": 3}  # whose it was, not who nodded
    own.engine.dispose()


def test_nothing_is_nothing(tmp_path: Path) -> None:
    own = log(tmp_path)
    assert page(own, Wanted()).decisions == ()
    assert worklist(own) == Waiting((), 0, None)
    assert list(numbers(own)) == []
    assert len(figures(own, Wanted())) == 0
    assert agreement(own).overrides == 0
    assert reports(own) == []
    own.engine.dispose()


def test_an_erased_applicant_counts_in_figures_and_is_nobody_s(deciding: Live, tmp_path: Path) -> None:
    own = log(tmp_path)
    written(deciding, own, 600_001, Verdict.REFER)
    last = written(deciding, own, 600_001, Verdict.APPROVE, probability=0.25)
    own.erase(600_001, "admin", "asked")
    found = figures(own, Wanted())
    assert found.probability.tolist() == [0.25]
    assert page(own, Wanted(applicant_id=600_001)).decisions == ()
    assert page(own, Wanted(), limit=1).decisions[0].id == last.id
    own.engine.dispose()


def test_reports_are_the_newest_first(tmp_path: Path) -> None:
    own = log(tmp_path)
    with own.engine.execution_options(writing=True).begin() as connection:
        for day in (2, 3, 1):
            row = {"id": str(day) * 32, "at": f"2026-11-0{day}T00:00:00.000000Z", "body": f'{{"day":{day}}}'}
            connection.execute(insert(REPORT), row)
    assert [report.body["day"] for report in reports(own)] == [3, 2, 1]
    assert len(reports(own, 2)) == 2
    own.engine.dispose()
