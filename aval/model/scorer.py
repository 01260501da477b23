"""What a learner leaves behind: encoded features in, log-odds before calibration out, native files on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt

from aval.model.encoding import Matrix


class Scorer(Protocol):
    """A fitted form. One row alone gives, bit for bit, what it gives in any batch."""

    kind: ClassVar[str]
    """One word, written in the manifest; the loader finds the class by it."""

    @property
    def size(self) -> int:
        """Trees, coefficients or bins: what it takes to decide."""
        ...

    @property
    def parameters(self) -> Mapping[str, str]:
        """The settings it was fitted with, as the library itself wrote or holds them."""
        ...

    def margin(self, matrix: Matrix) -> Matrix:
        """Log-odds before calibration, shape (n,), of encoded rows (n, k): NaN is missing, categories are codes."""
        ...

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """What each feature adds to the margin, and the base, shape (n, k + 1), rows adding up to it."""
        ...

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """`gain` or `split` of each feature, shape (k,); zeros where the form has no such thing."""
        ...

    def save(self, folder: Path) -> None:
        """Write native files; never a pickle."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote.

        Raises:
            ArtefactError: names the file that is not what it should be.
        """
        ...
