"""A training on a terminal, and the table of all of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from aval.model.evaluation import Evaluation
from aval.model.interval import Interval

if TYPE_CHECKING:
    from aval.model.registry import Run
    from aval.model.training import Trained

_SPLITS = {
    "latest": "the latest applications by date",
    "drawn": "a stratified draw, for the tables have no dates",
}


def facts(trained: "Trained") -> dict[str, Any]:
    """What a script would read of a training."""
    return {
        "candidate": trained.candidate,
        "folder": str(trained.folder),
        "split": trained.split,
        "rows": {"development": trained.rows[0], "test": trained.rows[1]},
        "features": trained.features,
        "size": trained.size,
        "parts": trained.parts,
        "seconds": trained.seconds,
        "peak_memory_gb": trained.peak_bytes / 1e9,
        "metrics": {**trained.evaluation.metrics(), **trained.fairness.metrics()},
        "folds": [{"auc": fold.auc, "log_loss": fold.log_loss, "cost": fold.cost} for fold in trained.folds],
    }


def show(trained: "Trained", version: str, standing: str, pictures: Path) -> None:
    """Print how a stored model was judged, with 95 % intervals."""
    console = Console(highlight=False, width=100)
    table = Table(title=f"{trained.plan.name}/{trained.candidate}, version {version}", title_justify="left", box=None)
    table.add_column("on the test part")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, value, interval in _lines(trained.evaluation):
        table.add_row(name, value, interval)
    console.print(table)
    rates = [fold.auc for fold in trained.folds]
    costs = [fold.cost for fold in trained.folds]
    console.print(
        f"\n{trained.rows[0]:,} applications learned from, {trained.rows[1]:,} kept apart: {_SPLITS[trained.split]}.\n"
        f"{trained.features} features, {trained.size:,} {trained.parts}. In {len(rates)} folds: "
        f"AUC {min(rates):.4f} to {max(rates):.4f}, cost {min(costs):.0f} to {max(costs):.0f} per 1000.\n"
        f"{trained.seconds:.0f} s, at most {trained.peak_bytes / 1e9:.1f} GB. Pictures: {pictures}\n"
        f"Version {version}: {standing}.",
        soft_wrap=True,
    )


def table(runs: Sequence["Run"]) -> None:
    """Print every run on a line, the newest first."""
    found = Table(box=None)
    for name in ("version", "plan/candidate", "trained (UTC)", "data", "AUC", "cost", "accept all", "slope", "seconds"):
        found.add_column(name, justify="left" if name in ("plan/candidate", "trained (UTC)", "data") else "right")
    for run in runs:
        figures = run.metrics
        found.add_row(
            " ".join((run.version, *(f"({alias})" for alias in run.aliases))),
            f"{run.plan}/{run.candidate}",
            run.started_at[:16].replace("T", " "),
            run.data,
            _figure(figures.get("auc"), ".4f"),
            _figure(figures.get("cost"), ".0f"),
            _figure(figures.get("cost_accept_all"), ".0f"),
            _figure(figures.get("calibration_slope"), ".2f"),
            _figure(figures.get("seconds"), ".0f"),
        )
    Console(highlight=False, width=120).print(found)


def shapes(trained: Sequence["Trained"], applications: int) -> str:
    """The reference's own features as its tables were counted, beside what it published; empty without a design."""
    from aval.features.shape import PUBLISHED

    columns = {int(one.parameters["design.columns"]) for one in trained if "design.columns" in one.parameters}
    if not columns:
        return ""
    labelled, most = sum(trained[0].rows), max(columns)
    (train, wide), (test, narrow) = PUBLISHED
    return (
        f"The reference's features, one-hot and without those missing too often: ({labelled}, {most + 1}) with TARGET "
        f"and ({applications - labelled}, {most}) here, ({train}, {wide}) and ({test}, {narrow}) there."
    )


def _lines(judged: Evaluation) -> list[tuple[str, str, str]]:
    costs, fitted, truth = judged.costs, judged.calibration, judged.truth
    lines = [
        ("applications (default rate)", f"{judged.rows:,} ({judged.default_rate:.2%})", ""),
        ("AUC", *_both(judged.auc, ".4f")),
        ("Gini", *_both(judged.gini, ".4f")),
        ("KS", f"{judged.ks:.3f}", ""),
        ("area under precision-recall", f"{judged.average_precision:.4f}", ""),
        ("Brier score", f"{judged.brier:.4f}", ""),
        ("log loss", f"{judged.log_loss:.4f}", ""),
    ]
    if fitted is not None:
        lines += [
            ("calibration slope", *_both(fitted.slope, ".3f")),
            ("calibration intercept", *_both(fitted.intercept, "+.3f")),
        ]
    lines += [
        (f"cost per 1000, cut-off {costs.cutoff:.4f}", *_both(costs.decided, ".1f")),
        ("  accepting everyone", *_both(costs.accept_all, ".1f")),
        ("  refusing everyone", *_both(costs.refuse_all, ".1f")),
    ]
    if costs.reviewed is not None:
        lines.append((f"  with {costs.referred:.1%} reviewed", *_both(costs.reviewed, ".1f")))
    if costs.empirical is not None:
        cutoff, paid = costs.empirical
        lines.append((f"  at the out-of-fold cut-off {cutoff:.4f}", *_both(paid, ".1f")))
    if truth is not None:
        share = "-" if truth.attainable_share is None else f"{truth.attainable_share:.1%}"
        lines += [
            ("share of the attainable Gini", share, ""),
            ("mean error against the truth", f"{truth.mean_absolute_error:.4f}", ""),
        ]
    wrong = judged.confusion
    return [
        *lines,
        ("defaulters refused / accepted", f"{wrong.tp:,} / {wrong.fn:,}", ""),
        ("payers accepted / refused", f"{wrong.tn:,} / {wrong.fp:,}", ""),
        ("the reference's business score", f"{wrong.business_score:.5f}", ""),
    ]


def _both(interval: Interval, form: str) -> tuple[str, str]:
    return f"{interval.value:{form}}", f"{interval.low:{form}} to {interval.high:{form}}"


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"
