"""Rows of deliveries, attempts and ledger entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.canonical import LedgerRecord
from core.db.bulk import insert_rows, is_one_of
from core.db.tables import Delivery, DeliveryAttempt, LedgerEntry
from core.kit.errors import IllegalMove, NotFound, Refused, Stale
from core.kit.ids import new_id
from core.ports import LedgerDocument
from core.posting.doubt import doubtful
from core.posting.model import MOVES, ClaimedDelivery, DeliveryState, decode, encode

# An attempt without outcome that is older than this has ended somehow; what holds is the setting SETTLE_SECONDS.
SETTLE = timedelta(seconds=45)

_CLAIMABLE = (DeliveryState.QUEUED, DeliveryState.RETRYING, DeliveryState.IN_DOUBT)


def enqueue(
    session: Session, documents: Sequence[tuple[UUID, LedgerDocument]], system: str, now: datetime
) -> list[UUID]:
    """One delivery per key, whoever asks how often. Answers the ids of the new ones."""
    rows = [
        {
            "id": new_id(),
            "document_id": document_id,
            "system": system,
            "key": document.key,
            "state": DeliveryState.QUEUED,
            "payload": encode(document),
            "next_at": now,
            "enqueued_at": now,
        }
        for document_id, document in documents
    ]
    if not rows:
        return []
    statement = insert_rows(Delivery, rows).on_conflict_do_nothing(index_elements=["system", "key"])
    return list(session.scalars(statement.returning(Delivery.id)))


def claim(session: Session, delivery_id: UUID, now: datetime, settle: timedelta = SETTLE) -> ClaimedDelivery | None:
    """The delivery if it is its turn: open, due, and no other attempt may still be under way."""
    statement = select(Delivery).where(Delivery.id == delivery_id).with_for_update(skip_locked=True)
    row = session.scalar(statement)
    if row is None or row.state not in _CLAIMABLE or row.next_at > now:
        return None
    unended = session.scalar(
        select(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == row.id, DeliveryAttempt.ended_at.is_(None))
        .order_by(DeliveryAttempt.number.desc())
        .limit(1)
    )
    if unended is not None and unended.begun_at > now - settle:
        return None
    must_find = unended is not None or row.state == DeliveryState.IN_DOUBT
    return ClaimedDelivery(row.id, decode(row.payload), row.system, row.key, row.attempts, must_find)


def begin_attempt(session: Session, delivery_id: UUID, action: str, now: datetime) -> int:
    """Writes down the intent before the call, and ends attempts that never told how they ended."""
    session.execute(
        update(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == delivery_id, DeliveryAttempt.ended_at.is_(None))
        .values(ended_at=now, outcome="unknown")
    )
    number: int | None = session.scalar(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(attempts=Delivery.attempts + 1)
        .returning(Delivery.attempts)
    )
    if number is None:
        raise NotFound("This delivery")
    session.add(DeliveryAttempt(delivery_id=delivery_id, number=number, action=action, begun_at=now))
    return number


def end_attempt(
    session: Session, delivery_id: UUID, number: int, outcome: str, exchange: dict[str, Any], now: datetime
) -> None:
    session.execute(
        update(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == delivery_id, DeliveryAttempt.number == number)
        .values(ended_at=now, outcome=outcome, request=exchange.get("request"), response=exchange.get("response"))
    )


def unclear_attempts(session: Session, delivery_id: UUID) -> int:
    """How many attempts nobody could make anything of, since somebody last decided about the delivery."""
    of_this = DeliveryAttempt.delivery_id == delivery_id
    decided = select(func.max(DeliveryAttempt.number)).where(
        of_this, DeliveryAttempt.outcome.in_(("refused", "given_up"))
    )
    since = DeliveryAttempt.number > func.coalesce(decided.scalar_subquery(), 0)
    statement = select(func.count()).where(of_this, since, DeliveryAttempt.outcome == "unclear")
    return session.scalar(statement) or 0


def waiting_systems(session: Session, deliveries: Iterable[UUID]) -> set[str]:
    """Where those of the deliveries go that have not arrived and are still tried."""
    wanted = is_one_of(Delivery.id, deliveries)
    return set(session.scalars(select(Delivery.system).where(wanted, Delivery.state.in_(_CLAIMABLE)).distinct()))


def get(session: Session, delivery_id: UUID) -> Delivery:
    row = session.scalar(select(Delivery).where(Delivery.id == delivery_id).with_for_update())
    if row is None:
        raise NotFound("This delivery")
    return row


def by_keys(session: Session, system: str, keys: Iterable[str]) -> list[Delivery]:
    """Deliveries to the system under these keys, locked."""
    wanted = list(keys)
    if not wanted:
        return []
    statement = select(Delivery).where(Delivery.system == system, is_one_of(Delivery.key, wanted))
    return list(session.scalars(statement.order_by(Delivery.id).with_for_update()))


def to_system(session: Session, document_id: UUID, system: str) -> list[Delivery]:
    """How the document was sent to the system, oldest first."""
    statement = select(Delivery).where(Delivery.document_id == document_id, Delivery.system == system)
    return list(session.scalars(statement.order_by(Delivery.enqueued_at, Delivery.id)))


def load(session: Session, targets: Iterable[tuple[UUID, int]]) -> list[Delivery]:
    """Locked deliveries at the revision that was seen, all or nothing."""
    wanted = dict(targets)
    statement = select(Delivery).where(Delivery.id.in_(list(wanted))).order_by(Delivery.id).with_for_update()
    rows = list(session.scalars(statement))
    if len(rows) != len(wanted):
        raise NotFound("One of these deliveries")
    if any(row.revision != wanted[row.id] for row in rows):
        raise Stale("One of these deliveries")
    return rows


def move(delivery: Delivery, new: DeliveryState) -> None:
    old = DeliveryState(delivery.state)
    if new not in MOVES[old]:
        raise IllegalMove(f"The delivery of {delivery.payload['number']}", old.replace("_", " "), new.replace("_", " "))
    delivery.state = new
    delivery.revision += 1


def requeue(session: Session, deliveries: Iterable[Delivery], now: datetime) -> list[UUID]:
    """Sends refused or set-aside deliveries again, and looks those up first that may have arrived; refuses those that
    did, or are under way."""
    rows = list(deliveries)
    in_doubt = doubtful(session, [row.id for row in rows])
    for row in rows:
        if row.state not in (DeliveryState.REFUSED, DeliveryState.SET_ASIDE):
            raise Refused("delivery.not_stopped", f"Invoice {row.payload['number']} is {row.state.replace('_', ' ')}.")
        move(row, DeliveryState.IN_DOUBT if row.id in in_doubt else DeliveryState.QUEUED)
        row.next_at = now
    return [row.id for row in rows]


def post_again(session: Session, document_id: UUID, system: str, now: datetime) -> list[UUID]:
    """Puts deliveries in line that arrived once, but are not there any more; under their keys they are looked up
    before they are sent."""
    rows = [row for row in to_system(session, document_id, system) if row.state == DeliveryState.DELIVERED]
    for row in rows:
        row.state = DeliveryState.IN_DOUBT
        row.next_at = now
        row.revision += 1
    return [row.id for row in rows]


def save_ledger_entries(session: Session, records: Sequence[LedgerRecord]) -> None:
    """Upserts what the ledger holds; an older report never overwrites a newer one."""
    newest: dict[tuple[str, str, str], LedgerRecord] = {}
    for record in records:
        spot = (record.source, record.kind, record.source_ref)
        if spot not in newest or newest[spot].modified_at <= record.modified_at:
            newest[spot] = record
    rows = [
        {
            "id": new_id(),
            "system": system,
            "external_id": ref,
            "kind": kind,
            "key": record.key,
            "number": record.number,
            "currency": record.currency,
            "total_minor": record.total_minor,
            "open_minor": record.open_minor,
            "dated_on": record.dated_on,
            "modified_at": record.modified_at,
        }
        for (system, kind, ref), record in newest.items()
    ]
    if not rows:
        return
    statement = insert_rows(LedgerEntry, rows)
    columns = ("key", "number", "currency", "total_minor", "open_minor", "dated_on", "modified_at")
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["system", "kind", "external_id"],
            set_={name: statement.excluded[name] for name in columns},
            where=LedgerEntry.modified_at <= statement.excluded.modified_at,
        )
    )


def keys_in_ledger(session: Session, system: str, keys: Iterable[str]) -> set[str]:
    """Which of the keys the ledger already holds."""
    statement = select(LedgerEntry.key).where(LedgerEntry.system == system, is_one_of(LedgerEntry.key, keys))
    return {key for key in session.scalars(statement) if key is not None}


def claimed_in_ledger(session: Session, system: str, keys: Iterable[str]) -> set[str]:
    """Under which of the keys the ledger still claims something, or gives it back: an invoice that nothing is open of
    was taken back there too."""
    is_claimed = (LedgerEntry.open_minor != 0) | ((LedgerEntry.kind == "credit_memo") & (LedgerEntry.total_minor != 0))
    statement = select(LedgerEntry.key).where(
        LedgerEntry.system == system, is_one_of(LedgerEntry.key, keys), is_claimed
    )
    return {key for key in session.scalars(statement) if key is not None}


def due_without_job(session: Session, now: datetime, limit: int) -> list[UUID]:
    """Open deliveries whose time has come; used by the sweep to make sure that each has a job."""
    statement = (
        select(Delivery.id)
        .where(Delivery.state.in_(_CLAIMABLE), Delivery.next_at < now)
        .order_by(Delivery.next_at)
        .limit(limit)
    )
    return list(session.scalars(statement))
