"""French beside the contracts' English: complete, and about the same columns."""

import re

import pytest

from aval.data.meanings import FRENCH, meaning
from aval.data.tables import HISTORIES, columns


@pytest.mark.parametrize("table", ["application", *HISTORIES])
def test_every_column_has_a_meaning_of_its_own_in_french(table: str) -> None:
    assert set(FRENCH[table]) == set(columns(table))
    assert all(FRENCH[table].values())
    for name in columns(table):
        assert meaning(table, name, "fr") == FRENCH[table][name]
        assert meaning(table, name, "en") == columns(table)[name].meaning


@pytest.mark.parametrize("table", ["application", *HISTORIES])
def test_figures_in_a_meaning_are_the_same_in_both_languages(table: str) -> None:
    for name in columns(table):
        both = [sorted(re.findall(r"-?\d+", meaning(table, name, lang))) for lang in ("fr", "en")]
        assert both[0] == both[1], name


def test_columns_that_differ_in_english_differ_in_french() -> None:
    for table in FRENCH:
        english = {name: meaning(table, name, "en") for name in columns(table)}
        for one, said in english.items():
            for other, also in english.items():
                assert (said == also) == (FRENCH[table][one] == FRENCH[table][other]), (one, other)
