"""Who made which version decide, when and why: what was written down, read as the chain of champions."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from aval.errors import RegistryError

PREFIX: Final = "event_"
"""Of the registered model's tags that hold one event each: nothing is ever overwritten."""

What = Literal["promoted", "refused", "returned"]


@dataclass(frozen=True, slots=True)
class Event:
    """A change of the champion, or one that a gate refused."""

    at: str
    """UTC, to the microsecond: also the order."""
    what: What
    """`returned`: a rollback made `version` decide again."""
    version: str
    by: str
    why: str
    before: str | None
    """The champion until then; None for the first."""
    figures: Mapping[str, str] = field(default_factory=dict)
    """What the gates measured of both."""

    @classmethod
    def now(
        cls, what: What, version: str, by: str, why: str, before: str | None, figures: Mapping[str, str]
    ) -> "Event":
        """Dated now."""
        return cls(datetime.now(UTC).isoformat(timespec="microseconds"), what, version, by, why, before, dict(figures))

    @property
    def tag(self) -> tuple[str, str]:
        """Name and text of the tag that keeps it."""
        return f"{PREFIX}{self.at.replace('+00:00', 'Z').replace(':', '')}", json.dumps(
            asdict(self), ensure_ascii=False
        )


def read(tags: Mapping[str, str]) -> list[Event]:
    """The events among a registered model's tags, the oldest first."""
    found = (Event(**json.loads(text)) for name, text in tags.items() if name.startswith(PREFIX))
    return sorted(found, key=lambda event: event.at)


def chain(events: Iterable[Event], crowned: str | None) -> list[str]:
    """The champions one can return to, the present one last: a rollback takes the last away, a promotion adds one.

    The alias decides: where it was moved by other hands, what it names comes after what was written down.
    """
    found: list[str] = []
    for event in events:
        if event.what == "promoted" and found[-1:] != [event.version]:
            found.append(event.version)
        elif event.what == "returned":
            while found and found[-1] != event.version:
                found.pop()
    if crowned is not None and found[-1:] != [crowned]:
        found.append(crowned)
    return found


def previous(events: Iterable[Event], crowned: str | None) -> str:
    """The champion before this one.

    Raises:
        RegistryError: there is none.
    """
    found = chain(events, crowned)
    if len(found) < 2:
        what = (
            "there is no champion" if crowned is None else f"version {crowned} is the champion and none was before it"
        )
        raise RegistryError(what, "promote another version with `aval promote`")
    return found[-2]
