"""Whether the model treats groups of applicants alike: approvals, errors and calibration of each.

The groups are looked at, never decided with: sex, age band and family status are no inputs of the
default plan. Every share comes with Wilson's 95 % interval (1927, doi:10.1080/01621459.1927.10502953).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aval.errors import PlanError
from aval.model.interval import Interval, wilson
from aval.model.ranking import labelled

FEWEST: Final = 30
"""A group of fewer rows is shown, marked, and left out of the comparisons."""

FOUR_FIFTHS: Final = 0.8
"""A group approved less than 4/5 as often as another is evidence of adverse impact (29 CFR 1607.4(D))."""

UNKNOWN: Final = "unknown"

_DAYS_A_YEAR: Final = 365.25
_BANDS: Final = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"), (65, "55-64"))


@dataclass(frozen=True, slots=True)
class Group:
    """One group's figures; None where nobody could have been counted."""

    name: str
    rows: int
    defaults: int
    too_small: bool
    default_rate: Interval
    mean_probability: float
    approval_rate: Interval
    false_positive_rate: Interval | None
    """Good payers refused, of all good payers."""
    false_negative_rate: Interval | None
    """Defaulters accepted, of all defaulters."""
    calibration_ratio: Interval | None
    """Defaults observed over defaults predicted: above 1, the group's risk is underestimated."""


@dataclass(frozen=True, slots=True)
class Disparity:
    """The two groups that lie furthest apart in one measure, among those with enough rows to count it on."""

    measure: str
    """`approval_rate`, `false_positive_rate`, `false_negative_rate` or `calibration_ratio`."""
    lowest: str
    highest: str
    difference: float
    ratio: float | None
    """Lowest over highest; None when the highest is 0."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One way of grouping applicants."""

    name: str
    groups: tuple[Group, ...]
    disparities: tuple[Disparity, ...]

    @property
    def four_fifths(self) -> bool | None:
        """Whether the four-fifths rule on approvals holds; None with fewer than two groups to compare."""
        for disparity in self.disparities:
            if disparity.measure == "approval_rate":
                return disparity.ratio is None or disparity.ratio >= FOUR_FIFTHS
        return None


@dataclass(frozen=True, slots=True)
class Fairness:
    """All attributes at one cut-off; at or above it an applicant is refused."""

    cutoff: float
    attributes: tuple[Attribute, ...]

    def metrics(self) -> dict[str, float]:
        """Each disparity's ratio by flat name (`fairness_sex_approval_rate_ratio`), for tracking."""
        return {
            f"fairness_{attribute.name}_{disparity.measure}_ratio": disparity.ratio
            for attribute in self.attributes
            for disparity in attribute.disparities
            if disparity.ratio is not None
        }

    def to_json(self) -> str:
        """Everything, every float to the last bit."""
        return json.dumps(asdict(self), allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Fairness":
        """What `to_json` wrote, equal in every field."""
        from pydantic import TypeAdapter

        return TypeAdapter(cls).validate_json(text)


def age_band(days: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Ten-year age bands from DAYS_BIRTH (days before the application, so negative); missing is "unknown"."""
    given = np.asarray(days, dtype=np.float64)
    years = np.floor(-given / _DAYS_A_YEAR)
    limits = [limit for limit, _ in _BANDS]
    names = np.array([name for _, name in _BANDS] + ["65+"])
    bands: npt.NDArray[np.str_] = names[np.searchsorted(limits, np.nan_to_num(years), side="right")]
    return np.where(np.isnan(years), UNKNOWN, bands)


def fairness(
    target: npt.ArrayLike,
    probability: npt.ArrayLike,
    groups: Mapping[str, npt.ArrayLike],
    cutoff: float,
    *,
    fewest: int = FEWEST,
) -> Fairness:
    """Judge the verdicts at `cutoff` group by group.

    Args:
        target: 1 = defaulted, 0 = paid.
        probability: of default.
        groups: attribute name -> each applicant's group; None and NaN count as "unknown".
        cutoff: refuse at or above it.
        fewest: rows below which a group is marked too small to compare.

    Raises:
        PlanError: an attribute with another number of rows, or no usable targets and probabilities.
    """
    bad, p = labelled(target, probability, both=False)
    attributes = []
    for name, given in groups.items():
        members = np.array([UNKNOWN if g is None or g != g else str(g) for g in np.asarray(given, dtype=object)])
        if members.shape != bad.shape:
            raise PlanError("fairness", f"{name} has another number of rows than the targets", "pass one group per row")
        found = tuple(
            _group(str(group), bad[members == group], p[members == group], cutoff, fewest)
            for group in np.unique(members)
        )
        attributes.append(Attribute(name, found, _disparities(found, fewest)))
    return Fairness(float(cutoff), tuple(attributes))


def _group(name: str, bad: npt.NDArray[np.bool_], p: npt.NDArray[np.float64], cutoff: float, fewest: int) -> Group:
    refused = p >= cutoff
    defaults, rows, expected = int(bad.sum()), len(bad), float(p.mean())
    observed = wilson(defaults, rows)
    approved = wilson(int((~refused).sum()), rows)
    assert observed is not None
    assert approved is not None
    ratio = None
    if expected > 0.0:
        # The predictions are given, so only the observed share is uncertain.
        ratio = Interval(observed.value / expected, observed.low / expected, observed.high / expected)
    return Group(
        name=name,
        rows=rows,
        defaults=defaults,
        too_small=rows < fewest,
        default_rate=observed,
        mean_probability=expected,
        approval_rate=approved,
        false_positive_rate=wilson(int((~bad & refused).sum()), rows - defaults),
        false_negative_rate=wilson(int((bad & ~refused).sum()), defaults),
        calibration_ratio=ratio,
    )


def _disparities(groups: tuple[Group, ...], fewest: int) -> tuple[Disparity, ...]:
    """An error rate also needs `fewest` payers, or defaulters, to be compared."""
    known = [group for group in groups if group.name != UNKNOWN]
    counted: dict[str, dict[str, tuple[Interval | None, int]]] = {
        "approval_rate": {g.name: (g.approval_rate, g.rows) for g in known},
        "false_positive_rate": {g.name: (g.false_positive_rate, g.rows - g.defaults) for g in known},
        "false_negative_rate": {g.name: (g.false_negative_rate, g.defaults) for g in known},
        "calibration_ratio": {g.name: (g.calibration_ratio, g.rows) for g in known},
    }
    found = []
    for measure, figures in counted.items():
        values = {name: figure.value for name, (figure, rows) in figures.items() if figure and rows >= fewest}
        if len(values) < 2:
            continue
        lowest, highest = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
        least, most = values[lowest], values[highest]
        found.append(Disparity(measure, lowest, highest, most - least, least / most if most > 0.0 else None))
    return tuple(found)
