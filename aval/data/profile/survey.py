"""Reads a warehouse once, in chunks of applicants, and gathers what a profile states."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import polars as pl

from aval.credit.rate import Rate
from aval.data.profile.bins import Labels, distribution, grouped
from aval.data.profile.depth import Depth
from aval.data.profile.facts import Bin, Distribution, Held, Kept, Profile
from aval.data.profile.gaps import missing
from aval.data.profile.links import links
from aval.data.profile.oddities import Place, anomalies, count
from aval.data.profile.segments import segments
from aval.data.tables import HISTORIES, KEY, TARGET, columns, layout, unmask
from aval.data.warehouse import Warehouse

_SAMPLE = 20_000  # applicants whose history rows are drawn: a picture needs no more
_CHUNK = 20_000

Advance = Callable[[str, int, int], None]


def summary(warehouse: Warehouse, advance: Advance | None = None) -> Profile:
    """Every figure of the page. Applications are held in memory, histories are not."""
    told = advance or (lambda _what, _done, _total: None)
    gathered = _Gathered(warehouse, told)
    application, ids = gathered.application, warehouse.ids
    labels = _labels(warehouse)
    labelled = labels >= 0
    base = Rate.of(int((labels == 1).sum()), int(labelled.sum()))
    kept = [name for name in application.columns if name != KEY]
    contract = columns("application")
    drawn = []
    for place, name in enumerate(kept):
        told("columns of the application", place, len(kept))
        drawn.append(distribution("application", contract[name], application[name], labels))
    histories = gathered.histories(ids, labels, told)
    told("what goes together", 0, 1)
    known = unmask("application", application)
    order = sorted(
        (column for column in drawn if contract[column.column].dtype.is_numeric()),
        key=lambda column: (-(column.iv or 0.0), column.missing, column.column),
    )
    calendar = warehouse.calendar()
    days = calendar["applied_on"] if calendar is not None and calendar.height else None
    return Profile(
        fingerprint=warehouse.fingerprint,
        created_at=warehouse.manifest.created_at,
        applications=len(warehouse),
        labelled=int(labelled.sum()),
        default_rate=base.value if base else None,
        base=base,
        first_on=days.min() if days is not None else None,  # type: ignore[arg-type]
        last_on=days.max() if days is not None else None,  # type: ignore[arg-type]
        months=_months(calendar, ids, labels) if days is not None else (),
        tables=gathered.held(ids, labels),
        missing=missing(application.select(kept), labels, gathered.gaps()),
        columns=tuple(drawn),
        histories=histories,
        sampled=len(gathered.sample),
        links=links(known, [column.column for column in order]),
        segments=segments(known, drawn, labels),
        anomalies=tuple(anomalies(application, labels, gathered.odd, gathered.rows)),
        quality=tuple(
            Kept(table, entry.kept, entry.rejected, entry.orphans, sum(entry.unknown.values()))
            for table, entry in warehouse.manifest.tables.items()
        ),
    )


class _Gathered:
    """What one pass over the warehouse leaves behind."""

    def __init__(self, warehouse: Warehouse, told: Advance) -> None:
        self.absent = frozenset(warehouse.manifest.absent)
        self.sample = warehouse.ids.gather_every(max(1, -(-len(warehouse) // _SAMPLE)))
        self.rows: Counter[str] = Counter()
        self.odd: Counter[Place] = Counter()
        self._nulls: Counter[tuple[str, str]] = Counter()
        self._depth = {table: Depth(table) for table in ("application", *HISTORIES)}
        self._drawn: dict[str, list[pl.DataFrame]] = {table: [] for table in HISTORIES}
        parts: list[pl.DataFrame] = []
        done = 0
        for chunk in warehouse.stream(_CHUNK):
            told("reading the tables", done, len(warehouse))
            done += len(chunk)
            for table, frame in chunk.tables.items():
                if frame.height:
                    self._add(table, frame)
            parts.append(chunk.tables["application"])
        self.application = pl.concat(parts) if parts else pl.DataFrame(schema=dict(layout("application")))

    def _add(self, table: str, frame: pl.DataFrame) -> None:
        self.rows[table] += frame.height
        self._depth[table].add(frame)
        if table == "application":
            return
        for column, lost in frame.null_count().row(0, named=True).items():
            self._nulls[table, column] += lost
        self.odd += count(table, frame)
        self._drawn[table].append(frame.filter(pl.col(KEY).is_in(self.sample.implode())))

    def gaps(self) -> dict[tuple[str, str], tuple[int, int]]:
        return {(table, column): (self.rows[table], lost) for (table, column), lost in self._nulls.items()}

    def held(self, ids: pl.Series, labels: Labels) -> tuple[Held, ...]:
        return tuple(depth.held(ids, labels, supplied=table not in self.absent) for table, depth in self._depth.items())

    def histories(self, ids: pl.Series, labels: Labels, told: Advance) -> tuple[Distribution, ...]:
        """Rows of the sampled applicants, each with its applicant's outcome."""
        drawn = []
        for place, (table, parts) in enumerate(self._drawn.items()):
            told("columns of the histories", place, len(self._drawn))
            if not parts:
                continue
            frame = pl.concat(parts)
            parts.clear()
            outcome = labels[np.searchsorted(ids.to_numpy(), frame[KEY].to_numpy())]
            drawn += [
                distribution(table, column, frame[name], outcome)
                for name, column in columns(table).items()
                if column.unit != "id" and frame.height
            ]
        return tuple(drawn)


def _labels(warehouse: Warehouse) -> Labels:
    """In the order of the applications."""
    found = warehouse.labels()
    labels = np.full(len(warehouse), -1, np.int8)
    labels[np.searchsorted(warehouse.ids.to_numpy(), found[KEY].to_numpy())] = found[TARGET].to_numpy()
    return labels


def _months(calendar: pl.DataFrame | None, ids: pl.Series, labels: Labels) -> tuple[Bin, ...]:
    if calendar is None:
        return ()
    joined = ids.to_frame().join(calendar, on=KEY, how="left", maintain_order="left")
    return grouped(joined["applied_on"].dt.strftime("%Y-%m"), labels)[0]
