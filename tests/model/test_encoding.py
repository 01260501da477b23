"""Categories by level, missing as missing, what was never missing as typical: alike in training and deciding."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.errors import FeatureError
from aval.model.encoding import Encoding

WORDS = {"kind": ("a", "b", "c")}
FEATURES = ("age", "kind", "score")


def fitted() -> Encoding:
    """`age` is never missing (median 30), `score` once; the level c is not among the rows."""
    rows = np.array([[20, 0, 0.5], [30, 1, np.nan], [50, np.nan, 0.25]], dtype=np.float32)
    return Encoding.fit(FEATURES, rows, WORDS)


def test_levels_and_typical_values_come_from_the_training_rows_alone() -> None:
    found = fitted()
    assert found.levels == {"kind": ("a", "b")}
    assert found.typical == {"age": 30.0}
    assert Encoding.from_json(found.to_json()) == found


def test_unknown_and_missing_levels_are_missing() -> None:
    frame = pl.DataFrame({"SK_ID_CURR": [1, 2, 3, 4], "age": 1.0, "kind": ["b", "a", "c", None], "score": 0.1})
    matrix = fitted().matrix(frame)
    assert matrix[:, 1].tolist()[:2] == [1.0, 0.0]
    assert np.isnan(matrix[2:, 1]).all()
    assert matrix.flags.c_contiguous
    assert matrix.dtype == np.float64


def test_a_value_never_missing_in_training_is_taken_as_typical_and_others_stay_missing() -> None:
    matrix = fitted().matrix(pl.DataFrame({"age": [None, 40.0], "kind": ["a", "a"], "score": [None, 0.1]}))
    assert np.isnan(matrix[0, 0])
    filled = fitted().filled(matrix)
    assert filled[:, 0].tolist() == [30.0, 40.0]
    assert np.isnan(filled[0, 2])
    assert np.isnan(matrix[0, 0])  # never in place


rows = st.lists(
    st.tuples(
        st.none() | st.floats(-1e9, 1e9, width=32), st.sampled_from(["a", "b", "c", None]), st.none() | st.floats(0, 1)
    ),
    min_size=1,
    max_size=30,
)


@given(rows=rows, turn=st.randoms())
def test_training_and_deciding_write_the_same_numbers(rows: list[tuple[float, str, float]], turn: object) -> None:
    frame = pl.DataFrame(rows, schema={"age": pl.Float64, "kind": pl.String, "score": pl.Float64}, orient="row")
    codes = {word: float(code) for code, word in enumerate(WORDS["kind"])}
    raw = np.column_stack(
        [
            frame["age"].cast(pl.Float32).fill_null(float("nan")).to_numpy(),
            np.array([codes.get(word, np.nan) for word in frame["kind"]], dtype=np.float32),
            frame["score"].cast(pl.Float32).fill_null(float("nan")).to_numpy(),
        ]
    )
    learned = fitted().encode(raw.copy(), WORDS).astype(np.float64)
    decided = fitted().filled(fitted().matrix(frame))
    assert np.array_equal(learned, decided, equal_nan=True)
    turned = frame.select("score", "age", "kind")
    assert np.array_equal(fitted().matrix(turned), fitted().matrix(frame), equal_nan=True)


def test_other_columns_than_the_models_are_refused_by_name() -> None:
    frame = pl.DataFrame({"age": [1.0], "kind": ["a"], "sex": ["F"]})
    with pytest.raises(FeatureError) as problem:
        fitted().matrix(frame)
    assert str(problem.value) == (
        "the frame does not hold the 3 features of the model: it lacks score and it adds sex; "
        "build it with the model's own feature set."
    )
