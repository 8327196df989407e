"""Contracts that the product bills: all ways of selling, each planted error labelled, and a life that goes on."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.company import Life, billing_truth, populate_house
from sandbox.company.house import Books
from sandbox.company.house.faults import FAULTS
from sandbox.company.house.generate import House, house
from sandbox.company.house.leaks import KINDS
from sandbox.company.house.metering import BATCH, batches
from sandbox.company.house.people import is_valid, newcomer
from sandbox.company.house.shapes import SHAPES
from tests.sandbox.company.memory import ANCHOR, SEED, Sandbox, generate

NOW = datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> House:
    return house(Decimal("0.05"), SEED, ANCHOR)


@pytest.fixture
def selling(tmp_path: Path) -> Iterator[Sandbox]:
    found = Sandbox(tmp_path)
    populate_house(found.emulators, Decimal("0.05"), SEED, ANCHOR, folder=tmp_path)
    yield found


def test_the_same_seed_gives_the_same_contracts(made: House) -> None:
    assert house(Decimal("0.05"), SEED, ANCHOR) == made
    assert house(Decimal("0.05"), SEED + 1, ANCHOR) != made


def test_every_way_of_selling_occurs_in_every_entity_and_currency_and_by_both_means_of_payment() -> None:
    whole = house(Decimal(1), SEED, ANCHOR)
    right = [deal for deal in whole.deals if deal.fault is None]
    assert len(right) == 120
    assert len({deal.shape for deal in right}) == len(SHAPES)
    assert len({deal.customer.entity for deal in right}) == 6
    assert len({deal.currency for deal in right}) == 5
    assert {deal.customer.behaviour.method for deal in right} == {"card", "bank"}
    assert 0 < sum(deal.by_hand for deal in right) < 20


def test_nothing_began_more_than_four_months_ago_and_something_is_due(made: House) -> None:
    assert all(80 > (ANCHOR - deal.start).days >= 0 or deal.start >= date(2026, 8, 1) for deal in made.deals)
    assert all(deal.start < date(2026, 10, 22) for deal in made.deals)


def test_each_kind_of_error_is_planted_and_says_what_must_be_found(selling: Sandbox) -> None:
    labels = billing_truth(selling.folder)
    kinds = Counter(label["kind"] for label in labels)
    assert len(kinds) == len(FAULTS) + len(KINDS) + 2
    assert all(label["codes"] for label in labels if label["kind"] != "usage_spike")
    assert all(label["leak_minor"] > 0 for label in labels if label["kind"] in ("stripe_seats", "stripe_period"))
    items = {doc["Id"] for doc in selling.salesforce.all("OrderItem")}
    assert all(set(label["references"]) <= items for label in labels)


def test_a_missed_period_loses_what_the_contract_says_of_it(selling: Sandbox) -> None:
    (label,) = [label for label in billing_truth(selling.folder) if label["kind"] == "stripe_period"]
    number = label["contract"]
    billed = [doc for doc in selling.stripe.all("invoice") if doc["metadata"].get("contract_number") == number]
    assert {doc["subtotal"] for doc in billed} == {label["leak_minor"]}


def test_only_the_customer_with_the_planted_id_has_wrong_check_digits(made: House) -> None:
    wrong = [
        deal.fault
        for deal in made.deals
        if deal.customer.tax_id and not is_valid(deal.customer.country, deal.customer.tax_id)
    ]
    assert wrong == ["tax_id_invalid"]


def test_the_older_company_is_the_same_beside_them(tmp_path: Path) -> None:
    alone, beside = generate(tmp_path / "a", scale="0.01"), generate(tmp_path / "b", scale="0.01")
    populate_house(beside.emulators, Decimal("0.01"), SEED, ANCHOR, folder=beside.folder)
    for name, memory in alone.emulators.items():
        for kind, records in memory.records.items():
            now = beside.emulators[name].records[kind]
            assert {id: now[id] for id in records} == records, (name, kind)


def test_usage_is_the_same_every_time_with_some_of_it_late_twice_and_out_of_order(selling: Sandbox) -> None:
    meter = Books(selling.folder).meter()
    since = datetime(2026, 9, 1, tzinfo=UTC)
    events = list(meter.history(since, NOW))
    assert events == list(meter.history(since, NOW))
    ids = [event["id"] for event in events]
    assert 0.003 < 1 - len(set(ids)) / len(ids) < 0.02
    times = [event["time"] for event in events]
    assert times != sorted(times)
    assert {len(batch) for batch in list(batches(events))[:-1]} == {BATCH}


def test_somebody_signs_and_all_systems_know_it(selling: Sandbox) -> None:
    life = Life(selling.emulators, SEED, lambda: NOW, selling.folder)
    before = {name: memory.count("customer") for name, memory in selling.emulators.items()}
    told = life.sign()
    (contract,) = [doc for doc in selling.salesforce.all("Contract") if doc["ContractNumber"] == told.split()[1]]
    assert (contract["Billing_System__c"], contract["StartDate"]) == ("Quittance", ANCHOR.isoformat())
    orders = [doc["Id"] for doc in selling.salesforce.all("Order") if doc["ContractId"] == contract["Id"]]
    assert any(doc["OrderId"] in orders for doc in selling.salesforce.all("OrderItem"))
    assert selling.stripe.count("customer") == before["stripe"] + 1
    assert selling.netsuite.count("customer") == before["netsuite"] + 1


def test_life_goes_on_over_a_restart(selling: Sandbox) -> None:
    books = Books(selling.folder)
    told = [books.step(selling.emulators, NOW) for _ in range(30)]
    assert {each.split()[0] for each in told} == {"contract", "amendment", "renewal"}
    again = Books(selling.folder)
    assert again.deals == books.deals
    assert again.step(selling.emulators, NOW) not in told[:1]
    changes = [doc for doc in selling.salesforce.all("OrderItem") if doc["ServiceDate"] == ANCHOR.isoformat()]
    assert any(doc["Revised_Item__c"] for doc in changes)


def test_a_customer_can_come_on_the_day_that_most_years_lack() -> None:
    assert newcomer(1, 0, date(2028, 2, 29)).since == date(2028, 2, 29)
