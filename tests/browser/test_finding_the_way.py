"""From a figure to its records, from a list to a row, and back with the browser's button."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import click_cell, grid, heading, painted
from tests.browser.conftest import OpenPage


@pytest.mark.parametrize(
    ("figure", "address"),
    [
        ("dso_countback", "as_of=2026-01-31"),
        ("overdue_share", "overdue=true"),
        ("billing_accuracy", "show=All"),
    ],
)
def test_a_figure_opens_the_records_that_it_is_made_of(open_page: OpenPage, figure: str, address: str) -> None:
    page = open_page("?ov_as_of=2026-01-31", "chen")
    heading(page, "Overview")
    page.locator(f".st-key-figure_{figure} button").locator("visible=true").first.click()
    page.get_by_role("button", name="Open the records").click()
    heading(page, "Invoices")
    expect(page).to_have_url(re.compile(rf"/invoices\?.*{address}"))


def test_the_way_back_from_a_row_leads_to_the_list_as_it_was(open_page: OpenPage) -> None:
    page = open_page("invoices?show=All&basis=Invoice+date", "vera")
    heading(page, "Invoices")
    address = page.url
    click_cell(page, grid(page, "Invoices"), 0)
    expect(page).to_have_url(re.compile(r"/invoice\?id="))
    painted(page)
    page.go_back()
    heading(page, "Invoices")
    expect(page).to_have_url(address)
    expect(page.get_by_role("radio", name="All", exact=True)).to_be_checked()
    expect(page.get_by_role("radio", name="Invoice date", exact=True)).to_be_checked()
