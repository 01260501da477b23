"""Where a plan is trained: on the processor, or on an NVIDIA card that is there and that the libraries were built for.

Only training goes there. What it leaves behind is stored as any other model and decides on the processor.
"""

import ctypes
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final

from aval.errors import OptionError
from aval.model import boosted
from aval.model.trees import library

DEVICES: Final = ("cpu", "cuda")


def ready(device: str, learners: Iterable[str]) -> None:
    """Before a row is read: can these learners train there? Those that always use the processor are not asked.

    Raises:
        OptionError: no such device, no card, or a library that was not built for one.
    """
    if device not in DEVICES:
        raise OptionError("--device", f"is {device!r}; write {' or '.join(DEVICES)}")
    if device == "cpu":
        return
    if not cards():
        raise OptionError("--device", "asks for an NVIDIA card, which this machine does not have; leave it out")
    for name in dict.fromkeys(learners):
        title, built = _BUILT.get(name, ("", lambda: True))
        if not built():
            rule = f"asks for {title} on an NVIDIA card, which the installed one was not built for"
            raise OptionError("--device", f"{rule}; install locks/gpu.txt or leave it out")


@cache
def cards() -> int:
    """How many cards the NVIDIA driver shows; 0 where there is no driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    # Both return 0 for success.
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return 0
    return count.value


@cache
def lightgbm_device() -> str | None:
    """LightGBM's own name of a device it can train on: `cuda` where it was compiled for it, else `gpu` (OpenCL).

    It does not tell how it was built, so a few rows are tried; the packages of the index know OpenCL alone.
    """
    import numpy as np

    lightgbm = library()
    matrix = np.arange(200.0)[:, None]
    for name in ("cuda", "gpu"):
        settings = {"objective": "binary", "device_type": name, "verbosity": -1, "num_leaves": 2}
        try:
            lightgbm.train(settings, lightgbm.Dataset(matrix, matrix[:, 0] > 99.0, params=settings), 1)
        except lightgbm.basic.LightGBMError:
            continue
        return name
    return None


def _xgboost() -> bool:
    return bool(boosted.library().build_info().get("USE_CUDA"))


_BUILT: Final[Mapping[str, tuple[str, Callable[[], bool]]]] = {
    "lightgbm": ("LightGBM", lambda: lightgbm_device() is not None),
    "xgboost": ("XGBoost", _xgboost),
    "forest": ("a forest (XGBoost's)", _xgboost),
}
"""Learner -> how it is called, and whether the installed library was built for a card."""
