"""The desk's entry: who is here, in which language, and the screens their role opens.

Run by `aval desk`, or `streamlit run desk/app.py` with AVAL_DESK_API set.
"""

import os
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from desk import look
from desk.api import Api, Trouble
from desk.figures import Figures
from desk.here import Here, address, guarded, service, sign_out, told
from desk.screens import decide, journal, model, portfolio, watch, worklist
from desk.words import DOOR, LANGUAGES, door

LENDER = os.environ.get("AVAL_DESK_LENDER", "aval")


def main() -> None:
    """One rerun."""
    st.set_page_config(page_title=LENDER, page_icon="⚖️", layout="wide", initial_sidebar_state=236)
    if "lang" not in st.session_state:
        st.session_state["lang"] = _spoken()
    dark = st.context.theme.type == "dark"
    me = st.session_state.get("me")
    lang = st.session_state["lang"]
    lender = me["lender"] if me else LENDER
    st.html(look.styles(dark, lender, door("browse", lang), door("drop", lang)))
    _follow(dark)
    api = st.session_state.get("api") or _provided()
    if api is None:
        st.navigation([st.Page(_door, title=LENDER, url_path="door")], position="hidden").run()
        return
    _inside(api, dark)


def _spoken() -> str:
    """The browser's language where the desk speaks it, else the lender's."""
    asked = (st.context.locale or "").partition("-")[0].lower()
    return asked if asked in LANGUAGES else os.environ.get("AVAL_DESK_LANG", "fr")


def _follow(dark: bool) -> None:
    """Draw again once the page's light is no longer the one this was drawn for; Streamlit does not."""
    st.components.v2.component("light", js=_LIGHT)(key="light", data={"dark": dark}, on_changed_change=lambda: None)


_LIGHT: Final = """export default ({ data, setTriggerValue }) => {
  const look = () => {
    const parts = getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/g).map(Number)
    const dark = parts[0] + parts[1] + parts[2] < 384
    if (dark !== data.dark) { clearInterval(timer); setTriggerValue('changed', true) }
  }
  const timer = setInterval(look, 400)
  return () => clearInterval(timer)
}"""
"""Looks at the ground of the page, in the browser alone."""


# The door


def _door() -> None:
    lang = st.session_state["lang"]
    _, middle, _ = st.columns([1, 1.2, 1])
    with middle:
        st.space("large")
        st.html(f'<div class="aval-lender">{escape(LENDER)}</div>')
        st.title(door("welcome", lang), anchor=False)
        why = st.session_state.get("door", "")
        if why:
            st.info(door(why, lang), icon=":material/lock_clock:")
        if _configured():
            if st.button(door("provider", lang), type="primary", key="provider", width="stretch"):
                st.login()
            st.caption(door("or", lang))
        with st.form("sign_in"):
            key = st.text_input(door("key", lang), type="password", key="key", help=door("key_help", lang))
            sent = st.form_submit_button(door("sign_in", lang), type="primary", key="enter", width="stretch")
        if sent:
            _try(Api.by_key(service(address()), (key or "").strip(), lang), bool((key or "").strip()))
        _language()


def _try(api: Api, given: bool) -> None:
    lang = st.session_state["lang"]
    if not given:
        st.error(door("no_key", lang), icon=":material/error:")
        return
    try:
        with st.spinner(""):
            st.session_state["me"] = api.get("/me")
    except Trouble as trouble:
        st.error(door(trouble.kind if trouble.kind in DOOR else "garbled", lang), icon=":material/error:")
        return
    st.session_state.pop("door", None)
    st.session_state["api"] = api
    st.rerun()


def _configured() -> bool:
    """Whether the bank's identity provider is set up in Streamlit's secrets."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _provided() -> Api | None:
    """Somebody the identity provider knows, by the token it gave."""
    if not _configured() or not st.user.get("is_logged_in"):
        return None
    tokens: Mapping[str, Any] = st.user.tokens
    token = tokens.get("access") or tokens.get("id")
    if not token:
        return None
    api = Api.by_token(service(address()), str(token), st.session_state["lang"])
    try:
        st.session_state["me"] = api.get("/me")
    except Trouble as trouble:
        if trouble.status == 401:
            st.session_state["door"] = "over"
            st.logout()
            return None
        told(trouble)
        st.stop()
    st.session_state["api"] = api
    return api


# Inside


def _inside(api: Api, dark: bool) -> None:
    lang = st.session_state["lang"]
    api.lang = lang
    now = Here(api, st.session_state["me"], Figures.of(lang, st.context.timezone), dark)
    st.session_state["here"] = now
    ready = False
    with guarded(), st.spinner(""):
        ready = bool(now.words)
    if not ready:
        return
    chosen = st.navigation(_screens(now), expanded=True)
    with st.sidebar:
        _who(now)
    notice = st.session_state.pop("notice", "")
    if notice:
        st.toast(notice, icon=":material/check_circle:")
    chosen.run()


def _screens(now: Here) -> dict[str, list[Any]]:
    """What this role opens; the service enforces it."""
    say = now.words

    def screen(page: Any, name: str, icon: str) -> Any:
        return st.Page(page, title=say.say(name), icon=f":material/{icon}:", url_path=name)

    daily = []
    if now.may("decide"):
        daily.append(screen(decide.page, "decide", "balance"))
    daily.append(screen(worklist.page, "worklist", "checklist"))
    whole = [
        screen(portfolio.page, "portfolio", "stacked_line_chart"),
        screen(model.page, "model", "model_training"),
        screen(watch.page, "watch", "monitor_heart"),
    ]
    record = [screen(journal.page, "journal", "history")] if now.may("read") else []
    return {say.say("nav_daily"): daily, say.say("nav_whole"): whole, say.say("nav_record"): record}


def _who(now: Here) -> None:
    me = now.me
    st.html(f'<div class="aval-who"><b>{escape(me["name"])}</b><br>{escape(now.words.of("roles", me["role"]))}</div>')
    _language()
    if st.button(now.words.say("sign_out"), key="sign_out", icon=":material/logout:", type="tertiary"):
        sign_out()
        if _configured() and st.user.get("is_logged_in"):
            st.logout()
            st.stop()  # the browser is sent to the provider; a rerun could drop the order before it leaves
        st.rerun()


def _language() -> None:
    """Switched in place: nothing else on the screen moves."""

    def switch() -> None:
        before, after = st.session_state["lang"], st.session_state["language"]
        st.session_state["lang"] = after
        # A list goes on showing the words it began with: each language has its own, and what was chosen moves over
        # (where a list has a default of its own, Streamlit wants no other).
        for name in [str(name) for name in st.session_state if str(name).endswith(f".{before}")]:
            if not name.startswith(("form.", "version.")):
                st.session_state[f"{name.removesuffix(before)}{after}"] = st.session_state[name]

    st.segmented_control(
        door("language", st.session_state["lang"]),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        default=st.session_state["lang"],
        required=True,
        key="language",
        on_change=switch,
        label_visibility="collapsed",
    )


main()
