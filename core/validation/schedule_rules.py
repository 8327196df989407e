"""Rules that hold what the house drafted against its own billing schedule and against the tax that was determined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from core.kit.money import format_minor
from core.kit.tax_ids import is_valid_tax_id, needs_tax_id
from core.validation.model import DueFacts, Facts, Finding, Rule

# Of so many invoices at the latest, a charge has to be on three quarters before its absence says anything.
_LATEST, _ENOUGH = 8, 3


def schedule_is_billed(facts: Facts) -> tuple[Finding, ...]:
    """Every item that is due stands on the invoice, unless it comes to nothing."""
    billed = {line.schedule_item_id for line in facts.lines}
    return tuple(_missing(facts, item) for item in facts.due if item.expected_minor and item.id not in billed)


def _missing(facts: Facts, item: DueFacts) -> Finding:
    stake = abs(item.expected_minor or 0)
    sentence = (
        f"The schedule of contract {facts.contract_number} has {item.charge_key} for {_days(item)} "
        f"({facts.currency} {format_minor(item.expected_minor or 0, facts.currency)}), which is not billed."
    )
    evidence = {"charge": item.charge_key, "scheduled_minor": item.expected_minor, "billed_minor": 0}
    return Finding("charge.missing", "blocking", sentence, evidence, stake, f"charge.missing:{item.id}")


def lines_are_scheduled(facts: Facts) -> tuple[Finding, ...]:
    scheduled = {item.id for item in facts.due if item.is_on_invoice}
    return tuple(
        Finding(
            "charge.extra",
            "blocking",
            f"{line.description} is billed, but the schedule of contract {facts.contract_number} does not have it.",
            {"product": line.product_code, "billed_minor": line.net_minor, "scheduled_minor": 0},
            abs(line.net_minor),
            f"charge.extra:{facts.contract_number}:{line.charge_key or line.product_code}",
        )
        for line in facts.lines
        if line.schedule_item_id not in scheduled
    )


def amounts_are_as_planned(facts: Facts) -> tuple[Finding, ...]:
    """What was planned and what was rated come from the same terms: a difference means that one of them is stale."""
    billed: dict[UUID | None, int] = defaultdict(int)
    for line in facts.lines:
        billed[line.schedule_item_id] += line.net_minor
    return tuple(
        _differs(facts, item, billed[item.id])
        for item in facts.due
        if item.id in billed and item.expected_minor is not None and billed[item.id] != item.expected_minor
    )


def _differs(facts: Facts, item: DueFacts, billed: int) -> Finding:
    planned = item.expected_minor or 0
    sentence = (
        f"{item.charge_key} for {_days(item)}: {facts.currency} {format_minor(billed, facts.currency)} billed, "
        f"{format_minor(planned, facts.currency)} planned under contract {facts.contract_number}."
    )
    evidence = {"charge": item.charge_key, "scheduled_minor": planned, "billed_minor": billed}
    cause = f"schedule.differs:{facts.contract_number}:{item.charge_key}"
    return Finding("schedule.differs", "blocking", sentence, evidence, abs(billed - planned), cause)


def period_is_billed_once(facts: Facts) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "period.duplicate",
            "blocking",
            f"{item.charge_key} for {_days(item)} is already billed by invoice {item.twin}.",
            {"charge": item.charge_key, "twin": item.twin},
            abs(item.expected_minor or facts.total_minor),
            f"period.duplicate:{facts.contract_number}:{item.charge_key}",
        )
        for item in facts.due
        if item.is_on_invoice and item.twin
    )


def _days(item: DueFacts) -> str:
    return f"{item.period_start:%d %b %Y} up to {item.period_end:%d %b %Y}"


def credited_lines_say_why(facts: Facts) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "credit.no_reason",
            "blocking",
            f"{line.description} takes {facts.currency} {format_minor(-line.net_minor, facts.currency)} off without "
            "saying why.",
            {"product": line.product_code, "credited_minor": -line.net_minor},
            -line.net_minor,
            f"credit.no_reason:{facts.contract_number}:{line.charge_key}",
        )
        for line in facts.lines
        if line.net_minor < 0 and not line.arithmetic
    )


def tax_is_determined(facts: Facts) -> tuple[Finding, ...]:
    """The engine's tax per jurisdiction is the tax of the lines and of the invoice."""
    if facts.stated_tax_minor is None:
        return (_undetermined(facts),)
    lines = sum(line.tax_minor for line in facts.lines)
    if facts.stated_tax_minor == lines == facts.tax_minor:
        return ()
    sentence = (
        f"Tax of {facts.currency} {format_minor(facts.tax_minor, facts.currency)} on invoice {facts.number}; "
        f"{format_minor(facts.stated_tax_minor, facts.currency)} was determined."
    )
    evidence = {"billed_tax_minor": facts.tax_minor, "expected_tax_minor": facts.stated_tax_minor}
    stake = abs(facts.tax_minor - facts.stated_tax_minor)
    return (Finding("tax.mismatch", "blocking", sentence, evidence, stake, f"tax.mismatch:{facts.number}"),)


