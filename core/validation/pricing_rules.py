"""Rules that hold the lines of an invoice against what was sold: price, seats, discount, missing and extra charges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from core.kit.money import format_minor, to_decimal, to_minor
from core.validation.model import ContractFacts, Facts, Finding, LineFacts, Rule


def _comparable(facts: Facts) -> Iterator[tuple[LineFacts, ContractFacts, tuple[Decimal, Decimal]]]:
    """Lines whose product is on the contract on the first day of their period, in the contract's currency."""
    contract = facts.contract
    if contract is None or contract.currency != facts.currency:
        return
    for line in facts.lines:
        if not line.is_plain:
            # Flat, tiered, ramped, metered and one-off lines are held against the schedule instead.
            continue
        day = line.period_start or facts.issue_date
        if line.product_code in contract.products_on(day):
            yield line, contract, _agreed(facts, contract, line, day)


def _agreed(facts: Facts, contract: ContractFacts, line: LineFacts, day: date) -> tuple[Decimal, Decimal]:
    """Quantity and price that a line is held against: those of its own price where the invoice bills each agreed price
    on a line of its own, as the house always does; otherwise the product as a whole."""
    code = line.product_code or ""
    by_price = contract.seats_by_price(day, code)
    billed = {each.unit_price for each in facts.lines if each.product_code == code}
    is_by_price = line.unit_price in by_price and (facts.is_ours or by_price.keys() <= billed)
    return (by_price[line.unit_price], line.unit_price) if is_by_price else contract.products_on(day)[code]


def price_is_the_contracts(facts: Facts) -> tuple[Finding, ...]:
    found = []
    for line, contract, (_, price) in _comparable(facts):
        fair = _fair_amount(line, line.unit_price, price)
        if line.unit_price == price or facts.tolerance("price.outdated").allows(line.amount_minor - fair, fair):
            continue
        sentence = (
            f"{line.description}: billed at {facts.currency} {line.unit_price.normalize():f} per unit and month, "
            f"contract {contract.number} says {price.normalize():f}."
        )
        evidence = {"product": line.product_code, "billed_price": line.unit_price, "contract_price": price}
        cause = f"price.outdated:{contract.number}:{line.product_code}"
        stake = abs(line.amount_minor - fair)
        found.append(Finding("price.outdated", "blocking", sentence, evidence, stake, cause))
    return tuple(found)


def seats_are_the_contracts(facts: Facts) -> tuple[Finding, ...]:
    found = []
    for line, contract, (quantity, _) in _comparable(facts):
        # A promise of zero is an open quantity: usage decides.
        if quantity == 0 or line.quantity == quantity:
            continue
        fair = _fair_amount(line, line.quantity, quantity)
        sentence = (
            f"{line.description}: {line.quantity.normalize():f} billed, "
            f"contract {contract.number} holds {quantity.normalize():f}."
        )
        evidence = {"product": line.product_code, "billed_quantity": line.quantity, "contract_quantity": quantity}
        cause = f"seats.outdated:{contract.number}:{line.product_code}"
        stake = abs(line.amount_minor - fair)
        found.append(Finding("seats.outdated", "blocking", sentence, evidence, stake, cause))
    return tuple(found)


def _fair_amount(line: LineFacts, billed: Decimal, agreed: Decimal) -> int:
    """The line's amount if `agreed` had stood where `billed` does."""
    return int((line.amount_minor * agreed / billed).to_integral_value()) if billed else 0


def discount_is_the_contracts(facts: Facts) -> tuple[Finding, ...]:
    found = []
    for line, contract, _ in _comparable(facts):
        ends = contract.discount_ends_on
        if facts.is_ours and _ends_inside(ends, line):
            # The house takes it off by the day; amounts are held against the schedule.
            continue
        is_over = ends is not None and (line.period_start or facts.issue_date) > ends
        percent = Decimal(0) if is_over else contract.discount_percent
        fair = to_minor(to_decimal(line.amount_minor, facts.currency) * percent / 100, facts.currency)
        if abs(line.discount_minor - fair) <= 1:
            continue
        code = "discount.expired" if is_over else "discount.wrong"
        given = Decimal(line.discount_minor * 100) / line.amount_minor if line.amount_minor else Decimal(0)
        why = (
            f"the discount of contract {contract.number} ended {ends:%d %b %Y}"
            if is_over
            else (f"contract {contract.number} grants {percent.normalize():f} %")
        )
        sentence = f"{line.description}: {given:.1f} % discount given, {why}."
        evidence = {"product": line.product_code, "given_minor": line.discount_minor, "agreed_minor": fair}
        cause = f"{code}:{contract.number}"
        found.append(Finding(code, "blocking", sentence, evidence, abs(line.discount_minor - fair), cause))
    return tuple(found)


def _ends_inside(ends: date | None, line: LineFacts) -> bool:
    """Whether some days of the line have the discount and some have not."""
    if ends is None or line.period_start is None or line.period_end is None:
        return False
    return line.period_start <= ends < line.period_end - timedelta(days=1)


def no_charge_is_missing(facts: Facts) -> tuple[Finding, ...]:
    contract, day = facts.contract, facts.period_start
    if contract is None or day is None or facts.kind != "invoice":
        return ()
    billed = {line.product_code for line in facts.lines}
    missing = [(code, q, p) for code, (q, p) in contract.products_on(day).items() if q > 0 and code not in billed]
    found = []
    for code, quantity, price in missing:
        stake = to_minor(quantity * price, facts.currency)
        sentence = (
            f"{code} is on contract {contract.number} ({quantity.normalize():f} units) but not billed: "
            f"{facts.currency} {format_minor(stake, facts.currency)} a month."
        )
        evidence = {"product": code, "contract_quantity": quantity, "billed_quantity": 0}
        cause = f"charge.missing:{contract.number}:{code}"
        found.append(Finding("charge.missing", "blocking", sentence, evidence, stake, cause))
    return tuple(found)


def no_charge_is_extra(facts: Facts) -> tuple[Finding, ...]:
    contract = facts.contract
    if contract is None:
        return ()
    found = []
    for line in facts.lines:
        if line.product_code is None or _is_promised(contract, line, facts):
            continue
        sentence = f"{line.description} is billed but not on contract {contract.number}."
        evidence = {"product": line.product_code, "billed_quantity": line.quantity, "contract_quantity": 0}
        cause = f"charge.extra:{contract.number}:{line.product_code}"
        found.append(Finding("charge.extra", "blocking", sentence, evidence, line.amount_minor, cause))
    return tuple(found)


def _is_promised(contract: ContractFacts, line: LineFacts, facts: Facts) -> bool:
    """Outside the contract's term nothing is promised; that is another rule's finding."""
    day = line.period_start or facts.issue_date
    is_outside = day < contract.starts_on or (contract.last_day is not None and day > contract.last_day)
    return is_outside or line.product_code in contract.products_on(day)


LINE_RULES: tuple[Rule, ...] = (price_is_the_contracts, seats_are_the_contracts, discount_is_the_contracts)
PRICING_RULES: tuple[Rule, ...] = (*LINE_RULES, no_charge_is_missing, no_charge_is_extra)
