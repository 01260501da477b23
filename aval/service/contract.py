"""The contract at the counter: one applicant's raw tables as JSON become dossiers, or a list of what breaks.

The checks are generated from `data.tables` and give the verdicts of `data.check`, rule by rule, a hundred times
faster on one row. Stricter than a file in one thing: JSON has types, so a number in quotation marks is no number.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from aval.data.column import Column
from aval.data.dossiers import _ORDER, Dossiers, marked
from aval.data.load import UNIQUE
from aval.data.tables import HISTORIES, KEY, TABLES, TARGET, columns, layout, none
from aval.errors import DossierInvalid, DossierTooLarge, Problem
from aval.service.body import parse

__all__ = ["Problem", "dossier", "parse", "schema"]

ROWS: Final = 20_000
_TOLD: Final = 100
_CREDIT: Final = "SK_ID_BUREAU"

Cell = Callable[[object], Any]


class _Broken(Exception):
    """A cell breaks these rules, told without its value."""

    def __init__(self, *rules: str) -> None:
        self.rules = rules


class _Tally:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.more = 0

    def __len__(self) -> int:
        return len(self.problems) + self.more

    def add(self, table: str, row: int | None, column: str | None, rule: str) -> None:
        if len(self.problems) < _TOLD:
            self.problems.append(Problem(table, row, column, f"{column or table}|{rule}"))
        else:
            self.more += 1


@dataclass(frozen=True)
class _Table:
    """How to read one table's rows."""

    name: str
    cells: Mapping[str, Cell]  # in the order of the layout
    names: frozenset[str]  # what a row may say
    optional: frozenset[str]
    first: tuple[str, ...]  # rows stand in the order of these, which never miss a value
    sorting: tuple[str, ...]  # and ties in that of all columns


def dossier(given: object, *, rows: int = ROWS) -> Dossiers:
    """Checked tables of one applicant, from parsed JSON: `application` (an object) and histories (lists of objects).

    A history that is missing or null is not known (`Dossiers.absent`); `[]` says that the applicant has none.
    A TARGET is not looked at. Raises: DossierInvalid with every problem, DossierTooLarge above `rows` in all.
    """
    tally = _Tally()
    found = _checked(given, rows, tally)
    if tally.problems:
        raise DossierInvalid(tally.problems, tally.more)
    tables = {table: none(table) for table in HISTORIES if table not in found}
    for table, values in found.items():
        tables[table] = marked(frame(table, _ordered(_table(table), values)))
    absent = frozenset(table for table in HISTORIES if table not in found)
    return Dossiers(MappingProxyType({table: tables[table] for table in ("application", *HISTORIES)}), absent)


def _checked(given: object, limit: int, tally: _Tally) -> dict[str, dict[str, list[Any]]]:
    """Values by table and column; worth nothing when the tally says so."""
    if not isinstance(given, dict):
        tally.add("dossier", None, None, "dtype")
        return {}
    for name in given:
        if name != "application" and name not in HISTORIES:
            tally.add("dossier", None, _shown(name), "unknown")
    size = sum(len(given[table]) for table in HISTORIES if isinstance(given.get(table), list))
    if size > limit:
        raise DossierTooLarge(size, limit)
    application = given.get("application")
    if application is None:
        tally.add("application", None, None, "missing")
        return {}
    if not isinstance(application, dict):
        tally.add("application", None, None, "dtype")
        return {}
    found = {"application": _values(_table("application"), [application], {}, tally)}
    applicant = _good(_table("application"), KEY, [application])
    links = {KEY: applicant} if applicant else {}  # columns whose values must be among these
    for table in HISTORIES:
        history = given.get(table)
        if history is None:
            continue
        if not isinstance(history, list):
            tally.add(table, None, None, "dtype")
            continue
        if table == "bureau_balance":
            if given.get("bureau") is None:  # only bureau says whose credit a monthly balance belongs to
                tally.add("bureau", None, None, "missing")
            elif isinstance(given["bureau"], list):
                credits_ = {_CREDIT: _good(_table("bureau"), _CREDIT, given["bureau"])}
                found[table] = _values(_table(table), history, links | credits_, tally)
                continue
        found[table] = _values(_table(table), history, links, tally)
    return found


