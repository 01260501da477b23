"""What decides: encoded features, trees, calibration, and nothing that is not stored with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.tables import TARGET
from aval.errors import ArtefactError, FeatureError, PlanError
from aval.features.feature import Feature, FeatureSet
from aval.model import artefact
from aval.model.calibration import Platt
from aval.model.encoding import Encoding, Matrix
from aval.model.evaluation import Evaluation
from aval.model.fairness import Fairness
from aval.model.scorer import Scorer, load_scorer, own_probability, save_scorer
from aval.model.split import Ids, split

if TYPE_CHECKING:
    from aval.data.warehouse import Warehouse

CALIBRATION: Final = "calibration.json"
LEVELS: Final = "levels.json"
FEATURES: Final = "features.json"
CONTRAST: Final = "explanation.json"
EVALUATION: Final = "evaluation.json"
FAIRNESS: Final = "fairness.json"
IMPORTANCE: Final = "importance.json"
PROFILE: Final = "profile.json"
REFERENCE: Final = "reference.parquet"
GOLDEN: Final = "golden.parquet"
LEARNED: Final = "learned.parquet"
"""Keyed hashes of the identifiers it learned from, so that no gate takes one of them for untouched."""
PREDICTIONS: Final = "predictions.parquet"
"""Outcome and probability of each row of the test part, in the order of its identifiers, which are not kept."""


def hashed(ids: Ids, key: str) -> npt.NDArray[np.uint64]:
    """Identifiers as 64 bits of a keyed hash."""
    digests = (blake2b(str(one).encode(), digest_size=8, key=key.encode()[:64]).digest() for one in ids.tolist())
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Used:
    """A feature as the model knows it: how it is explained is fixed on the day of training, like the rest."""

    name: str
    kind: str
    theme: str
    reason: str | None
    protected: tuple[str, ...]

    @classmethod
    def of(cls, feature: Feature) -> "Used":
        return cls(feature.name, feature.kind, feature.theme.value, feature.reason, tuple(sorted(feature.protected)))


@dataclass(frozen=True)
class Model:
    """A calibrated probability of default from one row of features; the same alone and in any batch."""

    used: tuple[Used, ...]
    digest: str
    """Of the feature set it was trained on; it accepts no other."""
    encoding: Encoding
    scorer: Scorer
    calibration: Platt
    contrast: Matrix
    """Mean contribution of each feature among approved applicants, shape (k,), in calibrated log-odds."""
    manifest: Mapping[str, Any]
    """What `manifest.json` says; empty before the model is stored."""
    folder: Path | None = None
    """Where it was loaded from."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names, in the order of the matrix's columns."""
        return self.encoding.features

    @cached_property
    def told(self) -> tuple[str | None, ...]:
        """The reason that each feature is given as; a protected one never is."""
        return tuple(None if used.protected else used.reason for used in self.used)

    @property
    def grounds(self) -> frozenset[str]:
        """Protected grounds that its features look at."""
        return frozenset().union(*(used.protected for used in self.used))

    def feature_set(self) -> FeatureSet:
        """The features to build for this model.

        Raises:
            FeatureError: this code defines one of them otherwise, or not at all.
        """
        try:
            found: FeatureSet | None = FeatureSet.named(self.features)
        except FeatureError:
            found = None  # one of them was removed since
        if found is None or found.digest != self.digest:
            raise FeatureError(
                "the definitions of features changed since the model was trained",
                "train again with this code, or decide with the code that trained it",
            )
        return found

    @cached_property
    def evaluation(self) -> Evaluation:
        """How it was judged, on rows nothing had touched, when it was trained."""
        return Evaluation.from_json(self._stored(EVALUATION).read_text("utf-8"))

    @cached_property
    def fairness(self) -> Fairness:
        """How it treats groups of the test part."""
        return Fairness.from_json(self._stored(FAIRNESS).read_text("utf-8"))

    def test_ids(self, warehouse: "Warehouse") -> Ids:
        """The labelled applications of a warehouse that a training by this model's plan keeps apart, sorted."""
        plan = self.manifest["plan"]
        return split(warehouse.labels(), warehouse.calendar(), plan["test_share"], plan["seed"]).test

    def learned(self, ids: Ids) -> npt.NDArray[np.bool_]:
        """Which of these applications it learned from, whatever has become of the tables since."""
        known = pl.read_parquet(self._stored(LEARNED))["id"].to_numpy()
        return np.isin(hashed(ids, self.manifest["test_digest"]), known)

    def reference(self, names: Sequence[str] | None = None) -> pl.DataFrame:
        """Up to 20,000 rows of features it learned from, without identifiers or outcomes; all features by default."""
        return pl.read_parquet(self._stored(REFERENCE), columns=None if names is None else list(names))

    def predictions(self) -> tuple[Matrix, Matrix]:
        """Outcome (1 = defaulted) and probability of each row of the test part, both of shape (n,)."""
        table = pl.read_parquet(self._stored(PREDICTIONS))
        return table[TARGET].to_numpy().astype(np.float64), table["probability"].to_numpy()

    def profile(self) -> dict[str, Any]:
        """What the columns of `application` and the `features` looked like in training."""
        return dict(artefact.read(self._stored(PROFILE)))

    def importance(self) -> dict[str, Any]:
        """What it leans on, as `Influence` stored it."""
        return dict(artefact.read(self._stored(IMPORTANCE)))

    def golden(self) -> pl.DataFrame:
        """Rows of features whose probabilities are stored with it."""
        return pl.read_parquet(self._stored(GOLDEN)).drop("probability")

    def reproduces(self) -> bool:
        """Whether the golden rows give, on this machine, the very probabilities they gave when it was trained."""
        rows = pl.read_parquet(self._stored(GOLDEN))
        given = self.probability(self.matrix(rows.drop("probability")))
        return bool(np.array_equal(given, rows["probability"].to_numpy()))

    def _stored(self, name: str) -> Path:
        """A file stored with the model. Raises ArtefactError when it is not there."""
        if self.folder is None or name not in self.manifest["files"]:
            raise ArtefactError(name, "the model was stored without it")
        return self.folder / name

    def matrix(self, frame: pl.DataFrame) -> Matrix:
        """Features as numbers, shape (n, k); categories as level codes, NaN for missing or unknown.

        Raises:
            FeatureError: the frame holds other columns than the model's features (SK_ID_CURR aside).
        """
        return self.encoding.matrix(frame)

    def single(self, values: Sequence[float | str | None]) -> Matrix:
        """The same for one row of the model's features, NaN or None where a value is missing; shape (1, k)."""
        return self.encoding.single(values)

    def margin(self, matrix: Matrix) -> Matrix:
        """Log-odds before calibration, shape (n,)."""
        return self.scorer.margin(self.encoding.filled(matrix))

    def probability(self, matrix: Matrix) -> Matrix:
        """Calibrated probability of default, shape (n,)."""
        return self.calibration.probability(self.margin(matrix))

    def own_probability(self, matrix: Matrix) -> Matrix:
        """What the learner itself took for the probability, before calibration; for comparison, never to decide."""
        return own_probability(self.scorer, self.margin(matrix))

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """Shapley values in calibrated log-odds, shape (n, k + 1); the last is the base, rows sum to logit(p)."""
        found = self.scorer.contributions(self.encoding.filled(matrix), threads) * self.calibration.slope
        found[:, -1] += self.calibration.intercept
        return found

    def save(self, folder: Path, facts: Mapping[str, Any] | None = None) -> None:
        """Write the model in native formats and seal the folder with everything else that lies there."""
        folder.mkdir(parents=True, exist_ok=True)
        save_scorer(self.scorer, folder)
        (folder / CALIBRATION).write_text(self.calibration.to_json() + "\n", "utf-8")
        artefact.write(folder / LEVELS, self.encoding.to_json())
        stored = [{name: getattr(used, name) for name in Used.__slots__} for used in self.used]
        artefact.write(folder / FEATURES, {"digest": self.digest, "features": stored})
        means = dict(zip(self.features, self.contrast.tolist(), strict=True))
        artefact.write(folder / CONTRAST, {"approved_mean": means})
        artefact.seal(folder, facts or {})

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """A stored model, after every file was found to be what was stored.

        Raises:
            ArtefactError: names the file that is missing, changed, too many or not readable.
        """
        manifest = artefact.verify(folder)
        form = load_scorer(folder)
        file = CALIBRATION
        try:
            calibration = Platt.from_json((folder / CALIBRATION).read_text("utf-8"))
            file = LEVELS
            encoding = Encoding.from_json(artefact.read(folder / LEVELS))
            file = FEATURES
            stored = artefact.read(folder / FEATURES)
            used = tuple(Used(**{**entry, "protected": tuple(entry["protected"])}) for entry in stored["features"])
            file = CONTRAST
            means = artefact.read(folder / CONTRAST)["approved_mean"]
            contrast = np.array([means[name] for name in encoding.features])
        except (OSError, KeyError, TypeError, ValueError, PlanError):
            raise ArtefactError(folder / file, "it is not what a model stores under that name") from None
        if tuple(one.name for one in used) != encoding.features:
            raise ArtefactError(folder / FEATURES, f"its features are not those of {LEVELS}")
        return cls(used, str(stored["digest"]), encoding, form, calibration, contrast, manifest, folder)
