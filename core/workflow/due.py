"""What is due, rated: schedule items of a batch of contracts become lines. A handful of queries, whatever the batch."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import cast
from uuid import UUID

from core.agreements import schedule as schedules
from core.agreements.model import ADJUSTMENT
from core.billing.commitments import drawn_in_term
from core.billing.metered import usage_key
from core.billing.model import Agreement, Charge, Measured, RatedLine, Slot, SlotKind, Span
from core.billing.rating import rate
from core.billing.renewing import term_start
from core.db.tables import Contract, ContractLine, Customer, LegalEntity, ScheduleItem
from core.documents import drawdowns
from core.parties import store as parties
from core.usage import store as usage
from core.usage.model import Wanted
from core.workflow.agreed import read_agreements
from core.workflow.context import Context
from core.workflow.correctors import correctors, correctors_of_billed
from core.workflow.metered_once import Reading, contested, readings_of
from core.workflow.planning import lines_of

_NOTHING = Decimal(0)


class Unbillable(Exception):
    """Why a contract's part fails: a code of the taxonomy and a sentence for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Due:
    """A contract with what is due of it, and the parties of its invoice."""

    contract: Contract
    agreement: Agreement | None
    items: Sequence[ScheduleItem]
    customer: Customer | None
    entity: LegalEntity | None
    problem: str | None = None
    lines: list[ContractLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DueLine:
    """A rated line and the schedule item that it bills."""

    line: RatedLine
    item_id: UUID


@dataclass(frozen=True, slots=True)
class Consumption:
    """What was used per schedule item, and what commitments have paid per contract and charge, by the first day of the
    period."""

    quantities: Mapping[UUID, Decimal]
    drawn: Mapping[tuple[UUID, str], Sequence[tuple[date, int]]]
    # Why an item of usage must not be billed: another charge counts the same usage, or nobody knows how it counts.
    barred: Mapping[UUID, str] = field(default_factory=dict)
    # Ids of the people who corrected what an item counts, or what came before it under the same commitment; of an
    # adjustment, what the items that it covers had counted.
    people: Mapping[UUID, tuple[str, ...]] = field(default_factory=dict)

    def of(self, item: ScheduleItem) -> Decimal:
        return self.quantities.get(item.id, _NOTHING)

    def corrected_by(self, items: Iterable[ScheduleItem]) -> list[str]:
        """Ids of the people who corrected usage of these items."""
        return [id for item in items for id in self.people.get(item.id, ())]

    def drawn_before(self, agreement: Agreement, item: ScheduleItem) -> int:
        """What the commitment of its charge has paid of the same term."""
        paid = self.drawn.get((item.contract_id, item.charge_key))
        return drawn_in_term(agreement, paid, item.period_start) if paid else 0

    def after(self, items: Iterable[ScheduleItem], paid: Mapping[UUID, int]) -> Consumption:
        """What commitments leave to others once they have paid for these items: `paid` by item."""
        drawn = dict(self.drawn)
        for item in items:
            if paid.get(item.id):
                key = (item.contract_id, item.charge_key)
                drawn[key] = [*drawn.get(key, ()), (item.period_start, paid[item.id])]
        return replace(self, drawn=drawn)


def read_due(ctx: Context, contract_ids: Iterable[UUID], through: date) -> list[Due]:
    """The contracts, locked, each with its open items up to the day; those with nothing due have no items."""
    agreed = read_agreements(ctx.session, contract_ids)
    items = schedules.due_items(ctx.session, agreed, through)
    customers = parties.customers(ctx.session, [each.contract.customer_id for each in agreed.values()])
    entities = parties.entities(ctx.session)
    found = []
    for id, each in agreed.items():
        customer = customers.get(each.contract.customer_id)
        entity = entities.get(customer.entity or "") if customer else None
        problem = each.hindrance.sentence if each.hindrance else None
        found.append(Due(each.contract, each.agreement, items.get(id, ()), customer, entity, problem, each.lines))
    return found


def read_consumption(ctx: Context, batch: Collection[Due], besides: Iterable[UUID] = ()) -> Consumption:
    """One look into the usage of all of them. `besides`: documents whose own share of commitments does not count."""
    readings: list[Reading] = []
    committed: set[tuple[UUID, str]] = set()
    terms: dict[UUID, date] = {}
    for due in batch:
        for item, charge in _metered(due):
            assert due.agreement is not None
            readings += readings_of(due.agreement, charge, item, due.contract.customer_id)
            if charge.terms.commit_amount is not None:
                committed.add((due.contract.id, charge.key))
                terms[item.id] = term_start(due.agreement, item.period_start)
    earlier = correctors_of_billed(ctx, [item for due in batch for item in due.items if item.kind == ADJUSTMENT])
    if not readings and not committed:
        return Consumption({}, {}, people=earlier)
    measured = usage.measured(ctx.session, [_wanted(each) for each in readings])
    drawn = drawdowns.drawn(ctx.session, committed, besides) if committed else {}
    quantities = cast(dict[UUID, Decimal], measured)
    barred = _unmetered(ctx, readings, quantities) | contested(ctx, readings)
    return Consumption(quantities, drawn, barred, earlier | correctors(ctx, readings, terms))


def _wanted(reading: Reading) -> Wanted:
    days = (_midnight(reading.span.starts_on), _midnight(reading.span.ends_on))
    return Wanted(reading.item_id, reading.meter, reading.customer_id, *days)


def _unmetered(ctx: Context, readings: Iterable[Reading], quantities: Mapping[UUID, Decimal]) -> dict[UUID, str]:
    """What was used by a meter that is not set up: whether to add it up, or to take the most of it, nobody knows."""
    used = [each for each in readings if quantities.get(each.item_id)]
    known = usage.meters(ctx.session, {each.meter for each in used})
    return {
        each.item_id: f"Its usage of “{each.meter}” cannot be counted, since this meter is not set up or archived."
        for each in used
        if each.meter not in known or known[each.meter].is_archived
    }


def _metered(due: Due) -> Iterator[tuple[ScheduleItem, Charge]]:
    if due.agreement is None:
        return
    charges = {charge.key: charge for charge in due.agreement.charges}
    for item in due.items:
        if item.kind == "usage" and item.charge_key in charges:
            yield item, charges[item.charge_key]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def rate_due(due: Due, used: Consumption) -> list[DueLine]:
    """The lines of all that is due; an adjustment is billed as it was planned. Raises Unbillable."""
    if due.problem is not None or due.agreement is None:
        raise Unbillable("billing.unratable", due.problem or f"Contract {due.contract.number} cannot be billed.")
    plain = [item for item in due.items if item.kind != ADJUSTMENT]
    for item in plain:
        if item.id in used.barred:
            raise Unbillable("billing.unratable", f"Contract {due.contract.number}: {used.barred[item.id]}")
    slots = [_slot(item) for item in plain]
    consumed = {
        usage_key(slot): Measured(used.of(item), used.drawn_before(due.agreement, item))
        for item, slot in zip(plain, slots, strict=True)
        if item.kind == "usage"
    }
    rated = rate(due.agreement, slots, consumed)
    if rated.problems:
        raise Unbillable("billing.unratable", f"Contract {due.contract.number}: {rated.problems[0].sentence}")
    lines = list(_placed(plain, rated.lines))
    for item in due.items:
        if item.kind == ADJUSTMENT:
            lines += [DueLine(line, item.id) for line in lines_of(item.lines)]
    return lines


def rate_in_turn(pieces: Iterable[Due], used: Consumption) -> tuple[list[DueLine], Consumption]:
    """As `rate_due`, one piece after the other, each drawing on what those before have left of a commitment; and what
    they leave to others. Raises Unbillable."""
    lines: list[DueLine] = []
    for piece in pieces:
        rated = rate_due(piece, used)
        paid = Counter[UUID]()
        for each in rated:
            if each.line.kind == "drawdown":
                paid[each.item_id] -= each.line.net_minor
        used = used.after(piece.items, paid)
        lines += rated
    return lines, used


def _slot(item: ScheduleItem) -> Slot:
    kind = cast(SlotKind, item.kind)
    return Slot(item.charge_key, kind, Span(item.period_start, item.period_end), item.bill_on)


def _placed(items: Sequence[ScheduleItem], lines: Iterable[RatedLine]) -> Iterator[DueLine]:
    """Each line beside its item: the one of its charge whose period has begun latest when the line begins."""
    by_charge: dict[str, list[ScheduleItem]] = defaultdict(list)
    for item in items:
        by_charge[item.charge_key].append(item)
    starts = {}
    for key, found in by_charge.items():
        found.sort(key=lambda item: item.period_start)
        starts[key] = [item.period_start for item in found]
    for line in lines:
        place = bisect_right(starts[line.charge_key], line.span.starts_on) - 1
        yield DueLine(line, by_charge[line.charge_key][max(place, 0)].id)
