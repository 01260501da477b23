"""Walking the chain: every hash recomputed, every link followed, the exported head found in its place."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, select

from aval.errors import LogBroken, Said
from aval.service.log.chain import START, Head, leaf, leaves, link
from aval.service.log.log import Log
from aval.service.log.statements import UPON_DECISIONS
from aval.service.log.tables import DECISION, HEAD, RECORD, SUBJECT

_AT_ONCE: Final = 1_000
_MOST: Final = 20
"""Faults told; a broken chain may break at every link."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written."""

    seq: int
    what: Said


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over the whole chain found."""

    records: int
    decisions: int
    seq: int
    hash: str
    head_at: str | None
    """When the exported head was signed; None where none was given."""
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether the log is whole and unchanged."""
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        """For scripts and the API."""
        return {"holds": self.holds, **asdict(self)}


def verify(log: Log, head: Head | None, key: str | None = None) -> Verification:
    """Walk the chain in one state of the database; `head` is the exported head, from a place of the auditor's choice.
    `key`: the public key it must bear, base64; that of this installation where none is given.

    What is sealed is opened where its key is at hand: it must be of the person it is said to be about. A person's key
    is gone where an erasure is on record, and nowhere else.

    Raises:
        LogUnavailable: the database cannot be read.
    """
    faults: list[Fault] = []

    def fault(seq: int, what: str) -> None:
        if len(faults) < _MOST:
            faults.append(Fault(seq, Said(what)))

    previous, seq, at, records, decisions, met = START, 0, "", 0, 0, None
    with log.reading() as connection:
        erased = set(connection.execute(_ERASED).scalars())
        brought = _brought(connection)
        mine = next(brought, None)
        for row in _rows(connection, select(RECORD), RECORD.c.seq):
            if row["seq"] != seq + 1:
                fault(seq + 1, "a record is missing")
            seq = row["seq"]
            while mine is not None and mine[0] < seq:
                fault(mine[0], "decisions stand without their record")
                mine = next(brought, None)
            hashes: list[str] = []
            if mine is not None and mine[0] == seq:
                for place, one in enumerate(mine[1]):
                    hashes.append(leaf(one))
                    if one["leaf"] != hashes[-1] or one["place"] != place:
                        fault(seq, Said("decision {decision} is not the one that was written", decision=one["id"]))
                    elif (wrong := _wrong(log, one, erased)) is not None:
                        fault(seq, Said("decision {decision}: {wrong}", decision=one["id"], wrong=wrong))
                decisions += len(hashes)
                mine = next(brought, None)
            if row["leaves"] != leaves(hashes):
                fault(seq, "its decisions are not those that were written")
            if row["previous"] != previous:
                fault(seq, "it does not follow the record before it")
            if row["hash"] != link(row, row["previous"]):
                fault(seq, "it is not the record that was written")
            previous, at = row["hash"], row["at"]
            records += 1
            if head is not None and head.seq == seq:
                met = row["hash"]
        while mine is not None:
            fault(mine[0], "decisions stand without their record")
            mine = next(brought, None)
        for stray, kind in connection.execute(_UPON_NOTHING):
            fault(stray, Said("this {kind} is about no decision before it", kind=kind))
        last = connection.execute(select(HEAD)).first()
        if last is None or (last.seq, last.hash, last.at) != (seq, previous, at):
            fault(seq, "the last record is not the one the log ended with")
    if head is not None:
        if not head.holds(key or log.signer.public):
            fault(head.seq, "the exported head is not signed by this log")
        elif head.seq > seq:
            fault(seq, Said("the log ends before record {seq}, which it once held: it was cut short", seq=head.seq))
        elif head.seq and met != head.hash:
            fault(head.seq, "it is another record than the one whose hash was exported")
    return Verification(records, decisions, seq, previous, head.at if head else None, tuple(faults))


def _rows(connection: Connection, wanted: Select[Any], *order: Any) -> Iterator[Mapping[Any, Any]]:
    yield from connection.execute(wanted.order_by(*order).execution_options(yield_per=_AT_ONCE)).mappings()


def _brought(connection: Connection) -> Iterator[tuple[int, Iterator[Mapping[Any, Any]]]]:
    """Decisions by the record that brought them, in the order of the chain; never all of a record at once."""
    wanted = select(DECISION, SUBJECT.c.applicant_id, SUBJECT.c.key).outerjoin(
        SUBJECT, SUBJECT.c.token == DECISION.c.subject
    )
    return groupby(_rows(connection, wanted, DECISION.c.seq, DECISION.c.place), key=lambda row: int(row["seq"]))


def _wrong(log: Log, row: Mapping[Any, Any], erased: set[str]) -> Said | None:
    """What is wrong with whose a decision is said to be."""
    if row["key"] is None:
        return None if row["subject"] in erased else Said("its person's key is gone, and no erasure is on record")
    if row["subject"] in erased:
        return Said("its person was erased, and the key is there again")
    if not log.can_open(row):
        return None
    try:
        log.opened(row)
    except LogBroken:
        return Said("its sealed part does not open with the key of the person it is said to be about")
    return None


_ERASED: Final = select(RECORD.c.subject).where(RECORD.c.kind == "erasure")
_UPON_NOTHING: Final = (
    select(RECORD.c.seq, RECORD.c.kind)
    .outerjoin(DECISION, and_(DECISION.c.id == RECORD.c.about, DECISION.c.seq < RECORD.c.seq))
    .where(RECORD.c.kind.in_(UPON_DECISIONS), DECISION.c.id.is_(None))
    .order_by(RECORD.c.seq)
    .limit(_MOST)
)
