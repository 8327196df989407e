"""Filters that live in the URL: the key is the name of the parameter, so a link carries what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from core.kit.clock import EARLIEST, latest_plausible
from pages.ui.runtime import runtime

Options = Sequence[str] | Mapping[str, str]


def choice(label: str, options: Options, key: str, *, everything: str = "All", help: str | None = None) -> str | None:
    """One of `options` (a mapping gives value → words), or None for everything."""
    named = _named(options)
    chosen = st.selectbox(
        label,
        list(named.values()),
        index=None,
        key=key,
        placeholder=everything,
        bind="query-params",
        help=help,
    )
    return _value(named, chosen)


def one_of(label: str, options: Options, key: str, *, help: str | None = None) -> str:
    """Exactly one of `options` as a row of segments; the first is the default."""
    named = _named(options)
    first = next(iter(named.values()))
    chosen = st.segmented_control(
        label, list(named.values()), default=first, required=True, key=key, bind="query-params", help=help
    )
    return _value(named, chosen or first) or next(iter(named))


def choices(label: str, options: Options, key: str, *, everything: str = "All") -> tuple[str, ...]:
    """Some of `options`; none chosen means everything."""
    named = _named(options)
    chosen = st.multiselect(label, list(named.values()), key=key, placeholder=everything, bind="query-params")
    return tuple(value for value, words in named.items() if words in chosen)


def search(label: str, key: str, *, placeholder: str | None = None, help: str | None = None) -> str | None:
    """Free text, or None when empty."""
    text = st.text_input(
        label,
        key=key,
        placeholder=placeholder,
        icon=":material/search:",
        bind="query-params",
        help=help,
    )
    return (text or "").replace("\0", "").strip() or None


def toggle(label: str, key: str, *, default: bool = False, help: str | None = None) -> bool:
    return st.toggle(label, value=default, key=key, bind="query-params", help=help)


def day(label: str, key: str, *, default: date, help: str | None = None) -> date:
    """A day; `default` is not written into the URL."""
    chosen = st.date_input(
        label,
        value=default,
        min_value=EARLIEST,
        max_value=latest_plausible(runtime().today()),
        key=key,
        format="YYYY-MM-DD",
        bind="query-params",
        help=help,
    )
    return chosen if isinstance(chosen, date) else default


def _named(options: Options) -> dict[str, str]:
    if isinstance(options, Mapping):
        return dict(options)
    return {each: each for each in options}


def _value(named: dict[str, str], words: str | None) -> str | None:
    return next((value for value, each in named.items() if each == words), None)
