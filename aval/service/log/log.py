"""The decision log: appended, never changed; a decision is in it before it is in an answer."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from aval.credit.decision import Verdict
from aval.errors import DecisionUnknown, Erased, KeyReused, LogBroken, LogUnavailable, Quicker
from aval.service.log.chain import START, Signer, leaf, leaves, link
from aval.service.log.entry import Made, Receipt, Record, Stored, canonical
from aval.service.log.opening import BUSY_SECONDS, checkpoint, engine, named, snapshot, swept, what, writing
from aval.service.log.sealing import House, Private, new_key, seal, unseal
from aval.service.log.statements import BARE, FORGET, KNOWN, LAST, MOVE, PLACED, UPON_DECISIONS, WHO, WRAPPED, put, tidy
from aval.service.log.statements import STORED as STORED
from aval.service.log.tables import DECISION, HEAD, IDEMPOTENCY, RECORD, SUBJECT

_AT_ONCE: Final = 500
"""Values in one IN list."""

REMEMBERED: Final = timedelta(hours=24)
"""How long an Idempotency-Key is known; sent later, it comes with a new request."""


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

    def __init__(
        self,
        made: Engine,
        signer: Signer,
        house: House,
        now: Callable[[], datetime] = utc,
        busy: float = BUSY_SECONDS,
    ) -> None:
        """`busy`: seconds that a writer waits for the writers before it."""
        self.engine = made
        self._reading, self._writing = snapshot(made), writing(made)
        self.signer, self._house, self._now, self._busy = signer, house, now, busy
        self._lock = threading.Lock()
        self._seen = (0, START)
        self.unexported = False
        """Whether the last head could not be exported; the next append tries again."""
        self.unswept = False
        """Whether a dropped key may still stand where it was deleted; the next write tries again."""

    @classmethod
    def open(
        cls,
        url: str,
        home: Path,
        *,
        key: Path | None = None,
        head: Path | None = None,
        now: Callable[[], datetime] = utc,
        busy: float = BUSY_SECONDS,
    ) -> "Log":
        """The log of an installation; made where there is none.

        Raises:
            LogUnavailable: the database cannot be reached.
            LogBroken: the key of the house or the signing key is not the one, or the log does not hold what was
                exported: nothing may be written after a log that was cut short.
        """
        folder = home / "log"
        signer = Signer(folder / "signing.key", head or folder / "head.json")
        log = cls(engine(url, home, busy), signer, House.of(key), now, busy)
        try:
            log._begin()
        except BaseException:
            log.close()
            raise
        return log

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def _begin(self) -> None:
        exported = self.signer.exported()
        with self.reading() as connection:
            if exported is not None:
                self._seen = (exported.seq, exported.hash)
                self._follows(connection, *self._seen)
            wrapped = connection.execute(WRAPPED).first()
        if wrapped is not None:
            self._house.unwrap(wrapped.key, wrapped.token)
        self._cover()
        if self.engine.dialect.name == "sqlite":
            self._sweep()  # an erasure may have been killed before it swept

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
        """One record with these decisions; all of it or nothing. `key`: an Idempotency-Key and the request's digest;
        keys that are old are forgotten on the way.
        `guard` is called when it is this writer's turn: what it writes is written too, what it raises stops it all.

        Raises:
            LogUnavailable: nothing was written (or PostgreSQL died while it was saying that it was: a request with
                an Idempotency-Key, sent again, finds out).
            KeyReused: the key came with another request before.
        """
        packed = [one.private.packed() for one in made]  # the slow part, before others have to wait
        with self._write() as connection:
            previous, seq, at = self._head(connection)
            if guard is not None:
                guard(connection)
            if key is not None:
                tidy(connection, self._since())
                if answered := self._answered(connection, caller, *key):
                    return Receipt(*connection.execute(PLACED, {"wanted": answered}).one(), answered)
            subjects = self._subjects(connection, [one.decision.applicant_id for one in made])
            rows = [
                self._row(one, where, subjects, content, at, caller, seq)
                for where, (one, content) in enumerate(zip(made, packed, strict=True))
            ]
            record = self._record(kind, caller, at, about=about, place=place, body=body)
            record["leaves"] = leaves(row["leaf"] for row in rows)
            receipt = self._link(connection, record, previous, seq)
            put(connection, DECISION, rows)
            if key is not None:
                facts = {"caller": caller, "key": key[0], "digest": key[1], "answer": made[0].id, "at": at}
                connection.execute(FORGET, facts)  # it may be there still, older than is remembered
                put(connection, IDEMPOTENCY, [facts])
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
            DecisionUnknown: an override or its confirmation is about no decision of this log.
            DecisionUnknown, Erased: there is nobody to seal the words for.
        """
        with self._write() as connection:
            previous, seq, at = self._head(connection)
            if guard is not None:
                guard(connection)
            record = self._record(kind, caller, at, about=about, place=place, body=body)
            record |= {"verdict": verdict and verdict.value, "motive": motive, "leaves": leaves(())}
            if kind in UPON_DECISIONS and connection.execute(PLACED, {"wanted": about}).first() is None:
                raise DecisionUnknown
            if words is not None:
                token, kept, whose = self._subject_of(connection, about or "")
                record["subject"] = token
                record["sealed"] = seal(self._house.unwrap(kept, token), words.encode(), record["id"], str(whose))
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
            previous, seq, at = self._head(connection)
            token = connection.execute(select(SUBJECT.c.token).where(SUBJECT.c.applicant_id == applicant_id)).scalar()
            if token is None:
                return 0
            theirs = connection.execute(select(func.count()).where(DECISION.c.subject == token)).scalar_one()
            record = self._record("erasure", caller, at, about=None, place=None, body={"why": why})
            record |= {"subject": token, "leaves": leaves(())}
            receipt = self._link(connection, record, previous, seq)
            # The digest of a request names its applicant to whoever tries all numbers.
            their = select(DECISION.c.id).where(DECISION.c.subject == token)
            connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.answer.in_(their)))
            connection.execute(delete(SUBJECT).where(SUBJECT.c.token == token))
        self._sweep(self._busy)
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
        """The decision that this Idempotency-Key was answered with of late. Raises KeyReused, LogUnavailable."""
        with self.reading() as connection:
            return self._answered(connection, caller, key, digest)

    def decision(self, wanted: str) -> Stored:
        """A decision with all that is left of it. Raises DecisionUnknown, LogUnavailable, LogBroken."""
        with self.reading() as connection:
            row = connection.execute(STORED.where(DECISION.c.id == wanted)).mappings().first()
            if row is None:
                raise DecisionUnknown
            events = self._events(connection, row)
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

    def alive(self) -> None:
        """Raises LogUnavailable where the log cannot be read."""
        with self.reading() as connection:
            connection.execute(select(HEAD.c.seq)).one()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the log. Raises LogUnavailable."""
        try:
            with self._reading.begin() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise LogUnavailable(named(self.engine), what(problem)) from None

    # Within

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        if not self._lock.acquire(timeout=self._busy):
            raise LogUnavailable(named(self.engine), "other writers of this service are before this one")
        try:
            with self._writing.begin() as connection:
                yield connection
        except IntegrityError:
            raise Quicker(named(self.engine), "another writer was quicker") from None
        except SQLAlchemyError as problem:
            raise LogUnavailable(named(self.engine), what(problem)) from None
        finally:
            self._lock.release()

    def _sweep(self, patience: float = 0.0) -> None:
        """After a key was dropped: it must not live on where it was deleted."""
        self.unswept = True
        self.unswept = not swept(self.engine, patience, self._busy)

    def settle(self) -> None:
        """Let SQLite write its journal into its file, which a commit would otherwise do now and then, while somebody
        waits for a decision. Neither readers nor writers wait for it; never raises.
        """
        checkpoint(self.engine, "PASSIVE", 0.0, self._busy)

    def _cover(self) -> None:
        """Keys that were kept in plain, before there was a key of the house, are put under it."""
        with self.reading() as connection:
            bare = [row for row in connection.execute(BARE) if self._house.bare(row.key)]
        if not bare:
            return
        with self._write() as connection:
            for row in bare:
                wrapped = self._house.wrap(self._house.unwrap(row.key, row.token), row.token)
                connection.execute(update(SUBJECT).where(SUBJECT.c.token == row.token), {"key": wrapped})
        self._sweep(self._busy)

    def _head(self, connection: Connection) -> tuple[str, int, str]:
        """The last hash, the next number and its time; every writer waits here for the one before.

        Time never goes back along the chain, though the clock of another worker may. Raises LogBroken.
        """
        row = connection.execute(LAST).one()
        if row.seq < self._seen[0] or (row.seq == self._seen[0] and row.hash != self._seen[1]):
            self._follows(connection, *self._seen)
        return str(row.hash), int(row.seq) + 1, max(stamp(self._now()), row.at)

    def _follows(self, connection: Connection, seq: int, digest: str) -> None:
        """Nothing is written after a log that lost what was answered. Raises LogBroken."""
        found = connection.execute(select(RECORD.c.hash).where(RECORD.c.seq == seq)).scalar()
        if seq and found != digest:
            raise LogBroken(
                named(self.engine),
                f"record {seq}, which was exported, is not in it: it was cut short, or restored from an older copy",
                "find the records after it, or keep the exported head as evidence, move it away and start again",
            )

    def _link(self, connection: Connection, record: dict[str, Any], previous: str, seq: int) -> Receipt:
        record |= {"seq": seq, "previous": previous}
        record["hash"] = link(record, previous)
        put(connection, RECORD, [record])
        connection.execute(MOVE, {"seq": seq, "hash": record["hash"], "at": record["at"]})
        return Receipt(seq, record["hash"], record["at"])

    def _record(
        self, kind: str, caller: str, at: str, *, about: str | None, place: int | None, body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        absent = dict.fromkeys(("subject", "verdict", "motive", "sealed"))
        told = {"kind": kind, "caller": caller, "at": at, "about": about, "place": place, "body": canonical(body or {})}
        return {"id": number(), **told, **absent}

    def _export(self, receipt: Receipt) -> None:
        """The decision stands in the log already: a head that cannot be written down must not take it back."""
        self._seen = max(self._seen, (receipt.seq, receipt.hash))
        try:
            self.signer.export(receipt.seq, receipt.hash, receipt.at)
            self.unexported = False
        except (OSError, LogBroken):
            self.unexported = True
        if self.unswept:
            self._sweep()

    def _subjects(self, connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """Token and key of each applicant, made where they are new."""
        known: dict[int, tuple[str, bytes]] = {}
        for start in range(0, len(ids), _AT_ONCE):
            for row in connection.execute(WHO, {"ids": ids[start : start + _AT_ONCE]}):
                known[row.applicant_id] = (row.token, self._house.unwrap(row.key, row.token))
        made = []
        for one in dict.fromkeys(ids):
            if one not in known:
                token, key = number(), new_key()
                known[one] = (token, key)
                made.append({"token": token, "applicant_id": one, "key": self._house.wrap(key, token)})
        put(connection, SUBJECT, made)
        return known

    def _row(
        self,
        one: Made,
        place: int,
        subjects: Mapping[int, tuple[str, bytes]],
        content: bytes,
        at: str,
        caller: str,
        seq: int,
    ) -> dict[str, Any]:
        decision = one.decision
        token, key = subjects[decision.applicant_id]
        row = {
            "id": one.id,
            "seq": seq,
            "place": place,
            "subject": token,
            "at": at,
            "caller": caller,
            "verdict": decision.verdict.value,
            "probability": float(decision.probability) + 0.0,  # SQLite gives 0.0 back for -0.0, and hashes must hold
            "points": int(decision.points),
            "cutoff": float(decision.cutoff) + 0.0,
            "rules": json.dumps(list(decision.rules)),
            "model": decision.model,
            "policy": decision.policy,
            "policy_digest": one.policy_digest,
            "features": decision.features,
            "facts": canonical(one.facts),
            "sealed": seal(key, content, one.id, str(decision.applicant_id)),
        }
        return {**row, "leaf": leaf(row)}

    def _answered(self, connection: Connection, caller: str, key: str, digest: str) -> str | None:
        found = connection.execute(KNOWN, {"caller": caller, "key": key}).first()
        if found is None or found.at < self._since():
            return None
        if found.digest != digest:
            raise KeyReused
        return str(found.answer)

    def _since(self) -> str:
        return stamp(self._now() - REMEMBERED)

    def _subject_of(self, connection: Connection, wanted: str) -> tuple[str, bytes, int]:
        row = connection.execute(STORED.where(DECISION.c.id == wanted)).mappings().first()
        if row is None:
            raise DecisionUnknown
        if row["key"] is None:
            raise Erased(wanted)
        return row["subject"], row["key"], row["applicant_id"]

    def _events(self, connection: Connection, decision: Mapping[Any, Any]) -> tuple[Record, ...]:
        """What happened to a decision after it was made, the oldest first."""
        wanted = select(RECORD).where(RECORD.c.about == decision["id"]).order_by(RECORD.c.seq)
        kept = decision["key"]
        key = None if kept is None else self._house.unwrap(kept, decision["subject"])
        return tuple(record_of(row, key, decision["applicant_id"]) for row in connection.execute(wanted).mappings())

    def opened(self, row: Mapping[Any, Any]) -> bytes | None:
        """The sealed part of a row of `STORED`; None once erased. Raises LogBroken, also where it is not theirs."""
        if row["key"] is None:
            return None
        return unseal(
            self._house.unwrap(row["key"], row["subject"]), row["sealed"], row["id"], str(row["applicant_id"])
        )

    def can_open(self, row: Mapping[Any, Any]) -> bool:
        """Whether the key is there, and the key of the house where it takes one."""
        return row["key"] is not None and self._house.knows(row["key"])

    def _stored(self, row: Mapping[Any, Any], *, private: bool) -> Stored:
        content = self.opened(row) if private else None
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
            private=None if content is None else Private.unpacked(content),
        )


def record_of(row: Mapping[Any, Any], key: bytes | None = None, whose: int | None = None) -> Record:
    """A record from its row; with the person's key, an officer's words too."""
    words = None
    if row["sealed"] is not None and key is not None:
        words = unseal(key, row["sealed"], row["id"], str(whose)).decode()
    told = {name: row[name] for name in ("seq", "id", "kind", "at", "caller", "about", "verdict", "motive", "hash")}
    return Record(**told, body=json.loads(row["body"]), words=words)
