"""Each rule finds its own violation and nothing else; a right invoice has no finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.billing.tax import TaxTable
from core.db.tables import Contract, ContractLine, Customer, Document, LegalEntity
from core.validation.model import (
    ContractFacts,
    CustomerFacts,
    Facts,
    LineFacts,
    PriorInvoice,
    PromiseFacts,
)
from core.validation.rules import findings
from core.workflow.lawful import lawful_percents
from core.workflow.promised import contract_facts

START, END = date(2026, 10, 1), date(2026, 11, 1)
CUSTOMER = CustomerFacts("Nordlicht GmbH", "DE", "Hafenstraße 4", "DE811234565", False, False, 30)
PROMISE = PromiseFacts("HC-CORE", Decimal(10), Decimal(20), date(2026, 1, 1), None)
USAGE = PromiseFacts("HC-USAGE", Decimal(0), Decimal("0.5"), date(2026, 1, 1), None)
CONTRACT = ContractFacts(
    "CT-1", "active", date(2026, 1, 1), date(2026, 12, 31), "EUR", None, 30, Decimal(0), None, (PROMISE,)
)
LINE = LineFacts("HC-CORE", "Core seats", Decimal(10), Decimal(20), 20_000, 0, 3_800, START, END)


def right(**facts: Any) -> Facts:
    """An invoice that is exactly what the contract says; totals follow the lines."""
    lines: tuple[LineFacts, ...] = facts.pop("lines", (LINE,))
    sums: dict[str, int] = {
        "subtotal_minor": sum(line.amount_minor for line in lines),
        "discount_minor": sum(line.discount_minor for line in lines),
        "tax_minor": sum(line.tax_minor for line in lines),
    }
    total = sums["subtotal_minor"] - sums["discount_minor"] + sums["tax_minor"]
    defaults: dict[str, Any] = {
        "id": UUID(int=1),
        "number": "HC-2",
        "kind": "invoice",
        "entity": "DE",
        "entity_country": "DE",
        "currency": "EUR",
        "issue_date": START,
        "due_date": date(2026, 10, 31),
        "period_start": START,
        "period_end": END,
        "po_number": None,
        "tax_id": "DE811234565",
        "bill_to": "Hafenstraße 4",
        "bill_to_country": "DE",
        "contract_number": "CT-1",
        "lines": lines,
        "customer": CUSTOMER,
        "contract": CONTRACT,
        "total_minor": total,
    }
    made = Facts(**{**defaults, **sums, **facts})
    return made if "tax_percents" in facts else replace(made, tax_percents=lawful(made))


def lawful(
    facts: Facts, registrations: frozenset[str] = frozenset(), region: str | None = None
) -> tuple[Decimal, ...] | None:
    """What the tax table says of it, as it is gathered."""
    row = Document(
        bill_to_country=facts.bill_to_country,
        kind=facts.kind,
        currency=facts.currency,
        issue_date=facts.issue_date,
        tax_id=facts.tax_id,
    )
    entity = facts.entity_country and LegalEntity(code=facts.entity, country=facts.entity_country)
    country = facts.customer.country if facts.customer else None
    buyer = Customer(country=country, region=region, is_tax_exempt=False)
    return lawful_percents(TaxTable({"US": registrations}), row, buyer, entity or None)


def prior(number: str, issued: date, **facts: Any) -> PriorInvoice:
    defaults: dict[str, Any] = {
        "id": UUID(int=hash(number) % 2**64),
        "number": number,
        "period_start": issued,
        "period_end": date(issued.year, issued.month + 1, 1),
        "subtotal_minor": 20_000,
        "total_minor": 23_800,
        "issue_date": issued,
    }
    return PriorInvoice(**{**defaults, **facts})


HISTORY = tuple(prior(f"HC-0{month}", date(2026, month, 1)) for month in (6, 7, 8, 9))
GONE_BY = replace(CONTRACT, discount_percent=Decimal(10), discount_ends_on=date(2026, 9, 30))
TEN_OFF = replace(LINE, discount_minor=2_000, tax_minor=3_420)
METERED = replace(CONTRACT, promises=(PROMISE, USAGE))


def used(quantity: int) -> LineFacts:
    amount = quantity * 50
    return LineFacts(
        "HC-USAGE", "API calls", Decimal(quantity), Decimal("0.5"), amount, 0, amount * 19 // 100, START, END
    )


CALLS = tuple(replace(p, quantities={"HC-USAGE": Decimal(100)}, subtotal_minor=25_000) for p in HISTORY)

WRONG: dict[str, Facts] = {
    "customer.unknown": right(customer=None),
    "customer.on_hold": right(customer=replace(CUSTOMER, is_on_hold=True)),
    "entity.unknown": right(entity_country=None),
    "address.missing": right(bill_to=None, customer=replace(CUSTOMER, address=None)),
    "tax_id.missing": right(tax_id=None),
    "tax_id.invalid": right(tax_id="DE811234567"),
    "mapping.item_missing": right(unmapped_products=frozenset({"HC-CORE"})),
    "contract.missing": right(contract=None),
    "contract.not_active": right(contract=replace(CONTRACT, ends_on=date(2026, 9, 30))),
    "currency.mismatch": right(contract=replace(CONTRACT, currency="USD")),
    "terms.drift": right(due_date=date(2026, 11, 30)),
    "po.missing": right(customer=replace(CUSTOMER, is_po_required=True)),
    "price.outdated": right(contract=replace(CONTRACT, promises=(replace(PROMISE, unit_price=Decimal(25)),))),
    "seats.outdated": right(contract=replace(CONTRACT, promises=(PROMISE, replace(PROMISE, quantity=Decimal(2))))),
    "discount.wrong": right(contract=replace(CONTRACT, discount_percent=Decimal(10))),
    "discount.expired": right(contract=GONE_BY, lines=(TEN_OFF,)),
    "charge.missing": right(contract=replace(CONTRACT, promises=(PROMISE, replace(PROMISE, product_code="HC-X")))),
    "charge.extra": right(lines=(LINE, replace(LINE, product_code="HC-X"))),
    "tax.mismatch": right(lines=(replace(LINE, tax_minor=3_000),)),
    "total.broken": right(total_minor=23_801),
    "document.duplicate": right(prior=(prior("HC-1", START, period_end=END),)),
    "amount.variance": right(
        lines=(replace(LINE, quantity=Decimal(60), amount_minor=120_000, tax_minor=22_800),),
        contract=replace(CONTRACT, promises=(replace(PROMISE, quantity=Decimal(60)),)),
        prior=HISTORY,
    ),
    "usage.spike": right(lines=(LINE, used(700)), contract=METERED, prior=CALLS),
}


@pytest.mark.parametrize("code", sorted(WRONG))
def test_a_violation_is_found_under_its_own_code(code: str) -> None:
    found = {finding.code for finding in findings(WRONG[code])}
    allowed = {"usage.spike": {"usage.spike", "amount.variance"}}.get(code, {code})
    assert code in found
    assert found <= allowed


def test_a_right_invoice_has_no_finding() -> None:
    assert findings(right(prior=HISTORY)) == ()


def test_usual_usage_is_no_finding() -> None:
    assert findings(right(lines=(LINE, used(110)), contract=METERED, prior=CALLS)) == ()


def test_amendments_add_up() -> None:
    more = replace(PROMISE, quantity=Decimal(-3), starts_on=date(2026, 5, 1))
    seven = replace(LINE, quantity=Decimal(7), amount_minor=14_000, tax_minor=2_660)
    assert findings(right(lines=(seven,), contract=replace(CONTRACT, promises=(PROMISE, more)))) == ()


def test_seats_sold_later_at_another_price_are_held_against_their_own_line() -> None:
    mixed = replace(CONTRACT, promises=(PROMISE, replace(PROMISE, quantity=Decimal(5), unit_price=Decimal(18))))
    more = replace(LINE, quantity=Decimal(5), unit_price=Decimal(18), amount_minor=9_000, tax_minor=1_710)
    assert findings(right(lines=(LINE, more), contract=mixed)) == ()
    found = findings(right(lines=(LINE, replace(more, quantity=Decimal(6))), contract=mixed))
    assert [(each.code, each.evidence["contract_quantity"]) for each in found] == [("seats.outdated", 5)]


def test_an_invoice_from_outside_that_leaves_out_one_of_two_prices_bills_too_few_seats() -> None:
    mixed = replace(CONTRACT, promises=(PROMISE, replace(PROMISE, quantity=Decimal(5), unit_price=Decimal(18))))
    found = findings(right(contract=mixed))
    assert ("seats.outdated", 15) in [(each.code, each.evidence.get("contract_quantity")) for each in found]


def test_reverse_charge_bears_no_tax_and_needs_a_tax_id() -> None:
    untaxed = replace(LINE, tax_minor=0)
    assert findings(right(lines=(untaxed,), bill_to_country="FR", tax_id="FR40303265045")) == ()
    assert [f.code for f in findings(right(lines=(untaxed,), bill_to_country="FR", tax_id=None))] == ["tax_id.missing"]


def test_reverse_charge_does_not_rest_on_an_id_with_wrong_check_digits() -> None:
    untaxed = replace(LINE, tax_minor=0)
    (stopped,) = findings(right(lines=(untaxed,), bill_to_country="FR", tax_id="FR00000000000"))
    assert (stopped.code, stopped.level) == ("tax_id.invalid", "blocking")
    assert "reverse charge does not hold" in stopped.sentence
    (taxed,) = findings(right(lines=(replace(LINE, tax_minor=4_000),), bill_to_country="FR", tax_id="FR00000000000"))
    assert (taxed.code, taxed.level) == ("tax_id.invalid", "warning"), "a consumer's tax of France"
    (at_home,) = findings(right(tax_id="DE811234567"))
    assert (at_home.code, at_home.level) == ("tax_id.invalid", "warning")


@pytest.mark.parametrize(
    ("country", "region", "percents"),
    [
        ("CA", "ON", "13"),
        ("CA", "NS", "14"),
        ("CA", "AB", "5"),
        ("CA", None, "5 13 14 15"),
        ("US", "TX", "5"),
        ("US", "FL", "0"),
        ("US", None, "0 4 5"),
        ("GB", None, "20"),
        ("AU", "NSW", "10"),
        ("JP", None, None),
    ],
)
def test_what_may_stand_on_an_invoice_at_home_follows_the_table(
    country: str, region: str | None, percents: str | None
) -> None:
    customer = replace(CUSTOMER, country=country)
    facts = right(entity_country=country, bill_to_country=country, customer=customer, tax_id=None)
    found = lawful(facts, frozenset({"TX", "NY"}), region)
    assert found == (None if percents is None else tuple(Decimal(each) for each in percents.split()))


def test_only_the_later_of_two_twins_is_the_duplicate() -> None:
    later = prior("HC-3", START, period_end=END)
    assert findings(right(prior=(later,))) == ()


def test_a_credit_memo_needs_a_reason_and_its_invoice() -> None:
    memo = right(kind="credit_memo", reason=None, is_invoice_known=False)
    assert {finding.code for finding in findings(memo)} == {"credit.no_reason", "credit.unknown_invoice"}


def test_a_line_without_an_end_is_promised_once_on_any_day_of_a_contract_that_renews() -> None:
    row = Contract(
        number="CT-1",
        status="active",
        starts_on=date(2026, 1, 1),
        ends_on=date(2026, 12, 31),
        currency="EUR",
        discount_percent=Decimal(0),
        billing_frequency="monthly",
        billed_by="stripe",
        auto_renews=True,
        renewal_months=6,
        uplift_percent=Decimal(10),
    )
    sold = ((date(2026, 1, 1), None), (date(2027, 8, 1), date(2027, 12, 31)), (date(2026, 2, 1), date(2026, 3, 31)))
    lines = [
        ContractLine(
            product_code="HC-CORE", quantity=Decimal(10), unit_price=Decimal(20), starts_on=first, ends_on=last
        )
        for first, last in sold
    ]
    facts = contract_facts(row, lines, date(2026, 10, 1))
    assert facts.last_day is None
    seats = {day: facts.products_on(day)["HC-CORE"][0] for day in (date(2026, 2, 1), date(2026, 12, 31))}
    assert list(seats.values()) == [20, 10]
    assert facts.products_on(date(2027, 1, 1))["HC-CORE"] == (Decimal(10), Decimal(22))
    assert facts.products_on(date(2027, 7, 1))["HC-CORE"] == (Decimal(10), Decimal("24.2"))
    # Agreed within the renewed term: added, at its own price until the next renewal.
    assert facts.products_on(date(2027, 8, 1))["HC-CORE"] == (Decimal(20), Decimal(20))
    assert facts.products_on(date(2028, 1, 1))["HC-CORE"] == (Decimal(20), Decimal(22))
