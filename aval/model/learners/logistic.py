"""Logistic regression on a dense, scaled design matrix; principal components are folded into its coefficients."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from aval.errors import PlanError
from aval.model.candidates import Candidate, Fit, Rows, known_only
from aval.model.linear import Linear

_OPEN: Final = ("C", "class_weight", "max_iter", "tol", "pca")
"""scikit-learn's own names, and `pca`: the share of variance whose principal components are kept."""


def check(candidate: Candidate, plan: str | Path) -> None:
    """Raises PlanError for a setting it does not know by exactly this name, or a share outside 0 to 1."""
    known_only(candidate, _OPEN, "logistic regression", plan)
    share = candidate.parameters.get("pca", 0.99)
    if isinstance(share, bool) or not isinstance(share, float) or not 0.0 < share < 1.0:
        raise PlanError(plan, f"{candidate.name}: pca is not a share of variance", "state 0.99, or leave it out")
    if candidate.parameters.get("class_weight", "balanced") != "balanced":
        raise PlanError(plan, f"{candidate.name}: class_weight is not 'balanced'", "state 'balanced', or leave it out")


def most(candidate: Candidate) -> int:
    """One step: it does not grow."""
    del candidate
    return 1


def fit(
    candidate: Candidate,
    rows: Rows,
    held: Rows | None = None,
    *,
    size: int | None = None,
    seed: int = 0,
    threads: int = 2,
    device: str = "cpu",
    advance: Callable[[int], None] | None = None,
    plan: str | Path = "plan",
) -> Fit:
    """Maximum likelihood with an L2 penalty (lbfgs).

    Raises:
        PlanError: gaps or categories are left in the rows, or it does not converge.
    """
    from sklearn.decomposition import PCA
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    del held, size, threads, device
    if rows.categories or np.isnan(rows.matrix).any():
        raise PlanError(plan, f"{candidate.name}: it needs a dense matrix", "state [candidates.design]")
    settings: dict[str, Any] = dict(candidate.parameters)
    share = settings.pop("pca", None)
    matrix = rows.matrix.astype(np.float64)
    # One thread: the linear algebra libraries add in another order with more of them.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        axes = None if share is None else PCA(share, svd_solver="covariance_eigh").fit(matrix)
        model = LogisticRegression(random_state=seed, **settings)
        try:
            model.fit(matrix if axes is None else axes.transform(matrix), rows.target)
        except ConvergenceWarning:
            steps = model.max_iter
            raise PlanError(
                plan, f"{candidate.name}: no convergence in {steps} steps", "scale, or raise max_iter"
            ) from None
        except ValueError as problem:
            said = str(problem).splitlines()[0]
            raise PlanError(plan, f"{candidate.name}: scikit-learn refuses it ({said})", "correct it") from None
        weights, intercept = model.coef_[0], float(model.intercept_[0])
        if axes is not None:
            # What was learned of components is linear in the columns: no projection is needed to decide.
            weights = weights @ axes.components_
            intercept -= float(np.sum(axes.mean_ * weights))
    if advance is not None:
        advance(1)
    used = {name: str(model.get_params()[name]) for name in ("C", "class_weight", "max_iter", "tol")}
    if axes is not None:
        used |= {"pca": str(share), "components": str(axes.n_components_)}
    return Fit(Linear(weights, intercept, matrix.mean(axis=0), used), np.empty(0))
