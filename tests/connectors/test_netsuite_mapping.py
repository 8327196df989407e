"""NetSuite's rows become canonical records, and what does not fit is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.netsuite.mapping import to_canonical
from core.canonical import CustomerRecord, EntityRecord, ExchangeRate, LedgerRecord, ProductRecord
from tests.connectors.payloads import RATE, TRANSACTION, record

CUSTOMER = {"id": "1001", "entityid": "AC-1", "companyname": "Amber", "externalid": "001A", "currency": "GBP"}


def entry(**fields: object) -> LedgerRecord:
    (found,) = to_canonical(record("transaction", TRANSACTION, **fields))
    assert isinstance(found, LedgerRecord)
    return found


def test_a_transaction_is_named_by_the_key_it_was_posted_under() -> None:
    found = entry()
    assert (found.kind, found.key, found.number) == ("invoice", "stripe_in_1", "HC-2026-000001")
    assert (found.total_minor, found.open_minor, found.currency) == (129_600, 29_650, "GBP")
    assert found.dated_on == date(2026, 11, 1)
    assert found.modified_at == datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "ours"), [("CustCred", "credit_memo"), ("CustPymt", "payment")])
def test_credits_and_payments_are_positive_however_the_account_shows_them(kind: str, ours: str) -> None:
    below = entry(type=kind, foreigntotal="-120.00", foreignamountunpaid="-20.00")
    above = entry(type=kind, foreigntotal="120.00", foreignamountunpaid="20.00")
    assert below == above
    assert (below.kind, below.total_minor, below.open_minor) == (ours, 12_000, 2_000)


def test_columns_that_are_null_are_left_out_by_netsuite() -> None:
    found = entry(externalid=..., tranid=..., foreignamountunpaid=...)
    assert (found.key, found.number, found.open_minor) == (None, None, 0)


def test_amounts_follow_the_digits_of_their_currency() -> None:
    assert entry(currency="JPY", foreigntotal="1296", foreignamountunpaid="0").total_minor == 1296


def test_a_rate_is_in_units_of_the_base_currency() -> None:
    (found,) = to_canonical(record("currencyrate", RATE))
    assert isinstance(found, ExchangeRate)
    assert (found.base, found.currency, found.rate, found.day) == ("USD", "GBP", Decimal("1.292001"), date(2026, 11, 1))


def test_a_customer_leads_to_its_account_in_the_crm() -> None:
    (found,) = to_canonical(record("customer", CUSTOMER))
    assert isinstance(found, CustomerRecord)
    assert (found.crm_ref, found.number, found.name, found.currency) == ("001A", "AC-1", "Amber", "GBP")


def test_a_customer_the_crm_does_not_know_stands_alone() -> None:
    (found,) = to_canonical(record("customer", CUSTOMER, externalid=..., companyname=...))
    assert isinstance(found, CustomerRecord)
    assert (found.crm_ref, found.name) == (None, "AC-1")


def test_items_are_products_and_subsidiaries_legal_entities() -> None:
    item = {"id": "101", "itemid": "HC-CORE", "displayname": "Core"}
    assert to_canonical(record("item", item)) == (
        ProductRecord(source="netsuite", source_ref="101", code="HC-CORE", name="Core"),
    )
    payload = {"id": "3", "name": "Halden Cloud UK Ltd", "country": "GB", "currency": "GBP", "externalid": "UK"}
    (entity,) = to_canonical(record("subsidiary", payload))
    assert isinstance(entity, EntityRecord)
    assert (entity.code, entity.country, entity.currency) == ("UK", "GB", "GBP")
    assert (entity.address, entity.tax_id, entity.email) == (None, None, None)


@pytest.mark.parametrize(
    ("country", "seat", "address"),
    [
        ("DE", {"addr1": "Speicherstraße 12", "zip": "20457", "city": "Hamburg"}, "Speicherstraße 12, 20457 Hamburg"),
        (
            "US",
            {"addr1": "548 Market Street", "addr2": "Floor 3", "city": "San Francisco", "state": "CA", "zip": "94104"},
            "548 Market Street, Floor 3, San Francisco CA 94104",
        ),
        (
            "GB",
            {"addr1": "20 Farringdon Street", "city": "London", "zip": "EC4A 4AB"},
            "20 Farringdon Street, London EC4A 4AB",
        ),
    ],
)
def test_a_subsidiary_brings_its_letterhead(country: str, seat: dict[str, str], address: str) -> None:
    payload = {"id": "3", "name": "Halden", "country": country, "currency": "EUR", **seat}
    payload |= {"email": "billing@halden.example", "federalidnumber": "DE314159262"}
    (entity,) = to_canonical(record("subsidiary", payload))
    assert isinstance(entity, EntityRecord)
    assert (entity.address, entity.tax_id, entity.email) == (address, "DE314159262", "billing@halden.example")


def test_unknown_columns_change_nothing() -> None:
    assert entry(sandboxsurprise="x") == entry()


@pytest.mark.parametrize("name", ["type", "currency", "foreigntotal", "trandate", "lastmodifieddate"])
def test_a_missing_column_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"NetSuite sent “transaction” .*: {name} is missing"):
        entry(**{name: ...})


@pytest.mark.parametrize(
    ("name", "value"),
    [("foreigntotal", "much"), ("trandate", "11/1/2026"), ("lastmodifieddate", "today"), ("type", "Journal")],
)
def test_a_column_of_another_form_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        entry(**{name: value})


def test_a_currency_nobody_knows_is_told() -> None:
    with pytest.raises(ValueError, match="XQX"):
        entry(currency="XQX")
