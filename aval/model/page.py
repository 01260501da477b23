"""A comparison as one HTML file: the advice, the pictures, the tables; nothing is loaded from anywhere."""

import io
from collections.abc import Callable, Sequence
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING, Final

import numpy as np

from aval.model.interval import Interval
from aval.model.pictures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE, VERMILION
from aval.model.results import Results, Row
from aval.model.sheet import Sheet, caption, left_out, sheets

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE: Final = 44
"""Characters of a title that stand beside another in one line."""

SKY: Final = "#56B4E9"
_COLOURS: Final = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
_STROKES: Final = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
"""With the colours, so that no line is known by its colour alone; from the seventh on lines are thin and grey."""

_ACROSS: Final = 4
"""Panels side by side."""


def page(found: Results) -> str:
    """The whole file's text; the same comparison gives the same bytes."""
    rows = found.rows
    prices = found.first.costs
    views: list[tuple[str, str, tuple[float, float], Callable[[Figure], None]]] = [
        (
            "What 1,000 applicants cost",
            "One unit is the cost of one good payer refused. A difference whose interval crosses 0 may be chance.",
            (14.0, 1.9 + 0.5 * len(rows)),
            lambda figure: _prices(figure, found),
        ),
        (
            "Ranking, and the cost of every cut-off",
            f"Left: how many defaulters are refused for each share of good payers refused. Right: what deciding at any "
            f"cut-off would have cost; the policy's is {100.0 * prices.cutoff:.1f} %.",
            (14.0, 6.6),
            lambda figure: _curves(figure, found),
        ),
        (
            "Predicted and observed",
            "Tenths of the test applicants by predicted probability, with 95 % intervals: on the diagonal, what was "
            "predicted happened. A slope below 1 means probabilities too extreme, above 1 too timid.",
            (14.0, 3.9 * -(-len(rows) // _ACROSS)),
            lambda figure: _reliability(figure, found),
        ),
    ]
    pictures = "".join(
        f"<section><h2>{escape(title)}</h2><p>{escape(said)}</p>{_svg(title, size, view)}</section>"
        for title, said, size, view in views
    )
    tables = "".join(_table(sheet) for sheet in sheets(found))
    notes = "".join(f"<p>{escape(said)}</p>" for said in (caption(found), left_out(found)) if said)
    return _PAGE.format(advice=escape(found.advice.sentence), pictures=pictures, tables=tables, notes=notes)


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>aval: candidates compared</title>
<style>
body {{ font: 16px/1.5 "DejaVu Sans", system-ui, sans-serif; color: #222; background: #fff; max-width: 1240px;
  margin: 0 auto; padding: 1.5rem; }}
h1 {{ font-size: 1.6rem; margin: 0 0 1rem; }}
h2 {{ font-size: 1.15rem; margin: 2.2rem 0 .3rem; }}
.advice {{ font-size: 1.1rem; border-left: 5px solid #0072B2; padding: .6rem 1rem; background: #f2f7fb; margin: 0; }}
svg {{ width: 100%; height: auto; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .35rem .6rem; border-bottom: 1px solid #e6e6e6; text-align: right; white-space: nowrap; }}
th {{ vertical-align: bottom; border-bottom: 2px solid #8a8a8a; font-weight: 600; }}
.word {{ text-align: left; }}
footer {{ color: #555; font-size: .88rem; margin-top: 2rem; }}
@media print {{ section {{ break-inside: avoid; }} }}
</style></head><body>
<h1>Candidates compared</h1>
<p class="advice">{advice}</p>
{pictures}
{tables}
<footer>{notes}</footer>
</body></html>
"""


def _table(sheet: Sheet) -> str:
    def cells(tag: str, line: Sequence[str]) -> str:
        written = (escape(cell).replace("\n", "<br>") for cell in line)
        marks = (' class="word"' if place < sheet.words else "" for place in range(len(line)))
        return "".join(f"<{tag}{mark}>{cell}</{tag}>" for mark, cell in zip(marks, written, strict=True))

    body = "".join(f"<tr>{cells('td', line)}</tr>" for line in sheet.rows)
    return (
        f'<section><h2>{escape(sheet.title)}</h2><div class="wide"><table><thead><tr>{cells("th", sheet.headers)}</tr>'
        f"</thead><tbody>{body}</tbody></table></div></section>"
    )


def _svg(title: str, size: tuple[float, float], view: "Callable[[Figure], None]") -> str:
    from matplotlib import style
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # Without a salt, identifiers are drawn by lot.
    with style.context(["default", dict(STYLE), {"svg.hashsalt": title, "font.size": 12, "axes.titlesize": 13}]):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        view(figure)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    drawn = written.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    return drawn.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)


def _stroke(place: int) -> dict[str, object]:
    if place >= len(_COLOURS):
        return {"color": GREY, "linestyle": "-", "linewidth": 1.0}
    return {"color": _COLOURS[place], "linestyle": _STROKES[place], "linewidth": 2.0}


def _prices(figure: "Figure", found: Results) -> None:
    champion = found.champion
    beside = champion is not None and len(found.rows) > 1
    panels = figure.subplots(1, 2 if beside else 1, sharey=True, squeeze=False)[0]
    costs = [row.evaluation.costs.decided for row in found.rows]
    _dots(panels[0], costs)
    dearer = max(cost.value for _, cost, _ in found.rules())
    for name, cost, _ in found.rules():
        panels[0].axvline(cost.value, color=GREY, linestyle="--", linewidth=1.4)
        side = "left" if cost.value == dearer else "right"
        panels[0].annotate(
            f" {name} {cost.value:,.0f} ", (cost.value, -0.75), ha=side, va="center", fontsize=10, annotation_clip=False
        )
    names = [f"{row.name} (champion)" if row.contender.champion else row.name for row in found.rows]
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -1.1)
    panels[0].set_xlabel("Cost per 1,000, 95 % interval")
    best = found.rows[0]
    panels[0].set_title(f"{best.name} costs least: {costs[0].value:,.0f}")
    if not beside or champion is None:
        return
    gaps = [Interval(0.0, 0.0, 0.0) if row.gap is None else row.gap.cost for row in found.rows]
    panels[1].axvline(0.0, color=BLACK, linewidth=1.2)
    _dots(panels[1], gaps)
    panels[1].set_xlabel("Minus the champion's on the same\napplicants, 95 % interval")
    sure = sum(gap.high < 0.0 for gap in gaps)
    panels[1].set_title(
        "No candidate is cheaper than\nthe champion beyond chance"
        if not sure
        else f"{sure} of {len(gaps) - 1} are cheaper than\nthe champion beyond chance"
    )


def _dots(axes: "Axes", values: Sequence[Interval]) -> None:
    for place, one in enumerate(values):
        colour = _stroke(place)["color"]
        axes.plot([one.low, one.high], [place, place], color=colour, linewidth=2.2)
        axes.plot([one.value], [place], "o", color=colour, markersize=8)
        axes.annotate(
            f"{one.value:,.0f}", (one.value, place), (0, 7), textcoords="offset points", ha="center", fontsize=10
        )
    axes.grid(visible=False, axis="y")


def _curves(figure: "Figure", found: Results) -> None:
    ranks, costs = figure.subplots(1, 2)
    ranks.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.2)
    for place, row in enumerate(found.rows):
        ranks.plot(row.evaluation.roc.x, row.evaluation.roc.y, **_stroke(place))
    ordered = sorted(enumerate(found.rows), key=lambda one: -one[1].evaluation.auc.value)
    step = min(0.055, 0.5 / len(ordered))
    for line, (place, row) in enumerate(ordered):
        height = 0.04 + step * (len(ordered) - 1 - line)
        ranks.plot([0.44, 0.51], [height, height], **_stroke(place))
        ranks.annotate(f"{row.evaluation.auc.value:.3f}  {row.name}", (0.53, height), va="center", fontsize=10.5)
    ranks.annotate("AUC", (0.53, 0.04 + step * len(ordered)), va="center", fontsize=10.5, weight="bold")
    first, last = ordered[0][1], ordered[-1][1]
    title = f"{first.name} ranks best: AUC {first.evaluation.auc.value:.3f}"
    if first is not last:
        title += f"; {last.name} worst: {last.evaluation.auc.value:.3f}"
    ranks.set_title(fill(title, _TITLE))
    ranks.set(xlim=(0, 1), ylim=(0, 1.005), xlabel="Good payers refused", ylabel="Defaulters refused")
    for axis in (ranks.xaxis, ranks.yaxis, costs.xaxis):
        axis.set_major_formatter(lambda share, _: f"{100.0 * share:.0f} %")

    prices = found.first.costs
    right = 3.0 * prices.cutoff
    for place, row in enumerate(found.rows):
        costs.plot(row.evaluation.cost_curve.x, row.evaluation.cost_curve.y, **_stroke(place))
    top = 1.15 * max(
        max(cost.value for _, cost, _ in found.rules()), *(r.evaluation.costs.decided.value for r in found.rows)
    )
    costs.set(
        xlim=(0, right), ylim=(0, top), xlabel="Refused from this probability of default", ylabel="Cost per 1,000"
    )
    thread = {"arrowstyle": "-", "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0, "relpos": (0.0, 0.5)}
    ends = [float(np.interp(right, row.evaluation.cost_curve.x, row.evaluation.cost_curve.y)) for row in found.rows]
    for place, (height, spread) in enumerate(zip(ends, _spread(ends, 0.045 * top), strict=True)):
        costs.annotate(
            found.rows[place].name, (right, height), (1.06 * right, spread), va="center", fontsize=10.5,
            annotation_clip=False, arrowprops=thread | {"color": _stroke(place)["color"]},
        )  # fmt: skip
    costs.axvline(prices.cutoff, color=BLACK, linewidth=1.2)
    costs.annotate(f" policy {100.0 * prices.cutoff:.1f} %", (prices.cutoff, 0.03 * top), fontsize=10.5)
    (_, accepting, _), _ = found.rules()
    costs.axhline(accepting.value, color=GREY, linestyle=":", linewidth=1.4)
    costs.annotate("accept everyone ", (right, accepting.value), ha="right", va="bottom", fontsize=10.5)
    costs.set_title(fill(f"At the policy's cut-off {found.rows[0].name} costs least", _TITLE))


def _spread(heights: Sequence[float], least: float) -> list[float]:
    """Heights moved apart so that no two are nearer than `least`, in their order and about where they were."""
    order = sorted(range(len(heights)), key=lambda k: heights[k])
    moved = [heights[k] for k in order]
    for _ in range(200):
        for below in range(len(moved) - 1):
            lack = least - (moved[below + 1] - moved[below])
            if lack > 0.0:
                moved[below] -= lack / 2.0
                moved[below + 1] += lack / 2.0
    found = list(heights)
    for place, k in enumerate(order):
        found[k] = moved[place]
    return found


def _reliability(figure: "Figure", found: Results) -> None:
    lines = -(-len(found.rows) // _ACROSS)
    across = min(_ACROSS, len(found.rows))
    panels = figure.subplots(lines, across, sharex=True, sharey=True, squeeze=False)
    bins = [one for row in found.rows for one in row.evaluation.reliability]
    end = min(1.0, 1.05 * max(max(one.observed.high, one.predicted) for one in bins))
    for place, panel in enumerate(panels.flat):
        if place >= len(found.rows):
            panel.set_visible(False)
            continue
        _points(panel, found.rows[place], place, end)
    for panel in panels[:, 0]:
        panel.set_ylabel("Observed defaults")
    for column in range(across):
        lowest = max(line for line in range(lines) if line * across + column < len(found.rows))
        panels[lowest, column].set_xlabel("Predicted probability")
        panels[lowest, column].tick_params(labelbottom=True)


def _points(axes: "Axes", row: Row, place: int, end: float) -> None:
    colour = _stroke(place)["color"]
    axes.plot([0, end], [0, end], color=GREY, linestyle="--", linewidth=1.2)
    for one in row.evaluation.reliability:
        axes.plot([one.predicted] * 2, [one.observed.low, one.observed.high], color=colour, linewidth=1.6)
        axes.plot([one.predicted], [one.observed.value], "o", color=colour, markersize=5)
    slope = row.contender.slope
    said = "no calibration line" if slope is None else f"slope {slope.value:.2f} ({slope.low:.2f} to {slope.high:.2f})"
    axes.set_title(f"{row.name}\n{said}", fontsize=11.5)
    axes.set(xlim=(0, end), ylim=(0, end))
    axes.locator_params(nbins=5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda share, _: f"{100.0 * share:.0f} %")
