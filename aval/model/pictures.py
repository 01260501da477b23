"""An evaluation as pictures: each title is a sentence that says what one sees.

1200 x 800 pixels, one style, the colour-blind-safe palette of Okabe and Ito (2008). Drawn without a
screen and without matplotlib's global state; the same evaluation gives the same bytes.
"""

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from aval.credit.reason import Language
from aval.model.captions import Captions
from aval.model.evaluation import Evaluation
from aval.model.fairness import FOUR_FIFTHS, UNKNOWN, Attribute, Fairness
from aval.model.interval import Interval
from aval.model.ranking import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
VERMILION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
BLACK: Final = "#222222"
GREY: Final = "#8A8A8A"

STYLE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "figure.facecolor": "white",
        "font.family": "DejaVu Sans",
        "font.size": 14,
        "axes.titlesize": 15,
        "axes.titlelocation": "left",
        "axes.titlepad": 16,
        "axes.labelsize": 14,
        "axes.labelcolor": BLACK,
        "axes.edgecolor": GREY,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#E6E6E6",
        "xtick.color": BLACK,
        "ytick.color": BLACK,
        "legend.frameon": False,
        "legend.fontsize": 13,
        "lines.linewidth": 2.2,
    }
)


def draw(
    evaluation: Evaluation,
    folder: Path,
    lang: Language = "en",
    *,
    fairness: Fairness | None = None,
    isotonic: Curve | None = None,
) -> list[Path]:
    """Write one PNG per view into `folder` and return their paths.

    Args:
        evaluation: what to draw.
        folder: made if it is not there.
        lang: of titles, labels and numbers.
        fairness: adds `fairness.png`.
        isotonic: of the same calibrated probabilities, drawn beside the reliability points.
    """
    folder.mkdir(parents=True, exist_ok=True)
    words = Captions(lang)
    views: dict[str, Callable[[Figure], None]] = {
        "roc": lambda figure: _roc(figure.subplots(), evaluation, words),
        "precision_recall": lambda figure: _precision_recall(figure.subplots(), evaluation, words),
        "reliability": lambda figure: _reliability_page(figure, evaluation, words, isotonic),
        "cost": lambda figure: _cost(figure.subplots(), evaluation, words),
        "confusion": lambda figure: _confusion(figure.subplots(), evaluation, words),
        "scores": lambda figure: _scores(figure.subplots(), evaluation, words),
    }
    if fairness is not None and fairness.attributes:
        views["fairness"] = lambda figure: _fairness(figure, fairness, words)
    return [written(folder / f"{name}.png", (12.0, 8.0), view) for name, view in views.items()]


def overview(evaluation: Evaluation, file: Path, lang: Language = "en", *, isotonic: Curve | None = None) -> Path:
    """One wide PNG (2000 x 560 pixels): ranking, calibration, cost and probabilities by outcome."""
    words = Captions(lang)

    def panels(figure: "Figure") -> None:
        roc, reliability, cost, scores = figure.subplots(1, 4)
        _roc(roc, evaluation, words)
        _reliability(reliability, evaluation, words, isotonic)
        _cost(cost, evaluation, words)
        _scores(scores, evaluation, words)
        line, costs = evaluation.calibration, evaluation.costs
        slope = words.number(line.slope.value, 2) if line else "–"
        roc.set_title(words.say("overview_roc", auc=words.number(evaluation.auc.value, 3)))
        reliability.set_title(words.say("overview_reliability", slope=slope))
        cost.set_title(words.say("overview_cost", decided=words.number(costs.decided.value)))
        scores.set_title(words.say("overview_scores"))
        cost.set_xlabel(words.say("overview_cutoff"))
        scores.set_ylabel("")
        # Small panels name their lines only where the axes and the title do not.
        for panel, named in ((roc, 0), (reliability, 0), (cost, 2), (scores, 2)):
            panel.locator_params(nbins=5)
            handles, labels = panel.get_legend_handles_labels()
            panel.legend(handles[:named], labels[:named], loc="best")

    file.parent.mkdir(parents=True, exist_ok=True)
    return written(file, (20.0, 5.6), panels)


