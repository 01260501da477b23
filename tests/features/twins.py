"""Features that rank applicants alike: the same in other words."""

import numpy as np
import polars as pl

LIMIT = 0.999
LEAST = 100
"""Fewer applicants than this whom both features know prove nothing."""


def twins(frame: pl.DataFrame, names: list[str]) -> list[tuple[str, str, float]]:
    """Pairs whose Spearman correlation passes LIMIT, either way, over the applicants both are known of."""
    values = np.column_stack([frame[name].to_numpy() for name in names])
    known = ~np.isnan(values)
    ranks = np.zeros_like(values)
    for place in range(len(names)):
        some = known[:, place]
        if some.any():
            own = _ranks(values[some, place])
            ranks[some, place] = (own - own.mean()) / max(own.max(), 1.0)
    both = known.astype(float)
    count = both.T @ both
    first = ranks.T @ both
    spread = (ranks**2).T @ both - first**2 / np.maximum(count, 1)
    product = ranks.T @ ranks - first * first.T / np.maximum(count, 1)
    scale = np.sqrt(np.maximum(spread * spread.T, 0))
    rough = np.divide(product, scale, out=np.zeros_like(product), where=scale > 1e-9)
    # Ranks over all an applicant's features are a little off on the common ones: look closely at what comes near.
    near = np.argwhere(np.triu((np.abs(rough) > LIMIT - 0.02) & (count >= LEAST), 1))
    found = []
    for left, right in near:
        some = known[:, left] & known[:, right]
        one, other = _ranks(values[some, left]), _ranks(values[some, right])
        if one.std() and other.std():
            exact = float(np.corrcoef(one, other)[0, 1])
            if abs(exact) > LIMIT:
                found.append((names[left], names[right], exact))
    return found


def _ranks(values: np.ndarray) -> np.ndarray:
    """Average ranks."""
    return pl.Series(values).rank("average").to_numpy()
