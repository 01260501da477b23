"""Every rule that a file or a dossier can break has its sentence in both languages, and no value in it."""

import ast
import re

import pytest

from aval.credit.reason import LANGUAGES, Language
from aval.data import check
from aval.data.tables import HISTORIES, columns
from aval.service.breaches import BREACHES, OTHER, breach
from aval.settings import ROOT

TABLES = ("application", *HISTORIES)
CHECKED = ("contract.py", "api/asking.py", "api/deciding.py")
"""Where rules are named by hand."""


def named() -> set[str]:
    """The rules that code names: `_Broken("x")`, `tally.add(..., "x")`, `Problem(..., "COLUMN|x")`."""
    found = set()
    for file in CHECKED:
        for node in ast.walk(ast.parse((ROOT / "aval" / "service" / file).read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called == "_Broken":
                given = list(node.args)
            elif called in ("tally.add", "Problem"):
                given = node.args[-1:]
            else:
                continue
            texts = [one.value for arg in given for one in ast.walk(arg) if isinstance(one, ast.Constant)]
            kinds = {str(text).rpartition("|")[2] for text in texts}
            found |= {kind for kind in kinds if re.fullmatch("[a-z_]+", kind)}
    return found


def test_every_rule_of_the_contract_has_its_sentence() -> None:
    rules = {rule.rpartition("|")[2] for table in TABLES for rule in check._rules(table)}
    assert rules >= {"range", "nullability", "values"}
    assert named() >= {"unknown", "missing", "link", "unique", "alone"}
    assert rules | named() | {"dtype", check.RAGGED, check.ORPHAN} <= set(BREACHES)
    for french, english in (*BREACHES.values(), OTHER):
        assert french != english
        assert set(re.findall(r"{(\w+)}", french)) == set(re.findall(r"{(\w+)}", english))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_column_of_every_table_is_told(lang: Language) -> None:
    for table in TABLES:
        for rule in (*check._rules(table), *(f"{name}|dtype" for name in columns(table))):
            told = breach(table, rule, lang)
            assert told.endswith("."), told
            assert not told[0].islower(), told
            assert rule.partition("|")[0] in told
            assert not re.search(r"[{}]|None| [:;?!»]", told), told


@pytest.mark.parametrize(
    ("table", "rule", "french", "english"),
    [
        ("application", "AMT_CREDIT|range",
         "Montant du crédit (AMT_CREDIT) : valeur hors des limites permises, de 0 à 10 000 000 000.",
         "Amount of the loan (AMT_CREDIT): outside what is allowed, 0 to 10,000,000,000."),
        ("bureau", "DAYS_CREDIT|range",
         "Demande de ce crédit (DAYS_CREDIT) : valeur hors des limites permises, de −50 000 à 0.",
         "The credit was asked for (DAYS_CREDIT): outside what is allowed, −50,000 to 0."),
        ("application", "FLAG_OWN_CAR|values",
         "Possède une voiture (FLAG_OWN_CAR) : valeur qui n'est pas permise ; celles qui le sont : N, Y.",
         "Owns a car (FLAG_OWN_CAR): not one of what is allowed: N, Y."),
        ("application", "ragged", "La ligne n'a pas autant de cellules que la première ligne du fichier.",
         "The row has not as many cells as the first line of the file."),
        ("application", "a name that is not a column|unknown", "Un nom : nom inconnu ici.",
         "A name: a name not known here."),
        ("query", "limit|int_parsing", "limit : n'est pas de la forme attendue.", "limit: not of the form expected."),
        ("dossier", "dossier|dtype", "dossier : n'est pas de la forme attendue.", "dossier: not of the form expected."),
    ],
)  # fmt: skip
def test_sentences(table: str, rule: str, french: str, english: str) -> None:
    assert breach(table, rule, "fr").replace("\u00a0", " ") == french
    assert breach(table, rule, "en") == english
