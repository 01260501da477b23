"""Whatever the service may answer with is said in French: nobody can write a refusal and forget it."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from aval import errors
from aval.data.check import _word
from aval.data.tables import TABLES, columns
from aval.errors import Said
from aval.service import remedies
from aval.service.api.problems import STATUS
from aval.service.failures import FRENCH, said
from aval.service.role import Right, Role
from aval.settings import ROOT

PARTS = {"what", "remedy", "rule", "wanted", "role"}
"""Parameters of errors that are parts of their sentence; the others are names and counts."""
AWAY = ("commands.py", "running.py", "data/profile/", "data/lender/")
"""What only a command says."""
HELPERS = {
    "_refused": ("what",),
    "_unreadable": ("what", "remedy"),
    "unreadable": ("what", "remedy"),
    "fault": ("", "what"),
}
"""Functions that hand parts on to an error."""
HANDED = {"what", "remedy", "_word(columns(self.table)[name])", "*_OBSTACLES[obstacle]", "self._of", "caller.role"}
"""Parts that are `Said` where they come from, and are found there."""
OWN = {
    kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    for served, (_, problem) in STATUS.items()
    if issubclass(kind, served) and problem not in remedies.SAID
}
"""Errors whose own sentence is answered."""
WANTED = {**{kind.__name__: tuple(inspect.signature(kind).parameters) for kind in OWN}, **HELPERS}
"""The parameters of everything that takes parts."""


def files() -> Iterator[Path]:
    for folder in ("data", "service"):
        for file in sorted((ROOT / "aval" / folder).rglob("*.py")):
            if not any(away in file.as_posix() for away in AWAY):
                yield file


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr, node


def parts(name: str, call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that are parts of a sentence."""
    wanted = WANTED.get(name, ())
    for place, given in enumerate(call.args):
        if place < len(wanted) and wanted[place] in PARTS:
            yield given


def forms(given: ast.expr, where: str) -> Iterator[str]:
    """What a part may be; an f-string would be said in English to a French reader."""
    if isinstance(given, ast.IfExp):
        yield from forms(given.body, where)
        yield from forms(given.orelse, where)
    elif isinstance(given, ast.Constant):
        yield given.value
    elif not (isinstance(given, ast.Call) and ast.unparse(given.func) in ("Said", "_unready")):
        assert ast.unparse(given) in HANDED, f"{where}: write Said(form, facts) for {ast.unparse(given)}"


def every() -> dict[str, str]:
    """Every form that may be answered, and where it is written."""
    found: dict[str, str] = {}
    for file in files():
        for name, call in calls(ast.parse(file.read_text("utf-8"))):
            where = f"{file.relative_to(ROOT)}:{call.lineno}"
            if name == "Said" and isinstance(call.args[0], ast.Constant):
                found[call.args[0].value] = where
            for given in parts(name, call):
                found |= dict.fromkeys(forms(given, where), where)
    for kind in [*OWN, errors.Problem, errors.listed]:
        for text in spelled(ast.parse(inspect.getsource(kind))):
            found[text] = f"aval/errors.py: {kind.__name__}"
    return found


def spelled(tree: ast.AST) -> Iterator[str]:
    """Forms in the code of an error: handed to `__init__` or `Said`, kept as `form`, or a default."""
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("__init__", "Said")):
            given = node.args
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "form":
            given = [node.value]
        elif isinstance(node, ast.arguments):
            given = node.defaults
        yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_every_sentence_that_may_be_answered_is_said_in_french() -> None:
    found = every()
    assert len(found) > 150  # the walk found what it looks for
    lacking = {form: where for form, where in found.items() if form not in FRENCH}
    assert lacking == {}
    wanted = {_word(column) for table in TABLES for column in columns(table).values()}
    rights = {right.value.replace("_", " ") for right in Right}
    assert {*wanted, *rights, *(role.value for role in Role)} <= set(FRENCH)
    kept = {*found, *wanted, *rights, *(role.value for role in Role)}
    assert set(FRENCH) - kept <= {"a date (YYYY-MM-DD)"}  # no column is a date today; and nothing said by nobody


def test_the_walk_sees_a_sentence_that_would_be_forgotten() -> None:
    call = ast.parse('NotNow(f"Job {job} waits", "come again")').body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    first, second = parts("NotNow", call.value)
    with pytest.raises(AssertionError, match="write Said"):
        list(forms(first, "here"))
    assert list(forms(second, "here")) == ["come again"]


def test_every_kind_of_problem_has_a_sentence_of_its_own_or_a_public_one() -> None:
    kinds = {kind for _, kind in STATUS.values()}
    assert set(remedies.SAID) <= kinds | {"internal"}
    assert {status for status, _ in STATUS.values()} | {400, 404, 405, 500} <= set(remedies.TITLES)
    for pairs in (remedies.TITLES, remedies.SAID, remedies.PROBLEMS):
        assert all(french and english and french != english for french, english in pairs.values())


def test_both_forms_have_the_same_facts() -> None:
    for form, french in FRENCH.items():
        names = [set(re.findall(r"\{(\w+)", text)) for text in (form, french)]
        assert names[0] == names[1], form
        assert form.endswith(".") == french.endswith("."), form
        assert "'" not in re.sub(r"\w'\w", "", french), form
        assert not re.search(r"\S[;:?!»]", french.replace(" :", "")) or "Authorization:" in french, form


@pytest.mark.parametrize(
    ("failure", "french"),
    [
        (errors.BodyTooLarge(4194304), "Le corps de la demande dépasse 4 194 304 octets ; envoyez un fichier à "
         "/decisions/file, en plusieurs parties s'il le faut."),
        (errors.TooMany(Said("requests"), 3.2), "Trop de demandes ; réessayez dans 3,2 s."),
        (errors.NotAllowed("analyst", "read_all"),
         "Le rôle « analyste » n'a pas ce droit : "
         "consulter tout le journal ; demandez à un administrateur un rôle qui l'a."),
        (errors.SourceUnreadable(errors.listed(["a.csv", "b.csv"]), Said("its values are separated by {mark}",
         mark=Said("tabs")), "save it with commas"),
         "a.csv et b.csv sépare ses valeurs par des tabulations ; enregistrez-le avec des virgules."),
        (errors.DossierInvalid([errors.Problem("bureau", 3, None, "bureau|dtype")], more=1233),
         "bureau, ligne 3 : l'ensemble ne respecte pas la règle bureau|dtype (1 234 problèmes en tout) ; "
         "corrigez le dossier et renvoyez-le."),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_a_failure_in_french(failure: errors.AvalError, french: str) -> None:
    told = said(failure.said, "fr")
    assert told.replace("\u00a0", " ") == french
    assert not re.search(r" [:;?!»]", told)
    assert said(failure.said, "en") == str(failure)
    assert said(Said.of(json.loads(json.dumps(failure.said.kept()))), "fr") == told


def test_what_the_catalogue_lacks_is_said_otherwise() -> None:
    strange = errors.RegistryError("s3://bank/models: no such {bucket}", "wait")
    assert said(strange.said, "fr", "Indisponible.") == "Indisponible."
    assert said(strange.said, "fr") == str(strange)
    assert said("", "fr", "Indisponible.") == ""
