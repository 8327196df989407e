"""What every tax engine outside promises, tried against its emulator over HTTP, and what delivering to it promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.ports import (
    InDoubt,
    LedgerDocument,
    LedgerLine,
    Misconfigured,
    Place,
    Rejected,
    TaxableLine,
    TaxQuestion,
    Transient,
)
from tests.conformance.systems import WRONG, System

ENGINES = ("avatax",)
each_engine = pytest.mark.parametrize("system", ENGINES, indirect=True)
AUSTIN = Place("US", "TX", "78701", "Austin", "9 Elm St")


def question(key: str, **changes: Any) -> TaxQuestion:
    asked = TaxQuestion(
        key=f"house_{key}",
        kind="invoice",
        entity="US",
        customer_ref="CUST-17",
        currency="USD",
        tax_date=date(2026, 11, 2),
        seller=Place("US", "CO", "80202", "Denver", "1 Main St"),
        buyer=AUSTIN,
        lines=(TaxableLine("1", "HC-CORE", 120_000, "Seats"), TaxableLine("2", "HC-STORAGE", 3_333, "Storage")),
    )
    return replace(asked, **changes)


def document(asked: TaxQuestion, taxes: dict[str, int], **changes: Any) -> LedgerDocument:
    lines = tuple(
        LedgerLine(line.product_code, "Seats", Decimal(1), line.net_minor, taxes[line.key], Decimal(0))
        for line in asked.lines
    )
    made = LedgerDocument(
        key=asked.key,
        kind=asked.kind,
        number="US-2026-000001",
        entity="US",
        customer_ref="CUST-17",
        currency="USD",
        issue_date=asked.tax_date,
        due_date=asked.tax_date,
        po_number=None,
        memo="",
        lines=lines,
        total_minor=sum(line.net_minor + line.tax_minor for line in lines),
    )
    return replace(made, **changes)


def recorded(system: System, key: str, **changes: Any) -> LedgerDocument:
    """An invoice whose tax the engine has determined."""
    asked = question(key, **changes)
    taxes = dict.fromkeys([line.key for line in asked.lines], 0)
    for tax in system.taxes.calculate(asked).taxes:
        taxes[tax.line_key] += tax.tax_minor
    return document(asked, taxes)


def state(system: System, key: str, kind: str = "SalesInvoice") -> str | None:
    found = system.emulator.get("transaction", f"HALDEN/{kind}/house_{key}")
    return None if found is None else str(found["status"])


@each_engine
def test_every_line_is_answered_to_the_cent_by_jurisdiction(system: System) -> None:
    answer = system.taxes.calculate(question("cents"))
    found = [(tax.line_key, tax.jurisdiction, tax.percent, tax.taxable_minor, tax.tax_minor) for tax in answer.taxes]
    assert found == [
        ("1", "US-TX", Decimal("6.25"), 96_000, 6_000),
        ("1", "US-TX AUSTIN", Decimal(1), 96_000, 960),
        ("1", "US-TX AUSTIN MTA", Decimal(1), 96_000, 960),
        ("2", "US-TX", Decimal("6.25"), 2_666, 167),
        ("2", "US-TX AUSTIN", Decimal(1), 2_666, 27),
        ("2", "US-TX AUSTIN MTA", Decimal(1), 2_666, 27),
    ]
    assert answer.total_minor == 8_141
    assert state(system, "cents") == "Saved", "nothing is for good before the release"


@each_engine
def test_asking_again_about_a_document_replaces_what_was_recorded(system: System) -> None:
    system.taxes.calculate(question("again"))
    answer = system.taxes.calculate(question("again", lines=(TaxableLine("1", "HC-CORE", 10_000),)))
    assert answer.total_minor == 660
    held = system.emulator.get("transaction", "HALDEN/SalesInvoice/house_again")
    assert (held["version"], held["totalTax"], len(held["lines"])) == (2, 6.6, 1)


@each_engine
@pytest.mark.parametrize(
    ("buyer", "reason"),
    [(Place("US", "OR", "97201"), "no_nexus"), (Place("US", "CA", "94105"), "not_taxable"), (Place("DE"), "no_nexus")],
    ids=["no nexus", "not taxable there", "abroad"],
)
def test_without_tax_every_line_says_why(system: System, buyer: Place, reason: str) -> None:
    answer = system.taxes.calculate(question(f"none_{buyer.country}_{buyer.region}", buyer=buyer))
    assert [(tax.line_key, tax.tax_minor, tax.reason) for tax in answer.taxes] == [("1", 0, reason), ("2", 0, reason)]
    assert answer.sentences


@each_engine
def test_an_exempt_buyer_is_not_taxed(system: System) -> None:
    answer = system.taxes.calculate(question("exempt", is_exempt=True))
    assert {(tax.tax_minor, tax.reason) for tax in answer.taxes} == {(0, "exempt")}


@each_engine
def test_an_address_that_cannot_be_is_refused_in_the_engines_words(system: System) -> None:
    with pytest.raises(Rejected, match="postal code 10001 does not lie in TX") as raised:
        system.taxes.calculate(question("nowhere", buyer=Place("US", "TX", "10001")))
    assert raised.value.code == "InvalidAddress"


@each_engine
@pytest.mark.parametrize(
    "fault", [{"rate_429": 1.0}, {"outage": True}, {"rate_500": 1.0}, {"commit_then_disconnect": 1.0}], ids=str
)
def test_an_engine_that_is_away_is_asked_later(system: System, fault: dict[str, float | bool]) -> None:
    engine = system.taxes
    system.faults.set(fault)
    with pytest.raises(Transient) as raised:
        engine.calculate(question("away"))
    system.faults.reset()
    if "rate_429" in fault:
        assert raised.value.retry_after_seconds == 2
    assert engine.calculate(question("away")).total_minor == 8_141


@each_engine
def test_the_release_commits_once_and_the_commitment_is_found(system: System) -> None:
    wanted = recorded(system, "commit")
    assert system.ledger.find(wanted.key, "invoice") is None
    first, second = system.ledger.post(wanted), system.ledger.post(wanted)
    assert (first.external_id, first.total_minor, first.tax_minor) == (second.external_id, 131_474, 8_141)
    found = system.ledger.find(wanted.key, "invoice")
    assert found is not None and found.external_id == first.external_id
    assert state(system, "commit") == "Committed"


@each_engine
def test_a_commitment_whose_answer_was_lost_is_in_doubt_until_looked_up(system: System) -> None:
    wanted, ledger = recorded(system, "cut"), system.ledger
    system.faults.commit_then_disconnect = 1.0
    with pytest.raises(InDoubt) as raised:
        ledger.post(wanted)
    system.faults.reset()
    assert raised.value.exchange["request"]["url"].partition("?")[0].endswith("house_cut/commit")
    found = ledger.find(wanted.key, "invoice")
    assert found is not None and found.tax_minor == 8_141


@each_engine
def test_tax_that_is_another_here_is_never_committed(system: System) -> None:
    wanted = recorded(system, "differs")
    with pytest.raises(Rejected, match=r"is 81\.42 here and 81\.41 in AvaTax") as raised:
        system.ledger.post(replace(wanted, lines=(replace(wanted.lines[0], tax_minor=7_921), wanted.lines[1])))
    assert raised.value.code == "tax_differs"
    assert state(system, "differs") == "Saved"


@each_engine
def test_what_was_never_determined_cannot_be_committed(system: System) -> None:
    with pytest.raises(Rejected, match="holds no calculation") as raised:
        system.ledger.post(document(question("never"), {"1": 0, "2": 0}))
    assert raised.value.code == "not_recorded"


@each_engine
def test_a_cancelled_draft_is_taken_back(system: System) -> None:
    wanted = recorded(system, "void")
    void = replace(wanted, key=f"{wanted.key}.void", kind="void")
    assert system.ledger.find(void.key, "void") is None
    first, second = system.ledger.post(void), system.ledger.post(void)
    assert first.external_id == second.external_id
    assert state(system, "void") == "Cancelled"
    assert system.ledger.find(void.key, "void") is not None
    with pytest.raises(Rejected, match="was cancelled"):
        system.ledger.post(wanted)


@each_engine
def test_what_was_never_recorded_needs_no_taking_back(system: System) -> None:
    void = replace(document(question("unknown"), {"1": 0, "2": 0}), key="house_unknown.void", kind="void")
    assert system.ledger.post(void).total_minor is None


@each_engine
def test_a_credit_memo_is_a_return_on_the_day_of_its_invoice_with_the_tax_that_we_give_back(system: System) -> None:
    invoice = recorded(system, "credited")
    system.ledger.post(invoice)
    line = replace(invoice.lines[0], net_minor=60_000, tax_minor=3_961)
    memo = replace(
        invoice,
        key="house_memo",
        kind="credit_memo",
        number="US-CM-2026-000001",
        issue_date=date(2026, 12, 1),
        lines=(line,),
        total_minor=63_961,
        corrects_key=invoice.key,
    )
    posted = system.ledger.post(memo)
    assert (posted.total_minor, posted.tax_minor) == (63_961, 3_961)
    held = system.emulator.get("transaction", "HALDEN/ReturnInvoice/house_memo")
    assert (held["status"], held["totalAmount"], held["taxDate"]) == ("Committed", -600.0, "2026-11-02")
    assert system.ledger.find("house_memo", "credit_memo") is not None
    assert system.ledger.find("house_memo", "invoice") is None


@each_engine
def test_a_credit_memo_may_be_asked_about_like_an_invoice(system: System) -> None:
    answer = system.taxes.calculate(question("asked_memo", kind="credit_memo"))
    assert answer.total_minor == 8_141
    assert state(system, "asked_memo", "ReturnInvoice") == "Saved"


@each_engine
def test_a_wrong_key_is_noticed_although_the_ping_answers(system: System) -> None:
    wrong = system.connector(**WRONG["avatax"])
    assert wrong.ledger is not None and wrong.taxes is not None
    assert not wrong.ledger.check().is_usable
    assert system.ledger.check().is_usable
    with pytest.raises(Misconfigured):
        wrong.taxes.calculate(question("wrong"))


@each_engine
def test_no_secret_is_kept_in_an_exchange(system: System) -> None:
    posted = system.ledger.post(recorded(system, "secret"))
    assert [secret for secret in system.secrets() if secret in str(posted.exchange)] == []
    assert "Basic" not in str(posted.exchange)
