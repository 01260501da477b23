"""The model's screen: how it was judged, what it leans on, fairness, candidates and versions."""

from collections.abc import Callable

import pytest

from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


def test_how_it_was_judged(desk: Opened, served: Served) -> None:
    found = served.ask("val", "GET", "/models/champion")["evaluation"]
    tab = desk("val", lang="en").go("model")
    shown = {one.label: one.value for one in tab.app.metric}
    assert shown["AUC"] == f"{found['auc']['value']:.3f}"
    assert shown["Cost per 1,000 applications"] == f"{found['costs']['decided']['value']:,.0f}"
    assert f"{found['confusion']['fn']:,}" in str(tab.app.dataframe[0].value)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("leans", "The fifteen strongest measures"),
        ("fair", "never decided with"),
        ("results", "accepting all costs"),
        ("versions", "Who let version"),
    ],
)
def test_every_part_opens(desk: Opened, part: str, said: str) -> None:
    tab = desk("val", lang="en").go("model").choose("model_part", part)
    assert said in tab.text


def test_a_card_is_asked_for_once(desk: Opened) -> None:
    tab = desk("val").go("model")
    asked: list[str] = []
    tab.app.session_state["api"].http.event_hooks = {"request": [lambda request: asked.append(request.url.path)]}
    tab.choose("model_part", "fair").choose("model_part", "leans").choose("model_part", "judged")
    assert asked == []
