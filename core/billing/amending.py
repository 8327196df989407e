"""What an amendment changes in periods that are billed already, and what is still to be billed after it.

A billed slot is never changed. On the days for which something changed, the old net is credited and the new net
charged: both are parts of the slot's amounts, and together they are exactly what the slot would cost now less what it
did cost. So any number of amendments, one after the other, ends at what the last one says, to the cent. Only one that
changes nothing but how the amount is divided into lines makes no line for the cent by which their rounding differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType

from core.billing import wording
from core.billing.anchors import Grid, grid_of, own_grid
from core.billing.holding import Unpriceable
from core.billing.model import Agreement, Charge, RatedLine, Slot, Span
from core.billing.periods import slots
from core.billing.profiles import Profile, Stretch, profile_of
from core.billing.renewing import term_end
from core.billing.rounding import allot, half_up
from core.billing.sharing import shared, shares_of
from core.kit.errors import Refused
from core.kit.money import UnknownCurrency, exponent, to_decimal

_DAY = timedelta(days=1)
_ADJUSTABLE = frozenset({"recurring", "one_off", "milestone", "credit"})


@dataclass(frozen=True, slots=True)
class Known:
    """What was kept of a billed slot: the agreement that it was billed under, what was measured of usage, and whether a
    commitment that pays for it is used up, so that it pays the same whatever the slot costs now."""

    under: Agreement | None = None
    used: Decimal | None = None
    is_beyond: bool = False


def adjustments(
    before: Agreement, after: Agreement, billed: Iterable[Slot], known: Mapping[Slot, Known] = MappingProxyType({})
) -> tuple[RatedLine, ...]:
    """Lines of kind "adjustment" for what changed inside the billed slots: minus the old net, plus the new net.

    Usage counts as it was measured when it was billed. Nothing for usage of which that is not known or for which a
    commitment has something left, for charges that cannot be priced before or after (`rate` says why), and for what is
    the same.
    Raises Refused when the currency has changed.
    """
    if before.currency != after.currency:
        sentence = f"{after.number} was billed in {before.currency} and cannot be corrected in {after.currency}."
        raise Refused("currency.changed", sentence)
    try:
        digits = exponent(after.currency)
    except UnknownCurrency:
        return ()
    old = {charge.key: charge for charge in before.charges}
    new = {charge.key: charge for charge in after.charges}
    found: list[RatedLine] = []
    for slot in sorted(set(billed), key=lambda slot: (slot.charge_key, slot.kind, slot.span)):
        pair = _Pair(before, after, old.get(slot.charge_key), new.get(slot.charge_key), digits)
        about = known.get(slot, Known())
        if pair.is_changed and (slot.kind in _ADJUSTABLE or pair.counts(slot, about)):
            found.extend(_adjusted(pair, slot, about))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A charge as it was and as it is, in their agreements; None where it is not part of them."""

    before: Agreement
    after: Agreement
    old: Charge | None
    new: Charge | None
    digits: int

    @property
    def is_changed(self) -> bool:
        return self.old != self.new or _frame(self.before) != _frame(self.after)

    def counts(self, slot: Slot, known: Known) -> bool:
        """Usage that is known, and for which no commitment has anything left."""
        charges = [charge for charge in (self.old, self.new) if charge is not None]
        is_free = all(charge.terms.commit_amount is None for charge in charges)
        return slot.kind == "usage" and known.used is not None and (is_free or known.is_beyond)


def _frame(agreement: Agreement) -> tuple[object, ...]:
    """All that an agreement says beyond its charges."""
    return tuple(getattr(agreement, name) for name in Agreement.__slots__ if name not in ("number", "charges"))


def _adjusted(pair: _Pair, slot: Slot, known: Known) -> Iterator[RatedLine]:
    """Both sides are counted in the periods in which the slot was billed."""
    grid = _billed_grid(slot, known) or _grid(pair, slot)
    if grid is None:
        return
    try:
        was = profile_of(pair.before, pair.old, slot, grid, known.used)
        now = profile_of(pair.after, pair.new, slot, grid, known.used)
    except Unpriceable:
        return
    changes = list(_changes(was, now))
    if changes:
        for change in _in_minor(changes, now.net_minor - was.net_minor):
            yield from _lines(pair, change)
    is_moved = not changes and was.net_minor + was.true_up_minor == now.net_minor + now.true_up_minor
    if was.true_up_minor != now.true_up_minor and not is_moved:
        yield from _true_ups(pair, slot.span, was, now)


def _billed_grid(slot: Slot, known: Known) -> Grid | None:
    """The periods of the agreement that the slot was billed under, however often it has been amended since."""
    if known.under is None:
        return None
    charge = next((each for each in known.under.charges if each.key == slot.charge_key), None)
    return grid_of(known.under, charge) if charge is not None else None


def _grid(pair: _Pair, slot: Slot) -> Grid | None:
    """Where it is not known what the slot was billed under: the periods of the agreement before; where the slot is none
    of them (an earlier amendment changed the periods) and has whole months, its own."""
    if pair.old is None:
        return None if pair.new is None else grid_of(pair.after, pair.new)
    grid = grid_of(pair.before, pair.old)
    own = own_grid(slot.span)
    if own is None or _is_period(pair.before, grid, slot.span) or grid.months % own.months:
        return grid
    return own


