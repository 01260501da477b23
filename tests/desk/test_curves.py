"""Charts of the whole: the policy marked, the reader's numbers, every answer drawn."""

from typing import Any

import pytest

from desk.curves import Curves
from desk.figures import Figures
from desk.words import Words
from tests.desk.conftest import Served, rows


@pytest.fixture(scope="module")
def curves(served: Served) -> Curves:
    features = {one["name"]: one for one in served.ask("val", "GET", "/features?used=true")}
    return Curves(Words(served.ask("val", "GET", "/words?lang=fr"), features), Figures("fr"), dark=False)


@pytest.fixture(scope="module")
def card(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.ask("val", "GET", "/models/champion")
    return found


def test_cost_approvals_and_defaults_stand_above_each_other_with_the_policy_marked(
    curves: Curves, card: dict[str, Any]
) -> None:
    cutoff = card["evaluation"]["costs"]["cutoff"]
    three = curves.cutoffs(card["curves"]["cutoffs"], cutoff, 1 / 21)
    assert [chart["title"]["text"] for chart in three] == [
        "Coût pour 1 000 demandes",
        "Taux d'acceptation",
        "Taux de défaut des acceptés",
    ]
    for chart in three:
        marks = [row["at"] for row in rows(chart) if isinstance(row.get("at"), float)]
        assert marks == [pytest.approx(cutoff), pytest.approx(1 / 21)]


def test_a_model_is_drawn_from_its_card(curves: Curves, card: dict[str, Any]) -> None:
    assert len(rows(curves.roc(card["curves"]["roc"]))) == len(card["curves"]["roc"]["x"]) + 2
    assert len(rows(curves.reliability(card["curves"]["reliability"]))) == len(card["curves"]["reliability"]) + 2
    assert rows(curves.scores(card["curves"]["scores"], 1 / 11))
    for told in card["importance"]["dependence"]:
        assert rows(curves.dependence(told))
    weights = curves.weights(card["importance"]["themes"], curves.words.told["themes"])
    assert rows(weights)[0]["name"] in curves.words.told["themes"].values()
    for grouping in card["fairness"]:
        groups = [{**one, "said": one["name"]} for one in grouping["groups"]]
        assert len(rows(curves.groups(groups, "approval_rate"))) == len(groups)


def test_stretches_of_time_are_written_as_the_reader_does(curves: Curves) -> None:
    one = {"verdicts": {"approve": 2, "refer": 1, "decline": 0}}
    by_day = curves.over_time([{**one, "name": "2026-11-25"}])
    assert {row["at"] for row in rows(by_day)} == {"25 nov. 2026"}
    assert {row["at"] for row in rows(curves.over_time([{**one, "name": "2026-11"}]))} == {"nov. 2026"}
    assert [row["n"] for row in rows(by_day)] == [2, 1, 0]


def test_few_counts_are_bars(curves: Curves) -> None:
    assert {row["name"]: row["text"] for row in rows(curves.bars({"a": 1200, "b": 3}))} == {"a": "1\u202f200", "b": "3"}