def written(file: Path, size: tuple[float, float], view: "Callable[[Figure], None]") -> Path:
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.context(["default", dict(STYLE)]):
        figure = Figure(figsize=size, dpi=100, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        view(figure)
        engine = figure.get_layout_engine()
        assert engine is not None
        engine.set(w_pad=0.2, h_pad=0.2)  # type: ignore[call-arg]
        # Drawn once: `savefig` draws all of it before, unseen, for the same places.
        # matplotlib's version in the file would change its bytes and its digest.
        canvas.print_png(file, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return file


def _shares(axes: "Axes", words: Captions, *, x: bool = True, y: bool = True) -> None:
    """Ticks as per cent."""
    for axis, wanted in ((axes.xaxis, x), (axes.yaxis, y)):
        if wanted:
            axis.set_major_formatter(lambda share, _: words.percent(share, 0 if abs(share * 100 % 1) < 1e-6 else 1))


def _counts(axes: "Axes", words: Captions) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: words.number(value))


def _roc(axes: "Axes", e: Evaluation, words: Captions) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.4, label=words.say("chance"))
    axes.plot(e.roc.x, e.roc.y, color=BLUE, label=words.say("model"))
    counts = e.confusion
    at = counts.fp / (counts.fp + counts.tn), counts.tp / (counts.tp + counts.fn)
    cutoff = words.say("cutoff", cutoff=words.percent(counts.cutoff))
    axes.plot(*at, "o", color=BLACK, markersize=9, label=cutoff)
    axes.set(xlim=(0, 1), ylim=(0, 1.005), xlabel=words.say("roc_x"), ylabel=words.say("roc_y"))
    axes.set_title(
        words.say(
            "roc",
            pairs=words.number(100.0 * e.auc.value),
            auc=words.number(e.auc.value, 3),
            interval=words.interval(e.auc.low, e.auc.high, 3),
            gini=words.number(e.gini.value, 3),
            ks=words.number(e.ks, 3),
        )
    )
    _shares(axes, words)
    axes.legend(loc="lower right")


def _precision_recall(axes: "Axes", e: Evaluation, words: Captions) -> None:
    recall, precision = e.precision_recall.x, e.precision_recall.y
    axes.axhline(e.default_rate, color=GREY, linestyle="--", linewidth=1.4, label=words.say("pr_chance"))
    # Among the first few refused precision is noise: the line begins at a fiftieth of the defaulters.
    settled = [(r, p) for r, p in zip(recall, precision, strict=True) if r >= 0.02]
    axes.plot(*zip(*settled, strict=True), color=BLUE, label=words.say("model"))
    counts = e.confusion
    if counts.tp + counts.fp:
        at = counts.tp / (counts.tp + counts.fn), counts.tp / (counts.tp + counts.fp)
        axes.plot(*at, "o", color=BLACK, markersize=9, label=words.say("cutoff", cutoff=words.percent(counts.cutoff)))
    axes.set(
        xlim=(0, 1),
        ylim=(0, min(1.005, 1.1 * max(p for _, p in settled))),
        xlabel=words.say("pr_x"),
        ylabel=words.say("pr_y"),
    )
    half = float(np.interp(0.5, recall, precision))
    axes.set_title(
        words.say(
            "pr",
            share=words.number(100.0 * half),
            ap=words.number(e.average_precision, 3),
            rate=words.percent(e.default_rate),
        )
    )
    _shares(axes, words)
    axes.legend(loc="upper right")


def _reliability(axes: "Axes", e: Evaluation, words: Captions, isotonic: Curve | None) -> None:
    end = 1.08 * max(max(b.observed.high, b.predicted) for b in e.reliability)
    axes.plot([0, end], [0, end], color=GREY, linestyle="--", linewidth=1.4, label=words.say("perfect"))
    if isotonic is not None:
        axes.plot(isotonic.x, isotonic.y, color=ORANGE, linewidth=1.6, label=words.say("isotonic"))
    predicted = [b.predicted for b in e.reliability]
    _whiskers(axes, predicted, [b.observed for b in e.reliability], BLUE, words.say("bins"))
    axes.set(
        xlim=(0, min(end, 1.005)),
        ylim=(0, min(end, 1.005)),
        xlabel=words.say("reliability_x"),
        ylabel=words.say("reliability_y"),
    )
    said = words.say("no_line")
    if e.calibration is not None:
        slope = e.calibration.slope
        said = words.say(
            "line",
            slope=words.number(slope.value, 2),
            interval=words.interval(slope.low, slope.high, 2),
            intercept=words.number(e.calibration.intercept.value, 2),
        )
    means = {"predicted": words.percent(e.mean_probability), "observed": words.percent(e.default_rate)}
    axes.set_title(words.say("reliability", line=said, **means))
    _shares(axes, words)
    axes.legend(loc="upper left")


def _reliability_page(figure: "Figure", e: Evaluation, words: Captions, isotonic: Curve | None) -> None:
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[5, 1])
    _reliability(above, e, words, isotonic)
    above.set_xlabel("")
    everyone = np.add(e.histogram.payers, e.histogram.defaulters)
    below.stairs(everyone, np.linspace(0.0, 1.0, len(everyone) + 1), fill=True, color=BLUE, alpha=0.45)
    below.set(xlabel=words.say("reliability_x"), ylabel=words.say("applicants"))
    below.locator_params(axis="y", nbins=3)
    _shares(below, words, y=False)
    _counts(below, words)
    figure.align_ylabels()


