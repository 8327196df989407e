"""What people do with exceptions: assign, waive, correct, check again, close."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from core.approvals.model import Person
from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import NEVER_WAIVED, QUEUES, CaseState
from core.db.tables import Case, Document
from core.documents import store as documents
from core.documents.model import HOUSE, UNDECIDED
from core.kit.errors import Refused
from core.kit.money import format_minor
from core.kit.words import counted
from core.workflow.commands import AssignCases, CorrectDocument, ResolveCases, RevalidateCases, WaiveCases
from core.workflow.context import Context, Outcome
from core.workflow.deciding import decide
from core.workflow.four_eyes import acting, touch
from core.workflow.meanwhile import open_cases
from core.workflow.people import person
from core.workflow.permissions import is_allowed
from core.workflow.redrawing import redraw
from core.workflow.retaxing import forget_tax


def _note(case: Case, sentence: str, **detail: Any) -> Note:
    return Note(sentence, f"case:{case.id}", {"code": case.code, "document": str(case.document_id or "")} | detail)


def _reason(text: str) -> str:
    if len(text.strip()) < 5:
        raise Refused("reason.missing", "Say why, in a few words: the reason stays in the trail.")
    return text.strip()


def assign_cases(command: AssignCases, ctx: Context) -> Outcome:
    if command.queue is None and command.owner_id is None:
        raise Refused("route.missing", "Choose a queue or a person.")
    if command.queue is not None and command.queue not in QUEUES:
        raise Refused("queue.unknown", f"There is no queue “{command.queue}”.")
    owner = person(ctx.session, command.owner_id) if command.owner_id else None
    rows, notes = open_cases(ctx, command.targets), []
    if owner is not None:
        _refuse_unless_able(owner, rows)
    for case in rows:
        before = {"queue": case.queue, "owner": str(case.owner_id or "")}
        case.queue = command.queue or case.queue
        case.owner_id = command.owner_id
        case.revision += 1
        after = {"queue": case.queue, "owner": str(case.owner_id or "")}
        whom = f"{owner.name} ({case.queue})" if owner else case.queue
        notes.append(_note(case, f"Routed “{case.sentence}” to {whom}.", before=before, after=after, note=command.note))
    return Outcome({"n": len(notes)}, tuple(notes))


def _refuse_unless_able(owner: Person, rows: Iterable[Case]) -> None:
    """Work must not land where nobody can do it."""
    if not is_allowed(owner.role, CorrectDocument):
        raise Refused("owner.role", f"{owner.name} is a {owner.role} and cannot settle exceptions.")
    outside = next((row for row in rows if owner.entities is not None and row.entity not in owner.entities), None)
    if outside is not None:
        raise Refused("owner.entity", f"{owner.name} does not act for {outside.entity}.")


def waive_cases(command: WaiveCases, ctx: Context) -> Outcome:
    """The finding is accepted as it is, for this document only; who waives counts as having touched it."""
    reason, rows = _reason(command.reason), open_cases(ctx, command.targets)
    _refuse_unless_waivable(rows)
    loaded = documents.load(ctx.session, {row.document_id for row in rows if row.document_id})
    for case in rows:
        row = loaded.get(case.document_id) if case.document_id else None
        if row is not None:
            row.waived_codes = sorted({*row.waived_codes, case.code})
            _touch(ctx, row)
    cases.close(rows, CaseState.WAIVED, reason, ctx.actor.label, ctx.now)
    _leave(ctx, rows, CaseState.WAIVED, reason)
    ctx.session.flush()
    counts = decide(ctx, _undecided(loaded.values()))
    notes = [_note(case, f"Waived “{case.sentence}”: {reason}") for case in rows]
    return Outcome({"n": len(rows)} | counts, tuple(notes))


def _refuse_unless_waivable(rows: Iterable[Case]) -> None:
    never = next((row for row in rows if row.code in NEVER_WAIVED), None)
    if never is not None:
        sentence = f"“{never.sentence}” cannot be waived: put it right and check again."
        raise Refused("case.never_waived", sentence)


def _undecided(rows: Iterable[Document]) -> list[UUID]:
    return [row.id for row in rows if row.state in UNDECIDED]


def _touch(ctx: Context, row: Document) -> None:
    """Who changed a document may not approve it."""
    touch(row, acting(ctx))
    row.revision += 1


def _leave(ctx: Context, rows: Iterable[Case], new: CaseState, note: str | None = None) -> None:
    steps = [(row.id, CaseState.OPEN.value, new.value) for row in rows]
    documents.leave_transitions(ctx.session, "case", steps, ctx.now, ctx.actor.label, note)


_CORRECTABLE = ("po_number", "tax_id", "due_date", "contract_number", "bill_to")


def correct_document(command: CorrectDocument, ctx: Context) -> Outcome:
    """Puts right what the source got wrong, then checks the document again."""
    (case,) = open_cases(ctx, [command.case])
    if case.document_id is None:
        raise Refused("case.no_document", "This exception is not about a document; it cannot be corrected here.")
    row = documents.get(ctx.session, case.document_id)
    if row.state not in UNDECIDED:
        raise Refused("document.decided", f"Invoice {row.number} is already {row.state}: correct it by credit memo.")
    changes = {name: getattr(command, name) for name in _CORRECTABLE if getattr(command, name) is not None}
    if not changes:
        raise Refused("correction.empty", "Nothing was changed.")
    before = {name: _plain(getattr(row, name)) for name in changes}
    for name, value in changes.items():
        setattr(row, name, value)
    after = {name: _plain(value) for name, value in changes.items()}
    row.corrections = row.corrections | after
    _touch(ctx, row)
    # Forms of this document that others have open were drawn before the correction.
    for sibling in cases.open_for_documents(ctx.session, [row.id]):
        sibling.revision += 1
    ctx.session.flush()
    tax_before = row.tax_minor
    forget_tax(ctx, row, changes)
    counts = decide(ctx, [row.id])
    told = ", ".join(name.replace("_", " ") for name in changes)
    sentence = f"Corrected {told} of invoice {row.number}{_changed_tax(row, tax_before)}."
    note = _note(case, sentence, before=before, after=after, note=command.note)
    return Outcome({"n": 1, "is_settled": case.state != CaseState.OPEN} | counts, (note,))


def _changed_tax(row: Document, before: int) -> str:
    if row.tax_minor == before:
        return ""
    was, now = (f"{row.currency} {format_minor(minor, row.currency)}" for minor in (before, row.tax_minor))
    return f"; its tax is {now} now instead of {was}"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def revalidate_cases(command: RevalidateCases, ctx: Context) -> Outcome:
    """After a fix in the source: what is no longer found is closed, siblings on the same document too."""
    rows = open_cases(ctx, command.targets)
    ids = {row.document_id for row in rows if row.document_id}
    loaded = documents.load(ctx.session, ids)
    redrawn = redraw(ctx, [row.contract_id for row in loaded.values() if row.source == HOUSE and row.contract_id])
    decide(ctx, _undecided(loaded.values()))
    settled = [row for row in rows if row.state != CaseState.OPEN]
    note = Note(
        f"Checked {counted(len(rows), 'exception')} again; settled: {len(settled):,}.", None, {"checked": len(rows)}
    )
    return Outcome({"n": len(rows), "settled": len(settled)}, (note, *redrawn))


def resolve_cases(command: ResolveCases, ctx: Context) -> Outcome:
    """For exceptions that no rule can check again: a person says what was done."""
    reason, rows = _reason(command.resolution), open_cases(ctx, command.targets)
    loaded = documents.load(ctx.session, {row.document_id for row in rows if row.document_id})
    if any(row.document_id and loaded[row.document_id].state in UNDECIDED and row.is_blocking for row in rows):
        raise Refused(
            "case.still_found",
            "A rule still finds this: correct the document and check again, or waive it with a reason.",
        )
    cases.close(rows, CaseState.RESOLVED, reason, ctx.actor.label, ctx.now)
    _leave(ctx, rows, CaseState.RESOLVED, reason)
    return Outcome({"n": len(rows)}, tuple(_note(row, f"Resolved “{row.sentence}”: {reason}") for row in rows))
