"""The log's database, opened and made ready."""

from pathlib import Path

from sqlalchemy import Engine, create_engine

from aval.service.log.tables import METADATA


def engine(url: str, home: Path) -> Engine:
    """The database at `url`, or the SQLite file `home/log.db` where it is empty; its tables are there."""
    if not url:
        home.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{(home / 'log.db').resolve()}"
    opened = create_engine(url, hide_parameters=True)  # no value in an error's text
    METADATA.create_all(opened)
    return opened
