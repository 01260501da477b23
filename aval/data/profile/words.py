"""Figures as a person reads them."""

import math
from collections.abc import Iterable

from aval.credit.rate import Rate

_FAMILIES = ("FLAG_DOCUMENT", "AMT_REQ_CREDIT_BUREAU")
_SPACE = "\u00a0"  # a figure and its sign stay on one line


def number(value: float) -> str:
    """Three digits that matter, thousands set apart."""
    if value == 0:
        return "0"
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}" if abs(value) < 1e6 else _large(value)
    if abs(value) >= 1e6:
        return _large(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 6)}f}"


def _large(value: float) -> str:
    for size, sign in ((1e9, "bn"), (1e6, "m")):
        if abs(value) >= size:
            return f"{value / size:,.3g} {sign}"
    return f"{value:,.0f}"


def percent(share: float, digits: int = 1) -> str:
    """0.081 is 8.1 %; what rounds to nothing, or to all, without being it says so."""
    least = 0.5 * 10.0 ** -(digits + 2)
    if 0 < share < least:
        return f"under {10.0**-digits:.{digits}f}{_SPACE}%"
    if 1 - least < share < 1:
        return f"over {100 - 10.0**-digits:.{digits}f}{_SPACE}%"
    return f"{100 * share:.{digits}f}{_SPACE}%"


def rated(rate: Rate | None, *, bare: bool = False) -> str:
    """A default rate with its interval: 9.3 % (8.9 to 9.7)."""
    if rate is None:
        return "not known"
    said = percent(rate.value)
    return said if bare else f"{said} ({100 * rate.low:.1f}{_SPACE}to{_SPACE}{100 * rate.high:.1f})"


def listed(words: Iterable[str], last: str = "and") -> str:
    """a, b and c."""
    *first, end = list(words)
    return f"{', '.join(first)} {last} {end}" if first else end


def several(count: int, one: str, many: str = "") -> str:
    """1 column, 12 columns."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def stem(columns: Iterable[str]) -> str:
    """Columns by what they share: COMMONAREA_AVG, _MEDI and _MODE."""
    by: dict[str, list[str]] = {}
    for column in columns:
        body, _, end = column.rpartition("_")
        key = body if end in ("AVG", "MEDI", "MODE") or body in _FAMILIES else column
        by.setdefault(key, []).append(end)
    said = [body if len(ends) == 1 and body.endswith(ends[0]) else _ended(body, ends) for body, ends in by.items()]
    return listed(said) if len(said) <= 3 else f"{said[0]}, {said[1]} and {len(said) - 2} more"


def _ended(body: str, ends: list[str]) -> str:
    return f"{body}_{ends[0]}" if len(ends) == 1 else f"{body}_*"
