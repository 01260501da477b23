"""Deciding by number, by files and by form, and the table of many."""

import io
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from aval.data.warehouse import Warehouse
from desk.screens.decide import _parcels
from tests.desk.conftest import Desk, Served
from tests.service.serving import PATIENCE

Opened = Callable[..., Desk]


def applications(served: Served, rows: int) -> bytes:
    """A file like the reference's Multi.csv."""
    warehouse = Warehouse.open(served.service.home / "warehouse")
    found = next(warehouse.stream(rows)).tables["application"].drop("TARGET", strict=False)
    return found.write_csv().encode()


def drop(tab: Desk, name: str, content: bytes) -> Desk:
    tab.choose("way", "files")
    tab.app.file_uploader[0].set_value([(name, content, "text/csv")]).run()
    return tab.press("decide_files")


def test_an_unknown_number_says_what_to_do(desk: Opened) -> None:
    assert "Aucun demandeur de ce numéro" in desk("olga").decide(1).errors


def test_a_number_that_is_none_is_not_sent(desk: Opened) -> None:
    tab = desk("olga")
    tab.app.text_input(key="number").set_value("12a")
    assert "nombre entier" in tab.press("decide_number").errors


def test_a_dossier_is_seen_before_anything_is_decided(desk: Opened, served: Served) -> None:
    last = served.ask("olga", "GET", "/decisions?limit=1")["decisions"]
    tab = desk("olga")
    tab.app.text_input(key="number").set_value(str(served.ids[1]))
    tab.press("find_number")
    assert f"Dossier {served.ids[1]}" in tab.text
    assert "Montant du crédit" in tab.text
    assert served.ask("olga", "GET", "/decisions?limit=1")["decisions"] == last


def test_a_file_of_one_opens_that_one(desk: Opened, served: Served) -> None:
    tab = drop(desk("olga"), "one.csv", applications(served, 1))
    assert tab.app.session_state["decide.open"]
    assert "Principaux motifs" in tab.text
    tab.press("another")
    assert "decide.open" not in tab.app.session_state


def test_a_file_of_many_is_a_table_with_its_rejects_apart(desk: Opened, served: Served) -> None:
    content = applications(served, 12).decode().splitlines()
    cells = content[3].split(",")
    cells[content[0].split(",").index("AMT_CREDIT")] = "-5"
    content[3] = ",".join(cells)
    tab = drop(desk("olga"), "many.csv", "\n".join(content).encode())
    shown = {one.label: one.value for one in tab.app.metric}
    assert shown["Demandes"] == "11"
    assert shown["Lignes écartées"] == "1"
    assert len(tab.app.dataframe[0].value) == 11
    (apart,) = tab.app.dataframe[1].value.to_dict("records")
    assert apart["Règles enfreintes"] == "AMT_CREDIT|range"
    assert "Montant du crédit (AMT_CREDIT)" in apart["Ce qui ne va pas"]
    assert "valeur hors des limites permises" in apart["Ce qui ne va pas"]
    counted = _verdicts(tab)
    kind = max(counted, key=lambda one: counted[one])
    tab.app.pills(key="filter").set_value([kind]).run()
    assert len(tab.app.dataframe[0].value) == counted[kind]


def _verdicts(tab: Desk) -> Mapping[str, int]:
    """As the figures above the table count them."""
    count = {one.label.split(" ", 1)[-1]: int(one.value) for one in tab.app.metric}
    return {"approve": count["Accord"], "refer": count["À étudier"], "decline": count["Refus"]}


def test_a_large_file_becomes_a_job_whose_progress_is_seen(desk: Opened, served: Served) -> None:
    content = applications(served, 260)
    assert len(content) > 100_000
    tab = drop(desk("olga"), "many.csv", content)
    until = time.monotonic() + PATIENCE
    while not tab.app.metric and time.monotonic() < until:
        time.sleep(0.2)
        tab.app.run()
    assert {one.label: one.value for one in tab.app.metric}["Demandes"] == "260"


def test_a_file_that_is_no_table_is_said_plainly(desk: Opened) -> None:
    tab = drop(desk("olga"), "notes.csv", b"hello\nworld\n")
    assert "ne se lit pas" in tab.errors
    assert "upload.csv ne nomme sur sa première ligne aucune colonne de la table" in tab.errors


def test_a_form_begins_with_the_example_and_is_decided(desk: Opened) -> None:
    tab = desk("olga").choose("way", "form")
    assert tab.app.number_input(key="form.AMT_CREDIT").value > 0
    tab.app.number_input(key="form.AMT_CREDIT").set_value(123_000.0)
    tab.press("decide_form")
    assert tab.app.session_state["decide.open"]
    assert "123\u202f000" in tab.text


def test_tables_of_one_lender_travel_together_and_others_alone() -> None:
    tables = ["application", "bureau", "several"]
    together = _parcels([("application.csv", b"a"), ("bureau.csv", b"b")], tables)
    assert [(kind, name) for name, kind, _ in together] == [("application/zip", "application.csv + bureau.csv")]
    assert zipfile.ZipFile(io.BytesIO(together[0][2])).namelist() == ["application.csv", "bureau.csv"]
    alone: Any = _parcels([("a.csv", b"a"), ("b.parquet", b"b")], tables)
    assert [kind for _, kind, _ in alone] == ["text/csv", "application/vnd.apache.parquet"]
