"""Model: how each version was judged, what it leans on, whom it treats how, and who let it decide."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from desk import look
from desk.api import FOREVER
from desk.here import Here, guarded, here
from desk.tables import Said, table
from desk.words import capital

Card = Mapping[str, Any]
_MEASURES: Final = ("approval_rate", "false_positive_rate", "false_negative_rate", "default_rate", "calibration_ratio")


def page() -> None:
    """The screen."""
    now = here()
    say = now.words
    head, choice = st.columns([3, 1], vertical_alignment="bottom")
    head.title(say.say("model"), anchor=False)
    with guarded():
        with st.spinner(say.say("reading")):
            versions = now.api.get("/models", keep=60.0)
        if not versions:
            st.html(look.empty(say.say("empty_model"), say.say("empty_model_what")))
            return
        version = choice.selectbox(
            say.say("version"),
            [one["version"] for one in versions],
            index=next((place for place, one in enumerate(versions) if "champion" in one["aliases"]), 0),
            format_func=lambda number: _named(now, next(one for one in versions if one["version"] == number)),
            key=f"version.{say.lang}",
        )
        with st.spinner(say.say("reading")):
            # A version never changes but for its aliases, which `/models` told just now.
            card = now.api.get(f"/models/{version}", keep=FOREVER)
        parts: dict[str, Callable[[], None]] = {
            "judged": lambda: _judged(now, card),
            "leans": lambda: _leans(now, card),
            "fair": lambda: _fair(now, card),
            "card": lambda: _card(now, card),
            "results": lambda: _results(now),
            "versions": lambda: _versions(now, card, versions),
        }
        if card["scorecard"] is None:
            del parts["card"]
        part = st.segmented_control(
            say.say("model"), list(parts), format_func=lambda key: say.say(f"model_{key}"), default="judged",
            required=True, key="model_part", label_visibility="collapsed",
        )  # fmt: skip
        parts[part or "judged"]()


def _named(now: Here, brief: Mapping[str, Any]) -> str:
    alias = " · ".join(now.words.say(alias) for alias in brief["aliases"])
    return f"{brief['version']} · {brief['candidate']}" + (f" ({alias})" if alias else "")


def _judged(now: Here, card: Card) -> None:
    say, figures = now.words, now.figures
    found, curves, costs = card["evaluation"], card["curves"], card["evaluation"]["costs"]
    columns = st.columns(5)
    columns[0].metric(say.figure("cost"), figures.number(costs["decided"]["value"]), help=say.meaning("cost"))
    columns[0].caption(figures.span(costs["decided"]["low"], costs["decided"]["high"]))
    columns[1].metric(say.say("saved"), figures.number(costs["saved"]["value"]), help=say.say("saved_help"))
    columns[1].caption(figures.span(costs["saved"]["low"], costs["saved"]["high"]))
    columns[2].metric(say.figure("auc"), figures.number(found["auc"]["value"], 3), help=say.meaning("auc"))
    columns[2].caption(figures.span(found["auc"]["low"], found["auc"]["high"], 3))
    slope = found["calibration"]["slope"] if found["calibration"] else None
    columns[3].metric(
        say.figure("calibration_slope"),
        figures.number(slope["value"] if slope else None, 2),
        help=say.meaning("calibration_slope"),
    )
    columns[3].caption(figures.span(slope["low"], slope["high"], 2) if slope else "–")
    columns[4].metric(say.figure("approval_rate"), figures.percent(found["confusion"]["approved"]))
    columns[4].caption(say.say("at_cutoff", cutoff=figures.percent(found["confusion"]["cutoff"])))
    st.caption(
        say.say(
            "judged_line", rows=figures.number(found["rows"]), defaults=figures.number(found["defaults"]),
            rate=figures.percent(found["default_rate"]),
        )
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(say.say("title_roc", pairs=figures.number(100 * found["auc"]["value"])), anchor=False)
        st.vega_lite_chart(spec=now.curves.roc(curves["roc"]), theme=None, key="roc")
    with right:
        predicted, happened = figures.percent(found["mean_probability"]), figures.percent(found["default_rate"])
        st.subheader(say.say("title_reliability", predicted=predicted, observed=happened), anchor=False)
        st.vega_lite_chart(spec=now.curves.reliability(curves["reliability"]), theme=None, key="reliability")
    with left:
        st.subheader(
            say.say(
                "title_cost", decided=figures.number(costs["decided"]["value"]),
                accept=figures.number(costs["accept_all"]["value"]),
            ), anchor=False,
        )  # fmt: skip
        for place, chart in enumerate(now.curves.cutoffs(curves["cutoffs"], costs["cutoff"])):
            st.vega_lite_chart(spec=chart, theme=None, key=f"cost.{place}")
    with right:
        st.subheader(say.say("title_scores"), anchor=False)
        st.vega_lite_chart(spec=now.curves.scores(curves["scores"], costs["cutoff"]), theme=None, key="scores")
        _confusion(now, found["confusion"])
    _other_figures(now, found)


def _confusion(now: Here, counts: Mapping[str, Any]) -> None:
    say, caption = now.words, now.words.told["captions"]
    number = now.figures.number
    st.subheader(say.say("confusion"), anchor=False)
    rows = [
        {"": caption["paid"], caption["accepted"]: number(counts["tn"]), caption["refused"]: number(counts["fp"])},
        {
            "": caption["defaulted"].replace("\n", " "),
            caption["accepted"]: number(counts["fn"]),
            caption["refused"]: number(counts["tp"]),
        },
    ]
    table(rows, key="confusion")


def _other_figures(now: Here, found: Mapping[str, Any]) -> None:
    say, figures = now.words, now.figures
    with st.expander(say.say("more_figures")):
        st.html(
            look.terms(
                {
                    say.figure("gini"): figures.number(found["gini"]["value"], 3),
                    say.figure("ks"): figures.number(found["ks"], 3),
                    say.figure("brier"): figures.number(found["brier"], 4),
                    say.figure("log_loss"): figures.number(found["log_loss"], 4),
                }
            )
        )


def _leans(now: Here, card: Card) -> None:
    say, leaning = now.words, card["importance"]
    if leaning is None:
        st.html(look.empty(say.say("no_importance"), say.say("no_importance_what")))
        return
    first, second = (say.of("themes", one["name"]) for one in leaning["themes"][:2])
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(say.say("title_themes", first=first, second=second), anchor=False)
        st.vega_lite_chart(spec=now.curves.weights(leaning["themes"], say.told["themes"]), theme=None, key="themes")
    with right:
        st.subheader(say.say("title_tables"), anchor=False)
        titles = {name: table["title"] for name, table in say.told["tables"].items()}
        st.vega_lite_chart(spec=now.curves.weights(leaning["tables"], titles), theme=None, key="tables")
    st.subheader(say.say("title_features"), anchor=False)
    names = {one["name"]: say.feature(one["name"]) for one in leaning["features"]}
    st.vega_lite_chart(spec=now.curves.weights(leaning["features"][:15], names), theme=None, key="weights")
    _dependence(leaning["dependence"])


@st.fragment
def _dependence(told: Sequence[Mapping[str, Any]]) -> None:
    now = here()
    if not told:
        return
    named = {one["name"]: one for one in told}
    st.subheader(now.words.say("title_dependence"), anchor=False)
    name = st.selectbox(
        now.words.say("feature"),
        list(named),
        format_func=lambda key: named[key][now.words.lang],
        key=f"dependence.{now.words.lang}",
    )
    st.vega_lite_chart(spec=now.curves.dependence(named[name]), theme=None, key="dependence_chart")
    missing = next((one for one in named[name]["bins"] if one["value"] is None), None)
    if missing:
        st.caption(
            now.words.say(
                "missing_line",
                rows=now.figures.number(missing["rows"]),
                effect=now.figures.number(missing["middle"], 2, signed=True),
            )
        )


def _fair(now: Here, card: Card) -> None:
    say, figures = now.words, now.figures
    st.caption(say.say("fair_line"))
    measure = st.selectbox(
        say.say("measure"), _MEASURES, format_func=lambda key: say.say(f"fair_{key}"), key=f"fair.{say.lang}"
    )
    columns = st.columns(2, gap="large")
    for place, grouping in enumerate(card["fairness"]):
        with columns[place % 2]:
            name = capital(say.of("grounds", grouping["name"]))
            column = {"sex": "CODE_GENDER", "family": "NAME_FAMILY_STATUS"}.get(grouping["name"], "")
            st.subheader(name, anchor=False)
            rule = grouping["four_fifths"]
            if measure == "approval_rate" and rule is not None:
                shape = look.SHAPES["approve" if rule else "decline"]
                st.markdown(
                    f"{shape} {say.figure('four_fifths')} : **{say.say('rule_holds' if rule else 'rule_broken')}**"
                )
            groups = [{**one, "said": capital(say.raw(column, one["name"]))} for one in grouping["groups"]]
            if any(one[measure] is not None for one in groups):
                st.vega_lite_chart(spec=now.curves.groups(groups, measure), theme=None, key=f"fair.{place}")
            else:
                st.caption(say.say("nothing_to_compare"))
            apart = next((one for one in grouping["disparities"] if one["measure"] == measure), None)
            if apart:
                st.caption(
                    say.say(
                        "apart",
                        low=capital(say.raw(column, apart["lowest"])),
                        high=capital(say.raw(column, apart["highest"])),
                        difference=figures.percent(apart["difference"]),
                    )
                )


def _card(now: Here, card: Card) -> None:
    say, figures, points = now.words, now.figures, card["scorecard"]
    st.markdown(say.say("card_line", start=figures.number(points["start"])))
    columns = st.columns(3)
    for column, (verdict, (low, high)) in zip(columns, points["verdicts"].items(), strict=False):
        column.metric(
            f"{look.SHAPES[verdict]} {say.verdict(verdict)}", f"{figures.number(low)} – {figures.number(high)}"
        )
    rows = [
        {
            say.say("characteristic"): trait[say.lang],
            say.say("value"): one[say.lang],
            say.figure("points"): one["points"],
            say.say("share"): one["share"],
            say.say("observed"): one["rate"],
        }
        for trait in points["characteristics"]
        for one in trait["bins"]
    ]
    shares = {say.say("share"): figures.percent, say.say("observed"): figures.percent}
    table(rows, shares, key="card")


def _results(now: Here) -> None:
    say, figures = now.words, now.figures
    with st.spinner(say.say("reading")):
        found = now.api.get("/results", keep=300.0)
    if not found["rows"]:
        st.html(look.empty(say.say("empty_results"), say.say("empty_results_what")))
        return
    rows = [
        {
            say.say("candidate"): ("★ " if one["chosen"] else "") + one["name"],
            say.say("version"): one["version"] or "–",
            say.figure("cost"): one["cost"]["value"],
            say.say("interval"): figures.span(one["cost"]["low"], one["cost"]["high"]),
            say.say("against_champion"): one["cost_minus_champion"]["value"] if one["cost_minus_champion"] else None,
            say.figure("auc"): one["auc"]["value"],
            "FP": one["confusion"]["fp"],
            "FN": one["confusion"]["fn"],
            say.figure("approval_rate"): one["confusion"]["approved"],
            say.figure("brier"): one["brier"],
            say.say("features"): one["features"],
            say.say("grounds"): ", ".join(say.of("grounds", ground) for ground in one["grounds"]) or "–",
            say.say("fit_seconds"): one["fit_seconds"],
        }
        for one in found["rows"]
    ]
    said = {
        say.figure("cost"): figures.number,
        say.say("against_champion"): lambda value: figures.number(value, 1, signed=True),
        say.figure("auc"): lambda value: figures.number(value, 4),
        "FP": figures.number,
        "FN": figures.number,
        say.figure("approval_rate"): figures.percent,
        say.figure("brier"): lambda value: figures.number(value, 4),
        say.say("fit_seconds"): lambda value: figures.number(value, 1),
    }
    table(rows, said, key="results")
    if found["accept_all"] and found["refuse_all"]:
        st.caption(
            say.say(
                "results_line",
                accept=figures.number(found["accept_all"]["value"]),
                refuse=figures.number(found["refuse_all"]["value"]),
            )
        )
    st.caption(say.say("star"))


def _versions(now: Here, card: Card, versions: Sequence[Mapping[str, Any]]) -> None:
    say, figures = now.words, now.figures
    cost, auc, trained = say.figure("cost"), say.figure("auc"), say.say("trained_at")
    rows = [
        {
            say.say("version"): one["version"],
            say.say("role"): ", ".join(say.say(alias) for alias in one["aliases"]) or "–",
            say.say("candidate"): one["candidate"],
            say.say("features"): one["features"],
            trained: one["trained_at"],
            cost: one["cost"],
            auc: one["auc"],
        }
        for one in versions
    ]
    shown: dict[str, Said] = {
        trained: figures.instant,
        cost: figures.number,
        auc: lambda value: figures.number(value, 4),
    }
    table(rows, shown, key="versions")
    identity = card["identity"]
    st.subheader(say.say("who_promoted", version=identity["version"]), anchor=False)
    if not identity["history"]:
        st.caption(say.say("never_promoted"))
    for one in identity["history"]:
        st.markdown(f"- {figures.instant(one['at'])} · **{say.say(one['what'])}** · {one['by']} · {one['why']}")
    st.subheader(say.say("identity"), anchor=False)
    st.html(
        look.terms(
            {
                say.say("plan"): f"{identity['plan']} — {identity['why']}",
                say.say("learned_from"): say.say(
                    "learned_line",
                    rows=figures.number(identity["rows_development"]),
                    test=figures.number(identity["rows_test"]),
                ),
                say.say("fingerprint"): f"{identity['data_fingerprint'][:24]}…",
                say.say("reproduces"): say.say("yes" if identity["reproduces"] else "no"),
                say.say("libraries"): ", ".join(f"{name} {number}" for name, number in identity["versions"].items()),
            }
        )
    )
