"""Exceptions that are handed to somebody else."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.browsing import click_cell, grid, heading, painted, rows
from tests.browser.conftest import OpenPage
from tests.browser.stack import eventually

GRID = "Exceptions"


def _choose(page: Page, inside: Locator, label: str, option: str) -> None:
    inside.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def _listed(page: Page) -> list[tuple[str, str]]:
    return [(row["Invoice"], row["What failed"]) for row in rows(grid(page, GRID))]


def test_a_rerouted_exception_stands_in_the_queue_of_whom_it_was_given_to(open_page: OpenPage) -> None:
    page = open_page("exceptions?ex_type=Usage", "ana")
    heading(page, "Exceptions")
    moved = eventually(lambda: _listed(page), "exceptions are listed")[0]
    click_cell(page, grid(page, GRID), 0)
    page.locator(".st-key-ex_assign button").click()
    drawer = page.get_by_role("dialog")
    _choose(page, drawer, "Queue", "Tax")
    _choose(page, drawer, "Person", "Chen Wei")
    drawer.get_by_role("button", name="Re-route").click()
    expect(page.get_by_text("1 re-routed to Chen Wei")).to_be_visible()
    painted(page)

    theirs = open_page("exceptions?ex_owner=Me&ex_queue=Tax", "chen")
    heading(theirs, "Exceptions")
    assert eventually(lambda: _listed(theirs), "the exception has arrived") == [moved]
