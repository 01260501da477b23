"""Weight of evidence: columns cut into bins whose default rate rises or falls all the way."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aval.model.candidates import Rows
from aval.model.scorecard import Characteristic

Counts = npt.NDArray[np.float64]

QUICK: Final = 20
"""Bins of equal size that columns are first ranked by."""

_LOOKED_AT: Final = 20_000
"""Rows that say where those bins end."""

PRIOR: Final = 50.0
"""Applicants of average risk added to what may be rare (a missing value, a level), so that few say little."""


RARE: Final = 200
"""Levels with fewer applicants are one level."""


def evidence(rows: Counts, bad: Counts, prior: float = 0.0) -> Counts:
    """Weight of evidence of bins: log(share of all payers / share of all defaulters), 0 for an empty one."""
    share = bad.sum() / rows.sum()
    payers, defaulters = (rows - bad) + prior * (1.0 - share), bad + prior * share
    # Half a row keeps a bin without one of the two finite; optimal bins have both.
    odds: Counts = np.log(np.maximum(payers, 0.5) / (rows - bad).sum()) - np.log(
        np.maximum(defaulters, 0.5) / bad.sum()
    )
    return np.where(rows > 0.0, odds, 0.0)


def information(rows: Counts, bad: Counts, woe: Counts) -> float:
    """Information value: what the weights of evidence tell payers and defaulters apart by."""
    return float(np.sum(((rows - bad) / (rows - bad).sum() - bad / bad.sum()) * woe))


def ranked(rows: Rows, most: int, cap: float, least: float) -> list[int]:
    """At most `most` columns by information value in quick bins, none correlated above `cap` with one before it."""
    found = []
    for place in range(rows.matrix.shape[1]):
        bins, count = _quick(rows, place)
        inside, bad = _counts(bins, rows.target, count)
        woe = evidence(inside, bad, PRIOR)
        value = information(inside, bad, woe)
        if value >= least:
            found.append((value, place, woe))
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    apart = Apart(cap)
    for _, place, woe in found:
        if len(apart) == most:
            break
        apart.add(place, woe[_quick(rows, place)[0]])
    return apart.places


class Apart:
    """Columns of weights of evidence, of which no two are correlated above a cap."""

    def __init__(self, cap: float) -> None:
        self.places: list[int] = []
        self._cap = cap
        self._kept: list[Counts] = []

    def __len__(self) -> int:
        return len(self.places)

    def add(self, place: int, column: Counts) -> bool:
        """Keep the column unless it says what one says already, or nothing."""
        unit = column - column.mean()
        length = math.sqrt(float(np.sum(unit * unit)))
        if not length > 0.0:
            return False
        unit /= length
        if any(abs(float(np.sum(unit * other))) > self._cap for other in self._kept):
            return False
        self.places.append(place)
        self._kept.append(unit)
        return True


def characteristic(rows: Rows, place: int, settings: Mapping[str, Any]) -> Characteristic | None:
    """Optimal bins of one column (optbinning); None where it has no two.

    Args:
        rows: encoded training rows.
        place: which column.
        settings: `max_n_bins` and `min_bin_size`, the latter as a share of all rows.
    """
    column, target = rows.matrix[:, place], rows.target
    name = rows.encoding.features[place]
    levels = tuple(rows.encoding.levels.get(name, ()))
    known = ~np.isnan(column)
    values = column[known].astype(np.float64)
    ranks = np.empty(0, dtype=np.intp)
    if levels:
        # A category is cut like a number: along its levels, from the riskiest to the safest. Rare ones stay
        # together: sorted by what a handful did, eighty levels of pure chance would tell much in training.
        inside, bad = _counts(values.astype(np.intp), target[known], len(levels))
        rare = inside < RARE
        inside[rare], bad[rare] = inside[rare].sum(), bad[rare].sum()
        ranks = np.unique(evidence(inside, bad, PRIOR), return_inverse=True)[1]
        values = ranks[values.astype(np.intp)].astype(np.float64)
    splits = _splits(values, target[known], len(column), settings, "descending" if levels else "auto_asc_desc")
    if not splits:
        return None
    cuts = () if levels else tuple(_round(values, split) for split in splits)
    last = len(splits) + 1
    groups = tuple(np.searchsorted(splits, ranks, side="right").tolist()) if levels else ()
    typical = rows.encoding.typical.get(name)
    missing = last if typical is None else int(np.searchsorted(cuts, np.float32(typical), side="right"))
    made = Characteristic(name, place, cuts, levels, groups, missing, (), (), (), 0.0)
    inside, bad = _counts(made.bins(rows.matrix), target, max(last, missing + 1))
    # What is missing may be rare; all other bins hold enough rows to speak for themselves.
    woe = evidence(inside, bad)
    woe[last:] = evidence(inside, bad, PRIOR)[last:]
    value = information(inside, bad, woe)
    return replace(made, rows=_whole(inside), bad=_whole(bad), woe=tuple(woe.tolist()), value=value)


def _splits(values: Counts, target: Counts, everyone: int, settings: Mapping[str, Any], trend: str) -> list[float]:
    """Where optbinning cuts, rising; empty where it finds no two bins."""
    from optbinning import OptimalBinning

    share = float(settings["min_bin_size"]) * everyone / max(len(values), 1)
    if not share < 0.5 or len(np.unique(target)) < 2:
        return []
    binning = OptimalBinning(
        max_n_prebins=QUICK,
        min_prebin_size=share,
        max_n_bins=int(settings["max_n_bins"]),
        monotonic_trend=trend,
        random_state=0,
    )
    binning.fit(values, target.astype(np.intp), check_input=False)
    return [float(split) for split in binning.splits]


def _round(values: Counts, split: float) -> float:
    """The number with the fewest digits that cuts these values where `split` does, in single precision."""
    below, above = float(values[values < split].max()), float(values[values >= split].min())
    middle = below + (above - below) / 2.0
    for digits in range(1, 9):
        tried = float(np.float32(f"{middle:.{digits}g}"))
        # 0 has no neighbours of its own size: comparing with it in two precisions would read oddly.
        if below < tried <= above and tried != 0.0:
            return tried
    return above


def _quick(rows: Rows, place: int) -> tuple[npt.NDArray[np.intp], int]:
    """Bins of about equal size, levels as they are, missing last; and how many."""
    column = rows.matrix[:, place]
    gaps = np.isnan(column)
    levels = rows.encoding.levels.get(rows.encoding.features[place])
    if levels is not None:
        return np.where(gaps, len(levels), column).astype(np.intp), len(levels) + 1
    seen = column[:: max(1, len(column) // _LOOKED_AT)]
    seen = np.sort(seen[~np.isnan(seen)])
    edges = np.unique(seen[(np.arange(1, QUICK) * len(seen)) // QUICK]) if len(seen) else seen
    return np.where(gaps, len(edges) + 1, np.searchsorted(edges, column, side="right")), len(edges) + 2


def _counts(bins: npt.NDArray[np.intp], target: Counts, count: int) -> tuple[Counts, Counts]:
    inside, bad = np.bincount(bins, minlength=count), np.bincount(bins, weights=target, minlength=count)
    return inside.astype(np.float64), bad.astype(np.float64)


def _whole(counts: Counts) -> tuple[int, ...]:
    return tuple(int(count) for count in counts)


def order(found: Sequence[Characteristic]) -> list[Characteristic]:
    """The most telling first."""
    return sorted(found, key=lambda one: (-one.value, one.feature))
