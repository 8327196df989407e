"""What was sold, on the page of a contract and on that of an exception, as people see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.db.tables import Case, LegalEntity
from core.kit.ids import id_from
from core.runtime import Runtime, share_runtime
from jobs.watch_drift import watch_drift
from tests import builders as b
from tests.pages.app import open_page, said
from tests.stores import Furniture, people
from tests.work import only, record

CONTRACT = id_from("contract", b.CRM, "800A")
CARLA = "chen@halden.example"


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def house(runtime: Runtime) -> Iterator[Runtime]:
    with runtime.transaction() as session:
        session.add(LegalEntity(code="DE", name="Halden DE", country="DE", currency="EUR"))
    contract = b.contract(po_number="PO-88")
    record(runtime, b.CRM, customers=(b.customer(),), contracts=(contract,), order_lines=(b.order_line(),))
    share_runtime(runtime)
    yield runtime
    share_runtime(None)


def contract_page() -> Any:
    return open_page("explore/contract.py", CARLA, id=str(CONTRACT))


def facts(at: Any) -> dict[str, tuple[str, str]]:
    """Fact -> (sold, contract), of the table that compares them."""
    frame = next(table.value for table in at.table if list(table.value.columns) == ["Sold", "Contract"])
    return {name: (row["Sold"], row["Contract"]) for name, row in frame.iterrows()}


def links(at: Any) -> dict[str, str]:
    """Buttons that lead out of the app: label -> address."""
    return {each.proto.label: each.proto.url for each in at.get("link_button")}


def test_a_contract_shows_what_was_sold_beside_its_own_value(house: Runtime) -> None:
    deal = b.opportunity(amount_minor=250_000)
    record(house, b.CRM, opportunities=(deal,), quotes=(b.quote(), b.quote(source_ref="0Q0B", is_chosen=False)))
    at = contract_page()
    assert "What was sold" in [each.value for each in at.subheader]
    shown = facts(at)
    assert shown["Opportunity"] == ("Nordlicht Logistik: first year", "Contract CT-5001")
    assert shown["Stage"] == ("Closed Won", "Active")
    assert shown["Closed"] == ("20 Dec 2025", "Begins 1 Jan 2026")
    assert shown["Amount"] == ("EUR 2,500.00", "EUR 2,400.00 as signed")
    assert shown["Quote Q-77"] == ("EUR 2,400.00", "EUR 2,400.00 as signed")
    assert shown["Purchase order"] == ("PO-77", "PO-88")
    assert shown["Quote expires"] == ("19 Jan 2026", "—")


def test_deal_and_quote_lead_to_their_records_in_the_crm(house: Runtime) -> None:
    record(house, b.CRM, opportunities=(b.opportunity(),), quotes=(b.quote(),))
    found = links(contract_page())
    assert found["Opportunity in Salesforce"] == "https://crm.example/006A"
    assert found["Quote Q-77 in Salesforce"] == "https://crm.example/0Q0A"


def test_what_was_agreed_since_stands_beside_what_was_signed(house: Runtime) -> None:
    more = b.order_line(source_ref="802B", root_ref="802A", quantity=Decimal(5), starts_on=date(2026, 7, 1))
    record(house, b.CRM, order_lines=(more,), opportunities=(b.opportunity(),))
    told = "EUR 2,400.00 as signed, EUR 3,000.00 with what was agreed since"
    assert facts(contract_page())["Amount"] == ("EUR 2,400.00", told)


def test_a_contract_without_a_last_day_has_no_value(house: Runtime) -> None:
    lines, deals = (b.order_line(ends_on=None),), (b.opportunity(),)
    record(house, b.CRM, contracts=(b.contract(ends_on=None),), order_lines=lines, opportunities=deals)
    assert facts(contract_page())["Amount"][1].startswith("No value")


def test_a_contract_whose_deal_is_not_known_says_nothing_of_it(house: Runtime) -> None:
    record(house, b.CRM, opportunities=(b.opportunity(is_won=False, stage="Closed Lost"),))
    assert "What was sold" not in [each.value for each in contract_page().subheader]


def test_the_exception_of_a_deal_without_a_contract_leads_to_its_record(house: Runtime) -> None:
    record(house, b.CRM, opportunities=(b.opportunity(contract_ref=None, closes_on=date(2026, 10, 1)),))
    watch_drift(house)
    at = open_page("work/exception.py", "ana@halden.example", id=str(only(house, Case).id))
    assert "nobody bills it" in said(at)
    assert links(at)["Open at its source"] == "https://crm.example/006A"
