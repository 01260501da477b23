"""Warnings: stored as a code and a subject, said in both languages, never a value."""

import pytest

from aval.credit.notice import _SENTENCES, notice, sentence


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
