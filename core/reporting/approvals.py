"""Approvals that wait: pages of them with whether the reader may decide, and what a joint decision comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.approvals.model import Person
from core.approvals.rules import refusal
from core.db.tables import Approval, Customer, Decision, Document
from core.reporting.approval_filters import SIGNED_MINOR, ApprovalFilters, matching, order_of
from core.reporting.approvers import Deciding, Reader, person_of, touched_by
from core.reporting.case_filters import midnight
from core.reporting.paging import Page, capped_count, read_page
from core.reporting.people import names
from core.reporting.receivables import Scope
from core.runtime import Runtime

Action = Literal["approve", "reject", "reroute"]
__all__ = ["ApprovalFilters"]

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """`total_minor` in the document's currency, `amount_minor` in the reporting currency; below zero for credit memos.

    `why_not` names the policy that keeps the reader from deciding it; `policy_row` of `policy_version` asked for it.
    """

    id: UUID
    revision: int
    document_id: UUID
    number: str
    kind: str
    customer_name: str
    entity: str | None
    currency: str
    total_minor: int
    amount_minor: int
    reason: str
    policy_version: int | None
    policy_row: str | None
    step: int
    steps: int
    requested_at: datetime
    due_at: datetime
    is_overdue: bool
    assignee: str | None
    is_mine: bool
    why_not: str | None
    available_actions: frozenset[Action]

    @property
    def can_approve(self) -> bool:
        return "approve" in self.available_actions


@dataclass(frozen=True, slots=True)
class ApprovalSummary:
    """Money in `currency`; `decided_today` by the reader since midnight (UTC)."""

    mine_count: int
    mine_minor: int
    all_count: int
    all_minor: int
    overdue_count: int
    decided_today: int
    currency: str


@dataclass(frozen=True, slots=True)
class ApprovalSelection:
    """Approvals to decide together: (id, revision) of those the reader may decide, money per currency.

    `refusals`: why some were left out, and how many for each reason; `matching` counts all that were meant.
    """

    targets: tuple[tuple[UUID, int], ...]
    totals: tuple[tuple[str, int], ...]
    amount_minor: int
    currency: str
    refusals: tuple[tuple[str, int], ...]
    matching: int

    @property
    def count(self) -> int:
        return len(self.targets)

    @property
    def beyond(self) -> int:
        """How many match but are too many for one action."""
        return self.matching - self.count - sum(count for _, count in self.refusals)


def _joined(*columns: Any) -> Any:
    return select(*columns).join(Document, Document.id == Approval.document_id)


def approval_statement(condition: ColumnElement[bool]) -> Any:
    return (
        _joined(Approval, Document, Decision, Customer.name.label("customer"))
        .outerjoin(Decision, Decision.id == Approval.decision_id)
        .outerjoin(Customer, Customer.id == Document.customer_id)
        .where(condition)
    )


def rows_of(session: Session, found: Iterable[Any], reader: Reader, deciding: Deciding) -> tuple[ApprovalRow, ...]:
    rows = list(found)
    touched = touched_by(session, [(row[0], row[1]) for row in rows])
    people = names(session, [row[0].assignee_id for row in rows])
    who = person_of(session, reader.user_id)
    return tuple(
        _row(row, reader, _why_not(row[0], who, touched[row[0].id], deciding), people, deciding) for row in rows
    )


def _why_not(approval: Approval, who: Person | None, touched: frozenset[str], deciding: Deciding) -> str | None:
    if who is None:
        return "Only a person of the house can decide this."
    refused = refusal(
        who,
        role=approval.role,
        entity=approval.entity,
        amount_minor=approval.amount_minor,
        currency=deciding.currency,
        touched_by=touched,
    )
    return refused.sentence if refused else None


def _row(found: Any, reader: Reader, why_not: str | None, people: dict[UUID, str], deciding: Deciding) -> ApprovalRow:
    approval, document, decision = found[0], found[1], found[2]
    actions: set[Action] = set() if approval.state != "waiting" else {"reroute"}
    if actions and why_not is None:
        actions |= {"approve", "reject"}
    return ApprovalRow(
        id=approval.id,
        revision=approval.revision,
        document_id=document.id,
        number=document.number,
        kind=document.kind,
        customer_name=found.customer or document.customer_name,
        entity=approval.entity,
        currency=document.currency,
        total_minor=document.total_minor,
        amount_minor=approval.amount_minor if document.total_minor >= 0 else -approval.amount_minor,
        reason=approval.reason,
        policy_version=decision.version if decision else None,
        policy_row=decision.row if decision else None,
        step=approval.step,
        steps=len(decision.answered.get("roles", ())) if decision else approval.step,
        requested_at=approval.requested_at,
        due_at=approval.due_at,
        is_overdue=approval.state == "waiting" and approval.due_at < deciding.now,
        assignee=people.get(approval.assignee_id) if approval.assignee_id else None,
        is_mine=approval.assignee_id is not None and approval.assignee_id == reader.user_id,
        why_not=why_not,
        available_actions=frozenset(actions),
    )


def list_approvals(
    runtime: Runtime, reader: Reader, filters: ApprovalFilters, cursor: str | None = None, size: int = 50
) -> Page[ApprovalRow]:
    """One page of approvals that wait."""
    deciding = Deciding(runtime.now(), runtime.settings.reporting_currency)
    with runtime.reading() as session:
        condition = matching(session, reader, filters, deciding.now)
        found, following, previous = read_page(session, approval_statement(condition), order_of(filters), cursor, size)
        count = capped_count(session, _joined(Approval.id).where(condition))
        return Page(following, previous, count, rows_of(session, found, reader, deciding))


def approval_summary(runtime: Runtime, reader: Reader, entity: str | None = None) -> ApprovalSummary:
    now, mine = runtime.now(), Approval.assignee_id == reader.user_id
    columns = (
        func.count().filter(mine),
        func.coalesce(func.sum(SIGNED_MINOR).filter(mine), 0),
        func.count(),
        func.coalesce(func.sum(SIGNED_MINOR), 0),
        func.count().filter(Approval.due_at < now),
    )
    waiting = _joined(*columns).where(
        Approval.state == "waiting", Scope(entity, reader.entities).holds(Approval.entity)
    )
    decided = select(func.count()).where(Approval.decided_by == reader.user_id, Approval.decided_at >= midnight(now))
    with runtime.reading() as session:
        found = session.execute(waiting).one()
        done = session.scalar(decided) or 0
    return ApprovalSummary(
        found[0], int(found[1]), found[2], int(found[3]), found[4], done, runtime.settings.reporting_currency
    )


def select_matching(
    runtime: Runtime, reader: Reader, filters: ApprovalFilters, limit: int = MOST_AT_ONCE
) -> ApprovalSelection:
    """All that match, as far as one action may go, without those the reader may not decide."""
    deciding, order = Deciding(runtime.now(), runtime.settings.reporting_currency), order_of(filters)
    direction = (order.key.desc(), order.id.desc()) if order.is_descending else (order.key, order.id)
    with runtime.reading() as session:
        condition = matching(session, reader, filters, deciding.now)
        found = session.execute(approval_statement(condition).order_by(*direction).limit(limit))
        rows = rows_of(session, found, reader, deciding)
        count = capped_count(session, _joined(Approval.id).where(condition)).value
    return selection(rows, deciding.currency, count)


def selection(rows: Iterable[ApprovalRow], currency: str, count: int | None = None) -> ApprovalSelection:
    """What deciding these rows together comes to; those the reader may not decide are left out, with the reason."""
    meant = tuple(rows)
    able = [row for row in meant if row.can_approve]
    totals: dict[str, int] = {}
    refusals: dict[str, int] = {}
    for row in able:
        totals[row.currency] = totals.get(row.currency, 0) + row.total_minor
    for row in meant:
        if row.why_not is not None:
            refusals[row.why_not] = refusals.get(row.why_not, 0) + 1
    return ApprovalSelection(
        targets=tuple((row.id, row.revision) for row in able),
        totals=tuple(sorted(totals.items())),
        amount_minor=sum(row.amount_minor for row in able),
        currency=currency,
        refusals=tuple(refusals.items()),
        matching=len(meant) if count is None else count,
    )
