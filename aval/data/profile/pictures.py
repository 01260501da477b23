"""The profile's pictures for slides and letters, as PNG: overview, predictors, missing, segments, correlations."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aval.credit.rate import Rate
from aval.data.profile.bins import VALUE
from aval.data.profile.facts import Profile
from aval.data.profile.words import percent, stem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREY = "#2f76ad", "#c65102", "#a9b1bc"  # told apart by colour-blind readers, and in grey


def draw(facts: Profile, folder: Path) -> list[Path]:
    """Raises: ImportError without matplotlib."""
    makers = {
        "overview": _overview,
        "predictors": _predictors,
        "missing": _missing,
        "segments": _segments,
        "correlations": _correlations,
    }
    drawn = []
    for name, make in makers.items():
        path = folder / f"{name}.png"
        path.unlink(missing_ok=True)  # an earlier warehouse's
        figure = make(facts)
        if figure is not None:
            figure.savefig(path, dpi=110)
            drawn.append(path)
    return drawn


def _overview(facts: Profile) -> "Figure":
    figure = _figure(13, 8)
    (outcome, coverage), (missing, predictors) = figure.subplots(2, 2)
    base = facts.base
    parts = [
        ("paid", base.rows - base.bad if base else 0, _BLUE),
        ("defaulted", base.bad if base else 0, _ORANGE),
        ("not known yet", facts.applications - facts.labelled, _GREY),
    ]
    outcome.bar([name for name, _, _ in parts], [n for _, n, _ in parts], color=[colour for _, _, colour in parts])
    for place, (_, rows, _) in enumerate(parts):
        outcome.annotate(f"{rows:,}", (place, rows), ha="center", va="bottom")
    rate = f", {percent(base.value)} of the labelled defaulted" if base else ""
    outcome.set_title(f"{facts.applications:,} applications{rate}", loc="left")
    outcome.margins(y=0.12)
    _bare(outcome)
    held = [table for table in facts.tables if table.table != "application"]
    names = [f"{t.table} ({t.median:,.0f} rows)" if t.supplied else f"{t.table} (not supplied)" for t in held]
    _shares(coverage, names, [t.coverage for t in held], "Share of applicants with any row (median rows)")
    blocks = facts.missing.blocks[:10]
    _shares(missing, [stem(block.columns) for block in blocks], [block.share for block in blocks], "Most often missing")
    _ranking(predictors, facts, 10)
    return figure


def _predictors(facts: Profile) -> "Figure | None":
    if not facts.ranked:
        return None
    figure = _figure(9, 9)
    _ranking(figure.subplots(), facts, 30)
    return figure


def _ranking(axes: "Axes", facts: Profile, most: int) -> None:
    told = facts.ranked[:most]
    _bars(axes, [c.column for c in told], [c.iv or 0.0 for c in told], "Information value (| noise stays below)")
    axes.scatter([c.chance or 0.0 for c in told], range(len(told)), marker="|", s=90, color=_ORANGE, zorder=3)


def _missing(facts: Profile) -> "Figure | None":
    """Which blocks the most frequent patterns miss."""
    blocks, patterns = facts.missing.blocks, facts.missing.patterns
    if not blocks or not patterns:
        return None
    shown = sorted({block for pattern in patterns for block in pattern.blocks}) or [0]
    figure = _figure(13, 7.5)
    axes = figure.subplots()
    axes.imshow(
        [[float(block in pattern.blocks) for block in shown] for pattern in patterns],
        cmap="Blues",
        vmax=1.3,
        aspect="auto",
    )
    names = [_short(stem(blocks[block].columns), 30) for block in shown]
    axes.set_xticks(range(len(shown)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(patterns)), [f"{percent(pattern.share)}" for pattern in patterns])
    axes.set_xticks([place + 0.5 for place in range(len(shown) - 1)], minor=True)
    axes.set_yticks([place + 0.5 for place in range(len(patterns) - 1)], minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.tick_params(labelsize=7)
    axes.set_ylabel("share of applicants")
    axes.set_title("What goes missing together: the most frequent patterns (dark: missing)", loc="left")
    return figure


def _segments(facts: Profile) -> "Figure | None":
    base = facts.base
    lines: list[tuple[str, Rate]] = [
        (f"{segment.name}: {part.label}", part.rate)
        for segment in facts.segments
        for part in segment.bins
        if part.kind == VALUE and part.rate and part.rate.rows >= max(0.01 * facts.labelled, 30)
    ]
    if base is None or not lines:
        return None
    lines.sort(key=lambda line: line[1].value)
    chosen = lines if len(lines) <= 36 else [*lines[:18], *lines[-18:]]
    figure = _figure(10, 9.5)
    axes = figure.subplots()
    places = range(len(chosen))
    values = [100 * rate.value for _, rate in chosen]
    below = [100 * (rate.value - rate.low) for _, rate in chosen]
    above = [100 * (rate.high - rate.value) for _, rate in chosen]
    axes.errorbar(values, places, xerr=[below, above], fmt="o", color=_ORANGE, markersize=4, linewidth=1.4)
    axes.axvline(100 * base.value, color="black", linestyle="--", linewidth=0.8)
    axes.set_yticks(places, [_short(name, 56) for name, _ in chosen], fontsize=8)
    axes.set_xlabel("default rate in %, with its 95 % interval")
    axes.set_title("Segments that default least and most (dashed: all)", loc="left")
    _bare(axes)
    return figure


def _correlations(facts: Profile) -> "Figure | None":
    links = facts.links
    if not links.columns:
        return None
    figure = _figure(11, 10)
    axes = figure.subplots()
    matrix: Any = [[float("nan") if value is None else value for value in row] for row in links.matrix]
    shown = axes.imshow(matrix, cmap="PuOr_r", vmin=-1, vmax=1)
    axes.set_xticks(range(len(links.columns)), links.columns, rotation=90)
    axes.set_yticks(range(len(links.columns)), links.columns)
    axes.tick_params(labelsize=6)
    axes.set_title("Columns that say nearly the same (Pearson)", loc="left")
    figure.colorbar(shown, ax=axes, shrink=0.6)
    return figure


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _shares(axes: "Axes", names: list[str], values: list[float], title: str) -> None:
    from matplotlib.ticker import PercentFormatter

    _bars(axes, [_short(name, 40) for name in names], values, title)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def _bars(axes: "Axes", names: list[str], values: list[float], title: str) -> None:
    places: Any = range(len(names))
    axes.barh(places, values, color=_BLUE)
    axes.set_yticks(places, names, fontsize=8)
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    _bare(axes)


def _bare(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
