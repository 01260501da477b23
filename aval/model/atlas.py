"""What the model leans on, as pictures: themes and tables, the strongest measures, and how their values matter.

1440 pixels wide, in the style of `pictures`; the same influence gives the same bytes.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aval.credit.reason import Language, Theme, label
from aval.features.feature import UNITS
from aval.model.captions import Captions
from aval.model.influence import Bin, Influence, Weight
from aval.model.pictures import BLACK, BLUE, GREY, PURPLE, STYLE, VERMILION, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEATURES: Final = 30
SUMMARY: Final = 20
_WIDE: Final = 14.4
_COLUMNS: Final = 4
_SHADES: Final = ("#440154", "#3B528B", "#21918C", "#5EC962", "#E3CF1B")
"""Five steps of viridis, from the lowest fifth to the highest: told apart in grey and by the colour-blind."""


def chart(influence: Influence, folder: Path, lang: Language = "en") -> list[Path]:
    """Write one PNG per view into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    words = Captions(lang)
    rows = -(-len(influence.dependence) // _COLUMNS)
    views: dict[str, tuple[float, Callable[[Figure], None]]] = {
        "influence": (10.0, lambda figure: _groups(figure, influence, words)),
        "influence_features": (14.0, lambda figure: _features(figure, influence, words)),
        "influence_summary": (14.0, lambda figure: _summary(figure, influence, words)),
        "dependence": (1.6 + 3.0 * rows, lambda figure: _dependence(figure, influence, words)),
    }
    return [written(folder / f"{name}.png", (_WIDE, height), view) for name, (height, view) in views.items()]


def meaning(influence: Influence, name: str, lang: Language) -> str:
    """A feature in words, its first letter large; the bare name of one that was not among the strongest."""
    found = influence.meanings.get(name)
    said = name if found is None else (found.fr if lang == "fr" else found.en)
    return said[:1].upper() + said[1:]


def theme(name: str, lang: Language) -> str:
    """A theme's name for a person; one this code no longer knows keeps its own."""
    return label(Theme(name), lang) if name in set(Theme) else name


def _groups(figure: "Figure", found: Influence, words: Captions) -> None:
    heights = [len(found.themes) + 1.2, len(found.tables) + 1.2]
    panels = figure.subplots(2, 2, sharey="row", sharex="col", height_ratios=heights)
    told = {name: theme(name, words.lang) for name in found.themes}
    _pair(panels[0], found.themes, list(told.values()), found, words)
    _pair(panels[1], found.tables, [words.say(name) for name in found.tables], found, words)
    for row, key in zip(panels, ("by_theme", "by_table"), strict=True):
        row[0].set_title(words.say(key), fontsize=14)
    for place in (0, 1):
        panels[0][place].set_xlabel("")
    dearest, weight = max(found.themes.items(), key=lambda entry: entry[1].cost.mean if entry[1].cost else 0.0)
    first, second = [*told.values(), "–"][:2]
    assert weight.cost is not None
    assert weight.auc is not None
    _head(
        figure,
        words.say(
            "influence_groups",
            first=first,
            second=_inside(second),
            dearest=_inside(told[dearest]),
            cost=words.number(weight.cost.mean),
            now=words.number(found.cost),
            auc=words.number(weight.auc.mean, 3),
        ),
    )


def _features(figure: "Figure", found: Influence, words: Captions) -> None:
    names = list(found.features)[:FEATURES]
    panels = figure.subplots(1, 2, sharey=True)
    told = [_wrapped(meaning(found, name, words.lang), 66, 2) for name in names]
    _pair(panels, {name: found.features[name] for name in names}, told, found, words, small=True)
    count = sum(_dear(found.features[name]) for name in names)
    _head(
        figure,
        words.say(
            "influence_features",
            first=meaning(found, names[0], words.lang),
            count=words.number(count),
            measures=words.number(len(names)),
        ),
    )


def _dear(weight: Weight) -> bool:
    """Whether the shuffles agree that decisions without it would cost more."""
    return weight.cost is not None and weight.cost.mean > 2.0 * weight.cost.deviation


def _pair(
    panels: "Sequence[Axes]",
    weights: Mapping[str, Weight],
    told: Sequence[str],
    found: Influence,
    words: Captions,
    *,
    small: bool = False,
) -> None:
    """Mean contribution beside cost of permutation, one line each, the weightiest on top."""
    left, right = panels
    lines = range(len(weights))
    left.barh(lines, [weight.contribution for weight in weights.values()], height=0.66, color=BLUE)
    for line, weight in zip(lines, weights.values(), strict=True):
        if weight.cost is not None:
            mean, reach = weight.cost.mean, weight.cost.deviation
            colour = VERMILION if _dear(weight) else GREY
            right.errorbar(mean, line, xerr=reach, fmt="o", color=colour, markersize=7, capsize=3, linewidth=1.6)
    left.set_yticks(lines, told, fontsize=10.5 if small else 13)
    left.set_ylim(len(weights) - 0.4, -0.6)
    left.set_xlabel(words.say("influence_x"))
    about = words.say("repeats", repeats=words.number(found.repeats), rows=words.number(found.rows))
    right.set_xlabel(f"{words.say('influence_cost')}\n{textwrap.fill(about, 46)}", fontsize=12)
    right.axvline(0.0, color=BLACK, linewidth=1.0)
    left.xaxis.set_major_formatter(lambda value, _: words.number(value, 2))
    right.xaxis.set_major_formatter(lambda value, _: words.number(value))
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")


def _summary(figure: "Figure", found: Influence, words: Captions) -> None:
    from matplotlib.lines import Line2D

    axes = figure.subplots()
    names = [name for name in list(found.features)[:SUMMARY] if name in found.summary]
    axes.axvline(0.0, color=BLACK, linewidth=1.0)
    for line, name in enumerate(names):
        bins = found.summary[name]
        step = 0.8 / len(bins)
        shades = iter(_shades([one for one in bins if isinstance(one.value, float)]))
        for place, one in enumerate(bins):
            colour = GREY if one.value is None else PURPLE if isinstance(one.value, str) else next(shades)
            height = line - 0.4 + (place + 0.5) * step
            axes.plot([one.low, one.high], [height, height], color=colour, linewidth=1.0)
            axes.plot([one.lower, one.upper], [height, height], color=colour, linewidth=3.4, solid_capstyle="butt")
            inside = "white" if one.value is None else colour
            axes.plot(one.middle, height, "o", color=colour, markersize=4.6, markerfacecolor=inside)
        if line:
            axes.axhline(line - 0.5, color="#E6E6E6", linewidth=1.0)
    told = [_wrapped(meaning(found, name, words.lang), 62, 2) for name in names]
    axes.set_yticks(range(len(names)), told, fontsize=11.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(words.say("influence_effect"))
    axes.xaxis.set_major_formatter(lambda value, _: words.number(value, 2))
    marks = [(_SHADES[0], "value_low"), (_SHADES[-1], "value_high"), (PURPLE, "value_category"), (GREY, "missing")]
    lines = [Line2D([], [], color=colour, linewidth=5, label=words.say(key)) for colour, key in marks]
    figure.legend(handles=lines, loc="outside lower center", ncols=4)
    _head(figure, words.say("influence_summary", measures=words.number(len(names))))


def _dependence(figure: "Figure", found: Influence, words: Captions) -> None:
    names = list(found.dependence)
    panels = figure.subplots(-(-len(names) // _COLUMNS), _COLUMNS, squeeze=False).ravel()
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    for place, (panel, name) in enumerate(zip(panels, names, strict=False)):
        _response(panel, found.dependence[name], words)
        panel.set_title(_wrapped(meaning(found, name, words.lang), 36, 3), fontsize=10.5, pad=6)
        panel.tick_params(labelsize=10)
        if name in found.meanings and isinstance(found.dependence[name][0].value, float):
            panel.set_xlabel(UNITS[found.meanings[name].unit][words.lang == "fr"], fontsize=9.5)
        if place % _COLUMNS == 0:
            panel.set_ylabel(words.say("influence_y"), fontsize=10.5)
    _head(figure, words.say("influence_dependence", measures=words.number(len(names))))


def _response(axes: "Axes", bins: Sequence[Bin], words: Captions) -> None:
    """Value against contribution: a line with its band for numbers, boxes for levels, missing apart on the right."""
    axes.axhline(0.0, color=BLACK, linestyle=":", linewidth=1.0)
    numbers = [one for one in bins if isinstance(one.value, float)]
    boxes = [one for one in bins if not isinstance(one.value, float)]
    x = [one.value for one in numbers if isinstance(one.value, float)]
    if len(x) > 1:
        axes.fill_between(x, [one.low for one in numbers], [one.high for one in numbers], color=BLUE, alpha=0.2, lw=0)
        axes.plot(x, [one.middle for one in numbers], color=BLUE, marker="o", markersize=3.2, linewidth=1.6)
    elif x:
        boxes = [*numbers, *boxes]
    # Boxes beside a line stand a little to its right, in its own units.
    start, step = (max(x) + 0.12 * (max(x) - min(x)), 0.1 * (max(x) - min(x))) if len(x) > 1 else (0.0, 1.0)
    ticks = []
    for place, one in enumerate(boxes):
        at, colour = start + place * step, GREY if one.value is None else PURPLE
        axes.plot([at, at], [one.low, one.high], color=colour, linewidth=1.2)
        axes.plot([at, at], [one.lower, one.upper], color=colour, linewidth=7, alpha=0.55, solid_capstyle="butt")
        axes.plot(at, one.middle, "o", color=colour, markersize=4)
        said = (
            one.value if isinstance(one.value, str) else words.say("missing") if one.value is None else f"{one.value:g}"
        )
        ticks.append((at, said))
    if len(x) > 1:
        _values(axes, x, words)
    else:
        axes.set_xlim(-0.6, len(boxes) - 0.4)
        axes.set_xticks([at for at, _ in ticks], [textwrap.shorten(said, 16, placeholder="…") for _, said in ticks])
        axes.tick_params(axis="x", rotation=35)
        for tick in axes.get_xticklabels():
            tick.set(ha="right", rotation_mode="anchor")
    axes.locator_params(axis="y", nbins=5)
    axes.yaxis.set_major_formatter(lambda value, _: words.number(value, 2))


def _values(axes: "Axes", x: Sequence[float], words: Captions) -> None:
    """Few ticks, written as the reader does: large numbers in thousands would not fit otherwise."""
    axes.locator_params(axis="x", nbins=4)
    reach = max(abs(value) for value in x)

    def said(value: float, _: object) -> str:
        if reach >= 1e6:
            return f"{words.number(value / 1e6, 1)}\u00a0M"
        if reach >= 10_000:
            return f"{words.number(value / 1e3)}\u00a0k"
        return words.number(value, 0 if reach >= 20 else 1 if reach >= 3 else 2)

    axes.xaxis.set_major_formatter(said)


def _shades(bins: Sequence[Bin]) -> list[str]:
    """One shade per bin, spread from the lowest to the highest however few there are."""
    if len(bins) < 2:
        return [_SHADES[2]] * len(bins)
    return [_SHADES[round(place * (len(_SHADES) - 1) / (len(bins) - 1))] for place in range(len(bins))]


def _head(figure: "Figure", title: str) -> None:
    lines = [line for part in title.splitlines() for line in textwrap.wrap(part, 106)]
    figure.suptitle("\n".join(lines), x=0.015, ha="left", fontsize=STYLE["axes.titlesize"])


def _inside(text: str) -> str:
    """As it stands within a sentence."""
    return text[:1].lower() + text[1:]


def _wrapped(text: str, width: int, lines: int) -> str:
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" …"))
