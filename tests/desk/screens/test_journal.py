"""The journal: search, open one as it was, replay it, verify the chain."""

from collections.abc import Callable

import httpx

from aval.data.warehouse import Warehouse
from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


def test_decisions_are_searched_by_applicant_and_verdict(desk: Opened, served: Served) -> None:
    made = served.ask("olga", "POST", "/decisions", json={"applicant_id": served.ids[4]})
    tab = desk("val").go("journal")
    tab.app.text_input(key="journal.applicant").set_value(str(served.ids[4])).run()
    assert set(tab.app.dataframe[0].value["Demandeur"]) == {str(served.ids[4])}
    other = "approve" if made["verdict"] != "approve" else "decline"
    tab.app.selectbox(key="journal.verdict.fr").set_value(other).run()
    assert "Aucune décision ne correspond" in tab.well().text


def test_older_and_newer_pages(desk: Opened, served: Served) -> None:
    warehouse = Warehouse.open(served.service.home / "warehouse")
    content = next(warehouse.stream(60)).tables["application"].drop("TARGET", strict=False).write_csv().encode()
    headers = {"X-API-Key": served.keys["olga"], "Content-Type": "text/csv"}
    assert httpx.post(f"{served.address}/decisions/file", content=content, headers=headers, timeout=60).is_success
    tab = desk("val").go("journal")
    first = list(tab.app.dataframe[0].value["Demandeur"])
    assert len(first) == 50
    tab.press("older")
    assert tab.app.dataframe[0].value["Demandeur"][0] not in first
    tab.press("newer")
    assert list(tab.app.dataframe[0].value["Demandeur"]) == first


def test_a_validator_replays_a_decision_and_sees_its_data(desk: Opened, served: Served) -> None:
    made = served.ask("olga", "POST", "/decisions", json={"applicant_id": served.ids[0]})
    tab = desk("val")
    tab.app.session_state["journal.open"] = made["id"]
    tab.go("journal").choose("part", "record").press("replay")
    assert "identique au bit près" in tab.text
    tab.press("inputs_open")
    assert "AMT_CREDIT" in list(tab.app.dataframe[0].value["Colonne"])


def test_the_chain_is_verified_by_those_who_may(desk: Opened) -> None:
    tab = desk("val").go("journal").press("verify")
    assert "entier et inchangé" in tab.text
    assert not [one for one in desk("ana").go("journal").app.button if one.key == "verify"]
