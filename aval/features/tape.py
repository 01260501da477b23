"""Declared expressions as steps over values: what Polars computes, to the same bits, without its planner.

Planning a thousand small expressions costs far more than computing them on one applicant's rows. Here they are taken
apart once, from their own JSON form, and each step is one call: arithmetic of numpy or of Python, whose every
operation IEEE 754 fixes to the bit, as it does Polars'. Nothing whose result depends on an order of terms is a step.

A missing number is NaN here. Where a calculation itself made a NaN and something looks at it, the two would be
confused: that is `Odd`, and Polars is to be asked.
"""

import json
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, Final, Literal

import numpy as np
import polars as pl

Kind = Literal["number", "truth", "text", "null"]
Node = Any
"""A part of an expression in Polars' JSON form."""

NAN: Final = float("nan")
_FAR: Final = 1e50
"""Numbers beyond it, whose products might overflow, go the long way."""


class Odd(Exception):
    """This dossier's numbers are not for here."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on the tape: a number (NaN where missing), a truth (false where unknown) or a text (None)."""

    kind: Kind
    slot: int
    known: Callable[[], int | None]
    """The slot that says where it is known; None if everywhere."""
    odd: bool = False
    """Whether a calculation may have made a NaN of what was known."""
    whole: bool = False
    """Whether it stands for an integer, whose 0 has no sign."""
    over: int | None = None
    """Of a quotient that only a division by 0 can make odd: its divisor."""


Operations = Mapping[str, Callable[..., Any]]


