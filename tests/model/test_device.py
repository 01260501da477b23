"""A plan that asks for a card learns at once whether it can have it; what a card trained decides on a processor."""

import ctypes
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aval.errors import OptionError, PlanError
from aval.model import device
from aval.model.candidates import Candidate, Setting, learner
from aval.model.ranking import auc
from tests.conftest import run
from tests.model.test_lightgbm import rows

PARAMETERS: dict[str, dict[str, Setting]] = {
    "lightgbm": {"num_iterations": 30, "num_leaves": 8},
    "xgboost": {"num_boost_round": 30, "max_depth": 4, "learning_rate": 0.1},
    "forest": {"n_estimators": 50, "max_depth": 9, "min_samples_leaf": 5},
}


def test_the_processor_is_always_there_and_other_words_are_not() -> None:
    device.ready("cpu", PARAMETERS)
    with pytest.raises(OptionError, match="--device is 'gpu'; write cpu or cuda"):
        device.ready("gpu", PARAMETERS)


def test_without_a_card_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "cards", lambda: 0)
    with pytest.raises(OptionError, match="--device asks for an NVIDIA card, which this machine does not have"):
        device.ready("cuda", ["xgboost"])


def test_a_library_without_a_build_for_a_card_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import xgboost

    monkeypatch.setattr(device, "cards", lambda: 1)
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": False})
    device.ready("cuda", ["logistic"])
    with pytest.raises(OptionError, match="XGBoost on an NVIDIA card, which the installed one was not built for"):
        device.ready("cuda", ["logistic", "xgboost"])
    monkeypatch.setattr(xgboost, "build_info", lambda: {"USE_CUDA": True})
    device.ready("cuda", ["xgboost", "forest"])


@pytest.mark.parametrize(("initialised", "found"), [(0, 2), (100, 0)])
def test_cards_are_what_the_driver_counts(monkeypatch: pytest.MonkeyPatch, initialised: int, found: int) -> None:
    def count(place: object) -> int:
        ctypes.cast(place, ctypes.POINTER(ctypes.c_int))[0] = 2  # type: ignore[arg-type]
        return 0

    driver = SimpleNamespace(cuInit=lambda _: initialised, cuDeviceGetCount=count)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: driver)
    assert device.cards.__wrapped__() == found


def test_the_command_says_so_before_it_reads_a_row(home: Path) -> None:
    if device.cards():
        pytest.skip("no GPU is what this test needs")
    with pytest.raises(OptionError, match="--device asks for an NVIDIA card"):
        run(home, "train", str(Path(__file__).parents[1] / "small.toml"), "--device", "cuda")


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "forest"])
def test_a_fit_without_a_card_is_a_sentence_and_no_crash(name: str) -> None:
    if device.cards():
        pytest.skip("no GPU is what this test needs")
    given = Candidate("small", name, PARAMETERS[name])
    with pytest.raises(PlanError, match=r"plan: small: (LightGBM|XGBoost) refuses it \(|device = cuda was asked for"):
        learner(given, "plan").fit(given, rows(), size=2, threads=1, device="cuda")


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "forest"])
def test_a_card_gives_the_same_within_tolerance(name: str) -> None:
    if not device.cards():
        pytest.skip("no GPU")
    device.ready("cuda", [name])
    given, others = Candidate("small", name, PARAMETERS[name]), rows(9, 4000)
    matrix = others.matrix.astype(np.float64)
    here, there = (
        learner(given, "plan").fit(given, rows(0, 6000), seed=5, threads=2, device=kind).scorer.margin(matrix)
        for kind in ("cpu", "cuda")
    )
    # A forest there draws other rows and columns; boosters grow nearly the same trees.
    assert np.corrcoef(here, there)[0, 1] > (0.9 if name == "forest" else 0.98)
    assert auc(others.target, here).value == pytest.approx(auc(others.target, there).value, abs=0.02)
