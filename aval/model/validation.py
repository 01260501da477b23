"""Cross-validation: a candidate fitted on every set of folds but one, and what it says of the one left out.

Whatever is learned (levels, medians, scales, synthetic rows, trees) is learned inside; the rows left out are
only scored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aval.model.candidates import Candidate, Fit, Rows, fit, learner
from aval.model.encoding import Encoding, Matrix
from aval.model.rows import Table
from aval.model.scorer import Scorer, own_probability
from aval.model.split import Places


@dataclass(frozen=True, slots=True)
class Held:
    """What cross-validation found: the size to refit with, and out-of-fold margins of all rows."""

    size: int | None
    """Best over all folds together; None where rows left out do not say when to stop."""
    margin: Matrix
    own: Matrix
    """The learner's own probabilities of the same rows, before calibration."""
    sizes: tuple[int, ...]
    """Where each fold alone would have stopped; all there is where the form does not grow."""


@dataclass(frozen=True)
class Fitter:
    """Fits one candidate on any rows of a table."""

    candidate: Candidate
    table: Table
    target: Matrix
    seed: int
    threads: int = 2
    plan: str | Path = "plan"
    advance: Callable[[str, float], None] | None = None
    device: str = "cpu"

    def of(self, candidate: Candidate) -> "Fitter":
        """The same rows for another candidate, in silence."""
        return replace(self, candidate=candidate, advance=None)

    def validate(self, held: Sequence[Places]) -> Held:
        """Cross-validate over folds that are held out in turn."""
        fitted: list[tuple[Encoding, Fit]] = []
        for number, out in enumerate(held):
            inside = np.setdiff1d(np.arange(len(self.target)), out)
            fitted.append(self._fit(inside, out, None, f"fold {number + 1} of {len(held)}"))
        losses = [found.losses for _, found in fitted]
        length = min(map(len, losses))
        size = int(np.argmin(np.mean([loss[:length] for loss in losses], axis=0))) + 1 if length else None
        margin, own = np.empty(len(self.target)), np.empty(len(self.target))
        for out, (encoding, found) in zip(held, fitted, strict=True):
            margin[out] = found.scorer.margin(self.encoded(encoding, out), size)
            own[out] = own_probability(found.scorer, margin[out])
        sizes = [int(np.argmin(found.losses)) + 1 if length else found.scorer.size for _, found in fitted]
        return Held(size, margin, own, tuple(sizes))

    def refit(self, size: int | None) -> tuple[Encoding, Scorer]:
        """Fitted on all rows, with the size that was best in the folds."""
        encoding, found = self._fit(None, None, size, "refit")
        return encoding, found.scorer

    def inside(self, places: Places, out: Places | None = None, size: int | None = None) -> tuple[Encoding, Fit]:
        """Fitted on the rows at `places` alone; those `out` only say when to stop."""
        return self._fit(places, out, size, "search")

    def encoded(self, encoding: Encoding, places: Places) -> Matrix:
        """The rows at `places` as a scorer reads them, shape (n, k)."""
        return encoding.encode(self.table.matrix[places], self.table.words).astype(np.float64)

    def _fit(self, places: Places | None, out: Places | None, size: int | None, what: str) -> tuple[Encoding, Fit]:
        encoding = Encoding.fit(self.table.names, self.table.matrix, self.table.words, places)
        total, done = size or learner(self.candidate, self.plan).most(self.candidate), 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            if self.advance is not None:
                self.advance(what, min(done / total, 1.0))

        found = fit(
            self.candidate,
            self._rows(encoding, places),
            self._rows(encoding, out) if out is not None and self.candidate.stops else None,
            size=size,
            seed=self.seed,
            threads=self.threads,
            device=self.device,
            advance=count,
            plan=self.plan,
        )
        return encoding, found

    def _rows(self, encoding: Encoding, places: Places | None) -> Rows:
        # Both are copies: the table itself serves every fold.
        matrix = self.table.matrix.copy() if places is None else self.table.matrix[places]
        target = self.target if places is None else self.target[places]
        return Rows(encoding.encode(matrix, self.table.words), target, encoding)
