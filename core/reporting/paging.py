"""Pages of long lists by keyset: the cost of a page depends on its size, not on how much history lies behind it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import Session

from core.kit.errors import NotFound

COUNT_CAP = 10_000
# A count looks at no more candidates than this; beyond it the count is a lower bound.
SCAN_CAP = 2_000

Item = TypeVar("Item")
AnySelect = Select[*tuple[Any, ...]]


class Viewer(Protocol):
    """Whoever reads; `entities` None = all legal entities."""

    @property
    def entities(self) -> frozenset[str] | None: ...


def row_id(text: str | None, what: str) -> UUID:
    """The id in a link. Raises NotFound, naming `what`, when it is none."""
    try:
        return UUID(text or "")
    except ValueError:
        raise NotFound(what) from None


@dataclass(frozen=True, slots=True)
class CountCapped:
    """A count that stops at a cap, so that it costs the same however long the list is."""

    value: int
    is_capped: bool

    def __str__(self) -> str:
        return f"{self.value:,}{'+' if self.is_capped else ''}"


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What a pager needs: cursors are opaque text for the URL; None = there is no such page."""

    next_cursor: str | None
    previous_cursor: str | None
    count: CountCapped


@dataclass(frozen=True, slots=True)
class Page(PageInfo, Generic[Item]):
    rows: tuple[Item, ...] = ()

    @property
    def info(self) -> PageInfo:
        return PageInfo(self.next_cursor, self.previous_cursor, self.count)


@dataclass(frozen=True, slots=True)
class Order:
    """A sort that never ties: a column without NULLs, then the id, both in the same direction."""

    name: str
    key: Any
    id: Any
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class _Position:
    is_backward: bool
    key: Any
    id: Any


_READERS: dict[str, Callable[[str], Any]] = {
    "d": date.fromisoformat,
    "t": datetime.fromisoformat,
    "u": UUID,
    "i": int,
    "s": str,
}


def _tagged(value: Any) -> str:
    match value:
        case datetime():
            return "t" + value.isoformat()
        case date():
            return "d" + value.isoformat()
        case UUID():
            return "u" + str(value)
        case int():
            return f"i{value}"
        case _:
            return "s" + str(value)


def _encoded(order: Order, direction: str, row: Any) -> str:
    content = json.dumps([order.name, order.is_descending, direction, _tagged(row.page_key), _tagged(row.page_id)])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _decoded(cursor: str | None, order: Order) -> _Position | None:
    """The place a cursor names; None (the first page) when it is unreadable or belongs to another sort."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, is_descending, direction, *values = json.loads(base64.urlsafe_b64decode(padded))
        key, row_id = (_READERS[value[0]](value[1:]) for value in values)
    except (ValueError, TypeError, KeyError, IndexError, binascii.Error):
        return None
    if (name, is_descending) != (order.name, order.is_descending):
        return None
    return _Position(direction == "before", key, row_id)


def _from(statement: AnySelect, order: Order, place: _Position | None) -> AnySelect:
    is_descending = order.is_descending != (place is not None and place.is_backward)
    if place is not None:
        here = tuple_(literal(place.key, order.key.type), literal(place.id, order.id.type))
        there = tuple_(order.key, order.id)
        statement = statement.where(there < here if is_descending else there > here)
    if is_descending:
        return statement.order_by(order.key.desc(), order.id.desc())
    return statement.order_by(order.key, order.id)


def _slice(session: Session, statement: AnySelect, order: Order, place: _Position | None, size: int) -> Sequence[Any]:
    wanted = statement.add_columns(order.key.label("page_key"), order.id.label("page_id"))
    return session.execute(_from(wanted, order, place).limit(size + 1)).all()


def read_page(
    session: Session, statement: AnySelect, order: Order, cursor: str | None, size: int
) -> tuple[list[Any], str | None, str | None]:
    """One page of `statement`: its rows in order, the cursor of the next page, the cursor of the previous one."""
    place = _decoded(cursor, order)
    found = list(_slice(session, statement, order, place, size))
    has_more, rows = len(found) > size, found[:size]
    is_backward = place is not None and place.is_backward
    if is_backward:
        rows.reverse()
    if not rows:
        return [], None, None
    has_next = is_backward or has_more
    has_previous = has_more if is_backward else place is not None
    return (
        rows,
        _encoded(order, "after", rows[-1]) if has_next else None,
        _encoded(order, "before", rows[0]) if has_previous else None,
    )


def capped_count(session: Session, matching: AnySelect) -> CountCapped:
    """How many rows `matching` (a cheap select, such as of ids) has, up to the cap."""
    few = matching.order_by(None).limit(COUNT_CAP + 1).subquery()
    found = session.scalar(select(func.count()).select_from(few)) or 0
    return CountCapped(min(found, COUNT_CAP), found > COUNT_CAP)


def scanned_count(session: Session, candidates: AnySelect, where: Callable[[Any], ColumnElement[bool]]) -> CountCapped:
    """How many of the first SCAN_CAP candidates match; `where` gets the columns of the candidates.

    Order the candidates as the page is ordered, so that its index bounds the walk. For filters without an index of
    their own: a rare match must not make the count walk through all history.
    """
    few = candidates.limit(SCAN_CAP + 1).subquery()
    seen, found = session.execute(select(func.count(), func.count().filter(where(few.c))).select_from(few)).one()
    is_capped = seen > SCAN_CAP or found > COUNT_CAP
    return CountCapped(min(found, COUNT_CAP), is_capped)
