"""Charts of one applicant: where they stand, why, and beside others."""

import math
from collections.abc import Sequence
from typing import Any, Final

from desk.drawing import Drawing, Row, Spec, amount, fixed, mark, name, over, tip
from desk.look import SHAPES

TICKS: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1),
    *(0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 0.97),
)
"""Probabilities named on an axis of log-odds."""
_MORE: Final = 4.0
"""The gauge ends at this many cut-offs, or beyond the applicant."""


class Charts(Drawing):
    """In one language and light."""

    def gauge(
        self, probability: float, cutoff: float, band: Sequence[float] | None, before: float | None = None
    ) -> Spec:
        """Where a probability stands between approval and refusal; `before` is marked hollow."""
        say, top, ink = self.words, self._top(probability, cutoff, before), {"color": self.colours.ink}
        low, high = (min(band[0], cutoff), max(band[1], cutoff)) if band else (cutoff, cutoff)
        zones = [
            {
                "verdict": verdict,
                "low": start,
                "high": end,
                "middle": (start + end) / 2,
                "word": say.verdict(verdict),
                "told": say.pair(say.verdict(verdict), f"{self.figures.percent(start)} – {self.figures.percent(end)}"),
            }
            for verdict, start, end in (("approve", 0.0, low), ("refer", low, high), ("decline", high, top))
            if end > start
        ]
        bars = mark(
            "bar",
            look={"height": 26, "cornerRadius": 2},
            x=amount("low", scale={"domain": [0, top], "nice": False}, axis=None),
            x2={"field": "high"},
            y=fixed(48),
            color=self._coloured("verdict", {kind: self.colours.verdict(kind) for kind in SHAPES}),
            opacity=fixed(0.9),
            tooltip=name("told"),
        )
        # The outer words lean on the ends, so that a narrow band's own is never overwritten.
        words = [
            mark(
                "text", only=f"datum.verdict == '{verdict}'",
                look={"fontSize": 13, "baseline": "top", "align": align, **ink},
                x=amount(place), y=fixed(66), text=name("word"),
            )
            for verdict, align, place in (
                ("approve", "left", "low"), ("refer", "center", "middle"), ("decline", "right", "high"),
            )
        ]  # fmt: skip
        edge = over(
            [{"at": cutoff, "text": f"{say.figure('cutoff')} {self.figures.percent(cutoff)}"}],
            mark("rule", look={**ink, "strokeWidth": 1.5, "strokeDash": [4, 3]}, y=fixed(38), y2=fixed(64)),
            mark(
                "text", look={"fontSize": 12, "baseline": "top", "color": self.colours.quiet}, y=fixed(84),
                text=name("text"),
            ),
            x=amount("at"),
        )  # fmt: skip
        triangle = {"shape": "triangle-down", **ink}
        needle = over(
            [{"at": probability, "text": self.figures.percent(probability)}],
            mark("rule", look={**ink, "strokeWidth": 3}, y=fixed(30), y2=fixed(61)),
            mark("point", look={**triangle, "filled": True, "size": 170, "opacity": 1}, y=fixed(28)),
            mark(
                "text", look={"fontSize": 17, "fontWeight": "bold", "baseline": "bottom", **ink}, y=fixed(20),
                text=name("text"),
            ),
            x=amount("at"),
        )  # fmt: skip
        layers = [over(zones, bars, *words), edge, needle]
        if before is not None:
            hollow = {**triangle, "filled": False, "size": 150, "strokeWidth": 1.5}
            layers.append(mark("point", [{"at": before}], look=hollow, x=amount("at"), y=fixed(28)))
        return self._dressed(102, *layers, grid=False)

    def _top(self, probability: float, cutoff: float, before: float | None) -> float:
        return min(1.0, max(_MORE * cutoff, 1.12 * max(probability, before or 0.0)))

    def waterfall(self, base: float, log_odds: float, themes: Sequence[Row]) -> Spec:
        """From the average applicant to this one, theme by theme; the axis names probabilities."""
        say, at = self.words, base
        steps = [(say.say("start"), base, base, "")]
        for theme in themes:
            more = float(theme["contribution"])
            steps.append((theme["label"], at, at + more, "hurts" if more > 0 else "helps"))
            at += more
        steps.append((say.say("this_one"), log_odds, log_odds, ""))
        rows: list[dict[str, Any]] = []
        for label, start, end, way in steps:
            chance = self.figures.percent(_sigmoid(end))
            text = self.figures.number(end - start, 2, signed=True) if way else ""
            rows.append(
                {
                    "name": label,
                    "to": end,
                    "low": min(start, end),
                    "high": max(start, end),
                    "way": way,
                    "text": text,
                    "said": say.say(way) if way else chance,
                    "label": text or chance,
                    "chance": chance,
                }
            )
        low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
        room, ink = 0.1 * (high - low + 0.2), self.colours.ink
        bars = mark(
            "bar",
            only="datum.way != ''",
            look={"height": {"band": 0.62}, "cornerRadius": 1},
            x=amount(
                "low",
                scale={"domain": [low - room, high + 2.5 * room], "nice": False},
                axis=self._odds_axis(low, high),
            ),
            x2={"field": "high"},
            color=self._ways(),
        )
        ends = mark(
            "point", only="datum.way == ''",
            look={"shape": "diamond", "filled": True, "size": 110, "color": ink, "opacity": 1}, x=amount("to"),
        )  # fmt: skip
        said = mark(
            "text", look={"align": "left", "dx": 6, "fontSize": 12, "color": ink}, x=amount("high"), text=name("label")
        )
        steps_down = over(
            rows,
            bars,
            ends,
            said,
            y=name("name", sort=[row["name"] for row in rows], title=None, axis=self._names(270)),
            tooltip=[
                tip("name"),
                tip("said", say.say("way_of")),
                tip("text", say.of("units", "log_odds")),
                tip("chance", say.say("so_far")),
            ],
        )
        return self._dressed(22 * len(rows) + 8, steps_down)

    def features(self, shares: Sequence[Row]) -> Spec:
        """What the measures of one theme add, the strongest first."""
        say = self.words
        rows: list[dict[str, Any]] = []
        for share in shares:
            more, measure, value = float(share["contribution"]), str(share["name"]), share["value"]
            told = say.level(measure, value) if isinstance(value, str) else self.figures.value(value, say.unit(measure))
            way = "hurts" if more > 0 else "helps"
            rows.append(
                {
                    "name": say.pair(say.feature(measure), told),
                    "more": more,
                    "way": way,
                    "said": say.say(way),
                    "text": self.figures.number(more, 3, signed=True),
                }
            )
        most, ink = max(abs(row["more"]) for row in rows) or 1.0, {"color": self.colours.ink}
        x = amount(
            "more", title=None, scale={"domain": [-1.3 * most, 1.3 * most]},
            axis={"labels": False, "ticks": False, "grid": False},
        )  # fmt: skip
        measures = over(
            rows,
            mark("bar", look={"height": 11, "cornerRadius": 1, "yOffset": 8}, x=x, color=self._ways()),
            mark(
                "text", only="datum.more >= 0", look={"align": "left", "dx": 5, "dy": 8, **ink}, x=amount("more"),
                text=name("text"),
            ),
            mark(
                "text", only="datum.more < 0", look={"align": "right", "dx": -5, "dy": 8, **ink}, x=amount("more"),
                text=name("text"),
            ),
            # A measure's name stands over its bar: beside it, there would be no room for the bar on a small screen.
            mark(
                "text", look={"align": "left", "dy": -7, "fontSize": 13, "limit": 560, **ink}, x=fixed(0),
                text=name("name"),
            ),
            y=name("name", sort=None, title=None, axis=None),
            tooltip=[tip("name"), tip("said", say.say("way_of"))],
        )  # fmt: skip
        return self._dressed(38 * len(rows) + 8, measures)

    def beside(self, one: Row) -> Spec:
        """One measure of this applicant beside all (filled) and beside similar ones (line)."""
        if one["everyone"]["kind"] == "category":
            return self._levels(one)
        unit, value = self.words.unit(str(one["name"])), one["value"]
        everyone, similar = (
            [
                {"who": self.words.say(who), "low": bar["low"], "high": bar["high"], "d": bar["density"], "zero": 0.0}
                for bar in one[who]["bars"]
            ]
            for who in ("everyone", "similar")
        )
        # The axis of a share is in per cent, which says it.
        title = None if unit in ("share", "rate") else self.words.of("units", unit)
        x = amount("low", title=title, scale={"zero": False}, axis=self._axis(unit))
        to: Spec = {"y": amount("d", title=None, axis=None), "color": self._company()}
        layers = [
            mark("rect", everyone, look={"opacity": 0.55}, x=x, x2={"field": "high"}, y2={"field": "zero"}, **to),
            mark("line", similar, look={"interpolate": "step-after", "strokeWidth": 2}, x=amount("low"), **to),
        ]
        if value is not None:
            told = self.words.pair(self.words.say("this_one"), self.figures.value(value, unit))
            low = min([value, *(bar["low"] for bar in (*everyone, *similar))])
            high = max([value, *(bar["high"] for bar in (*everyone, *similar))])
            layers.append(self._marked(float(value), told, leftwards=value - low > 0.55 * (high - low)))
        return self._dressed(175, *layers)

    def _levels(self, one: Row) -> Spec:
        measure, mine = str(one["name"]), one["value"]
        rows: list[dict[str, Any]] = [
            {
                "level": ("▶ " if level["level"] == mine else "") + self.words.level(measure, level["level"]),
                "share": level["share"],
                "who": self.words.say(who),
                "text": self.figures.percent(level["share"]),
            }
            for who in ("everyone", "similar")
            for level in one[who]["levels"][:8]
        ]
        bars = mark(
            "bar",
            rows,
            x=amount("share", title=None, axis={"format": "%", "grid": True}),
            y=name("level", sort=None, title=None, axis=self._names(220)),
            yOffset=name("who"),
            color=self._company(),
            tooltip=[name("level"), name("who"), name("text")],
        )
        return self._dressed(max(120, 34 * len({row["level"] for row in rows})), bars)

    def _odds_axis(self, low: float, high: float) -> Spec:
        ticks = [math.log(p / (1 - p)) for p in TICKS]
        return {
            "values": [t for t in ticks if low - 0.7 <= t <= high + 0.7],
            "labelExpr": "format(1 / (1 + exp(-datum.value)), datum.value < -4.2 ? '.1%' : '.0%')",
            "title": self.words.figure("probability"),
            "grid": True,
            "labelOverlap": "greedy",
        }


def _sigmoid(log_odds: float) -> float:
    """As the axis says a place of log-odds."""
    return 1.0 / (1.0 + math.exp(-log_odds))
