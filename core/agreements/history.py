"""What changed in a contract, in sentences. Pure: rows as they were and as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from core.agreements.model import Change, ChangeKind
from core.kit.ids import content_hash
from core.kit.words import day_in_words

Facts = Mapping[str, Any]
_TITLES = {
    "starts_on": "First day",
    "ends_on": "Last day",
    "currency": "Currency",
    "po_number": "Purchase order",
    "terms_days": "Days to pay",
    "discount_percent": "Discount in percent",
    "discount_ends_on": "Last day of the discount",
    "billing_frequency": "Billed",
    "billed_by": "Billed by",
    "anchor_day": "Day on which periods begin",
    "auto_renews": "Renews by itself",
    "renewal_months": "Months of a renewal",
    "uplift_percent": "Price rise at renewal in percent",
}
_LINE_TITLES = {
    "product_code": "Product",
    "quantity": "Quantity",
    "unit_price": "Price",
    "starts_on": "First day",
    "ends_on": "Last day",
    "charge": "Pricing",
}


class Line(Protocol):
    """A contract line as it is kept."""

    source_ref: str
    contract_id: UUID
    product_code: str
    quantity: Decimal
    unit_price: Decimal
    starts_on: date
    ends_on: date | None
    root_ref: str | None
    description: str | None


def contract_changes(id: UUID, before: Facts | None, after: Facts, today: date) -> Iterator[Change]:
    """Steps of one contract between two states of its row; `before` None: it has just arrived."""
    if after["status"] == "draft":
        return
    if before is None or before["status"] == "draft":
        yield _signed(id, after)
        before = None
    if after["status"] == "expired" and (before is None or before["status"] != "expired"):
        yield _ended(id, after, today)
    changed = [name for name in _TITLES if before is not None and before[name] != after[name]]
    if changed and before is not None:
        yield _terms(id, {name: before[name] for name in changed}, {name: after[name] for name in changed}, today)
    if before is not None and before["customer_id"] != after["customer_id"]:
        yield _moved(id, str(before["customer_id"]), str(after["customer_id"]), today)


def _moved(id: UUID, before: str, after: str, today: date) -> Change:
    return Change(
        contract_id=id,
        kind=ChangeKind.TERMS_CHANGED,
        about=content_hash(["customer_id", before, after, today]),
        effective_on=today,
        sentence="Moved to another account; what goes out from now on is for that one.",
        before={},
        after={},
    )


def _signed(id: UUID, after: Facts) -> Change:
    last = f"until {_word(after['ends_on'])}" if after["ends_on"] else "without a last day"
    how = f", billed {after['billing_frequency']}" if after["billing_frequency"] else ""
    sentence = f"Signed from {_word(after['starts_on'])} {last}, in {after['currency']}{how}."
    return Change(
        contract_id=id,
        kind=ChangeKind.SIGNED,
        about="",
        effective_on=after["starts_on"],
        sentence=sentence,
        before={},
        after={name: after[name] for name in _TITLES},
    )


def _ended(id: UUID, after: Facts, today: date) -> Change:
    last = after["ends_on"]
    return Change(
        contract_id=id,
        kind=ChangeKind.ENDED,
        about=str(last or today),
        effective_on=min(last, today) if last else today,
        sentence=f"Expired; its last day is {_word(last)}." if last else "Expired without a last day.",
        before={},
        after={"ends_on": last},
    )


def _terms(id: UUID, before: Facts, after: Facts, today: date) -> Change:
    told = "; ".join(f"{_TITLES[name]}: {_word(before[name])} → {_word(after[name])}" for name in after)
    return Change(
        contract_id=id,
        kind=ChangeKind.TERMS_CHANGED,
        about=content_hash([dict(before), dict(after), today]),
        effective_on=today,
        sentence=f"{told}.",
        before=before,
        after=after,
    )


def amendments(starts_on: date, lines: Iterable[Line]) -> Iterator[Change]:
    """Lines that came on top of what was signed: deltas, and whatever begins later than the contract. A function of
    the facts alone, so that the order in which they arrive does not matter."""
    for line in lines:
        if line.root_ref is None and line.starts_on <= starts_on:
            continue
        yield Change(
            contract_id=line.contract_id,
            kind=ChangeKind.AMENDED,
            about=line.source_ref,
            effective_on=line.starts_on,
            sentence=_delta(line),
            before={},
            after=line_facts(line),
        )


def _delta(line: Line) -> str:
    what = line.description or line.product_code
    price = f"at {_word(line.unit_price)}"
    if line.root_ref is None:
        return f"Added {_word(line.quantity)} {what} {price}."
    if line.quantity < 0:
        return f"{_word(-line.quantity)} fewer {what} {price}."
    return f"{_word(line.quantity)} more {what} {price}."


def line_change(line: Line, before: Facts, today: date) -> Change | None:
    """A line that says something else than before; None when nothing of weight changed."""
    after = line_facts(line)
    changed = [name for name in _LINE_TITLES if before[name] != after[name]]
    if not changed:
        return None
    told = "; ".join(_line_words(name, before[name], after[name]) for name in changed)
    old, new = {name: before[name] for name in changed}, {name: after[name] for name in changed}
    return Change(
        contract_id=line.contract_id,
        kind=ChangeKind.TERMS_CHANGED,
        about=content_hash([line.source_ref, old, new, today]),
        effective_on=max(line.starts_on, min(today, line.ends_on or today)),
        sentence=f"{line.description or line.product_code}: {told}.",
        before=old,
        after=new,
    )


def _line_words(name: str, before: Any, after: Any) -> str:
    if name == "charge":
        return "pricing changed"
    return f"{_LINE_TITLES[name].lower()} {_word(before)} → {_word(after)}"


def line_facts(line: Any) -> dict[str, Any]:
    return {name: getattr(line, name) for name in _LINE_TITLES}


def renewal(id: UUID, day: date, uplift_percent: Decimal) -> Change:
    """A term that began by renewal on `day`."""
    raised = f" at prices raised by {_word(uplift_percent)} percent" if uplift_percent else ""
    return Change(
        contract_id=id,
        kind=ChangeKind.RENEWED,
        about=day.isoformat(),
        effective_on=day,
        sentence=f"Renewed by itself{raised}.",
        before={},
        after={},
    )


def _word(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value.normalize():,f}"
        case date():
            return day_in_words(value)
        case _:
            return str(value)
