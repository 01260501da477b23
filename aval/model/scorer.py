"""What a learner leaves behind: encoded features in, log-odds before calibration out, native files on disk."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import ClassVar, Final, Protocol, Self, cast

import numpy as np
import numpy.typing as npt

from aval.errors import ArtefactError
from aval.model import artefact
from aval.model.calibration import Platt, sigmoid
from aval.model.encoding import Matrix


class Scorer(Protocol):
    """A fitted form. One row alone gives, bit for bit, what it gives in any batch."""

    kind: ClassVar[str]
    """One word, written beside the files; the loader finds the class by it."""

    @property
    def parts(self) -> str:
        """What `size` counts, in the plural: trees, coefficients, bins."""
        ...

    @property
    def link(self) -> str:
        """What the margin is before calibration: `logit` of the learner's own probability, or `identity`."""
        ...

    @property
    def size(self) -> int:
        """How much it takes to decide, in `parts`."""
        ...

    @property
    def parameters(self) -> Mapping[str, str]:
        """The settings it was fitted with, as the library itself wrote or holds them."""
        ...

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """Log-odds before calibration, shape (n,), of encoded rows (n, k): NaN is missing, categories are codes.

        `size` looks at the first parts alone, where the form grew part by part; others take no notice.
        """
        ...

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """What each feature adds to the margin, and the base, shape (n, k + 1), rows adding up to it."""
        ...

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """`gain` or `split` of each feature, shape (k,); zeros where the form has no such thing."""
        ...

    def save(self, folder: Path) -> None:
        """Write native files into a folder that is there; never a pickle."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote.

        Raises:
            ArtefactError: names the file that is not what it should be.
        """
        ...


def own_probability(scorer: Scorer, margin: Matrix) -> Matrix:
    """What the learner itself takes for the probability of default, before calibration.

    Resampling and class weights shift it: 0.5 here means another thing for every candidate.
    """
    return sigmoid(margin) if scorer.link == "logit" else np.asarray(margin, dtype=np.float64)


def settled(scorer: Scorer, calibration: Platt) -> tuple[Scorer, Platt]:
    """The form and the line that decide together; a printed form takes the line in, and what it says is final."""
    taking_in = getattr(scorer, "taking_in", None)
    return (scorer, calibration) if taking_in is None else (taking_in(calibration), Platt(1.0, 0.0))


KIND: Final = "scorer.json"

_FORMS: Final[Mapping[str, str]] = {
    "additive": "aval.model.additive:Additive",
    "blend": "aval.model.blend:Blend",
    "designed": "aval.model.design:Designed",
    "linear": "aval.model.linear:Linear",
    "scorecard": "aval.model.scorecard:Scorecard",
    "trees": "aval.model.trees:Trees",
    "boosted": "aval.model.boosted:Boosted",
    "forest": "aval.model.forest:Forest",
}
"""Kind -> where its class is; imported when such a model is loaded."""


def save_scorer(scorer: Scorer, folder: Path) -> None:
    """Write a scorer and what kind it is."""
    folder.mkdir(parents=True, exist_ok=True)
    artefact.write(folder / KIND, {"kind": scorer.kind})
    scorer.save(folder)


def load_scorer(folder: Path) -> Scorer:
    """What `save_scorer` wrote.

    Raises:
        ArtefactError: a kind this code does not know, or a file that is not what it should be.
    """
    stated = artefact.read(folder / KIND)
    kind = str(stated.get("kind")) if isinstance(stated, dict) else ""
    if kind not in _FORMS:
        raise ArtefactError(folder / KIND, "this code knows no such kind of model")
    module, _, name = _FORMS[kind].partition(":")
    form = cast("type[Scorer]", getattr(import_module(module), name))
    return form.load(folder)
