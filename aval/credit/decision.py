"""What is answered to an application, and what it rests on."""

from dataclasses import dataclass
from enum import StrEnum

from aval.credit.reason import REASONS, Language, Theme


class Verdict(StrEnum):
    """A word, never 0 or 1. `refer` asks for an officer."""

    APPROVE = "approve"
    REFER = "refer"
    DECLINE = "decline"

    @property
    def severity(self) -> int:
        """0 (kindest) to 2: what a higher probability may only raise."""
        return _SEVERITY[self]

    def word(self, lang: Language) -> str:
        """The verdict as said to a person."""
        return _WORDS[self][0 if lang == "fr" else 1]

    def sentence(self, lang: Language) -> str:
        """The verdict as a line of its own."""
        return _SENTENCES[self][0 if lang == "fr" else 1]


_SEVERITY = {Verdict.APPROVE: 0, Verdict.REFER: 1, Verdict.DECLINE: 2}
_WORDS = {
    Verdict.APPROVE: ("accord", "approved"),
    Verdict.REFER: ("à étudier", "referred"),
    Verdict.DECLINE: ("refus", "declined"),
}
_SENTENCES = {
    Verdict.APPROVE: ("Crédit accordé", "Credit approved"),
    Verdict.REFER: ("Demande à étudier par un conseiller", "For an officer to look at"),
    Verdict.DECLINE: ("Crédit refusé", "Credit declined"),
}


@dataclass(frozen=True, slots=True)
class Given:
    """A reason as given to one applicant: its weight in calibrated log-odds against approved applicants."""

    code: str
    weight: float

    @property
    def theme(self) -> Theme:
        """What the reason is about."""
        return REASONS[self.code].theme

    def sentence(self, lang: Language) -> str:
        """In words; a positive weight speaks against the application."""
        return REASONS[self.code].sentence(lang, against=self.weight > 0)


@dataclass(frozen=True, slots=True)
class Decision:
    """One application decided: probability of default in [0, 1], points, verdict, at most four reasons."""

    applicant_id: int
    probability: float
    points: int
    cutoff: float
    verdict: Verdict
    rules: tuple[str, ...]
    """Codes of the hard rules that decided, empty when the probability did."""
    reasons: tuple[Given, ...]
    warnings: tuple[str, ...]
    model: str
    policy: str
    features: str
    """Digest of the feature set the probability was computed from."""
