"""Rows of billing schedules. A billed item is closed: nothing but the end of its document opens it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, text, tuple_, update
from sqlalchemy.orm import Session, aliased

from core.agreements.model import ADJUSTMENT, DueContract, Item, ItemState, NewItem, Plan
from core.agreements.store import HOUSE
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Contract, ContractTerms, Customer, ScheduleItem, SchedulePlan

_ROWS = 5_000
_KEPT = (
    ScheduleItem.id,
    ScheduleItem.contract_id,
    ScheduleItem.charge_key,
    ScheduleItem.kind,
    ScheduleItem.period_start,
    ScheduleItem.period_end,
    ScheduleItem.bill_on,
    ScheduleItem.state,
    ScheduleItem.currency,
    ScheduleItem.expected_minor,
    ScheduleItem.lines,
    ScheduleItem.terms_id,
    ScheduleItem.covers,
    ScheduleItem.closed_at,
    ScheduleItem.used,
)
_CLOSE = text(
    "update schedule_items i set state = 'billed', document_id = x.document_id, closed_at = :now, used = x.used, "
    "corrected = null from json_to_recordset(cast(:rows as json)) as x(id uuid, document_id uuid, used numeric) "
    "where i.id = x.id and i.state = 'open'"
)
_CORRECT = text(
    "update schedule_items i set corrected = coalesce(i.corrected, 0) + x.change "
    "from json_to_recordset(cast(:rows as json)) as x(id uuid, change numeric) where i.id = x.id"
)
# Periods are at most two years long, so that older history is not looked at.
_TWINS = text(
    "select i.id, max(other.document_id::text)::uuid as document_id "
    "from json_to_recordset(cast(:rows as json)) as x(id uuid, document_id uuid) "
    "join schedule_items i on i.id = x.id and i.kind in ('recurring', 'usage') "
    "join schedule_items other on other.contract_id = i.contract_id and other.charge_key = i.charge_key "
    "and other.kind = i.kind and other.state = 'billed' and other.id <> i.id and other.document_id <> x.document_id "
    "and other.period_start between i.period_start - 731 and i.period_end - 1 and other.period_end > i.period_start "
    "group by i.id"
)
_WHOLE = [column.key for column in ScheduleItem.__table__.columns]
_BRING_BACK = text(
    "insert into schedule_items select x.* from json_populate_recordset(null::schedule_items, cast(:rows as json)) x "
    "on conflict (id) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in _WHOLE if name not in ("id", "contract_id"))
)
Row = TypeVar("Row")
_NEW = [field.name for field in fields(NewItem)]
_PLANNED = ("period_end", "bill_on", "state", "currency", "expected_minor", "terms_id", "lines", "covers")

# --- what is due -----------------------------------------------------------------------------------------------------


def due_contracts(
    session: Session,
    through: date,
    entities: Iterable[str] | None = None,
    *,
    after: UUID | None = None,
    limit: int = 500,
) -> list[DueContract]:
    """Contracts with open items to be billed on or before `through`, by id; `after` is the last one seen."""
    statement = (
        select(
            ScheduleItem.contract_id,
            Contract.customer_id,
            Customer.entity,
            Contract.currency,
            func.count(),
            func.coalesce(func.sum(ScheduleItem.expected_minor), 0),
        )
        .join(Contract, Contract.id == ScheduleItem.contract_id)
        .outerjoin(Customer, Customer.id == Contract.customer_id)
        .where(_is_due(through), Contract.billed_by == HOUSE)
        .group_by(ScheduleItem.contract_id, Contract.customer_id, Customer.entity, Contract.currency)
        .order_by(ScheduleItem.contract_id)
        .limit(limit)
    )
    if entities is not None:
        statement = statement.where(Customer.entity.in_(list(entities)))
    if after is not None:
        statement = statement.where(ScheduleItem.contract_id > after)
    rows = session.execute(statement).tuples()
    return [DueContract(*row[:5], int(row[5] or 0)) for row in rows]


def due_items(session: Session, contract_ids: Iterable[UUID], through: date) -> dict[UUID, list[ScheduleItem]]:
    """Open items of these contracts to be billed on or before `through`, in a stable order. Lock the contracts first
    (`core.agreements.store.contracts`), so that no amendment rewrites them meanwhile."""
    statement = (
        select(ScheduleItem)
        .where(is_one_of(ScheduleItem.contract_id, contract_ids), _is_due(through))
        .order_by(ScheduleItem.contract_id, ScheduleItem.charge_key, ScheduleItem.period_start, ScheduleItem.kind)
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, list[ScheduleItem]] = defaultdict(list)
    for row in session.scalars(statement):
        found[row.contract_id].append(row)
    return dict(found)


def _is_due(through: date) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = (ScheduleItem.state == ItemState.OPEN) & (ScheduleItem.bill_on <= through)
    return condition


def mark_billed(
    session: Session,
    documents: Mapping[UUID, UUID | None],
    now: datetime,
    used: Mapping[UUID, Decimal] = MappingProxyType({}),
) -> None:
    """Closes open items; `documents` gives the document of each by item id, None for what came to nothing, so that no
    invoice is made for it. `used`: what was measured of those of usage."""
    rows = [{"id": item, "document_id": document, "used": used.get(item)} for item, document in documents.items()]
    for chunk in _chunks(rows, _ROWS):
        session.execute(_CLOSE, {"rows": to_json(chunk).decode(), "now": now})


def note_corrected(session: Session, changes: Mapping[UUID, Decimal]) -> None:
    """By how much corrections of usage have changed the measure of billed items since."""
    if changes:
        rows = [{"id": id, "change": change} for id, change in changes.items()]
        session.execute(_CORRECT, {"rows": to_json(rows).decode()})


def mark_worthless(session: Session, ids: Iterable[UUID], now: datetime) -> None:
    """Closes open items that came to nothing, so that no invoice is made for them."""
    mark_billed(session, dict.fromkeys(ids), now)


def reopen(session: Session, document_ids: Iterable[UUID]) -> set[UUID]:
    """Opens the items of drafts that will never be issued; answers their contracts, which are to be planned again."""
    return _reopen(session, is_one_of(ScheduleItem.document_id, document_ids))


def reopen_items(session: Session, ids: Iterable[UUID]) -> set[UUID]:
    """Opens items that count as billed although no invoice bills them; answers their contracts."""
    return _reopen(session, is_one_of(ScheduleItem.id, ids))


def _reopen(session: Session, which: ColumnElement[bool]) -> set[UUID]:
    statement = (
        update(ScheduleItem)
        .where(which, ScheduleItem.state == ItemState.BILLED)
        .values(state=ItemState.OPEN, document_id=None, closed_at=None)
        .returning(ScheduleItem.contract_id)
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(statement))


def items_of_documents(session: Session, document_ids: Iterable[UUID]) -> dict[UUID, list[ScheduleItem]]:
    """The items that each document bills."""
    statement = select(ScheduleItem).where(
        is_one_of(ScheduleItem.document_id, document_ids), ScheduleItem.document_id.is_not(None)
    )
    found: dict[UUID, list[ScheduleItem]] = defaultdict(list)
    statement = statement.order_by(ScheduleItem.document_id, ScheduleItem.id)
    for row in session.scalars(statement.execution_options(populate_existing=True)):
        if row.document_id is not None:
            found[row.document_id].append(row)
    return found


def items(session: Session, ids: Iterable[UUID]) -> list[ScheduleItem]:
    statement = select(ScheduleItem).where(is_one_of(ScheduleItem.id, ids))
    return list(session.scalars(statement.order_by(ScheduleItem.period_start, ScheduleItem.id)))


def twins(session: Session, documents: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Another document that bills the same charge for some of the same days, per item; `documents`: the document of
    each item."""
    rows = [{"id": item, "document_id": document} for item, document in documents.items()]
    return {row.id: row.document_id for row in session.execute(_TWINS, {"rows": to_json(rows).decode()})}


