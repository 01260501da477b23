"""The catalogue of reasons: complete in both languages, and never about what is protected."""

import re

from aval.credit.reason import REASONS, THEMES, Theme, label


def test_every_reason_has_four_different_sentences_that_end() -> None:
    for reason in REASONS.values():
        said = {reason.sentence(lang, against=against) for lang in ("fr", "en") for against in (True, False)}
        assert len(said) == 4, reason.code
        assert all(sentence.endswith(".") for sentence in said), reason.code


def test_no_two_reasons_say_the_same() -> None:
    said = [reason.sentence("en") for reason in REASONS.values()]
    assert len(set(said)) == len(said)


def test_every_theme_is_labelled_in_both_languages() -> None:
    assert set(THEMES) == set(Theme)
    assert label(Theme.CARD, "fr") != label(Theme.CARD, "en")


def test_no_reason_speaks_of_sex_age_or_family() -> None:
    protected = re.compile(
        r"\b(sex|sexe|age|âge|married|marié|famil|child|enfant|gender|woman|femme|homme|man)\b", re.I
    )
    for reason in REASONS.values():
        for lang in ("fr", "en"):
            for against in (True, False):
                said = reason.sentence(lang, against=against)
                if reason.code == "CAR":  # the age of a car is not the age of a person
                    said = said.replace("age of a car", "").replace("âge du véhicule", "")
                assert not protected.search(said), reason.code


def test_no_reason_speaks_of_columns_models_or_codes() -> None:
    """A customer reads them: no raw name, no figure, none of the trade's words."""
    jargon = re.compile(r"[A-Z]{2,}|_|\d|\b(model|modèle|feature|variable|bureau|log-|proba)", re.ASCII)
    for reason in REASONS.values():
        for lang in ("fr", "en"):
            for against in (True, False):
                said = reason.sentence(lang, against=against).replace("credit bureau", "")
                assert not jargon.search(said), reason.code
