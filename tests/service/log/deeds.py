"""What tests of the log do with it: decisions to append, a hand inside the database, raw looks at its files."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import text

from aval.credit.decision import Decision, Given, Verdict
from aval.service.log.entry import Made, told
from aval.service.log.log import Log, number
from aval.service.log.sealing import Private

WITNESS = b"Rue de la Loi 16, pr\xc3\xa9nom \xc3\x89lodie"
"""Plain text that must be found nowhere."""


def made(applicant: int, probability: float = 0.1, size: int = 12, *, code: str = "EXTERNAL_SCORES") -> Made:
    """A decision that declines, with reasons, a warning and contributions."""
    decision = Decision(
        applicant_id=applicant,
        probability=probability,
        points=500,
        cutoff=1 / 11,
        verdict=Verdict.DECLINE,
        rules=("TOO_YOUNG",),
        reasons=(Given(code, 0.4), Given("DEBT_BURDEN", 1e-300)),
        warnings=("NO_HISTORY",),
        model="3",
        policy="2026-11-24 é",
        features="f" * 64,
    )
    features = np.array([np.nan, -0.0, 0.1, 1 / 11, *np.arange(size - 4.0)])
    private = Private(b'{"street":"' + WITNESS + b'"}', features, np.append(features, -2.5), told(decision))
    return Made(number(), decision, "p" * 64, private, {"amount": 0.1, "region": "Île-de-France"})


def filled(log: Log) -> list[Made]:
    """A log of six records and eight decisions: alone, in a part, an override, a policy."""
    ones = [made(100_000 + i) for i in range(8)]
    log.append([ones[0]], "ann")
    log.append([ones[1]], "ann")
    log.append(ones[2:6], "bob", kind="part", about="job", place=0)
    log.note("override", "eve", about=ones[1].id, verdict=Verdict.APPROVE, motive="INCOME", words="new payslip")
    log.append([ones[6]], "ann")
    log.append([ones[7]], "ann")
    return ones


def tamper(log: Log, *statements: str, **values: Any) -> None:
    """Raw SQL by one who owns the database: triggers and keys do not stand in the way."""
    file = log.engine.url.database
    if log.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(file))) as raw, raw:
            for table in ("record", "decision"):
                for deed in ("update", "delete"):
                    raw.execute(f"DROP TRIGGER IF EXISTS {table}_kept_{deed}")
            for statement in statements:
                raw.execute(statement, values)
        return
    with log.engine.begin() as connection:
        for table in ("record", "decision"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_kept ON {table}"))
        connection.execute(text("ALTER TABLE decision DROP CONSTRAINT IF EXISTS decision_seq_fkey"))
        for statement in statements:
            connection.execute(text(statement), values)


def found(home: Path, secret: bytes) -> Sequence[str]:
    """Files of the SQLite log in which these bytes stand."""
    return [file.name for file in sorted((home / "log").glob("log.db*")) if secret in file.read_bytes()]
