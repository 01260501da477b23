"""Watch: drift and performance as the watch reports them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from desk import look
from desk.here import Here, guarded, here
from desk.words import capital


def page() -> None:
    """The screen."""
    now = here()
    say = now.words
    st.title(say.say("watch"), anchor=False)
    with guarded():
        with st.spinner(say.say("reading")):
            found = now.api.get("/watch", keep=30.0)
        reports = found["reports"]
        if not reports:
            st.html(look.empty(say.say("empty_watch"), say.say("empty_watch_what")))
            return
        chosen = st.selectbox(
            say.say("report"),
            range(len(reports)),
            format_func=lambda place: now.figures.instant(reports[place]["at"]),
            key=f"report.{now.words.lang}",
        )
        _report(now, reports[chosen or 0]["body"])


def _report(now: Here, body: Mapping[str, Any]) -> None:
    """Figures first, then tables, then what is nested: whatever the watch wrote is shown."""
    figures = {
        capital(name.replace("_", " ")): _said(now, value)
        for name, value in body.items()
        if not isinstance(value, dict | list)
    }
    if figures:
        st.html(look.terms(figures))
    for name, value in body.items():
        if isinstance(value, list) and value:
            st.subheader(capital(name.replace("_", " ")), anchor=False)
            st.dataframe(value if isinstance(value[0], dict) else [{name: one} for one in value], hide_index=True)
        elif isinstance(value, dict) and value:
            st.subheader(capital(name.replace("_", " ")), anchor=False)
            st.html(look.terms({capital(key.replace("_", " ")): _said(now, one) for key, one in value.items()}))


def _said(now: Here, value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return now.words.say("yes" if value else "no")
    if isinstance(value, int | float):
        return now.figures.number(value, 0 if value == round(value) else 3)
    return str(value)