def _is_period(agreement: Agreement, grid: Grid, span: Span) -> bool:
    period, end = grid.period(grid.number(span.starts_on)), term_end(agreement)
    last = period.ends_on if end is None else min(period.ends_on, end)
    return span == Span(max(period.starts_on, agreement.starts_on), last)


@dataclass(frozen=True, slots=True)
class _Change:
    span: Span
    was: Stretch
    now: Stretch
    was_exact: Fraction
    now_exact: Fraction
    credit_minor: int = 0
    charge_minor: int = 0


def _changes(was: Profile, now: Profile) -> Iterator[_Change]:
    """The days on which the facts differ, cut where either side changes."""
    days = sorted({day for each in (was, now) for s in each.stretches for day in (s.span.starts_on, s.span.ends_on)})
    for first, last in pairwise(days):
        span = Span(first, last)
        old, new = was.on(span), now.on(span)
        if old.facts != new.facts:
            yield _Change(span, old, new, old.part(span), new.part(span))


def _in_minor(changes: list[_Change], difference: int) -> list[_Change]:
    """Whole minor units for both sides of every change; together they are the difference exactly.

    A cent that rounding leaves over goes to the side that has amounts, the credit first.
    """
    was = [change.was_exact for change in changes]
    now = [change.now_exact for change in changes]
    credited, charged = half_up(sum(was, Fraction())), half_up(sum(now, Fraction()))
    rest = difference - (charged - credited)
    if any(was):
        credited -= rest
    else:
        charged += rest
    credits, charges = allot(credited, was), allot(charged, now)
    return [
        _Change(each.span, each.was, each.now, each.was_exact, each.now_exact, credit, charge)
        for each, credit, charge in zip(changes, credits, charges, strict=True)
    ]


def _lines(pair: _Pair, change: _Change) -> Iterator[RatedLine]:
    if pair.old is not None and change.credit_minor:
        words = f"taken back for {_days(change.span)}: {change.was.words_for(change.span)}"
        line = _line(pair.old, change.was, change.span, words)
        yield from _shared(pair.old, replace(line, quantity=-line.quantity), -change.credit_minor, pair.digits)
    if pair.new is not None and change.charge_minor:
        words = f"as agreed now for {_days(change.span)}: {change.now.words_for(change.span)}"
        line = _line(pair.new, change.now, change.span, words)
        yield from _shared(pair.new, line, change.charge_minor, pair.digits)


def _true_ups(pair: _Pair, span: Span, was: Profile, now: Profile) -> Iterator[RatedLine]:
    """The old one back and the new one in its place."""
    for charge, minor in ((pair.old, -was.true_up_minor), (pair.new, now.true_up_minor)):
        if charge is not None and minor:
            sign = 1 if minor > 0 else -1
            at = Stretch(span, None, Fraction(), Decimal(sign), to_decimal(abs(minor), pair.after.currency))
            words = f"{'taken back' if minor < 0 else 'as agreed now'} for {_days(span)}: up to the minimum"
            yield from _shared(charge, _line(charge, at, span, words), minor, pair.digits)


def _line(charge: Charge, stretch: Stretch, span: Span, words: str) -> RatedLine:
    return RatedLine(
        charge_key=charge.key,
        product_code=charge.product_code,
        description=charge.description,
        quantity=stretch.quantity,
        unit_price=stretch.unit_price,
        amount_minor=0,
        discount_minor=0,
        span=span,
        arithmetic=words,
        kind="adjustment",
    )


def _shared(charge: Charge, line: RatedLine, minor: int, digits: int) -> list[RatedLine]:
    what = "credit" if minor < 0 else "as amended"
    said = f"{line.arithmetic} = {wording.amount(minor, digits)}"
    full = replace(line, description=f"{line.description}: {what}", amount_minor=minor, arithmetic=said)
    return shared(full, shares_of(charge), digits)


def _days(span: Span) -> str:
    last = span.ends_on - _DAY
    return wording.day(last) if span.days == 1 else f"{wording.day(span.starts_on)} to {wording.day(last)}"


def remaining(
    agreement: Agreement, until: date, billed: Iterable[Slot], *, since: date | None = None
) -> tuple[Slot, ...]:
    """The slots of the agreement without what is billed: days of a charge only once, also when an amendment has moved
    its periods; one-offs, milestones and credits once whatever their day."""
    done: dict[tuple[str, str], list[Span]] = {}
    for slot in billed:
        done.setdefault((slot.charge_key, slot.kind), []).append(slot.span)
    found: list[Slot] = []
    for slot in slots(agreement, until, since=since):
        spans = done.get((slot.charge_key, slot.kind), [])
        if slot.kind in ("recurring", "usage"):
            found.extend(_rest(slot, spans, until))
        elif not spans:
            found.append(slot)
    return tuple(found)


def _rest(slot: Slot, billed: Iterable[Span], until: date) -> Iterator[Slot]:
    """The days of a slot that are not billed, each run of them a slot."""
    first = slot.span.starts_on
    taken = sorted(both for span in billed if (both := slot.span.overlap(span)))
    if not taken:
        yield slot
        return
    for span in [*taken, Span(slot.span.ends_on, slot.span.ends_on)]:
        if first < span.starts_on:
            part = Span(first, span.starts_on)
            is_after = slot.bill_on >= slot.span.ends_on
            bill_on = part.ends_on if is_after else max(slot.bill_on, part.starts_on)
            if bill_on <= until:
                yield Slot(slot.charge_key, slot.kind, part, bill_on)
        first = max(first, span.ends_on)
