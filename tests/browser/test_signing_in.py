"""Who may come in, and what each finds in the sidebar."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import heading, painted, sign_in
from tests.browser.conftest import OpenPage

NAVIGATION = '[data-testid="stSidebarNavLink"]'


@pytest.mark.parametrize(
    ("person", "screens"),
    [
        (
            "ana",
            [
                "Overview",
                "Exceptions",
                "Billing runs",
                "Drift",
                "Invoices",
                "Contracts",
                "Disputes",
                "Usage",
                "Integrations",
                "Import",
            ],
        ),
        ("bo", ["Overview", "Approvals", "Invoices", "Contracts", "Disputes", "Usage"]),
        ("ada", ["Overview", "Integrations", "Sandbox faults", "Audit", "Legal entities", "People", "API keys"]),
    ],
)
def test_each_role_sees_its_own_navigation(open_page: OpenPage, person: str, screens: list[str]) -> None:
    page = open_page("", person)
    heading(page, "Overview")
    links = page.locator(NAVIGATION)
    expect(links).to_have_count(len(screens))
    for link, title in zip(links.all(), screens, strict=True):
        expect(link).to_contain_text(title)


def test_a_screen_of_another_role_is_not_opened_by_its_address(open_page: OpenPage) -> None:
    page = open_page("people", "cole")
    expect(page.get_by_role("heading", name="People")).to_have_count(0)
    expect(page.get_by_role("button", name="Add person")).to_have_count(0)


def test_an_address_that_is_none_of_ones_screens_is_answered_in_words(open_page: OpenPage) -> None:
    refused = open_page("people", "cole")
    expect(refused.get_by_text("People is not part of your role.")).to_be_visible()
    expect(refused.get_by_role("dialog")).to_have_count(0)
    expect(open_page("nonexist", "cole").get_by_role("dialog")).to_contain_text("does not seem to exist")


def test_a_wrong_password_is_refused_in_words(open_page: OpenPage) -> None:
    page = open_page("")
    page.get_by_label("E-mail").fill("ana@halden.example")
    page.get_by_label("Password").fill("not the one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("ana@halden.example")


def test_a_deep_link_leads_through_sign_in_to_its_page(open_page: OpenPage) -> None:
    page = open_page("invoices?show=All&q=HC-2026")
    expect(page.get_by_role("heading", name="Quittance")).to_be_visible()
    assert "/login" in page.url
    sign_in(page, "vera")
    heading(page, "Invoices")
    assert "/invoices?" in page.url
    expect(page.get_by_label("Customer or invoice", exact=True)).to_have_value("HC-2026")


def test_who_signs_out_is_out_in_every_tab(open_page: OpenPage) -> None:
    page = open_page("invoices", "vera")
    heading(page, "Invoices")
    other = page.context.new_page()
    other.goto(page.url)
    heading(other, "Invoices")
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    other.reload()
    expect(other.get_by_label("Password")).to_be_visible()
    sign_in(other, "vera")
    painted(other)
