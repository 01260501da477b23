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

from aval.data.few import block
from aval.features.measure import Compiled, History
from aval.features.tape import MANY, NAN, ONE, Kind, Node, Odd, Tape, kind, near, tree

Value = float | str | None
Kernel = Callable[[pl.Series], Any]

_KERNELS: Final[Mapping[str, Kernel]] = {
    "sum": pl.Series.sum, "mean": pl.Series.mean, "std": pl.Series.std, "var": pl.Series.var,
    "median": pl.Series.median, "min": pl.Series.min, "max": pl.Series.max,
}  # fmt: skip
_SPREAD: Final = (pl.Series.std, pl.Series.var)


class Rows:
    """One history's aggregates, for one applicant's prepared rows."""

    def __init__(self, compiled: Compiled, source: str, schema: Mapping[str, pl.DataType]) -> None:
        """Raises NotImplementedError where an expression has no steps."""
        self._tape = Tape(MANY)
        names = _outputs(source, compiled)
        self._named: dict[Kind, list[str]] = {"number": [], "truth": [], "text": []}
        for name in sorted(compiled.columns):
            of = kind(schema[name])
            self._named[of].append(name)
            self._tape.input(name, schema[name])
        for level in compiled.levels:
            self._tape.define(level)
        self._columns: dict[int, list[tuple[str, Kernel]]] = {}
        """Slot of a column of numbers -> the aggregates of it that are kernels."""
        self._truths: dict[int, int] = {}
        """Slot of a column of truths -> its place among those that are counted."""
        self._counted: list[tuple[str, int]] = []
        self._shares: list[tuple[str, int, int | None]] = []
        """Name, which truths, among which; None for all rows."""
        self._others: list[tuple[str, Callable[[Any], Value], int]] = []
        self._ranges: list[tuple[str, str, str]] = []
        self._heights: list[str] = []
        for expr in compiled.aggregates:
            self._aggregate(names[expr.meta.output_name()], tree(expr)["Alias"][0])
        self._sums = [(names[name], names[count]) for name, count in compiled.sums.items()]

    def _aggregate(self, name: str, node: Node) -> None:
        """Note how an aggregate is computed."""
        if node == "Len":
            self._heights.append(name)
            return
        if "BinaryExpr" in node:
            parts = [f"{side}|{name}" for side in ("left", "right")]
            if node["BinaryExpr"]["op"] != "Minus":
                raise NotImplementedError(str(node["BinaryExpr"]["op"]))
            for part, side in zip(parts, ("left", "right"), strict=True):
                self._aggregate(part, node["BinaryExpr"][side])
            self._ranges.append((name, parts[0], parts[1]))
            return
        ((what, told),) = node["Agg"].items()
        inner = told[0] if isinstance(told, list) else told.get("input", told)
        called = what.lower()
        if called == "nunique" and inner["Function"]["function"] == "DropNulls":
            inner = inner["Function"]["input"][0]
        cell = self._tape.read(inner)
        if cell.kind == "truth" and called == "sum":
            self._counted.append((name, self._place(cell.slot)))
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

    def of(self, rows: pl.DataFrame) -> Mapping[str, Value]:
        """Every aggregate; NaN where unknown, None for a text. Raises Odd."""
        height = rows.height
        with np.errstate(all="ignore"):
            slots = self._tape.run(self._given(rows))
        found: dict[str, Value] = dict.fromkeys(self._heights, float(height))
        self._kernels(slots, height, found)
        if self._truths:
            counts = np.array([slots[slot] for slot in self._truths]).sum(axis=1).tolist()
            for name, yes in self._counted:
                found[name] = float(counts[yes])
            for name, yes, among in self._shares:
                known = height if among is None else counts[among]
                found[name] = counts[yes] / known if known else NAN
        for name, other, slot in self._others:
            found[name] = other(slots[slot])
        for name, most, least in self._ranges:
            found[name] = found[most] - found[least]  # type: ignore[operator]
        for name, count in self._sums:
            if not found[count]:
                found[name] = NAN
        return found

    def _given(self, rows: pl.DataFrame) -> dict[str, Any]:
        numbers = np.ascontiguousarray(block(rows[self._named["number"]]).T)
        if not near(numbers):
            raise Odd
        given: dict[str, Any] = dict(zip(self._named["number"], numbers, strict=True))
        for name in self._named["truth"]:
            given[name] = rows[name].to_numpy()
        for name in self._named["text"]:
            given[name] = np.array(rows[name].to_list(), dtype=object)
        return given

    def _kernels(self, slots: Sequence[Any], height: int, found: dict[str, Value]) -> None:
        if height == 1:  # a group of one row is taken as it is, its sign of zero too
            for slot, kernels in self._columns.items():
                value = float(slots[slot][0])
                for name, kernel in kernels:
                    found[name] = NAN if kernel in _SPREAD else value
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


