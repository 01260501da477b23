"""Made-up encoded rows with gaps and a category, for learners and what prepares their rows."""

import numpy as np

from aval.model.candidates import Candidate, Rows
from aval.model.encoding import Encoding
from aval.model.rows import Table
from aval.model.validation import Fitter

LEVELS = ("a", "b", "c", "d", "e", "f")


def table(seed: int = 0, count: int = 1500, columns: int = 8) -> tuple[Table, np.ndarray]:
    """Numbers with a fifth missing, a category in column 0, the last column nearly always missing; and the outcome."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, columns)).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    matrix[:, 0] = np.where(rng.random(count) < 0.1, np.nan, rng.integers(0, len(LEVELS), count))
    matrix[rng.random(count) < 0.9, -1] = np.nan
    matrix[:, 1] = rng.normal(5.0, 2.0, count)
    odds = -2.2 + 0.4 * (matrix[:, 1] - 5.0) + np.nan_to_num(matrix[:, 2]) + 0.8 * (matrix[:, 0] == 1.0)
    target = (rng.random(count) < 1.0 / (1.0 + np.exp(-odds))).astype(np.float64)
    names = tuple(f"c{column}" for column in range(columns))
    return Table(names, matrix, {"c0": LEVELS}), target


def rows(seed: int = 0, count: int = 1500) -> Rows:
    """The same, encoded as training rows are."""
    given, target = table(seed, count)
    encoding = Encoding.fit(given.names, given.matrix, given.words)
    return Rows(encoding.encode(given.matrix.copy(), given.words), target, encoding)


def fitter(candidate: Candidate, seed: int = 0, count: int = 1500) -> Fitter:
    """What fits a candidate on the table."""
    given, target = table(seed, count)
    return Fitter(candidate, given, target, seed=3, threads=1)


def logistic(**more: object) -> Candidate:
    """A small logistic regression."""
    settings = {"C": 0.5, "max_iter": 500}
    return Candidate("linear", "logistic", settings, **{"design": {"scale": True}, **more})  # type: ignore[arg-type]
