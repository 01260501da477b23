"""What an officer should know about the data a decision rests on. Never a value, only what and where."""

from collections.abc import Mapping
from typing import Final

from aval.credit.reason import Language

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "NO_EXTERNAL_SCORE": (
        "Aucun score externe n'est connu pour cette demande.",
        "No external score is known for this application.",
    ),
    "NO_HISTORY": (
        "Aucun historique n'est connu : la décision repose sur la seule demande.",
        "No history is known: the decision rests on the application alone.",
    ),
    "ABSENT": (
        "La table {subject} n'a pas été fournie ; ses mesures sont inconnues.",
        "The table {subject} was not supplied; its measures are unknown.",
    ),
    "UNKNOWN_CATEGORY": (
        "La colonne {subject} porte une modalité inconnue du modèle ; elle est traitée comme manquante.",
        "The column {subject} holds a category the model does not know; it is treated as missing.",
    ),
}


def notice(code: str, subject: str = "") -> str:
    """A warning as it is stored: its code, and the table or column it is about."""
    if code not in _SENTENCES:
        raise KeyError(code)
    return f"{code}:{subject}" if subject else code


def sentence(stored: str, lang: Language) -> str:
    """A stored warning in words."""
    code, _, subject = stored.partition(":")
    french, english = _SENTENCES[code]
    return (french if lang == "fr" else english).format(subject=subject)


def patterns(lang: Language) -> dict[str, str]:
    """Every warning by its code; `{subject}` stands for the table or column it is about."""
    return {code: words[0 if lang == "fr" else 1] for code, words in _SENTENCES.items()}
