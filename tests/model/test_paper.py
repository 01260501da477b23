"""`aval scorecard`, typed as a user would: what a committee reads is what decides."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from aval.__main__ import app
from aval.credit.policy import Policy
from aval.errors import RegistryError
from aval.model.paper import WIDTH, Paper
from aval.model.registry import Registry
from aval.model.scorecard import Scorecard
from aval.settings import Settings
from tests.conftest import run


@pytest.fixture(scope="module")
def paper(carded: Path) -> Paper:
    model, version = Registry("", carded).load("1")
    return Paper.of(model, version, Policy.load(Settings().policy), "en")


def test_the_card_fits_a_page_and_says_every_bin(carded: Path, paper: Paper) -> None:
    printed = run(carded, "scorecard")
    assert max(map(len, printed.splitlines())) <= WIDTH
    assert printed.startswith("Scorecard, version 1\n")
    for one, points in zip(paper.card.characteristics, paper.card.points, strict=True):
        assert f"    {one.feature}\n" in printed
        block = printed.partition(f"    {one.feature}\n")[2].partition("\n\n")[0]
        assert [int(found) for found in re.findall(r"[+-]\d\.\d\d +(\d+)$", block, re.MULTILINE)] == list(points)
    assert f"Everyone starts with {paper.card.start} points" in printed
    assert "Read and approved on" in printed


def test_in_french_with_french_numbers(carded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVAL_LANG", "fr")
    printed = run(carded, "scorecard", "1")
    assert max(map(len, printed.splitlines())) <= WIDTH
    for said in ("Carte de score, version 1", "bons payeurs", "non renseigné", "valeur d'information 0,", "Signature"):
        assert said in printed
    assert not re.search(r"\d\.\d+ %|[+-]\d\.\d\d|information \d\.|AUC \d\.", printed)


def test_what_the_card_says_of_verdicts_is_what_the_policy_does(paper: Paper) -> None:
    """Every total of points, through the model's own calibration and the policy's own rule."""
    totals = np.arange(paper.card.start, paper.card.start + sum(max(points) for points in paper.card.points) + 1)
    chances = paper.model.calibration.probability(paper.card.log_odds(totals))
    for points, chance in zip(totals.tolist(), chances.tolist(), strict=True):
        low, high = paper.verdicts[paper.policy._scored(chance).value]
        assert low <= points <= high
    assert f"approved from {paper.verdicts['approve'][0]} points" in paper.text()


def test_shares_and_rates_are_those_of_training(paper: Paper) -> None:
    for entry, one in zip(paper.entries, paper.card.characteristics, strict=True):
        assert sum(line.share for line in entry.bins) == pytest.approx(1.0)
        assert sum(line.share * (line.rate or 0.0) for line in entry.bins) == pytest.approx(
            sum(one.bad) / sum(one.rows)
        )
        assert entry.meaning != entry.feature
        assert len({line.label for line in entry.bins}) == len(entry.bins)


def test_for_a_script_and_as_a_page(carded: Path, paper: Paper) -> None:
    stored = json.loads(run(carded, "scorecard", "--json"))
    assert stored["start"] == paper.card.start
    assert [entry["feature"] for entry in stored["characteristics"]] == [entry.feature for entry in paper.entries]
    assert stored["calibration"] == {"slope": 1.0, "intercept": 0.0}
    page = run(carded, "scorecard", "--markdown", "-")
    assert page.startswith("# Scorecard, version 1")
    assert page.count("|---|---:|---:|---:|---:|") == len(paper.entries)


def test_the_sql_is_written(carded: Path, tmp_path: Path) -> None:
    run(carded, "scorecard", "--sql", str(tmp_path / "card.sql"), "--table", "rows")
    text = (tmp_path / "card.sql").read_text()
    assert text.endswith('  AS points\nFROM "rows";\n')
    assert "aval scorecard, version 1" in text


def test_a_card_decides_as_any_model_does(carded: Path, paper: Paper) -> None:
    """Stored, registered, explained and promoted like a booster; its golden rows come out bit for bit."""
    assert isinstance(paper.model.scorer, Scorecard)
    assert paper.model.reproduces()
    reference = paper.model.matrix(paper.model.reference())
    odds = np.log(paper.model.probability(reference) / (1.0 - paper.model.probability(reference)))
    assert np.allclose(paper.model.contributions(reference).sum(axis=1), odds, atol=1e-9)
    assert paper.model.evaluation.auc.value > 0.6
    assert Registry("", carded).crowned() == "1"


def test_a_version_that_is_no_scorecard_says_what_it_is(home: Path) -> None:
    with pytest.raises(RegistryError, match=r"version 1 is no scorecard: it decides by \d+ trees"):
        run(home, "scorecard", "1")
    with pytest.raises(RegistryError, match="no scorecard is registered"):
        run(home, "scorecard")


def test_help_shows_an_example() -> None:
    shown = CliRunner().invoke(app, ["scorecard", "--help"])
    assert "Example: aval scorecard 3 --sql scorecard.sql" in " ".join(shown.output.split())
