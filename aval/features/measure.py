"""How features of a history are composed: measures of rows, flags of rows, statistics over windows of rows.

A `History` holds what one table's rows can be asked; `declare` asks it. Names, phrases in both languages,
raw columns read and the whole definition follow from the parts, so nothing is said twice. `compile` turns
aggregates into a few lists of expressions: a level of columns at a time, then one aggregation.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import and_
from typing import Any

import polars as pl

from aval.credit.reason import REASONS, Theme
from aval.data.tables import KEY, unmask
from aval.errors import FeatureError
from aval.features.feature import SOURCES, STATISTICS, Kind, Parts, parse
from aval.features.rows import Framed

DAYS_A_YEAR = 365.25

_ROW_STATISTICS = frozenset(
    ("mean", "min", "max", "sum", "std", "var", "median", "first", "last", "range", "distinct", "slope")
)


def ratio(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    """above / below; null where below is null or 0, never infinite."""
    return pl.when(below != 0).then(above / below)


def total(*values: pl.Expr) -> pl.Expr:
    """The values known, added from left to right; 0 when none is.

    `pl.sum_horizontal` adds in whatever order its threads come: for floats the last digit then varies by the run.
    """
    return reduce(lambda left, right: left + right, (value.fill_null(0.0) for value in values))


def mean_known(*columns: str) -> pl.Expr:
    """Mean of the columns known, in their order; null when none is (0 / 0, which `build` makes unknown)."""
    values = [pl.col(column) for column in columns]
    return total(*values) / pl.sum_horizontal(value.is_not_null() for value in values)


def quotient(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    """above / below of one row per applicant: `build` makes a division by 0 unknown, cheaper than asking first.

    Not for rows of a history, where one infinite row would spoil a mean.
    """
    return above / below


def of_the(noun: str) -> str:
    """French `de` before a noun with its article: de + le = du, de + les = des."""
    if noun.startswith("le "):
        return "du " + noun[3:]
    if noun.startswith("les "):
        return "des " + noun[4:]
    return "de " + noun


def of(noun: str) -> str:
    """French `de` before a bare noun: d'échéances, de crédits."""
    return ("d'" if noun[0] in "aeiouyéèêhAEIOUÉÈ" else "de ") + noun


@dataclass(frozen=True, slots=True)
class Measure:
    """One value of a row; the last word of its name is its unit; `fr` carries its article."""

    name: str
    expr: pl.Expr = field(compare=False, repr=False)
    en: str
    fr: str
    theme: Theme
    reason: str | None
    actionable: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes or no of a row, to count, to take the share of, or to keep rows by (then `name` is a window)."""

    name: str
    expr: pl.Expr = field(compare=False, repr=False)
    en: str
    """After the rows' noun ("paid more than 7 days late"), or before it where it ends in a hyphen ("active-")."""
    fr: str
    theme: Theme | None = None
    reason: str | None = None
    actionable: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """An aggregate that is a feature: its name and how to say it."""

    name: str
    en: str
    fr: str
    theme: Theme
    reason: str | None
    actionable: bool
    kind: Kind = "number"


@dataclass(frozen=True, slots=True)
class Compiled:
    """Levels of row columns, one aggregation, and what each aggregate is at the end."""

    levels: tuple[tuple[pl.Expr, ...], ...]
    aggregates: tuple[pl.Expr, ...]
    counts: tuple[str, ...]
    """Aggregates that are 0, not unknown, for an applicant without rows."""
    sums: Mapping[str, str]
    """Sum -> the count of values known in it: a sum of nothing known is unknown."""
    final: tuple[tuple[pl.Expr, ...], ...]
    """Levels of columns of one row per applicant, each made of the one before; the last are aggregates too."""
    columns: frozenset[str]
    """What a prepared frame must bring."""
    raw: frozenset[str]
    """The table's own columns which that takes."""
    dtypes: Mapping[str, pl.DataType]
    """What was asked for: name -> type."""
    nothing: pl.DataFrame
    """The one row of an applicant without rows."""
    unknown: pl.Series


def sentence(text: str) -> str:
    """The text with a capital, spaces single."""
    text = re.sub(r"\s+", " ", text).strip()
    return text[0].upper() + text[1:]


