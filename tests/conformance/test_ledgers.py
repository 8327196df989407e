"""What every ledger promises, tried against its emulator over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from core.ports import InDoubt, LedgerDocument, LedgerLine, Rejected, Transient
from tests.conformance.systems import System

LEDGERS = ("netsuite",)
each_ledger = pytest.mark.parametrize("system", LEDGERS, indirect=True)
RATES = {"US": 0, "CA": 13, "UK": 20, "DE": 19, "FR": 20, "AU": 10}
CURRENCIES = {"US": "USD", "CA": "CAD", "UK": "GBP", "DE": "EUR", "FR": "EUR", "AU": "AUD"}


def customer_of(system: System, entity: str) -> str:
    """The CRM's id of some customer that the ledger knows for this legal entity."""
    rows = (system.emulator.get("customer", str(id)) for id in range(1001, 1025))
    subsidiary = {"US": "1", "CA": "2", "UK": "3", "DE": "4", "FR": "5", "AU": "6"}[entity]
    found = next((row for row in rows if row is not None and row["subsidiary"] == subsidiary), None)
    if found is None:
        found = {"subsidiary": subsidiary, "externalid": f"001Made{entity}", "companyname": f"Made {entity}"}
        found |= {"id": None, "entityid": f"made-{entity}", "currency": currency_id(system, entity)}
        system.emulator.save("customer", found)
    return str(found["externalid"])


def currency_id(system: System, entity: str) -> str:
    ids = {row["symbol"]: row["id"] for id in range(1, 6) if (row := system.emulator.get("currency", str(id)))}
    return str(ids[CURRENCIES[entity]])


