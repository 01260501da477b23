"""A scorecard as one SELECT: the same whole points for everyone, in DuckDB, SQLite and PostgreSQL."""

from collections.abc import Iterator

import numpy as np

from aval.data.tables import KEY
from aval.model.scorecard import Characteristic, Scorecard

_HEAD = """-- {title}: points of every row of {table}.
-- Log-odds of default = ({base:g} - points) * ln(2) / {double:g} - ln({odds:g}).
-- What is not known is NULL. A limit in this text is where a number, rounded to single precision as the model
-- rounds it, reaches the bin above: for any number of double precision the bin is the model's."""


def statement(card: Scorecard, table: str = "features", title: str = "aval scorecard") -> str:
    """SELECT the key and `points` of each row of a table whose columns are named like the features."""
    return "\n".join(_lines(card, table, title)) + "\n"


def _lines(card: Scorecard, table: str, title: str) -> Iterator[str]:
    scale = card.scale
    yield _HEAD.format(title=title, table=table, base=scale.base, double=scale.double, odds=scale.odds)
    yield "SELECT"
    yield f"  {_name(KEY)},"
    yield f"  {card.start}"
    for one, points in zip(card.characteristics, card.points, strict=True):
        yield "  + CASE"
        yield from (f"      {line}" for line in _cases(one, points))
        yield "    END"
    yield "  AS points"
    yield f"FROM {_name(table)};"


def _cases(one: Characteristic, points: tuple[int, ...]) -> Iterator[str]:
    name = _name(one.feature)
    if one.levels:
        for number, worth in enumerate(points):
            inside = [_word(level) for level, group in zip(one.levels, one.groups, strict=True) if group == number]
            if inside:
                yield f"WHEN {name} IN ({', '.join(inside)}) THEN {worth}"
        # NULL is equal to nothing, so it ends here together with every unknown level.
        yield f"ELSE {points[one.missing]}"
        return
    yield f"WHEN {name} IS NULL THEN {points[one.missing]}"
    for cut, worth in zip(one.cuts, points, strict=False):
        yield f"WHEN {name} {_below(cut)} THEN {worth}"
    yield f"ELSE {points[len(one.cuts)]}"


def _below(cut: float) -> str:
    """The condition on a double that holds exactly where the double, rounded to single, lies below `cut`.

    The limit lies half way between `cut` and the single before it, and is itself rounded to whichever of the
    two is even. Written with an exponent, or DuckDB would read a decimal of limited digits.
    """
    single = np.float32(cut)
    before = np.nextafter(single, np.float32(-np.inf))
    limit = float(before) + (float(single) - float(before)) / 2.0
    return f"{'<' if np.float32(limit) == single else '<='} {limit:.16e}"


def _name(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _word(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