class History:
    """What the rows of one history table can be asked."""

    def __init__(
        self,
        source: str,
        *,
        row: str,
        rows: tuple[str, str],
        time: str,
        time_days: float,
        prepare: Callable[..., Any],
        beside: tuple[str, ...] = (),
        reads: tuple[str, ...] = (),
        prepared: Mapping[str, tuple[str, ...]] | None = None,
        recipe: str,
    ) -> None:
        """`time` orders rows and `time_days` is one unit of it in days; `prepare` drops rows dated after the
        application and adds the columns `prepared`, each with the raw columns it comes from; it always reads
        `reads`, and is handed the tables `beside` whole, whose columns it names "table.COLUMN". `recipe` says in
        words what it does: it is part of every definition."""
        self.source = source
        self.table = SOURCES[source]
        self.row = row
        self.rows_en, self.rows_fr = rows
        self.time = time
        self.time_days = time_days
        self.prepare = prepare
        self.beside = beside
        self.always = (KEY, time, *reads)
        self.prepared = dict(prepared or {})
        self.recipe = recipe
        self.measures: dict[str, Measure] = {}
        self.flags: dict[str, Flag] = {}
        self.asked: list[Asked] = []

    def measure(
        self,
        name: str,
        expr: pl.Expr,
        en: str,
        fr: str,
        reason: str,
        *,
        actionable: bool = False,
        text: bool = False,
    ) -> None:
        """Declare a number of a row, or a text whose distinct values are counted."""
        values = expr if text else expr.cast(pl.Float64)
        self.measures[name] = Measure(name, values, en, fr, REASONS[reason].theme, reason, actionable)

    def flag(
        self, name: str, expr: pl.Expr, en: str, fr: str, reason: str | None = None, *, actionable: bool = False
    ) -> None:
        """Declare a yes or no of a row."""
        theme = REASONS[reason].theme if reason else None
        self.flags[name] = Flag(name, expr, en, fr, theme, reason, actionable)

    # Asking

    def declare(self, measure: str, statistics: str, *windows: str) -> None:
        """Make features of a measure: every statistic over every window ("" is all rows; words of one add up)."""
        known = self.measures[measure]
        for window in windows or ("",):
            for statistic in statistics.split():
                name = "_".join((self.source, measure, statistic, *window.split()))
                scope_en, scope_fr = self._scope(tuple(window.split()))
                before_en, before_fr = STATISTICS[statistic]
                per_en, per_fr = (", change per year", ", variation par an") if statistic == "slope" else ("", "")
                self.asked.append(
                    Asked(
                        name,
                        sentence(f"{before_en} {known.en}, over {scope_en}{per_en}"),
                        sentence(f"{before_fr} {of_the(known.fr)}, sur les {scope_fr}{per_fr}"),
                        known.theme,
                        known.reason,
                        known.actionable,
                        "category" if measure.endswith("_category") else "number",
                    )
                )

    def count(self, reason: str, *windows: str, actionable: bool = False) -> None:
        """Make features of the number of rows in each window."""
        for window in windows or ("",):
            scope_en, scope_fr = self._scope(tuple(window.split()))
            name = "_".join((self.source, self.row, "count", *window.split()))
            self.asked.append(
                Asked(
                    name,
                    sentence(f"number of {scope_en}"),
                    sentence(f"nombre {of(scope_fr)}"),
                    REASONS[reason].theme,
                    reason,
                    actionable,
                )
            )

    def share(self, flags: str, *windows: str, unit: str = "share") -> None:
        """Make features of the share (or count) of rows that each flag says yes to, in each window."""
        for token in flags.split():
            known = self.flags[token]
            if known.theme is None:
                raise FeatureError(f"{self.source} {token}: a flag without a theme", "declare it with a reason")
            for window in windows or ("",):
                scope_en, scope_fr = self._scope(tuple(window.split()))
                rows_en, rows_fr = self._scope((token,))
                among_en, among_fr = (f", among {scope_en}", f", parmi les {scope_fr}") if window else ("", "")
                head_en, head_fr = (
                    (f"share of {rows_en}", f"part des {rows_fr}")
                    if unit == "share"
                    else (f"number of {rows_en}", f"nombre {of(rows_fr)}")
                )
                self.asked.append(
                    Asked(
                        "_".join((self.source, token, unit, *window.split())),
                        sentence(head_en + among_en),
                        sentence(head_fr + among_fr),
                        known.theme,
                        known.reason,
                        known.actionable,
                    )
                )

    def _scope(self, windows: tuple[str, ...]) -> tuple[str, str]:
        flags = [self.flags[window] for window in windows]
        before = " ".join(flag.en[:-1] for flag in flags if flag.en.endswith("-"))
        after = ", ".join(flag.en for flag in flags if not flag.en.endswith("-"))
        french = ", ".join(flag.fr for flag in flags)
        return f"{before} {self.rows_en} {after}".strip(), f"{self.rows_fr} {french}".strip()

    # What an aggregate reads, and its definition

    def knows(self, name: str) -> bool:
        """Whether this name is an aggregate that `compile` can compute."""
        try:
            self.parts(name)
        except (FeatureError, KeyError):
            return False
        return True

    def parts(self, name: str) -> Parts:
        """An aggregate's name, taken apart. Raises FeatureError where no such measure or window is declared."""
        parts = parse(name)
        if parts.source != self.source:
            raise FeatureError(f"{name} is not of {self.source}", "ask the history it names")
        measure = f"{parts.what}_{parts.unit}"
        if parts.statistic is None:
            if parts.unit not in ("count", "share") or parts.what not in (*self.flags, self.row):
                raise FeatureError(f"{name}: no such flag of {self.source}", "declare it first")
        elif measure not in self.measures or parts.statistic not in _ROW_STATISTICS:
            raise FeatureError(f"{name}: no measure {measure} of {self.source}", "declare it first")
        for window in parts.windows:
            if window not in self.flags:
                raise FeatureError(f"{name}: no window {window} of {self.source}", "declare it first")
        return parts

    def roots(self, name: str) -> list[str]:
        """The declared columns an aggregate is made from."""
        parts = self.parts(name)
        what = f"{parts.what}_{parts.unit}" if parts.statistic else parts.what
        return [root for root in (what, *parts.windows) if root != self.row]

    def below(self, column: str) -> list[str]:
        """The columns that a declared column reads; none below a raw one."""
        expr = self.expr(column)
        return [] if expr is None else expr.meta.root_names()

    def expr(self, name: str) -> pl.Expr | None:
        """What a declared column is; None for a raw or prepared one."""
        known = self.measures.get(name) or self.flags.get(name)
        return None if known is None else known.expr

    def resolve(self, name: str) -> tuple[frozenset[str], str]:
        """Raw columns ("table.COLUMN") an aggregate reads, and its definition down to them."""
        seen: dict[str, str] = {}
        raw: set[str] = {self.time}

        def walk(column: str) -> None:
            expr = self.expr(column)
            if expr is None:
                if column != KEY:  # only asked whether two rows are one applicant's
                    raw.update(self.prepared.get(column, (column.removesuffix("_NONE"),)))
                return
            if column not in seen:
                seen[column] = str(expr)
                for root in expr.meta.root_names():
                    walk(root)

        for root in self.roots(name):
            walk(root)
        text = ";".join(f"{column}={seen[column]}" for column in sorted(seen))
        reads = frozenset(column if "." in column else f"{self.table}.{column}" for column in raw)
        return reads, f"{name}[{self.recipe}]{{{text}}}"

    # Computing

    def expression(self, name: str) -> pl.Expr:
        """The aggregate over rows, as it is computed."""
        last: pl.Expr = self.compile((name,)).aggregates[-1]
        return last

    def rows(self, tables: Mapping[str, pl.DataFrame], compiled: Compiled) -> pl.DataFrame:
        """The rows to aggregate: only the columns needed, stand-ins taken out, nothing later than the application."""
        frame = tables[self.table]
        own = frame[[column for column in frame.columns if column in compiled.raw]]
        beside = (Framed(tables[name]) for name in self.beside)
        prepared: Framed = self.prepare(Framed(unmask(self.table, own, compiled.columns)), *beside)
        return prepared.frame

    def compile(self, names: Iterable[str]) -> Compiled:
        """The expressions that compute these aggregates."""
        return _compile(self, tuple(names))