def _good(table: _Table, name: str, rows: Sequence[object]) -> frozenset[int]:
    """The values of a column that are in order, whatever else a row may break."""
    found = set()
    for row in rows:
        if isinstance(row, dict):
            with suppress(_Broken):
                found.add(table.cells[name](row.get(name)))
    return frozenset(found)


def _values(
    table: _Table, rows: Sequence[object], links: Mapping[str, frozenset[int]], tally: _Tally
) -> dict[str, list[Any]]:
    """Typed values by column: column by column while all is well, else row by row for the order of the problems."""
    if all(isinstance(row, dict) and row.keys() <= table.names for row in rows):
        found = _quick(table, rows, links)  # type: ignore[arg-type]
        if found is not None:
            return found
    _explain(table, rows, links, tally)
    return {}


def _quick(
    table: _Table, rows: Sequence[dict[str, object]], links: Mapping[str, frozenset[int]]
) -> dict[str, list[Any]] | None:
    """None as soon as anything is wrong."""
    try:
        found = {name: [cell(row.get(name)) for row in rows] for name, cell in table.cells.items() if name not in links}
        for name, among in links.items():
            cell = table.cells[name]
            usual = next(iter(among), None) if name == KEY else None  # a history need not repeat the applicant
            found[name] = [cell(row.get(name, usual)) for row in rows]
            if not among.issuperset(found[name]):
                return None
    except _Broken:
        return None
    key = UNIQUE.get(table.name)
    return None if key and len(set(found[key])) < len(rows) else found


def _explain(table: _Table, rows: Sequence[object], links: Mapping[str, frozenset[int]], tally: _Tally) -> None:
    """Every problem of the rows, each at its place."""
    unique, seen = UNIQUE.get(table.name), set[int]()
    for index, row in enumerate(rows):
        place = None if table.name == "application" else index
        if not isinstance(row, dict):
            tally.add(table.name, place, None, "dtype")
            continue
        for name in row:
            if name not in table.names:
                tally.add(table.name, place, _shown(name), "unknown")
        for name, cell in table.cells.items():
            if name not in row:
                if name not in table.optional:
                    tally.add(table.name, place, name, "missing")
                continue
            try:
                value = cell(row[name])
            except _Broken as broken:
                for rule in broken.rules:
                    tally.add(table.name, place, name, rule)
                continue
            if name in links and value not in links[name]:
                tally.add(table.name, place, name, "link")
            if name == unique:
                if value in seen:
                    tally.add(table.name, place, name, "unique")
                seen.add(value)


def _shown(name: object) -> str:
    """A name that a caller made up, fit for a sentence."""
    plain = isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_]+", name)
    return plain[0][:40] if plain else "a name that is not a column"


