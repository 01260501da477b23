"""One dossier's features without Polars' planner: to the bits of `build`, in a fraction of the time.

What is computed is what `build` computes: the same declared expressions, taken apart into steps (see `tape`). Sums,
means, deviations and medians, which depend on the order of terms, are Polars' own kernels called column by column.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import numpy as np
import polars as pl

from aval.data.tables import layout, unmasking
from aval.features.measure import Compiled, History
from aval.features.rows import Plain
from aval.features.tape import MANY, NAN, ONE, Node, Odd, Tape, kind, near, tree

Value = float | str | None
"""Of a feature: NaN where a number is unknown, None where a text is."""
Types = Mapping[str, pl.DataType]
Kernel = Callable[[pl.Series], Any]

_KERNELS: Final[Mapping[str, Kernel]] = {
    "sum": pl.Series.sum, "mean": pl.Series.mean, "std": pl.Series.std, "var": pl.Series.var,
    "median": pl.Series.median, "min": pl.Series.min, "max": pl.Series.max,
}  # fmt: skip
_OF_TWO: Final = (pl.Series.std, pl.Series.var)
"""Unknown for a single row."""


def _outputs(source: str, compiled: Compiled) -> Mapping[str, str]:
    """Aggregate -> what it is called beside those of other histories."""
    names = [expr.meta.output_name() for expr in compiled.aggregates]
    return {name: name if name in compiled.dtypes else f"{source}|{name}" for name in names}


def _plain(frame: pl.DataFrame, types: Types) -> Plain:
    numbers = [name for name, dtype in types.items() if kind(dtype) == "number"]
    # Column by column: the frame's own `to_numpy` wakes threads, and waits for them.
    values = np.array([frame.get_column(name).to_numpy() for name in numbers], dtype=np.float64)
    if not near(values):
        raise Odd
    columns: dict[str, Any] = dict(zip(numbers, values, strict=True))
    for name, dtype in types.items():
        if kind(dtype) == "text":
            columns[name] = np.array(frame.get_column(name).to_list(), dtype=object)
    return Plain(columns, frame.height)


class Measured:
    """One history's aggregates, for one applicant's rows."""

    def __init__(self, history: History, compiled: Compiled) -> None:
        """Raises NotImplementedError where an expression has no steps."""
        self._history, self._compiled = history, compiled
        self._types = {name: dtype for name, dtype in layout(history.table).items() if name in compiled.raw}
        masks = unmasking(history.table, self._types, compiled.columns)
        self._masks = Tape(MANY, {name: self._types[name] for mask in masks for name in mask.meta.root_names()})
        self._masks.define(masks)
        self._masked = {name: self._masks.named(name).slot for name in (mask.meta.output_name() for mask in masks)}
        self._names = _outputs(history.source, compiled)
        self._aggregates: _Aggregates | None = None
        self._nothing: dict[str, Value] = {}
        for name, under in self._names.items():
            text = compiled.dtypes.get(name) == pl.String
            self._nothing[under] = 0.0 if name in compiled.counts else None if text else NAN

    def of(self, tables: Mapping[str, pl.DataFrame]) -> Mapping[str, Value]:
        """Every aggregate, of an applicant without rows too. Raises Odd."""
        frame = tables[self._history.table]
        rows = self._rows(frame, tables) if frame.height else None
        if rows is None or not rows.height:
            return self._nothing
        if self._aggregates is None:  # once: prepared columns are always of the same kind
            self._aggregates = _Aggregates(self._compiled, self._names, self._kinds(rows))
        return self._aggregates.of(rows)

    def _rows(self, frame: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> Plain:
        if self._history.beside:  # rows made of several tables are Polars' to make
            made = self._history.rows(tables, self._compiled)
            return _plain(made, made.schema)
        rows = _plain(frame, self._types)
        if self._masked:
            slots = self._masks.run(rows.columns)
            rows = rows.put(**{name: slots[slot] for name, slot in self._masked.items()})
        prepared: Plain = self._history.prepare(rows)
        return prepared

    def _kinds(self, rows: Plain) -> Types:
        """A prepared column's type: of the raw one that it is, or of what was made."""
        found: dict[str, pl.DataType] = {}
        for name, values in rows.columns.items():
            sort = values.dtype.kind
            made = pl.Boolean() if sort == "b" else pl.String() if sort == "O" else pl.Float64()
            found[name] = pl.Int32() if sort == "i" else self._types.get(name, made)
        return found


