"""A comparison in words and cells: the same sheets on a terminal, in Markdown and on a page."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from aval.model.advice import Gap
from aval.model.evaluation import PER, Confusion, Evaluation
from aval.model.interval import Interval
from aval.model.results import Results, Row

NARROW, WIDE = 100, 120


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: a title that says what it answers, headers, and rows of written cells."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1
    """Columns at the left that are words; the others are figures."""


def sheets(found: Results) -> tuple[Sheet, ...]:
    """The tables of a comparison, cheapest first in each."""
    every = (_costs, _verdicts, _ranks, _trust, _effort)
    return tuple(_dense(make(found)) for make in every)


def _dense(sheet: Sheet) -> Sheet:
    """Without columns that say nothing of anyone, such as differences from a champion that is not there."""
    keep = [k for k in range(len(sheet.headers)) if any(row[k] for row in sheet.rows)]
    return Sheet(
        sheet.title,
        tuple(sheet.headers[k] for k in keep),
        tuple(tuple(row[k] for k in keep) for row in sheet.rows),
        sum(k < sheet.words for k in keep),
    )


def caption(found: Results) -> str:
    """Which applicants, and what the words mean."""
    judged, run, prices = found.first, found.rows[0].run, found.first.costs
    share = f"{100.0 * judged.default_rate:.1f} %"
    return (
        f"{judged.rows:,} test applicants, of whom {judged.defaults:,} ({share}) defaulted; "
        f"data {run.data}, test part {run.test}. Positive = default: FN = a defaulter accepted (costs "
        f"{prices.accepted_defaulter:g}), FP = a good payer refused (costs {prices.refused_payer:g}), TP = a defaulter "
        "refused, TN = a good payer accepted. Probabilities are calibrated; an applicant is refused from the "
        f"break-even {prices.cutoff:.4f} on; own 0.5: from one half of what the learner gave "
        "before calibration. Brackets: 95 % intervals. CV: cross-validated, mean ± "
        "standard deviation over all folds. Cheapest in: so many of 1,000 resamplings of the test applicants. "
        "Every figure was read from tracking."
    )


def left_out(found: Results) -> str:
    """How many runs are not in the table, and how to see them."""
    if not found.rest:
        return ""
    shown = found.rows[0].run if found.rows else None
    older = sum(shown is not None and (run.data, run.test) == (shown.data, shown.test) for run in found.rest)
    others = sorted({run.data for run in found.rest if shown is None or run.data != shown.data})
    said = [f"{older} earlier or otherwise priced"] if older else []
    if others:
        said.append(f"{sum(run.data in others for run in found.rest)} on other data ({', '.join(others)})")
    apart = len(found.rest) - older - sum(run.data in others for run in found.rest)
    if apart:
        said.append(f"{apart} on another test part")
    other = ", `--data PREFIX` compares on other data" if others else ""
    return f"Not shown: {', '.join(said)}; `--all` lists them{other}."


def show(found: Results) -> None:
    """Print all of it, 100 columns wide, or up to 120 where there is room."""
    console = Console(highlight=False)
    console.width = min(max(console.width, NARROW), WIDE)
    space = 2 if console.width == WIDE else 1
    for sheet in sheets(found):
        table = Table(title=sheet.title, title_justify="left", title_style="bold", box=None, padding=(0, space, 0, 0))
        for place, name in enumerate(sheet.headers):
            words = place < sheet.words
            table.add_column(name, justify="left" if words else "right", no_wrap=not words, overflow="fold")
        for cells in sheet.rows:
            table.add_row(*cells)
        console.print(table)
        console.print()
    for said in (caption(found), left_out(found)):
        if said:
            console.print(said, style="dim", markup=False)
    console.print()
    console.print(found.advice.sentence, style="bold", markup=False)


def markdown(found: Results) -> str:
    """GitHub's tables, for a document."""
    parts = [found.advice.sentence]
    for sheet in sheets(found):
        marks = [":--" if place < sheet.words else "--:" for place in range(len(sheet.headers))]
        lines = [[name.replace("\n", " ") for name in sheet.headers], marks, *sheet.rows]
        escaped = ["| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines]
        parts += [f"**{sheet.title}**", "\n".join(escaped)]
    return "\n\n".join([*parts, caption(found)]) + "\n"


def _costs(found: Results) -> Sheet:
    rows = [
        (
            row.name,
            _interval(row.evaluation.costs.decided),
            _beside(row, lambda gap: _interval(gap.cost, "+,.0f")),
            f"{100.0 * row.contender.cheapest:.0f} %",
            _across(row, "cost", ",.0f"),
            f"{row.evaluation.auc.value:.3f}",
            f"{100.0 * row.evaluation.confusion.approved:.0f} %",
        )
        for row in found.rows
    ]
    rows += [
        (name, _interval(cost), "", "", "", "0.500", f"{100.0 * counts.approved:.0f} %")
        for name, cost, counts in found.rules()
    ]
    headers = (
        "candidate", "cost per 1,000", "cost minus\nchampion's", "cheapest\nin", "CV cost", "AUC", "accepts",
    )  # fmt: skip
    return Sheet("What it costs at the break-even", headers, tuple(rows))


def _ranks(found: Results) -> Sheet:
    rows = tuple(
        (
            row.name,
            _interval(row.evaluation.auc, ".3f"),
            _beside(row, lambda gap: _interval(gap.auc.difference, "+.3f")),
            "" if row.gap is None else chance(row.gap.auc.p_value),
            _across(row, "auc", ".3f"),
            _attained(row),
        )
        for row in found.rows
    )
    headers = ("candidate", "AUC", "AUC minus\nchampion's", "DeLong\np", "CV AUC", "of the attainable\nGini")
    return Sheet("How well it ranks", headers, rows)


def _attained(row: Row) -> str:
    """On a simulated lender, the share of the Gini that the truth itself reaches."""
    truth = row.evaluation.truth
    return "" if truth is None or truth.attainable_share is None else f"{truth.attainable_share:.1%}"


def _verdicts(found: Results) -> Sheet:
    def line(name: str, cutoff: str, counts: Confusion, judged: Evaluation) -> tuple[str, ...]:
        prices = judged.costs
        paid = prices.accepted_defaulter * counts.fn + prices.refused_payer * counts.fp
        cells = (counts.tn, counts.fp, counts.fn, counts.tp)
        written = tuple(f"{cell:,}" for cell in cells)
        return name, cutoff, *written, f"{PER * paid / counts.rows:,.0f}", f"{counts.business_score:.5f}"

    rows = []
    for row in found.rows:
        judged = row.evaluation
        rows.append(line(row.name, f"{judged.confusion.cutoff:.4f}", judged.confusion, judged))
        rows.append(line("", "own 0.5", judged.confusion_own, judged))
    rows += [line(name, "", counts, found.first) for name, _, counts in found.rules()]
    headers = (
        "candidate", "refused\nfrom", "TN payers\naccepted", "FP payers\nrefused", "FN defaulters\naccepted",
        "TP defaulters\nrefused", "cost per\n1,000", "business\nscore",
    )  # fmt: skip
    return Sheet(
        "Who is refused at the break-even, and at 0.5 before calibration, as the reference decided",
        headers,
        tuple(rows),
    )


def _trust(found: Results) -> Sheet:
    rows = tuple(
        (
            row.name,
            "" if row.contender.slope is None else _interval(row.contender.slope, ".2f"),
            f"{row.evaluation.brier:.4f}",
            _across(row, "accuracy", ".3f"),
            str(row.run.folds or ""),
        )
        for row in found.rows
    )
    headers = ("candidate", "calibration\nslope", "Brier", "CV accuracy\nat 0.5", "folds")
    return Sheet("Whether its probabilities hold", headers, rows)


def _effort(found: Results) -> Sheet:
    rows = tuple(
        (
            row.name,
            " ".join((row.run.version, *(f"({alias})" for alias in row.run.aliases))),
            row.run.plan,
            row.run.learner,
            f"{row.run.features:,}",
            f"{row.run.size:,} {row.run.parts}",
            _figure(row.run.metrics.get("fit_seconds"), 1.0, ".1f"),
            _figure(row.run.metrics.get("score_seconds"), 1000.0, ".2f"),
            _figure(row.run.metrics.get("peak_memory_gb"), 1.0, ".2f"),
        )
        for row in found.rows
    )
    headers = (
        "candidate", "version", "plan", "learner", "features", "size", "fit\ns", "score\nms per row", "memory\nGB",
    )  # fmt: skip
    return Sheet("What it takes", headers, rows, words=4)


def chance(p: float) -> str:
    """A p-value as one reads it."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _beside(row: Row, write: Callable[[Gap], str]) -> str:
    if row.contender.champion:
        return "is champion"
    return "" if row.gap is None else write(row.gap)


def _interval(interval: Interval, form: str = ",.0f") -> str:
    return f"{interval.value:{form}} ({interval.low:{form}} to {interval.high:{form}})"


def _across(row: Row, measure: str, form: str) -> str:
    found = row.across(measure)
    return "" if found is None else f"{found[0]:{form}} ± {found[1]:{form}}"


def _figure(value: float | None, scale: float, form: str) -> str:
    return "" if value is None else f"{scale * value:{form}}"
