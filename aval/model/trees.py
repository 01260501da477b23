"""Boosted trees as they decide: LightGBM's own text format, one thread, the same numbers every time."""

import ctypes
import os
import weakref
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from aval.errors import ArtefactError
from aval.model.encoding import Matrix

BOOSTER: Final = "booster.txt"

ROWS_AT_ONCE: Final = 10_000
"""A block of rows explained at once: contributions take one double per row and feature."""


def library() -> ModuleType:
    """LightGBM, its idle threads asleep.

    By default they spin while they wait for each other: on a machine that does anything else, two threads
    then took 57 s for what takes one thread 4 s and two sleeping ones 3 s.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import lightgbm

    return lightgbm


class Trees:
    """A fitted booster. Its margin is the log-odds before calibration."""

    kind: ClassVar[str] = "trees"
    parts: ClassVar[str] = "trees"
    link: ClassVar[str] = "logit"

    def __init__(self, text: str) -> None:
        """From LightGBM's text format. Raises ArtefactError where it is not one."""
        lightgbm = library()
        # LightGBM stops the whole process on some damaged texts, so the frame is looked at first.
        if not text.startswith("tree\n") or "\nend of trees" not in text:
            raise ArtefactError(BOOSTER, "it is not a whole LightGBM model")
        self.text = text
        try:
            self._booster = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError:
            raise ArtefactError(BOOSTER, "it is not a LightGBM model") from None
        self._columns = int(self._booster.num_feature())

    @property
    def size(self) -> int:
        """Number of trees."""
        return int(self._booster.num_trees())

    @property
    def parameters(self) -> dict[str, str]:
        """What LightGBM trained with, as it wrote it down itself."""
        return parameters(self.text)

    def margin(self, matrix: Matrix, size: int | None = None) -> Matrix:
        """Log-odds before calibration, shape (n,), from all trees or the first few."""
        if not len(matrix):
            return np.empty(0)
        if len(matrix) == 1 and not size:
            return self._margin_of_one(matrix).ravel()
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=1, num_iteration=size or -1))

    def contributions(self, matrix: Matrix, threads: int = 1) -> Matrix:
        """Exact Shapley values (TreeSHAP) and the bias, shape (n, k + 1), adding up to the margin.

        Rows are explained one by one, so the number of threads changes no digit.
        """
        if len(matrix) == 1:
            return self._contributions_of_one(matrix)
        found = np.empty((len(matrix), self._columns + 1))
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            block = matrix[start : start + ROWS_AT_ONCE]
            found[start : start + ROWS_AT_ONCE] = self._booster.predict(block, pred_contrib=True, num_threads=threads)
        return found

    @cached_property
    def _margin_of_one(self) -> "_One":
        return _One(self._booster, _MARGIN, self._columns, 1)

    @cached_property
    def _contributions_of_one(self) -> "_One":
        return _One(self._booster, _CONTRIBUTIONS, self._columns, self._columns + 1)

    def importance(self, kind: str) -> npt.NDArray[np.float64]:
        """Total `gain`, or number of `split`s, of each feature."""
        found: Any = self._booster.feature_importance(importance_type=kind)
        return np.asarray(found, dtype=np.float64)

    def save(self, folder: Path) -> None:
        """LightGBM's text, as it is."""
        (folder / BOOSTER).write_text(self.text, "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where the text is missing or not a whole model."""
        try:
            return cls((folder / BOOSTER).read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            raise ArtefactError(folder / BOOSTER, "it cannot be read as LightGBM's text") from None


_MARGIN: Final = 1
_CONTRIBUTIONS: Final = 3
_DOUBLE: Final = 1
"""LightGBM's own numbers, from its `c_api.h`."""


class _One:
    """A single row through LightGBM's entry for single rows, which reads its settings once: the same bits, half a
    millisecond sooner. Threads may share it; LightGBM lets in one at a time.
    """

    def __init__(self, booster: Any, what: int, columns: int, width: int) -> None:
        """`what` to work out of rows of `columns` numbers, which gives `width` numbers."""
        basic = library().basic
        self._library, self._check = basic._LIB, basic._safe_call
        self._booster, self._columns, self._width = booster, columns, width  # the handle lives no longer than these
        self._handle = ctypes.c_void_p()
        place = (ctypes.c_int(what), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(_DOUBLE), ctypes.c_int32(columns))
        self._check(
            self._library.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle, *place, ctypes.c_char_p(b"num_threads=1"), ctypes.byref(self._handle)
            )
        )
        weakref.finalize(self, self._library.LGBM_FastConfigFree, self._handle)

    def __call__(self, matrix: Matrix) -> Matrix:
        """Shape (1, k) gives shape (1, width). Raises ValueError for another width than the model's."""
        row = np.ascontiguousarray(matrix, dtype=np.float64)
        if row.shape != (1, self._columns):  # LightGBM would read on in whatever lies behind
            raise ValueError(f"a row of {row.shape[-1]} numbers for a model of {self._columns}")
        found, length = np.empty((1, self._width)), ctypes.c_int64()
        self._check(
            self._library.LGBM_BoosterPredictForMatSingleRowFast(
                self._handle,
                ctypes.c_void_p(row.ctypes.data),
                ctypes.byref(length),
                ctypes.cast(found.ctypes.data, ctypes.POINTER(ctypes.c_double)),
            )
        )
        return found


def parameters(text: str) -> dict[str, str]:
    """The parameters section of LightGBM's text format."""
    section = text.partition("\nparameters:")[2].partition("\nend of parameters")[0]
    pairs = (line.strip("[]").partition(": ") for line in section.splitlines() if line.startswith("["))
    return {name: value for name, _, value in pairs}
