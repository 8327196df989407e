"""Grids whose ticks stay with the record, and pagers by keyset cursor."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal, TypeVar
from uuid import uuid4

import pandas as pd
import streamlit as st

from core.kit.words import of_number
from core.reporting.paging import PageInfo

Key = TypeVar("Key", bound=Hashable)
Selection = Literal["multi", "single", "none"]

ROW_HEIGHT = 34
_HEADER_AND_BORDER = 35
_MODES: dict[str, Literal["multi-row", "single-row"]] = {"multi": "multi-row", "single": "single-row"}


def id_grid(
    frame: pd.DataFrame,
    ids: Sequence[Key],
    *,
    key: str,
    column_config: dict[str, Any] | None = None,
    height: int | None = None,
    selection: Selection = "multi",
    alt: str | None = None,
) -> list[Key]:
    """Draws `frame` and answers the ids of the ticked rows.

    `ids`: one per row; use (id, revision): a row that left or changed loses its tick, all others keep theirs.
    Streamlit itself knows positions only, which point at other records as soon as rows come or go.
    """
    ids = list(ids)
    options: dict[str, Any] = {
        "hide_index": True,
        "column_config": column_config,
        "row_height": ROW_HEIGHT,
        "height": height or fitting_height(len(ids)),
        "alt": alt,
        "placeholder": "—",
    }
    if selection == "none":
        st.dataframe(frame, **options)
        return []
    _carry_over(key, ids)
    event: Any = st.dataframe(frame, key=_grid_key(key), on_select="rerun", selection_mode=_MODES[selection], **options)
    st.session_state[f"{key}.ids"] = ids
    return [ids[position] for position in event["selection"]["rows"] if position < len(ids)]


def picked(key: str) -> list[Any]:
    """The ids ticked in the grid `key` as it was last drawn; for callbacks."""
    ids = st.session_state.get(f"{key}.ids", [])
    return [ids[position] for position in _ticked(key) if position < len(ids)]


def clicked(key: str, button_key: str) -> tuple[Any, str] | None:
    """(id, label) of the button pressed in a row of the grid `key`; for callbacks of a ButtonColumn."""
    click = st.session_state.get(button_key)
    ids = st.session_state.get(f"{key}.ids", [])
    if not click or click["row"] >= len(ids):
        return None
    return ids[click["row"]], str(click.get("label", ""))


def untick(key: str) -> None:
    """Removes all ticks of the grid `key` from the next run on."""
    st.session_state.pop(f"{key}.gen", None)


def fitting_height(rows: int, most: int = 15) -> int:
    """Height in pixels that shows `rows` rows, or `most` of them and a scroll bar."""
    return _HEADER_AND_BORDER + ROW_HEIGHT * max(1, min(rows, most))


def cursor(key: str, *filters: Hashable) -> str | None:
    """The cursor in the URL for the pager `key`; a change of `filters` goes back to the first page."""
    seen = f"{key}.filters"
    if st.session_state.get(seen, filters) != filters:
        _go(key, None)
    st.session_state[seen] = filters
    return st.query_params.get(key)


def pager(page: PageInfo, key: str, noun: str = "row") -> None:
    """Count, previous and next. The place is a cursor in the URL under `key`, so a link opens the same page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if page.next_cursor is not None or page.previous_cursor is not None:
            _step("First", "first_page", key, None, is_off=page.previous_cursor is None)
            _step("Previous", "chevron_left", key, page.previous_cursor, is_off=page.previous_cursor is None)
            _step("Next", "chevron_right", key, page.next_cursor, is_off=page.next_cursor is None)
        st.caption(f"{page.count} {of_number(page.count.value, noun)}")


def _step(label: str, icon: str, key: str, target: str | None, *, is_off: bool) -> None:
    st.button(
        label,
        key=f"{key}.{label.lower()}",
        icon=f":material/{icon}:",
        disabled=is_off,
        on_click=_go,
        args=(key, target),
    )


def _go(key: str, target: str | None) -> None:
    if target is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = target


def _grid_key(key: str) -> str:
    """New per session: a browser that reconnects re-sends old positions, and they must not stick."""
    generation = st.session_state.setdefault(f"{key}.gen", uuid4().hex[:8])
    return f"{key}:{generation}"


def _ticked(key: str) -> list[int]:
    state = st.session_state.get(_grid_key(key)) or {}
    return list(state.get("selection", {}).get("rows", []))


def _carry_over(key: str, ids: list[Any]) -> None:
    """Moves ticks to where their records are now."""
    before, ticks = st.session_state.get(f"{key}.ids"), _ticked(key)
    if not ticks or before == ids:
        return
    chosen = {before[position] for position in ticks if position < len(before)} if before else set()
    rows = [position for position, each in enumerate(ids) if each in chosen]
    st.session_state[_grid_key(key)] = {"selection": {"rows": rows, "columns": [], "cells": []}}
