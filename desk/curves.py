"""Charts of the whole: what a cut-off does, how a model was judged, and what it leans on."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from desk.drawing import Chart, Drawing, Row, Spec, kept
from desk.figures import NOTHING
from desk.words import capital


class Curves(Drawing):
    """In one language and light."""

    def cutoffs(self, points: Sequence[Row], policy: float, chosen: float | None = None) -> list[Spec]:
        """Cost, approvals and defaults at every cut-off, to stand one above the other, the policy's marked in each."""
        return self.keep(("cutoffs", points, policy, chosen), lambda: self._cutoffs(points, policy, chosen))

    def _cutoffs(self, points: Sequence[Row], policy: float, chosen: float | None) -> list[Chart]:
        top = min(1.0, max(0.3, 3.0 * policy))
        inside = pd.DataFrame(points)
        inside = inside[inside["cutoff"] <= top]
        return [
            self._cutoff(inside.dropna(subset=["cost"]), "cost", top, policy, chosen),
            self._cutoff(inside, "approval_rate", top, policy, chosen),
            self._cutoff(inside.dropna(subset=["default_rate"]), "default_rate", top, policy, chosen),
        ]

    def _cutoff(self, points: pd.DataFrame, figure: str, top: float, policy: float, chosen: float | None) -> Chart:
        first, last, cost = figure == "cost", figure == "default_rate", figure == "cost"
        written = self.figures.number if cost else self.figures.percent
        points = points.assign(
            told=[written(value) for value in points[figure]], at=[self.figures.percent(c) for c in points["cutoff"]]
        )
        # One width for all labels, so that the three stand exactly above each other.
        y = alt.Axis(format=",.0f" if cost else "%", tickCount=4, minExtent=46, maxExtent=46)
        x = alt.Axis(format="%", labels=last, ticks=last, tickCount=8)
        line = (
            alt.Chart(points)
            .mark_line(color=self.colours.approve, strokeWidth=2.2)
            .encode(
                x=alt.X(
                    "cutoff:Q",
                    title=self.words.figure("cutoff") if last else None,
                    scale=alt.Scale(domain=[0, top]),
                    axis=x,
                ),
                y=alt.Y(f"{figure}:Q", title=None, axis=y),
                tooltip=[
                    alt.Tooltip("at:N", title=self.words.figure("cutoff")),
                    alt.Tooltip("told:N", title=self.words.figure(figure)),
                ],
            )
        )
        layers: list[alt.Chart] = [line, *self._rule(policy, self.words.say("policy_point") if first else "")]
        if chosen is not None and abs(chosen - policy) > 1e-6:
            layers += self._rule(chosen, self.words.say("chosen_point") if first else "", dash=(2, 3))
        near = points.iloc[(points["cutoff"] - policy).abs().argsort()[:1]]
        dot = alt.Chart(near).mark_point(filled=True, size=90, color=self.colours.ink, opacity=1)
        layers.append(dot.encode(x=alt.X("cutoff:Q"), y=f"{figure}:Q"))
        title = alt.TitleParams(self.words.figure(figure), anchor="start", fontSize=13, offset=6, frame="group")
        height = 190 if first else 150 if last else 120
        return self._dressed(alt.layer(*layers).properties(height=height, title=title))

    @kept
    def over_time(self, stretches: Sequence[Row]) -> Chart:
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
        chart = (
            alt.Chart(pd.DataFrame(rows))
            .mark_bar(width=alt.RelativeBandSize(0.8) if len(stretches) > 12 else 34)
            .encode(
                x=alt.X("at:O", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
                y=alt.Y("n:Q", title=self.words.say("applications"), axis=alt.Axis(tickMinStep=1, format=",.0f")),
                color=self._words("word:N"),
                order="order:O",
                tooltip=[alt.Tooltip("at:N"), alt.Tooltip("word:N"), alt.Tooltip("n:Q")],
            )
        )
        return self._dressed(chart.properties(height=230), legend=True)

    def _stretch(self, name: str) -> str:
        """A day, the Monday of a week, or a month as the reader writes it."""
        if len(name) == 10:
            return self.figures.day(name)
        return self.figures.day(f"{name}-01").partition(" ")[2]

    @kept
    def bars(self, counts: Mapping[str, float], title: str = "") -> Chart:
        """Few names and how many of each."""
        table = pd.DataFrame(
            [{"name": name, "n": count, "text": self.figures.number(count)} for name, count in counts.items()]
        )
        one = alt.Chart(table).encode(
            y=alt.Y("name:N", sort="-x", title=None, axis=self._names(260)),
            x=alt.X("n:Q", title=title or None, axis=alt.Axis(labels=False, ticks=False, grid=False)),
        )
        bars = one.mark_bar(color=self.colours.approve, height={"band": 0.6})
        said = one.mark_text(align="left", dx=5, color=self.colours.ink).encode(text=alt.Text("text:N"))
        return self._dressed(alt.layer(bars, said).properties(height=30 * len(table) + 10))

    @kept
    def roc(self, line: Row) -> Chart:
        """Defaulters declined against payers declined."""
        table = pd.DataFrame({"x": line["x"], "y": line["y"]})
        caption = self.words.told["captions"]
        chance = (
            alt.Chart(pd.DataFrame([{"x": 0, "y": 0}, {"x": 1, "y": 1}]))
            .mark_line(color=self.colours.wash, strokeDash=[4, 4])
            .encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
        )
        curve = (
            alt.Chart(table)
            .mark_line(color=self.colours.approve, strokeWidth=2.2)
            .encode(
                x=alt.X("x:Q", title=caption["roc_x"], axis=alt.Axis(format="%", tickCount=5)),
                y=alt.Y("y:Q", title=caption["roc_y"], axis=alt.Axis(format="%", tickCount=5)),
            )
        )
        return self._dressed(alt.layer(chance, curve).properties(height=320))

    @kept
    def reliability(self, tenths: Sequence[Row]) -> Chart:
        """Predicted against observed, with intervals."""
        caption = self.words.told["captions"]
        table = pd.DataFrame(
            [
                {
                    "x": t["predicted"],
                    "y": t["observed"]["value"],
                    "low": t["observed"]["low"],
                    "high": t["observed"]["high"],
                }
                for t in tenths
            ]
        )
        most = float(max(table["x"].max(), table["high"].max()))
        x = alt.X("x:Q", title=caption["reliability_x"], axis=alt.Axis(format="%", tickCount=5))
        right = (
            alt.Chart(pd.DataFrame([{"x": 0.0, "y": 0.0}, {"x": most, "y": most}]))
            .mark_line(color=self.colours.wash, strokeDash=[4, 4])
            .encode(x=x, y=alt.Y("y:Q", title=caption["reliability_y"], axis=alt.Axis(format="%", tickCount=5)))
        )
        spans = (
            alt.Chart(table)
            .mark_rule(color=self.colours.approve, strokeWidth=2)
            .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
        )
        dots = (
            alt.Chart(table)
            .mark_point(filled=True, size=70, color=self.colours.approve, opacity=1)
            .encode(x=x, y=alt.Y("y:Q"), tooltip=[alt.Tooltip("x:Q", format=".1%"), alt.Tooltip("y:Q", format=".1%")])
        )
        return self._dressed(alt.layer(right, spans, dots).properties(height=320))

    @kept
    def scores(self, bars: Sequence[Row], cutoff: float) -> Chart:
        """How probabilities are spread among payers and defaulters."""
        caption = self.words.told["captions"]
        names = {"payers": capital(caption["payers"]), "defaulters": capital(caption["defaulters"])}
        rows = [
            {"x": bar["low"], "d": bar[who], "who": names[who]} for who in names for bar in bars if bar["low"] <= 0.5
        ]
        area = (
            alt.Chart(pd.DataFrame(rows))
            .mark_area(opacity=0.35, line=True, interpolate="step-after")
            .encode(
                x=alt.X("x:Q", title=caption["scores_x"], scale=alt.Scale(domain=[0, 0.5]), axis=alt.Axis(format="%")),
                y=alt.Y("d:Q", title=None, axis=None, stack=None),
                color=alt.Color(
                    "who:N",
                    title=None,
                    scale=alt.Scale(domain=list(names.values()), range=[self.colours.approve, self.colours.decline]),
                    legend=alt.Legend(orient="top"),
                ),
            )
        )
        return self._dressed(
            alt.layer(area, *self._rule(cutoff, self.words.figure("cutoff"))).properties(height=320), legend=True
        )

    @kept
    def weights(self, weighings: Sequence[Row], names: Mapping[str, str]) -> Chart:
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
        table = pd.DataFrame(rows)
        caption = self.words.told["captions"]
        one = alt.Chart(table).encode(
            y=alt.Y("name:N", sort=None, title=None, axis=self._names(420)),
            x=alt.X("x:Q", title=caption["influence_x"], axis=alt.Axis(tickCount=4)),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("text:N", title=caption["influence_x"]),
                alt.Tooltip("cost:N", title=caption["influence_cost"]),
                alt.Tooltip("auc:N", title="AUC"),
            ],
        )
        bars = one.mark_bar(color=self.colours.approve, height={"band": 0.62})
        said = one.mark_text(align="left", dx=5, color=self.colours.ink).encode(text=alt.Text("text:N"))
        return self._dressed(alt.layer(bars, said).properties(height=25 * len(rows) + 40))

    @kept
    def dependence(self, told: Row) -> Chart:
        """How the risk changes with one measure: median and 90 % of the applicants of like value."""
        name = str(told["name"])
        known = [one for one in told["bins"] if one["value"] is not None]
        caption = self.words.told["captions"]["influence_y"]
        y = alt.Y("middle:Q", title=caption, axis=alt.Axis(tickCount=5, format="+.2f"))
        zero = (
            alt.Chart(pd.DataFrame([{"z": 0}]))
            .mark_rule(color=self.colours.wash, strokeDash=[2, 3])
            .encode(y=alt.Y("z:Q"))
        )
        if known and isinstance(known[0]["value"], str):
            table = pd.DataFrame([{**one, "value": self._level(name, one["value"])} for one in known])
            x = alt.X("value:N", sort=None, title=None, axis=alt.Axis(labelAngle=-30))
            base = alt.Chart(table).encode(x=x)
            spread = base.mark_rule(color=self.colours.approve, strokeWidth=4, opacity=0.4).encode(
                y=alt.Y("low:Q"), y2=alt.Y2("high:Q")
            )
            middle = base.mark_point(filled=True, size=80, color=self.colours.approve, opacity=1).encode(y=y)
        else:
            table = pd.DataFrame(known)
            unit = self.words.of("units", str(told["unit"]))
            x = alt.X("value:Q", title=unit, scale=alt.Scale(zero=False), axis=self._axis(str(told["unit"])))
            base = alt.Chart(table).encode(x=x)
            spread = base.mark_area(color=self.colours.approve, opacity=0.22).encode(
                y=alt.Y("low:Q"), y2=alt.Y2("high:Q")
            )
            middle = base.mark_line(color=self.colours.approve, strokeWidth=2.2, point=True).encode(y=y)
        return self._dressed(alt.layer(zero, spread, middle).properties(height=300))

    @kept
    def groups(self, parties: Sequence[Row], measure: str, overall: float | None = None) -> Chart:
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
        table = pd.DataFrame(rows)
        base = alt.Chart(table).encode(y=alt.Y("name:N", sort=None, title=None, axis=self._names(240)))
        spans = base.mark_rule(color=self.colours.approve, strokeWidth=3, opacity=0.6).encode(
            x=alt.X("low:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format="%", tickCount=5)),
            x2=alt.X2("high:Q"),
        )
        dots = base.mark_point(filled=True, size=90, color=self.colours.approve, opacity=1).encode(
            x=alt.X("x:Q"), tooltip=[alt.Tooltip("name:N"), alt.Tooltip("text:N")]
        )
        layers: list[alt.Chart] = [spans, dots]
        if overall is not None:
            layers += self._rule(overall, "")
        return self._dressed(alt.layer(*layers).properties(height=36 * len(rows) + 40))