def _ordered(table: _Table, found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The rows in the order of `canonical`, which polars takes fifty times longer to find for one applicant."""
    height = len(found[KEY])
    if height < 2:
        return found
    # Numbers, and texts by their letters, sort as in polars; nulls come first, beside which nothing is compared.
    keys = list(zip(*(found[name] for name in table.first), strict=True))
    if len(set(keys)) < height:
        keys = list(
            zip(*([(value is not None, value) for value in found[name]] for name in table.sorting), strict=True)
        )
    order = sorted(range(height), key=keys.__getitem__)
    return {name: [values[index] for index in order] for name, values in found.items()}


def frame(table: str, found: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """A table of a dossier from typed values by column.

    By row, as polars reads few rows soonest: columns take it twice as long, a series for each eight times.
    """
    types = layout(table)
    rows = [dict(zip(types, row, strict=True)) for row in zip(*(found[name] for name in types), strict=True)]
    return pl.DataFrame(rows, schema=dict(types)) if rows else none(table)


@cache
def _table(name: str) -> _Table:
    contract = columns(name)
    key = contract.get(KEY) or columns("application")[KEY]
    types = layout(name)
    cells = {column: _cell(contract.get(column, key)) for column in types}
    optional = {column for column in types if column in contract and contract[column].nullable}
    if name != "application":
        optional.add(KEY)
    first = () if optional & set(_ORDER[name]) else _ORDER[name]
    return _Table(
        name,
        MappingProxyType(cells),
        frozenset({*types, TARGET} if name == "application" else types),
        frozenset(optional),
        first,
        (*first, *(column for column in types if column not in first)),
    )


def _cell(column: Column) -> Cell:
    """The check of one column's cells: the value under the column's type, or `_Broken`."""
    if column.dtype.is_integer():
        return _whole(column)
    return _number(column) if column.dtype.is_numeric() else _words(column)


def _whole(column: Column) -> Cell:
    low, high, none, nullable = *_walls(column), column.none, column.nullable
    least, most = pl.select(least=column.dtype.min(), most=column.dtype.max()).row(0)  # type: ignore[attr-defined]

    def cell(value: object) -> int | None:
        if type(value) is not int:
            if value is None and nullable:
                return None
            if type(value) is not float or not value.is_integer():
                raise _Broken("nullability" if value is None else "dtype")
            value = int(value)
        if low <= value <= high or value in none:
            return value
        raise _Broken("range" if least <= value <= most else "dtype")

    return cell


def _number(column: Column) -> Cell:
    low, high, none, nullable = *_walls(column), column.none, column.nullable

    def cell(value: object) -> float | None:
        if type(value) is not float:
            if value is None and nullable:
                return None
            if type(value) is not int:
                raise _Broken("nullability" if value is None else "dtype")
            value = _float(value)
        if low <= value <= high or value in none:
            return value + 0.0  # -0.0 is 0.0, as in every dossier
        raise _Broken("range", *(["inf"] if math.isinf(value) else ["nan"] if math.isnan(value) else []))

    return cell


def _words(column: Column) -> Cell:
    levels, closed, nullable = frozenset(column.values), column.closed, column.nullable

    def cell(value: object) -> str | None:
        if type(value) is not str:
            if value is None and nullable:
                return None
            raise _Broken("nullability" if value is None else "dtype")
        if value in levels:
            return value
        if closed:
            raise _Broken("values")
        if "\n" in value:
            raise _Broken("line")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise _Broken("dtype")  # half a character is no text
        return value

    return cell


def _walls(column: Column) -> tuple[float, float]:
    if column.minimum is None or column.maximum is None:
        raise TypeError(f"{column.name}: a number without a range")
    return column.minimum, column.maximum


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `dossier` takes: what it lets pass, `dossier` lets pass.

    But for the links between tables, keys that repeat, and the rows of all histories together.
    """
    tables = {table: _object(table) for table in ("application", *HISTORIES)}
    properties: dict[str, Any] = {"application": tables["application"]}
    for table in HISTORIES:
        properties[table] = {
            "type": ["array", "null"],
            "description": f"{_told(table)} Missing or null: not known; []: the applicant has none.",
            "items": tables[table],
            "maxItems": ROWS,
        }
    return {
        "type": "object",
        "description": "Everything known about one application on its day: the raw tables of one applicant.",
        "properties": properties,
        "required": ["application"],
        "dependentRequired": {"bureau_balance": ["bureau"]},
        "additionalProperties": False,
    }


def _told(table: str) -> str:
    return (TABLES[table].__doc__ or "").strip()


def _object(table: str) -> dict[str, Any]:
    plan = _table(table)
    contract = columns(table)
    key = columns("application")[KEY]
    return {
        "type": "object",
        "description": _told(table),
        "properties": {name: _property(contract.get(name, key)) for name in plan.cells},
        "required": [name for name in plan.cells if name not in plan.optional],
        "additionalProperties": False,
    }


def _property(column: Column) -> dict[str, Any]:
    kind = "integer" if column.dtype.is_integer() else "number" if column.dtype.is_numeric() else "string"
    found: dict[str, Any] = {
        "type": [kind, "null"] if column.nullable else kind,
        "description": f"{column.meaning} ({column.unit})",
    }
    if kind == "string":
        if column.closed:
            found["enum"] = [*column.values, *([None] if column.nullable else [])]
        else:
            found |= {"not": {"type": "string", "pattern": "\\n"}, "examples": list(column.values)}
        return found
    low, high = _walls(column)
    walls = {"minimum": _short(low), "maximum": _short(high)}
    stands = [{"const": stand} for stand in column.none if not low <= float(stand) <= high]
    return found | ({"anyOf": [walls, *stands]} if stands else walls)


def _short(wall: float) -> float:
    return int(wall) if float(wall).is_integer() else wall
