"""Rows drawn anew so that defaulters weigh more, with imbalanced-learn: on training rows only, inside every fold."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from aval.errors import PlanError
from aval.model.candidates import Rows, nearest

_WAYS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "smote": ("SMOTE", ("sampling_strategy", "k_neighbors")),
    "over": ("RandomOverSampler", ("sampling_strategy",)),
    "under": ("RandomUnderSampler", ("sampling_strategy",)),
}
"""Way -> imbalanced-learn's class and the settings a plan may state under its own names."""


def check(stated: Mapping[str, Any], plan: str | Path, name: str) -> None:
    """Raises PlanError: names the entry that is not known or impossible."""
    way = str(stated.get("method"))
    if way not in _WAYS:
        raise PlanError(plan, f"{name}: resampling.method is {way!r}", f"use {', '.join(_WAYS)}")
    known = ("method", *_WAYS[way][1])
    for entry in stated:
        if entry not in known:
            raise PlanError(plan, f"{name}: {way} has no setting {entry!r}", nearest(entry, known))
    share = stated.get("sampling_strategy", 1.0)
    if isinstance(share, bool) or not isinstance(share, float | int) or not 0.0 < share <= 1.0:
        what = f"{name}: resampling.sampling_strategy does not lie above 0 and up to 1"
        raise PlanError(plan, what, "state the wanted number of defaulters per payer, such as 0.5")


def resample(stated: Mapping[str, Any], rows: Rows, seed: int, plan: str | Path, name: str) -> Rows:
    """Dense rows, resampled.

    SMOTE: Chawla et al. 2002, doi:10.1613/jair.953.

    Raises:
        PlanError: imbalanced-learn refuses, for instance because there are more defaulters than asked for already.
    """
    import imblearn.over_sampling
    import imblearn.under_sampling

    settings = {entry: value for entry, value in stated.items() if entry != "method"}
    named = _WAYS[stated["method"]][0]
    made = getattr(imblearn.over_sampling, named, None) or getattr(imblearn.under_sampling, named)
    try:
        matrix, target = made(random_state=seed, **settings).fit_resample(rows.matrix, rows.target)
    except ValueError as problem:
        said = str(problem).splitlines()[0].rstrip(".")
        raise PlanError(
            plan, f"{name}: imbalanced-learn refuses it ({said})", "correct [candidates.resampling]"
        ) from None
    return Rows(np.ascontiguousarray(matrix, dtype=np.float32), np.asarray(target, dtype=np.float64), rows.encoding)
