"""The card of a version: what was stored with it, whole; the curves exact, the small left out, the rest kept."""

import json
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from aval.credit.policy import Policy
from aval.errors import RegistryError
from aval.model.evaluation import PER, confusion, row_costs
from aval.model.gates import Gates
from aval.model.influence import Influence
from aval.model.interval import Interval
from aval.model.model import Model
from aval.model.paper import Paper
from aval.model.registry import Registry
from aval.service.cards import Cards, made
from aval.service.crowd import FEWEST
from aval.service.portrait import ModelCard
from aval.settings import ROOT
from tests.conftest import run

POLICY = Policy.load(ROOT / "policies" / "2026-11-24.toml")


@pytest.fixture(scope="module")
def model(home: Path) -> Model:
    return Registry("", home).champion()[0]


@pytest.fixture(scope="module")
def card(home: Path) -> ModelCard:
    return Cards(Registry("", home), POLICY).card("champion")


def test_where_it_comes_from(card: ModelCard, model: Model) -> None:
    told, facts = card.identity, model.manifest
    assert (told.version, told.aliases) == ("1", ("champion",))
    assert (told.candidate, told.plan, told.learner) == ("lightgbm", "small", "lightgbm")
    assert told.why.startswith("Quick and real")
    assert told.data_fingerprint == facts["data_fingerprint"]
    assert (told.features, told.feature_digest) == (len(model.features), model.digest)
    assert (told.size, told.parts) == (model.scorer.size, "trees")
    assert told.rows_test == card.evaluation.rows
    assert told.reproduces
    assert [event.what for event in told.history] == ["promoted"]


def test_every_figure_of_the_evaluation_is_there(card: ModelCard, model: Model) -> None:
    shown, judged = card.evaluation, model.evaluation
    assert shown.auc.model_dump() == {"value": judged.auc.value, "low": judged.auc.low, "high": judged.auc.high}
    assert (shown.ks, shown.brier, shown.log_loss) == (judged.ks, judged.brier, judged.log_loss)
    assert shown.confusion.tp == judged.confusion.tp
    assert shown.confusion.approved == judged.confusion.approved
    assert shown.costs.accept_all.value == judged.costs.accept_all.value
    assert judged.calibration is not None
    assert shown.calibration is not None
    assert shown.calibration.slope.value == judged.calibration.slope.value
    assert shown.truth is not None  # a simulated lender knows it
    assert card.curves.roc.x == judged.roc.x
    assert len(card.curves.reliability) == len(judged.reliability)


def test_every_cut_off_as_counted_on_the_stored_predictions(card: ModelCard, model: Model) -> None:
    target, probability = model.predictions()
    assert 100 < len(card.curves.cutoffs) <= 200
    for point in card.curves.cutoffs[1:-1]:
        counted = confusion(target, probability, point.cutoff)
        assert point.approval_rate == pytest.approx(counted.approved)
        paid = row_costs(target, probability, POLICY.cost, point.cutoff)
        assert point.cost == pytest.approx(PER * paid.mean())
        if counted.tn + counted.fn:
            assert point.default_rate == pytest.approx(counted.fn / (counted.tn + counted.fn))
    at = next(point for point in card.curves.cutoffs if point.cutoff == POLICY.cutoff)
    assert at.cost == pytest.approx(card.evaluation.costs.decided.value)


def test_what_it_leans_on_is_what_was_measured(card: ModelCard, model: Model) -> None:
    measured, shown = Influence.of(model), card.importance
    assert shown is not None
    assert [one.name for one in shown.themes] == list(measured.themes)
    assert [one.name for one in shown.tables] == list(measured.tables)
    assert [one.name for one in shown.features] == list(measured.features)[: len(shown.features)]
    first = measured.features[shown.features[0].name]
    assert first.cost is not None
    assert shown.features[0].cost is not None
    assert shown.features[0].cost.mean == first.cost.mean
    assert [one.name for one in shown.dependence] == list(measured.dependence)
    assert all(effect.rows >= FEWEST for one in shown.dependence for effect in one.bins)
    assert all(one.fr and one.en and one.unit for one in shown.dependence)


