"""Charts of the whole: what a cut-off does, how a model was judged, and what it leans on."""

from collections.abc import Mapping, Sequence
from typing import Final

from desk.drawing import Drawing, Row, Spec, amount, mark, name, over, tip
from desk.figures import NOTHING
from desk.look import SHAPES
from desk.words import capital

_DOT: Final = {"filled": True, "opacity": 1}


class Curves(Drawing):
    """In one language and light."""

    def cutoffs(self, points: Sequence[Row], policy: float, chosen: float | None = None) -> list[Spec]:
        """Cost, approvals and defaults at every cut-off, to stand one above the other, the policy's marked in each."""
        top = min(1.0, max(0.3, 3.0 * policy))
        inside = [point for point in points if point["cutoff"] <= top]
        return [self._cutoff(inside, figure, top, policy, chosen) for figure in _HEIGHTS]

    def _cutoff(self, points: Sequence[Row], figure: str, top: float, policy: float, chosen: float | None) -> Spec:
        cost, last = figure == "cost", figure == "default_rate"
        written = self.figures.number if cost else self.figures.percent
        rows = [
            {
                "cutoff": point["cutoff"],
                figure: point[figure],
                "told": written(point[figure]),
                "at": self.figures.percent(point["cutoff"]),
            }
            for point in points
            if point[figure] is not None
        ]
        x = amount(
            "cutoff",
            title=self.words.figure("cutoff") if last else None,
            scale={"domain": [0, top]},
            axis={"format": "%", "labels": last, "ticks": last, "tickCount": 8},
        )
        # One width for all labels, so that the three stand exactly above each other.
        y = {"format": ",.0f" if cost else "%", "tickCount": 4, "minExtent": 46, "maxExtent": 46}
        line = mark(
            "line",
            rows,
            look={"color": self.colours.approve, "strokeWidth": 2.2},
            x=x,
            y=amount(figure, title=None, axis=y),
            tooltip=[tip("at", self.words.figure("cutoff")), tip("told", self.words.figure(figure))],
        )
        layers = [line, self._rule(policy, self.words.say("policy_point") if cost else "")]
        if chosen is not None and abs(chosen - policy) > 1e-6:
            layers.append(self._rule(chosen, self.words.say("chosen_point") if cost else "", dash=(2, 3)))
        near = sorted(rows, key=lambda row: abs(row["cutoff"] - policy))[:1]
        dot = {**_DOT, "size": 90, "color": self.colours.ink}
        layers.append(mark("point", near, look=dot, x=amount("cutoff"), y=amount(figure)))
        title = {"text": self.words.figure(figure), "anchor": "start", "fontSize": 13, "offset": 6, "frame": "group"}
        return self._dressed(_HEIGHTS[figure], *layers, title=title)

    def over_time(self, stretches: Sequence[Row]) -> Spec:
        """Verdicts by stretch of time."""
        rows = [
            {
                "at": self._stretch(one["name"]),
                "verdict": kind,
                "word": self.words.verdict(kind),
                "n": count,
                "order": place,
            }
            for one in stretches
            for place, (kind, count) in enumerate(one["verdicts"].items())
        ]
        colours = {self.words.verdict(kind): self.colours.verdict(kind) for kind in SHAPES}
        bars = mark(
            "bar",
            rows,
            look={"width": {"band": 0.8} if len(stretches) > 12 else 34},
            x={"field": "at", "type": "ordinal", "sort": None, "title": None, "axis": {"labelAngle": 0}},
            y=amount("n", title=self.words.say("applications"), axis={"tickMinStep": 1, "format": ",.0f"}),
            color=self._coloured("word", colours, {"orient": "top", "symbolType": "square"}),
            order={"field": "order", "type": "ordinal"},
            tooltip=[name("at"), name("word"), amount("n")],
        )
        return self._dressed(230, bars)

    def _stretch(self, called: str) -> str:
        """A day, the Monday of a week, or a month as the reader writes it."""
        if len(called) == 10:
            return self.figures.day(called)
        return self.figures.day(f"{called}-01").partition(" ")[2]

    def bars(self, counts: Mapping[str, float], title: str = "") -> Spec:
        """Few names and how many of each."""
        rows = [{"name": called, "n": count, "text": self.figures.number(count)} for called, count in counts.items()]
        both = over(
            rows,
            mark("bar", look={"color": self.colours.approve, "height": {"band": 0.6}}),
            mark("text", look={"align": "left", "dx": 5, "color": self.colours.ink}, text=name("text")),
            y=name("name", sort="-x", title=None, axis=self._names(260)),
            x=amount("n", title=title or None, axis={"labels": False, "ticks": False, "grid": False}),
        )
        return self._dressed(30 * len(rows) + 10, both)

    def roc(self, line: Row) -> Spec:
        """Defaulters declined against payers declined."""
        caption, axis = self.words.told["captions"], {"format": "%", "tickCount": 5}
        curve = mark(
            "line",
            [{"x": x, "y": y} for x, y in zip(line["x"], line["y"], strict=True)],
            look={"color": self.colours.approve, "strokeWidth": 2.2},
            x=amount("x", title=caption["roc_x"], axis=axis),
            y=amount("y", title=caption["roc_y"], axis=axis),
        )
        return self._dressed(320, self._diagonal(1.0), curve)

    def _diagonal(self, end: float) -> Spec:
        return mark(
            "line", [{"x": 0.0, "y": 0.0}, {"x": end, "y": end}],
            look={"color": self.colours.wash, "strokeDash": [4, 4]}, x=amount("x"), y=amount("y"),
        )  # fmt: skip

    def reliability(self, tenths: Sequence[Row]) -> Spec:
        """Predicted against observed, with intervals."""
        caption, axis = self.words.told["captions"], {"format": "%", "tickCount": 5}
        rows = [
            {
                "x": t["predicted"],
                "y": t["observed"]["value"],
                "low": t["observed"]["low"],
                "high": t["observed"]["high"],
            }
            for t in tenths
        ]
        colour = {"color": self.colours.approve}
        found = over(
            rows,
            mark("rule", look={**colour, "strokeWidth": 2}, y=amount("low"), y2={"field": "high"}),
            mark(
                "point",
                look={**_DOT, **colour, "size": 70},
                y=amount("y", title=caption["reliability_y"], axis=axis),
                tooltip=[amount("x", format=".1%"), amount("y", format=".1%")],
            ),
            x=amount("x", title=caption["reliability_x"], axis=axis),
        )
        return self._dressed(320, self._diagonal(max(max(row["x"], row["high"]) for row in rows)), found)

    def scores(self, bars: Sequence[Row], cutoff: float) -> Spec:
        """How probabilities are spread among payers and defaulters."""
        caption = self.words.told["captions"]
        names = {"payers": capital(caption["payers"]), "defaulters": capital(caption["defaulters"])}
        colours = dict(zip(names.values(), (self.colours.approve, self.colours.decline), strict=True))
        area = mark(
            "area",
            [{"x": bar["low"], "d": bar[who], "who": names[who]} for who in names for bar in bars if bar["low"] <= 0.5],
            look={"opacity": 0.35, "line": True, "interpolate": "step-after"},
            x=amount("x", title=caption["scores_x"], scale={"domain": [0, 0.5]}, axis={"format": "%"}),
            y=amount("d", title=None, axis=None, stack=None),
            color=self._coloured("who", colours, {"orient": "top"}),
        )
        return self._dressed(320, area, self._rule(cutoff, self.words.figure("cutoff")))

    def weights(self, weighings: Sequence[Row], names: Mapping[str, str]) -> Spec:
        """What weighs most, the weightiest first."""
        rows = [
            {
                "name": names.get(w["name"], w["name"]),
                "x": w["contribution"],
                "text": self.figures.number(w["contribution"], 3),
                "cost": NOTHING if w["cost"] is None else self.figures.number(w["cost"]["mean"], 1, signed=True),
                "auc": NOTHING if w["auc"] is None else self.figures.number(-w["auc"]["mean"], 4, signed=True),
            }
            for w in weighings
        ]
        caption = self.words.told["captions"]
        both = over(
            rows,
            mark("bar", look={"color": self.colours.approve, "height": {"band": 0.62}}),
            mark("text", look={"align": "left", "dx": 5, "color": self.colours.ink}, text=name("text")),
            y=name("name", sort=None, title=None, axis=self._names(420)),
            x=amount("x", title=caption["influence_x"], axis={"tickCount": 4}),
            tooltip=[
                tip("name"),
                tip("text", caption["influence_x"]),
                tip("cost", caption["influence_cost"]),
                tip("auc", "AUC"),
            ],
        )
        return self._dressed(25 * len(rows) + 40, both)

    def dependence(self, told: Row) -> Spec:
        """How the risk changes with one measure: median and 90 % of the applicants of like value."""
        known = [one for one in told["bins"] if one["value"] is not None]
        y = amount("middle", title=self.words.told["captions"]["influence_y"], axis={"tickCount": 5, "format": "+.2f"})
        between: Spec = {"y": amount("low"), "y2": {"field": "high"}}
        colour = {"color": self.colours.approve}
        if known and isinstance(known[0]["value"], str):
            found = over(
                [{**one, "value": self._level(str(told["name"]), one["value"])} for one in known],
                mark("rule", look={**colour, "strokeWidth": 4, "opacity": 0.4}, **between),
                mark("point", look={**_DOT, **colour, "size": 80}, y=y),
                x=name("value", sort=None, title=None, axis={"labelAngle": -30}),
            )
        else:
            unit = str(told["unit"])
            found = over(
                known,
                mark("area", look={**colour, "opacity": 0.22}, **between),
                mark("line", look={**colour, "strokeWidth": 2.2, "point": True}, y=y),
                x=amount("value", title=self.words.of("units", unit), scale={"zero": False}, axis=self._axis(unit)),
            )
        zero = mark("rule", [{"z": 0}], look={"color": self.colours.wash, "strokeDash": [2, 3]}, y=amount("z"))
        return self._dressed(300, zero, found)

    def groups(self, parties: Sequence[Row], measure: str) -> Spec:
        """One figure by group, with intervals."""
        rows = [
            {
                "name": f"{one['said']} ({self.figures.number(one['rows'])})",
                "x": one[measure]["value"],
                "low": one[measure]["low"],
                "high": one[measure]["high"],
                "text": self.figures.percent(one[measure]["value"]),
            }
            for one in parties
            if one[measure] is not None
        ]
        x = amount("low", title=None, scale={"zero": False}, axis={"format": "%", "tickCount": 5})
        colour = {"color": self.colours.approve}
        both = over(
            rows,
            mark("rule", look={**colour, "strokeWidth": 3, "opacity": 0.6}, x=x, x2={"field": "high"}),
            mark("point", look={**_DOT, **colour, "size": 90}, x=amount("x"), tooltip=[name("name"), name("text")]),
            y=name("name", sort=None, title=None, axis=self._names(240)),
        )
        return self._dressed(36 * len(rows) + 40, both)


_HEIGHTS: Final = {"cost": 190, "approval_rate": 120, "default_rate": 150}
"""Pixels of what is drawn against the cut-off, from the top."""
