"""Charts of one applicant: drawn from the answers, with the reader's numbers, never by colour alone."""

from typing import Any

import pytest

from desk.charts import Charts
from desk.figures import Figures
from desk.words import Words
from tests.desk.conftest import Served, rows


@pytest.fixture(scope="module")
def words(served: Served) -> dict[str, Words]:
    features = {one["name"]: one for one in served.ask("olga", "GET", "/features?used=true")}
    return {lang: Words(served.ask("olga", "GET", f"/words?lang={lang}"), features) for lang in ("fr", "en")}


@pytest.fixture(scope="module")
def decision(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.ask("olga", "POST", "/decisions?explain=full", json={"applicant_id": served.ids[0]})
    return found


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("dark", [False, True])
def test_the_gauge_names_its_zones_and_writes_the_readers_numbers(
    words: dict[str, Words], lang: str, dark: bool
) -> None:
    charts = Charts(words[lang], Figures(lang), dark=dark)
    spec = charts.gauge(0.1013, 1 / 11, (0.08, 0.105), before=0.2)
    drawn = rows(spec)
    zones = {row["verdict"]: (row["low"], row["high"], row["word"]) for row in drawn if "verdict" in row}
    assert [zone[:2] for zone in zones.values()] == [(0.0, 0.08), (0.08, 0.105), (0.105, pytest.approx(4 / 11))]
    assert {zone[2] for zone in zones.values()} == {words[lang].verdict(kind) for kind in zones}
    assert any(row.get("text") == Figures(lang).percent(0.1013) for row in drawn)
    assert spec["config"]["locale"]["number"]["decimal"] == ("," if lang == "fr" else ".")


@pytest.mark.parametrize(("probability", "band"), [(0.95, (0.08, 0.105)), (0.0, None), (1.0, (0.08, 0.105))])
def test_the_gauge_holds_every_probability(
    words: dict[str, Words], probability: float, band: tuple[float, float] | None
) -> None:
    drawn = rows(Charts(words["fr"], Figures("fr"), dark=False).gauge(probability, 1 / 11, band))
    zones = [row for row in drawn if "verdict" in row]
    assert zones[-1]["high"] >= probability
    assert len(zones) == (3 if band else 2)


def test_the_waterfall_leads_from_the_average_to_this_applicant(
    words: dict[str, Words], decision: dict[str, Any]
) -> None:
    full = decision["contributions"]
    charts = Charts(words["en"], Figures("en"), dark=False)
    drawn = rows(charts.waterfall(full["base"], full["log_odds"], full["themes"]))
    assert len(drawn) == len(full["themes"]) + 2
    assert drawn[0]["to"] == full["base"]
    assert drawn[-2]["to"] == pytest.approx(full["log_odds"], abs=1e-9)
    assert drawn[-1]["label"] == Figures("en").percent(decision["probability"])
    for row, theme in zip(drawn[1:-1], full["themes"], strict=True):
        assert row["way"] == ("hurts" if theme["contribution"] > 0 else "helps")
        assert row["text"][0] in "+\u22120"


def test_a_theme_opens_into_named_measures_with_their_values(words: dict[str, Words], decision: dict[str, Any]) -> None:
    theme = next(theme for theme in decision["contributions"]["themes"] if theme["features"])
    drawn = rows(Charts(words["fr"], Figures("fr"), dark=True).features(theme["features"][:12]))
    assert drawn[0]["name"].startswith(words["fr"].feature(theme["features"][0]["name"]))


def test_an_applicant_is_marked_among_all_and_among_similar_ones(
    served: Served, words: dict[str, Words], decision: dict[str, Any]
) -> None:
    names = [
        share["name"]
        for theme in decision["contributions"]["themes"]
        for share in theme["features"]
        if words["fr"].comparable(share["name"])
    ][:12]
    answer = served.ask("olga", "GET", "/distributions", params={"decision": decision["id"], "name": names})
    charts = Charts(words["fr"], Figures("fr"), dark=False)
    for one in answer["company"]["features"]:
        drawn = rows(charts.beside(one))
        assert drawn
        if one["everyone"]["kind"] == "number":
            marks = [row for row in drawn if "at" in row]
            assert bool(marks) == (one["value"] is not None)


def test_a_chart_may_be_taken_apart(words: dict[str, Words]) -> None:
    charts = Charts(words["fr"], Figures("fr"), dark=False)
    first = charts.gauge(0.1, 1 / 11, (0.08, 0.105))
    first["config"].clear()
    first["layer"].clear()
    again = charts.gauge(0.1, 1 / 11, (0.08, 0.105))
    assert again["config"]
    assert rows(again)
