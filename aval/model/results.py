"""Runs side by side: what tracking kept of each, and what only their common test applicants can tell.

Only runs of one data fingerprint, one test part and one price of errors share a table; its applicants are
compared row by row. Positive = default: FN = a defaulter accepted, FP = a good payer refused.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from aval.credit.policy import Cost
from aval.data.tables import TARGET
from aval.errors import OptionError, RegistryError
from aval.model.advice import Advice, Contender, Gap, advise
from aval.model.evaluation import Confusion, Evaluation, confusion, paired_cost, row_costs
from aval.model.interval import Floats, Interval
from aval.model.model import EVALUATION, PREDICTIONS
from aval.model.ranking import delong_test

if TYPE_CHECKING:
    from aval.model.registry import Run

KEPT: Final = (EVALUATION, PREDICTIONS)
"""Files of a run that a table is made of."""

_RESAMPLES: Final = 1000
_CHAMPION: Final = "champion"

Files = Callable[[str], Mapping[str, bytes]]
"""A run's id -> its `KEPT` files by name."""


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate: its run, how it was judged, and how it stands to the others."""

    run: "Run"
    contender: Contender
    evaluation: Evaluation
    gap: Gap | None
    """Against the champion; None where that is not in the table, and for itself."""

    @property
    def name(self) -> str:
        """Short and unlike the others'."""
        return self.contender.name

    def across(self, measure: str) -> tuple[float, float] | None:
        """Mean and standard deviation over all folds of `auc`, `accuracy`, `log_loss` or `cost`."""
        figures = self.run.metrics
        try:
            return figures[f"cv_{measure}_mean"], figures[f"cv_{measure}_deviation"]
        except KeyError:
            return None

    def to_json(self) -> dict[str, Any]:
        """Plain data for a script."""
        judged = self.evaluation
        return {
            "name": self.name,
            "cost": asdict(judged.costs.decided),
            "cost_minus_champion": None if self.gap is None else asdict(self.gap.cost),
            "cheapest_in": self.contender.cheapest,
            "auc": asdict(judged.auc),
            "auc_minus_champion": None if self.gap is None else asdict(self.gap.auc.difference),
            "p_value": None if self.gap is None else self.gap.auc.p_value,
            "confusion": asdict(judged.confusion),
            "confusion_half": asdict(judged.confusion_half),
            "confusion_own": asdict(judged.confusion_own),
            "business_score": judged.confusion.business_score,
            "business_score_half": judged.confusion_half.business_score,
            "business_score_own": judged.confusion_own.business_score,
            "brier": judged.brier,
            "calibration_slope": None if self.contender.slope is None else asdict(self.contender.slope),
            "cross_validation": {
                measure: None if found is None else {"mean": found[0], "deviation": found[1]}
                for measure in ("auc", "accuracy", "log_loss", "cost")
                for found in (self.across(measure),)
            },
            "fit_seconds": self.run.metrics.get("fit_seconds"),
            "score_seconds": self.run.metrics.get("score_seconds"),
            "peak_memory_gb": self.run.metrics.get("peak_memory_gb"),
        }


@dataclass(frozen=True, slots=True)
class Results:
    """The table, cheapest first, and the runs that cannot stand in it."""

    rows: tuple[Row, ...]
    rest: "tuple[Run, ...]"
    advice: Advice

    @property
    def champion(self) -> Row | None:
        """Whose version decides, if it is among them."""
        return next((row for row in self.rows if row.contender.champion), None)

    @property
    def first(self) -> Evaluation:
        """The cheapest one's evaluation: for what is alike in all, such as the applicants and the prices."""
        return self.rows[0].evaluation

    def rules(self) -> tuple[tuple[str, Interval, Confusion], ...]:
        """What needs no model, for scale."""
        judged = self.first
        payers, bad = judged.rows - judged.defaults, judged.defaults
        return (
            ("accept everyone", judged.costs.accept_all, Confusion(np.inf, payers, 0, bad, 0)),
            ("refuse everyone", judged.costs.refuse_all, Confusion(-np.inf, 0, payers, 0, bad)),
        )

    def to_json(self, runs: "Sequence[Run]") -> list[dict[str, Any]]:
        """Every run with its own fields, and `table`, `chosen` and `advice`: null, false, null outside the table."""
        shown = {row.run.run: row for row in self.rows}
        found = []
        for run in runs:
            row = shown.get(run.run)
            chosen = row is not None and row.name == self.advice.choose
            entry = {"table": None if row is None else row.to_json(), "chosen": chosen}
            found.append({**asdict(run), **entry, "advice": None if row is None else self.advice.sentence})
        return found