class Tape:
    """Expressions as steps over slots; what is the same is computed once."""

    def __init__(self, operations: Operations, inputs: Mapping[str, pl.DataType]) -> None:
        self._operations = operations
        self._names: dict[str, Cell] = {}
        self._inputs: dict[str, int] = {}
        self._steps: list[tuple[Callable[..., Any], int, int, int, int]] = []
        self._made: dict[tuple[Any, ...], int] = {}
        self._how: dict[int, tuple[Any, ...]] = {}
        self._slots: list[Any] = []
        for name, dtype in inputs.items():
            self.input(name, dtype)

    # Reading values in, computing, taking out

    def input(self, name: str, dtype: pl.DataType | type[pl.DataType], under: str = "") -> None:
        """A column that `run` is given, under this name or another."""
        slot = self._inputs[under or name] = self._new(None)
        self._names[name] = replace(self._plain(kind(dtype), slot), whole=dtype.is_integer())

    def define(self, exprs: Iterable[pl.Expr]) -> None:
        """One level: every expression reads what was there before it."""
        cells = [self.cell(expr) for expr in exprs]
        self._names.update((expr.meta.output_name(), cell) for expr, cell in zip(exprs, cells, strict=True))

    def named(self, name: str) -> Cell:
        """What was given or defined under this name."""
        return self._names[name]

    def cell(self, expr: pl.Expr) -> Cell:
        return self.read(tree(expr))

    def run(self, given: Mapping[str, Any]) -> list[Any]:
        """Every slot, filled. Raises Odd."""
        slots = self._slots.copy()
        for name, slot in self._inputs.items():
            slots[slot] = given[name]
        for call, out, first, second, third in self._steps:
            if second < 0:
                slots[out] = call(slots[first])
            elif third < 0:
                slots[out] = call(slots[first], slots[second])
            else:
                slots[out] = call(slots[first], slots[second], slots[third])
        return slots

    # Making steps

    def _new(self, value: Any) -> int:
        self._slots.append(value)
        return len(self._slots) - 1

    def _constant(self, value: Any) -> int:
        key = ("constant", type(value), repr(value))
        if key not in self._made:
            self._made[key] = self._new(value)
        return self._made[key]

    def do(self, what: str, *slots: int, **more: Any) -> int:
        """The slot of this step, made once."""
        key = (what, slots, *more.items())
        if key not in self._made:
            call = self._operations[what]
            out = self._made[key] = self._new(None)
            self._how[out] = (what, *slots)
            first, second, third = (*slots, -1, -1)[:3]
            self._steps.append((partial(call, **more) if more else call, out, first, second, third))
        return self._made[key]

    def _plain(self, kind: Kind, slot: int) -> Cell:
        """What is known where it is not NaN or None."""
        if kind == "truth":
            return Cell(kind, slot, _always)
        return Cell(kind, slot, lambda: self.do("known" if kind == "number" else "told", slot))

    def _both(self, *cells: Cell) -> int | None:
        """Where all of these are known."""
        slots = [slot for cell in cells if (slot := cell.known()) is not None]
        return reduce(lambda left, right: self.do("and", left, right), slots) if slots else None

    def _number(self, slot: int, *of: Cell, odd: bool = False) -> Cell:
        """A number that is missing where one of these is."""
        if odd or any(cell.odd for cell in of):
            return Cell("number", slot, lambda: self._both(*of), odd=True)
        if all(cell.known is _always for cell in of):
            return Cell("number", slot, _always)
        return self._plain("number", slot)

    def sound(self, cell: Cell) -> int:
        """The slot of a number that somebody looks at: it may be missing, but not lost."""
        if not cell.odd:
            return cell.slot
        known = cell.known()
        return self.do("sound", cell.slot, self._constant(True) if known is None else known)

    # Reading expressions

    def read(self, node: Node) -> Cell:
        """The cell of a node. Raises NotImplementedError where there is no way to compute it here."""
        ((what, told),) = node.items()
        match what:
            case "Column":
                return self._names[told]
            case "Alias":
                return self.read(told[0])
            case "Literal":
                return self._literal(told)
            case "BinaryExpr":
                return self._binary(told["op"], self.read(told["left"]), self.read(told["right"]))
            case "Ternary":
                cells = (self.read(told[part]) for part in ("predicate", "truthy", "falsy"))
                return self._ternary(*cells)
            case "Cast":
                return self._cast(told["dtype"], self.read(told["expr"]))
            case "Function":
                return self._function(told["function"], told["input"])
        raise NotImplementedError(str(what))

    def _literal(self, told: Node) -> Cell:
        ((_, typed),) = told.items()
        ((kind, value),) = typed.items()
        if kind == "Null":
            return Cell("null", self._constant(NAN), _always)
        if isinstance(value, bool):
            return Cell("truth", self._constant(value), _always)
        if isinstance(value, str):
            return Cell("text", self._constant(value), _always)
        if not isinstance(value, int | float):
            raise NotImplementedError(str(kind))
        return Cell("number", self._constant(float(value)), _always, whole=isinstance(value, int))

    def _binary(self, sign: str, left: Cell, right: Cell) -> Cell:
        if sign in ("And", "Or"):
            return self._logic(sign, left, right)
        if sign in _ARITHMETIC:
            left, right = self.as_number(left), self.as_number(right)
            slot = self.do(_ARITHMETIC[sign], left.slot, right.slot)
            if sign == "TrueDivide":
                over = None if left.odd or right.odd else right.slot
                return replace(self._number(slot, left, right, odd=True), over=over)
            return self._unsigned(self._number(slot, left, right), left, right)
        if left.kind != right.kind or left.kind not in ("number", "text"):
            raise NotImplementedError(f"{left.kind} {sign} {right.kind}")
        said = _COMPARISON[sign] if left.kind == "number" or sign in _SAME else f"text {_COMPARISON[sign]}"
        compared = self.do(said, self.sound(left), self.sound(right))
        if sign == "EqValidity":
            if right.known is not _always:
                raise NotImplementedError("two values, either missing")
            return Cell("truth", compared, _always)
        known = partial(self._both, left, right)
        if sign == "NotEq" and (where := known()) is not None:
            compared = self.do("and", compared, where)  # NaN differs from everything
        return Cell("truth", compared, known)

    def _unsigned(self, cell: Cell, *of: Cell) -> Cell:
        """Made of integers, an integer: -0.0 becomes 0."""
        if not all(one.whole for one in of):
            return cell
        return replace(cell, slot=self.do("+", cell.slot, self._constant(0.0)), whole=True)

    def _logic(self, sign: str, left: Cell, right: Cell) -> Cell:
        """Kleene's: false and unknown is false, true or unknown is true."""
        slot = self.do(sign.lower(), left.slot, right.slot)

        def known() -> int | None:
            first, second = left.known(), right.known()
            if first is None and second is None:
                return None
            both = self._both(left, right)
            assert both is not None
            for cell, where in ((left, first), (right, second)):
                settled = cell.slot if sign == "Or" else self.do("not", cell.slot)
                settled = settled if where is None else self.do("and", where, settled)
                both = self.do("or", both, settled)
            return both

        return Cell("truth", slot, _always if left.known is right.known is _always else known)

    def _ternary(self, asked: Cell, yes: Cell, no: Cell) -> Cell:
        kind = no.kind if yes.kind == "null" else yes.kind
        if kind == "truth":
            false = Cell("truth", self._constant(False), lambda: self._constant(False))
            yes, no = (false if cell.kind == "null" else cell for cell in (yes, no))
        elif not {yes.kind, no.kind} <= {kind, "null"}:
            raise NotImplementedError(f"{yes.kind} or {no.kind}")
        if kind == "text":
            none = self._constant(None)
            slots = (none if cell.kind == "null" else cell.slot for cell in (yes, no))
            return self._plain(kind, self.do("where", asked.slot, *slots))
        slot = self.do("where", asked.slot, yes.slot, no.slot)
        whole = all(cell.whole or cell.kind == "null" for cell in (yes, no))
        if kind == "number" and not no.odd and (not yes.odd or self._asks(asked, yes.over)):
            return replace(self._plain("number", slot), whole=whole)

        def known() -> int | None:
            either = [cell.known() if cell.kind != "null" else self._constant(False) for cell in (yes, no)]
            if either == [None, None]:
                return None
            first, second = (self._constant(True) if where is None else where for where in either)
            return self.do("where", asked.slot, first, second)

        return Cell(kind, slot, known, odd=kind == "number", whole=whole)

    def _asks(self, asked: Cell, divisor: int | None) -> bool:
        """Whether this asks that the divisor be not 0."""
        how = self._how.get(asked.slot, ())
        if how[:1] == ("and",):
            how = self._how.get(how[1], ())
        return how[:2] == ("!=", divisor) and self._slots[how[2]] == 0.0

    def as_number(self, cell: Cell) -> Cell:
        """A truth as 1 and 0."""
        if cell.kind == "number":
            return cell
        if cell.kind != "truth":
            raise NotImplementedError(f"{cell.kind} as a number")
        known, slot = cell.known(), self.do("float", cell.slot)
        if known is None:
            return Cell("number", slot, _always, whole=True)
        return replace(self._plain("number", self.do("where", known, slot, self._constant(NAN))), whole=True)

    def _cast(self, wanted: Node, cell: Cell) -> Cell:
        if wanted == {"Literal": "String"} and cell.kind == "number":
            return self._plain("text", self.do("written", self.sound(cell)))
        if wanted != {"Literal": "Float64"}:
            raise NotImplementedError(str(wanted))
        if cell.kind == "text":
            return self._plain("number", self.do("parsed", cell.slot))
        return replace(self.as_number(cell), whole=False)

    def _filled(self, cell: Cell, other: Cell) -> Cell:
        """The other where this is missing."""
        known = cell.known()
        if known is None:
            return cell
        slot = self.do("where", known, cell.slot, other.slot)
        if cell.kind == "truth":
            return Cell("truth", slot, other.known)
        found = self._number(slot, other, odd=cell.odd) if other.known is _always else self._plain("number", slot)
        return replace(found, whole=cell.whole and other.whole)

    def _function(self, what: Node, inputs: Sequence[Node]) -> Cell:
        named: str = what if isinstance(what, str) else next(iter(what))
        more: Node = what[named] if isinstance(what, dict) else {}
        if named == "ListExpr":
            return self._list(more, inputs)
        cells = [self.read(node) for node in inputs]
        first = cells[0]
        match named if named != "Boolean" else more if isinstance(more, str) else next(iter(more)):
            case "FillNull":
                return self._filled(*cells)
            case "Coalesce":
                return reduce(lambda rest, cell: self._filled(cell, rest), reversed(cells))
            case "IsNotNull" | "IsNull" as asked:
                known = first.known()
                if known is None:
                    return Cell("truth", self._constant(asked == "IsNotNull"), _always)
                return Cell("truth", known if asked == "IsNotNull" else self.do("not", known), _always)
            case "Negate":
                return self._unsigned(self._number(self.do("neg", first.slot), first), first)
            case "Exp" | "Log1p" as called:
                return self._number(self.do(called.lower(), first.slot), first, odd=True)
            case "Log" if self._slots[cells[1].slot] == math.e:
                return self._number(self.do("log", first.slot), first, odd=True)
            case "Clip" if more == {"has_min": True, "has_max": False}:
                below = self._binary("Lt", first, cells[1])
                return self._ternary(below, cells[1], first)
            case "SumHorizontal":
                zero = Cell("number", self._constant(0.0), _always, whole=True)
                terms = [self._filled(self.as_number(cell), zero) for cell in cells]
                return reduce(lambda left, right: self._binary("Plus", left, right), terms)
            case "MinHorizontal" | "MaxHorizontal" as called:
                return reduce(partial(self._extreme, called[:3].lower()), cells)
            case "AnyHorizontal":
                return reduce(lambda left, right: self._logic("Or", left, right), cells)
            case "IsBetween":
                low, high = self._binary("GtEq", first, cells[1]), self._binary("LtEq", first, cells[2])
                return self._logic("And", low, high)
            case "Shift":
                return self._shifted(first, int(self._slots[cells[1].slot]))
            case "Diff":
                return self._binary("Minus", first, self._shifted(first, int(self._slots[cells[1].slot])))
        raise NotImplementedError(str(what))

    def _extreme(self, which: str, left: Cell, right: Cell) -> Cell:
        slot = self.do(which, self.sound(left), self.sound(right))
        return Cell("number", slot, _always) if _always in (left.known, right.known) else self._plain("number", slot)

    def _shifted(self, cell: Cell, by: int) -> Cell:
        if cell.kind != "number" or cell.odd:
            raise NotImplementedError(f"shift of {cell.kind}")
        return replace(self._plain("number", self.do("shift", cell.slot, by=by)), whole=cell.whole)

    def _list(self, what: Node, inputs: Sequence[Node]) -> Cell:
        """A statistic over a few columns of one row: Polars' kernel."""
        inner = inputs[0]["Function"]
        if inner["function"] != {"ListExpr": "DropNulls"}:
            raise NotImplementedError(str(what))
        columns = inner["input"][0]["Function"]
        if columns["function"] != {"ListExpr": "Concat"}:
            raise NotImplementedError(str(what))
        nodes = columns["input"]
        slots = [self.sound(self.read(node)) for node in nodes]
        called = what.lower() if isinstance(what, str) else next(iter(what)).lower()
        packed = reduce(lambda left, right: self.do("pack", left, right), slots)
        return self._plain("number", self.do("listed", packed, called=called))


