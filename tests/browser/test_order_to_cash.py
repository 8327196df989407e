"""From a signature to a posted invoice and a letter before one's eyes, without a person; and where it stops."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from core.kit.clock import utc_now
from tests.browser.browsing import click_cell, grid, heading, painted, rows, switch_on
from tests.browser.conftest import OpenPage
from tests.browser.selling import want_purchase_order
from tests.browser.stack import Bill, Stack, eventually
from tests.path.outside import text_of

# Nobody hurries: readings of Salesforce and a billing run lie in between.
pytestmark = pytest.mark.timeout(900)
# Salesforce is read twice a minute, and tells what is older than a minute.
ARRIVAL_SECONDS = 180
BILLING_SECONDS = 90
STATIONS = ("Contract clause", "Rate", "Usage", "Line", "Tax", "Account")
GREEN, NOTHING = "check_circle icon", "remove_circle icon"


def _sign(page: Page, before: tuple[str, ...] = ()) -> str:
    """Another contract is signed than those `before`; answers its number."""
    page.get_by_role("button", name="Sign a contract now").click()
    told = re.compile(r"Signed: contract (\d{8}) of ")

    def fresh() -> set[str]:
        found = told.findall("\n".join(page.get_by_text(told).all_inner_texts()))
        return {str(number) for number in found} - set(before)

    (number,) = eventually(fresh, "the signature is told")
    return number


def _open_contract(page: Page, stack: Stack, number: str) -> None:
    page.goto(f"{stack.address}/contracts?q={number}")
    heading(page, "Contracts")
    eventually(lambda: [row["Contract"] for row in rows(grid(page, "Contracts"))] == [number], f"{number} is listed")
    click_cell(page, grid(page, "Contracts"), 0)
    heading(page, f"Contract {number}")


def _bill(page: Page, stack: Stack) -> None:
    """Starts a run of what is due today that nobody reviews, after a preview."""
    page.goto(f"{stack.address}/billing_runs")
    heading(page, "Billing runs")
    page.get_by_text("New billing run").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Released by hand")).to_be_visible(timeout=60_000)
    # While the page is drawn again, what was there before stands beside it.
    generate = page.get_by_role("button", name="Generate", exact=True)
    expect(generate).to_have_count(1)
    painted(page)
    switch_on(page, "Release what is clean without review")
    generate.click()
    expect(page.get_by_text("The run has started")).to_be_visible()
    painted(page)


def _is_released(page: Page, stack: Stack) -> bool:
    """Opens the newest run."""
    page.goto(f"{stack.address}/billing_runs")
    heading(page, "Billing runs")
    eventually(lambda: rows(grid(page, "Billing runs")), "runs are listed")
    click_cell(page, grid(page, "Billing runs"), 0)
    heading(page, "Due")
    expect(page.get_by_text("what is clean goes out at once · started by Ana Ribeiro")).to_be_visible()
    # What is planted to fail is named beside it.
    return page.locator(".stMarkdownBadge").first.inner_text().startswith("Released")


def _billed(stack: Stack, contract: str, state: str) -> Bill | None:
    bill = stack.bill_of(contract)
    return bill if bill and bill.state == state else None


def _is_sent(stack: Stack, contract: str) -> bool:
    bill = stack.bill_of(contract)
    return bill is not None and bill.is_sent


def _reads_as_posted(page: Page, stack: Stack, number: str) -> None:
    """The invoice page names its place in the ledger, once; nobody was asked."""
    key = stack.posting_key(number)
    assert key is not None
    in_ledger = eventually(lambda: stack.ledger_number(key), "the ledger's number is known")
    expect(page.get_by_text(f"Posted in NetSuite as {in_ledger}")).to_have_count(1)
    expect(page.get_by_text("Asked of")).to_have_count(0)
    assert stack.ledger()["creates"][key] == 1


def _boards(page: Page, line: str) -> None:
    """Each station of the line's way is there and green, but for usage, of which there is none to measure."""
    drawer = page.get_by_test_id("stExpander").filter(has_text=line)
    for station in STATIONS:
        expect(drawer.get_by_text(station, exact=True)).to_have_count(1)
    signs = drawer.locator(".stMarkdownColoredText").get_by_role("img")
    first, *each = [sign.get_attribute("aria-label") for sign in signs.all()]
    assert first == GREEN
    assert dict(zip(STATIONS, each, strict=True)) == dict.fromkeys(STATIONS, GREEN) | {"Usage": NOTHING}


def _open_exception(page: Page, stack: Stack, invoice: str) -> None:
    page.goto(f"{stack.address}/exceptions?ex_search={invoice}")
    heading(page, "Exceptions")
    found = eventually(lambda: rows(grid(page, "Exceptions")), f"the exception of {invoice} is listed")
    assert [row["Invoice"] for row in found] == [invoice]
    click_cell(page, grid(page, "Exceptions"), 0)
    page.locator(".st-key-ex_open button").click()
    painted(page)


def test_what_is_signed_goes_out_and_is_posted_without_a_person_and_a_planted_fault_stops_it(
    open_page: OpenPage, stack: Stack
) -> None:
    desk = open_page("sandbox", "ada")
    heading(desk, "Sandbox faults")
    clean = _sign(desk)
    faulty = _sign(desk, (clean,))
    want_purchase_order(stack.line("salesforce"), faulty)

    page = open_page("contracts", "ana")
    eventually(lambda: all(map(stack.has_arrived, (clean, faulty))), "the contracts have arrived", ARRIVAL_SECONDS)
    _open_contract(page, stack, clean)
    schedule = eventually(lambda: rows(grid(page, "Schedule")), "its schedule is shown")
    assert len(schedule) == 12
    assert schedule[0]["Bill day"] <= utc_now().date().isoformat() < schedule[1]["Bill day"]

    _bill(page, stack)
    eventually(lambda: _is_released(page, stack), "the run is released", BILLING_SECONDS)
    bill = eventually(lambda: _billed(stack, clean, "posted"), "the invoice is posted", BILLING_SECONDS)
    assert re.fullmatch(r"UK-\d{4}-\d{6}", bill.number)
    (letter,) = eventually(lambda: stack.letters_about(bill.number), "the letter is in the mailbox")
    assert bill.number in text_of(letter)
    eventually(lambda: _is_sent(stack, clean), "the letter is known to be sent")

    _open_contract(page, stack, clean)
    eventually(lambda: [row["State"] for row in rows(grid(page, "Invoices"))] == ["Posted"], "it is listed as posted")
    click_cell(page, grid(page, "Invoices"), 0)
    heading(page, f"Invoice {bill.number}")
    _reads_as_posted(page, stack, bill.number)
    for line in ("Halden Core", "Halden Storage"):
        _boards(page, line)
    expect(page.get_by_text("Sent on")).to_be_visible()
    expect(page.get_by_role("button", name="Download PDF")).to_be_visible()

    held = eventually(lambda: _billed(stack, faulty, "on_hold"), "the invoice of the other contract is held")
    _open_exception(page, stack, held.number)
    expect(page.get_by_text("pays only against a purchase order number; the invoice has none.")).to_be_visible()
    evidence = page.get_by_role("row").filter(has_text="Must be fixed")
    expect(evidence).to_have_text(re.compile("Purchase order.*missing"))
    assert stack.letters_about(held.number) == [] and stack.posting_key(held.number) is None
