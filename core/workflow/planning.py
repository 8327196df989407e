"""What is to be billed of an agreement beside what has been billed. Pure.

Open part: every slot of the agreement as it stands now, less the time that was billed already. Ids are made from the
contract, the charge, the kind and the first day, so that planning again lands on the same rows.

Closed part: a billed item keeps the terms it was billed under. It is *settled* under these, or under those of the
latest adjustment that covers it and was billed itself. Where the settled terms are not those of today, the difference
between the two becomes one open adjustment per charge. While it is open it is written anew from the same settled terms;
once it is billed the items that it covers are settled under its terms. So the difference to today is always the whole
of it and never counted twice, whatever came in between, and planning twice changes nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from core.agreements.model import ADJUSTMENT, Item, ItemState, NewItem
from core.billing.amending import Known, adjustments, remaining
from core.billing.content import agreement_in, content_of_lines, lines_in
from core.billing.metered import usage_key
from core.billing.model import Agreement, Measured, RatedLine, Slot, Span, Unratable
from core.billing.rating import rate
from core.documents.corrections import LineCredit
from core.kit.ids import content_hash, id_from
from core.workflow.balancing import Given, balance, credits_of, is_of
from core.workflow.committed import beyond

# Kinds whose amount is known before anything is used.
FIXED = frozenset({"recurring", "one_off", "milestone", "credit"})
# A correction waits for the next bill of the contract, but not longer than this.
PATIENCE = timedelta(days=31)
lines_of = lines_in
from_content = agreement_in
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Layout:
    """The items that are to be open, and charges that cannot be priced."""

    items: tuple[NewItem, ...]
    problems: tuple[Unratable, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A contract that is laid out: what was agreed, under which terms id, and its items so far."""

    contract_id: UUID
    agreement: Agreement
    terms_id: UUID
    items: Sequence[Item]
    # What credit memos gave back of what was billed.
    credits: Sequence[LineCredit] = ()

    def billed(self) -> list[Item]:
        return [item for item in self.items if item.state == ItemState.BILLED and item.kind != ADJUSTMENT]


def terms_id(contract_id: UUID, content: Any) -> UUID:
    return id_from("contract_terms", str(contract_id), content_hash(content))


def item_id(contract_id: UUID, charge_key: str, kind: str, mark: str) -> UUID:
    return id_from("schedule", str(contract_id), charge_key, kind, mark)


# --- the open part ---------------------------------------------------------------------------------------------------


def lay_out(subject: Subject, until: date) -> Layout:
    """The slots of the agreement up to `until` that are not billed, with the amounts that are known already."""
    open_slots = remaining(subject.agreement, until, [_slot(item) for item in subject.billed()])
    fixed = [slot for slot in open_slots if slot.kind in FIXED]
    rated = rate(subject.agreement, fixed, {})
    amounts = slot_amounts(fixed, rated.lines)
    items = tuple(_item(subject, slot, amounts.get(slot)) for slot in open_slots)
    return Layout(items, rated.problems)


def slot_amounts(fixed: Sequence[Slot], lines: Iterable[RatedLine]) -> dict[Slot, int]:
    """Net amount per slot: its lines are those of its charge within its days."""
    found = dict.fromkeys(fixed, 0)
    by_charge: dict[str, list[Slot]] = defaultdict(list)
    for slot in sorted(fixed, key=lambda each: each.span):
        by_charge[slot.charge_key].append(slot)
    starts = {key: [slot.span.starts_on for slot in group] for key, group in by_charge.items()}
    for line in lines:
        place = bisect_right(starts[line.charge_key], line.span.starts_on) - 1
        found[by_charge[line.charge_key][max(place, 0)]] += line.net_minor
    return found


def _item(subject: Subject, slot: Slot, expected_minor: int | None) -> NewItem:
    return NewItem(
        id=item_id(subject.contract_id, slot.charge_key, slot.kind, slot.span.starts_on.isoformat()),
        contract_id=subject.contract_id,
        charge_key=slot.charge_key,
        kind=slot.kind,
        period_start=slot.span.starts_on,
        period_end=slot.span.ends_on,
        bill_on=slot.bill_on,
        currency=subject.agreement.currency,
        expected_minor=expected_minor,
        terms_id=subject.terms_id,
        lines=[],
        covers=[],
    )


# --- the closed part -------------------------------------------------------------------------------------------------


def settled_terms(subject: Subject) -> dict[UUID, UUID]:
    """The terms under which each billed item of a known amount is settled, by item id."""
    found = {item.id: item.terms_id for item in subject.billed() if item.terms_id and _is_known(item)}
    for adjustment in _billed_adjustments(subject.items):
        for covered in adjustment.covers:
            if UUID(covered) in found and adjustment.terms_id:
                found[UUID(covered)] = adjustment.terms_id
    return found


def _is_known(item: Item) -> bool:
    """Whether its amount follows from the terms: usage counts as it was measured when it was billed."""
    return item.kind in FIXED or (item.kind == "usage" and item.used is not None)


def _billed_adjustments(items: Iterable[Item]) -> list[Item]:
    """Oldest first. Of one charge only one is open at a time, so no two are billed at the same instant."""
    done = [item for item in items if item.kind == ADJUSTMENT and item.state == ItemState.BILLED]
    return sorted(done, key=lambda item: (item.closed_at or _LONG_AGO, item.id))


