"""XGBoost's trees as they decide: its own UBJSON format, one thread, the same numbers every time."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from aval.errors import ArtefactError
from aval.model.encoding import Matrix

MODEL: Final = "model.ubj"

PARAMETERS: Final = "parameters"
"""The attribute that keeps what XGBoost trained with: its model format alone forgets it."""

_KINDS: Final[Mapping[str, str]] = {"gain": "total_gain", "split": "weight"}


def library() -> ModuleType:
    """XGBoost, its idle threads asleep: spinning, two of them took 54 s on a busy machine for one thread's 7 s."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import xgboost

    return xgboost


class Boosted:
    """A fitted XGBoost booster. Its margin is the log-odds before calibration, or a forest's mean vote."""

    kind: ClassVar[str] = "boosted"
    parts: ClassVar[str] = "trees"

    def __init__(self, raw: bytes) -> None:
        """From UBJSON. Raises ArtefactError where it is not a whole model with its parameters."""
        xgboost = library()
        # XGBoost stops the whole process on an empty text, so the frame is looked at first.
        if not (raw.startswith(b"{L") and b"learner" in raw[:20] and raw.endswith(b"}")):
            raise ArtefactError(MODEL, "it is not a whole XGBoost model")
        self.raw = raw
        self._booster = xgboost.Booster()
        try:
            self._booster.load_model(bytearray(raw))
            self._parameters: dict[str, str] = json.loads(self._booster.attr(PARAMETERS) or "")
        except (xgboost.core.XGBoostError, ValueError):
            raise ArtefactError(MODEL, "it is not a whole XGBoost model") from None
        # On one thread a row costs a tenth of what it costs when threads must first be woken.
        self._booster.set_param({"nthread": 1, "device": "cpu"})
        self._forest = int(self._parameters.get("num_parallel_tree", "1"))
        self._types = self._booster.feature_types

    @property
    def link(self) -> str:
        """A booster's margin is its own log-odds, a forest's vote its own probability."""
        return "logit" if self._parameters.get("objective") == "binary:logistic" else "identity"

    @property
    def size(self) -> int:
        """Number of trees."""
        return int(self._booster.num_boosted_rounds()) * self._forest

    @property
    def parameters(self) -> dict[str, str]:
        """What XGBoost trained with, as its saved configuration had it."""
        return dict(self._parameters)

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """Log-odds before calibration, shape (n,), from all trees or the first few."""
        if not len(matrix):
            return np.empty(0)
        last = 0 if size is None else -(-size // self._forest)
        found = self._booster.inplace_predict(matrix, iteration_range=(0, last), predict_type="margin")
        return np.asarray(found, dtype=np.float64)

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """Shapley values (TreeSHAP) and the bias, shape (n, k + 1), adding up to the margin.

        XGBoost adds them up in single precision; what that loses (some millionths) is counted into the bias.
        """
        if not len(matrix):
            return np.empty((0, int(self._booster.num_features()) + 1))
        rows = library().DMatrix(matrix, feature_types=self._types, enable_categorical=True, nthread=1)
        self._booster.set_param({"nthread": threads})
        try:
            found = np.asarray(self._booster.predict(rows, pred_contribs=True), dtype=np.float64)
        finally:
            self._booster.set_param({"nthread": 1})
        found[:, -1] = self.margin(matrix) - found[:, :-1].sum(axis=1)
        return found

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """Total `gain`, or number of `split`s, of each feature."""
        stated: Any = self._booster.get_score(importance_type=_KINDS[kind])
        found = np.zeros(int(self._booster.num_features()))
        for name, value in stated.items():
            found[int(name.removeprefix("f"))] = value
        return found

    def save(self, folder: Path) -> None:
        """XGBoost's UBJSON, as it is."""
        (folder / MODEL).write_bytes(self.raw)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where the file is missing or not a whole model."""
        try:
            return cls((folder / MODEL).read_bytes())
        except OSError:
            raise ArtefactError(folder / MODEL, "it cannot be read") from None


def stored(booster: Any) -> bytes:
    """A trained booster as UBJSON, what it was trained with inside."""
    booster.set_attr(**{PARAMETERS: json.dumps(_flat(json.loads(booster.save_config())), sort_keys=True)})
    return bytes(booster.save_raw("ubj"))


def _flat(config: Mapping[str, Any]) -> dict[str, str]:
    """The settings of XGBoost's saved configuration, without its sections; version and objective by name."""
    found: dict[str, str] = {"version": ".".join(str(part) for part in config["version"])}

    def walk(section: Mapping[str, Any]) -> None:
        for name, value in section.items():
            if isinstance(value, Mapping):
                walk(value)
            elif isinstance(value, str) and name != "name":
                found[name] = value

    walk(config)
    return found
