"""Portfolio: what the cut-off does to cost, approvals and defaults, at the policy's prices or others."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from desk import look
from desk.here import Here, guarded, here
from desk.tables import table

_BY: Final = ("contract", "income", "amount")
_EVERY: Final = ("day", "week", "month")
_KEEP: Final = 60.0


def page() -> None:
    """The screen."""
    now = here()
    st.title(now.words.say("portfolio"), anchor=False)
    with guarded():
        with st.spinner(now.words.say("reading")):
            first = _asked(now, {})
        if not first["applications"]:
            st.html(look.empty(now.words.say("empty_portfolio"), now.words.say("empty_portfolio_what")))
            return
        _prices()
        _segments()


def _asked(now: Here, params: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = now.api.get("/portfolio", params, keep=_KEEP)
    return found


@st.fragment
def _prices() -> None:
    """The curves follow the sliders."""
    now = here()
    say, figures, policy = now.words, now.figures, now.policy
    costs = policy["costs"]
    ratio = costs["accepted_defaulter"] / costs["refused_payer"]
    with guarded():
        left, right = st.columns([2, 3], gap="large", vertical_alignment="center")
        with left:
            price = st.slider(
                say.say("price"), 5.0, 20.0, float(min(20.0, max(5.0, ratio))), 0.5, key="price", format="%g : 1",
                help=say.say("price_help"),
            )  # fmt: skip
        with right:
            weighted = st.toggle(say.say("weighted"), key="weighted", help=say.say("weighted_help"))
        params: dict[str, Any] = {"weighted": True} if weighted else {}
        if price != ratio:
            params |= {"accepted_defaulter": price, "refused_payer": 1.0}
        found = _asked(now, params)
        curve = found["curve"]
        if not curve:
            st.info(say.say("no_amounts"))
            return
        at = min(curve, key=lambda point: abs(point["cutoff"] - policy["cutoff"]))
        columns = st.columns(4)
        columns[0].metric(say.say("applications"), figures.number(found["applications"]))
        columns[1].metric(say.figure("cost"), figures.number(at["cost"]), help=say.meaning("cost"))
        columns[2].metric(
            say.figure("approval_rate"), figures.percent(at["approval_rate"]), help=say.meaning("approval_rate")
        )
        columns[3].metric(
            say.figure("default_rate"), figures.percent(at["default_rate"]), help=say.meaning("default_rate")
        )
        st.caption(say.say("at_policy", cutoff=figures.percent(policy["cutoff"])))
        for place, chart in enumerate(now.curves.cutoffs(curve, policy["cutoff"], found["cutoff"])):
            st.vega_lite_chart(spec=chart, theme=None, key=f"curves.{place}")
        st.caption(say.say("expected"))


@st.fragment
def _segments() -> None:
    """Segments, and over time."""
    now = here()
    say = now.words
    with guarded():
        st.subheader(say.say("segments"), anchor=False)
        by = st.segmented_control(
            say.say("segments"), _BY, format_func=lambda key: say.say(f"by_{key}"), default=_BY[0], required=True,
            key="by", label_visibility="collapsed",
        )  # fmt: skip
        _table(now, _asked(now, _unlike(by=by))["segments"], str(by))
        st.subheader(say.say("over_time"), anchor=False)
        every = st.segmented_control(
            say.say("over_time"), _EVERY, format_func=lambda key: say.say(f"every_{key}"), default=_EVERY[0],
            required=True, key="every", label_visibility="collapsed",
        )  # fmt: skip
        st.vega_lite_chart(
            spec=now.curves.over_time(_asked(now, _unlike(every=every))["over_time"]), theme=None, key="time"
        )


def _unlike(by: str | None = _BY[0], every: str | None = _EVERY[0]) -> Mapping[str, Any]:
    """What is not asked for anyway: the same question is then asked once."""
    return {name: value for name, value, first in (("by", by, _BY[0]), ("every", every, _EVERY[0])) if value != first}


def _table(now: Here, segments: Sequence[Mapping[str, Any]], by: str) -> None:
    say, figures = now.words, now.figures
    approval, default, cost = say.figure("approval_rate"), say.figure("default_rate"), say.figure("cost")
    rows = [
        {
            say.say(f"by_{by}"): _name(now, one["name"], by),
            say.say("applications"): one["applications"],
            approval: one["approval_rate"],
            default: one["expected_default_rate"],
            cost: one["expected_cost"],
        }
        for one in segments
    ]
    said = {approval: figures.percent, default: figures.percent, cost: figures.number}
    table(rows, {**said, say.say("applications"): figures.number}, key="segment_table")


def _name(now: Here, name: str, by: str) -> str:
    if by == "contract":
        return now.words.raw("NAME_CONTRACT_TYPE", name)
    if by == "income":
        return now.words.raw("NAME_INCOME_TYPE", name)
    low, dash, high = name.partition("-")
    return f"{now.figures.number(float(low))} – {now.figures.number(float(high))}" if dash else name
