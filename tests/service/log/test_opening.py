"""Addresses, the first opening and the next ones, and what is said when it cannot be."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from aval.errors import LogUnavailable
from aval.service.log import opening
from aval.service.log.opening import address, connect, engine, what
from aval.settings import ROOT
from tests.postgres import Postgres


def test_an_address_means_one_of_two_databases(tmp_path: Path) -> None:
    odd = tmp_path / "a?b#c%20d"
    assert connect(address("", odd)).url.database == str(odd / "log" / "log.db")
    assert (odd / "log" / "log.db").is_file()
    for given in ("postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"):
        assert address(given, tmp_path) == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize("given", ["nonsense", "mysql://u:p@h/d", "sqlite://", "sqlite:///:memory:", "oracle://x"])
def test_any_other_address_is_refused_in_one_sentence(given: str, tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="AVAL_LOG") as refused:
        engine(given, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_that_cannot_be_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file, not a folder")
    with pytest.raises(LogUnavailable, match="nothing was decided"):
        engine("", tmp_path)


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "log.db").write_bytes(b"not a database at all, but a long enough text" * 100)
    with pytest.raises(LogUnavailable, match="file is not a database"):
        engine("", tmp_path)


def test_a_server_that_is_away_is_named_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable) as refused:
        engine(f"postgresql://ann:hush@/none?host={tmp_path}", tmp_path, busy=0.5)
    assert "hush" not in str(refused.value)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with engine("", tmp_path).connect() as connection:
        connection.execute(text("SELECT 1"))
        for file in (tmp_path / "log").glob("log.db*"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_sqlite_says_yes_when_it_is_on_the_disk(tmp_path: Path) -> None:
    with engine("", tmp_path).connect() as connection:
        told = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
        assert told == {"journal_mode": "wal", "synchronous": 2}
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1
        assert connection.execute(text("PRAGMA wal_autocheckpoint")).scalar() == 16_000


def test_what_postgresql_waits_for_and_no_longer(postgres: Postgres, tmp_path: Path) -> None:
    with engine(f"{postgres.fresh()}%20-cwork_mem%3D5MB", tmp_path, busy=1.5).connect() as connection:
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar()
            for name in ("lock_timeout", "idle_in_transaction_session_timeout", "work_mem", "client_encoding")
        ]
    assert shown == ["1500ms", "1min", "5MB", "UTF8"]


def test_the_next_opening_does_not_load_alembic(database: str, tmp_path: Path) -> None:
    engine(database, tmp_path)
    code = (
        "import sys; from pathlib import Path; from aval.service.log.opening import engine; "
        f"engine({database!r}, Path({str(tmp_path)!r})); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_newest_revision_is_the_one_alembic_takes_for_it() -> None:
    settings = Config()
    settings.set_main_option("script_location", str(opening._REVISIONS))
    assert opening._newest() == ScriptDirectory.from_config(settings).get_current_head()


def test_a_log_of_a_newer_aval_is_left_alone(database: str, tmp_path: Path) -> None:
    made = engine(database, tmp_path)
    with made.execution_options(writing=True).begin() as connection:
        connection.execute(text("UPDATE log_version SET version_num = '9999'"))
    with pytest.raises(LogUnavailable, match="newer aval"):
        engine(database, tmp_path)


def test_mlflow_may_live_in_the_same_database(database: str, tmp_path: Path) -> None:
    made = connect(address(database, tmp_path))
    with made.execution_options(writing=True).begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('c2d3e4f5a6b7')"))
    with engine(database, tmp_path).connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "c2d3e4f5a6b7"
        assert connection.execute(text("SELECT seq FROM head")).scalar() == 0


def test_an_upgrade_that_fails_leaves_nothing(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = connect(address(database, tmp_path))

    def late(self: MigrationContext, *_: object, **__: object) -> None:
        self.connection.execute(text("CREATE TABLE half (x INTEGER)"))
        self.connection.execute(text("SELECT nothing FROM nowhere"))

    monkeypatch.setattr(MigrationContext, "run_migrations", late)
    with pytest.raises(LogUnavailable):
        engine(database, tmp_path)
    monkeypatch.undo()
    assert inspect(made).get_table_names() == []
    with engine(database, tmp_path).connect() as connection:
        assert connection.execute(text("SELECT seq FROM head")).scalar() == 0


def test_an_error_repeats_no_value() -> None:
    words = 'duplicate key value violates unique constraint "x"\nDETAIL:  Key (applicant_id)=(100001) already exists.'
    said = what(OperationalError("INSERT", {"applicant_id": 100001}, Exception(words)))
    assert said == 'duplicate key value violates unique constraint "x"'
    assert what(OperationalError("INSERT", {"a": 7}, Exception(""))) == "OperationalError"
