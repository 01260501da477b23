"""Opening the log's database, and bringing it to this version's tables."""

import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from aval.errors import LogUnavailable
from aval.service.log.tables import SUBJECT

BUSY_SECONDS: Final = 5.0
"""How long a writer waits for another before the log counts as locked."""

_IDLE_SECONDS: Final = 60
"""After which PostgreSQL ends a transaction whose client went silent: it may hold what all writers wait for."""

_CONNECTIONS: Final = {"pool_size": 8, "max_overflow": 4}
_JOURNAL_PAGES: Final = 16_000
"""After which (64 MB) a commit itself writes SQLite's journal into its file; `Log.settle` mostly comes before."""

_REVISIONS: Final = Path(__file__).with_name("migrations")
VERSION: Final = "log_version"
"""Alembic's table, not under its usual name: MLflow's may stand in the same database."""


def address(url: str, home: Path) -> str | URL:
    """The database: `url`, or the SQLite file of this home. PostgreSQL means psycopg, whatever the address says."""
    if not url:
        return URL.create("sqlite", database=str(home.resolve() / "log" / "log.db"))
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme.startswith("postgres") else url


def engine(url: str, home: Path, busy: float = BUSY_SECONDS) -> Engine:
    """An engine on the log, its tables there.

    Raises:
        LogUnavailable: the database cannot be reached, or was written by a newer aval.
    """
    made = connect(address(url, home), busy)
    try:
        with made.begin() as connection:
            ready = _revision(connection) == _newest()
        if not ready:
            with writing(made).begin() as connection:
                _upgrade(connection)
    except SQLAlchemyError as problem:
        made.dispose()
        raise LogUnavailable(named(made), what(problem)) from None
    return made


def connect(place: str | URL, busy: float = BUSY_SECONDS) -> Engine:
    """An engine, nothing done to the database yet. Raises LogUnavailable for an address that is none."""
    try:
        parsed = make_url(place)
    except ArgumentError:
        raise LogUnavailable("AVAL_LOG", "it is not the address of a database") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _sqlite(parsed, busy)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed, busy)
    raise LogUnavailable("AVAL_LOG", "it is neither a file of SQLite nor a database of PostgreSQL")


def _postgres(place: URL, busy: float) -> Engine:
    asked = place.query.get("options", "")
    waits = f"-c lock_timeout={int(1000 * busy)} -c idle_in_transaction_session_timeout={1000 * _IDLE_SECONDS}"
    return create_engine(
        place,
        **_CONNECTIONS,
        pool_pre_ping=True,
        pool_timeout=busy,
        connect_args={
            "connect_timeout": max(2, int(busy)),  # libpq takes no less
            "tcp_user_timeout": int(1000 * busy),
            "client_encoding": "utf8",
            "options": f"{asked} {waits}",
        },
    )


def _sqlite(place: URL, busy: float) -> Engine:
    file = Path(str(place.database))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))  # it holds keys: the owner's alone
    except OSError as problem:
        raise LogUnavailable(file, (problem.strerror or "no access").lower()) from None
    made = create_engine(place, **_CONNECTIONS, pool_timeout=busy, connect_args={"timeout": busy})

    @event.listens_for(made, "connect")
    def _settle(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver would begin behind our back, and deferred
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # answered means on the disk, even where the power goes
            "foreign_keys = ON",
            "secure_delete = ON",  # a dropped key is overwritten
            f"wal_autocheckpoint = {_JOURNAL_PAGES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that turns writer half-way fails where another wrote in between: writers say so at once.
        writes = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return made


def writing(made: Engine) -> Engine:
    """The engine for writers, who wait for each other and then see what the one before wrote."""
    level = {} if made.dialect.name == "sqlite" else {"isolation_level": "READ COMMITTED"}
    return made.execution_options(writing=True, **level)


def snapshot(made: Engine) -> Engine:
    """The engine for readers: one state of the database from the first statement to the last."""
    if made.dialect.name == "sqlite":
        return made  # a transaction sees one state anyhow
    return made.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def swept(made: Engine, patience: float, busy: float) -> bool:
    """Whether what was deleted is gone from SQLite's journal, which readers may hold for a while, or from PostgreSQL's
    dead rows and their index; `patience`, then `busy`: seconds to wait for others, now and afterwards.
    """
    if made.dialect.name == "sqlite":
        return checkpoint(made, "TRUNCATE", patience, busy)
    try:
        with made.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text(f"VACUUM (INDEX_CLEANUP ON) {SUBJECT.name}"))
    except SQLAlchemyError:
        return False
    return True


def checkpoint(made: Engine, mode: str, patience: float, busy: float) -> bool:
    """Whether SQLite's journal was written into its file; PostgreSQL sees to itself."""
    if made.dialect.name != "sqlite":
        return True
    try:
        raw = made.raw_connection()
    except (SQLAlchemyError, made.dialect.loaded_dbapi.Error):  # the driver's own where there is no file
        return False
    try:
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(1000 * patience)}")
        cursor.execute(f"PRAGMA wal_checkpoint({mode})")
        held, *_ = cursor.fetchone() or (1,)
        cursor.execute(f"PRAGMA busy_timeout = {int(1000 * busy)}")
    except made.dialect.loaded_dbapi.Error:
        raw.invalidate()
        return False
    finally:
        raw.close()
    return not held


def named(made: Engine) -> str:
    """The database as an error may name it: without a password."""
    return made.url.render_as_string(hide_password=True)


def what(problem: SQLAlchemyError) -> str:
    """The first line of the database's own words: without the statement, and PostgreSQL's next line quotes values."""
    said = str(getattr(problem, "orig", None) or type(problem).__name__).strip() or type(problem).__name__
    return " ".join(said.splitlines()[0].split())[:200].rstrip(".")


def _newest() -> str:
    # Alembic takes half a second to load: only where there is something to do.
    return max(file.stem.partition("_")[0] for file in (_REVISIONS / "versions").glob("[0-9]*.py"))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION}")).scalar()  # noqa: S608


def _upgrade(connection: Connection) -> None:
    """To the newest revision, all of it or nothing."""
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727374)")
    settings = Config()
    settings.set_main_option("script_location", str(_REVISIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    try:
        upgrade(settings, "head")
    except CommandError:
        raise LogUnavailable(named(connection.engine), "its tables are those of a newer aval") from None
