"""The decision log: appended, never changed; a decision is in it before it is in an answer."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from aval.credit.decision import Verdict
from aval.errors import DecisionUnknown, Erased, KeyReused, LogUnavailable, Quicker
from aval.service.log.chain import Signer, leaf, leaves, link
from aval.service.log.entry import Made, Receipt, Record, Stored, canonical
from aval.service.log.opening import engine, named, what
from aval.service.log.sealing import House, Private, new_key, seal, unseal
from aval.service.log.tables import DECISION, HEAD, IDEMPOTENCY, RECORD, SUBJECT

_AT_ONCE: Final = 500
"""Values in one IN list."""


def utc() -> datetime:
    """Now."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A UTC instant of fixed width, so that text sorts as time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number() -> str:
    """A new number for a decision or a record."""
    return uuid.uuid4().hex


class Log:
    """Writes and reads the chain. Safe to use from several threads, and from several processes at once."""

    def __init__(self, made: Engine, signer: Signer, house: House, now: Callable[[], datetime] = utc) -> None:
        self.engine = made
        self._writing = made.execution_options(writing=True)
        self.signer, self._house, self._now = signer, house, now
        self._lock = threading.Lock()
        self.unexported = False
        """Whether the last head could not be exported; the next append tries again."""

    @classmethod
    def open(cls, url: str, home: Path, *, key: Path | None = None, head: Path | None = None) -> "Log":
        """The log of an installation; made where there is none.

        Raises:
            LogUnavailable: the database cannot be reached.
            LogBroken: the key of the house or the signing key is not one.
        """
        folder = home / "log"
        signer = Signer(folder / "signing.key", head or folder / "head.json")
        return cls(engine(url, home), signer, House.of(key))

    # Writing

    def append(
        self,
        made: Sequence[Made],
        caller: str,
        *,
        kind: str = "decision",
        about: str | None = None,
        place: int | None = None,
        body: Mapping[str, Any] | None = None,
        key: tuple[str, str] | None = None,
        guard: Callable[[Connection], None] | None = None,
    ) -> Receipt:
        """One record with these decisions; all of it or nothing. `key`: an Idempotency-Key and the request's digest.
        `guard` is called when it is this writer's turn: what it writes is written too, what it raises stops it all.

        Raises:
            LogUnavailable: nothing was written.
            KeyReused: the key came with another request before.
        """
        # Many are sealed before the others have to wait; the tokens are looked at again once they do.
        ids = [one.decision.applicant_id for one in made]
        early = None
        if len(made) > 1:
            with self._write() as connection:
                early = self._subjects(connection, ids)
        sealed = None if early is None else [self._sealed(one, early) for one in made]
        with self._write() as connection:
            previous, seq = self._head(connection)
            if guard is not None:
                guard(connection)
            if key is not None and (answered := self._answered(connection, caller, *key)):
                return Receipt(seq, previous, "", answered)
            subjects = self._subjects(connection, ids)
            if sealed is None or subjects != early:  # someone was erased in between
                sealed = [self._sealed(one, subjects) for one in made]
            at = stamp(self._now())
            rows = [
                self._row(one, where, subjects, bytes_, at, caller, seq)
                for where, (one, bytes_) in enumerate(zip(made, sealed, strict=True))
            ]
            record = self._record(kind, caller, at, about=about, place=place, body=body)
            record["leaves"] = leaves(row["leaf"] for row in rows)
            receipt = self._link(connection, record, previous, seq)
            connection.execute(insert(DECISION), rows)
            if key is not None:
                facts = {"caller": caller, "key": key[0], "digest": key[1], "answer": made[0].id, "at": at}
                connection.execute(insert(IDEMPOTENCY), facts)
        self._export(receipt)
        return receipt

    def note(
        self,
        kind: str,
        caller: str,
        *,
        about: str | None = None,
        place: int | None = None,
        verdict: Verdict | None = None,
        motive: str | None = None,
        body: Mapping[str, Any] | None = None,
        words: str | None = None,
        guard: Callable[[Connection], None] | None = None,
    ) -> Receipt:
        """One record without decisions: an override, a policy, a change of model. `words` are sealed for the person
        that the decision `about` concerns; `guard` as in `append`.

        Raises:
            LogUnavailable: nothing was written.
            DecisionUnknown, Erased: there is nobody to seal the words for.
        """
        with self._write() as connection:
            previous, seq = self._head(connection)
            if guard is not None:
                guard(connection)
            record = self._record(kind, caller, stamp(self._now()), about=about, place=place, body=body)
            record |= {"verdict": verdict and verdict.value, "motive": motive, "leaves": leaves(())}
            if words is not None:
                token, kept = self._subject_of(connection, about or "")
                record["subject"] = token
                record["sealed"] = seal(self._house.unwrap(kept, token), words.encode(), record["id"])
            receipt = self._link(connection, record, previous, seq)
        self._export(receipt)
        return receipt

    def once(self, kind: str, about: str, caller: str, body: Mapping[str, Any]) -> None:
        """A record that is written the first time only: the policy in force, the model that decides."""
        with self.reading() as connection:
            wanted = select(RECORD.c.seq).where(RECORD.c.kind == kind, RECORD.c.about == about)
            if connection.execute(wanted).first() is not None:
                return
        with suppress(Quicker):
            self.note(kind, caller, about=about, place=0, body=body)

    def erase(self, applicant_id: int, caller: str, why: str) -> int:
        """Drop the applicant's key: what is sealed with it opens no more, and no one can tell whose it was.

        Returns how many decisions were theirs; 0 where the log knows nobody of this number.
        Raises LogUnavailable.
        """
        with self._write() as connection:
            token = connection.execute(select(SUBJECT.c.token).where(SUBJECT.c.applicant_id == applicant_id)).scalar()
            if token is None:
                return 0
            theirs = connection.execute(select(func.count()).where(DECISION.c.subject == token)).scalar_one()
            previous, seq = self._head(connection)
            record = self._record("erasure", caller, stamp(self._now()), about=None, place=None, body={"why": why})
            record |= {"subject": token, "leaves": leaves(())}
            receipt = self._link(connection, record, previous, seq)
            connection.execute(delete(SUBJECT).where(SUBJECT.c.token == token))
        self._tidy()
        self._export(receipt)
        return int(theirs)

    def outdated(self, before: str) -> list[int]:
        """Applicants whose last decision was made before this instant."""
        last = select(DECISION.c.subject, func.max(DECISION.c.at).label("at")).group_by(DECISION.c.subject).subquery()
        wanted = select(SUBJECT.c.applicant_id).join(last, last.c.subject == SUBJECT.c.token).where(last.c.at < before)
        with self.reading() as connection:
            return list(connection.execute(wanted.order_by(SUBJECT.c.applicant_id)).scalars())

    # Reading

    def answered(self, caller: str, key: str, digest: str) -> str | None:
        """The decision that this Idempotency-Key was answered with. Raises KeyReused, LogUnavailable, Quicker."""
        with self.reading() as connection:
            return self._answered(connection, caller, key, digest)

    def decision(self, wanted: str) -> Stored:
        """A decision with all that is left of it. Raises DecisionUnknown, LogUnavailable, LogBroken."""
        with self.reading() as connection:
            row = connection.execute(_STORED.where(DECISION.c.id == wanted)).mappings().first()
            if row is None:
                raise DecisionUnknown
            events = self._events(connection, wanted, row["key"], row["subject"])
        return replace(self._stored(row, private=True), events=events)

    def stored(self, rows: Sequence[Mapping[Any, Any]], *, private: bool = False) -> list[Stored]:
        """Decisions from rows of `STORED`."""
        return [self._stored(row, private=private) for row in rows]

    def policy(self, digest: str) -> str:
        """The text of a policy that decided. Raises DecisionUnknown where none of this digest did."""
        wanted = select(RECORD.c.body).where(RECORD.c.kind == "policy", RECORD.c.about == digest[:32])
        with self.reading() as connection:
            body = connection.execute(wanted).scalar()
        if body is None:
            raise DecisionUnknown
        return str(json.loads(body)["text"])

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the log. Raises LogUnavailable."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise LogUnavailable(named(self.engine), what(problem)) from None

    # Within

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        try:
            with self._lock, self._writing.begin() as connection:
                yield connection
        except IntegrityError:
            raise Quicker(named(self.engine), "another writer was quicker") from None
        except SQLAlchemyError as problem:
            raise LogUnavailable(named(self.engine), what(problem)) from None

    def _tidy(self) -> None:
        """After an erasure: a dropped key must not live on in SQLite's journal."""
        if self.engine.dialect.name == "sqlite":
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()

    def _head(self, connection: Connection) -> tuple[str, int]:
        """The last hash and the next number; every writer waits here for the one before."""
        row = connection.execute(_HEAD).one()
        return str(row.hash), int(row.seq) + 1

    def _link(self, connection: Connection, record: dict[str, Any], previous: str, seq: int) -> Receipt:
        record |= {"seq": seq, "previous": previous}
        record["hash"] = link(record, previous)
        connection.execute(insert(RECORD), record)
        connection.execute(update(HEAD), {"seq": seq, "hash": record["hash"]})
        return Receipt(seq, record["hash"], record["at"])

    def _record(
        self, kind: str, caller: str, at: str, *, about: str | None, place: int | None, body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        absent = dict.fromkeys(("subject", "verdict", "motive", "sealed"))
        told = {"kind": kind, "caller": caller, "at": at, "about": about, "place": place, "body": canonical(body or {})}
        return {"id": number(), **told, **absent}

    def _export(self, receipt: Receipt) -> None:
        """The decision stands in the log already: a head that cannot be written down must not take it back."""
        try:
            self.signer.export(receipt.seq, receipt.hash, receipt.at)
            self.unexported = False
        except OSError:
            self.unexported = True

    def _subjects(self, connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """Token and key of each applicant, made where they are new."""
        known: dict[int, tuple[str, bytes]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = select(SUBJECT).where(SUBJECT.c.applicant_id.in_(ids[start : start + _AT_ONCE]))
            for row in connection.execute(some):
                known[row.applicant_id] = (row.token, self._house.unwrap(row.key, row.token))
        made = []
        for one in dict.fromkeys(ids):
            if one not in known:
                token, key = number(), new_key()
                known[one] = (token, key)
                made.append({"token": token, "applicant_id": one, "key": self._house.wrap(key, token)})
        if made:
            connection.execute(insert(SUBJECT), made)
        return known

    def _sealed(self, one: Made, subjects: Mapping[int, tuple[str, bytes]]) -> bytes:
        return seal(subjects[one.decision.applicant_id][1], one.private.packed(), one.id)

    def _row(
        self,
        one: Made,
        place: int,
        subjects: Mapping[int, tuple[str, bytes]],
        sealed: bytes,
        at: str,
        caller: str,
        seq: int,
    ) -> dict[str, Any]:
        decision = one.decision
        row = {
            "id": one.id,
            "seq": seq,
            "place": place,
            "subject": subjects[decision.applicant_id][0],
            "at": at,
            "caller": caller,
            "verdict": decision.verdict.value,
            "probability": decision.probability,
            "points": decision.points,
            "cutoff": decision.cutoff,
            "rules": json.dumps(list(decision.rules)),
            "model": decision.model,
            "policy": decision.policy,
            "policy_digest": one.policy_digest,
            "features": decision.features,
            "facts": canonical(one.facts),
            "sealed": sealed,
        }
        return {**row, "leaf": leaf(row)}

    def _answered(self, connection: Connection, caller: str, key: str, digest: str) -> str | None:
        wanted = select(IDEMPOTENCY).where(IDEMPOTENCY.c.caller == caller, IDEMPOTENCY.c.key == key)
        found = connection.execute(wanted).first()
        if found is None:
            return None
        if found.digest != digest:
            raise KeyReused
        return str(found.answer)

    def _subject_of(self, connection: Connection, wanted: str) -> tuple[str, bytes]:
        row = connection.execute(_STORED.where(DECISION.c.id == wanted)).mappings().first()
        if row is None:
            raise DecisionUnknown
        if row["key"] is None:
            raise Erased(f"Decision {wanted}")
        return row["subject"], row["key"]

    def _events(self, connection: Connection, wanted: str, kept: bytes | None, token: str) -> tuple[Record, ...]:
        """What happened to a decision after it was made, the oldest first."""
        rows = connection.execute(select(RECORD).where(RECORD.c.about == wanted).order_by(RECORD.c.seq)).mappings()
        key = None if kept is None else self._house.unwrap(kept, token)
        return tuple(record_of(row, key) for row in rows)

    def _stored(self, row: Mapping[Any, Any], *, private: bool) -> Stored:
        content = None
        if private and row["key"] is not None:
            key = self._house.unwrap(row["key"], row["subject"])
            content = Private.unpacked(unseal(key, row["sealed"], row["id"]))
        return Stored(
            id=row["id"],
            seq=row["seq"],
            place=row["place"],
            at=row["at"],
            caller=row["caller"],
            applicant_id=row["applicant_id"],
            verdict=Verdict(row["verdict"]),
            probability=row["probability"],
            points=row["points"],
            cutoff=row["cutoff"],
            rules=tuple(json.loads(row["rules"])),
            model=row["model"],
            policy=row["policy"],
            policy_digest=row["policy_digest"],
            features=row["features"],
            facts=json.loads(row["facts"]),
            hash=row["record_hash"],
            kind=row["record_kind"],
            about=row["record_about"],
            private=content,
        )


def record_of(row: Mapping[Any, Any], key: bytes | None = None) -> Record:
    """A record from its row; with the person's key, an officer's words too."""
    words = None
    if row["sealed"] is not None and key is not None:
        words = unseal(key, row["sealed"], row["id"]).decode()
    told = {name: row[name] for name in ("seq", "id", "kind", "at", "caller", "about", "verdict", "motive", "hash")}
    return Record(**told, body=json.loads(row["body"]), words=words)


_HEAD: Final = select(HEAD.c.seq, HEAD.c.hash).with_for_update()

_STORED: Final = (
    select(
        DECISION,
        SUBJECT.c.applicant_id,
        SUBJECT.c.key,
        RECORD.c.hash.label("record_hash"),
        RECORD.c.kind.label("record_kind"),
        RECORD.c.about.label("record_about"),
    )
    .join(RECORD, RECORD.c.seq == DECISION.c.seq)
    .outerjoin(SUBJECT, SUBJECT.c.token == DECISION.c.subject)
)

STORED: Final = _STORED
"""Every decision with whose it is and the record it came with; to be narrowed, then handed to `Log.stored`."""
