"""The model's screen: how it was judged, what it leans on, fairness, candidates and versions."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.desk.conftest import Desk, Served, serving

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


def test_a_scorecard_shows_its_points(desk: Opened, carded: Path, tmp_path: Path) -> None:
    with serving(carded, tmp_path) as other:
        tab = desk(address=other.address, lang="en").enter(other.keys["val"])
        found = other.ask("val", "GET", "/models/1")["scorecard"]
        tab.go("model").choose("model_part", "card")
        assert f"Everyone starts at {found['start']} points" in tab.text
        table = tab.app.dataframe[0].value
        assert len(table) == sum(len(one["bins"]) for one in found["characteristics"])
        assert list(table["Points"]) == [line["points"] for one in found["characteristics"] for line in one["bins"]]
