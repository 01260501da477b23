"""Journal: every decision on record; one opened as it was, replayed, and the chain verified."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from desk import applicant, look
from desk.here import Here, guarded, here
from desk.tables import Said, pick


def page() -> None:
    """The screen."""
    now = here()
    say = now.words
    opened = st.session_state.get("journal.open")
    head, side = st.columns([3, 1], vertical_alignment="center")
    head.title(say.say("journal"), anchor=False)
    with side.container(horizontal=True, horizontal_alignment="right"):
        if opened:
            st.button(say.say("back_list"), key="back_list", icon=":material/arrow_back:", on_click=_close)
        elif now.may("verify") and st.button(say.say("verify"), key="verify", icon=":material/verified_user:"):
            st.session_state["verified"] = None
    if opened:
        applicant.show(now, opened)
        return
    with guarded():
        wanted = _wanted(now)
        pages: list[str] = st.session_state.get("journal.pages", [])
        with st.spinner(say.say("reading")):
            found = now.api.get("/decisions", {**wanted, "cursor": pages[-1] if pages else ""}, keep=20.0)
        _list(now, found, pages)
        # Below: a table that is moved down takes its next click for one where it was.
        if "verified" in st.session_state:
            _verified(now)


def _close() -> None:
    st.session_state.pop("journal.open", None)


def _first() -> None:
    """Another search begins on its first page."""
    st.session_state.pop("journal.pages", None)


def _wanted(now: Here) -> Mapping[str, Any]:
    say = now.words
    with st.container(horizontal=True, vertical_alignment="bottom", key="search"):
        number = st.text_input(say.say("applicant_number"), key="journal.applicant", width=150, on_change=_first)
        verdict = st.selectbox(
            say.say("verdict"),
            ["", *look.SHAPES],
            format_func=lambda key: f"{look.SHAPES[key]} {say.verdict(key)}" if key else say.say("every_verdict"),
            key=f"journal.verdict.{say.lang}",
            width=170,
            on_change=_first,
        )
        caller = st.text_input(say.say("caller"), key="journal.caller", width=150, on_change=_first)
        model = st.text_input(say.say("model"), key="journal.model", width=90, on_change=_first)
        form = "DD/MM/YYYY" if now.figures.lang == "fr" else "YYYY-MM-DD"
        since = st.date_input(say.say("since"), None, key="journal.since", format=form, width=150, on_change=_first)
        until = st.date_input(say.say("until"), None, key="journal.until", format=form, width=150, on_change=_first)
    digits = "".join(letter for letter in number or "" if letter.isdigit())
    return {
        "applicant_id": int(digits) if digits else None,
        "verdict": verdict,
        "caller": (caller or "").strip(),
        "model": (model or "").strip(),
        "since": since.isoformat() if isinstance(since, date) else None,
        "until": until.isoformat() if isinstance(until, date) else None,
        "limit": 50,
    }


def _list(now: Here, found: Mapping[str, Any], pages: Sequence[str]) -> None:
    say = now.words
    decisions = found["decisions"]
    if not decisions:
        st.html(look.empty(say.say("empty_journal"), say.say("empty_journal_what")))
        return
    figures = now.figures
    said: dict[str, Said] = {say.say("decided_at"): figures.instant, say.figure("probability"): figures.percent}
    place = pick(_rows(now, decisions), {**said, say.say("amount"): figures.number}, key=f"decisions.{len(pages)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            say.say("newer"), key="newer", disabled=not pages, icon=":material/chevron_left:",
            on_click=lambda: st.session_state.update({"journal.pages": list(pages[:-1])}),
        )  # fmt: skip
        st.button(
            say.say("older"), key="older", disabled=found["next"] is None, icon=":material/chevron_right:",
            on_click=lambda: st.session_state.update({"journal.pages": [*pages, found["next"]]}),
        )  # fmt: skip
        st.caption(say.say("click_row"))
    if place is not None:
        st.session_state["journal.open"] = decisions[place]["id"]
        st.rerun()


def _rows(now: Here, decisions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    say = now.words
    return [
        {
            say.say("decided_at"): one["at"],
            say.say("applicant"): str(one["applicant_id"] or say.say("erased_person")),
            say.say("verdict"): f"{look.SHAPES[one['final']]} {say.verdict(one['final'])}",
            say.say("as_decided"): say.verdict(one["verdict"]) if one["final"] != one["verdict"] else "",
            say.figure("probability"): one["probability"],
            say.figure("points"): one["points"],
            say.say("amount"): one["facts"].get("amount"),
            say.say("model"): one["model"],
            say.say("policy"): one["policy"],
            say.say("link"): one["record"]["seq"],
        }
        for one in decisions
    ]


def _verified(now: Here) -> None:
    say, figures = now.words, now.figures
    if st.session_state["verified"] is None:
        with st.spinner(say.say("verifying")):
            st.session_state["verified"] = now.api.get("/verify")
    found = st.session_state["verified"]
    line = say.say(
        "verified" if found["holds"] else "broken",
        records=figures.number(found["records"]),
        decisions=figures.number(found["decisions"]),
        at=figures.instant(found["head_at"]),
    )
    if found["holds"]:
        st.success(line, icon=":material/verified_user:")
        st.caption(f"{say.say('last_hash')} `{found['hash']}`")
    else:
        st.error(line, icon=":material/gpp_bad:")
        for fault in found["faults"]:
            st.markdown(f"- {say.pair(say.say('link') + ' ' + figures.number(fault['seq']), fault['what'])}")