def compare(
    runs: "Sequence[Run]", files: Files, *, data: str = "", tolerance: float = 0.2, barred: Sequence[str] = ()
) -> Results:
    """The runs (newest first) that can be compared, judged side by side.

    Args:
        runs: as the registry lists them.
        files: fetches what a run kept.
        data: the beginning of a data fingerprint; by default the champion's data, else the newest run's.
        tolerance: how far from 1 the gates let a calibration slope lie.
        barred: grounds that no model the policy lets decide may look at.

    Raises:
        OptionError: no run was made of such data.
        RegistryError: a run's predictions are not those it was judged by.
    """
    chosen = _together(runs, data)
    read = [(run, *found) for run in chosen if (found := _read(run, files(run.run))) is not None]
    shown = {run.run for run, _, _, _ in read}
    rest = tuple(run for run in runs if run.run not in shown)
    if not read:
        return Results((), rest, advise((), _nothing, defaulters=0))
    read.sort(key=lambda one: one[1].costs.decided.value)
    judged = read[0][1]
    cost = Cost(judged.costs.accepted_defaulter, judged.costs.refused_payer, judged.costs.review)
    target = read[0][2]
    names = _names([run for run, _, _, _ in read])
    scores = {name: p for name, (_, _, _, p) in zip(names, read, strict=True)}
    for run, _, labels, _ in read:
        if not np.array_equal(labels, target):
            raise RegistryError(f"run {run.run}: its test applicants are not those of the others", "train it again")

    @cache
    def gap(one: str, other: str) -> Gap:
        first, second = scores[one], scores[other]
        return Gap(paired_cost(target, first, second, cost), delong_test(target, first, second))

    paid = np.column_stack([row_costs(target, p, cost) for p in scores.values()])
    often = cheapest(paid)
    accepting = judged.costs.accept_all.value <= judged.costs.refuse_all.value
    without_model = np.zeros(len(target)) if accepting else np.ones(len(target))
    contenders = [
        Contender(
            name=name,
            champion=_CHAMPION in run.aliases,
            cost=own.costs.decided,
            idle=paired_cost(target, p, without_model, cost),
            slope=own.calibration.slope if own.calibration else None,
            cheapest=share,
            elsewhere=run.metrics.get("cv_cost_mean"),
            features=run.features,
            size=run.size,
            parts=run.parts,
            barred=tuple(ground for ground in run.grounds if ground in barred),
        )
        for name, share, (run, own, _, p) in zip(names, often, read, strict=True)
    ]
    crowned = next((c.name for c in contenders if c.champion), None)
    rows = tuple(
        Row(run, one, own, None if crowned in (None, one.name) else gap(one.name, str(crowned)))
        for one, (run, own, _, _) in zip(contenders, read, strict=True)
    )
    return Results(rows, rest, advise(contenders, gap, defaulters=judged.defaults, tolerance=tolerance))


def cheapest(paid: Floats, seed: int = 0, resamples: int = _RESAMPLES) -> list[float]:
    """How often each column has the lowest sum when the rows are drawn anew; a tie counts in equal parts.

    Rows are few distinct patterns of costs, so that one multinomial draw is one bootstrap of them.
    """
    patterns, counts = np.unique(paid, axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(paid), counts / len(paid), size=resamples)
    sums = np.column_stack([np.sum(drawn * column, axis=1) for column in patterns.T])
    # Prices may be fractions: sums that are equal on paper differ in the last bits.
    least = np.isclose(sums, sums.min(axis=1, keepdims=True), rtol=1e-12)
    return [float(share) for share in np.mean(least / least.sum(axis=1, keepdims=True), axis=0)]


def _together(runs: "Sequence[Run]", data: str) -> "list[Run]":
    """The newest run of each candidate, and the champion's, among those that may be compared with the leading one."""
    judged = [run for run in runs if run.test and "cost" in run.metrics]
    if data:
        judged = [run for run in judged if run.data and run.data.startswith(data[: len(run.data)])]
        if not judged:
            raise OptionError("--data", f"names {data}, of which no run was judged; see `aval results --all`")
    if not judged:
        return []
    lead = next((run for run in judged if _CHAMPION in run.aliases), judged[0])
    found: dict[tuple[str, str], Run] = {}
    for run in judged:
        if _part(run) == _part(lead):
            found.setdefault((run.plan, run.candidate), run)
    return [*found.values(), *([lead] if _CHAMPION in lead.aliases and lead not in found.values() else [])]


def _part(run: "Run") -> tuple[Any, ...]:
    """What two runs must have in common: data, test applicants, and the price of both errors."""
    return run.data, run.test, run.metrics.get("cutoff"), run.metrics.get("cost_refuse_all")


def _read(run: "Run", kept: Mapping[str, bytes]) -> tuple[Evaluation, Floats, Floats] | None:
    if not set(KEPT) <= kept.keys():
        return None
    try:
        judged = Evaluation.from_json(kept[EVALUATION].decode())
    except ValueError:
        # An earlier aval judged it, and by fewer figures: it cannot stand beside the others.
        return None
    table = pl.read_parquet(io.BytesIO(kept[PREDICTIONS]))
    target = table[TARGET].to_numpy().astype(np.float64)
    probability = table["probability"].to_numpy()
    if confusion(target, probability, judged.costs.cutoff) != judged.confusion:
        raise RegistryError(f"run {run.run}: its predictions are not those it was judged by", "train it again")
    return judged, target, probability


def _names(runs: "Sequence[Run]") -> list[str]:
    """The candidates' names; all with their plans, and some with their versions, where that is not enough."""
    alone = len({run.candidate for run in runs}) == len({(run.plan, run.candidate) for run in runs})
    names = [run.candidate if alone else f"{run.plan}/{run.candidate}" for run in runs]
    return [
        f"{name} v{run.version or run.run[:6]}" if names.count(name) > 1 else name
        for name, run in zip(names, runs, strict=True)
    ]


def _nothing(one: str, other: str) -> Gap:
    raise AssertionError(f"{one} {other}")
