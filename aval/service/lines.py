"""The answer to a file, rebuilt from the log: a line per applicant, then a line per rejected row."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import select

from aval.credit.notice import sentence
from aval.credit.policy import Policy
from aval.credit.reason import Language
from aval.errors import DecisionUnknown
from aval.service.breaches import breach
from aval.service.commands import HEADER
from aval.service.decide import sentences
from aval.service.log.entry import Stored
from aval.service.log.log import STORED, Log
from aval.service.log.tables import DECISION, RECORD

_AT_ONCE: Final = 500
"""Decisions in memory."""

COLUMNS: Final = ("decision", *HEADER, "warnings", "table", "file", "row", "rules", "why")
"""Of the CSV. A rejected row has the verdict `rejected` and the last five; an erased applicant is called `erased`."""


class Form(StrEnum):
    """How the lines are written."""

    CSV = "csv"
    NDJSON = "ndjson"


def lines(log: Log, about: str, rejects: Iterable[Mapping[str, Any]], form: Form, lang: Language) -> Iterator[str]:
    """Every decision of the job `about` in the order of its parts, then what was rejected of its file.

    Nothing in a line is the sender's but whole numbers: the words are the catalogue's and the files' names our own.
    Raises: LogUnavailable, LogBroken.
    """
    rendered = _Csv() if form is Form.CSV else _Ndjson()
    policy = _policies(log)
    yield from rendered.header()
    for stored in _decisions(log, about):
        told: list[str] = []
        if not stored.erased:
            decided, ruled = stored.decision(), policy(stored.policy_digest)
            told = sentences(decided, ruled, lang) if ruled else [given.sentence(lang) for given in decided.reasons]
        warnings = stored.private.told["warnings"] if stored.private is not None else []
        yield rendered.decision(stored, told, [sentence(one, lang) for one in warnings])
    for reject in rejects:
        yield rendered.rejected(reject, [breach(reject["table"], rule, lang) for rule in reject["rules"]])


class _Csv:
    def header(self) -> list[str]:
        return [_row(COLUMNS)]

    def decision(self, stored: Stored, told: list[str], warnings: list[str]) -> str:
        return _row(
            (
                stored.id,
                "erased" if stored.erased else stored.applicant_id,
                repr(stored.probability),
                stored.points,
                stored.verdict.value,
                *(told + [""] * (4 - len(told))),
                stored.model,
                stored.policy,
                " ".join(warnings),
                *("", "", "", "", ""),
            )
        )

    def rejected(self, reject: Mapping[str, Any], why: list[str]) -> str:
        blank = {"verdict": "rejected", **reject, "rules": " ".join(reject["rules"]), "why": " ".join(why)}
        return _row(blank.get(name, "") for name in COLUMNS)


class _Ndjson:
    def header(self) -> list[str]:
        return []

    def decision(self, stored: Stored, told: list[str], warnings: list[str]) -> str:
        return _object(
            kind="decision",
            decision=stored.id,
            applicant_id=stored.applicant_id,
            erased=stored.erased,
            probability=stored.probability,
            points=stored.points,
            verdict=stored.verdict.value,
            reasons=told,
            warnings=warnings,
            model=stored.model,
            policy=stored.policy,
        )

    def rejected(self, reject: Mapping[str, Any], why: list[str]) -> str:
        return _object(kind="rejected", **reject, why=why)


def _row(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _object(**told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"


def _decisions(log: Log, about: str) -> Iterator[Stored]:
    """Some at a time, so that memory stays bounded and no reader holds the log for long."""
    parts = select(RECORD.c.seq).where(RECORD.c.kind == "part", RECORD.c.about == about).order_by(RECORD.c.place)
    with log.reading() as connection:
        found = list(connection.execute(parts).scalars())
    for seq in found:
        start = 0
        while True:
            within = DECISION.c.place.between(start, start + _AT_ONCE - 1)
            with log.reading() as connection:
                wanted = STORED.where(DECISION.c.seq == seq, within).order_by(DECISION.c.place)
                rows = connection.execute(wanted).mappings().all()
            if not rows:
                break
            yield from log.stored(rows, private=True)
            start += _AT_ONCE


def _policies(log: Log) -> Callable[[str], Policy | None]:
    @cache
    def policy(digest: str) -> Policy | None:
        """A policy that decided, by its digest; None where the log was not told its text."""
        try:
            return Policy.read(log.policy(digest), "a policy of the log")
        except DecisionUnknown:
            return None

    return policy
