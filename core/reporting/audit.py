"""The trail for people: searched, paged newest first, and one entry with before and after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from core.db.tables import AuditEntry, User
from core.kit.errors import NotFound
from core.reporting.audit_subjects import about, in_scope, subject_words
from core.reporting.masking import masked
from core.reporting.paging import CountCapped, Order, Page, Viewer, read_page, scanned_count
from core.reporting.people import actor_words
from core.runtime import Runtime

# How the filter names the house's own jobs, beside people's names.
HOUSE = "Quittance"
_IS_ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_NOTHING = "—"
Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """None = no restriction. `actor`: a person's name, or HOUSE. `subject`: an invoice's number, a customer's number or
    name, a person, a system, a policy, or the subject as it is kept. `text`: part of the sentence. Days are whole days
    in UTC, both included."""

    actor: str | None = None
    command: str | None = None
    subject: str | None = None
    text: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    seq: int
    at: datetime
    actor: str
    command: str
    subject: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AuditDetail:
    """`screen` and `screen_id`: where the subject can be looked at, if it has a screen. `together`: entries that the
    same command wrote."""

    row: AuditRow
    changes: tuple[Change, ...]
    facts: Facts
    together: int
    hash: str
    previous_hash: str
    screen: str | None
    screen_id: str | None


def people_in_trail(runtime: Runtime) -> tuple[str, ...]:
    """Who may have acted: the house's jobs, and everybody who ever had an account."""
    with runtime.reading() as session:
        return (HOUSE, *session.scalars(select(User.name).distinct().order_by(User.name)))


def command_words(command: str) -> str:
    """ "DecideApprovals" → "Decide approvals"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", command).capitalize()


def list_audit(
    runtime: Runtime, viewer: Viewer | None, filters: AuditFilters, cursor: str | None = None, size: int = 50
) -> Page[AuditRow]:
    """One page, newest first."""
    order = Order("at", AuditEntry.at, AuditEntry.seq, is_descending=True)
    with runtime.reading() as session:
        drives = driving(session, filters)
        statement = select(AuditEntry).where(drives, remaining(filters, viewer))
        rows, following, previous = read_page(session, statement, order, cursor, size)
        seen = select(AuditEntry.seq, AuditEntry.actor, AuditEntry.subject, AuditEntry.sentence).where(drives)
        count = scanned_count(session, seen, lambda columns: remaining(filters, viewer, columns))
        at_least = CountCapped(max(count.value, len(rows)), count.is_capped)
        return Page(following, previous, at_least, tuple(audit_rows(session, [row[0] for row in rows])))


def audit_detail(runtime: Runtime, viewer: Viewer | None, seq: int) -> AuditDetail:
    """Raises NotFound when there is no such entry, or it is about an entity the reader may not see."""
    with runtime.reading() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.seq == seq, in_scope(viewer)))
        if entry is None:
            raise NotFound("This entry")
        [row] = audit_rows(session, [entry])
        together = scanned_count(
            session, select(AuditEntry.seq).where(AuditEntry.command_id == entry.command_id), lambda _: true()
        )
    screen, id = _screen(entry.subject)
    detail = masked(entry.detail)
    return AuditDetail(
        row, _changes(detail), _facts(detail), together.value, entry.hash, entry.previous_hash, screen, id
    )


def driving(session: Session, filters: AuditFilters) -> ColumnElement[bool]:
    """The conditions that an index answers."""
    conditions: list[ColumnElement[bool]] = [true()]
    if filters.command is not None:
        conditions.append(AuditEntry.command == filters.command)
    if filters.subject:
        conditions.append(about(session, filters.subject))
    if filters.first is not None:
        conditions.append(AuditEntry.at >= _midnight(filters.first))
    if filters.last is not None:
        conditions.append(AuditEntry.at < _midnight(filters.last + timedelta(days=1)))
    return and_(*conditions)


def remaining(filters: AuditFilters, viewer: Viewer | None, columns: Any = AuditEntry) -> ColumnElement[bool]:
    """The conditions checked entry by entry."""
    conditions = [in_scope(viewer, columns)]
    if filters.actor == HOUSE:
        conditions.append(columns.actor.startswith("job:"))
    elif filters.actor is not None:
        conditions.append(columns.actor == filters.actor)
    if filters.text:
        conditions.append(columns.sentence.icontains(filters.text, autoescape=True))
    return and_(*conditions)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def audit_rows(session: Session, entries: Iterable[AuditEntry]) -> list[AuditRow]:
    listed = list(entries)
    words = subject_words(session, {entry.subject for entry in listed if entry.subject})
    return [
        AuditRow(
            seq=entry.seq,
            at=entry.at,
            actor=actor_words(entry.actor),
            command=command_words(entry.command),
            subject=words.get(entry.subject) if entry.subject else None,
            sentence=entry.sentence,
        )
        for entry in listed
    ]


def _screen(subject: str | None) -> tuple[str | None, str | None]:
    kind, _, id = (subject or "").partition(":")
    screens = {"invoice": "invoice", "customer": "customer", "case": "exception"}
    return (screens[kind], id) if kind in screens else (None, None)


def _changes(detail: Mapping[str, Any]) -> tuple[Change, ...]:
    """What `before` and `after` say, field by field where they have fields."""
    before, after = detail.get("before"), detail.get("after")
    if before is None and after is None:
        return ()
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        return (Change("State", _text(before), _text(after)),)
    old: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    new: Mapping[str, Any] = after if isinstance(after, Mapping) else {}
    fields = dict.fromkeys([*old, *new])
    return tuple(
        Change(_words(field), _text(old.get(field)), _text(new.get(field)))
        for field in fields
        if old.get(field) != new.get(field)
    )


def _facts(detail: Mapping[str, Any]) -> Facts:
    """Everything else, flat; ids are left out: they say nothing to people."""
    rest = {name: value for name, value in detail.items() if name not in ("before", "after")}
    return tuple(sorted(_flat(rest)))


def _flat(facts: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        label = f"{path} › {_words(name).lower()}" if path else _words(name)
        if isinstance(value, Mapping):
            yield from _flat(value, label)
        elif value not in (None, "", []) and not _IS_ID.match(str(value)):
            yield label, _text(value)


def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _text(value: Any) -> str:
    match value:
        case None | "":
            return _NOTHING
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(_text(each) for each in value) or _NOTHING
        case Mapping():
            return "; ".join(f"{label}: {text}" for label, text in _flat(value)) or _NOTHING
        case _:
            return str(value)