def _nothing(source: str, compiled: Compiled) -> Mapping[str, Value]:
    """Every aggregate of an applicant without rows."""
    found: dict[str, Value] = {}
    for name, under in _outputs(source, compiled).items():
        text = compiled.dtypes.get(name) == pl.String
        found[under] = 0.0 if name in compiled.counts else None if text else NAN
    return found


def _outputs(source: str, compiled: Compiled) -> Mapping[str, str]:
    """Aggregate -> what it is called beside those of other histories."""
    names = [expr.meta.output_name() for expr in compiled.aggregates]
    return {name: name if name in compiled.dtypes else f"{source}|{name}" for name in names}


def _first(values: Any) -> Value:
    known = [value for value in values.tolist() if value is not None and value == value]
    return known[0] if known else None if values.dtype == object else NAN


def _count(values: Any) -> float:
    return float(np.count_nonzero(np.equal(values, values)))


_OTHERS: Final[Mapping[str, Callable[[Any], Value]]] = {
    "firstnonnull": _first,
    "lastnonnull": lambda values: _first(values[::-1]),
    "nunique": lambda values: float(len({value for value in values.tolist() if value is not None and value == value})),
    "count": _count,
}


class Alone:
    """A set of features, for one dossier at a time."""

    def __init__(
        self,
        names: Sequence[str],
        application: Mapping[str, pl.DataType],
        histories: Sequence[tuple[History, Compiled]],
        levels: Sequence[Sequence[pl.Expr]],
        *,
        copied: Mapping[str, str],
        empty: Mapping[str, pl.DataType],
    ) -> None:
        """`levels` read the application's columns and aggregates, and make what is not `copied`, `empty` or asked.

        Raises: NotImplementedError where an expression has no steps.
        """
        self._tape = Tape(ONE)
        self._kinds = {name: kind(dtype) for name, dtype in application.items()}
        for name, dtype in application.items():
            self._tape.input(name, dtype)
        self._histories = [(history, compiled, _nothing(history.source, compiled)) for history, compiled in histories]
        self._rows: dict[str, Rows] = {}
        for history, compiled in histories:
            for name, under in _outputs(history.source, compiled).items():
                self._tape.input(name, pl.String() if compiled.dtypes.get(name) == pl.String else pl.Float64(), under)
            for level in compiled.final:
                self._tape.define(level)
        for level in levels:
            self._tape.define(level)
        derived = {expr.meta.output_name() for expr in levels[-1]}
        self._derived = [place for place, name in enumerate(names) if name in derived and self._tape.counts(name)]
        for name, dtype in empty.items():
            self._tape.input(name, dtype)
        self._empty = {name: None if dtype == pl.String else NAN for name, dtype in empty.items()}
        self._pick = itemgetter(*(self._tape.value(copied.get(name, name)) for name in names))

    def of(self, tables: Mapping[str, pl.DataFrame]) -> list[Value]:
        """The features in their order, NaN where a number is unknown and None where a text is. Raises Odd."""
        application = tables["application"]
        given: dict[str, Any] = dict(self._empty)
        for name, value in zip(application.columns, application.row(0), strict=True):
            of = self._kinds.get(name)
            if of == "number":
                given[name] = NAN if value is None else float(value)
            elif of is not None:
                given[name] = value
        if not near(np.array([value for value in given.values() if isinstance(value, float)])):
            raise Odd
        for history, compiled, nothing in self._histories:
            rows = history.rows(tables, compiled) if tables[history.table].height else tables[history.table]
            given.update(self._known(history, compiled, rows.schema).of(rows) if rows.height else nothing)
        values = list(self._pick(self._tape.run(given)))
        for place in self._derived:
            if values[place] - values[place] != 0.0:  # infinite or undefined: unknown
                values[place] = NAN
        return values

    def _known(self, history: History, compiled: Compiled, schema: Mapping[str, pl.DataType]) -> Rows:
        """What is worked out once the history's prepared columns have been seen, which are always the same."""
        if history.source not in self._rows:
            self._rows[history.source] = Rows(compiled, history.source, schema)
        return self._rows[history.source]
