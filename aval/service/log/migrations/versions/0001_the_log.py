"""The log: subjects, the chain, decisions, and the tables beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEPT = ("record", "decision")
"""Tables of which the database itself refuses to change or remove a row."""


def upgrade() -> None:
    """Make the tables, their head, and the triggers that keep the chain."""
    op.create_table(
        "subject",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("applicant_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        comment="Who a token is, and the key of everything personal about them. Dropping the row erases the person.",
    )
    op.create_table(
        "record",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("caller", sa.String(100), nullable=False),
        sa.Column("about", sa.String(32)),
        sa.Column("place", sa.Integer),
        sa.Column("subject", sa.String(32)),
        sa.Column("verdict", sa.String(8)),
        sa.Column("motive", sa.String(40)),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("leaves", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("kind", "about", "place", name="once"),
        comment="The chain: each record holds the hash of the one before it, and of the decisions it brings.",
    )
    op.create_index("record_about", "record", ["about", "kind"])
    op.create_table(
        "decision",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("seq", sa.BigInteger, sa.ForeignKey("record.seq"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("caller", sa.String(100), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("cutoff", sa.Double, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("policy_digest", sa.String(64), nullable=False),
        sa.Column("features", sa.String(64), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.String(64), nullable=False),
        sa.UniqueConstraint("seq", "place", name="standing"),
        comment="One line per applicant decided; `leaf` is its hash, `record.leaves` the hash of all of a record's.",
    )
    op.create_index("ix_decision_subject", "decision", ["subject"])
    op.create_index("ix_decision_at", "decision", ["at"])
    op.create_index("decision_verdict", "decision", ["verdict", "seq"])
    head = op.create_table(
        "head",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        comment="The last record: what the next one follows, and what writers wait for each other by.",
    )
    op.bulk_insert(head, [{"one": 1, "seq": 0, "hash": "0" * 64, "at": ""}])
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        comment="What an Idempotency-Key was answered with.",
    )
    op.create_table(
        "access",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("prefix", sa.String(16), nullable=False, unique=True),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("revoked_at", sa.String(32)),
        comment="API keys: a public prefix to find one by, and the argon2 hash of the whole.",
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("caller", sa.String(100), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("worker", sa.String(64)),
        sa.Column("lease_until", sa.Double),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("finished_at", sa.String(32)),
        comment="Files to decide. A worker leases one for a while; where it dies, another goes on after the last part.",
    )
    op.create_index("ix_job_state", "job", ["state"])
    op.create_table(
        "report",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        comment="What the watch found.",
    )
    op.create_index("ix_report_at", "report", ["at"])
    _keep()


def _keep() -> None:
    """What stands in the chain stays: not by good manners but by the database."""
    if op.get_bind().dialect.name == "sqlite":
        for table in KEPT:
            for deed in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_kept_{deed.lower()} BEFORE {deed} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$"
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION kept()"
        )
