"""Approvals decided together, and what then stands in the ledger's books."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.browsing import click_cell, grid, heading, painted, rows
from tests.browser.conftest import OpenPage
from tests.browser.stack import Stack, eventually

GRID = "Approvals that wait"
HOW_MANY = 3


def _listed(page: Page) -> list[str]:
    return [row["Invoice"] for row in rows(grid(page, GRID))]


def _tick(page: Page, count: int) -> list[str]:
    """Ticks the first rows; answers their invoices."""
    numbers = eventually(lambda: _listed(page), "approvals are listed")[:count]
    for position in range(count):
        click_cell(page, grid(page, GRID), position)
        expect(page.get_by_text(f"{position + 1} chosen")).to_be_visible()
    return numbers


def _posted_once(stack: Stack, keys: list[str]) -> bool:
    made = stack.ledger()["creates"]
    return [made.get(key) for key in keys] == [1] * len(keys)


def _open_invoice(page: Page, stack: Stack, number: str) -> None:
    page.goto(f"{stack.address}/invoices?show=All&q={number}")
    heading(page, "Invoices")
    eventually(lambda: [row["Invoice"] for row in rows(grid(page, "Invoices"))] == [number], f"{number} is found")
    click_cell(page, grid(page, "Invoices"), 0)
    heading(page, f"Invoice {number}")


def test_approved_together_the_rows_leave_and_each_invoice_is_in_the_ledger_once(
    open_page: OpenPage, stack: Stack
) -> None:
    page = open_page("approvals", "amara")
    heading(page, "Approvals")
    numbers = _tick(page, HOW_MANY)
    assert len(set(numbers)) == HOW_MANY
    page.locator(".st-key-ap_approve button").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text(re.compile(rf"{HOW_MANY} approvals · [A-Z]{{3}} [\d,]+\.\d\d"))).to_be_visible()
    drawer.get_by_role("button", name=f"Approve {HOW_MANY}").click()
    expect(page.get_by_text(f"{HOW_MANY} approved")).to_be_visible()
    painted(page)
    eventually(lambda: not set(numbers) & set(_listed(page)), "the rows leave")
    keys = [eventually(lambda number=number: stack.posting_key(number), f"{number} is released") for number in numbers]
    eventually(lambda: _posted_once(stack, keys), "the ledger has each of them once", 60)
    assert stack.ledger()["duplicates"] == []
    given = [eventually(lambda key=key: stack.ledger_number(key), f"{key} has its number") for key in keys]
    assert len(set(given)) == HOW_MANY
    for number, ledger_number in zip(numbers, given, strict=True):
        _open_invoice(page, stack, number)
        expect(page.get_by_text(re.compile(r"Posted in NetSuite as \S+"))).to_have_count(1)
        expect(page.get_by_text(f"Posted in NetSuite as {ledger_number}")).to_have_count(1)


def test_who_corrected_an_invoice_is_refused_its_approval_by_the_policy(open_page: OpenPage, stack: Stack) -> None:
    page = open_page("exceptions?ex_type=Purchase+order", "chen")
    heading(page, "Exceptions")
    listed = eventually(lambda: rows(grid(page, "Exceptions")), "the missing purchase order is listed")
    # A draft of the house may lack its number as well.
    place, case = next((n, row) for n, row in enumerate(listed) if not row["Invoice"].startswith("Draft"))
    click_cell(page, grid(page, "Exceptions"), place)
    page.locator(".st-key-ex_open button").click()
    page.get_by_label(re.compile("^Purchase order")).fill("PO-4711")
    page.get_by_role("button", name="Correct and check").click()
    expect(page.get_by_text("Corrected and checked again")).to_be_visible()
    page.goto(f"{stack.address}/approvals?ap_show=All&ap_search={case['Invoice']}")
    heading(page, "Approvals")
    assert _tick(page, 1) == [case["Invoice"]]
    expect(page.get_by_text("Policy “four eyes”: who created or changed an invoice cannot approve it.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True).last).to_be_disabled()
    page.locator(".st-key-ap_approve button").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("1 left out. Policy “four eyes”")).to_be_visible()
    expect(drawer.get_by_role("button", name="Approve 0")).to_be_disabled()
    assert stack.posting_key(case["Invoice"]) is None


def test_who_changed_an_invoice_while_the_drawer_was_open_is_refused_at_the_door(
    open_page: OpenPage, stack: Stack
) -> None:
    page = open_page("approvals?ap_show=All", "chen")
    heading(page, "Approvals")
    (number,) = _tick(page, 1)
    page.locator(".st-key-ap_approve button").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("button", name="Approve 1")).to_be_enabled()
    stack.note_change(number, "chen@halden.example")
    drawer.get_by_role("button", name="Approve 1").click()
    expect(page.get_by_text("Policy “four eyes”: who created or changed an invoice cannot approve it.")).to_be_visible()
    assert stack.posting_key(number) is None
