"""One applicant: verdict, reasons, what weighs, what-if, others, and what is asked of the service for it."""

from collections.abc import Callable

from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


def paths(tab: Desk) -> list[str]:
    """What the tab asks from here on, in order."""
    asked: list[str] = []
    tab.app.session_state["api"].http.event_hooks = {"request": [lambda request: asked.append(request.url.path)]}
    return asked


def test_a_verdict_its_reasons_and_what_weighs(desk: Opened, served: Served) -> None:
    tab = desk("olga").decide(served.ids[0])
    wanted = tab.app.session_state["decide.open"]
    told = served.ask("olga", "GET", f"/decisions/{wanted}")
    assert str(served.ids[0]) in tab.text
    assert all(reason["sentence"].split(",")[0].replace("'", "&#x27;") in tab.text for reason in told["reasons"])
    assert tab.app.get("vega_lite_chart") or tab.app.get("arrow_vega_lite_chart")


def test_the_answer_is_not_asked_for_again(desk: Opened, served: Served) -> None:
    tab = desk("olga").decide(served.ids[0])
    asked = paths(tab)
    tab.app.run()
    tab.choose("part", "record")
    tab.choose("part", "simulate")
    assert asked == []


def test_a_theme_opens_into_its_measures(desk: Opened, served: Served) -> None:
    tab = desk("olga").decide(served.ids[0])
    box = tab.app.selectbox(key="theme.fr")
    assert len(box.options) > 3
    box.select_index(1).run()
    tab.well()


def test_a_slider_asks_what_if_and_nothing_is_decided(desk: Opened, served: Served) -> None:
    tab = desk("olga").decide(served.ids[0])
    wanted = tab.app.session_state["decide.open"]
    before = served.ask("olga", "GET", "/decisions?limit=1")["decisions"][0]["id"]
    asked = paths(tab)
    slider = tab.app.slider(key=f"credit.{wanted}")
    slider.set_value(slider.min).run()
    tab.well()
    assert asked == ["/what-if"]
    assert "Repère creux" in tab.text
    assert served.ask("olga", "GET", "/decisions?limit=1")["decisions"][0]["id"] == before


def test_what_would_be_approved_is_said(desk: Opened, served: Served) -> None:
    tab = desk("olga").decide(served.ids[0])
    wanted = tab.app.session_state["decide.open"]
    tab.press("counterfactual")
    found = served.ask("olga", "GET", f"/counterfactual/{wanted}")
    expected = (
        "déjà accordée"
        if found["approved"]
        else "plus petite modification"
        if found["offers"]
        else "Aucune modification"
    )
    assert expected in tab.text


def test_beside_similar_ones_and_all(desk: Opened, served: Served) -> None:
    tab = desk("olga").decide(served.ids[0]).choose("part", "others")
    assert "Semblables" in tab.text
    assert "Plus que" in tab.text


def test_who_may_not_decide_is_not_offered_it(desk: Opened, served: Served) -> None:
    wanted = served.ask("olga", "POST", "/decisions", json={"applicant_id": served.ids[0]})["id"]
    for who, missing, there in (("val", {"simulate", "officer"}, "record"), ("ana", {"officer"}, "simulate")):
        tab = desk(who)
        tab.app.session_state["journal.open"] = wanted
        tab.go("journal")
        options = set(_options(tab))
        assert there in options
        assert not options & missing


def _options(tab: Desk) -> list[str]:
    """What the row of parts offers, by its words."""
    names = {"Simuler": "simulate", "Comparer": "others", "Décision du conseiller": "officer", "Lettre": "letter"}
    return [names.get(one.content, "record") for one in tab.app.segmented_control(key="part").proto.options]
