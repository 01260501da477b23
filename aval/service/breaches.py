"""Every rule of the contract of the tables as a sentence: what stands where, and what it should have been."""

import re
from functools import lru_cache
from typing import Final

from aval.credit.reason import Language
from aval.data.column import Column
from aval.data.meanings import meaning
from aval.data.tables import HISTORIES, columns
from aval.service.terms import SPACE, Pair, typeset

BREACHES: Final[dict[str, Pair]] = {
    "range": ("valeur hors des limites permises, de {low} à {high}", "outside what is allowed, {low} to {high}"),
    "values": ("valeur qui n'est pas permise ; celles qui le sont : {values}", "not one of what is allowed: {values}"),
    "line": (
        "texte de plus d'une ligne, sans doute un guillemet oublié",
        "more than one line, a quotation mark missing?",
    ),
    "nullability": ("valeur obligatoire, et absente", "a value is required and missing"),
    "dtype": ("valeur d'un autre type ; attendu : {wanted}", "of another type; expected: {wanted}"),
    "nan": ("ce n'est pas un nombre (NaN)", "not a number (NaN)"),
    "inf": ("nombre infini", "an infinite number"),
    "missing": ("absent, et obligatoire", "required and missing"),
    "unknown": ("nom inconnu ici", "a name not known here"),
    "extra_forbidden": ("contient un nom qui n'est pas attendu", "holds a name that is not expected"),
    "link": ("ne renvoie à rien de ce dossier", "leads to nothing in this dossier"),
    "unique": ("se répète, alors que chaque ligne doit avoir le sien", "stands there twice; each row has its own"),
    "ragged": (
        "la ligne n'a pas autant de cellules que la première ligne du fichier",
        "the row has not as many cells as the first line of the file",
    ),
    "orphan": ("la ligne n'appartient à aucune demande", "the row belongs to no application"),
    "alone": ("à envoyer sans rien d'autre", "to be sent with nothing else"),
    "number": ("ce n'est pas un numéro de décision", "not a decision's number"),
    "one_of_dossier_decision_applicant_id": (
        "donnez une chose et une seule : dossier, decision ou applicant_id",
        "give one thing alone: dossier, decision or applicant_id",
    ),
}
"""French, English; what follows the name of the column."""
OTHER: Final[Pair] = ("n'est pas de la forme attendue", "not of the form expected")
"""Of a rule that only the shape of a request knows."""

_WANTED: Final[dict[str, Pair]] = {
    "date": ("une date (AAAA-MM-JJ)", "a date (YYYY-MM-DD)"),
    "whole": ("un nombre entier", "a whole number"),
    "number": ("un nombre", "a number"),
    "text": ("un texte", "text"),
}


@lru_cache(maxsize=4096)
def breach(table: str, rule: str, lang: Language) -> str:
    """A rule (`COLUMN|kind`, or a kind alone) that something in this table breaks, never with its value."""
    place = 0 if lang == "fr" else 1
    name, bar, kind = rule.rpartition("|")
    column = columns(table).get(name) if table in ("application", *HISTORIES) else None
    said = BREACHES.get(kind, OTHER)
    if column is None and "{" in said[place]:
        said = OTHER
    text = typeset(said[place], lang).format(**({} if column is None else _facts(column, lang)))
    if not bar:
        return f"{text[:1].upper()}{text[1:]}."
    return f"{_named(table, name, column, lang)}{SPACE if lang == 'fr' else ''}: {text}."


def _named(table: str, name: str, column: Column | None, lang: Language) -> str:
    """The column as one says it, with its name."""
    if column is None:
        return name if re.fullmatch(r"[\w.]+", name) else ("Un nom" if lang == "fr" else "A name")
    told = typeset(meaning(table, name, lang).partition(";")[0].strip(), lang)
    return f"{told[:1].upper()}{told[1:]} ({name})"


def _facts(column: Column, lang: Language) -> dict[str, str]:
    kind = "whole" if column.dtype.is_integer() else "number" if column.dtype.is_numeric() else "text"
    wanted = _WANTED["date" if column.dtype.is_temporal() else kind]
    return {
        "low": _figure(column.minimum, lang),
        "high": _figure(column.maximum, lang),
        "values": ", ".join(column.values),
        "wanted": wanted[0 if lang == "fr" else 1],
    }


def _figure(wall: float | None, lang: Language) -> str:
    if wall is None:
        return ""
    text = (f"{wall:,.0f}" if float(wall).is_integer() else f"{wall:,g}").replace("-", "\u2212")
    return text.replace(",", SPACE).replace(".", ",") if lang == "fr" else text
