"""Rules about the document itself: tax, totals, duplicates, dates, and variance against the invoices before it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from statistics import median

from core.kit.money import format_minor
from core.validation.model import Facts, Finding, LineFacts, PriorInvoice, Rule

# Fewer earlier invoices than this say nothing about what is usual.
_ENOUGH_PRIORS = 3
# Beyond this many median absolute deviations from the median an amount is unusual (Iglewicz and Hoaglin use 3.5).
_UNUSUAL_DEVIATIONS = 5
# Kinds of charges that are billed once.
_ONCE = frozenset({"one_off", "milestone", "credit", "true_up", "adjustment"})


def tax_is_right(facts: Facts) -> tuple[Finding, ...]:
    country = facts.bill_to_country or (facts.customer.country if facts.customer else None)
    rates = facts.tax_percents
    if rates is None or not facts.lines:
        return ()
    fits = [rate for rate in rates if abs(facts.tax_minor - _tax_at(rate, facts)) <= len(facts.lines)]
    if fits:
        return ()
    expected = min((_tax_at(rate, facts) for rate in rates), key=lambda amount: abs(amount - facts.tax_minor))
    if facts.tolerance("tax.mismatch").allows(facts.tax_minor - expected, expected):
        return ()
    sentence = (
        f"Tax of {facts.currency} {format_minor(facts.tax_minor, facts.currency)} on invoice {facts.number}; "
        f"{format_minor(expected, facts.currency)} is due for {facts.entity_country} → {country}."
    )
    evidence = {"billed_tax_minor": facts.tax_minor, "expected_tax_minor": expected, "rates": rates}
    cause = f"tax.mismatch:{facts.entity}:{country}:{facts.number}"
    stake = abs(facts.tax_minor - expected)
    return (Finding("tax.mismatch", "blocking", sentence, evidence, stake, cause),)


def _tax_at(rate: Decimal, facts: Facts) -> int:
    return sum(int((_net(line) * rate / 100).quantize(Decimal(1), rounding="ROUND_HALF_UP")) for line in facts.lines)


def _net(line: LineFacts) -> Decimal:
    return Decimal(line.amount_minor - line.discount_minor)


def total_adds_up(facts: Facts) -> tuple[Finding, ...]:
    lines = sum(line.amount_minor - line.discount_minor + line.tax_minor for line in facts.lines)
    head = facts.subtotal_minor - facts.discount_minor + facts.tax_minor
    if lines == head == facts.total_minor:
        return ()
    sentence = (
        f"Lines and tax come to {format_minor(lines, facts.currency)}, "
        f"the invoice says {format_minor(facts.total_minor, facts.currency)}."
    )
    evidence = {"lines_minor": lines, "head_minor": head, "total_minor": facts.total_minor}
    cause = f"total.broken:{facts.number}"
    return (Finding("total.broken", "blocking", sentence, evidence, abs(facts.total_minor - lines), cause),)


def is_no_duplicate(facts: Facts) -> tuple[Finding, ...]:
    twin = next((prior for prior in facts.prior if _is_twin(facts, prior)), None)
    if twin is None:
        return ()
    sentence = f"Same contract, period and amount as invoice {twin.number} of {twin.issue_date:%d %b %Y}."
    evidence = {"twin": twin.number, "twin_total_minor": twin.total_minor, "total_minor": facts.total_minor}
    cause = f"document.duplicate:{facts.number}"
    return (Finding("document.duplicate", "blocking", sentence, evidence, facts.total_minor, cause),)


def _is_twin(facts: Facts, prior: PriorInvoice) -> bool:
    """Only the later of two is the duplicate, so that exactly one of them is stopped."""
    is_later = (facts.issue_date, facts.number) > (prior.issue_date, prior.number)
    same = (prior.period_start, prior.period_end, prior.total_minor)
    return (
        is_later
        and prior.period_start is not None
        and same == (facts.period_start, facts.period_end, facts.total_minor)
    )


def due_date_follows_issue(facts: Facts) -> tuple[Finding, ...]:
    if facts.due_date >= facts.issue_date:
        return ()
    sentence = f"Due {facts.due_date:%d %b %Y}, before it was issued ({facts.issue_date:%d %b %Y})."
    evidence = {"due_date": facts.due_date, "issue_date": facts.issue_date}
    cause = f"due_date.early:{facts.number}"
    return (Finding("due_date.early", "blocking", sentence, evidence, facts.total_minor, cause),)


def amount_is_usual(facts: Facts) -> tuple[Finding, ...]:
    """Robust z-score of the subtotal against earlier invoices of the same length: |x − median| ÷ MAD.

    An invoice with one-off charges or credits is no measure of what is usual; those are held against the schedule.
    """
    if any(line.kind in _ONCE for line in facts.lines):
        return ()
    span = _span(facts.period_start, facts.period_end)
    earlier = [
        p for p in facts.prior if p.issue_date < facts.issue_date and _span(p.period_start, p.period_end) == span
    ]
    amounts = [prior.subtotal_minor for prior in earlier[:12]]
    if len(amounts) < _ENOUGH_PRIORS:
        return ()
    usual = int(median(amounts))
    # Equal amounts have no spread of their own; a twentieth of the usual stands in for it.
    spread = max(median(abs(amount - usual) for amount in amounts), abs(usual) // 20, 1)
    difference = facts.subtotal_minor - usual
    is_usual = abs(difference) <= _UNUSUAL_DEVIATIONS * spread
    if is_usual or facts.tolerance("amount.variance").allows(difference, usual):
        return ()
    sentence = (
        f"{format_minor(facts.subtotal_minor, facts.currency)} before tax; the last {len(amounts)} invoices of this "
        f"contract were around {format_minor(usual, facts.currency)}."
    )
    evidence = {"subtotal_minor": facts.subtotal_minor, "usual_minor": usual, "spread_minor": int(spread)}
    cause = f"amount.variance:{facts.contract_number}"
    return (Finding("amount.variance", "blocking", sentence, evidence, abs(difference), cause),)


def usage_is_usual(facts: Facts) -> tuple[Finding, ...]:
    """Robust z-score of each open quantity against the earlier invoices of the contract."""
    if facts.contract is None:
        return ()
    promised = facts.contract.products_on(facts.period_start or facts.issue_date)
    metered = [
        line
        for line in facts.lines
        if (line.kind == "usage" if line.kind else promised.get(line.product_code or "", (None,))[0] == 0)
    ]
    return tuple(finding for line in metered for finding in _spike(facts, line))


def _spike(facts: Facts, line: LineFacts) -> tuple[Finding, ...]:
    code = line.product_code or ""
    earlier = [p for p in facts.prior if p.issue_date < facts.issue_date and code in p.quantities]
    quantities = [prior.quantities[code] for prior in earlier]
    if len(quantities) < _ENOUGH_PRIORS:
        return ()
    usual = median(quantities)
    spread = max(median(abs(quantity - usual) for quantity in quantities), usual / 10, Decimal(1))
    if abs(line.quantity - usual) <= _UNUSUAL_DEVIATIONS * spread:
        return ()
    sentence = f"{line.description}: {line.quantity:,.0f} used; around {usual:,.0f} is usual for this contract."
    evidence = {"product": code, "billed_quantity": line.quantity, "usual_quantity": usual}
    cause = f"usage.spike:{facts.contract_number}:{code}"
    stake = int(abs(line.amount_minor * (line.quantity - usual) / line.quantity)) if line.quantity else 0
    return (Finding("usage.spike", "blocking", sentence, evidence, stake, cause),)


def _span(start: date | None, end: date | None) -> int | None:
    """Length of a period in whole months, roughly; None when there is no period."""
    return None if start is None or end is None else round((end - start).days / 30.4)


HEAD_RULES: tuple[Rule, ...] = (total_adds_up, is_no_duplicate, due_date_follows_issue, amount_is_usual, usage_is_usual)
DOCUMENT_RULES: tuple[Rule, ...] = (*HEAD_RULES, tax_is_right)
