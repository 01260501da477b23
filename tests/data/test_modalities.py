"""Levels in words: every level of every text column, and none that no column has."""

from aval.data.modalities import _APART, _FRENCH, _NUMBERED, modality
from aval.data.tables import HISTORIES, columns

LEVELS = {
    (name, level)
    for table in ("application", *HISTORIES)
    for name, column in columns(table).items()
    for level in column.values
}


def test_every_level_is_translated_and_nothing_else() -> None:
    known = {level for _, level in LEVELS}
    numbered = {level for level in known if level.rpartition(" ")[0] in _NUMBERED}
    assert set(_FRENCH) == known - numbered
    assert {(name, level) for name, levels in _APART.items() for level in levels} <= LEVELS


def test_levels_of_one_column_stay_apart_in_french() -> None:
    for name in {name for name, _ in LEVELS}:
        levels = [level for column, level in LEVELS if column == name]
        said = {modality(name, level, "fr") for level in levels}
        assert len(said) == len(levels), name


def test_as_a_person_reads_them() -> None:
    assert modality("NAME_CONTRACT_TYPE", "Cash loans", "fr") == "prêt de trésorerie"
    assert modality("NAME_CONTRACT_TYPE", "Cash loans", "en") == "Cash loans"
    assert modality("ORGANIZATION_TYPE", "Industry: type 11", "fr") == "industrie, type 11"
    assert modality("ORGANIZATION_TYPE", "Medicine", "fr") == "santé"
    assert modality("NAME_GOODS_CATEGORY", "Medicine", "fr") == "médicaments"
    assert modality("STATUS", "5", "en") == "over 120 days late or written off"


def test_a_level_nobody_listed_stays_as_it_is() -> None:
    assert modality("NAME_HOUSING_TYPE", "Houseboat", "fr") == "Houseboat"
