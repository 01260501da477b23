"""Officers: a verdict with motive and words, a second pair of eyes, a letter."""

from collections.abc import Callable
from typing import Any

import pytest

from aval.service.example import dossier
from desk.officer import waits
from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


def decided(served: Served, **changes: Any) -> dict[str, Any]:
    body = {"application": dossier()["application"] | changes}
    found: dict[str, Any] = served.ask("olga", "POST", "/decisions", json=body)
    return found


def opened(desk: Opened, who: str, wanted: str, part: str = "officer") -> Desk:
    tab = desk(who)
    tab.app.session_state["journal.open"] = wanted
    return tab.go("journal").choose("part", part)


def fill(tab: Desk, verdict: str, words: str = "Bulletin de salaire fourni.") -> Desk:
    tab.app.segmented_control(key="override_verdict").set_value(verdict)
    tab.app.selectbox(key="override_motive.fr").set_value("NEW_INFORMATION")
    tab.app.text_area(key="override_words").set_value(words)
    return tab.press("override_send")


def test_an_override_is_recorded_with_motive_and_words(desk: Opened, served: Served) -> None:
    made = decided(served, AMT_CREDIT=200_000.0)
    other = "decline" if made["final"] != "decline" else "approve"
    tab = fill(opened(desk, "olga", made["id"]), other)
    now = served.ask("olga", "GET", f"/decisions/{made['id']}")
    assert now["final"] == other
    assert now["events"][0]["words"] == "Bulletin de salaire fourni."
    assert tab.app.toast[0].value.startswith("Décision enregistrée")
    assert tab.app.text_area(key="override_words").value == ""
    assert served.ask("olga", "GET", f"/decisions/{made['id']}")["events"][0]["motive"] == "NEW_INFORMATION"


def test_without_motive_or_words_nothing_is_sent(desk: Opened, served: Served) -> None:
    made = decided(served, AMT_CREDIT=200_000.0)
    tab = opened(desk, "olga", made["id"]).press("override_send")
    assert "écrivez quelques mots" in tab.errors
    assert not served.ask("olga", "GET", f"/decisions/{made['id']}")["events"]


def test_a_large_credit_waits_for_another_officer(desk: Opened, served: Served) -> None:
    made = decided(served, AMT_CREDIT=1_500_000.0, AMT_GOODS_PRICE=1_500_000.0)
    other = "decline" if made["final"] != "decline" else "approve"
    tab = fill(opened(desk, "olga", made["id"]), other)
    assert "votre proposition" in tab.text
    assert served.ask("olga", "GET", f"/decisions/{made['id']}")["final"] == made["final"]
    second = opened(desk, "otto", made["id"])
    assert "olga" in second.text
    second.app.text_area(key="second_words").set_value("Vérifié.")
    second.press("second_yes")
    assert served.ask("olga", "GET", f"/decisions/{made['id']}")["final"] == other


@pytest.mark.parametrize(
    ("events", "waiting"),
    [
        ([], False),
        ([("override", True)], True),
        ([("override", False)], False),
        ([("override", True), ("second", False)], False),
        ([("override", True), ("second", False), ("override", True), ("shadow", False)], True),
    ],
)
def test_what_waits_is_the_last_proposal_that_nobody_answered(events: list[tuple[str, bool]], waiting: bool) -> None:
    told = {"events": [{"kind": kind, "awaiting_second": awaits} for kind, awaits in events]}
    assert (waits(told) is not None) is waiting


def test_a_refusal_letter_in_french_ready_to_print(desk: Opened, served: Served) -> None:
    made = decided(served, EXT_SOURCE_1=0.01, EXT_SOURCE_2=0.01, EXT_SOURCE_3=0.01, AMT_CREDIT=900_000.0)
    tab = opened(desk, "olga", made["id"], "letter")
    page = next(one for one in tab.app.get("iframe")).proto.srcdoc
    assert "window.print()" in page
    assert "Banque d&#x27;essai" in page or "Banque d'essai" in page or "Banque d’essai" in page
    assert f"{100 * made['probability']:.1f}".replace(".", ",") not in page
    assert tab.app.download_button(key="letter_download")
