"""Opportunities and quotes of Salesforce as canonical records, and from where an org's quotes are read."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest

from connectors.salesforce.mapping import to_canonical
from core.canonical import ContractRecord, OpportunityRecord, QuoteRecord
from core.ports import Source
from tests.connectors.payloads import CONTRACT, CPQ_QUOTE, OPPORTUNITY, QUOTE, record
from tests.connectors.vendors import ScriptedSalesforce, salesforce_at


def opportunity(**fields: Any) -> OpportunityRecord:
    (found,) = to_canonical(record("Opportunity", OPPORTUNITY, **fields))
    assert isinstance(found, OpportunityRecord)
    return found


def quote(**fields: Any) -> QuoteRecord:
    (found,) = to_canonical(record("Quote", QUOTE, **fields))
    assert isinstance(found, QuoteRecord)
    return found


def cpq(**fields: Any) -> QuoteRecord:
    (found,) = to_canonical(record("SBQQ__Quote__c", CPQ_QUOTE, **fields))
    assert isinstance(found, QuoteRecord)
    return found


def source(**config: Any) -> Source:
    connector = salesforce_at(ScriptedSalesforce(lambda request: (200, {"records": []})), **config)
    assert connector.source is not None
    return connector.source


def kinds(found: Source) -> dict[str, str]:
    return {stream.name: stream.kinds[0] for stream in found.capabilities.streams}


def test_an_opportunity_names_its_contract_its_day_and_its_amount_in_minor_units() -> None:
    found = opportunity()
    assert (found.source_ref, found.name, found.stage) == ("006A", "Amber Energy: first year", "Closed Won")
    assert (found.customer_ref, found.contract_ref, found.is_won) == ("001A", "800A", True)
    assert (found.closes_on, found.currency, found.amount_minor) == (date(2026, 10, 28), "GBP", 1_200_050)


def test_an_opportunity_may_have_neither_amount_nor_contract() -> None:
    found = opportunity(Amount=None, ContractId=None, AccountId=None)
    assert (found.amount_minor, found.contract_ref, found.customer_ref) == (None, None, None)


def test_a_deleted_opportunity_is_no_longer_won() -> None:
    found = opportunity(IsDeleted=True)
    assert (found.is_won, found.stage) == (False, "Deleted")


def test_an_amount_in_a_currency_without_cents_is_whole() -> None:
    assert opportunity(CurrencyIsoCode="JPY", Amount="12000.0").amount_minor == 12_000


def test_the_total_of_a_quote_is_that_before_tax() -> None:
    found = quote(GrandTotal="14400.60", Tax="2400.10")
    assert (found.number, found.opportunity_ref, found.total_minor) == ("00000077", "006A", 1_200_050)
    assert (found.po_number, found.expires_on) == ("PO-77", date(2026, 11, 27))


@pytest.mark.parametrize(
    ("fields", "is_chosen"),
    [
        ({}, True),
        ({"IsSyncing": False}, False),
        ({"IsSyncing": False, "Status": "Accepted"}, True),
        ({"IsDeleted": True}, False),
    ],
)
def test_an_opportunity_stands_for_the_quote_that_is_in_step_with_it_or_accepted(
    fields: dict[str, Any], is_chosen: bool
) -> None:
    assert quote(**fields).is_chosen is is_chosen


def test_a_quote_without_an_opportunity_is_of_no_deal() -> None:
    assert to_canonical(record("Quote", QUOTE, OpportunityId=None)) == ()
    assert to_canonical(record("SBQQ__Quote__c", CPQ_QUOTE, SBQQ__Opportunity2__c=None)) == ()


def test_of_cpq_quotes_the_primary_one_counts_with_its_net_amount() -> None:
    found = cpq()
    assert (found.number, found.status, found.total_minor, found.is_chosen) == ("Q-00077", "Approved", 1_200_050, True)
    assert not cpq(SBQQ__Primary__c=False).is_chosen


def test_a_contract_made_by_cpq_names_its_opportunity() -> None:
    (found,) = to_canonical(record("Contract", CONTRACT, SBQQ__Opportunity__c="006A"))
    assert isinstance(found, ContractRecord) and found.opportunity_ref == "006A"
    (plain,) = to_canonical(record("Contract", CONTRACT))
    assert isinstance(plain, ContractRecord) and plain.opportunity_ref is None


@pytest.mark.parametrize(
    ("kind", "doc", "field", "value"),
    [
        ("Opportunity", OPPORTUNITY, "CloseDate", None),
        ("Opportunity", OPPORTUNITY, "IsWon", ...),
        ("Opportunity", OPPORTUNITY, "Amount", "much"),
        ("Opportunity", OPPORTUNITY, "CurrencyIsoCode", "XQQ"),
        ("Quote", QUOTE, "QuoteNumber", None),
        ("SBQQ__Quote__c", CPQ_QUOTE, "SBQQ__NetAmount__c", ...),
    ],
)
def test_a_deal_of_another_form_is_told_in_a_sentence(kind: str, doc: dict[str, Any], field: str, value: Any) -> None:
    with pytest.raises(ValueError, match="Salesforce sent"):
        to_canonical(record(kind, doc, **{field: value}))


@pytest.mark.parametrize(
    ("lines_from", "quotes_from", "quotes"),
    [
        ("orders", None, "Quote"),
        ("cpq", None, "SBQQ__Quote__c"),
        ("cpq", "quotes", "Quote"),
        ("orders", "cpq", "SBQQ__Quote__c"),
        ("orders", "none", None),
    ],
)
def test_quotes_are_read_from_where_the_org_keeps_them(
    lines_from: Literal["orders", "cpq"], quotes_from: Literal["quotes", "cpq", "none"] | None, quotes: str | None
) -> None:
    found = kinds(source(lines_from=lines_from, quotes_from=quotes_from))
    assert found.get("quotes") == quotes
    assert found["opportunities"] == "Opportunity"


def test_a_deal_says_where_people_open_it() -> None:
    (found,) = source().to_canonical(record("Opportunity", OPPORTUNITY))
    assert isinstance(found, OpportunityRecord)
    assert found.address is not None and found.address.endswith("/006A") and found.address.startswith("https://")
