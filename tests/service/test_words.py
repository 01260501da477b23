"""One catalogue: complete, alike in both languages, and made from what decides."""

import re
from pathlib import Path

import pytest

from aval.credit.decision import Verdict
from aval.credit.policy import Policy
from aval.credit.reason import LANGUAGES, REASONS, Theme
from aval.data.tables import columns
from aval.features.build import catalogue
from aval.model.registry import Registry
from aval.service.terms import typeset
from aval.service.words import TABLES, Words, features, words
from aval.settings import ROOT


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.load(ROOT / "policies" / "2026-11-24.toml")


def leaves(value: object, path: str = "") -> dict[str, str]:
    """Every text of the catalogue by where it stands."""
    if isinstance(value, dict):
        return {at: text for key, one in value.items() for at, text in leaves(one, f"{path}/{key}").items()}
    return {path: str(value)}


def test_both_languages_say_the_same_things(policy: Policy) -> None:
    french, english = (leaves(words(lang, policy).model_dump()) for lang in LANGUAGES)
    assert french.keys() == english.keys()
    assert all(french.values())
    assert all(english.values())
    for at, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", french[at])), at


def test_everything_that_decides_has_its_words(policy: Policy) -> None:
    said = words("fr", policy)
    assert set(said.verdicts) == set(Verdict)
    assert set(said.themes) == set(Theme)
    assert set(said.reasons) == set(REASONS)
    assert set(said.motives) == set(policy.motives)
    assert set(said.rules) == {rule.code for rule in policy.rules} | {"RANDOM_APPROVAL"}
    assert set(said.levers) == {"credit", "term_months", "down_payment"}
    assert set(said.tables) == {*TABLES, "several"}
    for table in TABLES:
        assert list(said.tables[table].columns) == list(columns(table))
        assert {column.unit for column in said.tables[table].columns.values()} <= set(said.units)
    assert said.verdicts["approve"].sentence == "Crédit accordé"
    assert said.tables["application"].columns["NAME_CONTRACT_TYPE"].levels["Cash loans"] == "prêt de trésorerie"


def test_french_has_no_bare_space_before_high_punctuation(policy: Policy) -> None:
    wrong = {at: text for at, text in leaves(words("fr", policy).model_dump()).items() if re.search(r" [:;?!»%]", text)}
    assert not wrong
    assert typeset("Objet : « oui » ?", "fr") == "Objet\u00a0: «\u00a0oui\u00a0»\u00a0?"
    assert typeset("Mind the gap : it stays", "en") == "Mind the gap : it stays"


def test_words_survive_the_wire(policy: Policy) -> None:
    said = words("en", policy)
    assert Words.model_validate_json(said.model_dump_json()) == said


def test_the_features_are_the_catalogue_with_what_the_champion_uses(home: Path, policy: Policy) -> None:
    model, _ = Registry("", home).champion()
    told = features(model)
    assert {one.name for one in told} >= set(catalogue().names)
    assert {one.name for one in told if one.used} == set(model.features)
    assert not any(one.used for one in features())
    said = words("fr", policy)
    for one in told:
        assert one.unit in said.units
        assert one.theme in said.themes
        assert one.table in said.tables
        assert one.reason is None or one.reason in said.reasons
        assert one.statistic is None or one.statistic in said.statistics
        assert set(one.protected) <= set(said.grounds)
        assert not one.levels or one.kind == "category"


def test_levels_of_a_category_are_those_of_its_column() -> None:
    by = {one.name: one for one in features()}
    levels = by["application_contract_type_category"].levels
    assert [(one.level, one.fr) for one in levels] == [
        ("Cash loans", "prêt de trésorerie"),
        ("Revolving loans", "crédit renouvelable"),
    ]
    last = [one.level for one in by["previous_reject_category_last_refused"].levels]
    assert last == list(columns("previous_application")["CODE_REJECT_REASON"].values)
    assert by["previous_status_category_last"].levels[0].level == "Approved"