def _masked(column: str, windows: tuple[str, ...]) -> str:
    return "|".join((column, *windows))


@lru_cache(maxsize=64)
def _compile(history: History, names: tuple[str, ...]) -> Compiled:
    needed: set[str] = set()
    masks: dict[str, pl.Expr] = {}
    masked: dict[str, pl.Expr] = {}
    moments: dict[str, pl.Expr] = {}
    aggregates: dict[str, pl.Expr] = {}
    counts: list[str] = []
    sums: dict[str, str] = {}
    terms: dict[str, pl.Expr] = {}
    final: list[pl.Expr] = []

    def window_column(windows: tuple[str, ...]) -> str:
        if len(windows) == 1:
            return windows[0]
        name = "&".join(windows)
        masks[name] = reduce(and_, (pl.col(window) for window in windows))
        return name

    for name in names:
        parts = history.parts(name)
        windows = parts.windows
        if parts.statistic is None and parts.what in history.flags and not windows:
            # Straight in the aggregation: a column of its own would cost more than it saves.
            needed.update(root for root in history.flags[parts.what].expr.meta.root_names())
        else:
            needed.update(history.roots(name))
        if parts.statistic is None:
            flag = pl.col(parts.what) if windows or parts.what == history.row else history.flags[parts.what].expr
            if parts.what == history.row and parts.unit == "count":
                aggregates[name] = pl.col(window_column(windows)).sum() if windows else pl.len()
            elif windows:
                column = _masked(parts.what, windows)
                masked[column] = pl.when(pl.col(window_column(windows))).then(flag).alias(column)
                aggregates[name] = getattr(pl.col(column), "sum" if parts.unit == "count" else "mean")()
            else:
                aggregates[name] = flag.sum() if parts.unit == "count" else flag.mean()
            if parts.unit == "count":
                counts.append(name)
            continue
        column = f"{parts.what}_{parts.unit}"
        if windows:
            source, column = column, _masked(column, windows)
            masked[column] = pl.when(pl.col(window_column(windows))).then(pl.col(source)).alias(column)
        values = pl.col(column)
        match parts.statistic:
            case "mean" | "min" | "max" | "std" | "var" | "median":
                aggregates[name] = getattr(values, parts.statistic)()
            case "first" | "last":
                aggregates[name] = getattr(values, parts.statistic)(ignore_nulls=True)
            case "range":
                aggregates[name] = values.max() - values.min()
            case "distinct":
                aggregates[name] = values.drop_nulls().n_unique()
                counts.append(name)
            case "sum":
                aggregates[name] = values.sum()
                sums[name] = f"n|{column}"
                aggregates[sums[name]] = values.count()
                counts.append(sums[name])
            case "slope":
                final.append(_slope(history, column, moments, aggregates, terms).alias(name))
            case _:
                raise FeatureError(f"{name}: rows have no statistic {parts.statistic}", "use another")

    dtypes = {name: pl.String() if parse(name).unit == "category" else pl.Float64() for name in names}
    nothing = pl.DataFrame(
        [
            pl.Series(name, [0 if name in counts else None], dtype=pl.UInt32 if name in counts else dtype)
            for name, dtype in dtypes.items()
        ]
    )
    levels, columns = _levels(history, needed)
    raw = {name for column in columns for name in history.prepared.get(column, (column.removesuffix("_NONE"),))}
    later = (tuple(e.alias(n) for n, e in masks.items()), tuple(masked.values()), tuple(moments.values()))
    return Compiled(
        (*levels, *(level for level in later if level)),
        tuple(expr.alias(name) for name, expr in aggregates.items()),
        tuple(counts),
        sums,
        (tuple(terms.values()), tuple(final)) if final else (),
        columns,
        frozenset((*history.always, *raw)),
        dtypes,
        nothing,
        pl.Series([None], dtype=pl.Float64),
    )


