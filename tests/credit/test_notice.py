"""Warnings: stored as a code and a subject, said in both languages, never a value."""

import pytest

from aval.credit.notice import _SENTENCES, notice, patterns, sentence
from aval.credit.reason import LANGUAGES


def test_every_warning_is_said_in_both_languages() -> None:
    for code, (french, english) in _SENTENCES.items():
        stored = notice(code, "bureau" if "{subject}" in french else "")
        assert french != english
        for lang in ("fr", "en"):
            said = sentence(stored, lang)
            assert said.endswith(".")
            assert ("bureau" in said) == ("{subject}" in french)


def test_a_warning_nobody_declared_is_refused() -> None:
    with pytest.raises(KeyError):
        notice("ODD")


def test_patterns_become_the_sentences() -> None:
    for lang in LANGUAGES:
        for code, pattern in patterns(lang).items():
            assert pattern.format(subject="bureau") == sentence(notice(code, "bureau"), lang)
