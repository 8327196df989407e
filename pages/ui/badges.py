"""States as coloured words: red = must be fixed, orange = to be confirmed, green = fine, grey = neutral."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import streamlit as st

Colour = Literal["red", "orange", "green", "gray", "blue"]

_RED = "failed rejected refused misconfigured must_fix error overdue escalated stopped blocked broken failing lost void"
_ORANGE = (
    "open pending waiting in_review in_doubt retry warning confirm held disputed paused set_aside draft partly_paid"
    " needs_approval reassigned on_hold awaiting_approval waiting_approval"
)
_GREEN = "approved posted delivered paid resolved connected handled fixed kept released won closed matched active"
_COLOURS: dict[str, Colour] = {
    **dict.fromkeys(_RED.split(), "red"),
    **dict.fromkeys(_ORANGE.split(), "orange"),
    **dict.fromkeys(_GREEN.split(), "green"),
}


def words(state: str) -> str:
    """ "in_doubt" → "In doubt"; what is written in capitals stays so."""
    text = state.replace("_", " ")
    return text[:1].upper() + text[1:]


def colour(state: str) -> Colour:
    return _COLOURS.get(state.lower().replace(" ", "_"), "gray")


def badge(state: str, label: str | None = None) -> None:
    """One state as a badge."""
    st.badge(label or words(state), color=colour(state))


def inline(state: str, label: str | None = None) -> str:
    """The badge as Markdown, to stand within a sentence."""
    return f":{colour(state)}-badge[{label or words(state)}]"


def cell(state: str | None) -> list[str]:
    """What a cell of `state_column` holds."""
    return [] if state is None else [words(state)]


def state_column(
    title: str, states: Iterable[str], colours: Mapping[str, Colour] | None = None, width: int | None = None
) -> Any:
    """A column of badges; fill it with `cell(state)`. `colours` overrides the house's colour of a state."""
    known = list(dict.fromkeys(states))
    chosen = {**{state: colour(state) for state in known}, **(colours or {})}
    return st.column_config.MultiselectColumn(
        title, options=[words(state) for state in known], color=[chosen[state] for state in known], width=width
    )


def text_column(title: str, width: int | None = None, *, is_pinned: bool = False, explain: str | None = None) -> Any:
    return st.column_config.TextColumn(title, width=width, pinned=is_pinned, help=explain)


def amount_column(title: str, width: int = 110, explain: str | None = None) -> Any:
    """Right-aligned text of `money.amount`, so that each row has its own currency's digits."""
    return st.column_config.TextColumn(title, width=width, alignment="right", help=explain)


def date_column(title: str, width: int = 105) -> Any:
    return st.column_config.DateColumn(title, format="D MMM YYYY", width=width)


def count_column(title: str, width: int = 80, explain: str | None = None) -> Any:
    return st.column_config.NumberColumn(title, format="%,d", width=width, help=explain)
