"""What every chart of the desk has in common: colours, the reader's numbers, axes, marks and manners.

A chart is written as Vega-Lite reads it. Made of Altair's objects, the same charts took the desk a fifth of a second;
the tests have Altair's schema check each of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from desk.figures import MINUS, NARROW, Figures
from desk.look import palette
from desk.words import Words

Row = Mapping[str, Any]
Spec = dict[str, Any]
"""A chart or a part of one, as Vega-Lite reads it."""
FONT: Final = '"Source Sans", sans-serif'
"""That of the screens; it comes with Streamlit, from this machine."""


def amount(field: str, **more: Any) -> Spec:
    """A channel that shows a number."""
    return {"field": field, "type": "quantitative", **more}


def name(field: str, **more: Any) -> Spec:
    """A channel that shows a name or a text."""
    return {"field": field, "type": "nominal", **more}


def tip(field: str, title: str = " ") -> Spec:
    """A line of what is said under the mouse."""
    return name(field, title=title)


def fixed(value: float) -> Spec:
    """A channel that is the same for every row: pixels, or a share."""
    return {"value": value}


def mark(kind: str, rows: Sequence[Row] | None = None, *, only: str = "", look: Row | None = None, **to: Any) -> Spec:
    """A layer: a kind of mark and its channels; `rows`, or those of what it lies in, `only` some of them."""
    layer: Spec = {"mark": {"type": kind, **(look or {})}, "encoding": to}
    if rows is not None:
        layer["data"] = {"values": rows}
    if only:
        layer["transform"] = [{"filter": only}]
    return layer


def over(rows: Sequence[Row], *layers: Spec, **to: Any) -> Spec:
    """Layers that share rows and channels."""
    return {"data": {"values": rows}, "encoding": to, "layer": list(layers)}


class Drawing:
    """In one language and light."""

    def __init__(self, words: Words, figures: Figures, *, dark: bool) -> None:
        self.words, self.figures, self.colours = words, figures, palette(dark)

    # Parts

    def _marked(self, at: float, text: str, *, leftwards: bool = False) -> Spec:
        look = {
            "align": "right" if leftwards else "left", "dx": -6 if leftwards else 6, "baseline": "bottom",
            "fontWeight": "bold", "color": self.colours.ink,
        }  # fmt: skip
        return over(
            [{"at": at, "text": text}],
            mark("rule", look={"color": self.colours.decline, "strokeWidth": 2.5}),
            mark("text", look=look, y=fixed(-6), text=name("text")),
            x=amount("at"),
        )

    def _rule(self, at: float, text: str, dash: Sequence[float] = (5, 3)) -> Spec:
        rule = mark("rule", look={"color": self.colours.ink, "strokeWidth": 1.3, "strokeDash": list(dash)})
        if not text:
            return over([{"at": at}], rule, x=amount("at"))
        look = {"align": "left", "dx": 6, "baseline": "top", "fontSize": 12, "color": self.colours.ink}
        said = mark("text", look=look, y=fixed(0 if dash[0] > 2 else 16), text=name("text"))
        return over([{"at": at, "text": f"{text} {self.figures.percent(at)}"}], rule, said, x=amount("at"))

    def _coloured(self, field: str, colours: Mapping[str, str], legend: Row | None = None) -> Spec:
        """A channel of colours by name; a legend over the chart where one is given."""
        scale = {"domain": list(colours), "range": list(colours.values())}
        return name(field, title=None, scale=scale, legend=legend)

    def _ways(self) -> Spec:
        return self._coloured("way", {"helps": self.colours.approve, "hurts": self.colours.decline})

    def _company(self) -> Spec:
        say, colours = self.words.say, self.colours
        return self._coloured("who", {say("everyone"): colours.wash, say("similar"): colours.approve})

    def beside_whom(self) -> Mapping[str, str]:
        """Names and colours of those an applicant is set beside, for a legend over the charts."""
        say, colours = self.words.say, self.colours
        return {say("everyone"): colours.wash, say("similar"): colours.approve, say("this_one"): colours.decline}

    def ways(self) -> Mapping[str, str]:
        """Names and colours of what helps and what hurts, for a legend beside the chart."""
        return {
            f"◀ {self.words.say('helps')}": self.colours.approve,
            f"▶ {self.words.say('hurts')}": self.colours.decline,
        }

    def _level(self, measure: str, level: str) -> str:
        """As it is said; a level that is a number, as the reader writes it."""
        said = self.words.level(measure, level)
        whole, point, part = said.partition(".")
        return self.figures.number(float(said), len(part)) if point and (whole + part).isdigit() else said

    def _axis(self, unit: str) -> Spec:
        return {"format": "~%" if unit in ("share", "rate") else ",~r", "tickCount": 6, "labelOverlap": "greedy"}

    def _names(self, most: int) -> Spec:
        return {
            "labelLimit": most, "labelFontSize": 13, "ticks": False, "domain": False, "labelPadding": 8, "grid": False,
        }  # fmt: skip

    def _dressed(self, height: int, *layers: Spec, grid: bool = True, **more: Any) -> Spec:
        """A chart of these layers, the first beneath."""
        c, french = self.colours, self.figures.lang == "fr"
        number = {
            "decimal": "," if french else ".", "thousands": NARROW if french else ",", "grouping": [3],
            "currency": ["", ""], "minus": MINUS, "percent": "\u00a0%",
        }  # fmt: skip
        axis = {
            "grid": grid, "gridColor": c.grid, "domainColor": c.wash, "tickColor": c.wash, "labelColor": c.ink,
            "titleColor": c.quiet, "titleFontWeight": "normal", "titleFontSize": 12, "labelFontSize": 12,
        }  # fmt: skip
        config = {
            "locale": {"number": number},
            "background": "transparent",
            "font": FONT,
            "view": {"stroke": None},
            "axis": axis,
            "axisY": {"domain": False, "ticks": False},
            "title": {"color": c.ink, "fontWeight": 600},
            "legend": {"labelColor": c.ink, "labelFontSize": 12},
        }
        return {"layer": list(layers), "height": height, "config": config, **more}
