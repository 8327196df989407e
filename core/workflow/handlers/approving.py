"""Approvals: decide or re-route, one or many, all or nothing; four eyes and limits are checked on every row."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core.approvals import store as approvals
from core.approvals.model import ApprovalState, Person
from core.approvals.rules import choose, refusal
from core.audit.model import Note
from core.cases.model import NewCase
from core.db.tables import Approval, Decision, Document
from core.documents import store as documents
from core.documents.model import HOUSE, UNDECIDED, DocumentState
from core.kit.errors import Forbidden, Refused
from core.validation.model import TYPES
from core.workflow.approved import release_agreed
from core.workflow.commands import AskAgain, DecideApprovals, RerouteApprovals
from core.workflow.context import Context, Outcome
from core.workflow.deciding import case_key, decide, raise_cases
from core.workflow.meanwhile import open_cases, waiting_approvals
from core.workflow.people import acting, active_people, person
from core.workflow.permissions import check_entities
from core.workflow.rejecting import rejecter_of, rejection_of


def decide_approvals(command: DecideApprovals, ctx: Context) -> Outcome:
    if command.verdict == "reject" and not (command.note or "").strip():
        raise Refused("reason.missing", "Say why you reject; whoever fixes it will read it.")
    rows = waiting_approvals(ctx, command.targets)
    loaded = documents.load(ctx.session, {row.document_id for row in rows})
    who = acting(ctx.session, ctx.actor)
    for row in rows:
        _refuse_unless_able(ctx, who, row, loaded[row.document_id])
    if command.verdict == "reject":
        return _reject(ctx, rows, loaded, who, command.note or "")
    return _approve(ctx, rows, loaded, who, command.note)


def _refuse_unless_able(ctx: Context, who: Person, row: Approval, document: Document) -> None:
    refused = refusal(
        who,
        role=row.role,
        entity=row.entity,
        amount_minor=row.amount_minor,
        currency=ctx.currency,
        touched_by=[*document.changed_by, *_earlier_deciders(ctx, row)],
    )
    if refused is not None:
        raise refused


def _earlier_deciders(ctx: Context, row: Approval) -> list[str]:
    """Each step of a chain needs another person."""
    return [str(id) for id in approvals.deciders(ctx.session, row.document_id, row.round)]


def _approve(
    ctx: Context, rows: list[Approval], loaded: Mapping[UUID, Document], who: Person, note: str | None
) -> Outcome:
    done, notes = [], []
    for row in rows:
        approvals.decide(row, ApprovalState.APPROVED, who.id, note, ctx.now)
        document = loaded[row.document_id]
        chain = _chain(ctx, row)
        if row.step < len(chain):
            _ask_next(ctx, row, chain[row.step], document)
        else:
            done.append(document)
        notes.append(_note(row, document, f"Approved invoice {document.number} (step {row.step} of {len(chain)})."))
    _leave(ctx, rows, ApprovalState.APPROVED, note)
    ctx.session.flush()
    release_agreed(ctx, {document.id: document for document in done})
    released = sum(document.state == DocumentState.RELEASED for document in done)
    notes += [_changed_since(document) for document in done if document.state != DocumentState.RELEASED]
    return Outcome({"n": len(rows), "released": released}, tuple(notes))


def _changed_since(document: Document) -> Note:
    what = "is held" if document.state == DocumentState.ON_HOLD else "needs another approval"
    sentence = f"{document.number} did not go out: its facts changed after it was asked about, and it {what}."
    return Note(sentence, f"invoice:{document.id}", {"state": document.state})


def _chain(ctx: Context, row: Approval) -> list[str]:
    decision = ctx.session.get(Decision, row.decision_id) if row.decision_id else None
    return list(decision.answered["roles"]) if decision else [row.role]


def _ask_next(ctx: Context, row: Approval, role: str, document: Document) -> None:
    touched = {*document.changed_by, str(row.decided_by)}
    people = [p for p in active_people(ctx.session) if str(p.id) not in touched]
    assignee = choose(people, role=role, entity=row.entity, amount_minor=row.amount_minor)
    approvals.request_next_step(ctx.session, row, role, assignee, ctx.now)


def _reject(ctx: Context, rows: list[Approval], loaded: Mapping[UUID, Document], who: Person, note: str) -> Outcome:
    """The document goes back on hold with an exception that carries the reason."""
    new = []
    for row in rows:
        approvals.decide(row, ApprovalState.REJECTED, who.id, note, ctx.now)
        new.append(_rejected_case(ctx, row, loaded[row.document_id], who, note))
    documents.move(ctx.session, loaded.values(), DocumentState.ON_HOLD, ctx.now, ctx.actor.label, note)
    _leave(ctx, rows, ApprovalState.REJECTED, note)
    raise_cases(ctx, new)
    notes = [_note(row, loaded[row.document_id], f"Rejected {_named(loaded[row.document_id])}: {note}") for row in rows]
    return Outcome({"n": len(rows)}, tuple(notes))


def _named(document: Document) -> str:
    """A draft is named by what it is to become."""
    if document.is_issued or document.source != HOUSE:
        return f"{'credit memo' if document.kind == 'credit_memo' else 'invoice'} {document.number}"
    return f"the {document.number[:1].lower()}{document.number[1:]}"


def _rejected_case(ctx: Context, row: Approval, document: Document, who: Person, note: str) -> NewCase:
    code = "approval.rejected"
    return NewCase(
        key=case_key(f"{code}:{row.round}", document.id),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{document.number}",
        sentence=f"{who.name} rejected {_named(document)}: {note}",
        evidence={"asked_because": row.reason, "note": note} | rejection_of(document, who.id),
        document_id=document.id,
        customer_id=document.customer_id,
        entity=document.entity,
        stake_minor=row.amount_minor,
        amount_minor=document.total_minor,
        currency=document.currency,
    )


def _leave(ctx: Context, rows: list[Approval], new: ApprovalState, note: str | None) -> None:
    steps = [(row.id, ApprovalState.WAITING.value, new.value) for row in rows]
    documents.leave_transitions(ctx.session, "approval", steps, ctx.now, ctx.actor.label, note)


def _note(row: Approval, document: Document, sentence: str, **detail: object) -> Note:
    facts = {"approval": str(row.id), "reason": row.reason, "amount_minor": row.amount_minor, "note": row.note}
    return Note(sentence, f"invoice:{document.id}", facts | detail)


def ask_again(command: AskAgain, ctx: Context) -> Outcome:
    """Answers `n`, how many rejections were taken back."""
    rows = open_cases(ctx, command.cases)
    if any(rejecter_of(row) != str(ctx.actor.user_id) for row in rows):
        raise Forbidden(
            "approval.rejecter", "Policy “rejections”: only who rejected it may have it asked again as it is."
        )
    loaded = documents.load(ctx.session, {row.document_id for row in rows if row.document_id})
    decide(ctx, [row.id for row in loaded.values() if row.state in UNDECIDED])
    notes = [
        Note(f"Took the rejection of {_named(row)} back.", f"invoice:{row.id}", {"state": row.state})
        for row in loaded.values()
    ]
    return Outcome({"n": len(rows)}, tuple(notes))


def reroute_approvals(command: RerouteApprovals, ctx: Context) -> Outcome:
    """Hands approvals to somebody who may decide them."""
    rows = waiting_approvals(ctx, command.targets)
    loaded = documents.load(ctx.session, {row.document_id for row in rows})
    to = person(ctx.session, command.assignee_id)
    notes = []
    for row in rows:
        document = loaded[row.document_id]
        check_entities(ctx.actor, [row.entity])
        _refuse_unless_able(ctx, to, row, document)
        before = str(row.assignee_id or "")
        row.assignee_id = to.id
        row.revision += 1
        sentence = f"Re-routed the approval of invoice {document.number} to {to.name}."
        notes.append(_note(row, document, sentence, before=before, after=str(to.id), why=command.note))
    return Outcome({"n": len(rows)}, tuple(notes))