def kept_as(session: Session, document_id: UUID) -> list[dict[str, Any]]:
    """The items that a document bills, JSON-ready, so that `bring_back` can put them where they were."""
    return as_kept(items_of_documents(session, [document_id]).get(document_id, []))


def as_kept(rows: Iterable[ScheduleItem]) -> list[dict[str, Any]]:
    return [{name: _plain(getattr(row, name)) for name in _WHOLE} for row in rows]


def bring_back(session: Session, items: Iterable[Mapping[str, Any]]) -> None:
    """Items that `kept_as` told, billed as they were then, whatever became of them."""
    rows = list(items)
    if rows:
        session.execute(_BRING_BACK, {"rows": to_json(rows).decode()})


def is_settled_later(session: Session, document_id: UUID) -> bool:
    """As `settled_later`, of one document."""
    return bool(settled_later(session, [document_id]))


def settled_later(session: Session, document_ids: Iterable[UUID]) -> set[UUID]:
    """Documents of which another one, not among them, bills an adjustment that covers their items, or follows upon an
    adjustment on them, made when they were billed: its amounts rest on them."""
    wanted = list(document_ids)
    own, later = aliased(ScheduleItem), aliased(ScheduleItem)
    is_later = (later.contract_id == own.contract_id) & (later.charge_key == own.charge_key)
    rests_on = or_(own.kind == ADJUSTMENT, later.covers.has_key(cast(own.id, Text)))
    statement = (
        select(own.document_id)
        .join(later, is_later)
        .where(
            is_one_of(own.document_id, wanted),
            later.kind == ADJUSTMENT,
            later.state == ItemState.BILLED,
            ~is_one_of(later.document_id, wanted),
            later.closed_at >= own.closed_at,
            rests_on,
        )
        .distinct()
    )
    return {id for id in session.scalars(statement) if id is not None}


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | list | None) else str(value)


