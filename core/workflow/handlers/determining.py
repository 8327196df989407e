"""Tax that an engine outside has determined: written onto the drafts, which then go on as their run would have had
them; refusals and long silence become exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import NewCase
from core.db.tables import Case, Document
from core.documents import drafts as draft_rows
from core.documents import store as documents
from core.documents import untaxed
from core.documents.model import UNDECIDED, DocumentState
from core.kit.systems import title_of
from core.kit.words import counted
from core.validation.model import TYPES, Finding
from core.workflow.billing_commands import RecordTax, TaxFound, TaxRefused
from core.workflow.context import Context, Outcome
from core.workflow.deciding import case_key, decide, document_case, judge, raise_cases
from core.workflow.handlers.running import settle_found
from core.workflow.releasing import take_back
from core.workflow.retaxing import write_tax
from core.workflow.taxing import taxed

_REFUSED = "tax.undetermined"


def record_tax(command: RecordTax, ctx: Context) -> Outcome:
    """Answers `n`, how many drafts have their tax now. What was said of a draft that has changed since is dropped."""
    said: list[TaxFound | TaxRefused] = [*command.found, *command.refused]
    rows = documents.load(ctx.session, [each.document_id for each in said])
    take_back(ctx, [id for id, row in rows.items() if row.state == DocumentState.VOID])
    answers = {each.document_id: each for each in command.found if _is_asked(rows.get(each.document_id), each)}
    refusals = [each for each in command.refused if _is_asked(rows.get(each.document_id), each)]
    if answers:
        write_tax(ctx, rows, {id: taxed(each.engine, each.answer) for id, each in answers.items()})
        _go_on(ctx, {id: rows[id] for id in answers})
    _refuse(ctx, rows, refusals)
    _note_silence(ctx, command.silence, [rows[id] for id in answers])
    n, name = len(answers), title_of(command.engine)
    told = [f"{name} determined the tax of {counted(n, 'draft')}."] if n else []
    told += [f"{name} refused to tax {counted(len(refusals), 'draft')}."] if refusals else []
    return Outcome({"n": n, "refused": len(refusals)}, tuple(Note(sentence, None, {"n": n}) for sentence in told))


def _is_asked(row: Document | None, said: TaxFound | TaxRefused) -> bool:
    """Whether the draft still says what the engine was asked about."""
    if row is None or row.is_issued or row.state == DocumentState.VOID:
        return False
    return row.content_hash == said.content_hash


def _go_on(ctx: Context, rows: Mapping[UUID, Document]) -> None:
    """Drafts whose run was let go are decided, what was held only for its tax is decided again, and drafts that wait
    for a review show what the rules find now."""
    is_settled = Case.document_id.in_(list(rows)) & (Case.code == _REFUSED)
    cases.close_by(ctx.session, is_settled, "The tax has been determined", ctx.actor.label, ctx.now)
    decide(ctx, [id for id, row in rows.items() if row.state in UNDECIDED])
    settle_found(ctx, draft_rows.due_drafts(ctx.session, ctx.now, len(rows), ids=list(rows)))
    judge(ctx, {id: row for id, row in rows.items() if row.state == DocumentState.DRAFT})


def _refuse(ctx: Context, rows: Mapping[UUID, Document], refusals: Iterable[TaxRefused]) -> None:
    """In the engine's own words, in place of an exception that only says that the tax is missing."""
    found = [_finding(rows[each.document_id], each) for each in refusals]
    ids = [row.id for row, _ in found]
    is_before = Case.document_id.in_(ids) & (Case.code == _REFUSED)
    if ids:
        cases.close_by(ctx.session, is_before, "The tax engine has answered", ctx.actor.label, ctx.now)
    raise_cases(ctx, [document_case(ctx, row, finding) for row, finding in found])


def _finding(row: Document, said: TaxRefused) -> tuple[Document, Finding]:
    evidence = {"engine": said.engine, "code": said.code, "bill_to": row.bill_to}
    cause = f"{_REFUSED}:{said.code}:{row.customer_name}"
    return row, Finding("tax.undetermined", "blocking", said.sentence, evidence, row.total_minor, cause)


def _note_silence(ctx: Context, silence: str | None, answered: Iterable[Document]) -> None:
    """Somebody is told once per entity when drafts wait for too long; the next answer settles it."""
    healed = [case_key("tax.pending", f"{row.tax_engine}:{row.entity}") for row in answered]
    if healed:
        cases.close_by(ctx.session, Case.key.in_(healed), "The engine answers again", ctx.actor.label, ctx.now)
    if silence is not None:
        long = untaxed.waiting_since(ctx.session, ctx.now - ctx.tax.patience)
        raise_cases(ctx, [_pending(each, silence) for each in long])


def _pending(waiting: untaxed.Waiting, silence: str) -> NewCase:
    code = "tax.pending"
    where = f"{waiting.engine}:{waiting.entity}"
    sentence = (
        f"{counted(waiting.n, 'draft')} of {waiting.entity} waiting for {title_of(waiting.engine)} since "
        f"{waiting.since:%d %b %Y %H:%M} UTC: {silence}"
    )
    return NewCase(
        key=case_key(code, where),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{where}",
        sentence=sentence,
        evidence={"system": waiting.engine, "drafts": waiting.n, "since": waiting.since},
        entity=waiting.entity,
        is_blocking=False,
    )
