"""Subjects of the trail ("invoice:<id>", "system:stripe", ...): in words, found by words, within a reader's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, case, cast, func, or_, select, true
from sqlalchemy.orm import Session

from core.db.tables import AuditEntry, Case, Customer, Document, InboxItem, LegalEntity, Transition, User
from core.reporting.invoice_detail import SYSTEMS, system_name
from core.reporting.paging import Viewer
from core.reporting.receivables import Scope

_MOST = 200
# Kinds whose id is that of a row with a legal entity.
_OWNED: dict[str, Any] = {"invoice": Document, "case": Case, "customer": Customer}
_OWNED_ID = "^({}):[0-9a-f]{{8}}-[0-9a-f-]{{27}}$".format("|".join(_OWNED))


def subject_words(session: Session, subjects: Iterable[str]) -> dict[str, str]:
    """Each subject as people know it; one question per kind, however many there are."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for subject in subjects:
        kind, _, id = subject.partition(":")
        by_kind[kind].append(id)
    found: dict[str, str] = {}
    for kind, ids in by_kind.items():
        named = _NAMERS[kind](session, ids) if kind in _NAMERS else {}
        found |= {f"{kind}:{id}": named.get(id, _plain(kind)) for id in ids}
    return found


def _plain(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def _uuids(ids: Iterable[str]) -> list[UUID]:
    found = []
    for id in ids:
        try:
            found.append(UUID(id))
        except ValueError:
            continue
    return found


def _documents(session: Session, ids: list[str]) -> dict[str, str]:
    rows = session.execute(select(Document.id, Document.kind, Document.number).where(Document.id.in_(_uuids(ids))))
    return {str(id): f"{_plain(kind)} {number}" for id, kind, number in rows}


def _cases(session: Session, ids: list[str]) -> dict[str, str]:
    statement = (
        select(Case.id, Case.type, Document.number)
        .outerjoin(Document, Document.id == Case.document_id)
        .where(Case.id.in_(_uuids(ids)))
    )
    return {
        str(id): f"{_plain(type)} exception" + (f" on {number}" if number else "")
        for id, type, number in session.execute(statement)
    }


def _customers(session: Session, ids: list[str]) -> dict[str, str]:
    rows = session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(_uuids(ids))))
    return {str(id): name for id, name in rows}


def _users(session: Session, ids: list[str]) -> dict[str, str]:
    return {str(id): name for id, name in session.execute(select(User.id, User.name).where(User.id.in_(_uuids(ids))))}


def _inbox(session: Session, ids: list[str]) -> dict[str, str]:
    rows = session.execute(select(InboxItem.id, InboxItem.source).where(InboxItem.id.in_(_uuids(ids))))
    return {str(id): f"Record from {system_name(source)}" for id, source in rows}


def _entities(session: Session, codes: list[str]) -> dict[str, str]:
    rows = session.execute(select(LegalEntity.code, LegalEntity.name).where(LegalEntity.code.in_(codes)))
    return dict(rows.tuples().all())


def _systems(_: Session, names: list[str]) -> dict[str, str]:
    return {name: system_name(name) for name in names}


def _policies(_: Session, names: list[str]) -> dict[str, str]:
    return {name: f"Policy “{name}”" for name in names}


_NAMERS: dict[str, Callable[[Session, list[str]], dict[str, str]]] = {
    "invoice": _documents,
    "case": _cases,
    "customer": _customers,
    "user": _users,
    "inbox": _inbox,
    "entity": _entities,
    "system": _systems,
    "policy": _policies,
}


def about(session: Session, text: str) -> ColumnElement[bool]:
    """Entries that a search text stands for. The number of an invoice brings along its exceptions, and what was written
    about many at once when it was recorded or decided."""
    if ":" in text:
        return AuditEntry.subject == text
    documents = session.scalars(select(Document.id).where(Document.number.in_({text, text.upper()})).limit(_MOST)).all()
    named = AuditEntry.subject.in_(_named(session, text, documents))
    return or_(named, _together_with(session, documents)) if documents else named


def _together_with(session: Session, documents: Sequence[UUID]) -> ColumnElement[bool]:
    """Every entry of a command bears the instant of what the command did."""
    recorded = select(Document.recorded_at).where(Document.id.in_(documents))
    moved = select(Transition.at).where(Transition.subject_id.in_(documents), Transition.subject == "document")
    moments = session.scalars(recorded.union(moved).limit(_MOST)).all()
    of_many = or_(AuditEntry.subject.is_(None), AuditEntry.subject.startswith("system:"))
    return and_(AuditEntry.at.in_(moments), of_many)


def _named(session: Session, text: str, documents: Sequence[UUID]) -> list[str]:
    cases = (
        session.scalars(select(Case.id).where(Case.document_id.in_(documents)).limit(_MOST)).all() if documents else []
    )
    called = or_(Customer.name.icontains(text, autoescape=True), Customer.number == text.upper())
    customers = session.scalars(select(Customer.id).where(called).limit(_MOST)).all()
    users = session.scalars(select(User.id).where(User.name.icontains(text, autoescape=True)).limit(_MOST)).all()
    systems = [name for name, title in SYSTEMS.items() if text.lower() in (name, title.lower())]
    return [
        *(f"invoice:{id}" for id in documents),
        *(f"case:{id}" for id in cases),
        *(f"customer:{id}" for id in customers),
        *(f"user:{id}" for id in users),
        *(f"system:{name}" for name in systems),
        f"policy:{text.lower()}",
    ]


def in_scope(viewer: Viewer | None, columns: Any = AuditEntry) -> ColumnElement[bool]:
    """Entries about rows of other legal entities are left out; those about no row of an entity stay."""
    if viewer is None or viewer.entities is None:
        return true()
    scope, subject = Scope(None, viewer.entities), columns.subject
    is_owned = subject.regexp_match(_OWNED_ID)
    id = cast(case((is_owned, func.split_part(subject, ":", 2))), Uuid)
    within = [
        subject.startswith(f"{kind}:") & select(table.id).where(table.id == id, scope.holds(table.entity)).exists()
        for kind, table in _OWNED.items()
    ]
    is_entity = subject.startswith("entity:")
    own = is_entity & func.split_part(subject, ":", 2).in_(viewer.entities)
    return or_(subject.is_(None), ~is_owned & ~is_entity, own, *within)
