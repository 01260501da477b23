"""Several models as one: a weighted sum of their calibrated log-odds, which still adds up feature by feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from aval.errors import ArtefactError
from aval.model import artefact
from aval.model.calibration import Platt, sigmoid
from aval.model.encoding import Matrix
from aval.model.scorer import Scorer, load_scorer, save_scorer
from aval.model.split import Places
from aval.model.validation import Held

MEMBERS: Final = "blend.json"


@dataclass(frozen=True)
class Member:
    """A model of the same plan: its out-of-fold margins, and what was refitted on all development rows."""

    name: str
    margin: Matrix
    calibration: Platt
    scorer: Scorer


class Blend:
    """Margin = intercept + sum of weight x calibrated log-odds over the members, in their order."""

    kind: ClassVar[str] = "blend"
    parts: ClassVar[str] = "models"
    link: ClassVar[str] = "logit"

    def __init__(self, intercept: float, weights: Mapping[str, float], members: Sequence[tuple[Platt, Scorer]]) -> None:
        self._intercept = intercept
        self._weights = dict(weights)
        self._members = tuple(members)

    @property
    def size(self) -> int:
        """Members."""
        return len(self._members)

    @property
    def parameters(self) -> Mapping[str, str]:
        """The weight of each member, and its own parameters under its name."""
        found = {"intercept": repr(self._intercept)}
        found |= {f"weight.{name}": repr(weight) for name, weight in self._weights.items()}
        for name, (_, scorer) in zip(self._weights, self._members, strict=True):
            found |= {f"{name}.{entry}": value for entry, value in scorer.parameters.items()}
        return found

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """Log-odds before the blend's own calibration."""
        del size
        found = np.full(len(matrix), self._intercept)
        for weight, (calibration, scorer) in zip(self._weights.values(), self._members, strict=True):
            found += weight * calibration.logit(scorer.margin(matrix))
        return found

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """Each member's, weighted and calibrated."""
        found = np.zeros((len(matrix), matrix.shape[1] + 1))
        found[:, -1] = self._intercept
        for weight, (calibration, scorer) in zip(self._weights.values(), self._members, strict=True):
            found += weight * calibration.slope * scorer.contributions(matrix, threads)
            found[:, -1] += weight * calibration.intercept
        return found

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """Each member's as shares of its own total, weighted: gains of unlike learners have unlike units."""
        parts = [scorer.importance(kind) for _, scorer in self._members]
        shares = [part / part.sum() if part.sum() > 0 else part for part in parts]
        weighted = [weight * share for weight, share in zip(self._weights.values(), shares, strict=True)]
        return np.asarray(np.sum(weighted, axis=0), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Weights and calibrations as JSON, each member in a folder of its own."""
        stored = [
            {"name": name, "weight": weight, "slope": calibration.slope, "intercept": calibration.intercept}
            for (name, weight), (calibration, _) in zip(self._weights.items(), self._members, strict=True)
        ]
        artefact.write(folder / MEMBERS, {"intercept": self._intercept, "members": stored})
        for name, (_, scorer) in zip(self._weights, self._members, strict=True):
            save_scorer(scorer, folder / name)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where a file is not what was stored."""
        stored = artefact.read(folder / MEMBERS)
        try:
            intercept, members = float(stored["intercept"]), stored["members"]
            weights = {str(entry["name"]): float(entry["weight"]) for entry in members}
            calibrations = [Platt(float(entry["slope"]), float(entry["intercept"])) for entry in members]
        except (KeyError, TypeError, ValueError):
            raise ArtefactError(folder / MEMBERS, "it is not a blend") from None
        forms = [load_scorer(folder / name) for name in weights]
        return cls(intercept, weights, list(zip(calibrations, forms, strict=True)))


def blended(members: Sequence[Member], target: Matrix, held: Sequence[Places]) -> tuple[Held, Blend]:
    """Weigh members by what their out-of-fold log-odds are worth together; a fold's own rows never weigh for it."""
    logits = np.column_stack([member.calibration.logit(member.margin) for member in members])
    margin = np.empty(len(target))
    for out in held:
        inside = np.setdiff1d(np.arange(len(target)), out)
        shift, shares = _weights(logits[inside], target[inside])
        margin[out] = shift + (logits[out] * shares).sum(axis=1)
    intercept, found = _weights(logits, target)
    weights = dict(zip((member.name for member in members), found.tolist(), strict=True))
    form = Blend(intercept, weights, [(member.calibration, member.scorer) for member in members])
    return Held(None, margin, sigmoid(margin), (len(members),) * len(held)), form


def _weights(logits: Matrix, target: Matrix) -> tuple[float, Matrix]:
    """An intercept, and weights of at least 0, with the least log loss.

    Stacking: Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1.
    """
    from scipy.optimize import minimize

    def loss(x: Matrix) -> tuple[float, Matrix]:
        odds = (logits * x[1:]).sum(axis=1) + x[0]
        slack = sigmoid(odds) - target
        value = float(np.sum(np.logaddexp(0.0, odds) - target * odds)) / len(target)
        slopes = np.append(slack.sum(), (logits * slack[:, None]).sum(axis=0)) / len(target)
        return value, slopes

    count = logits.shape[1]
    bounds = [(None, None), *([(0.0, None)] * count)]
    found = minimize(loss, np.append(0.0, np.full(count, 1.0 / count)), jac=True, bounds=bounds, method="L-BFGS-B")
    weights: Matrix = np.asarray(found.x[1:], dtype=np.float64)
    # All at 0 would say that no member knows anything: then they are equals.
    return (float(found.x[0]), weights) if weights.any() else (0.0, np.full(count, 1.0 / count))
