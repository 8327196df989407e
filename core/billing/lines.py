"""Lines of recurring charges, and of what is billed once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from core.billing import wording
from core.billing.commitments import true_up
from core.billing.holding import Unpriceable
from core.billing.model import RatedLine, Slot, SlotKind, Span
from core.billing.periods import total_quantity
from core.billing.pricing import Asked, Priced, priced
from core.billing.proration import Deal, Piece, pieces
from core.billing.renewing import term_end
from core.billing.rounding import allot, half_up

_NOTHING = Fraction()


def recurring(deal: Deal, slot: Slot) -> list[RatedLine]:
    """A line for each change inside the period, and what the period lacks of its minimum."""
    found = pieces(deal, slot.span)
    charged = sorted((piece for piece in found if not piece.is_free), key=_in_order)
    if not charged:
        return [_free(deal, found)] if found else []
    amounts = allot(half_up(sum((piece.exact for piece in charged), _NOTHING)), [piece.exact for piece in charged])
    free = [piece for piece in found if piece.is_free]
    lines = [
        line_of(deal, "recurring", piece, amount, _free_note(free) if at == 0 else "")
        for at, (piece, amount) in enumerate(zip(charged, amounts, strict=True))
    ]
    if deal.charge.terms.minimum_amount is not None:
        span = Span(charged[0].span.starts_on, max(piece.span.ends_on for piece in charged))
        missing = true_up(deal, lines, span, deal.grid.period(deal.grid.number(slot.span.starts_on)))
        lines += [missing] if missing else []
    return lines


def _in_order(piece: Piece) -> tuple[Span, Decimal]:
    return piece.span, piece.priced.unit_price


def _free_note(free: Sequence[Piece]) -> str:
    days = sum(span.days for span in {piece.span for piece in free})
    return f" ({wording.days(days)} free)" if days else ""


def _free(deal: Deal, free: Sequence[Piece]) -> RatedLine:
    """Only free days: a line without an amount, so that the customer sees it."""
    first = min(free, key=_in_order)
    span = Span(first.span.starts_on, max(piece.span.ends_on for piece in free))
    return free_line(deal, "recurring", span, first.priced)


def free_line(deal: Deal, kind: SlotKind, span: Span, cost: Priced) -> RatedLine:
    until = deal.charge.terms.free_until
    words = "" if until is None else f"free until {wording.day(until)}: "
    return _line(deal, kind, Piece(span, _NOTHING, cost, ""), 0, f"{words}{cost.words}, not charged")


def line_of(deal: Deal, kind: SlotKind, piece: Piece, amount_minor: int, note: str = "") -> RatedLine:
    words = f"{piece.words}{note} = {wording.amount(amount_minor, deal.digits)}"
    return _line(deal, kind, piece, amount_minor, words)


def _line(deal: Deal, kind: SlotKind, piece: Piece, amount_minor: int, words: str) -> RatedLine:
    charge, discount = deal.charge, deal.discount
    less = 0 if kind == "credit" else discount.minor(amount_minor, piece.span)
    if less:
        words += discount.words(less, piece.span, deal.digits)
    return RatedLine(
        charge_key=charge.key,
        product_code=charge.product_code,
        description=charge.description,
        quantity=piece.priced.quantity,
        unit_price=piece.priced.unit_price,
        amount_minor=amount_minor,
        discount_minor=less,
        span=piece.span,
        arithmetic=words,
        kind=kind,
    )


def once(deal: Deal, slot: Slot) -> list[RatedLine]:
    """A one-off, a milestone or a credit: all its steps, once, at the prices they were agreed at."""
    piece = once_piece(deal, slot)
    if piece is None:
        return []
    return [line_of(deal, slot.kind, piece, half_up(piece.exact))]


def once_piece(deal: Deal, slot: Slot) -> Piece | None:
    """None when its steps have brought it back to nothing, or the term ended before."""
    charge, end = deal.charge, term_end(deal.agreement)
    quantity = total_quantity(charge)
    if end is not None and slot.span.starts_on >= end and charge.terms.kind != "milestone":
        return None
    if quantity < 0:
        sentence = f"The quantities of {charge.description} add up to {quantity:f}."
        raise Unpriceable(charge.key, "price.negative_quantity", sentence)
    if quantity == 0 and (len(charge.steps) != 1 or charge.terms.pricing != "flat"):
        return None
    cost = _cost_of_all(deal, quantity)
    if charge.terms.kind == "credit":
        cost = Priced(cost.quantity, -abs(cost.unit_price), -abs(cost.amount), f"credit of {cost.words}")
    return Piece(slot.span, Fraction(cost.amount.scaleb(deal.digits)), cost, cost.words)


def _cost_of_all(deal: Deal, quantity: Decimal) -> Priced:
    """Of per-unit steps at different prices the sum, shown at the average price."""
    charge = deal.charge
    latest = max(charge.steps, key=lambda step: (step.quantity >= 0, step.starts_on, step.unit_price))
    cost = priced(charge, Asked(quantity, latest.unit_price, charge.terms.tiers), deal.money)
    if charge.terms.pricing != "per_unit" or len({step.unit_price for step in charge.steps}) == 1:
        return cost
    steps = sorted(charge.steps, key=lambda step: (step.starts_on, step.unit_price, step.quantity))
    amount = sum((step.quantity * step.unit_price for step in steps), Decimal(0))
    words = " + ".join(f"{wording.units(step.quantity)} × {deal.money.price(step.unit_price)}" for step in steps)
    return Priced(quantity, (amount / quantity).quantize(Decimal("0.0001")), amount, f"({words})")
