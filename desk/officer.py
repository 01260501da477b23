"""What an officer does with a decision: decide otherwise, look a second time, hand over a letter."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from desk import look
from desk.here import Here
from desk.words import LANGUAGES

Decision = Mapping[str, Any]


def waits(decision: Decision) -> Mapping[str, Any] | None:
    """The override that waits for a second officer."""
    waiting: Mapping[str, Any] | None = None
    for event in decision["events"]:
        if event["kind"] == "override":
            waiting = event if event["awaiting_second"] else None
        elif event["kind"] == "second":
            waiting = None
    return waiting


def _changed(now: Here, wanted: str) -> None:
    """Something happened to a decision: what is kept of it, and of lists that hold it, is old."""
    now.api.forget(f"/decisions/{wanted}", "/decisions?", "/worklist", "/portfolio", "/letters")


def act(now: Here, decision: Decision) -> None:
    """Another verdict with a motive and words, or a second look at one that waits."""
    waiting = waits(decision)
    if waiting is not None:
        _second(now, decision, waiting)
        return
    say, policy = now.words, now.policy
    if st.session_state.pop("recorded", False):
        st.session_state.update({"override_words": "", f"override_motive.{say.lang}": None})
    final = decision["final"]
    choices = [verdict for verdict in ("approve", "decline") if verdict != final]
    st.markdown(say.say("officer_refer" if final == "refer" else "officer_other", verdict=say.verdict(final)))
    if policy["four_eyes_above"] is not None:
        st.caption(say.say("four_eyes", amount=now.figures.number(policy["four_eyes_above"])))
    with st.form("override", border=False):
        verdict = st.segmented_control(
            say.say("your_verdict"),
            choices,
            format_func=lambda key: f"{look.SHAPES[key]} {say.verdict(key)}",
            default=choices[0] if len(choices) == 1 else None,
            key="override_verdict",
        )
        motive = st.selectbox(
            say.say("motive"),
            list(policy["motives"]),
            index=None,
            format_func=lambda key: say.of("motives", key),
            placeholder=say.say("choose"),
            key=f"override_motive.{say.lang}",
        )
        words = st.text_area(
            say.say("own_words"), key="override_words", max_chars=2000, placeholder=say.say("own_words_help"), height=90
        )
        sent = st.form_submit_button(say.say("record_it"), type="primary", key="override_send")
    if sent:
        if not verdict or not motive or not (words or "").strip():
            st.error(say.say("override_incomplete"), icon=":material/error:")
            return
        with st.spinner(say.say("recording")):
            done = now.api.post(
                f"/decisions/{decision['id']}/override",
                {"verdict": verdict, "motive": motive, "words": (words or "").strip()},
            )
        _recorded(now, decision["id"], done["state"])


def _second(now: Here, decision: Decision, waiting: Mapping[str, Any]) -> None:
    say = now.words
    st.markdown(
        say.say(
            "second_line",
            officer=waiting["caller"],
            verdict=say.verdict(waiting["verdict"]),
            motive=say.of("motives", waiting["motive"]),
            at=now.figures.instant(waiting["at"]),
        )
    )
    if waiting["words"]:
        st.markdown("> " + str(waiting["words"]).replace("\n", "\n> "))
    if waiting["caller"] == now.me["name"]:
        st.info(say.say("second_own"), icon=":material/group:")
        return
    with st.form("second", border=False):
        words = st.text_area(say.say("own_words"), key="second_words", max_chars=2000, height=90)
        with st.container(horizontal=True):
            yes = st.form_submit_button(say.say("second_yes"), type="primary", key="second_yes")
            no = st.form_submit_button(say.say("second_no"), key="second_no")
    if yes or no:
        if not (words or "").strip():
            st.error(say.say("second_incomplete"), icon=":material/error:")
            return
        with st.spinner(say.say("recording")):
            done = now.api.post(
                f"/decisions/{decision['id']}/override/second", {"agrees": bool(yes), "words": (words or "").strip()}
            )
        _recorded(now, decision["id"], done["state"])


def _recorded(now: Here, wanted: str, state: str) -> None:
    _changed(now, wanted)
    st.session_state["recorded"] = True  # the form is empty for the next time
    st.session_state["notice"] = now.words.say(f"state_{state}")
    st.rerun()


def letter(now: Here, decision: Decision) -> None:
    """The page a customer may receive, to print or to keep."""
    say = now.words
    if decision["final"] == "refer":
        st.info(say.say("letter_refer"), icon=":material/hourglass:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        lang = st.segmented_control(
            say.say("letter_lang"),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            default="fr",
            required=True,
            key="letter_lang",
        )
        with st.spinner(say.say("reading")):
            page = _page(now, decision, str(lang or "fr"))
        st.download_button(
            say.say("letter_download"),
            page,
            file_name=f"{decision['id'][:12]}-{lang}.html",
            mime="text/html",
            key="letter_download",
            on_click="ignore",
            icon=":material/download:",
        )
    st.caption(say.say("letter_help"))
    st.iframe(_printable(page, say.say("letter_print")), height=720)


def _page(now: Here, decision: Decision, lang: str) -> str:
    held: dict[str, str] = st.session_state.setdefault("letters", {})
    name = f"{lang} {decision['id']} {decision['final']}"
    if name not in held:
        held.clear()
        spoken, now.api.lang = now.api.lang, lang
        try:
            held[name] = now.api.text(f"/letters/{decision['id']}")
        finally:
            now.api.lang = spoken
    return held[name]


def _printable(page: str, label: str) -> str:
    """The letter with a button that prints it, and is not printed."""
    button = (
        "<style>.desk-print{position:fixed;top:10px;right:14px;font:600 14px system-ui,sans-serif;padding:8px 16px;"
        "border:0;border-radius:6px;background:#1f4e79;color:#fff;cursor:pointer}"
        "@media print{.desk-print{display:none}}</style>"
        f'<button class="desk-print" onclick="window.print()">{escape(label)}</button></body>'
    )
    return page.replace("</body>", button, 1)