def _always() -> int | None:
    return None


_ARITHMETIC: Final = {"Plus": "+", "Minus": "-", "Multiply": "*", "TrueDivide": "/"}
_COMPARISON: Final = {
    "Eq": "==", "EqValidity": "==", "NotEq": "!=", "Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">=",
}  # fmt: skip
_SAME: Final = ("Eq", "EqValidity", "NotEq")


def kind(dtype: pl.DataType | type[pl.DataType]) -> Kind:
    """How a column of this type stands on a tape."""
    return "text" if dtype == pl.String else "truth" if dtype == pl.Boolean else "number"


def tree(expr: pl.Expr) -> Node:
    """An expression in Polars' JSON form."""
    return json.loads(expr.meta.serialize(format="json"))


# What a step does to one value, and to a column of them


def _called(what: Callable[[float], float], value: float) -> float:
    """The C library's own function, as Polars calls it."""
    if value != value:
        return value
    try:
        return what(value)
    except OverflowError:
        return math.inf
    except ValueError:  # a logarithm
        return -math.inf if value == (0 if what is math.log else -1) else NAN


def _over(above: float, below: float) -> float:
    try:
        return above / below
    except ZeroDivisionError:
        return NAN if above == 0 or above != above else math.copysign(math.inf, above) * math.copysign(1.0, below)


