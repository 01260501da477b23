"""Signing in, the screens of each role, the language, and what is said when the service is away."""

import socket
from collections.abc import Callable

import pytest

from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


def test_the_right_key_opens_the_desk(desk: Opened) -> None:
    tab = desk("olga")
    assert [one.value for one in tab.app.title] == ["Décider"]
    assert "olga" in tab.text
    assert "conseiller" in tab.text


def test_a_wrong_key_is_one_sentence_with_what_to_do(desk: Opened) -> None:
    tab = desk().enter("aval_nobody_knows_this_one_at_all_00000000000000000000")
    assert "n'est pas reconnue" in tab.errors
    assert "administrateur" in tab.errors
    assert tab.app.text_input(key="key")


def test_no_key_is_asked_for(desk: Opened) -> None:
    assert "Saisissez" in desk().enter("  ").errors


def test_a_service_that_is_away_is_said_plainly(desk: Opened, served: Served) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    tab = desk(address=nowhere)
    tab.enter(served.keys["olga"])
    assert "Le service ne répond pas" in tab.errors
    assert "aval serve" in tab.errors


@pytest.mark.parametrize(
    ("who", "first", "others"),
    [
        ("olga", "Décider", {"worklist", "portfolio", "model", "watch", "journal"}),
        ("ana", "Liste de travail", {"portfolio", "model", "watch", "journal"}),
        ("val", "Liste de travail", {"portfolio", "model", "watch", "journal"}),
        ("boss", "Décider", {"worklist", "portfolio", "model", "watch", "journal"}),
    ],
)
def test_screens_follow_the_role(desk: Opened, who: str, first: str, others: set[str]) -> None:
    tab = desk(who)
    assert tab.app.title[0].value == first
    # The first screen stands at the root, without a name of its own.
    assert {str(page["url_pathname"]) for page in tab.app._registered_pages.values()} - {""} == others


def test_the_language_is_switched_in_place(desk: Opened, served: Served) -> None:
    tab = desk("olga").decide(served.ids[0])
    assert "Principaux motifs" in tab.text
    wanted = tab.app.session_state["decide.open"]
    tab.choose("language", "en")
    assert "Principal reasons" in tab.text
    assert "Principaux motifs" not in tab.text
    assert tab.app.session_state["decide.open"] == wanted


def test_a_key_that_is_no_longer_known_ends_the_session_plainly(desk: Opened) -> None:
    tab = desk("ana").go("worklist")
    tab.app.session_state["api"].headers = {"X-API-Key": "aval_revoked_000000000000000000000000000000000000000"}
    tab.app.session_state["api"].forget("/")
    tab.go("worklist")
    assert "Votre session est terminée" in tab.text
    assert tab.app.text_input(key="key")


def test_signing_out_forgets_who_was_here(desk: Opened) -> None:
    tab = desk("olga").press("sign_out")
    assert "api" not in tab.app.session_state
    assert "me" not in tab.app.session_state
    assert tab.app.text_input(key="key")


def banked(desk: Opened, token: str) -> Desk:
    """A tab of somebody whom the bank's provider has let in."""
    tab = desk()
    tab.app.secrets["auth"] = {"client_id": "desk"}
    tab.app.user = {"is_logged_in": True, "email": "odile@bank.test", "tokens": {"access": token}}
    tab.app.run()
    return tab.well()


def test_the_banks_token_opens_the_desk_as_its_holder(desk: Opened, served: Served) -> None:
    tab = banked(desk, served.token("odile", "officer"))
    assert "odile" in tab.text
    tab.decide(served.ids[0])
    assert served.ask("val", "GET", "/decisions?caller=odile")["decisions"]


def test_a_token_that_is_not_accepted_leads_back_to_the_door(desk: Opened, served: Served) -> None:
    tab = banked(desk, served.token("odile", "officer", seconds=-3600))
    assert "Votre session est terminée" in tab.text
    assert tab.app.button(key="provider")


def test_a_token_without_a_role_is_told_what_to_do(desk: Opened, served: Served) -> None:
    assert "aucun rôle" in banked(desk, served.token("odile", "gardener")).text


def test_the_door_offers_the_bank_only_where_it_is_set_up(desk: Opened) -> None:
    tab = desk()
    tab.app.run()
    assert not [one for one in tab.app.button if one.key == "provider"]
    tab.app.secrets["auth"] = {"client_id": "desk"}
    tab.app.run()
    assert [one.label for one in tab.app.button if one.key == "provider"] == ["Se connecter avec la banque"]
