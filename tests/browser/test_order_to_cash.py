"""A contract that is signed in Salesforce, seen on screen with its schedule, and a billing run that takes it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import click_cell, grid, heading, painted, rows
from tests.browser.conftest import OpenPage
from tests.browser.stack import Stack, eventually

# Nobody hurries: readings of Salesforce and a billing run lie in between.
pytestmark = pytest.mark.timeout(900)
# Salesforce is read twice a minute, and tells what is older than a minute.
ARRIVAL_SECONDS = 180


def _sign(page: Page) -> str:
    heading(page, "Sandbox faults")
    page.get_by_role("button", name="Sign a contract now").click()
    told = page.get_by_text(re.compile(r"Signed: contract \d{8} of ")).first
    expect(told).to_be_visible()
    found = re.search(r"\d{8}", told.inner_text())
    assert found is not None
    return found.group()


def _is_listed(page: Page, stack: Stack, number: str) -> bool:
    page.goto(f"{stack.address}/contracts?q={number}")
    heading(page, "Contracts")
    return [row["Contract"] for row in rows(grid(page, "Contracts"))] == [number]


def _generate(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.address}/billing_runs")
    heading(page, "Billing runs")
    page.get_by_text("New billing run").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Released by hand")).to_be_visible(timeout=60_000)
    generate = page.get_by_role("button", name="Generate", exact=True)
    # While the page is drawn again, what was there before stands beside it.
    expect(generate).to_have_count(1)
    generate.click()
    expect(page.get_by_text("The run has started")).to_be_visible()
    painted(page)


def _is_generated(page: Page, stack: Stack) -> bool:
    """Opens the newest run: its invoices are listed."""
    page.goto(f"{stack.address}/billing_runs")
    heading(page, "Billing runs")
    click_cell(page, grid(page, "Billing runs"), 0)
    heading(page, "Due")
    made = grid(page, "Invoices of the run")
    return made.count() > 0 and bool(rows(made))


def test_a_signed_contract_is_scheduled_and_billed_before_ones_eyes(open_page: OpenPage, stack: Stack) -> None:
    number = _sign(open_page("sandbox", "ada"))
    page = open_page("contracts", "ana")
    eventually(lambda: _is_listed(page, stack, number), "the contract has arrived", ARRIVAL_SECONDS)
    click_cell(page, grid(page, "Contracts"), 0)
    heading(page, f"Contract {number}")
    assert eventually(lambda: rows(grid(page, "Schedule")), "its schedule is shown")

    _generate(page, stack)
    eventually(lambda: _is_generated(page, stack), "the run lists its invoices", 90)
