"""A model decides alike alone and in any batch, adds up, and loads only as it was stored."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.errors import ArtefactError, FeatureError
from aval.model.artefact import MANIFEST, seal
from aval.model.calibration import log_odds
from aval.model.model import CONTRAST, FEATURES, LEVELS, Model
from tests.model.small import always, features, frame, model, stored

MADE = model()
ROWS = MADE.matrix(frame(4000, 5))
TOGETHER = MADE.probability(ROWS)


def test_alone_is_as_in_the_batch_bit_for_bit() -> None:
    alone = np.concatenate([MADE.probability(ROWS[place : place + 1]) for place in range(len(ROWS))])
    assert np.array_equal(alone, TOGETHER)


@given(places=st.lists(st.integers(0, len(ROWS) - 1), min_size=1, max_size=200))
def test_no_row_depends_on_its_neighbours_or_its_place(places: list[int]) -> None:
    assert np.array_equal(MADE.probability(ROWS[places]), TOGETHER[places])
    assert np.array_equal(MADE.probability(np.asfortranarray(ROWS[places])), TOGETHER[places])


@given(places=st.lists(st.integers(0, len(ROWS) - 1), min_size=1, max_size=20))
def test_contributions_add_up_to_the_calibrated_log_odds(places: list[int]) -> None:
    given_rows = ROWS[places]
    found = MADE.contributions(given_rows)
    assert found.shape == (len(places), len(MADE.features) + 1)
    assert found.sum(axis=1) == pytest.approx(log_odds(MADE.probability(given_rows)), abs=1e-9)


def test_threads_change_no_contribution() -> None:
    assert np.array_equal(MADE.contributions(ROWS[:100], threads=2), MADE.contributions(ROWS[:100]))


def test_a_higher_margin_is_a_higher_probability() -> None:
    order = np.argsort(MADE.margin(ROWS))
    assert (np.diff(TOGETHER[order]) >= 0.0).all()
    assert ((TOGETHER > 0.0) & (TOGETHER < 1.0)).all()


def test_nobody_to_decide_is_no_decision() -> None:
    assert MADE.probability(ROWS[:0]).shape == (0,)


def test_a_missing_value_that_was_never_missing_is_not_read_as_zero() -> None:
    (known,) = MADE.encoding.typical
    assert known == always().name
    some = frame(300, 8)
    blank = some.with_columns(pl.lit(None, dtype=pl.Float64).alias(known))
    typical = some.with_columns(pl.lit(MADE.encoding.typical[known]).alias(known))
    extreme = some.with_columns(pl.lit(-3.0).alias(known))
    given_blank = MADE.probability(MADE.matrix(blank))
    assert np.array_equal(given_blank, MADE.probability(MADE.matrix(typical)))
    assert not np.array_equal(given_blank, MADE.probability(MADE.matrix(extreme)))


def test_stored_and_loaded_it_is_the_same_model(tmp_path: Path) -> None:
    found = stored(tmp_path / "model")
    assert np.array_equal(found.probability(ROWS), TOGETHER)
    assert found.used == MADE.used
    assert found.encoding == MADE.encoding
    assert found.feature_set().digest == found.digest == features().digest
    assert found.reproduces()
    assert found.manifest["files"].keys() == {file.name for file in (tmp_path / "model").iterdir()} - {MANIFEST}


def test_golden_rows_that_differ_are_seen(tmp_path: Path) -> None:
    found = stored(tmp_path / "model")
    other = replace(found, calibration=replace(found.calibration, intercept=found.calibration.intercept + 1e-12))
    assert not other.reproduces()


FILES = ("booster.txt", "calibration.json", "levels.json", "features.json", "explanation.json", "golden.parquet")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "model"
    stored(folder)
    return folder


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
@pytest.mark.parametrize("harm", ["changed", "truncated", "missing"])
def test_a_harmed_file_is_named(whole: Path, tmp_path: Path, name: str, harm: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for file in whole.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    file = folder / name
    content = bytearray(file.read_bytes())
    if harm == "changed":
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif harm == "truncated":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.unlink()
    with pytest.raises(ArtefactError) as problem:
        Model.load(folder)
    # A changed manifest may accuse any file; the others accuse themselves.
    assert name == MANIFEST or str(folder / name) in str(problem.value)
    assert "do not decide with this model" in str(problem.value)


def test_a_file_too_many_is_named(tmp_path: Path) -> None:
    stored(tmp_path / "model")
    (tmp_path / "model" / "extra.pkl").write_bytes(b"\x80")
    with pytest.raises(ArtefactError, match=r"extra\.pkl: the manifest does not know this file"):
        Model.load(tmp_path / "model")


def test_files_that_do_not_belong_together_are_refused_even_when_sealed(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    stored(folder)
    facts = json.loads((folder / FEATURES).read_text())
    facts["features"].reverse()
    (folder / FEATURES).write_text(json.dumps(facts))
    seal(folder, {})
    with pytest.raises(ArtefactError, match="its features are not those of levels"):
        Model.load(folder)


@pytest.mark.parametrize("name", ["calibration.json", LEVELS, FEATURES, CONTRAST, "booster.txt"])
def test_a_sealed_file_of_another_kind_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    stored(folder)
    (folder / name).write_text("[1, 2]")
    seal(folder, {})
    with pytest.raises(ArtefactError, match=name.replace(".", r"\.")):
        Model.load(folder)


def test_features_defined_otherwise_are_refused() -> None:
    stale = replace(MADE, digest="0" * 64)
    with pytest.raises(FeatureError, match="definitions of features changed"):
        stale.feature_set()


def test_a_frame_of_other_features_is_refused() -> None:
    with pytest.raises(FeatureError, match="it lacks"):
        MADE.matrix(frame(3).drop(MADE.features[0]))