def _sound(value: float, known: bool) -> float:
    if known and value != value:
        raise Odd
    return value


def _least(left: float, right: float) -> float:
    return left if right != right or left <= right else right


def _most(left: float, right: float) -> float:
    return left if right != right or left >= right else right


def _packed(left: Any, right: float) -> tuple[float, ...]:
    return (*left, right) if isinstance(left, tuple) else (left, right)


def _written(value: float) -> str | None:
    return None if value != value else str(pl.Series([value]).cast(pl.String)[0])


def _listed(values: tuple[float, ...], called: str) -> float:
    found = getattr(pl.Series([value for value in values if value == value], dtype=pl.Float64), called)()
    return NAN if found is None else float(found)


ONE: Final[Operations] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": _over, "neg": operator.neg,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "and": operator.and_, "or": operator.or_, "not": operator.not_,
    "known": lambda value: value == value, "told": lambda value: value is not None,
    "where": lambda asked, yes, no: yes if asked else no, "float": float, "sound": _sound,
    "exp": partial(_called, math.exp), "log": partial(_called, math.log), "log1p": partial(_called, math.log1p),
    "min": _least, "max": _most, "pack": _packed, "listed": _listed,
    "written": _written,
}  # fmt: skip


def _each(what: Callable[[float], float], values: Any) -> Any:
    return np.array([_called(what, value) for value in values.tolist()])


