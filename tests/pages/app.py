"""The app as a signed-in person sees it, on a store of the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamlit.testing.v1 import AppTest

from pages.ui.site_map import PAGES


def open_page(script: str, email: str, **params: str) -> AppTest:
    """`script` relative to the pages folder, such as work/exceptions.py."""
    at = AppTest.from_file(str(PAGES / "frame.py"), default_timeout=30)
    at.user = {"email": email}
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    at.switch_page(script)
    for name, value in params.items():
        at.query_params[name] = value
    return shown(at)


def shown(at: AppTest) -> AppTest:
    """Runs the page and fails on anything that it raised."""
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def tick(at: AppTest, grid: str, rows: Sequence[int]) -> AppTest:
    """Ticks rows of an id_grid by position, as the browser would."""
    generation = at.session_state[f"{grid}.gen"]
    at.session_state[f"{grid}:{generation}"] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return shown(at)


def said(at: AppTest) -> str:
    """All sentences on the page."""
    found: list[Any] = [
        *at.title,
        *at.subheader,
        *at.markdown,
        *at.caption,
        *at.error,
        *at.warning,
        *at.info,
        *at.toast,
    ]
    return "\n".join(str(each.value) for each in found)
