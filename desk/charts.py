"""Charts of one applicant: where they stand, why, and beside others."""

import math
from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from desk.drawing import Chart, Drawing, Row, kept

TICKS: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1),
    *(0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 0.97),
)
"""Probabilities named on an axis of log-odds."""
_MORE: Final = 4.0
"""The gauge ends at this many cut-offs, or beyond the applicant."""


class Charts(Drawing):
    """In one language and light."""

    @kept
    def gauge(
        self, probability: float, cutoff: float, band: Sequence[float] | None, before: float | None = None
    ) -> Chart:
        """Where a probability stands between approval and refusal; `before` is marked hollow."""
        say, colours, top = self.words, self.colours, self._top(probability, cutoff, before)
        low, high = (min(band[0], cutoff), max(band[1], cutoff)) if band else (cutoff, cutoff)
        zones = [("approve", 0.0, low), ("refer", low, high), ("decline", high, top)]
        table = pd.DataFrame(
            [
                {
                    "verdict": name,
                    "low": start,
                    "high": end,
                    "middle": (start + end) / 2,
                    "word": say.verdict(name),
                    "told": f"{self.figures.percent(start)} – {self.figures.percent(end)}",
                }
                for name, start, end in zones
                if end > start
            ]
        )
        x = alt.X("low:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=None)
        zone = alt.Chart(table).encode(
            x=x, x2=alt.X2("high:Q"), tooltip=[alt.Tooltip("word:N", title=" "), alt.Tooltip("told:N")]
        )
        bars = zone.mark_bar(height=26, cornerRadius=2).encode(
            y=alt.value(48), color=self._verdicts("verdict:N"), opacity=alt.value(0.9)
        )
        # The outer words lean on the ends, so that a narrow band's own is never overwritten.
        word = alt.Chart(table).mark_text(fontSize=13, baseline="top", color=colours.ink)
        named = [
            word.mark_text(fontSize=13, baseline="top", color=colours.ink, align="left")
            .transform_filter("datum.verdict == 'approve'")
            .encode(x=alt.X("low:Q"), y=alt.value(66), text=alt.Text("word:N")),
            word.transform_filter("datum.verdict == 'refer'").encode(
                x=alt.X("middle:Q"), y=alt.value(66), text=alt.Text("word:N")
            ),
            word.mark_text(fontSize=13, baseline="top", color=colours.ink, align="right")
            .transform_filter("datum.verdict == 'decline'")
            .encode(x=alt.X("high:Q"), y=alt.value(66), text=alt.Text("word:N")),
        ]
        mark = pd.DataFrame([{"at": probability, "text": self.figures.percent(probability)}])
        needle = alt.Chart(mark).encode(x=alt.X("at:Q"))
        layers: list[alt.Chart] = [
            bars,
            *named,
            alt.Chart(pd.DataFrame([{"at": cutoff}]))
            .mark_rule(color=colours.ink, strokeWidth=1.5, strokeDash=[4, 3])
            .encode(x=alt.X("at:Q"), y=alt.value(38), y2=alt.value(64)),
            alt.Chart(pd.DataFrame([{"at": cutoff, "text": f"{say.figure('cutoff')} {self.figures.percent(cutoff)}"}]))
            .mark_text(fontSize=12, baseline="top", color=colours.quiet)
            .encode(x=alt.X("at:Q"), y=alt.value(84), text=alt.Text("text:N")),
            needle.mark_rule(color=colours.ink, strokeWidth=3).encode(y=alt.value(30), y2=alt.value(61)),
            needle.mark_point(shape="triangle-down", filled=True, size=170, color=colours.ink, opacity=1).encode(
                y=alt.value(28)
            ),
            needle.mark_text(fontSize=17, fontWeight="bold", baseline="bottom", color=colours.ink).encode(
                y=alt.value(20), text=alt.Text("text:N")
            ),
        ]
        if before is not None:
            layers.append(
                alt.Chart(pd.DataFrame([{"at": before}]))
                .mark_point(shape="triangle-down", filled=False, size=150, color=colours.ink, strokeWidth=1.5)
                .encode(x=alt.X("at:Q"), y=alt.value(28))
            )
        return self._dressed(alt.layer(*layers).properties(height=102), grid=False)

    def _top(self, probability: float, cutoff: float, before: float | None) -> float:
        return min(1.0, max(_MORE * cutoff, 1.12 * max(probability, before or 0.0)))

    @kept
    def waterfall(self, base: float, log_odds: float, themes: Sequence[Row]) -> Chart:
        """From the average applicant to this one, theme by theme; the axis names probabilities."""
        say, at = self.words, base
        rows: list[dict[str, Any]] = []
        rows.append({"name": say.say("start"), "from": base, "to": base, "way": "", "text": "", "order": 0})
        for place, theme in enumerate(themes, 1):
            more = float(theme["contribution"])
            rows.append(
                {
                    "name": theme["label"],
                    "from": at,
                    "to": at + more,
                    "way": "hurts" if more > 0 else "helps",
                    "text": self.figures.number(more, 2, signed=True),
                    "order": place,
                }
            )
            at += more
        rows.append({"name": say.say("this_one"), "from": log_odds, "to": log_odds, "way": "", "text": "", "order": 99})
        for row in rows:
            row["low"], row["high"] = min(row["from"], row["to"]), max(row["from"], row["to"])
            row["said"] = say.say(row["way"]) if row["way"] else self.figures.percent(_sigmoid(row["to"]))
            row["label"] = row["text"] if row["way"] else row["said"]
            row["chance"] = self.figures.percent(_sigmoid(row["to"]))
        table = pd.DataFrame(rows)
        low, high = float(table["low"].min()), float(table["high"].max())
        room = 0.1 * (high - low + 0.2)
        axis = self._odds_axis(low, high)
        y = alt.Y("name:N", sort=[row["name"] for row in rows], title=None, axis=self._names(270))
        tips = [
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("said:N", title=say.say("way_of")),
            alt.Tooltip("text:N", title=say.of("units", "log_odds")),
            alt.Tooltip("chance:N", title=say.say("so_far")),
        ]
        x = alt.X("low:Q", scale=alt.Scale(domain=[low - room, high + 2.5 * room], nice=False), axis=axis)
        one = alt.Chart(table).encode(y=y, tooltip=tips)
        bars = (
            one.transform_filter("datum.way != ''")
            .mark_bar(height={"band": 0.62}, cornerRadius=1)
            .encode(x=x, x2=alt.X2("high:Q"), color=self._ways())
        )
        ends = (
            one.transform_filter("datum.way == ''")
            .mark_point(shape="diamond", filled=True, size=110, color=self.colours.ink, opacity=1)
            .encode(x=alt.X("to:Q"))
        )
        said = one.mark_text(align="left", dx=6, fontSize=12, color=self.colours.ink).encode(
            x=alt.X("high:Q"), text=alt.Text("label:N")
        )
        return self._dressed(alt.layer(bars, ends, said).properties(height=22 * len(rows) + 8), legend=True)

    @kept
    def features(self, shares: Sequence[Row]) -> Chart:
        """What the measures of one theme add, the strongest first."""
        say = self.words
        rows = []
        for share in shares:
            more, name = float(share["contribution"]), str(share["name"])
            value: Any = share["value"]
            value = say.level(name, value) if isinstance(value, str) else self.figures.value(value, say.unit(name))
            rows.append(
                {
                    "name": say.pair(say.feature(name), value),
                    "more": more,
                    "way": "hurts" if more > 0 else "helps",
                    "said": say.say("hurts" if more > 0 else "helps"),
                    "text": self.figures.number(more, 3, signed=True),
                }
            )
        table = pd.DataFrame(rows)
        most = float(table["more"].abs().max()) or 1.0
        scale = alt.Scale(domain=[-1.3 * most, 1.3 * most])
        x = alt.X("more:Q", title=None, scale=scale, axis=alt.Axis(labels=False, ticks=False, grid=False))
        tips = [alt.Tooltip("name:N", title=" "), alt.Tooltip("said:N", title=say.say("way_of"))]
        # A measure's name stands over its bar: beside it, there would be no room for the bar on a small screen.
        y = alt.Y("name:N", sort=None, title=None, axis=None)
        one = alt.Chart(table).encode(y=y, tooltip=tips)
        bars = one.mark_bar(height=11, cornerRadius=1, yOffset=8).encode(x=x, color=self._ways())
        ink = self.colours.ink
        right = one.transform_filter("datum.more >= 0").mark_text(align="left", dx=5, dy=8, color=ink)
        left = one.transform_filter("datum.more < 0").mark_text(align="right", dx=-5, dy=8, color=ink)
        named = one.mark_text(align="left", dy=-7, fontSize=13, color=ink, limit=560)
        layers = [
            bars,
            right.encode(x=alt.X("more:Q"), text=alt.Text("text:N")),
            left.encode(x=alt.X("more:Q"), text=alt.Text("text:N")),
            named.encode(x=alt.value(0), text=alt.Text("name:N")),
        ]
        return self._dressed(alt.layer(*layers).properties(height=38 * len(rows) + 8))

    @kept
    def beside(self, one: Row) -> Chart:
        """One measure of this applicant beside all (filled) and beside similar ones (line)."""
        name, value = str(one["name"]), one["value"]
        if one["everyone"]["kind"] == "category":
            return self._levels(one)
        unit = self.words.unit(name)
        rows = []
        for who in ("everyone", "similar"):
            said = self.words.say(who)
            rows += [
                {"who": said, "low": b["low"], "high": b["high"], "d": b["density"], "zero": 0.0}
                for b in one[who]["bars"]
            ]
        table = pd.DataFrame(rows, columns=["who", "low", "high", "d", "zero"])
        # The axis of a share is in per cent, which says it.
        title = None if unit in ("share", "rate") else self.words.of("units", unit)
        x = alt.X("low:Q", title=title, scale=alt.Scale(zero=False), axis=self._axis(unit))
        y = alt.Y("d:Q", title=None, axis=None)
        both = alt.Color(
            "who:N",
            title=None,
            scale=alt.Scale(
                domain=[self.words.say("everyone"), self.words.say("similar")],
                range=[self.colours.wash, self.colours.approve],
            ),
            legend=None,
        )
        everyone = (
            alt.Chart(table[table["who"] == self.words.say("everyone")])
            .mark_rect(opacity=0.55)
            .encode(x=x, x2=alt.X2("high:Q"), y=y, y2=alt.Y2("zero:Q"), color=both)
        )
        similar = (
            alt.Chart(table[table["who"] == self.words.say("similar")])
            .mark_line(interpolate="step-after", strokeWidth=2)
            .encode(x=alt.X("low:Q"), y=y, color=both)
        )
        layers: list[alt.Chart] = [everyone, similar]
        if value is not None:
            told = self.words.pair(self.words.say("this_one"), self.figures.value(value, unit))
            low, high = min(table["low"].min(), value), max(table["high"].max(), value)
            layers += self._marked(float(value), told, leftwards=value - low > 0.55 * (high - low))
        return self._dressed(alt.layer(*layers).properties(height=175), legend=True)

    def _levels(self, one: Row) -> Chart:
        name, mine = str(one["name"]), one["value"]
        rows = [
            {
                "level": ("▶ " if level["level"] == mine else "") + self.words.level(name, level["level"]),
                "share": level["share"],
                "who": self.words.say(who),
                "text": self.figures.percent(level["share"]),
            }
            for who in ("everyone", "similar")
            for level in one[who]["levels"][:8]
        ]
        table = pd.DataFrame(rows)
        chart = (
            alt.Chart(table)
            .mark_bar()
            .encode(
                x=alt.X("share:Q", title=None, axis=alt.Axis(format="%", grid=True)),
                y=alt.Y("level:N", sort=None, title=None, axis=self._names(220)),
                yOffset=alt.YOffset("who:N"),
                color=alt.Color(
                    "who:N",
                    title=None,
                    scale=alt.Scale(
                        domain=[self.words.say("everyone"), self.words.say("similar")],
                        range=[self.colours.wash, self.colours.approve],
                    ),
                    legend=None,
                ),
                tooltip=[alt.Tooltip("level:N"), alt.Tooltip("who:N"), alt.Tooltip("text:N")],
            )
        )
        return self._dressed(chart.properties(height=max(120, 34 * table["level"].nunique())), legend=True)

    def _odds_axis(self, low: float, high: float) -> alt.Axis:
        ticks = [math.log(p / (1 - p)) for p in TICKS]
        shown = [t for t in ticks if low - 0.7 <= t <= high + 0.7]
        said = "format(1 / (1 + exp(-datum.value)), datum.value < -4.2 ? '.1%' : '.0%')"
        return alt.Axis(
            values=shown, labelExpr=said, title=self.words.figure("probability"), grid=True, labelOverlap="greedy"
        )


def _sigmoid(log_odds: float) -> float:
    """As the axis says a place of log-odds."""
    return 1.0 / (1.0 + math.exp(-log_odds))
