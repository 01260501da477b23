"""What every screen stands on: who is here, in which language and light, and what is said when something fails."""

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import streamlit as st

from desk.api import FOREVER, Api, Trouble, connection
from desk.charts import Charts
from desk.curves import Curves
from desk.figures import Figures
from desk.words import DOOR, Words, door

API: str = "AVAL_DESK_API"
"""Variable that says where the service is."""


@dataclass(frozen=True)
class Here:
    """One rerun of one caller's screen."""

    api: Api
    me: Mapping[str, Any]
    figures: Figures
    dark: bool

    def may(self, right: str) -> bool:
        """Whether to show what needs this right; the service decides."""
        return right in self.me["rights"]

    @cached_property
    def words(self) -> Words:
        """The catalogue, asked for once a session and language."""
        told = self.api.get("/words", {"lang": self.api.lang}, keep=FOREVER)
        return Words(told, self._features)

    @cached_property
    def version(self) -> str:
        """Of the model that decides: what is kept of it goes when it changes."""
        return str(self.api.get("/model", keep=10.0)["champion"]["version"])

    @cached_property
    def _features(self) -> Mapping[str, Mapping[str, Any]]:
        held: dict[str, Mapping[str, Any]] = st.session_state.setdefault("features", {})
        if not held:
            held |= {one["name"]: one for one in self.api.get("/features", {"used": True})}
        return held

    @property
    def charts(self) -> Charts:
        """In this language and light."""
        return Charts(self.words, self.figures, dark=self.dark)

    @property
    def curves(self) -> Curves:
        """In this language and light."""
        return Curves(self.words, self.figures, dark=self.dark)

    @property
    def policy(self) -> Mapping[str, Any]:
        """The decision rule in force."""
        found: Mapping[str, Any] = self.api.get("/policy", keep=60.0)
        return found


def here() -> Here:
    """The signed-in caller's; app.py sees to it that there is one."""
    found = st.session_state["here"]
    assert isinstance(found, Here)
    return found


@st.cache_resource
def service(base: str) -> Any:
    """Connections shared by every session of this process."""
    gc.freeze()  # What is loaded by now stays; to look through it again took the collector an eighth of a second.
    return connection(base)


def address() -> str:
    """Where the service is."""
    return os.environ.get(API, "http://127.0.0.1:8000")


@contextmanager
def guarded() -> Iterator[None]:
    """A failure within is said in one sentence with what to do, and the rest of the screen goes on."""
    try:
        yield
    except Trouble as trouble:
        if trouble.status == 401:
            sign_out("over")
            st.rerun()
        told(trouble)


def told(trouble: Trouble) -> None:
    """One sentence for a person, and where the service found fault."""
    lang = st.session_state.get("lang", "fr")
    now: Here | None = st.session_state.get("here")
    if now is None or trouble.kind in ("unreachable", "slow", "garbled"):
        lines = [door(trouble.kind if trouble.kind in DOOR else "garbled", lang)]
    else:
        lines = [now.words.problem(trouble.kind)]
    for place in trouble.places[:5]:
        row = "" if place.get("row") is None else f" · {place['row']}"
        lines.append(f"- `{place.get('table', '')}{row}` {place.get('sentence', '')} `{place.get('rule', '')}`")
    if not trouble.places and trouble.status in (409, 422):
        lines.append(f"\n{trouble.detail}")
    st.error("\n".join(lines), icon=":material/error:")
    if trouble.kind in ("unreachable", "slow"):
        st.button(door("retry", lang), icon=":material/refresh:", key="retry")


def sign_out(why: str = "") -> None:
    """Forget who was here; the door says why."""
    kept = {name: st.session_state[name] for name in ("lang",) if name in st.session_state}
    st.session_state.clear()
    st.session_state.update(kept)
    if why:
        st.session_state["door"] = why