# --- planning --------------------------------------------------------------------------------------------------------


def kept(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, list[Item]]:
    """Every item of these contracts, by period."""
    statement = (
        select(*_KEPT)
        .where(is_one_of(ScheduleItem.contract_id, contract_ids))
        .order_by(ScheduleItem.contract_id, ScheduleItem.period_start, ScheduleItem.id)
    )
    found: dict[UUID, list[Item]] = defaultdict(list)
    for row in session.execute(statement):
        found[row.contract_id].append(Item(**row._mapping))
    return found


def plans(session: Session, contract_ids: Iterable[UUID]) -> dict[UUID, Plan]:
    rows = session.scalars(
        select(SchedulePlan)
        .where(is_one_of(SchedulePlan.contract_id, contract_ids))
        .execution_options(populate_existing=True)
    )
    return {row.contract_id: Plan(row.terms_id, row.until, row.problem) for row in rows}


def save_plans(session: Session, rows: Mapping[UUID, Plan], now: datetime) -> None:
    if not rows:
        return
    content = [{"contract_id": id, **asdict(plan), "planned_at": now} for id, plan in sorted(rows.items())]
    statement = insert_rows(SchedulePlan, content)
    changed = {name: statement.excluded[name] for name in ("terms_id", "until", "planned_at", "problem")}
    session.execute(statement.on_conflict_do_update(index_elements=["contract_id"], set_=changed))


def save_terms(session: Session, rows: Mapping[UUID, tuple[UUID, Any]], now: datetime) -> None:
    """Keeps agreements by terms id: (contract id, the agreement as JSON-ready content). Equal ones are kept once."""
    content = [
        {"id": id, "contract_id": contract, "agreement": agreement, "recorded_at": now}
        for id, (contract, agreement) in sorted(rows.items())
    ]
    for chunk in _chunks(content, 500):
        session.execute(insert_rows(ContractTerms, chunk).on_conflict_do_nothing())


def terms(session: Session, ids: Iterable[UUID]) -> dict[UUID, Any]:
    """The agreements that were kept under these ids."""
    rows = session.execute(select(ContractTerms.id, ContractTerms.agreement).where(is_one_of(ContractTerms.id, ids)))
    return {row.id: row.agreement for row in rows}


def write(session: Session, items: Sequence[NewItem], now: datetime) -> int:
    """Inserts or rewrites items that are not billed; answers how many rows are new or different now."""
    written = 0
    for chunk in _chunks(items, _ROWS):
        rest = {"state": ItemState.OPEN, "planned_at": now, "closed_at": None}
        rows = [{name: getattr(item, name) for name in _NEW} | rest for item in chunk]
        statement = insert_rows(ScheduleItem, rows)
        updates = {name: statement.excluded[name] for name in (*_PLANNED, "planned_at", "closed_at")}
        old = tuple_(*[getattr(ScheduleItem, name) for name in _PLANNED])
        new = tuple_(*[statement.excluded[name] for name in _PLANNED])
        statement = statement.on_conflict_do_update(
            index_elements=["id"],
            set_=updates,
            where=(ScheduleItem.state != ItemState.BILLED) & old.is_distinct_from(new),
        )
        written += len(session.scalars(statement.returning(ScheduleItem.id)).all())
    return written


def drop(session: Session, ids: Iterable[UUID], now: datetime) -> int:
    """Takes open items out of the schedule; answers how many."""
    statement = (
        update(ScheduleItem)
        .where(is_one_of(ScheduleItem.id, ids), ScheduleItem.state == ItemState.OPEN)
        .values(state=ItemState.DROPPED, closed_at=now)
        .returning(ScheduleItem.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(statement).all())


def to_plan(session: Session, until: date, today: date, *, after: UUID | None, limit: int) -> list[UUID]:
    """Contracts of the house, by id behind `after`, that are not planned up to `until`, could not be planned, or have
    been renewed since."""
    is_renewed = and_(
        Contract.auto_renews, Contract.ends_on < today, func.date(SchedulePlan.planned_at) <= Contract.ends_on
    )
    is_short = or_(SchedulePlan.until.is_(None), SchedulePlan.until < until)
    statement = (
        select(Contract.id)
        .outerjoin(SchedulePlan, SchedulePlan.contract_id == Contract.id)
        .where(
            Contract.billed_by == HOUSE,
            Contract.status != "draft",
            or_(is_short, SchedulePlan.problem.is_not(None), is_renewed),
        )
        .order_by(Contract.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(Contract.id > after)
    return list(session.scalars(statement))


def _chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
