"""Driving the pages as a person would: sign in, wait until everything is painted, tick rows of a grid."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from core.access.model import DEMO_PASSWORD

ROW_HEIGHT = 34
# A cell's own button or tick stands in the middle of the first narrow columns.
_TICK_X = 20
_MOST_CLICKS = 3
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SETTLED = (
    '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
    ':not(:has([data-testid="stSkeleton"], [data-testid="stAppSkeleton"], [data-stale="true"]))'
)


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, or else Playwright's own."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return playwright.chromium.launch(executable_path=Path(found) if found else None, args=_FLAGS)


def painted(page: Page) -> None:
    """Waits until the script has run and everything that it sent is on the screen."""
    page.wait_for_selector(_SETTLED, timeout=30_000)


def sign_in(page: Page, name: str) -> None:
    """Fills the sign-in form that the page shows, as the demo's person `name`."""
    page.get_by_label("E-mail").fill(f"{name}@halden.example")
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    painted(page)


def heading(page: Page, text: str) -> None:
    """Waits for the page with this title."""
    expect(page.get_by_role("heading", name=re.compile(f"^{re.escape(text)}"))).to_be_visible(timeout=30_000)
    painted(page)


def switch_on(page: Page, label: str) -> None:
    """Clicks the switch until it is on: a click whose press and release lie around a move of the page is none."""
    switch = page.get_by_label(label, exact=True)
    for _ in range(_MOST_CLICKS):
        page.get_by_text(label, exact=True).click()
        painted(page)
        if switch.is_checked():
            return
    expect(switch).to_be_checked()


def grid(page: Page, alt: str) -> Locator:
    """The grid with this description; it is drawn on a canvas."""
    return page.locator('[data-testid="stDataFrame"]').filter(has=page.get_by_label(alt, exact=True))


def click_cell(page: Page, table: Locator, row: int, x: int = _TICK_X) -> None:
    """Clicks into a row (0 is the first); by default on its tick."""
    table.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + ROW_HEIGHT * (row + 1) + ROW_HEIGHT // 2)
    painted(page)


def rows(table: Locator) -> list[dict[str, str]]:
    """What the grid shows, row by row, under the titles of its columns; only rows near the visible part."""
    found: list[dict[str, str]] = table.evaluate(
        """element => {
            const cells = (row, role) => [...row.querySelectorAll(`[role="${role}"]`)].map(cell => cell.textContent)
            const all = [...element.querySelectorAll('[role="grid"] [role="row"]')]
            if (!all.length) return []
            const titles = cells(all[0], "columnheader")
            const record = row => Object.fromEntries(cells(row, "gridcell").map((cell, i) => [titles[i], cell]))
            return all.slice(1).map(record)
        }"""
    )
    return found
