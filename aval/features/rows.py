"""The rows of a history before they are measured: what is later is left out, and each row learns its place.

Rows stand by applicant. Places are worked out from the ends of runs of equal keys, which costs one pass. Everything is
said once, over `Rows`, which a frame of many applicants and the plain columns of one both are.
"""

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.few import taken
from aval.data.tables import KEY

Column = npt.NDArray[Any]
Truths = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


class Rows(Protocol):
    """Columns of equal length."""

    @property
    def height(self) -> int:
        """Number of rows."""
        ...

    def __getitem__(self, name: str) -> Column:
        """A column of numbers, NaN where one is missing."""
        ...

    def equal(self, name: str, text: str) -> Truths:
        """Where a column says this; not where it says nothing."""
        ...

    def kept(self, yes: Truths) -> Self:
        """The rows of which this is true."""
        ...

    def at(self, places: Places) -> Self:
        """The rows at these places; applicants stay in order."""
        ...

    def put(self, **columns: Column) -> Self:
        """With these columns, under a new name or in place of others; NaN is missing."""
        ...


R = TypeVar("R", bound=Rows)


@dataclass(frozen=True, slots=True)
class Framed:
    """Rows of many applicants, in a frame marked as sorted by applicant."""

    frame: pl.DataFrame

    @property
    def height(self) -> int:
        return self.frame.height

    def __getitem__(self, name: str) -> Column:
        return self.frame[name].to_numpy()

    def equal(self, name: str, text: str) -> Truths:
        return (self.frame[name] == text).fill_null(value=False).to_numpy()

    def kept(self, yes: Truths) -> Self:
        return type(self)(self.frame.filter(yes))

    def at(self, places: Places) -> Self:
        frame = taken(self.frame, places)
        return type(self)(frame.replace_column(frame.get_column_index(KEY), frame[KEY].set_sorted()))

    def put(self, **columns: Column) -> Self:
        made = [pl.Series(name, values, nan_to_null=True) for name, values in columns.items()]
        old = [column for column in self.frame.get_columns() if column.name not in columns]
        return type(self)(pl.DataFrame([*old, *made]))


@dataclass(frozen=True, slots=True)
class Plain:
    """Rows of one applicant: columns of numbers, of truths and of texts (None where missing)."""

    columns: dict[str, Column]
    height: int

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def equal(self, name: str, text: str) -> Truths:
        return np.equal(self.columns[name], text)

    def kept(self, yes: Truths) -> Self:
        return type(self)({name: column[yes] for name, column in self.columns.items()}, int(np.count_nonzero(yes)))

    def at(self, places: Places) -> Self:
        return type(self)({name: column[places] for name, column in self.columns.items()}, len(places))

    def put(self, **columns: Column) -> Self:
        return type(self)({**self.columns, **columns}, self.height)


def not_later(rows: R, time: str) -> R:
    """Without rows dated after the application; nearly always there are none."""
    later = rows[time] > 0
    return rows.kept(~later) if later.any() else rows


def same_applicant() -> pl.Expr:
    """Whether the row before is the same applicant's."""
    return pl.col(KEY) == pl.col(KEY).shift(1)


def runs(keys: Column) -> tuple[Places, Places]:
    """Where each run of equal keys ends (exclusive), and its length."""
    starts = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    ends = np.append(starts, keys.size) if keys.size else starts
    return ends, np.diff(ends, prepend=0)


def starting(rows: Rows, *columns: str) -> Truths:
    """Which rows begin a run of equal values in all of these columns; a missing value begins its own."""
    starts = np.zeros(rows.height, dtype=np.bool_)
    starts[:1] = True
    for column in columns:
        values = rows[column]  # missing is NaN, which equals nothing
        starts[1:] |= values[1:] != values[:-1]
    return starts


def recency(rows: R) -> R:
    """With `recent`, 1 for an applicant's last row, 2 for the one before; rows stand by applicant and time."""
    ends, lengths = runs(rows[KEY])
    return rows.put(recent=(np.repeat(ends, lengths) - np.arange(rows.height)).astype(np.int32))


def recency_where(rows: R, column: str, said: Truths) -> R:
    """With `column`, 1 for an applicant's last row that says yes, 2 for the one before; missing for the others."""
    ends, lengths = runs(rows[KEY])
    until = np.cumsum(said)
    return rows.put(**{column: np.where(said, np.repeat(until[ends - 1], lengths) - until + 1, np.nan)})


def earliness(rows: R) -> R:
    """With `early`, 1 for an applicant's first row, 2 for the next; rows stand by applicant and time."""
    ends, lengths = runs(rows[KEY])
    return rows.put(early=(np.arange(rows.height) - np.repeat(ends - lengths, lengths) + 1).astype(np.int32))


def by_time(rows: R, time: str, reach: int) -> R:
    """Rows of each applicant in order of time, ties in the order they stood; `time` lies within +-reach."""
    _, lengths = runs(rows[KEY])
    moment = np.repeat(np.arange(lengths.size), lengths) * (2 * reach) + rows[time]
    if (moment[1:] >= moment[:-1]).all():
        return rows
    return rows.at(np.argsort(moment, kind="stable"))
