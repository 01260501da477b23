"""The tables are those of the migrations, and keep what stands in the chain."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aval.service.log.log import Log
from aval.service.log.opening import VERSION, engine
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
