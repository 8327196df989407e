"""What came in from outside: the list of rows, and one of them as it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, literal_column, select, true

from core.db.tables import Case, InboxItem
from core.kit.errors import NotFound
from core.reporting.invoice_detail import system_name
from core.reporting.masking import masked
from core.reporting.paging import Order, Page, Viewer, capped_count, read_page, scanned_count
from core.runtime import Runtime

STATES = ("failed", "new", "set_aside", "handled")
_CAN_RETRY = frozenset({"failed", "set_aside"})
_CAN_SET_ASIDE = frozenset({"failed", "new"})


@dataclass(frozen=True, slots=True)
class InboxFilters:
    """None = no restriction. `search`: the exact id that the source gives the record."""

    state: str | None = "failed"
    source: str | None = None
    search: str | None = None
    is_oldest_first: bool = True


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A record as it arrived; `reference` is what its source calls it."""

    id: UUID
    system: str
    kind: str
    reference: str
    state: str
    received_at: datetime
    handled_at: datetime | None
    attempts: int
    error: str | None

    @property
    def can_retry(self) -> bool:
        return self.state in _CAN_RETRY

    @property
    def can_set_aside(self) -> bool:
        return self.state in _CAN_SET_ASIDE


@dataclass(frozen=True, slots=True)
class InboxDetail:
    """`payload` is None for readers limited to some legal entities: nobody knows yet whose record it is."""

    row: InboxRow
    version: str
    payload: dict[str, Any] | None
    open_case_id: UUID | None


def list_inbox(runtime: Runtime, filters: InboxFilters, cursor: str | None = None, size: int = 50) -> Page[InboxRow]:
    """One page, by the time of arrival."""
    order = Order("received", InboxItem.received_at, InboxItem.id, not filters.is_oldest_first)
    conditions = _conditions(filters)
    with runtime.reading() as session:
        rows, following, previous = read_page(session, _columns().where(conditions), order, cursor, size)
        if filters.state in (None, "handled"):
            seen = select(InboxItem.state, InboxItem.source, InboxItem.external_id)
            count = scanned_count(session, seen, lambda columns: _remaining(filters, columns))
        else:
            count = capped_count(session, select(InboxItem.id).where(conditions))
        return Page(following, previous, count, tuple(_row(row) for row in rows))


def inbox_detail(runtime: Runtime, viewer: Viewer | None, id: UUID) -> InboxDetail:
    """Raises NotFound."""
    with runtime.reading() as session:
        item = session.get(InboxItem, id)
        if item is None:
            raise NotFound("This record")
        case_id = session.scalar(select(Case.id).where(Case.inbox_id == id, Case.state == "open").limit(1))
        sees_all = viewer is None or viewer.entities is None
        return InboxDetail(_row(item), item.version, masked(item.payload) if sees_all else None, case_id)


def _columns() -> Any:
    """Without the payload, which may be large."""
    return select(
        InboxItem.id,
        InboxItem.source,
        InboxItem.kind,
        InboxItem.external_id,
        InboxItem.state,
        InboxItem.received_at,
        InboxItem.handled_at,
        InboxItem.attempts,
        InboxItem.error,
    )


def _conditions(filters: InboxFilters) -> ColumnElement[bool]:
    conditions = [_remaining(filters, InboxItem)]
    if filters.state not in (None, "handled"):
        # Spelled as in the index of unhandled rows, so that the planner sees that it serves.
        conditions.append(InboxItem.state != literal_column("'handled'"))
    return and_(*conditions)


def _remaining(filters: InboxFilters, columns: Any) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if filters.state is not None:
        conditions.append(columns.state == filters.state)
    if filters.source is not None:
        conditions.append(columns.source == filters.source)
    if filters.search:
        conditions.append(columns.external_id == filters.search)
    return and_(*conditions)


def _row(item: Any) -> InboxRow:
    return InboxRow(
        id=item.id,
        system=system_name(item.source),
        kind=_kind_words(item.kind),
        reference=item.external_id,
        state=item.state,
        received_at=item.received_at,
        handled_at=item.handled_at,
        attempts=item.attempts,
        error=item.error,
    )


def _kind_words(kind: str) -> str:
    """ "event:invoice.paid" → "Event: invoice paid"; "OrderItem" stays."""
    words = kind.replace("event:", "event: ").replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
