"""Worklist: what waits for an officer, the oldest first; who decided what, and how they and the model get on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from desk import applicant, look
from desk.here import Here, guarded, here
from desk.tables import pick


def page() -> None:
    """The screen."""
    now = here()
    say = now.words
    opened = st.session_state.get("worklist.open")
    head, side = st.columns([3, 1], vertical_alignment="center")
    head.title(say.say("worklist"), anchor=False)
    with side.container(horizontal=True, horizontal_alignment="right"):
        if opened:
            st.button(say.say("back_list"), key="back_list", icon=":material/arrow_back:", on_click=_close)
        else:
            refresh = say.say("refresh")
            st.button(refresh, key="refresh", icon=":material/refresh:", on_click=now.api.forget, args=("/worklist",))
    if opened:
        applicant.show(now, opened)
        return
    with guarded():
        pages: list[str] = st.session_state.get("worklist.pages", [])
        with st.spinner(say.say("reading")):
            found = now.api.get("/worklist", {"cursor": pages[-1] if pages else "", "limit": 50}, keep=20.0)
            if pages and not found["waiting"]:  # colleagues dealt with the last of it
                pages = []
                found = now.api.get("/worklist", {"limit": 50}, keep=20.0)
        _list(now, found, pages)
        _agreement(now, found)


def _close() -> None:
    st.session_state.pop("worklist.open", None)


def _list(now: Here, found: Mapping[str, Any], pages: Sequence[str]) -> None:
    say, waiting = now.words, found["waiting"]
    if not waiting:
        st.html(look.empty(say.say("empty_worklist"), say.say("empty_worklist_what")))
        return
    st.caption(say.say("worklist_line", count=now.figures.number(found["total"])))
    figures, moment = now.figures, datetime.now(UTC)
    place = pick(
        _rows(now, waiting),
        {
            say.say("waits"): lambda at: figures.waited(at, moment),
            say.say("amount"): figures.number,
            say.figure("probability"): figures.percent,
            say.say("applicant"): str,
        },
        key=f"waiting.{len(pages)}",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages or found["next"] is not None:
            st.button(
                say.say("older"),
                key="older",
                disabled=not pages,
                icon=":material/chevron_left:",
                on_click=lambda: st.session_state.update({"worklist.pages": list(pages[:-1])}),
            )
            st.button(
                say.say("newer"),
                key="newer",
                disabled=found["next"] is None,
                icon=":material/chevron_right:",
                on_click=lambda: st.session_state.update({"worklist.pages": [*pages, found["next"]]}),
            )
        st.caption(say.say("click_row"))
    if place is not None:
        st.session_state["worklist.open"] = waiting[place]["id"]
        st.rerun()


def _rows(now: Here, waiting: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    say = now.words
    rows: list[Mapping[str, Any]] = []
    for one in waiting:
        step = say.say("step_first")
        for event in one["events"]:
            if event["awaiting_second"]:
                step = say.say("step_second", verdict=say.verdict(event["verdict"]), officer=event["caller"])
        rows.append(
            {
                say.say("waits"): one["at"],
                say.say("applicant"): one["applicant_id"],
                say.say("amount"): one["facts"].get("amount"),
                say.say("contract"): say.raw("NAME_CONTRACT_TYPE", one["facts"].get("contract") or ""),
                say.say("income"): say.raw("NAME_INCOME_TYPE", one["facts"].get("income") or ""),
                say.figure("probability"): one["probability"],
                say.say("step"): step,
            }
        )
    return rows


def _agreement(now: Here, found: Mapping[str, Any]) -> None:
    say, figures, met = now.words, now.figures, found["agreement"]
    st.space("small")
    st.subheader(say.say("officers"), anchor=False)
    if not met["overrides"]:
        st.caption(say.say("empty_officers"))
        return
    columns = st.columns(3)
    columns[0].metric(say.say("overrides"), figures.number(met["overrides"]))
    columns[1].metric(say.say("overrides_referred"), figures.number(met["referred"]))
    none = not met["referred"]
    agreed = (
        "–" if none else say.say("of_them", some=figures.number(met["agreed"]), all=figures.number(met["referred"]))
    )
    columns[2].metric(say.say("agreed"), agreed, help=say.say("agreed_help"))
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{say.say('by_motive')}**")
        motives = {say.of("motives", code): count for code, count in found["by_motive"].items()}
        st.vega_lite_chart(spec=now.curves.bars(motives), theme=None, key="motives")
    with right:
        st.markdown(f"**{say.say('by_officer')}**")
        st.vega_lite_chart(spec=now.curves.bars(found["by_officer"]), theme=None, key="by_officer")
