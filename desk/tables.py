"""Tables that sort by value, show figures as the reader writes them, and let one row be picked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler  # named here, or the first table would wait for all it brings

Said = Callable[[Any], str]
_MOST, _TALL = 13, 500
"""Rows shown before a table scrolls, and its height in pixels then."""


def table(rows: Sequence[Mapping[str, Any]], said: Mapping[str, Said] | None = None, *, key: str, **more: Any) -> None:
    """To read: `said` writes the values of a column."""
    st.dataframe(_styled(rows, said or {}), hide_index=True, height=_height(rows), key=key, placeholder="–", **more)


def pick(
    rows: Sequence[Mapping[str, Any]], said: Mapping[str, Said] | None = None, *, key: str, **more: Any
) -> int | None:
    """To choose from: the place of the row that was clicked, or picked by keyboard."""
    event: Any = st.dataframe(
        _styled(rows, said or {}),
        hide_index=True,
        height=_height(rows),
        key=key,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        placeholder="–",
        **more,
    )
    picked = event.selection
    place = picked.rows[0] if picked.rows else picked.cells[0][0] if picked.cells else None
    return int(place) if place is not None and place < len(rows) else None


def _styled(rows: Sequence[Mapping[str, Any]], said: Mapping[str, Said]) -> Any:
    found = pd.DataFrame(rows)
    # The display is the reader's; the value beneath stays, so that a column sorts by it.
    shown: dict[Any, Any] = {column: how for column, how in said.items() if column in found}
    return Styler(found).format(shown)


def _height(rows: Sequence[Any]) -> Any:
    return "auto" if len(rows) <= _MOST else _TALL
