"""The same contract in five places: as sold, as agreed, as scheduled, as invoiced, as posted. Pure: facts in,
differences out.

`effect_minor` is money in the contract's currency: positive is what was or will be billed too little, negative too
much. Kinds whose effect is counted elsewhere, or that have none, say 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.kit.money import format_minor, to_minor
from core.validation.model import TYPES
from core.validation.sold import Gap, Sale, SoldSide, gap, is_comparable, other_currency

# Kinds whose positive effect is money that was not billed.
LEAKING = ("drift.schedule", "drift.invoice", "drift.billed")
# Whoever lets an invoice through in spite of one of these accepts its amounts: the watch does not ask again.
ACCEPTED = frozenset(code for code, type in TYPES.items() if type in ("pricing", "duplicate", "usage")) | {
    "contract.not_active",
    "currency.mismatch",
}
# How a difference is put right; "" = by a person, as the sentence says.
PLAN, REBILL, BILL_AGAIN, CREDIT, POST_AGAIN = "plan", "rebill", "bill_again", "credit", "post_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """`about` tells differences of one kind and contract apart; `fix_words` says what the fix does, or a person must
    do. `sides`: agreed, scheduled, invoiced and posted, in words."""

    code: str
    about: str
    sentence: str
    effect_minor: int
    sides: Mapping[str, str]
    fix: str
    fix_words: str
    document_id: UUID | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleSide:
    """Open items, `planned` as they stand and `wanted` as the contract says now: (item id) -> (words, net)."""

    planned: Mapping[UUID, tuple[str, int]] = field(default_factory=dict)
    wanted: Mapping[UUID, tuple[str, int]] = field(default_factory=dict)
    differing: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class BilledItem:
    """A closed schedule item and what its invoice says of it; `document_id` None: no invoice that counts."""

    id: UUID
    words: str
    expected_minor: int | None
    document_id: UUID | None
    number: str | None
    billed_minor: int | None
    can_rebill: bool = False


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """What a product should have cost in one past period, and what the platform's invoices (less credits) say. Where
    several readings of the contract are fair, `expected_minor` is the nearest of them."""

    product: str
    first: date
    end: date
    expected_minor: int
    billed_minor: int
    expected_words: str
    billed_words: str
    document_id: UUID | None
    number: str | None
    creditable_minor: int = 0


@dataclass(frozen=True, slots=True)
class Running:
    """A product as agreed today and as the platform's subscription runs it, per month."""

    product: str
    agreed: tuple[Decimal, Decimal]
    running: tuple[Decimal, Decimal]
    agreed_monthly: Decimal
    running_monthly: Decimal


@dataclass(frozen=True, slots=True)
class PostedSide:
    """A posted document and the ledger's entry; `ledger_minor` None: not there although it was read since."""

    document_id: UUID
    number: str
    total_minor: int
    currency: str
    ledger_minor: int | None
    ledger_currency: str | None


@dataclass(frozen=True, slots=True)
class TermsSide:
    """A term on the latest invoice beside what was agreed."""

    name: str
    agreed: str
    invoiced: str


@dataclass(frozen=True, slots=True)
class Sides:
    """All that is known of one contract."""

    number: str
    currency: str
    schedule: ScheduleSide = ScheduleSide()
    items: tuple[BilledItem, ...] = ()
    periods: tuple[PastPeriod, ...] = ()
    running: tuple[Running, ...] = ()
    posted: tuple[PostedSide, ...] = ()
    terms: tuple[TermsSide, ...] = ()
    latest: tuple[UUID, str] | None = None
    can_rebill_latest: bool = False
    sold: SoldSide | None = None


def compare(sides: Sides) -> tuple[Drift, ...]:
    """Every difference of one contract."""
    found = (_sold, _schedule, _items, _periods, _running, _posted, _terms)
    return tuple(drift for look in found for drift in look(sides))


def _money(minor: int, sides: Sides) -> str:
    return f"{sides.currency} {format_minor(minor, sides.currency)}"


def _much(effect: int, sides: Sides) -> str:
    return f"{_money(abs(effect), sides)} too {'little' if effect > 0 else 'much'}"


