"""The tables of the log's database. What is written to `record` and `decision` is never changed or removed."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA: Final = MetaData()

SUBJECT: Final = Table(
    "subject",
    METADATA,
    Column("token", String(32), primary_key=True),
    Column("applicant_id", BigInteger, nullable=False, unique=True),
    Column("key", LargeBinary, nullable=False),
    comment="Who a token is, and the key of everything personal about them. Dropping the row erases the person.",
)

RECORD: Final = Table(
    "record",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("caller", String(100), nullable=False),
    Column("about", String(32)),
    Column("place", Integer),
    Column("subject", String(32)),
    Column("verdict", String(8)),
    Column("motive", String(40)),
    Column("body", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("leaves", String(64), nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("kind", "about", "place", name="once"),
    Index("record_about", "about", "kind"),
    comment="The chain: each record holds the hash of the one before it, and of the decisions it brings.",
)

DECISION: Final = Table(
    "decision",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("seq", BigInteger, ForeignKey("record.seq"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("subject", String(32), nullable=False, index=True),
    Column("at", String(32), nullable=False, index=True),
    Column("caller", String(100), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("probability", Double, nullable=False),
    Column("points", Integer, nullable=False),
    Column("cutoff", Double, nullable=False),
    Column("rules", Text, nullable=False),
    Column("model", String(40), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("policy_digest", String(64), nullable=False),
    Column("features", String(64), nullable=False),
    Column("facts", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("leaf", String(64), nullable=False),
    UniqueConstraint("seq", "place", name="standing"),
    Index("decision_verdict", "verdict", "seq"),
    comment="One line per applicant decided; `leaf` is its hash, `record.leaves` the hash of all of a record's.",
)

HEAD: Final = Table(
    "head",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    comment="The last record: what the next one follows, and what writers wait for each other by.",
)

IDEMPOTENCY: Final = Table(
    "idempotency",
    METADATA,
    Column("caller", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("answer", String(32), nullable=False),
    Column("at", String(32), nullable=False, index=True),
    comment="What an Idempotency-Key was answered with.",
)

_ACTIVE: Final = text("revoked_at IS NULL")

ACCESS: Final = Table(
    "access",
    METADATA,
    Column("prefix", String(16), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("hash", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
    Index("access_active", "name", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    comment="Every API key there is or was: public prefix, argon2 hash of the whole, whose it was and when.",
)

JOB: Final = Table(
    "job",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("caller", String(100), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("asked", Text, nullable=False),
    Column("worker", String(64)),
    Column("lease_until", Double),
    Column("attempts", Integer, nullable=False),
    Column("total", Integer),
    Column("done", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("problem", Text),
    Column("finished_at", String(32)),
    comment="Files to decide. A worker leases one for a while; where it dies, another goes on after the last part.",
)

REPORT: Final = Table(
    "report",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("at", String(32), nullable=False, index=True),
    Column("body", Text, nullable=False),
    comment="What the watch found.",
)
