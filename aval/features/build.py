"""Dossiers to one row per application: the same code for one dossier in a request and for a portfolio.

Everything is eager, over whole applicants in canonical order, and every group is aggregated on its own: an
applicant's values are the same to the last bit alone, in a batch, and in any chunking. What a set of features
needs is worked out once and kept; tables it does not need are not touched.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from aval.data.dossiers import Dossiers
from aval.data.few import block, selected, widened
from aval.data.tables import KEY, layout, unmask, unmasking
from aval.errors import FeatureError
from aval.features import (
    across,
    application,
    balance,
    bureau,
    card,
    external,
    instalments,
    pos,
    previous,
    price,
    ratios,
)
from aval.features import reference as published
from aval.features.alone import Alone, Value
from aval.features.application import Derived
from aval.features.feature import SOURCES, Feature, FeatureSet, parse
from aval.features.measure import Asked, Compiled, History
from aval.features.tape import NAN, Odd

if TYPE_CHECKING:
    from aval.data.warehouse import Warehouse

_MODULES: Final[tuple[ModuleType, ...]] = (
    *(application, ratios, price, external, bureau, balance),
    *(previous, pos, instalments, card, across),
)
HISTORIES: Final[Mapping[str, History]] = {
    **{module.HISTORY.source: module.HISTORY for module in (bureau, balance, previous, pos, instalments, card)},
    **published.HISTORIES,
}
_STEPS: Final[Mapping[str, pl.Expr]] = {**price.STEPS}

Resolved = tuple[frozenset[str], str]


def _resolve(expr: pl.Expr) -> Resolved:
    """Raw columns an expression reads, through steps and aggregates, and its definition down to them."""
    reads: set[str] = set()
    parts: dict[str, str] = {}

    def walk(current: pl.Expr) -> None:
        for root in current.meta.root_names():
            if root in parts:
                continue
            if root in _STEPS:
                parts[root] = str(_STEPS[root])
                walk(_STEPS[root])
            elif (history := HISTORIES.get(root.split("_")[0])) is not None:
                found, parts[root] = history.resolve(root)
                reads.update(found)
            else:
                reads.add(f"application.{root.removesuffix('_NONE')}")

    walk(expr)
    text = ";".join(f"{name}={parts[name]}" for name in sorted(parts))
    return frozenset(reads), f"{expr}{{{text}}}"


def _of_derived(declared: Derived) -> Feature:
    reads, definition = _resolve(declared.expr)
    feature = Feature(
        name=declared.name,
        expr=declared.expr,
        definition=definition,
        unit=parse(declared.name).unit,
        en=declared.en,
        fr=declared.fr,
        table=SOURCES[declared.name.split("_")[0]],
        theme=declared.theme,
        reason=None,
        kind=declared.kind,
        reads=reads,
        actionable=declared.actionable,
    )
    return _with_reason(feature, declared.reason)


def _of_asked(history: History, asked: Asked) -> Feature:
    reads, definition = history.resolve(asked.name)
    feature = Feature(
        name=asked.name,
        expr=history.expression(asked.name),
        definition=definition,
        unit=parse(asked.name).unit,
        en=asked.en,
        fr=asked.fr,
        table=history.table,
        theme=asked.theme,
        reason=None,
        kind=asked.kind,
        reads=reads,
        actionable=asked.actionable,
    )
    return _with_reason(feature, asked.reason)


def _with_reason(feature: Feature, reason: str | None) -> Feature:
    """A protected feature is never given as a reason, whatever its declaration says."""
    from dataclasses import replace

    return feature if reason is None or feature.protected else replace(feature, reason=reason)


@cache
def catalogue() -> FeatureSet:
    """Every feature there is, table by table."""
    features = []
    for module in _MODULES:
        history: History | None = getattr(module, "HISTORY", None)
        if history is not None:
            features += [_of_asked(history, asked) for asked in history.asked]
        features += [_of_derived(declared) for declared in module.FEATURES]
    return FeatureSet(features)


@cache
def reference() -> FeatureSet:
    """The reference system's own features; what the catalogue has too is the catalogue's."""
    features = [catalogue()[name] for name in published.BORROWED]
    features += [_of_derived(declared) for declared in published.FEATURES]
    for history in published.HISTORIES.values():
        features += [_of_asked(history, asked) for asked in history.asked]
    return FeatureSet(features)


SETS: Final[Mapping[str, Callable[[], FeatureSet]]] = {"all": catalogue, "reference": reference}
"""Whole sets, by the word that plans and commands choose them with."""


def holding(chosen: str | Iterable[str]) -> FeatureSet:
    """The whole set of this word, or the first that has all of these names; where none has, everything there is."""
    if isinstance(chosen, str):
        return SETS[chosen]()
    names = tuple(chosen)
    for whole in SETS.values():
        if all(name in whole() for name in names):
            return whole()
    return _everything()


@cache
def _everything() -> FeatureSet:
    return FeatureSet(dict.fromkeys(feature for whole in SETS.values() for feature in whole()))


@dataclass(slots=True)
class _Plan:
    """What to compute for a set of features, some histories being absent."""

    columns: tuple[str, ...]
    histories: tuple[tuple[History, Compiled], ...]
    steps: tuple[tuple[pl.Expr, ...], ...]
    derived: tuple[pl.Expr, ...]
    held: tuple[list[str], ...]
    """For each history, the aggregates that derived features read."""
    copied: Mapping[str, str]
    empty: Mapping[str, pl.DataType]
    order: list[str]
    numbers: tuple[str, ...]
    counts: tuple[int, ...] | None = None
    """Places in the row of numbers that come out as counts or flags: always the same ones, so looked for once."""


@lru_cache(maxsize=32)
def alone(features: FeatureSet, absent: frozenset[str]) -> Alone:
    """These features of one dossier at a time. Raises NotImplementedError where an expression has no steps."""
    plan = _plan(features, absent)
    columns = [name.removesuffix("_NONE") for name in plan.columns]
    types = {name: dtype for name, dtype in layout("application").items() if name in columns}
    return Alone(
        features.names,
        types,
        plan.histories,
        (unmasking("application", columns), *plan.steps, plan.derived),
        copied=plan.copied,
        empty=plan.empty,
    )


@lru_cache(maxsize=32)
def _plan(features: FeatureSet, absent: frozenset[str]) -> _Plan:
    columns: set[str] = {KEY}
    aggregates: dict[str, dict[str, None]] = {}
    steps: dict[str, int] = {}
    derived: list[pl.Expr] = []
    copied: dict[str, str] = {}
    empty: dict[str, pl.DataType] = {}
    held: set[str] = set()

    def depth(expr: pl.Expr) -> int:
        """How many levels of steps lie below; notes what it needs on the way."""
        below = 0
        for root in expr.meta.root_names():
            source = root.split("_")[0]
            if root in _STEPS:
                if root not in steps:
                    steps[root] = depth(_STEPS[root])
                below = max(below, steps[root] + 1)
            elif source in HISTORIES:
                aggregates.setdefault(source, {})[root] = None
                held.add(root)
            else:
                columns.add(root.removesuffix("_NONE"))
        return below

    for feature in features:
        source = feature.name.split("_")[0]
        if absent & {column.split(".")[0] for column in feature.reads}:
            empty[feature.name] = pl.Float64() if feature.kind == "number" else pl.String()
        elif source in HISTORIES and HISTORIES[source].knows(feature.name):
            aggregates.setdefault(source, {})[feature.name] = None
        else:
            depth(feature.expr)
            if feature.expr.meta.is_column():
                copied[feature.name] = feature.expr.meta.output_name()
            else:
                derived.append(feature.expr.alias(feature.name))
    levels = max(steps.values(), default=-1) + 1
    return _Plan(
        tuple(sorted(columns)),
        tuple((HISTORIES[source], HISTORIES[source].compile(names)) for source, names in aggregates.items()),
        tuple(tuple(_STEPS[name].alias(name) for name, at in steps.items() if at == level) for level in range(levels)),
        tuple(derived),
        tuple([name for name in names if name in held] for names in aggregates.values()),
        copied,
        empty,
        [KEY, *features.names],
        tuple(feature.name for feature in features if feature.kind == "number"),
    )


def _aggregate(
    tables: Mapping[str, pl.DataFrame], history: History, compiled: Compiled, ids: pl.DataFrame
) -> pl.DataFrame:
    """One row per id of one history: its aggregates, in the order of the ids."""
    rows = history.rows(tables, compiled) if tables[history.table].height else tables[history.table]
    if not rows.height:
        return compiled.nothing if ids.height == 1 else compiled.nothing[[0] * ids.height]
    for level in compiled.levels:
        rows = widened(rows, level)
    if ids.height == 1 < rows.height:
        # A group is a slice of the frame, so the whole frame gives the same bits, and sooner. But for a single row,
        # which a group takes as it is: added to 0, -0.0 would lose its sign.
        found = selected(rows, compiled.aggregates)
    else:
        found = rows.group_by(KEY, maintain_order=True).agg(compiled.aggregates)
    if found.height != ids.height:
        found = ids.join(found, on=KEY, how="left", maintain_order="left")
        found = found.with_columns(pl.col(compiled.counts).fill_null(0))
    # An empty sum is 0 in Polars; here what is not known stays unknown. Column by column: an expression costs more.
    lacking = (block(found[list(compiled.sums.values())]) == 0).any(axis=0) if compiled.sums else ()
    for (name, count), lacks in zip(compiled.sums.items(), lacking, strict=True):
        if lacks:
            known = found[name].zip_with(found[count] > 0, compiled.unknown)
            found.replace_column(found.get_column_index(name), known)
    made = found
    for level in compiled.final:
        made = selected(made, level)
    return found.hstack(made) if compiled.final else found


def build(dossiers: Dossiers, features: FeatureSet | None = None) -> pl.DataFrame:
    """SK_ID_CURR and one column per feature: numbers Float64, never NaN or infinite; categories String."""
    wanted = catalogue() if features is None else features
    plan = _plan(wanted, dossiers.absent)
    wide = unmask("application", dossiers.tables["application"][list(plan.columns)])
    ids = wide.select(KEY)
    parts = [_aggregate(dossiers.tables, history, compiled, ids) for history, compiled in plan.histories]
    asked = [part[list(compiled.dtypes)] for part, (_, compiled) in zip(parts, plan.histories, strict=True)]
    copied = wide[list(plan.copied.values())] if plan.copied else wide.select()
    copied.columns = list(plan.copied)
    held = pl.concat(
        [wide, *(part[names] for part, names in zip(asked, plan.held, strict=True) if names)], how="horizontal"
    )
    for step in plan.steps:
        held = widened(held, step)
    found = [
        ids,
        copied,
        _finite(selected(held, plan.derived)),
        *asked,
        pl.DataFrame(schema=plan.empty).clear(ids.height),
    ]
    row = pl.concat([part for part in found if part.width], how="horizontal")[plan.order]
    if plan.counts is None:
        types = row.schema
        plan.counts = tuple(row.get_column_index(name) for name in plan.numbers if types[name] != pl.Float64)
    for place in plan.counts:
        row.replace_column(place, row.to_series(place).cast(pl.Float64))
    return row


def single(dossiers: Dossiers, features: FeatureSet | None = None) -> list[Value]:
    """The row that `build` gives for one dossier, to the bit, in the order of the features and sooner.

    An unknown number is NaN, an unknown text None.
    """
    wanted = catalogue() if features is None else features
    with suppress(Odd, NotImplementedError):
        return alone(wanted, dossiers.absent).of(dossiers.tables)
    (row,) = build(dossiers, wanted)[list(wanted.names)].rows()
    known = zip(row, wanted, strict=True)
    return [NAN if value is None and feature.kind == "number" else value for value, feature in known]


def _finite(frame: pl.DataFrame) -> pl.DataFrame:
    """What a division by 0 left infinite or undefined is unknown. Looked for in one go: mostly there is none."""
    numbers = [name for name, dtype in frame.schema.items() if dtype == pl.Float64]
    if not numbers:
        return frame
    odd = (~np.isfinite(block(frame[numbers]))).sum(axis=0)
    bad = [
        name for name, count in zip(numbers, odd.tolist(), strict=True) if count and count != frame[name].null_count()
    ]
    return widened(frame, [pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in bad]) if bad else frame


def stream(
    warehouse: "Warehouse",
    features: FeatureSet | None = None,
    advance: Callable[[int], None] | None = None,
    *,
    applicants: int = 20_000,
    ids: Iterable[int] | None = None,
) -> Iterator[pl.DataFrame]:
    """The rows of a whole warehouse, chunk by chunk of whole applicants; `advance` is told how many are done."""
    chunks = warehouse.stream(applicants) if ids is None else warehouse.stream(applicants, ids)
    for dossiers in chunks:
        yield build(dossiers, features)
        if advance is not None:
            advance(len(dossiers))


def check(features: Iterable[str]) -> FeatureSet:
    """The features of these names. Raises FeatureError when there is none."""
    chosen = FeatureSet.named(features)
    if not len(chosen):
        raise FeatureError("no feature is asked for", "name at least one")
    return chosen
