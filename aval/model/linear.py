"""A linear form: a weight per column and an intercept, as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from aval.errors import ArtefactError
from aval.model import artefact
from aval.model.encoding import Matrix

COEFFICIENTS: Final = "coefficients.json"


class Linear:
    """Margin = intercept + weights . columns, in log-odds; rows without gaps."""

    kind: ClassVar[str] = "linear"
    parts: ClassVar[str] = "coefficients"
    link: ClassVar[str] = "logit"

    def __init__(self, weights: Matrix, intercept: float, means: Matrix, parameters: Mapping[str, str]) -> None:
        """`means` (d,) are those of the training rows, which contributions are measured from."""
        self._weights = np.asarray(weights, dtype=np.float64)
        self._means = np.asarray(means, dtype=np.float64)
        self._intercept = intercept
        self.parameters: Mapping[str, str] = dict(parameters)

    @property
    def size(self) -> int:
        """Coefficients that are not 0."""
        return int(np.count_nonzero(self._weights))

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """Log-odds; each row added on its own, so that a batch changes no digit."""
        del size
        # Not `@`: BLAS adds one row in another order than many.
        found: Matrix = (np.ascontiguousarray(matrix) * self._weights).sum(axis=1) + self._intercept
        return found

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """Distance from the training mean times the weight: a linear form's exact Shapley values."""
        del threads
        base = self._intercept + float((self._means * self._weights).sum())
        return np.column_stack(((matrix - self._means) * self._weights, np.full(len(matrix), base)))

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """A linear form has neither gain nor splits."""
        del kind
        return np.zeros(len(self._weights))

    def save(self, folder: Path) -> None:
        """JSON, every float to the last bit."""
        stored = {"intercept": self._intercept, "weights": self._weights.tolist(), "means": self._means.tolist()}
        artefact.write(folder / COEFFICIENTS, {**stored, "parameters": dict(self.parameters)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where the file is not what was stored."""
        stored = artefact.read(folder / COEFFICIENTS)
        try:
            pairs = list(zip(stored["weights"], stored["means"], strict=True))
            weights, means = np.array(pairs, dtype=np.float64).reshape(-1, 2).T.copy()
            return cls(weights, float(stored["intercept"]), means, {**stored["parameters"]})
        except (KeyError, TypeError, ValueError):
            raise ArtefactError(folder / COEFFICIENTS, "it is not a linear form") from None