def _sold(sides: Sides) -> Iterator[Drift]:
    """What is sold is not billed, so its effect is no leakage: which of the two is wrong is for a person to say."""
    code = "drift.sold"
    side = sides.sold
    if side is None or not is_comparable(side):
        return
    stray = other_currency(side, sides.currency)
    found = gap(side) if stray is None else None
    if stray is not None:
        sentence = f"“{stray.name}” was sold in {stray.sold_currency}, but {sides.number} is in {sides.currency}."
        agreed, effect = f"In {sides.currency}", 0
    elif found is not None:
        effect = found.effect_minor
        agreed = f"{_money(found.value.net_minor, sides)} over the term, {found.value.words}"
        sentence = f"{sides.number} comes to {_much(effect, sides)} for what was sold: {_told(found, sides)}."
    else:
        return
    sales = found.sales if found is not None else side.sales
    yield Drift(
        code=code,
        about="sold",
        sentence=sentence,
        effect_minor=effect,
        sides={"Sold": "; ".join(_sale_words(sale) for sale in sales), "Agreed": agreed},
        fix="",
        fix_words="Correct the contract’s lines in the CRM, or the opportunity and its quote, whichever is wrong.",
        evidence={"opportunity": side.sales[0].name, "quote": side.sales[0].quote_number},
    )


def _told(found: Gap, sides: Sides) -> str:
    return f"{_money(found.sold_minor, sides)} sold, {_money(found.value.net_minor, sides)} agreed"


def _sale_words(sale: Sale) -> str:
    """Both figures of a deal: of its opportunity and of its quote."""
    amount = _amount(sale.amount_minor, sale.currency)
    words = f"“{sale.name}”, won {sale.closes_on:%d %b %Y}: {amount}"
    if sale.quote_number is None:
        return words
    return f"{words}; quote {sale.quote_number}: {_amount(sale.quote_minor, sale.quote_currency or sale.currency)}"


def _amount(minor: int | None, currency: str) -> str:
    return "no amount" if minor is None else f"{currency} {format_minor(minor, currency)}"


def _schedule(sides: Sides) -> Iterator[Drift]:
    code = "drift.schedule"
    planned, wanted = sides.schedule.planned, sides.schedule.wanted
    changed = sides.schedule.differing | (planned.keys() ^ wanted.keys())
    if not changed:
        return
    effect = sum(wanted[id][1] for id in changed & wanted.keys()) - sum(
        planned[id][1] for id in changed & planned.keys()
    )
    count = len(changed)
    words = f"would bill {_much(effect, sides)}" if effect else "differs in its days"
    some = sorted(changed, key=str)[:5]
    yield Drift(
        code=code,
        about="schedule",
        sentence=f"The schedule of {sides.number} {words}: {count} item{'s' if count > 1 else ''} not as agreed.",
        effect_minor=effect,
        sides={
            "Agreed": "; ".join(wanted[id][0] for id in some if id in wanted) or "Nothing",
            "Scheduled": "; ".join(planned[id][0] for id in some if id in planned) or "Nothing",
        },
        fix=PLAN,
        fix_words="Plan the contract again: open items become what is agreed now.",
        evidence={"items": count},
    )


def _items(sides: Sides) -> Iterator[Drift]:
    code = "drift.invoice"
    for item in sides.items:
        if item.document_id is None:
            effect = item.expected_minor or 0
            yield Drift(
                code=code,
                about=str(item.id),
                sentence=f"{item.words} of {sides.number} counts as billed, but no invoice bills it.",
                effect_minor=effect,
                sides={"Scheduled": f"{item.words}: {_money(effect, sides)}", "Invoiced": "No invoice"},
                fix=BILL_AGAIN,
                fix_words="Open the item again: the next billing run bills it.",
                evidence={"item": str(item.id)},
            )
    yield from _wrong_lines(sides)


def _wrong_lines(sides: Sides) -> Iterator[Drift]:
    """One per invoice: it is credited and billed again as a whole."""
    code = "drift.invoice"
    by_document: dict[UUID, list[BilledItem]] = {}
    for item in sides.items:
        if item.document_id is not None and item.expected_minor is not None and item.billed_minor is not None:
            by_document.setdefault(item.document_id, []).append(item)
    for id, items in by_document.items():
        wrong = [item for item in items if item.expected_minor != item.billed_minor]
        if not wrong:
            continue
        effect = sum((item.expected_minor or 0) - (item.billed_minor or 0) for item in wrong)
        number = wrong[0].number or ""
        yield Drift(
            code=code,
            about=str(id),
            sentence=f"Invoice {number} bills {_much(effect, sides)} of {sides.number}.",
            effect_minor=effect,
            sides={
                "Scheduled": "; ".join(f"{item.words}: {_money(item.expected_minor or 0, sides)}" for item in wrong),
                "Invoiced": "; ".join(f"{item.words}: {_money(item.billed_minor or 0, sides)}" for item in wrong),
            },
            fix=REBILL if wrong[0].can_rebill else "",
            fix_words=f"Credit {number} in full and bill it again from the schedule."
            if wrong[0].can_rebill
            else f"{number} is not posted yet or was credited in part: look at it before anything is changed.",
            document_id=id,
        )


