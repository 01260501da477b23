"""Rows in, features out: dossiers drawn as small tables, one applicant, only the columns that matter."""

import polars as pl

from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY, layout
from aval.features.build import build, single
from aval.features.feature import FeatureSet

ONE = 100_001


def table(name: str, drawn: str) -> pl.DataFrame:
    """A table from text: a line of column names, then one line per row; `-` is missing, `_` stands for a space."""
    lines = [line.split() for line in drawn.strip().splitlines()]
    columns, rows = lines[0], lines[1:]
    cells = {
        column: [None if row[place] == "-" else row[place].replace("_", " ") for row in rows]
        for place, column in enumerate(columns)
    }
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String))
    types = layout(name)
    known = frame.with_columns(pl.col(column).cast(types[column]) for column in columns)
    missing = [pl.lit(None, dtype).alias(column) for column, dtype in types.items() if column not in columns]
    keyed = known.with_columns(missing)
    return keyed.with_columns(pl.col(KEY).fill_null(ONE)).select(*types)


def turned(drawn: str) -> str:
    """The same table drawn with a column per line: its name, then its value in each row."""
    return "\n".join(" ".join(row) for row in zip(*(line.split() for line in drawn.strip().splitlines()), strict=True))


def dossiers(**drawn: str) -> Dossiers:
    """Dossiers from drawn tables; a history that is not drawn was supplied and holds no row."""
    given = {name: table(name, text) for name, text in drawn.items()}
    given.setdefault("application", table("application", "AMT_CREDIT\n1000"))
    for name in HISTORIES:
        given.setdefault(name, pl.DataFrame(schema=dict(layout(name))))
    return Dossiers.of(given)


def features(*names: str, **drawn: str) -> dict[str, float | str | None]:
    """These features of the one applicant drawn."""
    one, wanted = dossiers(**drawn), FeatureSet.named(names)
    row = build(one, wanted).row(0, named=True)
    found = dict(zip(wanted.names, single(one, wanted), strict=True))
    for name, value in found.items():
        assert value == row[name] if row[name] is not None else value is None or value != value, name
    return {name: row[name] for name in names}


def feature(name: str, **drawn: str) -> float | str | None:
    return features(name, **drawn)[name]
