"""What the desk says: the service's catalogue, and the few words needed before it can be asked for."""

from collections.abc import Mapping
from typing import Any, Final

LANGUAGES: Final[Mapping[str, str]] = {"fr": "Français", "en": "English"}

DOOR: Final[Mapping[str, tuple[str, str]]] = {
    "sign_in": ("Se connecter", "Sign in"),
    "welcome": ("Décisions de crédit", "Credit decisions"),
    "key": ("Clé d'accès", "Access key"),
    "key_help": (
        "Donnée une seule fois par votre administrateur (aval key add).",
        "Given once by your administrator (aval key add).",
    ),
    "provider": ("Se connecter avec la banque", "Sign in with the bank"),
    "or": ("ou avec une clé d'accès", "or with an access key"),
    "no_key": ("Saisissez votre clé d'accès.", "Enter your access key."),
    "over": (
        "Votre session est terminée. Reconnectez-vous pour continuer.",
        "Your session is over. Sign in again to go on.",
    ),
    "not-authenticated": (
        "Cette clé n'est pas reconnue. Vérifiez-la, ou demandez-en une à votre administrateur.",
        "This key is not known. Check it, or ask your administrator for one.",
    ),
    "not-allowed": (
        "Votre compte n'a aucun rôle ici. Demandez-en un à votre administrateur.",
        "Your account has no role here. Ask your administrator for one.",
    ),
    "too-many-requests": (
        "Trop d'essais. Patientez une minute, puis réessayez.",
        "Too many attempts. Wait a minute, then try again.",
    ),
    "unreachable": (
        "Le service ne répond pas. Vérifiez qu'il est démarré (aval serve), puis réessayez.",
        "The service does not answer. Check that it is running (aval serve), then try again.",
    ),
    "slow": (
        "Le service met trop de temps à répondre. Réessayez dans un instant.",
        "The service takes too long to answer. Try again in a moment.",
    ),
    "garbled": (
        "La réponse du service est illisible. Vérifiez l'adresse donnée au poste (aval desk --api).",
        "The service's answer cannot be read. Check the address the desk was given (aval desk --api).",
    ),
    "retry": ("Réessayer", "Try again"),
    "browse": ("Parcourir", "Browse"),
    "drop": ("ou déposez ici : CSV, Parquet, zip", "or drop here: CSV, Parquet, zip"),
    "language": ("Langue", "Language"),
}
"""French, English: what is said while nobody is signed in or the service cannot be asked."""


def door(key: str, lang: str) -> str:
    """One of the words of the door."""
    return DOOR[key][0 if lang == "fr" else 1].replace(" :", "\u00a0:")


class Words:
    """The service's catalogue in one language: `/words`, and `/features` for measures."""

    def __init__(self, told: Mapping[str, Any], features: Mapping[str, Mapping[str, Any]]) -> None:
        """`features`: by name."""
        self.told, self.features = told, features
        self.lang = str(told["lang"])

    def say(self, key: str, **facts: str) -> str:
        """A heading, label or sentence of the screens, with its facts in place."""
        return str(self.told["desk"][key]).format(**facts)

    def of(self, section: str, key: str | None) -> str:
        """A word of one of the catalogue's lists; a key it does not know stays as it is."""
        return str(self.told[section].get(key, key or ""))

    def verdict(self, verdict: str) -> str:
        """In a line of text, with a capital."""
        word = str(self.told["verdicts"][verdict]["word"])
        return word[:1].upper() + word[1:]

    def heading(self, verdict: str) -> str:
        """As a sentence."""
        return str(self.told["verdicts"][verdict]["sentence"])

    def figure(self, key: str) -> str:
        """The name of a figure."""
        return str(self.told["figures"][key]["label"])

    def meaning(self, key: str) -> str:
        """What a figure says, in one line."""
        return str(self.told["figures"][key]["meaning"])

    def feature(self, name: str) -> str:
        """The meaning of a measure."""
        known = self.features.get(name)
        return str(known[self.lang]) if known else name

    def unit(self, name: str) -> str:
        """Key of a measure's unit."""
        return str(self.features.get(name, {}).get("unit", ""))

    def level(self, name: str, level: str) -> str:
        """A level of a category as it is said."""
        for one in self.features.get(name, {}).get("levels", ()):
            if one["level"] == level:
                return str(one[self.lang])
        return level

    def pair(self, name: str, value: str) -> str:
        """A name and what it is, with the reader's colon."""
        return f"{name}\u00a0: {value}" if self.lang == "fr" else f"{name}: {value}"

    def comparable(self, name: str) -> bool:
        """Whether applicants can be set side by side in it: a number, or a category of known levels."""
        known = self.features.get(name, {})
        return known.get("kind") == "number" or bool(known.get("levels"))

    def column(self, column: str, table: str = "application") -> Mapping[str, Any]:
        """A raw column: meaning, unit, levels."""
        found: Mapping[str, Any] = self.told["tables"][table]["columns"].get(column, {})
        return found or {"meaning": column, "unit": "", "levels": {}}

    def raw(self, column: str, level: str) -> str:
        """A level of a raw column as it is said."""
        return str(self.column(column)["levels"].get(level, level))

    def problem(self, kind: str) -> str:
        """What went wrong and what to do."""
        said = self.told["problems"].get(kind)
        if said:
            return str(said)
        return door(kind if kind in DOOR else "garbled", self.lang)


def capital(text: str) -> str:
    """A label begins with a capital."""
    return text[:1].upper() + text[1:]