def _slope(
    history: History,
    column: str,
    moments: dict[str, pl.Expr],
    aggregates: dict[str, pl.Expr],
    terms: dict[str, pl.Expr],
) -> pl.Expr:
    """Least squares over time, from sums: whole days and months add up exactly, so one time alone divides by 0."""
    value = pl.col(column)
    time = pl.when(value.is_not_null()).then(pl.col(history.time).cast(pl.Float64))
    moments[f"t|{column}"] = time.alias(f"t|{column}")
    moments[f"tt|{column}"] = (time * time).alias(f"tt|{column}")
    moments[f"ty|{column}"] = (time * value).alias(f"ty|{column}")
    for prefix in ("t", "tt", "ty"):
        aggregates[f"S{prefix}|{column}"] = pl.col(f"{prefix}|{column}").sum()
    aggregates[f"Sy|{column}"] = value.sum()
    aggregates[f"n|{column}"] = value.count()
    n, t, tt = (pl.col(f"{p}|{column}") for p in ("n", "St", "Stt"))
    ty, y = pl.col(f"Sty|{column}"), pl.col(f"Sy|{column}")
    above, below = f"above|{column}", f"below|{column}"
    terms[above] = (n * ty - t * y).alias(above)
    terms[below] = (n * tt - t * t).alias(below)
    return ratio(pl.col(above), pl.col(below)) * (DAYS_A_YEAR / history.time_days)


def _levels(history: History, needed: Iterable[str]) -> tuple[list[tuple[pl.Expr, ...]], frozenset[str]]:
    """Declared row columns in levels, each reading only earlier ones; and the columns the frame must bring."""
    depth: dict[str, int] = {}
    brought: set[str] = set()

    def walk(name: str) -> int:
        expr = history.expr(name)
        if expr is None:
            brought.add(name)
            return 0
        if name not in depth:
            depth[name] = 1 + max((walk(root) for root in expr.meta.root_names()), default=0)
        return depth[name]

    for name in sorted(needed):
        walk(name)
    levels: list[tuple[pl.Expr, ...]] = []
    for level in range(1, max(depth.values(), default=0) + 1):
        exprs = []
        for name, at in depth.items():
            expr = history.expr(name)
            if at == level and expr is not None:
                exprs.append(expr.alias(name))
        levels.append(tuple(exprs))
    return levels, frozenset(brought)
