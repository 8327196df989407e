"""Drawers that a link can open: which record is looked at stands in the URL."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import pandas as pd
import streamlit as st

from core.reporting.deliveries import Attempt
from pages.ui import badges, dates
from pages.ui.plain import plain

WIDTH = 640
_OUTCOMES = {"delivered": "delivered", "retry": "to be tried again", "unknown": "end unknown"}


def looked_at(name: str) -> str | None:
    """What the URL says is open."""
    return st.query_params.get(name)


def look_at(name: str, id: UUID | int) -> None:
    st.query_params[name] = str(id)


def close(name: str) -> None:
    st.query_params.pop(name, None)


def facts(pairs: list[tuple[str, str]]) -> None:
    """Names and values, shown as they are."""
    shown = [(name, plain(value)) for name, value in pairs]
    st.table(pd.DataFrame(shown, columns=["", " "]).set_index(""), border="horizontal", hide_header=True)


def stopped_form(key: str, verb: Literal["retry", "set_aside"], words: str) -> str | None:
    """The last question about work that stopped: the reason given (none is asked for a retry) once it is sent."""
    with st.form(f"{key}_{verb}_form", border=False):
        reason = st.text_input("Reason", placeholder="Kept in the trail") if verb == "set_aside" else ""
        is_sent = st.form_submit_button(words, type="primary" if verb == "retry" else "secondary")
    return reason if is_sent else None


def attempts(tried: tuple[Attempt, ...]) -> None:
    """The calls, newest first, each with what was sent and what came back."""
    if not tried:
        st.caption("Nothing was sent yet.")
    for each in tried:
        outcome = _OUTCOMES.get(each.outcome, each.outcome.replace("_", " "))
        took = "" if each.ended_at is None else f", {_seconds(each)}"
        label = f"{each.number}. {each.action} {dates.instant(each.begun_at)}{took}: {outcome}"
        with st.expander(label, icon=_icon(each.outcome)):
            _exchange("Request", each.request)
            _exchange("Response", each.response)


def _seconds(attempt: Attempt) -> str:
    assert attempt.ended_at is not None
    return f"{(attempt.ended_at - attempt.begun_at).total_seconds():.1f} s"


def _icon(outcome: str) -> str:
    return {"green": ":material/check_circle:", "red": ":material/error:"}.get(
        badges.colour(outcome), ":material/pending:"
    )


def _exchange(title: str, content: dict[str, Any] | None) -> None:
    st.markdown(f"**{title}**")
    if content is None:
        st.caption("Nothing was kept.")
        return
    first_line = " ".join(str(content[name]) for name in ("method", "url", "status") if content.get(name) is not None)
    if first_line:
        st.code(first_line, language=None, wrap_lines=True)
    rest = {name: value for name, value in content.items() if name not in ("method", "url", "status") and value}
    if rest:
        st.json(rest, expanded=2)
