"""Both languages say the same things, and write figures as their readers do."""

import string

import pytest

from aval.model.captions import ENGLISH, FRENCH, Captions


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_sentences_and_places() -> None:
    assert set(ENGLISH) == set(FRENCH)
    for key, sentence in ENGLISH.items():
        assert places(sentence) == places(FRENCH[key]), key


@pytest.mark.parametrize(
    ("lang", "number", "percent", "interval"),
    [("en", "1,234.5", "9.1\u00a0%", "0.73 to 0.77"), ("fr", "1\u202f234,5", "9,1\u00a0%", "de 0,73 à 0,77")],
)
def test_figures(lang: str, number: str, percent: str, interval: str) -> None:
    words = Captions(lang)  # type: ignore[arg-type]
    assert words.number(1234.5, 1) == number
    assert words.percent(1.0 / 11.0) == percent
    assert words.interval(0.728, 0.77, 2) == interval


def test_an_attribute_without_a_translation_keeps_its_name() -> None:
    assert Captions("fr").name("age") == "Âge"
    assert Captions("fr").name("region") == "region"