def _sounds(values: Any, known: Any) -> Any:
    if (np.isnan(values) & known).any():
        raise Odd
    return values


def _shift(values: Any, by: int) -> Any:
    moved = np.full(values.size, NAN)
    if by > 0:
        moved[by:] = values[:-by]
    else:
        moved[:by] = values[-by:]
    return moved


def _parsed(values: Any) -> Any:
    return pl.Series(values.tolist(), dtype=pl.String).cast(pl.Float64, strict=False).to_numpy()


def _tell(values: Any) -> Any:
    return np.array([value is not None for value in values.tolist()])


def _texts(what: Callable[[str, str], bool], values: Any, other: str) -> Any:
    return np.array([value is not None and what(value, other) for value in values.tolist()])


MANY: Final[Operations] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "neg": np.negative,
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "text >=": partial(_texts, operator.ge), "text <=": partial(_texts, operator.le),
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
    "known": lambda values: np.equal(values, values), "told": _tell,
    "where": np.where, "float": lambda values: values.astype(np.float64), "sound": _sounds, "parsed": _parsed,
    "exp": partial(_each, math.exp), "log": partial(_each, math.log), "log1p": partial(_each, math.log1p),
    "min": np.fmin, "max": np.fmax, "shift": _shift,
}  # fmt: skip


def near(values: Any) -> bool:
    """Whether products and quotients of a few of these numbers stay far from overflow."""
    size = np.abs(values)
    return not ((size > _FAR) | ((size < 1 / _FAR) & (size > 0))).any()
