"""The furniture of the pages: grids by record, amounts, dates, acts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import badges, dates, money
from pages.ui.figure_card import shown

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def _grid() -> None:
    import pandas as pd
    import streamlit as st

    from pages.ui.tables import id_grid

    rows = st.session_state["rows"]
    frame = pd.DataFrame({"Name": [name for name, _ in rows]})
    st.session_state["picked"] = id_grid(frame, rows, key="grid")


def _tick(page: AppTest, *positions: int) -> None:
    key = f"grid:{page.session_state['grid.gen']}"
    page.session_state[key] = {"selection": {"rows": list(positions), "columns": [], "cells": []}}


@pytest.fixture
def grid() -> AppTest:
    page = AppTest.from_function(_grid, default_timeout=30)
    page.session_state["rows"] = [("R0", 1), ("R1", 1), ("R2", 1)]
    return page.run()


def test_a_tick_stays_with_its_record_when_another_row_leaves(grid: AppTest) -> None:
    _tick(grid, 2)
    grid.run()
    grid.session_state["rows"] = [("R1", 1), ("R2", 1)]
    grid.run()
    assert grid.session_state["picked"] == [("R2", 1)]


def test_a_row_that_someone_else_changed_loses_its_tick(grid: AppTest) -> None:
    _tick(grid, 0, 2)
    grid.run()
    grid.session_state["rows"] = [("R0", 2), ("R1", 1), ("R2", 1)]
    grid.run()
    assert grid.session_state["picked"] == [("R2", 1)]


def test_a_tick_on_a_row_that_is_gone_ticks_nothing(grid: AppTest) -> None:
    _tick(grid, 2)
    grid.run()
    grid.session_state["rows"] = [("R0", 1)]
    grid.run()
    assert grid.session_state["picked"] == []


def _pager() -> None:
    import streamlit as st

    from core.reporting.paging import CountCapped, PageInfo
    from pages.ui.tables import cursor, pager

    st.session_state["asked"] = cursor("at", st.session_state.get("filter"))
    pager(PageInfo("next-one", "one-before", CountCapped(10_000, True)), "at", "invoice")


def test_the_pager_keeps_its_place_in_the_url_and_filters_start_anew() -> None:
    page = AppTest.from_function(_pager, default_timeout=30).run()
    assert page.caption[0].value == "10,000+ invoices"
    page.button(key="at.next").click().run()
    assert page.session_state["asked"] == "next-one"
    assert page.query_params["at"] == "next-one"
    page.session_state["filter"] = "other"
    page.run()
    assert page.session_state["asked"] is None


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [(123_450, "USD", "1,234.50"), (-5, "EUR", "-0.05"), (1_234, "JPY", "1,234"), (None, "USD", "—")],
)
def test_amounts_have_the_digits_of_their_currency(minor: int | None, currency: str, words: str) -> None:
    assert money.amount(minor, currency) == words


@pytest.mark.parametrize(
    ("minor", "words"),
    [(123_456_789, "1.2 m"), (999_00, "999"), (150_000, "1.5 k"), (-250_000_000, "-2.5 m"), (99_999_999, "1.0 m")],
)
def test_short_amounts_for_cards(minor: int, words: str) -> None:
    assert money.short(minor, "USD") == words


def test_dates_and_spans_in_words() -> None:
    assert dates.day(date(2026, 11, 1)) == "1 Nov 2026"
    assert dates.period(date(2026, 11, 1), date(2026, 12, 1)) == "1 Nov 2026 to 30 Nov 2026"
    assert dates.period(date(2026, 11, 1), None) == "1 Nov 2026"
    assert dates.period(None, None) == dates.NOTHING
    assert dates.ago(NOW - timedelta(hours=3, minutes=59), NOW) == "3 h ago"
    assert dates.ago(NOW, NOW) == "just now"
    assert dates.ago(None, NOW) == "never"
    assert dates.in_words(NOW + timedelta(days=2, hours=1), NOW) == "due in 2 d"
    assert dates.in_words(NOW - timedelta(minutes=12), NOW) == "12 min overdue"
    assert dates.days_late(date(2026, 11, 20), date(2026, 11, 21)) == "1 day overdue"


def test_states_have_words_and_colours() -> None:
    assert badges.words("in_doubt") == "In doubt"
    assert [badges.colour(state) for state in ("rejected", "in_doubt", "posted", "unheard_of")] == [
        "red",
        "orange",
        "green",
        "gray",
    ]


def test_figures_are_shown_with_their_unit() -> None:
    assert shown(Decimal("41.27"), "days") == "41.3 days"
    assert shown(None, "percent") == "—"
    assert shown(Decimal("1234567.5"), "USD") == "USD 1,234,567.50"
    assert shown(Decimal("1234567.5"), "USD", is_short=True) == "1.2 m"
    assert shown(1234, "count") == "1,234"


@pytest.mark.parametrize(("price", "told"), [("1234.5", "1,234.50"), ("0.0025", "0.0025"), ("0", "0.00")])
def test_a_price_below_a_cent_is_told_in_full(price: str, told: str) -> None:
    assert money.unit_price(Decimal(price)) == told


@pytest.mark.parametrize(("hours", "told"), [("0.00", "< 1 min"), ("0.25", "15 min"), ("30.04", "30.0 h")])
def test_hours_are_told_in_the_unit_that_says_something(hours: str, told: str) -> None:
    assert shown(Decimal(hours), "hours") == told