def _periods(sides: Sides) -> Iterator[Drift]:
    code = "drift.billed"
    for period in sides.periods:
        effect = period.expected_minor - period.billed_minor
        if not effect:
            continue
        when = f"{period.first:%d %b %Y}"
        can_credit = effect < 0 and period.document_id is not None and period.creditable_minor >= -effect
        yield Drift(
            code=code,
            about=f"{period.product}:{period.first}:{period.end}",
            sentence=f"{period.product} of {sides.number} from {when} was billed {_much(effect, sides)}.",
            effect_minor=effect,
            sides={"Agreed": period.expected_words, "Invoiced": period.billed_words},
            fix=CREDIT if can_credit else "",
            fix_words=_words_for(period, effect, can_credit, sides),
            document_id=period.document_id,
            evidence={"product": period.product, "invoice": period.number},
        )


def _words_for(period: PastPeriod, effect: int, can_credit: bool, sides: Sides) -> str:
    amount = _money(abs(effect), sides)
    if can_credit:
        return f"Credit {amount} net of {period.product} on invoice {period.number}."
    if effect < 0:
        return f"Credit {amount} net of {period.product} in Stripe: no single line here holds it."
    return f"Add an invoice item of {amount} net for {period.product} to the customer's next invoice in Stripe."


def _running(sides: Sides) -> Iterator[Drift]:
    code = "drift.subscription"
    for each in sides.running:
        is_measured = not (each.agreed[0] or each.running[0])
        if is_measured or (each.agreed_monthly == each.running_monthly and each.agreed == each.running):
            continue
        effect = to_minor(each.agreed_monthly - each.running_monthly, sides.currency)
        agreed, running = (
            f"{qty.normalize():f} at {price.normalize():f} a month" for qty, price in (each.agreed, each.running)
        )
        yield Drift(
            code=code,
            about=each.product,
            sentence=f"The subscription of {sides.number} runs {each.product} with {running}; agreed are {agreed}.",
            effect_minor=effect,
            sides={"Agreed": agreed, "Subscription": running},
            fix="",
            fix_words=f"Change {each.product} in the Stripe subscription to {agreed}; the effect is per month.",
            evidence={"product": each.product},
        )


def _posted(sides: Sides) -> Iterator[Drift]:
    code = "drift.ledger"
    for each in sides.posted:
        if each.ledger_minor is None:
            yield Drift(
                code=code,
                about=str(each.document_id),
                sentence=f"{each.number} is posted here, but the ledger does not have it.",
                effect_minor=abs(each.total_minor),
                sides={"Invoiced": _money(each.total_minor, sides), "Posted": "Not in the ledger"},
                fix=POST_AGAIN,
                fix_words="Post it again under the same key: the ledger is asked first whether it has it after all.",
                document_id=each.document_id,
            )
        elif abs(each.ledger_minor) != abs(each.total_minor) or each.ledger_currency != each.currency:
            theirs = f"{each.ledger_currency} {format_minor(each.ledger_minor, each.ledger_currency or each.currency)}"
            yield Drift(
                code=code,
                about=str(each.document_id),
                sentence=f"{each.number} is {_money(each.total_minor, sides)} here and {theirs} in the ledger.",
                effect_minor=abs(each.total_minor) - abs(each.ledger_minor),
                sides={"Invoiced": _money(each.total_minor, sides), "Posted": theirs},
                fix="",
                fix_words="Somebody changed it in the ledger: put it right there, or credit it and bill it again here.",
                document_id=each.document_id,
            )


def _terms(sides: Sides) -> Iterator[Drift]:
    code = "drift.terms"
    if sides.latest is None:
        return
    id, number = sides.latest
    for term in sides.terms:
        if term.agreed == term.invoiced:
            continue
        yield Drift(
            code=code,
            about=f"{term.name}:{id}",
            sentence=f"Invoice {number} says {term.name} {term.invoiced}; agreed is {term.agreed}.",
            effect_minor=0,
            sides={"Agreed": term.agreed, "Invoiced": term.invoiced},
            fix=REBILL if sides.can_rebill_latest else "",
            fix_words=f"Credit {number} in full and bill it again with what is agreed."
            if sides.can_rebill_latest
            else f"Correct the {term.name} where {number} was made; a new invoice takes it from there.",
            document_id=id,
            evidence={"term": term.name},
        )
