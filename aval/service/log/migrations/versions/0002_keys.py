"""Every API key keeps a row of its own, which only its revocation changes; old Idempotency-Keys are found by time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = "prefix, name, hash, role, created_at, revoked_at"
_CHANGED = ("prefix", "name", "hash", "role", "created_at")
"""What a revocation leaves as it is."""


def upgrade() -> None:
    """Make `access` anew with its rows, and the triggers that keep them."""
    op.create_index("ix_idempotency_at", "idempotency", ["at"])
    op.create_table(
        "access_new",
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("revoked_at", sa.String(32)),
        sa.PrimaryKeyConstraint("prefix", name="access_prefix"),
        comment="Every API key there is or was: public prefix, argon2 hash of the whole, whose it was and when.",
    )
    op.execute(f"INSERT INTO access_new ({_COLUMNS}) SELECT {_COLUMNS} FROM access")  # noqa: S608
    op.drop_table("access")
    op.rename_table("access_new", "access")
    active = sa.text("revoked_at IS NULL")
    op.create_index("access_active", "access", ["name"], unique=True, sqlite_where=active, postgresql_where=active)
    _keep()


def _keep() -> None:
    """Who had which key is said once: a row is added, and revoked once; it is never changed otherwise or removed."""
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in _CHANGED)
        for deed, when in (("UPDATE", f"WHEN OLD.revoked_at IS NOT NULL OR {changed} "), ("DELETE", "")):
            op.execute(
                f"CREATE TRIGGER access_kept_{deed.lower()} BEFORE {deed} ON access {when}"
                "BEGIN SELECT RAISE(ABORT, 'a key is revoked once and never removed'); END"
            )
        return
    new, old = (", ".join(f"{which}.{column}" for column in _CHANGED) for which in ("NEW", "OLD"))
    op.execute(
        "CREATE FUNCTION access_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' AND OLD.revoked_at IS NULL AND ({new}) = ({old}) THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'a key is revoked once and never removed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER access_kept BEFORE UPDATE OR DELETE ON access FOR EACH ROW EXECUTE FUNCTION access_kept()"
    )
    op.execute(
        "CREATE TRIGGER access_kept_whole BEFORE TRUNCATE ON access FOR EACH STATEMENT EXECUTE FUNCTION access_kept()"
    )
