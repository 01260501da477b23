"""What every chart of the desk has in common: colours, the reader's numbers, axes, marks and manners."""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, cast

import altair as alt
import pandas as pd

from desk.figures import MINUS, NARROW, Figures
from desk.look import palette
from desk.words import Words

Row = Mapping[str, Any]
Chart = alt.Chart | alt.LayerChart | alt.VConcatChart | alt.HConcatChart
Spec = dict[str, Any]
"""A chart as Vega-Lite reads it."""
_KEPT: Final = 60
FONT: Final = '"Source Sans", sans-serif'
"""That of the screens; it comes with Streamlit, from this machine."""


P = ParamSpec("P")


def kept(draw: Callable[Concatenate[Any, P], Chart]) -> Callable[Concatenate[Any, P], Spec]:
    """Drawn once: Altair takes up to a fifth of a second for what the same answer always looks like."""

    @wraps(draw)
    def drawn(self: "Drawing", /, *args: P.args, **named: P.kwargs) -> Spec:
        return self.keep((draw.__name__, args, named), lambda: [draw(self, *args, **named)])[0]

    return drawn


class Drawing:
    """In one language and light."""

    def __init__(self, words: Words, figures: Figures, *, dark: bool) -> None:
        self.words, self.figures, self.colours = words, figures, palette(dark)
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._locale = alt.Locale(
            number=alt.NumberLocale(
                decimal="," if figures.lang == "fr" else ".",
                thousands=NARROW if figures.lang == "fr" else ",",
                grouping=[3],
                currency=["", ""],
                minus=MINUS,
                percent="\u00a0%",
            )
        )

    def keep(self, what: object, draw: Callable[[], list[Chart]]) -> list[Spec]:
        """Charts of these facts, drawn or as drawn before; each time a copy, for Streamlit takes it apart."""
        name = repr(what)
        if name not in self._kept:
            # Altair's own check of each part has passed by then; the whole is not checked again.
            self._kept[name] = json.dumps([chart.to_dict(validate=False) for chart in draw()])
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(name)
        found: list[Spec] = json.loads(self._kept[name])
        return found

    # Parts

    def _marked(self, at: float, text: str, *, leftwards: bool = False) -> list[alt.Chart]:
        table = pd.DataFrame([{"at": at, "text": text}])
        rule = alt.Chart(table).mark_rule(color=self.colours.decline, strokeWidth=2.5).encode(x=alt.X("at:Q"))
        said = (
            alt.Chart(table)
            .mark_text(
                align="right" if leftwards else "left",
                dx=-6 if leftwards else 6,
                fontWeight="bold",
                baseline="bottom",
                color=self.colours.ink,
            )
            .encode(x=alt.X("at:Q"), y=alt.value(-6), text=alt.Text("text:N"))
        )
        return [rule, said]

    def _rule(self, at: float, text: str, dash: Sequence[float] = (5, 3)) -> list[alt.Chart]:
        table = pd.DataFrame([{"at": at, "text": f"{text} {self.figures.percent(at)}" if text else ""}])
        rule = (
            alt.Chart(table)
            .mark_rule(color=self.colours.ink, strokeWidth=1.3, strokeDash=list(dash))
            .encode(x=alt.X("at:Q"))
        )
        if not text:
            return [rule]
        said = (
            alt.Chart(table)
            .mark_text(align="left", dx=6, baseline="top", fontSize=12, color=self.colours.ink)
            .encode(x=alt.X("at:Q"), y=alt.value(0 if dash[0] > 2 else 16), text=alt.Text("text:N"))
        )
        return [rule, said]

    def _verdicts(self, field: str) -> alt.Color:
        kinds = ["approve", "refer", "decline"]
        scale = alt.Scale(domain=kinds, range=[self.colours.verdict(kind) for kind in kinds])
        return alt.Color(field, scale=scale, legend=None)

    def _words(self, field: str) -> alt.Color:
        kinds = ["approve", "refer", "decline"]
        scale = alt.Scale(
            domain=[self.words.verdict(kind) for kind in kinds], range=[self.colours.verdict(kind) for kind in kinds]
        )
        return alt.Color(field, title=None, scale=scale, legend=alt.Legend(orient="top", symbolType="square"))

    def _ways(self) -> alt.Color:
        scale = alt.Scale(domain=["helps", "hurts"], range=[self.colours.approve, self.colours.decline])
        return alt.Color("way:N", scale=scale, legend=None)

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

    def _level(self, name: str, level: str) -> str:
        """As it is said; a level that is a number, as the reader writes it."""
        said = self.words.level(name, level)
        whole, point, part = said.partition(".")
        return self.figures.number(float(said), len(part)) if point and (whole + part).isdigit() else said

    def _axis(self, unit: str) -> alt.Axis:
        return alt.Axis(format="~%" if unit in ("share", "rate") else ",~r", tickCount=6, labelOverlap="greedy")

    def _names(self, most: int) -> alt.Axis:
        return alt.Axis(labelLimit=most, labelFontSize=13, ticks=False, domain=False, labelPadding=8, grid=False)

    def _dressed(self, chart: Any, *, grid: bool = True, legend: bool = False) -> Chart:
        c = self.colours
        # Set, not configured: each call of that kind copies the chart with its data.
        chart.config = alt.Config(
            locale=self._locale,
            background="transparent",
            font=FONT,
            view=alt.ViewConfig(stroke=None),
            axis=alt.AxisConfig(
                grid=grid, gridColor=c.grid, domainColor=c.wash, tickColor=c.wash, labelColor=c.ink,
                titleColor=c.quiet, titleFontWeight="normal", titleFontSize=12, labelFontSize=12,
            ),
            axisY=alt.AxisConfig(domain=False, ticks=False),
            title=alt.TitleConfig(color=c.ink, fontWeight=600),
            legend=alt.LegendConfig(labelColor=c.ink, labelFontSize=12) if legend else alt.Undefined,
        )  # fmt: skip
        return cast("Chart", chart)
