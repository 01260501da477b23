"""Every view of every kind of evaluation is drawn: right size, nothing clipped, the same bytes twice."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from aval.credit.policy import Band, Cost
from aval.credit.reason import Language
from aval.model.calibration import isotonic
from aval.model.evaluation import Evaluation, evaluate
from aval.model.fairness import age_band, fairness
from aval.model.pictures import draw, overview

COST = Cost(accepted_defaulter=10.0, refused_payer=1.0, review=0.3)


def portfolio(rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(12)
    truth = rng.beta(1.2, 12.0, rows)
    return (rng.random(rows) < truth).astype(int), truth


def clipped(file: Path) -> bool:
    """Whether ink reaches the very edge of the picture."""
    pixels = imread(file)[:, :, :3]
    edge = np.concatenate([pixels[:2].ravel(), pixels[-2:].ravel(), pixels[:, :2].ravel(), pixels[:, -2:].ravel()])
    return bool((edge < 1.0).any())


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_all_views_are_drawn_whole_and_alike_twice(tmp_path: Path, lang: Language) -> None:
    target, p = portfolio()
    rng = np.random.default_rng(3)
    groups = {
        "sex": rng.choice(["F", "M"], len(p)),
        "age": age_band(-365.25 * rng.uniform(19, 70, len(p))),
        "family": rng.choice(
            ["Civil marriage", "Married", "Separated", "Single / not married", "Widow", "Unknown"],
            len(p),
            p=[0.1, 0.6, 0.1, 0.145, 0.05, 0.005],
        ),
    }
    found = evaluate(target, p, COST, Band(0.07, 0.12), empirical_cutoff=0.085, resamples=200)
    again = Evaluation.from_json(found.to_json())
    judged = fairness(target, p, groups, COST.cutoff)
    drawn = isotonic(p, target)
    one = draw(found, tmp_path / "one", lang, fairness=judged, isotonic=drawn)
    assert [file.name for file in one] == [
        "roc.png", "precision_recall.png", "reliability.png", "cost.png", "confusion.png", "scores.png", "fairness.png",
    ]  # fmt: skip
    for file in one:
        assert imread(file).shape[:2] == (800, 1200)
        assert not clipped(file), file.name
    two = draw(again, tmp_path / "two", lang, fairness=judged, isotonic=drawn)
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_overview_is_one_wide_picture(tmp_path: Path, lang: Language) -> None:
    target, p = portfolio()
    file = overview(evaluate(target, p, COST, Band(0.07, 0.12), resamples=200), tmp_path / "new" / "overview.png", lang)
    assert imread(file).shape[:2] == (560, 2000)
    assert not clipped(file)


@pytest.mark.parametrize(
    ("target", "p", "cost"),
    [
        ([0, 1, 0], [0.1, 0.1, 0.1], COST),
        ([0, 0, 1], [0.0, 0.5, 1.0], COST),
        ([0, 1], [0.01, 0.02], COST),
        ([0, 1, 1, 1, 0], [0.9, 0.95, 0.99, 0.97, 0.8], Cost(1.0, 10.0, 0.0)),
    ],
)
def test_odd_evaluations_are_drawn_too(tmp_path: Path, target: list[int], p: list[float], cost: Cost) -> None:
    found = evaluate(target, p, cost, resamples=20)
    for file in draw(found, tmp_path):
        assert not clipped(file), file.name
