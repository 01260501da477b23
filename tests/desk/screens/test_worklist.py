"""What waits for officers, and how they and the model get on."""

from collections.abc import Callable

import pytest

from aval.service.example import dossier
from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


@pytest.fixture
def referred(served: Served) -> str:
    """A case that waits: no income is declared, which the policy refers."""
    body = {"application": dossier()["application"] | {"AMT_INCOME_TOTAL": 0.0, "AMT_CREDIT": 200_000.0}}
    found = served.ask("olga", "POST", "/decisions", json=body)
    assert found["final"] in ("refer", "decline")
    return str(found["id"])


def test_what_waits_is_listed_the_oldest_first(desk: Opened, served: Served, referred: str) -> None:
    waiting = served.ask("olga", "GET", "/worklist")["waiting"]
    tab = desk("olga").go("worklist")
    if not waiting:
        assert "Rien n'attend" in tab.text
        return
    assert list(tab.app.dataframe[0].value["Demandeur"]) == [one["applicant_id"] for one in waiting]
    assert f"{len(waiting)} dossiers" in tab.text


def test_a_case_opens_and_goes_back(desk: Opened, referred: str) -> None:
    tab = desk("olga")
    tab.app.session_state["worklist.open"] = referred
    tab.go("worklist")
    assert "Principaux motifs" in tab.text
    tab.press("back_list")
    assert "Conseillers et modèle" in tab.text


def test_officers_figures_follow_what_they_did(desk: Opened, served: Served, referred: str) -> None:
    verdict = "decline" if served.ask("olga", "GET", f"/decisions/{referred}")["final"] != "decline" else "approve"
    asked = {"verdict": verdict, "motive": "SUSPICION", "words": "Revenu nul."}
    served.ask("olga", "POST", f"/decisions/{referred}/override", json=asked)
    tab = desk("otto").go("worklist")
    shown = {one.label: one.value for one in tab.app.metric}
    assert int(shown["Décisions de conseillers"]) == served.ask("olga", "GET", "/worklist")["agreement"]["overrides"]
    assert "Par motif" in tab.text
