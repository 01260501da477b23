"""What a decision rested on, as bytes: one applicant's tables written out, restored to the same bits."""

import json
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

from aval.data.dossiers import Dossiers, marked
from aval.data.tables import HISTORIES, KEY, layout
from aval.errors import ApplicantUnknown
from aval.service.contract import frame

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def inputs(dossiers: Dossiers, applicant_id: int) -> bytes:
    """One applicant's tables as compact JSON: per table a list of values per column; an absent history is not there.

    Raises: ApplicantUnknown.
    """
    place = int(dossiers.ids.search_sorted(applicant_id))
    if place == len(dossiers) or dossiers.ids[place] != applicant_id:
        raise ApplicantUnknown("the dossiers")
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
    ids = dossiers.ids[start:stop]
    parts: list[dict[str, dict[str, list[Any]]]] = [{} for _ in range(len(ids))]
    for table in ("application", *HISTORIES):
        if table in dossiers.absent:
            continue
        rows = dossiers.tables[table]
        keys = rows[KEY]
        lows = keys.search_sorted(ids, side="left").to_list()
        highs = keys.search_sorted(ids, side="right").to_list()
        if not lows:
            break
        first = lows[0]
        cut = {series.name: series.to_list() for series in rows[first : highs[-1]]}
        for part, low, high in zip(parts, lows, highs, strict=True):
            part[table] = (
                {name: values[low - first : high - first] for name, values in cut.items()} if low < high else {}
            )
    return [_ENCODE(part).encode() for part in parts]
