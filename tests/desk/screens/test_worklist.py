"""What waits for officers, and how they and the model get on."""

from collections.abc import Callable

import httpx
import polars as pl
import pytest

from aval.service.example import dossier
from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]
SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")


@pytest.fixture
def referred(served: Served) -> str:
    """A case that waits: no income is declared, which the policy refers."""
    body = {"application": dossier()["application"] | {"AMT_INCOME_TOTAL": 0.0, "AMT_CREDIT": 200_000.0}}
    found = served.ask("olga", "POST", "/decisions", json=body)
    assert found["final"] in ("refer", "decline")
    return str(found["id"])


def test_what_waits_is_listed_the_oldest_first(desk: Opened, served: Served, referred: str) -> None:
    waiting = served.ask("olga", "GET", "/worklist?limit=50")
    tab = desk("olga").go("worklist")
    if not waiting["total"]:
        assert "Rien n'attend" in tab.text
        return
    assert list(tab.app.dataframe[0].value["Demandeur"]) == [one["applicant_id"] for one in waiting["waiting"]]
    assert f"{waiting['total']} dossiers" in tab.text


def test_every_case_is_reached_page_by_page(desk: Opened, served: Served) -> None:
    one = dossier()["application"] | {"AMT_INCOME_TOTAL": 0.0, **dict.fromkeys(SCORES, 0.8)}
    rows = [one | {"SK_ID_CURR": 700_001 + place} for place in range(60)]
    content = pl.DataFrame(rows, infer_schema_length=None).write_csv().encode()
    headers = {"X-API-Key": served.keys["olga"], "Content-Type": "text/csv"}
    made = httpx.post(f"{served.address}/decisions/file", content=content, headers=headers, timeout=60)
    assert made.text.count("refer") >= 60, made.text
    waiting = served.ask("olga", "GET", "/worklist")
    tab = desk("olga").go("worklist")
    shown: list[int] = []
    while True:
        shown += list(tab.app.dataframe[0].value["Demandeur"])
        if tab.app.button(key="newer").disabled:
            break
        tab.press("newer")
    assert shown == [one["applicant_id"] for one in waiting["waiting"]]
    assert len(shown) == waiting["total"] > 50
    tab.press("older")
    assert list(tab.app.dataframe[0].value["Demandeur"])[-1] == shown[(len(shown) - 1) // 50 * 50 - 1]
    # Its page is gone, as where colleagues were quicker: it begins anew.
    tab.app.session_state["worklist.pages"] = ["OTk5OTk5OTkuMA"]
    assert list(tab.go("worklist").app.dataframe[0].value["Demandeur"]) == shown[:50]


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
