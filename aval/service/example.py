"""One applicant of the simulated lender: what documents show, and what a service warms up with."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from aval.data.dossiers import Dossiers


@cache
def _text() -> str:
    return Path(__file__).with_name("example.json").read_text("utf-8")


def dossier() -> dict[str, Any]:
    """As a client sends it."""
    found: dict[str, Any] = json.loads(_text())
    return found


def example() -> Dossiers:
    """As it is decided."""
    from aval.service import contract

    return contract.dossier(dossier())
