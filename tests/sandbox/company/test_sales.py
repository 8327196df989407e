"""Deals and quotes of the company: consistent with its contracts, but for what was planted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.company import billing_truth, populate_house
from sandbox.company.house import Books
from tests.sandbox.company.memory import ANCHOR, SEED, Doc, Sandbox

NOW = datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day, 12, tzinfo=UTC)


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Sandbox]:
    found = Sandbox(tmp_path)
    populate_house(found.emulators, Decimal("0.05"), SEED, ANCHOR, folder=tmp_path)
    yield found


def won(made: Sandbox) -> list[Doc]:
    return [doc for doc in made.salesforce.all("Opportunity") if doc["IsWon"]]


def test_every_contract_was_sold_with_one_deal(halden: Sandbox) -> None:
    contracts = {doc["Id"]: doc for doc in halden.salesforce.all("Contract")}
    sold = [doc for doc in won(halden) if doc["ContractId"]]
    assert sorted(doc["ContractId"] for doc in sold) == sorted(contracts)
    for doc in sold:
        contract = contracts[doc["ContractId"]]
        assert doc["AccountId"] == contract["AccountId"]
        assert doc["CurrencyIsoCode"] == contract["CurrencyIsoCode"]
        assert doc["CloseDate"] < contract["StartDate"] and doc["Amount"] > 0


def test_a_quote_says_what_its_deal_says_and_has_the_purchase_order_of_the_contract(halden: Sandbox) -> None:
    crm = halden.salesforce
    deals = {doc["Id"]: doc for doc in crm.all("Opportunity")}
    contracts = {doc["Id"]: doc for doc in crm.all("Contract")}
    quotes = crm.all("Quote")
    assert 0 < len(quotes) < len(deals)
    assert len({doc["QuoteNumber"] for doc in quotes}) == len(quotes)
    for doc in quotes:
        deal = deals[doc["OpportunityId"]]
        assert (doc["TotalPrice"], doc["CurrencyIsoCode"]) == (deal["Amount"], deal["CurrencyIsoCode"])
        assert doc["Status"] == ("Accepted" if deal["IsWon"] else "Presented")
        if deal["ContractId"]:
            assert doc["PO_Number__c"] == contracts[deal["ContractId"]]["PO_Number__c"]


def test_deals_without_a_contract_are_just_won_or_planted(selling: Sandbox, halden: Sandbox) -> None:
    planted = {
        label["subject"]: label for label in billing_truth(selling.folder) if label["kind"] == "sale_uncontracted"
    }
    lost = {doc["Name"]: doc for doc in won(selling) if not doc["ContractId"]}
    assert lost.keys() == planted.keys() and len(lost) >= 2
    for name, doc in lost.items():
        assert Decimal(str(doc["Amount"])) * 100 == planted[name]["sold_minor"]
        assert doc["CurrencyIsoCode"] == planted[name]["currency"]
        assert doc["CloseDate"] <= (ANCHOR - timedelta(days=25)).isoformat()
    young = [doc["CloseDate"] for doc in won(halden) if not doc["ContractId"]]
    assert young and all(day >= (ANCHOR - timedelta(days=6)).isoformat() for day in young)


def test_a_contract_with_less_than_was_sold_is_labelled_with_the_difference(selling: Sandbox) -> None:
    (label,) = [label for label in billing_truth(selling.folder) if label["kind"] == "contract_undersold"]
    assert label["codes"] == ["drift.sold"] and label["sold_minor"] > 0 and label["leak_minor"] is None


def test_who_signs_was_sold_to(selling: Sandbox) -> None:
    books = Books.of(selling.folder)
    assert books is not None
    before = {doc["Id"] for doc in won(selling)}
    books.sign(selling.emulators, NOW)
    (fresh,) = [doc for doc in won(selling) if doc["Id"] not in before]
    assert fresh["CloseDate"] == ANCHOR.isoformat()
    assert selling.salesforce.get("Contract", fresh["ContractId"]) is not None
