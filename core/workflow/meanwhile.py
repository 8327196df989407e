"""Rows that a person decides on, as they were shown; or who was quicker, in words for whoever comes second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import select

from core.approvals import store as approvals
from core.approvals.model import ApprovalState
from core.audit import store as audit
from core.audit.model import actor_words
from core.cases import store as cases
from core.cases.model import CaseState
from core.db.tables import Approval, Case, Document, User
from core.kit.errors import Stale
from core.workflow.command import Target
from core.workflow.context import Context
from core.workflow.permissions import check_entities

_MOST_TOLD = 3


def open_cases(ctx: Context, targets: Iterable[Target]) -> list[Case]:
    """Locked, all or nothing. Raises NotFound, Forbidden, or Stale with who settled or changed them."""
    rows = cases.load_open(ctx.session, _pairs(targets), partial(_cases_moved, ctx))
    check_entities(ctx.actor, [row.entity for row in rows])
    return rows


def waiting_approvals(ctx: Context, targets: Iterable[Target]) -> list[Approval]:
    """Locked, all or nothing. Raises NotFound, Forbidden, or Stale with who decided or re-routed them."""
    return approvals.load_waiting(ctx.session, _pairs(targets), partial(_approvals_moved, ctx))


def _pairs(targets: Iterable[Target]) -> list[tuple[UUID, int]]:
    return [(target.id, target.revision) for target in targets]


def _cases_moved(ctx: Context, moved: Sequence[Case], wanted: Sequence[Case]) -> Stale:
    check_entities(ctx.actor, [row.entity for row in moved])
    told = []
    for row in moved[:_MOST_TOLD]:
        what = "this" if len(wanted) == 1 else f"“{row.sentence}”"
        if row.state == CaseState.OPEN:
            told.append(f"{_who(ctx, _changed_by(ctx, row))} changed {what}")
        else:
            told.append(f"{_who(ctx, row.closed_by)} settled {what}")
    return _stale(told, len(moved), len(wanted))


def _changed_by(ctx: Context, case: Case) -> str | None:
    """A correction is told of one exception of the document, and changes them all."""
    same = Case.document_id == case.document_id if case.document_id else Case.id == case.id
    ids = ctx.session.scalars(select(Case.id).where(same))
    return audit.last_actor(ctx.session, [f"case:{id}" for id in ids])


def _approvals_moved(ctx: Context, moved: Sequence[Approval], wanted: Sequence[Approval]) -> Stale:
    check_entities(ctx.actor, [row.entity for row in moved])
    told = []
    for row in moved[:_MOST_TOLD]:
        number = ctx.session.scalar(select(Document.number).where(Document.id == row.document_id))
        decider = ctx.session.scalar(select(User.name).where(User.id == row.decided_by))
        if row.state == ApprovalState.WAITING:
            by = audit.last_actor(ctx.session, [f"invoice:{row.document_id}"], command="RerouteApprovals")
            told.append(f"{_who(ctx, by)} re-routed {number}")
        elif row.state == ApprovalState.WITHDRAWN:
            told.append(f"{number} was changed and is no longer what was asked about")
        else:
            told.append(f"{_who(ctx, decider)} {row.state} {number}")
    return _stale(told, len(moved), len(wanted))


def _who(ctx: Context, label: str | None) -> str:
    if label is None:
        return "Somebody"
    return "You" if label == ctx.actor.label else actor_words(label)


def _stale(told: Sequence[str], moved: int, wanted: int) -> Stale:
    """What happened, and that nothing was done about any of those that were wanted."""
    more = f"; and {moved - len(told):,} more" if moved > len(told) else ""
    if wanted == 1:
        return Stale("This", f"{told[0]} meanwhile: yours was not done. Look again.")
    rest = "look again and go on with the rest" if moved < wanted else "look again"
    return Stale("One of these", f"Meanwhile: {'; '.join(told)}{more}. Nothing was done; {rest}.")
