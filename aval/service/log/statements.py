"""What the log says to its database, prepared once."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from aval.service.log.sealing import BARE_KEY
from aval.service.log.tables import DECISION, HEAD, IDEMPOTENCY, RECORD, SUBJECT

UPON_DECISIONS: Final = ("override", "second", "shadow")
"""Kinds of records that say something about one decision."""

LAST: Final = select(HEAD.c.seq, HEAD.c.hash, HEAD.c.at).with_for_update()
MOVE: Final = update(HEAD)
_THIS: Final = (IDEMPOTENCY.c.caller == bindparam("caller"), IDEMPOTENCY.c.key == bindparam("key"))
_OLDEST: Final = select(IDEMPOTENCY.c.at).where(IDEMPOTENCY.c.at < bindparam("since")).order_by(IDEMPOTENCY.c.at)
_UNTIL: Final = delete(IDEMPOTENCY).where(IDEMPOTENCY.c.at <= bindparam("until"))
KNOWN: Final = select(IDEMPOTENCY).where(*_THIS)
FORGET: Final = delete(IDEMPOTENCY).where(*_THIS)
WHO: Final = select(SUBJECT).where(SUBJECT.c.applicant_id.in_(bindparam("ids", expanding=True)))
WRAPPED: Final = select(SUBJECT).where(func.length(SUBJECT.c.key) > BARE_KEY).limit(1)
BARE: Final = select(SUBJECT).where(func.length(SUBJECT.c.key) == BARE_KEY)
PLACED: Final = (
    select(RECORD.c.seq, RECORD.c.hash, RECORD.c.at)
    .join(DECISION, DECISION.c.seq == RECORD.c.seq)
    .where(DECISION.c.id == bindparam("wanted"))
)

STORED: Final = (
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
"""Every decision with whose it is and the record it came with; to be narrowed, then handed to `Log.stored`."""


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Rows with every column, as the driver takes them: ten thousand go twice as quickly as through the compiler."""
    if rows:
        connection.exec_driver_sql(_into(table, connection.dialect.name), list(rows))


@cache
def _into(table: Table, dialect: str) -> str:
    mark = ":{}" if dialect == "sqlite" else "%({})s"
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(mark.format(column.name) for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({values})"  # noqa: S608


def tidy(connection: Connection, since: str, most: int = 100) -> None:
    """Forget the oldest Idempotency-Keys from before `since`: more than come, few enough that nobody waits for it."""
    old = connection.execute(_OLDEST.limit(most), {"since": since}).scalars().all()
    if old:
        connection.execute(_UNTIL, {"until": old[-1]})
