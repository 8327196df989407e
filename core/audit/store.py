"""Appending to the trail, and checking it from end to end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from core.audit.model import GENESIS, Deed, Note, chain_hash
from core.db.tables import AuditEntry, AuditHead

_HEAD = 1
_VERIFY_BATCH = 5_000


def append(session: Session, deed: Deed, notes: Sequence[Note]) -> None:
    """Adds the notes in order. Locks the head row until the transaction ends, so call it last."""
    if not notes:
        return
    session.execute(pg_insert(AuditHead).values(id=_HEAD, seq=0, hash=GENESIS).on_conflict_do_nothing())
    head = session.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == _HEAD).with_for_update()).one()
    rows, seq, link = [], head.seq, head.hash
    for note in notes:
        seq += 1
        digest = chain_hash(link, seq, deed, note)
        rows.append(_row(seq, link, digest, deed, note))
        link = digest
    session.execute(insert(AuditEntry), rows)
    session.execute(update(AuditHead).where(AuditHead.id == _HEAD).values(seq=seq, hash=link))


def _row(seq: int, previous: str, digest: str, deed: Deed, note: Note) -> dict[str, object]:
    return {
        "seq": seq,
        "at": deed.at,
        "actor": deed.actor,
        "command": deed.command,
        "command_id": deed.command_id,
        "subject": note.subject,
        "sentence": note.sentence,
        "detail": note.detail,
        "previous_hash": previous,
        "hash": digest,
    }


def first_break(session: Session) -> int | None:
    """The first entry whose hash, order or link is wrong (or that is missing); None when the trail is whole."""
    link, seq = GENESIS, 0
    for entry in _entries(session):
        seq += 1
        deed = Deed(entry.at.astimezone(UTC), entry.actor, entry.command, entry.command_id)
        note = Note(entry.sentence, entry.subject, entry.detail)
        is_sound = entry.seq == seq and entry.previous_hash == link and entry.hash == chain_hash(link, seq, deed, note)
        if not is_sound:
            return seq
        link = entry.hash
    head = session.execute(select(AuditHead.seq, AuditHead.hash)).one_or_none()
    if head is None:
        return None if seq == 0 else seq
    return None if (head.seq, head.hash) == (seq, link) else seq + 1


def _entries(session: Session) -> Iterable[AuditEntry]:
    statement = select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=_VERIFY_BATCH)
    return session.scalars(statement)


def last_actor(session: Session, subjects: Iterable[str], command: str | None = None) -> str | None:
    """Who last did something to one of the subjects, or gave this command for it."""
    statement = select(AuditEntry.actor).where(AuditEntry.subject.in_(list(subjects)))
    if command is not None:
        statement = statement.where(AuditEntry.command == command)
    return session.scalar(statement.order_by(AuditEntry.seq.desc()).limit(1))


def length(session: Session) -> int:
    """Entries in the trail, by its head."""
    return session.scalar(select(AuditHead.seq)) or 0
