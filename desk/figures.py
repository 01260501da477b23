"""Numbers, shares, dates and raw values as the reader writes them, in French or English."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NARROW: Final = "\u202f"
"""Between thousands in French."""
SPACE: Final = "\u00a0"
MINUS: Final = "\u2212"
NOTHING: Final = "–"
"""Where a value is not known."""
_MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_DIGITS: Final[Mapping[str, int]] = {
    "amount": 0, "currency": 0, "days": 0, "count": 0, "hour": 0, "rating": 0, "flag": 0, "points": 0,
    "months": 1, "years": 1, "ratio": 2, "score": 3, "index": 3, "log_odds": 2, "area": 3,
}  # fmt: skip
_SHARES: Final = ("share", "rate")


@dataclass(frozen=True, slots=True)
class Figures:
    """How one reader writes figures."""

    lang: str
    zone: tzinfo = UTC
    """The reader's."""

    @classmethod
    def of(cls, lang: str, zone: str | None) -> "Figures":
        """A reader's; a zone that is not known is UTC."""
        try:
            return cls(lang, ZoneInfo(zone) if zone else UTC)
        except (ZoneInfoNotFoundError, ValueError):
            return cls(lang)

    def number(self, value: float | None, digits: int = 0, *, signed: bool = False) -> str:
        """1,234.5 or 1 234,5; a true minus."""
        if value is None or value != value:
            return NOTHING
        written = f"{abs(value):,.{digits}f}"
        if self.lang == "fr":
            written = written.replace(",", NARROW).replace(".", ",")
        zero = not any(digit in "123456789" for digit in written)
        sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
        return f"{sign}{written}"

    def percent(self, share: float | None, digits: int = 1, *, signed: bool = False) -> str:
        """9.1 % or 9,1 %, with a no-break space, as the service's letters write it."""
        if share is None or share != share:
            return NOTHING
        return f"{self.number(100.0 * share, digits, signed=signed)}{SPACE}%"

    def span(self, low: float, high: float, digits: int = 0) -> str:
        """Both ends of an interval of 95 %."""
        between = "à" if self.lang == "fr" else "to"
        return f"{self.number(low, digits)} {between} {self.number(high, digits)}"

    def day(self, at: str | None) -> str:
        """25 Nov 2026, from an instant or a day."""
        moment = self._moment(at)
        if moment is None:
            return NOTHING
        return f"{moment.day} {_MONTHS[self.lang][moment.month - 1]} {moment.year}"

    def instant(self, at: str | None) -> str:
        """25 Nov 2026, 23:57, on the reader's clock."""
        moment = self._moment(at)
        return NOTHING if moment is None else f"{self.day(at)}, {moment:%H:%M}"

    def waited(self, at: str, now: datetime) -> str:
        """How long ago an instant was: 3 min, 5 h, 2 d."""
        moment = self._moment(at)
        if moment is None:
            return NOTHING
        minutes = max(0, int((now - moment).total_seconds() // 60))
        if minutes < 60:
            return f"{minutes}{SPACE}min"
        if minutes < 48 * 60:
            return f"{minutes // 60}{SPACE}h"
        return f"{self.number(minutes // (24 * 60))}{SPACE}{'j' if self.lang == 'fr' else 'd'}"

    def value(self, value: float | str | None, unit: str) -> str:
        """A feature's or a raw column's value, by its unit."""
        if value is None or isinstance(value, str):
            return value or NOTHING
        if unit == "id":
            return f"{value:.0f}"
        if unit in _SHARES:
            return self.percent(value)
        digits = _DIGITS.get(unit, 2)
        if digits == 0 and abs(value) < 10 and value != round(value):
            digits = 2
        return self.number(value, digits)

    def _moment(self, at: str | None) -> datetime | None:
        if not at:
            return None
        try:
            if len(at) == 10:  # a day has no zone to be moved between
                return datetime.fromisoformat(at).replace(tzinfo=self.zone)
            return datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone(self.zone)
        except ValueError:
            return None
