"""What a decision rested on, as bytes: one applicant's tables written out, restored to the same bits."""

import json
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import polars as pl

from aval.data.dossiers import Dossiers, marked
from aval.data.tables import HISTORIES, KEY, layout
from aval.errors import ApplicantUnknown, Said
from aval.service.contract import frame

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

_MANY: Final = 32
"""Applicants from which encoding by column is the faster way."""


def inputs(dossiers: Dossiers, applicant_id: int) -> bytes:
    """One applicant's tables as compact JSON: per table a list of values per column; an absent history is not there.

    Raises: ApplicantUnknown.
    """
    place = int(dossiers.ids.search_sorted(applicant_id))
    if place == len(dossiers) or dossiers.ids[place] != applicant_id:
        raise ApplicantUnknown(Said("the dossiers"))
    return _written(dossiers, place, place + 1)[0]


def inputs_of(dossiers: Dossiers) -> list[bytes]:
    """Everyone's, in the order of `dossiers.ids`, each the same as alone."""
    return _written(dossiers, 0, len(dossiers))


def restored(inputs: bytes) -> Dossiers:
    """The dossiers that were written: the same types, values, nulls, order and absent histories."""
    given: dict[str, dict[str, Sequence[Any]]] = json.loads(inputs)
    tables = {}
    for table in ("application", *HISTORIES):
        values = given.get(table) or dict.fromkeys(layout(table), ())
        tables[table] = marked(frame(table, values))
    absent = frozenset(table for table in HISTORIES if table not in given)
    return Dossiers(MappingProxyType(tables), absent)


def _written(dossiers: Dossiers, start: int, stop: int) -> list[bytes]:
    """Of the applicants at these places: every table is cut once, and each applicant takes its own part of the cut."""
    ids = dossiers.ids[start:stop].to_numpy()
    write = _few if len(ids) < _MANY else _many
    parts: list[list[str]] = [[] for _ in range(len(ids))]
    for table in ("application", *HISTORIES):
        if table in dossiers.absent:
            continue
        rows = dossiers.tables[table]
        keys = rows[KEY].to_numpy()
        lows, highs = np.searchsorted(keys, ids, "left").tolist(), np.searchsorted(keys, ids, "right").tolist()
        if not lows:
            break
        first = lows[0]
        spans = [(low - first, high - first) for low, high in zip(lows, highs, strict=True)]
        for part, text in zip(parts, write(rows[first : highs[-1]], spans), strict=True):
            part.append(f'"{table}":{text}')
    return [f"{{{','.join(part)}}}".encode() for part in parts]


def _few(rows: pl.DataFrame, spans: list[tuple[int, int]]) -> Iterator[str]:
    names, cut = rows.columns, rows.rows()
    for low, high in spans:
        several = zip(names, zip(*cut[low:high], strict=True), strict=True)
        yield _ENCODE(dict(several)) if low < high else "{}"


def _many(rows: pl.DataFrame, spans: list[tuple[int, int]]) -> Iterator[str]:
    """The same text, each column encoded at once: four times faster on ten thousand applications."""
    cells = [_cells(series) for series in rows]
    if all(high == low + 1 for low, high in spans):
        frame = "{" + ",".join(f'"{name}":[%s]' for name in rows.columns) + "}"
        yield from (frame % several for several in zip(*cells, strict=True))
        return
    names = [f'"{name}":[' for name in rows.columns]
    for low, high in spans:
        own = (f"{name}{','.join(cell[low:high])}]" for name, cell in zip(names, cells, strict=True))
        yield f"{{{','.join(own)}}}" if low < high else "{}"


def _cells(series: pl.Series) -> list[str]:
    values = series.to_list()
    if series.dtype == pl.String:
        known = {value: _ENCODE(value) for value in set(values)}
        return [known[value] for value in values]
    return _ENCODE(values)[1:-1].split(",")  # numbers and nulls have no comma in them
