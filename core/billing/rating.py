"""From the slots of an invoice to its lines. The order of slots, charges and steps does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.billing import lines as made
from core.billing.holding import Unpriceable
from core.billing.metered import measured_for, metered
from core.billing.model import Agreement, Charge, Rated, RatedLine, Slot, SlotKind, Unratable, Usage
from core.billing.proration import Deal, deal_of
from core.billing.renewing import renewals_by
from core.billing.sharing import shared, shares_of
from core.kit.money import UnknownCurrency, exponent

# In this order lines stand on an invoice.
_RANKS: dict[SlotKind, int] = {"recurring": 0, "usage": 1, "one_off": 2, "milestone": 3, "credit": 4}


@dataclass
class _Outcome:
    lines: list[RatedLine] = field(default_factory=list)
    problems: list[Unratable] = field(default_factory=list)
    drawn_minor: dict[str, int] = field(default_factory=dict)


def rate(agreement: Agreement, slots: Iterable[Slot], usage: Usage) -> Rated:
    """Lines of all slots; what cannot be priced becomes a problem of its charge and makes no line at all.

    `usage` by charge key; when several slots of one charge of usage are rated at once, by `metered.usage_key(slot)`.
    Usage that is not given counts as none. A slot given twice counts once.
    """
    charges = {charge.key: charge for charge in agreement.charges}
    asked = sorted(set(slots), key=lambda slot: _place(charges, slot))
    problem = _unknown_currency(agreement)
    if problem:
        keys = dict.fromkeys(slot.charge_key for slot in asked)
        return Rated((), tuple(Unratable(key, "currency.unknown", problem) for key in keys))
    outcome = _Outcome()
    for group in _by_charge(asked):
        _rate_charge(agreement, charges.get(group[0].charge_key), group, usage, outcome)
    return Rated(tuple(outcome.lines), tuple(outcome.problems), outcome.drawn_minor)


def _place(charges: dict[str, Charge], slot: Slot) -> tuple[int, str, str, object]:
    charge = charges.get(slot.charge_key)
    return _RANKS.get(slot.kind, 9), charge.product_code if charge else "", slot.charge_key, slot.span


def _by_charge(slots: Sequence[Slot]) -> list[list[Slot]]:
    groups: dict[str, list[Slot]] = {}
    for slot in slots:
        groups.setdefault(slot.charge_key, []).append(slot)
    return list(groups.values())


def _unknown_currency(agreement: Agreement) -> str | None:
    try:
        exponent(agreement.currency)
    except UnknownCurrency as unknown:
        return unknown.sentence
    return None


def _rate_charge(
    agreement: Agreement, charge: Charge | None, slots: Sequence[Slot], usage: Usage, outcome: _Outcome
) -> None:
    try:
        if charge is None or any(slot.kind != charge.terms.kind for slot in slots):
            sentence = "What is to be billed is no longer part of the agreement."
            raise Unpriceable(slots[0].charge_key, "charge.unknown", sentence)
        deal, shares = deal_of(agreement, charge), shares_of(charge)
        lines, drawn_minor = _lines(deal, slots, usage)
    except Unpriceable as refused:
        outcome.problems.append(refused.problem)
        return
    if charge.terms.commit_amount is not None and charge.terms.kind == "usage":
        outcome.drawn_minor[charge.key] = drawn_minor
    for line in lines:
        outcome.lines.extend(shared(line, shares, deal.digits) if shares else (line,))


def _lines(deal: Deal, slots: Sequence[Slot], usage: Usage) -> tuple[list[RatedLine], int]:
    if deal.charge.terms.kind == "usage":
        return _usage_lines(deal, slots, usage)
    make = made.recurring if deal.charge.terms.kind == "recurring" else made.once
    return [line for slot in slots for line in make(deal, slot)], 0


def _usage_lines(deal: Deal, slots: Sequence[Slot], usage: Usage) -> tuple[list[RatedLine], int]:
    """One period after the other, each drawing on what those of its term before have left of a commitment."""
    lines: list[RatedLine] = []
    drawn_minor = 0
    for at, slot in enumerate(slots):
        measured = measured_for(slot, usage, is_alone=len(slots) == 1)
        if measured is None:
            sentence = f"It is not said in which period {deal.charge.description} was used."
            raise Unpriceable(deal.charge.key, "usage.ambiguous", sentence)
        is_first = at == 0 or _term(deal, slot) != _term(deal, slots[at - 1])
        drawn_minor = measured.drawn_minor if is_first else max(drawn_minor, measured.drawn_minor)
        billed = metered(deal, slot, measured, drawn_minor)
        lines.extend(billed.lines)
        drawn_minor = billed.drawn_minor
    return lines, drawn_minor


def _term(deal: Deal, slot: Slot) -> int:
    return renewals_by(deal.agreement, slot.span.starts_on)
