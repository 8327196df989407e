"""Rows of billing runs and their parts. A part is one contract in a run: done once, whoever comes back to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from core.db.tables import BillingRun, BillingRunPart
from core.kit.errors import NotFound, Refused, Stale

GENERATING, REVIEW, RELEASING, RELEASED, CANCELLED = "generating", "review", "releasing", "released", "cancelled"
PENDING, DONE, EMPTY, FAILED = "pending", "done", "empty", "failed"
# What failed is not tried again by the clock before the next day, unless its contract or customer has changed since, as
# when the customer arrives; a person may do so at once.
_REST = timedelta(hours=20)

_DUE = """
from schedule_items i join contracts c on c.id = i.contract_id left join customers u on u.id = c.customer_id
where i.state = 'open' and i.bill_on <= :through and c.billed_by = 'house'
and (cast(:entities as varchar[]) is null or u.entity = any(cast(:entities as varchar[])))
and i.contract_id not in (select p.contract_id from billing_run_parts p join billing_runs r on r.id = p.run_id
  where p.state = 'pending' and r.state = 'generating' and r.id is distinct from cast(:run_id as uuid))
and i.contract_id not in (select p.contract_id from billing_run_parts p join billing_runs r on r.id = p.run_id
  join contracts pc on pc.id = p.contract_id left join customers pu on pu.id = pc.customer_id
  where p.state = 'failed' and r.created_at > :rested and greatest(pc.updated_at, pu.updated_at) <= r.created_at)
and not (i.kind = 'usage' and i.bill_on > cast(:awaited as timestamptz) at time zone 'UTC'
  and i.contract_id in (select p.contract_id from billing_run_parts p join billing_runs r on r.id = p.run_id
    where p.state = 'empty' and p.error is null and r.created_at > :awaited))
"""
_ANY_DUE = text(f"select exists (select 1 {_DUE})")
_ADD_PARTS = text(
    "insert into billing_run_parts (run_id, contract_id, entity, currency, state) "
    f"select :run_id, i.contract_id, max(u.entity), max(c.currency), 'pending' {_DUE} group by i.contract_id"
)
# One worker begins with the first legal entity, the other with the last: so they seldom wait for each other's numbers.
_CLAIM = (
    "select contract_id from billing_run_parts where run_id = :run_id and state = 'pending' "
    "order by entity {order}, contract_id {order} limit :limit for update skip locked"
)
_CLAIMS = {False: text(_CLAIM.format(order="asc")), True: text(_CLAIM.format(order="desc"))}
_SETTLE = text(
    "update billing_run_parts p set state = x.state, document_id = x.document_id, total_minor = x.total_minor, "
    "error = x.error, entity = x.entity from json_to_recordset(cast(:rows as json)) "
    "as x(contract_id uuid, state text, document_id uuid, total_minor bigint, error text, entity text) "
    "where p.run_id = :run_id and p.contract_id = x.contract_id"
)


def is_anything_due(session: Session, through: date, now: datetime, grace: timedelta) -> bool:
    """Whether the clock should start a run: something is due that no unfinished run has, that did not just fail, and
    that is not usage which a run has found to be none while its grace goes on."""
    values = {"run_id": None, "through": through, "entities": None, "rested": now - _REST, "awaited": now - grace}
    return bool(session.scalar(_ANY_DUE, values))


def start(session: Session, run: BillingRun, grace: timedelta, *, is_by_clock: bool) -> int:
    """Inserts the run with a part for each contract that has something due; answers how many. A contract that another
    run is about to bill is left to that run."""
    session.add(run)
    session.flush()
    rested = run.created_at - _REST if is_by_clock else run.created_at + _REST
    awaited = run.created_at - grace if is_by_clock else run.created_at + _REST
    values = {"run_id": run.id, "through": run.through, "entities": run.entities}
    values |= {"rested": rested, "awaited": awaited}
    return int(session.execute(_ADD_PARTS, values).rowcount)  # type: ignore[attr-defined]


def get(session: Session, id: UUID, revision: int | None = None) -> BillingRun:
    """One locked run. Raises NotFound, or Stale when `revision` is not the present one."""
    row = session.scalar(select(BillingRun).where(BillingRun.id == id).with_for_update())
    if row is None:
        raise NotFound("This billing run")
    if revision is not None and row.revision != revision:
        raise Stale(f"The run “{row.name}”")
    return row


def shared(session: Session, id: UUID) -> BillingRun:
    """One run, which nobody cancels or releases until the transaction ends; several may hold it so."""
    row = session.scalar(select(BillingRun).where(BillingRun.id == id).with_for_update(read=True))
    if row is None:
        raise NotFound("This billing run")
    return row


def move(run: BillingRun, state: str, now: datetime) -> None:
    run.state = state
    run.revision += 1
    run.finished_at = now if state in (RELEASED, CANCELLED) else None


def require(run: BillingRun, *states: str) -> None:
    """Raises Refused when the run is in none of the states."""
    if run.state not in states:
        raise Refused("run.state", f"The run “{run.name}” is {run.state}: this cannot be done now.")


def claim(session: Session, run_id: UUID, limit: int, *, is_from_behind: bool = False) -> list[UUID]:
    """Contracts of pending parts, locked; those in other hands are left alone."""
    return list(session.scalars(_CLAIMS[is_from_behind], {"run_id": run_id, "limit": limit}))


def settle(session: Session, run_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes down how parts ended: state, document_id, total_minor, error and entity by contract_id."""
    if rows:
        session.execute(_SETTLE, {"run_id": run_id, "rows": to_json(rows).decode()})


def counts(session: Session, run_id: UUID) -> Counter[str]:
    """Parts by state."""
    statement = select(BillingRunPart.state, func.count()).where(BillingRunPart.run_id == run_id)
    return Counter({row[0]: row[1] for row in session.execute(statement.group_by(BillingRunPart.state))})


def is_all_settled(session: Session, run_id: UUID) -> bool:
    """Whether no part is pending, also not in other hands."""
    pending = select(BillingRunPart.contract_id).where(BillingRunPart.run_id == run_id, BillingRunPart.state == PENDING)
    return session.scalar(pending.limit(1)) is None


def reopen_failed(session: Session, run_id: UUID) -> int:
    """Puts failed parts in line again; answers how many."""
    statement = (
        update(BillingRunPart)
        .where(BillingRunPart.run_id == run_id, BillingRunPart.state == FAILED)
        .values(state=PENDING, error=None)
        .returning(BillingRunPart.contract_id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(statement).all())


def withdraw(session: Session, run_id: UUID) -> None:
    """A cancelled run has nothing pending, and its parts no documents that count."""
    session.execute(
        update(BillingRunPart)
        .where(BillingRunPart.run_id == run_id, BillingRunPart.state == PENDING)
        .values(state=EMPTY, error="The run was cancelled")
        .execution_options(synchronize_session=False)
    )


def unfinished(session: Session, begun_before: datetime) -> list[UUID]:
    """Runs with work for a job, oldest first."""
    # As text: a bound parameter would hide from a prepared plan that the partial index fits.
    at_work = text("state in ('generating', 'releasing')")
    statement = select(BillingRun.id).where(at_work, BillingRun.created_at <= begun_before)
    return list(session.scalars(statement.order_by(BillingRun.created_at)))


def states_of(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = session.execute(select(BillingRun.id, BillingRun.state).where(BillingRun.id.in_(list(ids))))
    return {row.id: row.state for row in rows}
