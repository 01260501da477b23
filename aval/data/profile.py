"""What a warehouse holds, in a page: how many, how deep, what is missing, what is odd, what goes with default."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.tables import HISTORIES, KEY, TARGET, columns, unmask
from aval.data.warehouse import Warehouse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORST = 12  # missing columns and correlations that are worth a line


@dataclass(frozen=True)
class Held:
    """One table. `coverage`: share of applicants with any row; `depth`: mean rows of those who have any."""

    table: str
    rows: int
    coverage: float
    depth: float
    supplied: bool


@dataclass(frozen=True)
class Missing:
    table: str
    column: str
    share: float


@dataclass(frozen=True)
class Correlation:
    """Pearson correlation of a number of the application with TARGET, stand-ins left out."""

    column: str
    value: float
    rows: int


@dataclass(frozen=True)
class Anomaly:
    table: str
    column: str
    what: str
    rows: int
    share: float


@dataclass(frozen=True)
class Profile:
    applications: int
    labelled: int
    default_rate: float | None  # None where nobody is labelled
    first_on: date | None  # None where the lender keeps no calendar
    last_on: date | None
    tables: tuple[Held, ...]
    missing: tuple[Missing, ...]
    correlations: tuple[Correlation, ...]
    anomalies: tuple[Anomaly, ...]

    def json(self) -> str:
        return json.dumps(asdict(self), indent=2, default=str)


def summary(warehouse: Warehouse) -> Profile:
    """Reads the whole warehouse in chunks of applicants."""
    labels = warehouse.labels()
    rows: Counter[str] = Counter()
    holders: Counter[str] = Counter()
    nulls: Counter[tuple[str, str]] = Counter()
    odd: Counter[tuple[str, str, str]] = Counter()
    moments = _Moments()
    for chunk in warehouse.stream():
        for table, frame in chunk.tables.items():
            rows[table] += frame.height
            holders[table] += frame[KEY].n_unique()
            for column, count in frame.null_count().row(0, named=True).items():
                nulls[table, column] += count
            odd += _oddities(table, frame)
        moments.add(chunk.tables["application"].join(labels, on=KEY, how="inner"))
    calendar = warehouse.calendar()
    days = calendar["applied_on"] if calendar is not None and calendar.height else None
    absent = set(warehouse.manifest.absent)
    shares = sorted(
        ((count / rows[table], table, column) for (table, column), count in nulls.items() if count), reverse=True
    )
    return Profile(
        applications=len(warehouse),
        labelled=labels.height,
        default_rate=float(labels[TARGET].cast(pl.Float64).mean()) if labels.height else None,  # type: ignore[arg-type]
        first_on=days.min() if days is not None else None,  # type: ignore[arg-type]
        last_on=days.max() if days is not None else None,  # type: ignore[arg-type]
        tables=tuple(
            Held(
                table,
                rows[table],
                holders[table] / len(warehouse),
                rows[table] / max(holders[table], 1),
                table not in absent,
            )
            for table in ("application", *HISTORIES)
        ),
        missing=tuple(Missing(table, column, share) for share, table, column in shares[:_WORST]),
        correlations=moments.strongest(),
        anomalies=tuple(
            Anomaly(table, column, what, count, count / rows[table])
            for (table, column, what), count in sorted(odd.items(), key=lambda item: -item[1])
        ),
    )


def write(warehouse: Warehouse, folder: Path, profile: Profile | None = None) -> Path:
    """Draws the overview into `folder` and puts the figures beside it; returns the picture's path."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    facts = profile or summary(warehouse)
    figure = Figure(figsize=(13, 9), layout="constrained")
    FigureCanvasAgg(figure)
    (outcome, coverage), (missing, correlation) = figure.subplots(2, 2)
    _draw_outcome(outcome, facts)
    _bars(
        coverage,
        [(f"{held.table} ({held.depth:.1f} rows each)", held.coverage) for held in facts.tables],
        "Applicants with any row",
    )
    _bars(missing, [(f"{_short(gap.table)}{gap.column}", gap.share) for gap in facts.missing], "Most often missing")
    _bars(
        correlation,
        [(link.column, link.value) for link in facts.correlations],
        "Correlation with default (red: riskier)",
        risk=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(facts.json(), encoding="utf-8")
    path = folder / "overview.png"
    figure.savefig(path, dpi=110)
    return path


def _oddities(table: str, frame: pl.DataFrame) -> Counter[tuple[str, str, str]]:
    """Rows with a stand-in, with news from after the application, or with a negative amount."""
    tests: list[pl.Expr] = []
    names: list[tuple[str, str, str]] = []
    for name, column in columns(table).items():
        if name not in frame.columns:
            continue
        for stand in column.none:
            tests.append(pl.col(name) == stand)
            names.append((table, name, f"{stand} stands for none"))
        if column.unit == "currency" and column.minimum is not None and column.minimum < 0:
            tests.append(pl.col(name) < 0)
            names.append((table, name, "negative"))
        if name == "DAYS_CREDIT_UPDATE":
            tests.append(pl.col(name) > 0)
            names.append((table, name, "after the application"))
    counts = frame.select(test.sum().alias(str(place)) for place, test in enumerate(tests)).row(0) if tests else ()
    return Counter({name: count for name, count in zip(names, counts, strict=True) if count})


class _Moments:
    """Sums from which correlations with TARGET follow, chunk by chunk."""

    def __init__(self) -> None:
        self._names = [name for name, column in columns("application").items() if column.dtype.is_numeric()]
        self._names = [name for name in self._names if name not in (KEY, TARGET)]
        self._sums: npt.NDArray[np.float64] = np.zeros((6, len(self._names)))

    def add(self, labelled: pl.DataFrame) -> None:
        known = unmask("application", labelled)
        values = known.select(pl.col(self._names).cast(pl.Float64)).to_numpy()
        target = known[TARGET].cast(pl.Float64).to_numpy()[:, None]
        here = ~np.isnan(values)
        x, y = np.where(here, values, 0.0), np.where(here, target, 0.0)
        self._sums += np.array([part.sum(axis=0) for part in (here, x, y, x * x, y * y, x * y)])

    def strongest(self) -> tuple[Correlation, ...]:
        rows, x, y, xx, yy, xy = self._sums
        with np.errstate(invalid="ignore", divide="ignore"):
            value = (rows * xy - x * y) / np.sqrt((rows * xx - x * x) * (rows * yy - y * y))
        order = np.argsort(-np.abs(np.where(np.isfinite(value), value, 0.0)), kind="stable")[:_WORST]
        return tuple(
            Correlation(self._names[place], float(value[place]), int(rows[place]))
            for place in order
            if np.isfinite(value[place])
        )


def _draw_outcome(axes: "Axes", facts: Profile) -> None:
    unlabelled = facts.applications - facts.labelled
    bad = round((facts.default_rate or 0.0) * facts.labelled)
    parts = [("defaulted", bad), ("paid", facts.labelled - bad), ("not known yet", unlabelled)]
    axes.bar([name for name, _ in parts], [count for _, count in parts], color=["#b5473c", "#3f7f93", "#b9b9b9"])
    for place, (_, count) in enumerate(parts):
        axes.annotate(f"{count:,}", (place, count), ha="center", va="bottom")
    rate = "" if facts.default_rate is None else f", {facts.default_rate:.1%} of the labelled defaulted"
    axes.set_title(f"{facts.applications:,} applications{rate}", loc="left")
    axes.margins(y=0.12)
    axes.spines[["top", "right"]].set_visible(False)


def _bars(axes: "Axes", bars: list[tuple[str, float]], title: str, *, risk: bool = False) -> None:
    def colour(value: float) -> str:
        return "#b5473c" if risk and value > 0 else "#3f7f93"

    places: Any = range(len(bars))
    axes.barh(places, [value for _, value in bars], color=[colour(value) for _, value in bars])
    axes.set_yticks(places, [name for name, _ in bars], fontsize=8)
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    axes.axvline(0, color="black", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _short(table: str) -> str:
    return "" if table == "application" else f"{table}: "
