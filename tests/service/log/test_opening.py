"""The log's database is there once opened."""

from pathlib import Path

from sqlalchemy import inspect

from aval.service.log.opening import engine
from aval.service.log.tables import METADATA


def test_without_a_url_it_is_a_file_under_home_with_every_table(tmp_path: Path) -> None:
    opened = engine("", tmp_path / "new")
    assert (tmp_path / "new" / "log.db").is_file()
    assert set(inspect(opened).get_table_names()) == set(METADATA.tables)
    opened.dispose()


def test_opening_again_keeps_what_is_there_and_a_url_is_obeyed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    for _ in range(2):
        engine(url, tmp_path / "home").dispose()
    assert (tmp_path / "other.db").is_file()
    assert not (tmp_path / "home").exists()