def _undetermined(facts: Facts) -> Finding:
    sentence, about = "The tax of this invoice has not been determined yet.", facts.entity
    evidence: dict[str, str | None] = {}
    if facts.tax_gap is not None:
        name = facts.customer.name if facts.customer else "the customer"
        sentence, about = f"The tax of {name} cannot be determined: {facts.tax_gap}.", name
        evidence = {"bill_to": facts.bill_to, "country": facts.bill_to_country}
    return Finding("tax.undetermined", "blocking", sentence, evidence, facts.total_minor, f"tax.undetermined:{about}")


def tax_id_is_valid(facts: Facts) -> tuple[Finding, ...]:
    """Abroad a buyer whose id has wrong check digits counts as a consumer: the invoice bears tax that it should not."""
    country = facts.bill_to_country or (facts.customer.country if facts.customer else None)
    is_abroad = country != facts.entity_country and needs_tax_id(facts.entity_country, country)
    if not facts.tax_id or country is None or not is_abroad or is_valid_tax_id(country, facts.tax_id):
        return ()
    name = facts.customer.name if facts.customer else "The customer"
    sentence = f"The VAT id {facts.tax_id} of {name} is not a valid one of {country}."
    evidence = {
        "invoice_tax_id": facts.tax_id,
        "crm_tax_id": facts.customer.tax_id if facts.customer else None,
        "country": country,
    }
    stake = facts.tax_minor or facts.total_minor
    return (Finding("tax_id.invalid", "blocking", sentence, evidence, stake, f"tax_id.invalid:{name}"),)


def usual_charge_is_there(facts: Facts) -> tuple[Finding, ...]:
    """A promised product that three quarters of the latest invoices (of at least three) billed is on this one too."""
    latest = [prior.quantities for prior in facts.prior[:_LATEST] if prior.quantities]
    if facts.contract is None or len(latest) < _ENOUGH:
        return ()
    promised = facts.contract.products_on(facts.period_start or facts.issue_date)
    here = {line.product_code for line in facts.lines}
    usual = [code for code in promised if code not in here and _share(code, latest) * 4 >= 3 * len(latest)]
    return tuple(
        Finding(
            "charge.absent",
            "warning",
            f"{code} is on {_share(code, latest)} of the last {len(latest)} invoices of contract "
            f"{facts.contract_number}, but not on this one.",
            {"product": code, "invoices_with_it": _share(code, latest), "invoices": len(latest)},
            0,
            f"charge.absent:{facts.contract_number}:{code}",
        )
        for code in usual
    )


def _share(code: str, latest: Sequence[Mapping[str, Decimal]]) -> int:
    return sum(1 for quantities in latest if code in quantities)


SCHEDULE_RULES: tuple[Rule, ...] = (
    schedule_is_billed,
    lines_are_scheduled,
    amounts_are_as_planned,
    period_is_billed_once,
    credited_lines_say_why,
    tax_is_determined,
    tax_id_is_valid,
    usual_charge_is_there,
)
