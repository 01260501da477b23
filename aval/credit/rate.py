"""A default rate: so many of so many, and how sure one can be of the share."""

import math
from dataclasses import dataclass
from typing import Final

Z: Final = 1.959963984540054
"""The standard normal's 97.5 % point: 95 % lies within plus or minus Z."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The share `bad / rows` with Wilson's 95 % score interval (1927, doi:10.1080/01621459.1927.10502953).

    It keeps within 0 and 1 and stays honest near both, where the textbook interval collapses to a point.
    """

    bad: int
    rows: int
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, bad: int, rows: int) -> "Rate | None":
        """None when there are no rows."""
        if rows == 0:
            return None
        share = bad / rows
        spread = 1.0 + Z * Z / rows
        middle = (share + Z * Z / (2.0 * rows)) / spread
        half = Z / spread * math.sqrt(share * (1.0 - share) / rows + Z * Z / (4.0 * rows * rows))
        # At no hits, and at all, the formula's own end is exact; rounding must not push the share outside.
        return cls(bad, rows, share, min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share))

    def apart(self, other: "Rate") -> bool:
        """Whether the two intervals have nothing in common: a careful sign that the rates differ."""
        return self.high < other.low or other.high < self.low
