"""Drawers that stay open until they are done with or dismissed, and choices of rows to act on together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

import streamlit as st

from core.workflow.command import Target
from pages.ui.act import show_outdated
from pages.ui.tables import untick

_ASKED = "work.drawer"
_WIDTH = 500


def ask(name: str) -> None:
    """Opens the drawer `name` from the next run on; for callbacks, since it changes nothing but the screen."""
    st.session_state[_ASKED] = name


def asked() -> str | None:
    name: str | None = st.session_state.get(_ASKED)
    return name


def close() -> None:
    st.session_state.pop(_ASKED, None)


def drawer(title: str, icon: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A dialog at the right edge for the body it decorates."""

    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        @wraps(body)
        def told(*args: Any) -> None:
            show_outdated()
            body(*args)

        dialog: Any = st.dialog(title, width=_WIDTH, position="right", icon=f":material/{icon}:", on_dismiss=close)
        opened: Callable[..., None] = dialog(told)
        return opened

    return decorate


def open_asked(drawers: Mapping[str, Callable[..., None]], *args: Any, is_any: bool) -> None:
    """Opens the drawer that was asked for; when nothing of what was ticked `is_any` more, says so on the page."""
    opened = drawers.get(asked() or "")
    if opened is not None and is_any:
        opened(*args)
    elif opened is not None:
        close()
        show_outdated("What you had ticked has changed meanwhile. Look again.")
    else:
        show_outdated()


def finish(grid: str) -> None:
    """After an action: the drawer closes, and nothing is ticked any more."""
    close()
    untick(grid)
    st.session_state[f"{grid}.all"] = st.session_state.get(f"{grid}.all", 0) + 1
    st.rerun()


def all_that_match(grid: str, count: str) -> bool:
    """Whether the action is meant for all rows of the filter; off again after each action."""
    generation = st.session_state.get(f"{grid}.all", 0)
    return st.toggle(f"All {count} that match", key=f"{grid}_all_{generation}")


def action(label: str, name: str, icon: str, *, is_off: bool, is_primary: bool = False) -> None:
    """A button of the bar that opens the drawer `name`."""
    st.button(
        label,
        key=name,
        icon=f":material/{icon}:",
        disabled=is_off,
        on_click=ask,
        args=(name,),
        type="primary" if is_primary else "secondary",
    )


def targets(pairs: tuple[tuple[UUID, int], ...]) -> tuple[Target, ...]:
    return tuple(Target(id, revision) for id, revision in pairs)