def test_groups_as_they_were_judged_but_the_smallest(card: ModelCard, model: Model) -> None:
    for shown, judged in zip(card.fairness, model.fairness.attributes, strict=True):
        assert (shown.name, shown.four_fifths) == (judged.name, judged.four_fifths)
        assert [one.name for one in shown.groups] == [one.name for one in judged.groups if one.rows >= FEWEST]
        assert [gap.ratio for gap in shown.disparities] == [gap.ratio for gap in judged.disparities]


def test_no_identity_anywhere_and_it_survives_the_wire(card: ModelCard) -> None:
    text = card.model_dump_json()
    assert "SK_ID_CURR" not in text
    assert ModelCard.model_validate_json(text) == card
    assert len(text) < 400_000
    assert json.loads(text)["scorecard"] is None


def test_a_card_is_made_once_but_its_history_read_every_time(carded: Path, tmp_path: Path) -> None:
    # The files stay where the registry's database says they are.
    copy(carded / "mlflow.db", tmp_path / "mlflow.db")
    registry = Registry("", tmp_path)
    cards = Cards(registry, POLICY)
    before = cards.card("1")
    assert cards.card("champion") == before
    gates = Gates(100, Interval(-1.0, -5.0, 3.0), Interval(1.0, 0.9, 1.1), 0.2, golden=True)
    registry.promote("1", by="tests", why="again", gates=gates)
    after = cards.card("1")
    assert after.curves is before.curves
    assert [event.by for event in after.identity.history] == [*(e.by for e in before.identity.history), "tests"]
    assert after.identity.history[-1].figures["gate_rows"] == "100"


def test_a_scorecard_shows_its_points_in_both_languages(carded: Path) -> None:
    model, version = Registry("", carded).load("1")
    points = made(model, version, POLICY).scorecard
    assert points is not None
    paper = Paper.of(model, version, POLICY, "fr")
    assert points.start == paper.card.start
    assert points.verdicts == paper.verdicts
    assert [one.feature for one in points.characteristics] == [entry.feature for entry in paper.entries]
    for shown, entry in zip(points.characteristics, paper.entries, strict=True):
        assert shown.fr == entry.meaning
        assert [(one.fr, one.points) for one in shown.bins] == [(one.label, one.points) for one in entry.bins]
        assert sum(one.share for one in shown.bins) == pytest.approx(1.0)
    assert points.characteristics[0].en != points.characteristics[0].fr


def test_an_unknown_version_is_a_sentence(home: Path, tmp_path: Path) -> None:
    cards = Cards(Registry("", home), POLICY)
    with pytest.raises(RegistryError, match="no version '99'"):
        cards.card("99")
    with pytest.raises(RegistryError, match="no version 'challenger'"):
        cards.card("challenger")
    with pytest.raises(RegistryError, match="nothing was trained there yet"):
        Cards(Registry("", tmp_path), POLICY).versions()


def test_the_list_and_the_table_are_what_the_command_prints(home: Path) -> None:
    cards = Cards(Registry("", home), POLICY)
    (brief,) = cards.versions()
    assert (brief.version, brief.aliases, brief.parts) == ("1", ("champion",), "trees")
    table = cards.results()
    printed = json.loads(run(home, "results", "--json"))
    (row,) = table.rows
    assert row.model_dump()["cost"] == printed[0]["table"]["cost"]
    assert row.confusion.fn == printed[0]["table"]["confusion"]["fn"]
    assert table.advice == printed[0]["advice"]
    assert (table.choose, row.chosen) == (row.name, True)
    assert table.accept_all is not None
    assert row.cost.value == brief.cost
    assert np.isfinite(table.accept_all.value)
    assert cards.results() is table
