"""Verdicts are words, and reasons speak for or against by the sign of their weight."""

from aval.credit.decision import Given, Verdict
from aval.credit.notice import notice, sentence
from aval.credit.reason import Theme


def test_verdicts_are_ordered_words_in_both_languages() -> None:
    assert [v.value for v in sorted(Verdict, key=lambda v: v.severity)] == ["approve", "refer", "decline"]
    assert Verdict.DECLINE.word("fr") == "refus"
    assert Verdict.DECLINE.word("en") == "declined"
    assert Verdict.APPROVE.sentence("fr") == "Crédit accordé"


def test_a_reason_says_for_or_against_by_its_weight() -> None:
    assert Given("BUREAU_DEBT", 0.4).sentence("en") == "Debt with other lenders is high."
    assert Given("BUREAU_DEBT", -0.4).sentence("en") == "Debt with other lenders is moderate."
    assert Given("BUREAU_DEBT", 0.4).theme is Theme.BUREAU


def test_a_warning_is_stored_as_a_code_and_said_in_words() -> None:
    stored = notice("ABSENT", "bureau")
    assert stored == "ABSENT:bureau"
    assert "bureau" in sentence(stored, "fr")
    assert sentence(notice("NO_EXTERNAL_SCORE"), "en") == "No external score is known for this application."
