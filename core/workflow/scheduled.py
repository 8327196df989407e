"""What the billing schedule and the tax engine say of documents that the house drafted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from core.agreements import schedule as schedules
from core.db.tables import Contract, ContractLine, Customer, Document
from core.documents import drafts as draft_rows
from core.validation.model import DueFacts
from core.workflow.context import Context


@dataclass(frozen=True, slots=True)
class Drafted:
    """What belongs to documents that are not in the store yet, per document: lines, tax (None: not determined), and
    the schedule items that they bill or should bill; and, if they were read to draft them, contracts with their lines
    by number, and customers."""

    lines: Mapping[UUID, Sequence[Any]]
    taxes: Mapping[UUID, int | None]
    items: Mapping[UUID, Sequence[Any]]
    contracts: Mapping[str, tuple[Contract, list[ContractLine]]] | None = None
    customers: Mapping[UUID, Customer] | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """`kinds` per schedule item; `due` and `taxes` per document."""

    kinds: Mapping[UUID, str] = field(default_factory=dict)
    due: Mapping[UUID, tuple[DueFacts, ...]] = field(default_factory=dict)
    taxes: Mapping[UUID, int | None] = field(default_factory=dict)


def schedule_of(ctx: Context, ours: Iterable[Document], drafted: Drafted | None) -> Schedule:
    ids = [row.id for row in ours]
    if not ids:
        return Schedule()
    if drafted is None:
        items: Mapping[UUID, Sequence[Any]] = schedules.items_of_documents(ctx.session, ids)
        taxes: Mapping[UUID, int | None] = draft_rows.tax_totals(ctx.session, ids)
    else:
        items, taxes = drafted.items, drafted.taxes
    documents = {item.id: id for id, found in items.items() for item in found}
    twins = schedules.twins(ctx.session, documents)
    numbers = draft_rows.numbers(ctx.session, set(twins.values()))
    due: dict[UUID, tuple[DueFacts, ...]] = defaultdict(tuple)
    for id, found in items.items():
        due[id] = tuple(_due(item, numbers.get(twins.get(item.id))) for item in found)
    return Schedule({item.id: item.kind for found in items.values() for item in found}, due, taxes)


def _due(item: Any, twin: str | None) -> DueFacts:
    return DueFacts(
        item.id,
        item.charge_key,
        item.kind,
        item.period_start,
        item.period_end,
        item.expected_minor,
        is_on_invoice=True,
        twin=twin,
    )