def corrections(subject: Subject, agreement_under: Callable[[UUID], Agreement], bill_on: date) -> tuple[NewItem, ...]:
    """One open adjustment per charge whose billed periods cost something else by now.

    `agreement_under` answers the agreement of a terms id; `bill_on` is the day for those that are new.
    """
    lines: dict[str, list[RatedLine]] = defaultdict(list)
    covered: dict[str, set[UUID]] = defaultdict(set)
    credited = _credited(subject)
    for item in credited:
        lines_left = balance(_given(subject, item, agreement_under))
        lines[item.charge_key] += lines_left
        covered[item.charge_key] |= {item.id} if lines_left else set()
    outdated = _outdated(subject)
    used_up = _beyond(subject, agreement_under) if outdated else set()
    for terms, found in outdated.items():
        before = agreement_under(terms)
        items = [item for item in found if item not in credited]
        known = {
            _slot(item): replace(_known(subject, item, agreement_under), is_beyond=item.id in used_up) for item in items
        }
        for line in adjustments(before, subject.agreement, known, known):
            lines[line.charge_key].append(line)
            covered[line.charge_key] |= {item.id for item in items if is_of(line, item)}
    return tuple(_adjustment(subject, key, lines[key], (covered[key], bill_on)) for key in sorted(lines) if lines[key])


def _beyond(subject: Subject, agreement_under: Callable[[UUID], Agreement]) -> set[UUID]:
    """Items of usage beyond a commitment; none of a charge of which something was given back, which may be drawn
    again."""
    settled = settled_terms(subject)
    given_back = {credit.charge_key for credit in subject.credits}
    items = [item for item in subject.billed() if item.id in settled and item.charge_key not in given_back]

    def under(item: Item) -> Agreement:
        terms = settled[item.id]
        return subject.agreement if terms == subject.terms_id else agreement_under(terms)

    return beyond(items, subject.agreement, under)


def _credited(subject: Subject) -> list[Item]:
    """Billed items of a known amount of which something was given back; what it comes to is not looked at."""
    if not subject.credits:
        return []
    known = [item for item in subject.billed() if item.terms_id and _is_known(item)]
    return [item for item in known if credits_of(item, subject.credits)]


def _known(subject: Subject, item: Item, agreement_under: Callable[[UUID], Agreement]) -> Known:
    terms = item.terms_id
    is_today = terms is None or terms == subject.terms_id
    return Known(subject.agreement if is_today or terms is None else agreement_under(terms), item.used)


def _given(subject: Subject, item: Item, agreement_under: Callable[[UUID], Agreement]) -> Given:
    def under(terms: UUID | None) -> Agreement:
        return subject.agreement if terms is None or terms == subject.terms_id else agreement_under(terms)

    slot, known = _slot(item), _known(subject, item, agreement_under)
    return Given(
        item=item,
        slot=slot,
        known={slot: known},
        costs_minor=_costs_minor(item, slot, known),
        original=under(item.terms_id),
        settled=under(settled_terms(subject)[item.id]),
        today=subject.agreement,
        adjusted=_billed_adjustments(subject.items),
        credits=credits_of(item, subject.credits),
    )


def _costs_minor(item: Item, slot: Slot, known: Known) -> int:
    """What was billed for it: planned, or measured."""
    if item.used is None or known.under is None:
        return item.expected_minor or 0
    return sum(line.net_minor for line in rate(known.under, [slot], {usage_key(slot): Measured(item.used)}).lines)


def earlier_terms(subject: Subject) -> set[UUID]:
    """The terms other than today's that corrections have to know: those that what has changed is settled under, and
    was billed under."""
    outdated = [item for items in _outdated(subject).values() for item in items]
    billed_under = {item.terms_id for item in (*_credited(subject), *outdated) if item.terms_id}
    return {*settled_terms(subject).values(), *billed_under} - {subject.terms_id}


def _outdated(subject: Subject) -> Mapping[UUID, list[Item]]:
    """Billed items by the terms they are settled under, where these are not today's."""
    settled = settled_terms(subject)
    found: dict[UUID, list[Item]] = defaultdict(list)
    for item in subject.billed():
        if item.id in settled and settled[item.id] != subject.terms_id:
            found[settled[item.id]].append(item)
    return found


def _slot(item: Item) -> Slot:
    return Slot(item.charge_key, item.kind, Span(item.period_start, item.period_end), item.bill_on)  # type: ignore[arg-type]


def _adjustment(subject: Subject, key: str, lines: list[RatedLine], about: tuple[set[UUID], date]) -> NewItem:
    """The n-th adjustment of the charge: an open one is written anew in its place, and keeps its bill day while it
    says the same."""
    covered, bill_on = about
    done = [item for item in _billed_adjustments(subject.items) if item.charge_key == key]
    id = item_id(subject.contract_id, key, ADJUSTMENT, str(len(done) + 1))
    content = content_of_lines(lines)
    old = next((item for item in subject.items if item.id == id), None)
    is_same = old is not None and old.state == ItemState.OPEN and old.lines == content
    return NewItem(
        id=id,
        contract_id=subject.contract_id,
        charge_key=key,
        kind=ADJUSTMENT,
        period_start=min(line.span.starts_on for line in lines),
        period_end=max(line.span.ends_on for line in lines),
        bill_on=old.bill_on if old is not None and is_same else bill_on,
        currency=subject.agreement.currency,
        expected_minor=sum(line.net_minor for line in lines),
        terms_id=subject.terms_id,
        lines=content,
        covers=sorted(str(each) for each in covered),
    )


def next_bill_day(items: Iterable[NewItem], today: date) -> date:
    """The contract's next bill day, when it is near; otherwise today."""
    days = [item.bill_on for item in items if today <= item.bill_on <= today + PATIENCE]
    return min(days, default=today)
