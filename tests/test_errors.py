"""Every error is one sentence made of facts, and the drawn tree is the tree."""

import inspect
from pathlib import Path

import pytest

from aval import errors

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.AvalError)]

FACTS = {
    "option": "--lang", "rule": "is fr or en", "where": Path("home"), "wanted": "table", "remedy": "do this",
    "file": "file.csv", "what": "what is wrong", "table": "bureau", "files": ["a.csv", "b.csv"], "columns": ["A", "B"],
    "column": "A", "key": ["A"], "rows": 1200, "rejected": 30, "worst": "A|range", "plan": "p.toml", "policy": "q.toml",
    "role": "analyst", "right": "override", "claim": "roles", "issuer": "https://id.bank", "retry_after": 2.0,
    "name": "counter", "decision": "0f8fad5b",
    "line": 3, "problems": [errors.Problem("bureau", 3, "A", "A|range")], "more": 2, "limit": 100, "most": 4194304,
}  # fmt: skip


@pytest.mark.parametrize(
    "kind", [c for c in CLASSES if "__init__" in vars(c) and c is not errors.AvalError], ids=lambda c: c.__name__
)
def test_an_error_is_one_sentence(kind: type[errors.AvalError]) -> None:
    wanted = list(inspect.signature(kind).parameters)
    said = str(kind(*(FACTS["wanted" if n == "wanted" and kind is errors.SourceMissing else n] for n in wanted)))
    assert said.endswith(".")
    assert not said.endswith("..")
    assert "\n" not in said
    assert ";" in said or kind is errors.OptionError  # what is wrong; what to do


def test_the_drawn_tree_names_every_error_under_its_parent() -> None:
    drawing = (errors.__doc__ or "").splitlines()
    for kind in CLASSES:
        assert any(f"{kind.__name__} " in f"{line} " for line in drawing), kind.__name__
        assert issubclass(kind, errors.AvalError)
