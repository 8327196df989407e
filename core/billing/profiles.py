"""What a billed slot costs on each of its days, so that two versions of an agreement can be held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby

from core.billing import wording
from core.billing.anchors import Grid
from core.billing.lines import once, once_piece, recurring
from core.billing.metered import metered
from core.billing.model import Agreement, Charge, Measured, Slot, Span
from core.billing.proration import Deal, Piece, deal_of, pieces
from core.billing.sharing import shares_of

_FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of a slot on which the same holds. `facts` differ when anything that matters differs; None = nothing is
    charged. `exact`: net of discount, minor units, not rounded."""

    span: Span
    facts: tuple[object, ...] | None
    exact: Fraction
    quantity: Decimal
    unit_price: Decimal
    words: str = ""
    whole_days: int = 0
    less: str = ""

    def part(self, span: Span) -> Fraction:
        return self.exact * span.days / self.span.days

    def words_for(self, span: Span) -> str:
        """How the part for a span came about."""
        is_part = self.whole_days and span.days != self.whole_days
        days = f" × {span.days} of {wording.days(self.whole_days)}" if is_part else ""
        return f"{self.words}{days}{self.less}"


@dataclass(frozen=True, slots=True)
class Profile:
    """`net_minor`: what the slot costs, without its true-up to a minimum."""

    stretches: tuple[Stretch, ...]
    net_minor: int
    true_up_minor: int

    def on(self, span: Span) -> Stretch:
        """What holds on days inside one stretch, or inside none."""
        for stretch in self.stretches:
            if stretch.span.starts_on <= span.starts_on and span.ends_on <= stretch.span.ends_on:
                return stretch
        return Stretch(span, None, Fraction(), Decimal(0), Decimal(0))


_NOTHING = Profile((), 0, 0)


def profile_of(
    agreement: Agreement, charge: Charge | None, slot: Slot, grid: Grid, used: Decimal | None = None
) -> Profile:
    """Of a charge that is not (or no longer) part of the agreement: nothing. `used`: what was measured of a slot of
    usage. Raises Unpriceable."""
    if charge is None or charge.terms.kind != slot.kind:
        return _NOTHING
    deal = deal_of(agreement, charge, grid)
    if slot.kind == "recurring":
        return _recurring(deal, slot)
    if slot.kind == "usage":
        return _metered(deal, slot, used or Decimal(0))
    piece = once_piece(deal, slot)
    if piece is None:
        return _NOTHING
    net_minor = sum(line.net_minor for line in once(deal, slot))
    return Profile((_stretch(deal, piece.span, [piece]),), net_minor, 0)


def _recurring(deal: Deal, slot: Slot) -> Profile:
    charged = sorted((piece for piece in pieces(deal, slot.span) if not piece.is_free), key=lambda piece: piece.span)
    lines = recurring(deal, slot)
    stretches = [
        _stretch(deal, part, together)
        for span, found in groupby(charged, key=lambda piece: piece.span)
        for together in [list(found)]
        for part in _by_discount(span, deal.discount.ends_on)
    ]
    return Profile(
        tuple(stretches),
        sum(line.net_minor for line in lines if line.kind != "true_up"),
        sum(line.net_minor for line in lines if line.kind == "true_up"),
    )


def _metered(deal: Deal, slot: Slot, used: Decimal) -> Profile:
    """Usage is priced as a whole: no day of its period costs anything by itself. What a commitment pays of it is no
    part of what it costs."""
    lines = metered(deal, slot, Measured(used), 0).lines
    if not lines:
        return _NOTHING
    first = lines[0]
    net_minor = sum(line.net_minor for line in lines if line.kind == "usage")
    facts = (net_minor, tuple(shares_of(deal.charge)))
    words = first.arithmetic.partition(f" = {wording.amount(first.amount_minor, deal.digits)}")
    less = f", less {wording.percent(deal.discount.percent)}" if first.discount_minor else ""
    whole = Stretch(slot.span, facts, Fraction(net_minor), first.quantity, first.unit_price, words[0], 0, less)
    return Profile((whole,), net_minor, sum(line.net_minor for line in lines if line.kind == "true_up"))


def _by_discount(span: Span, ends_on: date | None) -> Iterator[Span]:
    """Cut where a discount ends inside."""
    if ends_on is None or not span.starts_on < ends_on < span.ends_on:
        yield span
        return
    yield Span(span.starts_on, ends_on)
    yield Span(ends_on, span.ends_on)


def _stretch(deal: Deal, span: Span, together: Sequence[Piece]) -> Stretch:
    """The pieces of the same days as one; `span` is all of their days, or those with or without discount."""
    share = deal.discount.share(span) if deal.charge.terms.kind != "credit" else Fraction()
    exact = sum((piece.exact for piece in together), Fraction()) * span.days / together[0].span.days * (1 - share)
    costs = [piece.priced for piece in together]
    facts = (
        tuple((cost.quantity, cost.unit_price) for cost in costs),
        exact / span.days,
        tuple(shares_of(deal.charge)),
    )
    quantity = sum((cost.quantity for cost in costs), Decimal(0))
    return Stretch(
        span,
        facts,
        exact,
        quantity,
        _average(costs[0].unit_price, quantity, together),
        _words(deal, [cost.words for cost in costs]),
        together[0].whole_days,
        f", less {wording.percent(deal.discount.percent)}" if share else "",
    )


def _words(deal: Deal, costs: Sequence[str]) -> str:
    joined = f"({' + '.join(costs)})" if len(costs) > 1 else costs[0]
    return f"{joined} × {wording.months(deal.grid.months)}" if deal.charge.terms.kind == "recurring" else joined


def _average(first: Decimal, quantity: Decimal, together: Sequence[Piece]) -> Decimal:
    if len(together) == 1 or not quantity:
        return first
    amount = sum((piece.priced.quantity * piece.priced.unit_price for piece in together), Decimal(0))
    return (amount / quantity).quantize(_FOUR_DECIMALS, ROUND_HALF_UP)
