"""Opening the log's database, and bringing it to this version's tables."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from aval.errors import LogUnavailable

BUSY_SECONDS: Final = 5.0
"""How long a writer waits for another before the log counts as locked."""

_ALEMBIC: Final = "alembic_version"


def address(url: str, home: Path) -> str:
    """The database: `url`, or the SQLite file of this home. `postgresql://` means psycopg, whatever it says."""
    if not url:
        return f"sqlite:///{home.resolve() / 'log' / 'log.db'}"
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgresql", "postgres") else url


def engine(url: str, home: Path) -> Engine:
    """An engine on the log, its tables there.

    Raises:
        LogUnavailable: the database cannot be reached, or was written by a newer aval.
    """
    made = connect(address(url, home))
    try:
        with made.execution_options(writing=True).begin() as connection:
            _upgrade(connection)
    except SQLAlchemyError as problem:
        raise LogUnavailable(named(made), what(problem)) from None
    return made


def connect(place: str) -> Engine:
    """An engine, nothing done to the database yet. Raises LogUnavailable for an address that is none."""
    try:
        parsed = make_url(place)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(place, parsed.database)
        return create_engine(
            parsed,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=4,
            pool_timeout=BUSY_SECONDS,
            connect_args={
                "connect_timeout": int(BUSY_SECONDS),
                "options": f"-c lock_timeout={int(1000 * BUSY_SECONDS)}",
            },
        )
    except (ArgumentError, NoSuchModuleError):
        raise LogUnavailable("AVAL_LOG", "it is not the address of a database") from None


def _sqlite(place: str, file: str | None) -> Engine:
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(place, pool_size=8, max_overflow=4, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(made, "connect")
    def _settle(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver would begin behind our back, and deferred
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # answered means on the disk, even where the power goes
            "foreign_keys = ON",
            "secure_delete = ON",  # a dropped key is overwritten
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that turns writer half-way fails where another wrote in between: writers say so at once.
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return made


def named(made: Engine) -> str:
    """The database as an error may name it: without a password."""
    return made.url.render_as_string(hide_password=True)


def what(problem: SQLAlchemyError) -> str:
    """The database's own words on one line, without the statement and its values."""
    said = str(getattr(problem, "orig", None) or type(problem).__name__)
    return " ".join(said.split())[:200].rstrip(".")


def _upgrade(connection: Connection) -> None:
    """To the newest revision; nothing is loaded where the database is there already."""
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    newest = ScriptDirectory.from_config(settings).get_current_head()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727374)")
    known = inspect(connection).has_table(_ALEMBIC)
    if known and MigrationContext.configure(connection).get_current_revision() == newest:
        return
    settings.attributes["connection"] = connection
    try:
        upgrade(settings, "head")
    except CommandError:
        raise LogUnavailable(named(connection.engine), "its tables are those of a newer aval") from None
