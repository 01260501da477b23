"""The tables are those of the migrations, and keep what stands in the chain."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from aval.service.access import Keys
from aval.service.log import opening
from aval.service.log.log import Log
from aval.service.log.opening import VERSION, address, connect, engine
from aval.service.log.tables import METADATA
from tests.service.log.deeds import filled


def test_the_migrations_make_these_tables(database: str, tmp_path: Path) -> None:
    with engine(database, tmp_path).connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION, "compare_type": True})
        assert compare_metadata(context, METADATA) == []


@pytest.mark.parametrize("table", ["record", "decision"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET caller = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_stands_in_the_chain_stays(database: str, tmp_path: Path, table: str, deed: str) -> None:
    log = Log.open(database, tmp_path)
    filled(log)
    if deed.startswith("TRUNCATE") and not database:
        deed = "DELETE FROM {} WHERE seq = 1"  # SQLite knows no other way
    with (
        pytest.raises(DBAPIError, match="append-only"),
        log.engine.execution_options(writing=True).begin() as connection,
    ):
        connection.execute(text(deed.format(table)))
    with log.reading() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == {"record": 6, "decision": 8}[table]


ROW = "INSERT INTO access VALUES (:prefix, :name, 'h', :role, '2026', :until)"


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE access SET name = 'other' WHERE prefix = 'new'",
        "UPDATE access SET role = 'admin', revoked_at = '2027' WHERE prefix = 'new'",
        "UPDATE access SET revoked_at = NULL WHERE prefix = 'old'",
        "UPDATE access SET revoked_at = '2020' WHERE prefix = 'old'",
        "DELETE FROM access WHERE prefix = 'old'",
        "TRUNCATE access",
    ],
)
def test_who_had_which_key_stays(database: str, tmp_path: Path, deed: str) -> None:
    writing = engine(database, tmp_path).execution_options(writing=True)
    with writing.begin() as connection:
        for row in ({"prefix": "old", "until": "2026"}, {"prefix": "new", "until": None}):
            connection.execute(text(ROW), {"name": "desk", "role": "officer", **row})
    if deed.startswith("TRUNCATE") and not database:
        deed = "DELETE FROM access"
    with pytest.raises(DBAPIError, match="revoked once and never removed"), writing.begin() as connection:
        connection.execute(text(deed))
    with writing.begin() as connection:
        assert connection.execute(text("UPDATE access SET revoked_at = '2027' WHERE prefix = 'new'")).rowcount == 1


def test_keys_of_before_each_had_their_row_are_kept(database: str, tmp_path: Path) -> None:
    made = connect(address(database, tmp_path))
    settings = Config()
    settings.set_main_option("script_location", str(opening._REVISIONS))
    with made.execution_options(writing=True).begin() as connection:
        settings.attributes["connection"] = connection
        upgrade(settings, "0001")
        for row in ({"prefix": "a", "name": "gone", "until": "2026"}, {"prefix": "b", "name": "here", "until": None}):
            # The columns stood in another order.
            connection.execute(
                text("INSERT INTO access (prefix, name, hash, role, created_at, revoked_at) VALUES "
                     "(:prefix, :name, 'h', 'officer', '2026', :until)"), row,
            )  # fmt: skip
    keys = Keys(engine(database, tmp_path))
    assert [(key.prefix, key.name, key.revoked_at) for key in keys.list()] == [
        ("a", "gone", "2026"),
        ("b", "here", None),
    ]
    assert "access_new" not in inspect(made).get_table_names()