def _cost(axes: "Axes", e: Evaluation, words: Captions) -> None:
    costs = e.costs
    axes.plot(e.cost_curve.x, e.cost_curve.y, color=BLUE)
    for key, interval, colour in (
        ("accept_all", costs.accept_all, VERMILION),
        ("refuse_all", costs.refuse_all, PURPLE),
    ):
        label = words.say(key, cost=words.number(interval.value))
        axes.axhline(interval.value, color=colour, linestyle="--", linewidth=1.6, label=label)
    spots: list[tuple[str, float, float, str, str]] = [("cost_best", costs.best_cutoff, costs.best, "s", ORANGE)]
    if costs.empirical is not None:
        cutoff, paid = costs.empirical
        spots = [("cost_empirical", cutoff, paid.value, "D", GREEN)]
    for key, cutoff, value, marker, colour in spots:
        label = words.say(key, cutoff=words.percent(cutoff), cost=words.number(value))
        axes.plot([cutoff], [value], marker, color=colour, markersize=9, label=label)
    label = words.say("cost_policy", cutoff=words.percent(costs.cutoff), cost=words.number(costs.decided.value))
    _whiskers(axes, [costs.cutoff], [costs.decided], BLACK, label)
    top = 1.12 * max(costs.accept_all.value, costs.refuse_all.value, costs.decided.high)
    axes.set(xlim=(0, _right(e)), ylim=(0, top), xlabel=words.say("cost_x"), ylabel=words.say("cost_y"))
    axes.set_title(
        words.say(
            "cost",
            decided=words.number(costs.decided.value),
            accept=words.number(costs.accept_all.value),
            interval=words.interval(costs.decided.low, costs.decided.high),
        )
    )
    _shares(axes, words, y=False)
    _counts(axes, words)
    axes.legend(loc="best")


def _confusion(axes: "Axes", e: Evaluation, words: Captions) -> None:
    from matplotlib.patches import Rectangle

    counts, costs = e.confusion, e.costs
    payers, defaulters = counts.tn + counts.fp, counts.fn + counts.tp
    cells = (
        ("tn", 0, 1, counts.tn, payers, "of_payers", 0.0),
        ("fp", 1, 1, counts.fp, payers, "of_payers", costs.refused_payer),
        ("fn", 0, 0, counts.fn, defaulters, "of_defaulters", costs.accepted_defaulter),
        ("tp", 1, 0, counts.tp, defaulters, "of_defaulters", 0.0),
    )
    for key, column, row, number, total, of, price in cells:
        wrong = key in ("fp", "fn")
        tint = VERMILION if wrong else BLUE
        axes.add_patch(Rectangle((column + 0.01, row + 0.01), 0.98, 0.98, color=tint, alpha=0.16, linewidth=0))
        paid = words.say("costs_nothing")
        if wrong:
            paid = words.say("costs", cost=words.number(1000.0 * price * number / counts.rows))
        middle, share = column + 0.5, words.say(of, share=words.percent(number / total))
        axes.text(middle, row + 0.74, words.say(key), ha="center", va="center", fontsize=17, color=tint, weight="bold")
        axes.text(middle, row + 0.50, words.number(number), ha="center", va="center", fontsize=30, color=BLACK)
        axes.text(middle, row + 0.27, f"{share}\n{paid}", ha="center", va="center", fontsize=14, color=BLACK)
    axes.set(xlim=(0, 2), ylim=(0, 2))
    axes.set_xticks([0.5, 1.5], [words.say("accepted"), words.say("refused")])
    axes.set_yticks([0.5, 1.5], [words.say("defaulted"), words.say("paid")])
    axes.tick_params(length=0, labelsize=16)
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(
        words.say(
            "confusion",
            cutoff=words.percent(counts.cutoff),
            approved=words.percent(counts.approved),
            fn=words.number(counts.fn),
            fp=words.number(counts.fp),
        )
    )