class _Aggregates:
    """What is computed over prepared rows."""

    def __init__(self, compiled: Compiled, names: Mapping[str, str], types: Types) -> None:
        self._tape = Tape(MANY, types)
        for level in compiled.levels:
            self._tape.define(level)
        self._heights: list[str] = []
        self._columns: dict[int, list[tuple[str, Kernel]]] = {}
        """Slot of a column of numbers -> the aggregates of it that are kernels."""
        self._truths: dict[int, int] = {}
        """Slot of a column of truths -> its place among those that are counted."""
        self._counts: list[tuple[str, int]] = []
        self._shares: list[tuple[str, int, int | None]] = []
        """Name, which truths, among which; None for all rows."""
        self._others: list[tuple[str, Callable[[Any], Value], int]] = []
        self._ranges: list[tuple[str, str, str]] = []
        for expr in compiled.aggregates:
            self._ask(names[expr.meta.output_name()], tree(expr)["Alias"][0])
        self._sums = [(names[name], names[count]) for name, count in compiled.sums.items()]

    def _ask(self, name: str, node: Node) -> None:
        """Note how an aggregate is computed."""
        if node == "Len":
            self._heights.append(name)
            return
        if "BinaryExpr" in node and node["BinaryExpr"]["op"] == "Minus":
            parts = [f"{side}|{name}" for side in ("left", "right")]
            for part, side in zip(parts, ("left", "right"), strict=True):
                self._ask(part, node["BinaryExpr"][side])
            self._ranges.append((name, parts[0], parts[1]))
            return
        ((what, told),) = node["Agg"].items()
        inner = told[0] if isinstance(told, list) else told.get("input", told)
        called = what.lower()
        if called == "nunique" and inner["Function"]["function"] == "DropNulls":
            inner = inner["Function"]["input"][0]
        cell = self._tape.read(inner)
        if cell.kind == "truth" and called == "sum":
            self._counts.append((name, self._place(cell.slot)))
        elif cell.kind == "truth" and called == "mean":
            known = cell.known()
            self._shares.append((name, self._place(cell.slot), None if known is None else self._place(known)))
        elif called in _OTHERS:
            self._others.append((name, _OTHERS[called], self._tape.sound(cell)))
        elif cell.kind == "number" and called in _KERNELS:
            self._columns.setdefault(self._tape.sound(cell), []).append((name, _KERNELS[called]))
        else:
            raise NotImplementedError(f"{called} of {cell.kind}")

    def _place(self, slot: int) -> int:
        return self._truths.setdefault(slot, len(self._truths))

    def of(self, rows: Plain) -> Mapping[str, Value]:
        height = rows.height
        slots = self._tape.run(rows.columns)
        found: dict[str, Any] = dict.fromkeys(self._heights, float(height))
        self._kernels(slots, height, found)
        if self._truths:
            counts = np.array([slots[slot] for slot in self._truths]).sum(axis=1).tolist()
            for name, yes in self._counts:
                found[name] = float(counts[yes])
            for name, yes, among in self._shares:
                known = height if among is None else counts[among]
                found[name] = counts[yes] / known if known else NAN
        for name, other, slot in self._others:
            found[name] = other(slots[slot])
        for name, most, least in self._ranges:
            found[name] = found[most] - found[least]
        for name, count in self._sums:
            if not found[count]:
                found[name] = NAN
        return found

    def _kernels(self, slots: Sequence[Any], height: int, found: dict[str, Any]) -> None:
        if height == 1:  # a group of one row is taken as it is, its sign of zero too
            for slot, kernels in self._columns.items():
                value = float(slots[slot][0])
                for name, kernel in kernels:
                    found[name] = NAN if kernel in _OF_TWO else value
            return
        if not self._columns:
            return
        whole = pl.Series(np.concatenate([slots[slot] for slot in self._columns]), nan_to_null=True)
        for place, kernels in enumerate(self._columns.values()):
            column = whole.slice(place * height, height)
            for name, kernel in kernels:
                value = kernel(column)
                if value is None:
                    value = NAN
                elif not -math.inf < value < math.inf:
                    raise Odd
                found[name] = value


def _first(values: Any) -> Value:
    known: list[Value] = [value for value in values.tolist() if value is not None and value == value]
    return known[0] if known else None if values.dtype == object else NAN


def _distinct(values: Any) -> float:
    return float(len({value for value in values.tolist() if value is not None and value == value}))


_OTHERS: Final[Mapping[str, Callable[[Any], Value]]] = {
    "firstnonnull": _first,
    "lastnonnull": lambda values: _first(values[::-1]),
    "nunique": _distinct,
    "count": lambda values: float(np.count_nonzero(np.equal(values, values))),
}


class Alone:
    """A set of features, for one dossier at a time."""

    def __init__(
        self,
        names: Sequence[str],
        application: Types,
        histories: Sequence[tuple[History, Compiled]],
        levels: Sequence[Sequence[pl.Expr]],
        *,
        copied: Mapping[str, str],
        empty: Types,
    ) -> None:
        """`levels` read the application's columns and aggregates, and make what is not `copied`, `empty` or asked.

        Raises: NotImplementedError where an expression has no steps.
        """
        self._tape = Tape(ONE, {**application, **empty})
        self._kinds = {name: kind(dtype) for name, dtype in application.items()}
        self._empty = {name: None if dtype == pl.String else NAN for name, dtype in empty.items()}
        self._histories = [Measured(history, compiled) for history, compiled in histories]
        for history, compiled in histories:
            for name, under in _outputs(history.source, compiled).items():
                dtype = pl.String() if compiled.dtypes.get(name) == pl.String else pl.Float64()
                self._tape.input(name, dtype, under)
            for final in compiled.final:
                self._tape.define(final)
        for level in levels:
            self._tape.define(level)
        made = {expr.meta.output_name() for expr in levels[-1]}
        cells = [self._tape.named(copied.get(name, name)) for name in names]
        self._derived = [place for place, name in enumerate(names) if name in made and cells[place].kind != "text"]
        slots = [cell.slot if cell.kind == "text" else self._tape.as_number(cell).slot for cell in cells]
        self._pick: Callable[[Sequence[Any]], Sequence[Any]] = itemgetter(*slots, slots[0])

    def of(self, tables: Mapping[str, pl.DataFrame]) -> list[Value]:
        """The features in their order. Raises Odd."""
        given: dict[str, Any] = dict(self._empty)
        application = tables["application"]
        for name, value in zip(application.columns, application.row(0), strict=True):
            of = self._kinds.get(name)
            if of == "number":
                given[name] = NAN if value is None else float(value)
            elif of is not None:
                given[name] = value
        if not near(np.array([value for value in given.values() if isinstance(value, float)])):
            raise Odd
        with np.errstate(all="ignore"):
            for measured in self._histories:
                given.update(measured.of(tables))
        values = list(self._pick(self._tape.run(given))[:-1])
        for place in self._derived:
            if values[place] - values[place] != 0.0:  # infinite or undefined: unknown
                values[place] = NAN
        return values
