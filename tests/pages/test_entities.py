"""Govern › Legal entities: the letterheads, changing one, and seeing it on paper."""

from __future__ import annotations

import pytest

from core.db.tables import LegalEntity
from core.runtime import Runtime
from core.workflow.sample_papers import sample_paper
from tests.pages.app import said, shown, tick
from tests.pages.conftest import OpenPage
from tests.path.outside import equip, text_of
from tests.work import only, person

SCRIPT = "govern/entities.py"
IBAN = "IBAN DE89 3704 0044 0532 0130 00"


def test_entities_are_listed_with_what_their_letterhead_says_and_who_taxes_them(
    house: Runtime, open_page: OpenPage
) -> None:
    equip(house)
    row = open_page("chen", SCRIPT).dataframe[0].value.iloc[0]
    assert (row["Code"], row["Address"], row["Tax number"]) == ("DE", "Speicherstraße 12, 10961 Berlin", "DE811234565")
    assert (row["Tax by"], row["Letterhead"]) == ("Built-in rates", ["Complete"])


def test_a_controller_changes_how_invoices_are_paid(house: Runtime, open_page: OpenPage) -> None:
    equip(house)
    page = tick(open_page("chen", SCRIPT), "entities", [0])
    page.button(key="entity_change").click()
    shown(page)
    page.text_area(key="entity_payment").set_value(f"Hafenbank\n{IBAN}")
    page.button(key="entity_save").click()
    shown(page)
    assert only(house, LegalEntity).payment_instructions == f"Hafenbank\n{IBAN}"
    assert "was saved" in said(page)


def test_a_mistyped_account_is_refused_on_the_form(house: Runtime, open_page: OpenPage) -> None:
    equip(house)
    page = tick(open_page("ada", SCRIPT), "entities", [0])
    page.button(key="entity_change").click()
    shown(page)
    page.text_area(key="entity_payment").set_value(IBAN.replace("89", "98"))
    page.button(key="entity_save").click()
    shown(page)
    assert "is mistyped" in said(page)
    assert "Berliner Bank" in only(house, LegalEntity).payment_instructions


def test_the_sample_invoice_shows_the_letterhead(house: Runtime, open_page: OpenPage) -> None:
    equip(house)
    page = tick(open_page("chen", SCRIPT), "entities", [0])
    assert [getattr(each, "label", None) for each in page.get("download_button")] == ["Sample invoice"]
    told = text_of(sample_paper(house, person(house, "Chen"), "DE").content)
    for words in ("Halden GmbH", "Speicherstraße 12", "DE811234565", "VAT 19 %", "EUR 1,190.00", IBAN):
        assert words in told


def test_an_analyst_has_no_such_page(house: Runtime, open_page: OpenPage) -> None:
    equip(house)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page("ana", SCRIPT)