def _scores(axes: "Axes", e: Evaluation, words: Captions) -> None:
    right = _right(e)
    # The fewer the defaulters, the wider the bars, or they would draw noise: stored bins are added up.
    bars = float(np.clip(3.0 * e.defaults ** (1.0 / 3.0), 12.0, 52.0))
    together = next(k for k in (1, 2, 4, 5, 8, 10, 20) if len(e.histogram.payers) * right / k <= bars or k == 20)
    edges = np.linspace(0.0, 1.0, len(e.histogram.payers) // together + 1)
    for key, counts, colour in (
        ("payers", e.histogram.payers, BLUE),
        ("defaulters", e.histogram.defaulters, VERMILION),
    ):
        joined = np.reshape(counts, (-1, together)).sum(axis=1)
        shares = joined / joined.sum() / (100.0 * (edges[1] - edges[0]))
        axes.stairs(shares, edges, color=colour, fill=True, alpha=0.22)
        axes.stairs(shares, edges, color=colour, linewidth=2.0, label=words.say(key))
    costs = e.costs
    if costs.band is not None:
        low, high = costs.band
        said = words.say("band", low=words.percent(low), high=words.percent(high))
        axes.axvspan(low, high, color=GREY, alpha=0.25, linewidth=0, label=said)
    axes.axvline(
        costs.cutoff, color=BLACK, linewidth=1.6, label=words.say("cutoff", cutoff=words.percent(costs.cutoff))
    )
    axes.set(xlim=(0, right), xlabel=words.say("scores_x"), ylabel=words.say("scores_y"))
    axes.set_ylim(bottom=0)
    halves = {
        "defaulters": words.percent(_quantile(e.histogram.defaulters, 0.5)),
        "payers": words.percent(_quantile(e.histogram.payers, 0.5)),
    }
    axes.set_title(words.say("scores", **halves))
    _shares(axes, words)
    axes.legend(loc="upper right")


def _fairness(figure: "Figure", found: Fairness, words: Captions) -> None:
    rows = [len(attribute.groups) + 0.6 for attribute in found.attributes]
    panels = figure.subplots(len(rows), 1, sharex=True, height_ratios=rows, squeeze=False)[:, 0]
    lowest = min(group.approval_rate.low for attribute in found.attributes for group in attribute.groups)
    for panel, attribute in zip(panels, found.attributes, strict=True):
        _approvals(panel, attribute, words)
        panel.set_xlim(max(0.0, lowest - 0.05), 1.0)
        _shares(panel, words, y=False)
    ratios = ", ".join(
        f"{words.name(attribute.name).lower()} {words.number(disparity.ratio, 2)}".replace(" ", "\u00a0")
        for attribute in found.attributes
        for disparity in attribute.disparities
        if disparity.measure == "approval_rate" and disparity.ratio is not None
    )
    # As many ratios as attributes: the one sentence that can outgrow the page.
    title = textwrap.fill(words.say("fairness", ratios=ratios or "–"), 90) + "\n" + words.say("fairness_rule")
    figure.suptitle(title, x=0.02, ha="left", fontsize=STYLE["axes.titlesize"])
    panels[-1].set_xlabel(words.say("fairness_x"))
    figure.align_ylabels()


def _approvals(axes: "Axes", attribute: Attribute, words: Captions) -> None:
    large = [g.approval_rate.value for g in attribute.groups if not g.too_small and g.name != UNKNOWN]
    if large:
        axes.axvline(FOUR_FIFTHS * max(large), color=VERMILION, linestyle=":", linewidth=1.8)
    labels = []
    for place, group in enumerate(attribute.groups):
        rate, colour = group.approval_rate, GREY if group.too_small else BLUE
        axes.plot([rate.low, rate.high], [place, place], color=colour)
        axes.plot(
            rate.value, place, "o", color=colour, markersize=8, markerfacecolor="white" if group.too_small else colour
        )
        key = "small" if group.too_small else "group"
        labels.append(words.say(key, name=group.name, rows=words.number(group.rows)))
    axes.set_yticks(range(len(labels)), labels, fontsize=12)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_ylabel(words.name(attribute.name))
    axes.grid(visible=False, axis="y")


def _whiskers(axes: "Axes", x: list[float], y: list[Interval], colour: str, label: str) -> None:
    """Points with their intervals."""
    values = [i.value for i in y]
    reach = [[max(i.value - i.low, 0.0) for i in y], [max(i.high - i.value, 0.0) for i in y]]
    axes.errorbar(x, values, reach, fmt="o", color=colour, markersize=8, capsize=4, linewidth=1.8, label=label)


def _quantile(counts: tuple[int, ...], share: float) -> float:
    """The probability below which `share` of the histogram lies, taking each bin as evenly filled."""
    sums = np.append(0.0, np.cumsum(counts))
    return float(np.interp(share * sums[-1], sums, np.linspace(0.0, 1.0, len(sums))))


def _right(e: Evaluation) -> float:
    """Where the axis of probabilities ends: beyond 99 % of the defaulters, and beyond cut-off and band."""
    furthest = max(_quantile(e.histogram.defaulters, 0.99), 1.5 * e.costs.cutoff, *(e.costs.band or ()))
    return min(1.0, 1.05 * furthest)
