"""One column's contract, and the few kinds of column the tables are declared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dataframely as dy
import polars as pl

NONE_DAYS = 365243  # a thousand years from the application: "never", "not yet" or "no employment"

Stand = int | float | str


@dataclass(frozen=True)
class Column:
    """What a value of this column may be; ranges are walls against corruption, not against outliers."""

    name: str
    dtype: pl.DataType
    unit: str
    meaning: str
    minimum: float | None
    maximum: float | None
    values: tuple[str, ...]  # the known levels of a text column
    closed: bool  # a level outside `values` breaks the contract
    nullable: bool
    known: str  # when, relative to the application, the value is known
    none: tuple[Stand, ...]  # stand-ins for "none" or "unknown"

    @classmethod
    def of(cls, name: str, column: dy.Column) -> "Column":
        facts = column.metadata or {}
        return cls(
            name=name,
            dtype=column.dtype,
            unit=facts["unit"],
            meaning=column.description or "",
            minimum=facts.get("minimum"),
            maximum=facts.get("maximum"),
            values=tuple(facts.get("values", ())),
            closed=facts.get("closed", False),
            nullable=column.nullable,
            known=facts["known"],
            none=tuple(facts.get("none", ())),
        )


def _within(low: float, high: float, none: Sequence[Stand]) -> dict[str, Callable[[pl.Expr], pl.Expr]]:
    def inside(value: pl.Expr) -> pl.Expr:
        allowed = value.is_between(low, high)
        for stand in none:
            allowed = allowed | (value == stand)
        return allowed

    return {"range": inside}


def _listed(values: Sequence[str]) -> dict[str, Callable[[pl.Expr], pl.Expr]]:
    return {"values": lambda value: value.is_in(list(values))}


# A field that is never closed swallows the lines after it, and their rows with them.
_ONE_LINE: dict[str, Callable[[pl.Expr], pl.Expr]] = {"line": lambda value: ~value.str.contains("\n", literal=True)}


class Known:
    """Makes the columns of a table whose values are known at one moment (`when`)."""

    def __init__(self, when: str) -> None:
        self.when = when

    def number(
        self,
        meaning: str,
        unit: str,
        low: float,
        high: float,
        *,
        kind: type[dy.Column] = dy.Float64,
        nullable: bool = False,
        none: Sequence[Stand] = (),
    ) -> Any:
        facts = {"unit": unit, "known": self.when, "minimum": low, "maximum": high, "none": tuple(none)}
        check = _within(low, high, none)
        return kind(nullable=nullable, check=check, description=meaning, metadata=facts)

    def id(self, meaning: str) -> Any:
        return self.number(meaning, "id", 1, 10**15, kind=dy.Int64)

    def days(
        self,
        meaning: str,
        low: float = -50_000,
        high: float = 0,
        *,
        whole: bool = True,
        nullable: bool = False,
        none: Sequence[Stand] = (),
    ) -> Any:
        """Days relative to the application: negative is before it. `whole`: published without missing values."""
        kind = dy.Int32 if whole else dy.Float64
        return self.number(meaning, "days", low, high, kind=kind, nullable=nullable or not whole, none=none)

    def amount(
        self,
        meaning: str,
        low: float = 0,
        high: float = 1e10,
        *,
        nullable: bool = False,
        none: Sequence[Stand] = (),
    ) -> Any:
        return self.number(meaning, "currency", low, high, nullable=nullable, none=none)

    def count(
        self,
        meaning: str,
        high: float = 10_000,
        *,
        low: float = 0,
        whole: bool = True,
        unit: str = "count",
        none: Sequence[Stand] = (),
    ) -> Any:
        kind = dy.Int32 if whole else dy.Float64
        return self.number(meaning, unit, low, high, kind=kind, nullable=not whole, none=none)

    def flag(self, meaning: str) -> Any:
        return self.number(meaning, "flag", 0, 1, kind=dy.Int8)

    def share(self, meaning: str, low: float = 0, high: float = 1, *, nullable: bool = True) -> Any:
        return self.number(meaning, "share", low, high, nullable=nullable)

    def text(
        self,
        meaning: str,
        values: Sequence[str],
        *,
        nullable: bool = False,
        closed: bool = False,
        none: Sequence[Stand] = (),
    ) -> Any:
        facts = {"unit": "category", "known": self.when, "values": values, "closed": closed, "none": tuple(none)}
        check = _listed(values) if closed else _ONE_LINE
        return dy.String(nullable=nullable, check=check, description=meaning, metadata=facts)

    def date(self, meaning: str) -> Any:
        return dy.Date(description=meaning, metadata={"unit": "date", "known": self.when})