def document(system: System, key: str, entity: str = "UK", **changes: Any) -> LedgerDocument:
    """An invoice of today with two lines, one of them odd to the cent."""
    today, percent = system.clock().date(), RATES[entity]
    nets = (108_000, 3_333)
    taxes = [(net * percent + 50) // 100 for net in nets]
    lines = tuple(
        LedgerLine(code, "Seats", Decimal(quantity), net, tax, Decimal(percent))
        for code, quantity, net, tax in zip(("HC-CORE", "HC-STORAGE"), (20, 7), nets, taxes, strict=True)
    )
    made = LedgerDocument(
        key=f"stripe_{key}",
        kind="invoice",
        number=f"HC-{key}",
        entity=entity,
        customer_ref=customer_of(system, entity),
        currency=CURRENCIES[entity],
        issue_date=today,
        due_date=today + timedelta(days=30),
        po_number="PO-77",
        memo="Contract 00010001",
        lines=lines,
        total_minor=sum(nets) + sum(taxes),
    )
    return replace(made, **changes)


def summary(system: System) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{system.line['address']}/_sandbox/ledger").json()
    return found


@each_ledger
@pytest.mark.parametrize("entity", RATES)
def test_what_was_posted_has_our_total_and_can_be_found(system: System, entity: str) -> None:
    wanted = document(system, f"posted_{entity}", entity)
    posted = system.ledger.post(wanted)
    assert posted.total_minor == wanted.total_minor
    assert posted.number == wanted.number
    found = system.ledger.find(wanted.key, "invoice")
    assert found is not None
    assert (found.external_id, found.total_minor) == (posted.external_id, wanted.total_minor)


@each_ledger
def test_what_is_not_there_is_found_as_nothing(system: System) -> None:
    assert system.ledger.find("stripe_never_posted", "invoice") is None


@each_ledger
def test_a_credit_memo_is_a_document_of_its_own(system: System) -> None:
    memo = document(system, "memo", kind="credit_memo")
    assert system.ledger.post(memo).total_minor == memo.total_minor
    assert system.ledger.find(memo.key, "credit_memo") is not None
    assert system.ledger.find(memo.key, "invoice") is None


@each_ledger
def test_posting_twice_makes_one_document_and_changes_nothing(system: System) -> None:
    wanted = document(system, "twice")
    first, second = system.ledger.post(wanted), system.ledger.post(wanted)
    assert (first.external_id, first.total_minor) == (second.external_id, second.total_minor)
    told = summary(system)
    assert told["creates"][wanted.key] == 1
    assert wanted.key not in told["updates"] or told["updates"][wanted.key] == 0
    assert told["duplicates"] == []


@each_ledger
def test_a_connection_cut_after_the_work_was_done_is_in_doubt_until_looked_up(system: System) -> None:
    wanted, ledger = document(system, "cut"), system.ledger
    assert ledger.find("stripe_warm_up", "invoice") is None
    system.faults.commit_then_disconnect = 1.0
    with pytest.raises(InDoubt) as raised:
        ledger.post(wanted)
    assert raised.value.exchange["request"]["method"] == "PUT"
    system.faults.reset()
    found = ledger.find(wanted.key, "invoice")
    assert found is not None
    assert found.total_minor == wanted.total_minor
    assert summary(system)["creates"][wanted.key] == 1


@each_ledger
@pytest.mark.parametrize("fault", [{"rate_429": 1.0}, {"outage": True}], ids=["429", "outage"])
def test_a_ledger_that_is_away_has_done_nothing(system: System, fault: dict[str, float | bool]) -> None:
    wanted = document(system, f"away_{next(iter(fault))}")
    ledger = system.ledger
    system.faults.set(fault)
    with pytest.raises(Transient):
        ledger.post(wanted)
    system.faults.reset()
    assert ledger.find(wanted.key, "invoice") is None


@each_ledger
def test_a_locked_period_is_refused_in_words(system: System) -> None:
    wanted = document(system, "locked", issue_date=date(2026, 3, 14))
    with pytest.raises(Rejected, match="has locked the period of 14 Mar 2026") as raised:
        system.ledger.post(wanted)
    assert raised.value.code == "period_locked"
    assert system.ledger.find(wanted.key, "invoice") is None


@each_ledger
def test_things_the_ledger_does_not_know_are_named(system: System) -> None:
    line = document(system, "any").lines[0]
    unknown_item = document(system, "item", lines=(replace(line, product_code="HC-NEW"),))
    unknown_rate = document(system, "rate", lines=(replace(line, tax_percent=Decimal("7.5")),))
    unknown_customer = document(system, "customer", customer_ref="001Nobody")
    other_currency = document(system, "currency", currency="AUD")
    for wanted, code, words in (
        (unknown_item, "item_unknown", "no item HC-NEW"),
        (unknown_rate, "tax_code_unknown", "7.5 %"),
        (unknown_customer, "customer_unknown", "does not know the customer"),
        (other_currency, "currency_not_allowed", "not set up for AUD"),
    ):
        with pytest.raises(Rejected, match=words) as raised:
            system.ledger.post(wanted)
        assert raised.value.code == code


@each_ledger
def test_an_item_that_was_added_meanwhile_is_found(system: System) -> None:
    ledger = system.ledger
    ledger.post(document(system, "before"))
    system.emulator.save("item", {"id": None, "itemid": "HC-LATE", "displayname": "Late", "itemtype": "Service"})
    wanted = document(system, "late")
    late = replace(wanted, lines=(replace(wanted.lines[0], product_code="HC-LATE"), wanted.lines[1]))
    assert ledger.post(late).total_minor == late.total_minor


@each_ledger
def test_a_token_that_expired_is_renewed_before_posting(system: System) -> None:
    ledger = system.ledger
    ledger.find("stripe_warm_up", "invoice")
    system.faults.token_expired = True
    wanted = document(system, "renewed")
    assert ledger.post(wanted).total_minor == wanted.total_minor


@each_ledger
def test_a_connection_that_works_says_so(system: System) -> None:
    assert system.ledger.check().is_usable


@each_ledger
def test_the_exchange_shows_what_was_sent_without_secrets(system: System) -> None:
    posted = system.ledger.post(document(system, "shown"))
    request = posted.exchange["request"]
    assert request["method"] == "PUT"
    assert request["body"]["tranId"] == "HC-shown"
    assert posted.exchange["response"]["status"] == 204
    told = repr(posted.exchange)
    assert "Bearer" not in told
    assert not [secret for secret in system.secrets() if secret in told]
