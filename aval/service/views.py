"""Looking at the log: decisions by page, what waits for an officer, what the portfolio costs."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, func, select, tuple_, union

from aval.credit.decision import Verdict
from aval.errors import OptionError
from aval.service.log.entry import Record, Stored
from aval.service.log.log import STORED, Log, record_of, stamp
from aval.service.log.tables import DECISION, RECORD, REPORT, SUBJECT
from aval.service.overriding import OVERRIDE, SECOND

PAGE_MOST: Final = 200
FIGURES_MOST: Final = 1_000_000
"""The latest decisions that figures are taken over."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions; None takes no notice."""

    verdict: Verdict | None = None
    model: str | None = None
    policy: str | None = None
    caller: str | None = None
    applicant_id: int | None = None
    job: str | None = None
    since: str | None = None
    """A UTC instant, included."""
    until: str | None = None
    """A UTC instant, not included."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """For a statement over STORED. Raises OptionError for an instant that there is not."""
        pairs = (
            (self.verdict and self.verdict.value, DECISION.c.verdict),
            (self.model, DECISION.c.model),
            (self.policy, DECISION.c.policy),
            (self.caller, DECISION.c.caller),
            (self.applicant_id, SUBJECT.c.applicant_id),
            (self.job, RECORD.c.about),
        )
        found = [column == value for value, column in pairs if value is not None]
        if self.since is not None:
            found.append(DECISION.c.at >= _instant("since", self.since))
        if self.until is not None:
            found.append(DECISION.c.at < _instant("until", self.until))
        return found


def _instant(name: str, said: str) -> str:
    """As the log writes instants, so that text compares as time."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise OptionError(name, "is a day or an instant of the calendar, in UTC") from None
    return stamp(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Page:
    """Decisions, the newest first, and where the next page begins."""

    decisions: tuple[Stored, ...]
    next: str | None


def cursor(stored: Stored) -> str:
    """Where a page ended, as clients hand it back."""
    return base64.urlsafe_b64encode(f"{stored.seq}.{stored.place}".encode()).decode().rstrip("=")


def _after(text: str) -> tuple[int, int]:
    try:
        seq, place = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("ascii").split(".")
        at = int(seq), int(place)
    except (ValueError, binascii.Error):
        at = (-1, -1)
    if not (0 <= at[0] < 2**62 and 0 <= at[1] < 2**31):
        raise OptionError("cursor", "is none of this log's; leave it out for the first page")
    return at


def page(log: Log, wanted: Wanted, after: str | None = None, limit: int = 50) -> Page:
    """A page of decisions with what happened to them since, without what is personal.

    Raises:
        OptionError: the cursor is none of this log's.
        LogUnavailable: the log cannot be read.
    """
    statement = STORED.where(*wanted.conditions()).order_by(DECISION.c.seq.desc(), DECISION.c.place.desc())
    if after:
        statement = statement.where(tuple_(DECISION.c.seq, DECISION.c.place) < tuple_(*_after(after)))
    found = _found(log, statement.limit(limit + 1))
    more = len(found) > limit
    found = found[:limit]
    return Page(tuple(found), cursor(found[-1]) if more else None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for an officer, the oldest first; how much in all, and where the next page begins."""

    decisions: tuple[Stored, ...]
    total: int
    next: str | None


def worklist(log: Log, after: str | None = None, limit: int = PAGE_MOST) -> Waiting:
    """A page of what is referred and not decided since, or overridden and not seconded; nobody erased.

    A case that is dealt with leaves, and moves no other over the end of a page.
    Raises OptionError, LogUnavailable, as `page`.
    """
    waits = DECISION.c.id.in_(_WAITING)
    known = SUBJECT.c.token.is_not(None)
    statement = STORED.where(waits, known).order_by(DECISION.c.seq, DECISION.c.place)
    if after:
        statement = statement.where(tuple_(DECISION.c.seq, DECISION.c.place) > tuple_(*_after(after)))
    found = _found(log, statement.limit(limit + 1))
    more = len(found) > limit
    found = found[:limit]
    everybody = select(func.count()).select_from(DECISION).join(SUBJECT, SUBJECT.c.token == DECISION.c.subject)
    with log.reading() as connection:
        total = connection.execute(everybody.where(waits)).scalar_one()
    return Waiting(tuple(found), int(total), cursor(found[-1]) if more else None)


def _waiting() -> CompoundSelect[Any]:
    """Numbers of decisions whose `final` is `refer`, or that are `awaiting`: the log's own words for it, in SQL."""
    event, later = RECORD.alias(), RECORD.alias()
    proposed = and_(event.c.kind == OVERRIDE, event.c.body.contains('"awaiting":true'))
    decides = and_(event.c.kind.in_((OVERRIDE, SECOND)), event.c.verdict.is_not(None), ~proposed)
    decided = exists().where(event.c.about == DECISION.c.id, decides)
    answered = exists().where(
        later.c.about == event.c.about, later.c.kind.in_((OVERRIDE, SECOND)), later.c.seq > event.c.seq
    )
    return union(
        select(DECISION.c.id).where(DECISION.c.verdict == Verdict.REFER.value, ~decided),
        select(event.c.about).where(proposed, ~answered),
    )


_WAITING: Final = _waiting()


def _found(log: Log, statement: Select[Any]) -> list[Stored]:
    with log.reading() as connection:
        rows = connection.execute(statement).mappings().all()
        events: dict[str, list[Record]] = {}
        ids = [row["id"] for row in rows]
        for start in range(0, len(ids), 500):
            some = select(RECORD).where(RECORD.c.about.in_(ids[start : start + 500])).order_by(RECORD.c.seq)
            for row in connection.execute(some).mappings():
                events.setdefault(row["about"], []).append(record_of(row))
    return [replace(one, events=tuple(events.get(one.id, ()))) for one in log.stored(rows)]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How officers and the model get on."""

    overrides: int
    """Verdicts of officers in force, of referred decisions and of others."""
    referred: int
    """Those of referred decisions."""
    agreed: int
    """Referred ones that went as the cut-off alone would have had it."""
    by_motive: Mapping[str, int]
    by_officer: Mapping[str, int]
    """By who proposed it, where a second officer agreed."""


def agreement(log: Log) -> Agreement:
    """Over all overrides in force. Raises LogUnavailable."""
    wanted = (
        select(RECORD.c.about, RECORD.c.motive, RECORD.c.caller, RECORD.c.verdict, RECORD.c.kind, RECORD.c.body,
               DECISION.c.probability, DECISION.c.cutoff, DECISION.c.verdict.label("decided"))
        .join(DECISION, DECISION.c.id == RECORD.c.about)
        .where(RECORD.c.kind.in_((OVERRIDE, SECOND)), RECORD.c.verdict.is_not(None))
        .order_by(RECORD.c.seq)
    )  # fmt: skip
    motives: dict[str, int] = {}
    officers: dict[str, int] = {}
    overrides = referred = agreed = 0
    standing: dict[str, Any] = {}
    with log.reading() as connection:
        for row in connection.execute(wanted):
            body = json.loads(row.body)
            if not body.get("awaiting", False):
                standing[row.about] = (row, body.get("proposed_by", row.caller))
    for row, officer in standing.values():  # the last of each decision: those before it are in force no more
        overrides += 1
        motives[row.motive] = motives.get(row.motive, 0) + 1
        officers[officer] = officers.get(officer, 0) + 1
        if row.decided == Verdict.REFER.value:
            alone = Verdict.APPROVE if row.probability < row.cutoff else Verdict.DECLINE
            referred += 1
            agreed += row.verdict == alone.value
    return Agreement(overrides, referred, agreed, dict(sorted(motives.items())), dict(sorted(officers.items())))


def numbers(log: Log) -> Iterator[str]:
    """Of every decision, the oldest first. Raises LogUnavailable."""
    after = (-1, -1)
    columns = select(DECISION.c.seq, DECISION.c.place, DECISION.c.id).order_by(DECISION.c.seq, DECISION.c.place)
    while True:
        with log.reading() as connection:
            some = connection.execute(
                columns.where(tuple_(DECISION.c.seq, DECISION.c.place) > tuple_(*after)).limit(1_000)
            ).all()
        if not some:
            return
        yield from (row.id for row in some)
        after = (some[-1].seq, some[-1].place)


@dataclass(frozen=True, slots=True)
class Report:
    """What the watch found."""

    id: str
    at: str
    body: Mapping[str, Any]


def reports(log: Log, limit: int = 20) -> list[Report]:
    """The newest first. Raises LogUnavailable."""
    with log.reading() as connection:
        rows = connection.execute(select(REPORT).order_by(REPORT.c.at.desc()).limit(limit)).all()
    return [Report(row.id, row.at, json.loads(row.body)) for row in rows]


@dataclass(frozen=True)
class Figures:
    """Decisions as columns: what figures of the portfolio are taken over, an applicant's last decision alone."""

    at: tuple[str, ...]
    verdict: npt.NDArray[np.str_]
    probability: npt.NDArray[np.float64]
    facts: tuple[Mapping[str, Any], ...]
    model: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.at)


def figures(log: Log, wanted: Wanted) -> Figures:
    """The latest decision of each applicant among those wanted, at most a million. Raises LogUnavailable."""
    latest = (
        select(func.max(DECISION.c.seq * 2**20 + DECISION.c.place).label("at"))
        .select_from(DECISION)
        .join(RECORD, RECORD.c.seq == DECISION.c.seq)
        .outerjoin(SUBJECT, SUBJECT.c.token == DECISION.c.subject)
        .where(*wanted.conditions())
        .group_by(DECISION.c.subject)
        .subquery()
    )
    statement = (
        select(DECISION.c.at, DECISION.c.verdict, DECISION.c.probability, DECISION.c.facts, DECISION.c.model)
        .join(latest, latest.c.at == DECISION.c.seq * 2**20 + DECISION.c.place)
        .order_by(DECISION.c.seq.desc(), DECISION.c.place.desc())
        .limit(FIGURES_MOST)
    )
    with log.reading() as connection:
        rows: Sequence[Any] = connection.execute(statement).all()
    return Figures(
        at=tuple(row.at for row in rows),
        verdict=np.array([row.verdict for row in rows], dtype=np.str_),
        probability=np.array([row.probability for row in rows], dtype=np.float64),
        facts=tuple(json.loads(row.facts) for row in rows),
        model=tuple(row.model for row in rows),
    )
