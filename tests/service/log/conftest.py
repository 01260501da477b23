"""Every connection that a test opened is closed after it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from aval.service.log.log import Log


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    made: list[Any] = []

    def keep(connection: Any, _: Any) -> None:
        made.append(connection)

    event.listen(Pool, "connect", keep)
    yield
    event.remove(Pool, "connect", keep)
    for connection in made:
        connection.close()


@pytest.fixture
def log(database: str, tmp_path: Path) -> Log:
    """A new log on either database."""
    return Log.open(database, tmp_path)


@pytest.fixture
def again(database: str, tmp_path: Path) -> Callable[[], Log]:
    """Another worker of the same installation."""
    return lambda: Log.open(database, tmp_path)


@pytest.fixture
def impatient(database: str, tmp_path: Path) -> Log:
    """A new log on either database, that waits for nobody long."""
    return Log.open(database, tmp_path, busy=0.4)
