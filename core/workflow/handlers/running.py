"""Billing runs: start, draft part by part, release, take back. A crash at any point leaves whole batches or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from core.agreements import schedule as schedules
from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import NewCase
from core.db.tables import BillingRun, Case, Document
from core.documents import drafts as draft_rows
from core.documents import runs
from core.documents import store as documents
from core.documents.corrections import waiting_for_credit
from core.documents.model import WAITING_FOR_RELEASE, DocumentState
from core.documents.untaxed import TABLE
from core.kit.errors import Forbidden, NotFound, Refused, Stale
from core.kit.words import counted
from core.runtime import defer
from core.validation.model import TYPES
from core.workflow.actors import Actor, Role
from core.workflow.billing_commands import (
    CancelRun,
    FinishRun,
    GenerateParts,
    ReleaseInvoices,
    ReleaseRun,
    RerateDrafts,
    ResumeRun,
    SettleDrafts,
    StartBillingRun,
)
from core.workflow.closing import close_items
from core.workflow.command import Target
from core.workflow.context import Context, Outcome
from core.workflow.deciding import Judged, case_key, decide, judge, raise_cases, settle
from core.workflow.drafting import Batch, Draft, Order, Part, draft_batch, drafted_of
from core.workflow.four_eyes import acting, touch
from core.workflow.giving_back import give_back, plan_again
from core.workflow.redrafting import Redrafted, redraft
from core.workflow.releasing import take_back
from core.workflow.scheduling import horizon, plan

RUN_BILLING, BILLING = "run_billing", "billing"
PART_CODES = ("billing.unratable", "billing.no_customer", "billing.no_entity", "billing.negative_total")


def start_billing_run(command: StartBillingRun, ctx: Context) -> Outcome:
    """Answers the run's id and `n`, its parts. Refuses when nothing is due."""
    entities = _allowed(ctx.actor, command.entities)
    run = BillingRun(
        id=command.command_id,
        name=command.name.strip() or f"Due {command.through:%d %b %Y}",
        through=command.through,
        entities=None if entities is None else sorted(entities),
        mode=command.mode,
        state=runs.GENERATING,
        started_by=ctx.actor.label,
        created_at=ctx.now,
        changed_by=list(acting(ctx)),
        preview={},
    )
    grace = timedelta(hours=ctx.usage_grace_hours)
    n = runs.start(ctx.session, run, grace, is_by_clock=ctx.actor.role is Role.JOB)
    if not n:
        raise Refused("run.nothing_due", f"Nothing is to be billed on or before {command.through:%d %b %Y}.")
    run.preview = {"contracts": n}
    _defer(ctx, run.id)
    sentence = f"Started the billing run “{run.name}”: {counted(n, 'contract')} with something due."
    return Outcome({"run_id": str(run.id), "n": n}, (_note(run, sentence),))


def _allowed(actor: Actor, entities: tuple[str, ...] | None) -> set[str] | None:
    """What the run may bill: within the entities that the person acts for."""
    if actor.entities is None:
        return None if entities is None else set(entities)
    if entities is not None and not set(entities) <= actor.entities:
        raise Forbidden("entity.scope", "Policy “entity scope”: you do not act for all of these entities.")
    return set(entities or actor.entities)


def _defer(ctx: Context, run_id: UUID) -> None:
    """Two jobs, for whichever workers there are: one begins at each end."""
    jobs = [{"run_id": str(run_id), "is_from_behind": is_from_behind} for is_from_behind in (False, True)]
    defer(ctx.session, RUN_BILLING, jobs, queue=BILLING)


def generate_parts(command: GenerateParts, ctx: Context) -> Outcome:
    """Answers `n`, how many parts were taken; 0 when none is left that is not in other hands."""
    run = runs.shared(ctx.session, command.run_id)
    if run.state != runs.GENERATING:
        return Outcome({"n": 0})
    ids = runs.claim(ctx.session, run.id, command.limit, is_from_behind=command.is_from_behind)
    if not ids:
        return Outcome({"n": 0})
    batch, notes = give_back(ctx, run, draft_batch(ctx, Order(run.id, run.through, tuple(run.changed_by)), ids))
    now, later = _split(run, batch, ctx.now)
    judged = judge(ctx, batch.rows, drafted_of(batch.drafts))
    draft_rows.hold_back(ctx.session, {draft.row.id: draft.content for draft in batch.drafts})
    draft_rows.write(ctx.session, later)
    counts = settle(ctx, _only(judged, now), is_fresh=True) if now else {}
    close_items(ctx, batch.parts)
    plan_again(ctx, batch.parts)
    _settle_parts(ctx, run, batch)
    states = [part.state for part in batch.parts]
    counts |= {"drafted": len(batch.drafts), "failed": states.count("failed")}
    return Outcome({"n": len(ids)} | counts, (_note(run, _told(run, counts, len(ids)), **counts), *notes))


def _split(run: BillingRun, batch: Batch, now: datetime) -> tuple[list[Document], list[Document]]:
    """What is decided at once, and what stays a draft: for a review, for late usage, or for its tax."""
    ready = {
        draft.row.id
        for draft in batch.drafts
        if run.mode == "straight" and _is_answered(draft) and (draft.row.grace_until or now) <= now
    }
    rows = batch.rows.values()
    return [row for row in rows if row.id in ready], [row for row in rows if row.id not in ready]


def _is_answered(draft: Draft) -> bool:
    """An engine outside has to be asked first; what the built-in table cannot say, nobody will."""
    return draft.tax_minor is not None or draft.row.tax_engine == TABLE


def _only(judged: Judged, rows: Iterable[Document]) -> Judged:
    return replace(judged, rows={row.id: row for row in rows})


def _settle_parts(ctx: Context, run: BillingRun, batch: Batch) -> None:
    rows = [
        {
            "contract_id": part.contract_id,
            "state": part.state,
            "document_id": part.draft.row.id if part.draft else None,
            "total_minor": part.draft.row.total_minor if part.draft else None,
            "error": part.error,
            "entity": part.entity,
        }
        for part in batch.parts
    ]
    runs.settle(ctx.session, run.id, rows)
    healed = [part.contract_id for part in batch.parts if part.state != runs.FAILED]
    keys = cases.open_keys(ctx.session, [case_key(code, id) for id in healed for code in PART_CODES])
    if keys:
        cases.close_by(ctx.session, Case.key.in_(keys), "Billed by a later run", ctx.actor.label, ctx.now)
    raise_cases(ctx, [_failed(part) for part in batch.parts if part.state == runs.FAILED])


def _failed(part: Part) -> NewCase:
    code = part.code or "billing.unratable"
    return NewCase(
        key=case_key(code, part.contract_id),
        code=code,
        type=TYPES[code],
        cause=f"{code}:{part.contract_number}",
        sentence=part.error or "",
        evidence={"contract": part.contract_number},
        customer_id=part.customer_id,
        entity=part.entity,
        currency=part.currency,
    )


def _told(run: BillingRun, counts: dict[str, int], n: int) -> str:
    words = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    return f"Billed {counted(n, 'contract')} in the run “{run.name}”: {words or 'nothing to bill'}."


def settle_drafts(command: SettleDrafts, ctx: Context) -> Outcome:
    """Answers `n`, how many were decided. Those of a reviewed run are decided in the name of who released it."""
    found = draft_rows.due_drafts(ctx.session, ctx.now, command.limit, command.run_id)
    counts = settle_found(ctx, found)
    n = sum(len(ids) for ids in found.values())
    words = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    return Outcome({"n": n} | counts, (Note(f"Decided {counted(n, 'draft')}: {words}.", None, counts),) if n else ())


def settle_found(ctx: Context, found: Mapping[draft_rows.LetGo, Iterable[UUID]]) -> dict[str, int]:
    """Decides drafts by who let their run go, after a last look at their usage; one that comes out differently waits
    for its tax again where an engine outside says it. Answers counts by where they went."""
    counts: dict[str, int] = {}
    for let_go, ids in found.items():
        rows = documents.load(ctx.session, ids)
        again = redraft(ctx, {id: row for id, row in rows.items() if row.grace_until is not None})
        waiting = {id for id in again.contents if rows[id].tax_engine != TABLE}
        actor = Actor(let_go.released_by, Role.CONTROLLER) if let_go.released_by else ctx.actor
        decided = decide(replace(ctx, actor=actor, let_go_by=let_go.people), rows.keys() - waiting, is_told=True)
        for name, n in (*decided.items(), ("void", len(again.gone))):
            counts[name] = counts.get(name, 0) + n
    return counts


def finish_run(command: FinishRun, ctx: Context) -> Outcome:
    """Answers the run's state, and whether it changed. Drafts in their grace are decided by the clock later on."""
    run = runs.get(ctx.session, command.run_id)
    if run.state == runs.GENERATING and runs.is_all_settled(ctx.session, run.id):
        runs.move(run, runs.REVIEW if run.mode == "review" else runs.RELEASED, ctx.now)
    elif run.state == runs.RELEASING and not draft_rows.due_drafts(ctx.session, ctx.now, 1, run.id):
        runs.move(run, runs.RELEASED, ctx.now)
    else:
        return Outcome({"state": run.state, "is_changed": False})
    counts = runs.counts(ctx.session, run.id)
    words = "is ready for review" if run.state == runs.REVIEW else "is done"
    sentence = f"The billing run “{run.name}” {words}: {counted(counts[runs.DONE], 'invoice')}."
    return Outcome({"state": run.state, "is_changed": True}, (_note(run, sentence, **counts),))


def resume_run(command: ResumeRun, ctx: Context) -> Outcome:
    run = _get(ctx, command.run)
    runs.require(run, runs.GENERATING, runs.RELEASING, runs.REVIEW, runs.RELEASED)
    n = runs.reopen_failed(ctx.session, run.id)
    if n:
        touch(run, acting(ctx))
    if n and run.state != runs.GENERATING:
        runs.move(run, runs.GENERATING, ctx.now)
    _defer(ctx, run.id)
    return Outcome({"n": n}, (_note(run, f"Resumed the run “{run.name}”; {counted(n, 'failed part')} once more."),))


def release_run(command: ReleaseRun, ctx: Context) -> Outcome:
    run = _get(ctx, command.run)
    runs.require(run, runs.REVIEW)
    runs.move(run, runs.RELEASING, ctx.now)
    run.released_by = ctx.actor.label
    touch(run, acting(ctx))
    _defer(ctx, run.id)
    n = len(draft_rows.drafts_of_run(ctx.session, run.id))
    return Outcome({"n": n}, (_note(run, f"Released the run “{run.name}”: {counted(n, 'draft')}."),))


def cancel_run(command: CancelRun, ctx: Context) -> Outcome:
    """Drafts become void and what they billed is due again; what has gone out stays out."""
    if not command.reason.strip():
        raise Refused("reason.missing", "Say why the run is cancelled; whoever starts the next one will read it.")
    run = _get(ctx, command.run)
    runs.require(run, runs.GENERATING, runs.REVIEW)
    _refuse_if_settled_later(ctx, run)
    gone = draft_rows.void_drafts(ctx.session, run.id, ctx.now)
    ids = [id for id, _, _ in gone]
    steps = [(id, DocumentState.DRAFT.value, DocumentState.VOID.value) for id in ids]
    documents.leave_transitions(ctx.session, "document", steps, ctx.now, ctx.actor.label, command.reason)
    take_back(ctx, [id for id, kind, _ in gone if kind == "invoice"])
    contracts = schedules.reopen(ctx.session, ids) | {id for _, kind, id in gone if id and kind == "credit_memo"}
    runs.withdraw(ctx.session, run.id)
    runs.move(run, runs.CANCELLED, ctx.now)
    for chunk in _chunks(sorted(contracts)):
        plan(ctx, chunk, horizon(ctx.now.date()))
    sentence = f"Cancelled the run “{run.name}”, {counted(len(ids), 'draft')} with it: {command.reason}"
    return Outcome({"n": len(ids)}, (_note(run, sentence),))


def _refuse_if_settled_later(ctx: Context, run: BillingRun) -> None:
    later = schedules.settled_later(ctx.session, draft_rows.drafts_of_run(ctx.session, run.id))
    if later:
        (first, *_) = documents.load(ctx.session, sorted(later)[:1]).values()
        sentence = f"A later invoice corrects what {first.number} of this run bills: take that one back first."
        raise Refused("run.corrected_later", sentence)


def _chunks(ids: list[UUID], size: int = 500) -> list[list[UUID]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _get(ctx: Context, target: Target) -> BillingRun:
    """The run as the person saw it, within the entities that they act for."""
    run = runs.get(ctx.session, target.id, target.revision)
    allowed = ctx.actor.entities
    if allowed is not None and not (run.entities and set(run.entities) <= allowed):
        raise Forbidden("entity.scope", "Policy “entity scope”: this run bills entities that you do not act for.")
    return run


def release_invoices(command: ReleaseInvoices, ctx: Context) -> Outcome:
    """All or nothing: each is checked once more, and goes out if it is clean."""
    rows = documents.load(ctx.session, [target.id for target in command.targets])
    early = waiting_for_credit(ctx.session, rows.values())
    for target in command.targets:
        row = rows.get(target.id)
        if row is None or not ctx.actor.may_see(row.entity):
            raise NotFound("One of these invoices")
        if row.revision != target.revision:
            raise Stale("One of these invoices")
        if row.state not in WAITING_FOR_RELEASE:
            state = row.state.replace("_", " ")
            raise Refused("document.not_waiting", f"{row.number} is {state}; nobody has to release it.")
        if row.grace_until is not None and row.grace_until > ctx.now:
            until = f"{row.grace_until:%d %b %Y %H:%M} UTC"
            raise Refused("document.grace", f"Late usage may change {row.number} until {until}.")
        if row.id in early:
            sentence = (
                f"{row.number} takes the place of invoice {early[row.id]}, whose credit memo has not gone out yet."
            )
            raise Refused("rebill.not_credited", sentence)
    again = redraft(ctx, {id: row for id, row in rows.items() if row.state == DocumentState.DRAFT and row.grace_until})
    counts = decide(replace(ctx, let_go_by=acting(ctx)), rows, is_told=True, is_by_hand=True)
    notes = [Note(f"Released {row.number} by hand.", f"invoice:{row.id}") for row in rows.values() if row.is_issued]
    notes += _gone(again)
    return Outcome({"n": len(rows)} | counts, tuple(notes))


def rerate_drafts(command: RerateDrafts, ctx: Context) -> Outcome:
    """Answers `n`, how many came out differently."""
    rows = documents.load(ctx.session, command.document_ids)
    drafts = {id: row for id, row in rows.items() if row.state == DocumentState.DRAFT and ctx.actor.may_see(row.entity)}
    again = redraft(ctx, drafts)
    if again.contents:
        judge(ctx, {id: drafts[id] for id in again.contents})
    notes = [Note(f"{drafts[id].number} was rated again after late usage.", f"invoice:{id}") for id in again.contents]
    return Outcome({"n": len(again.contents) + len(again.gone)}, (*notes, *_gone(again)))


def _gone(again: Redrafted) -> list[Note]:
    return [Note(f"{row.number} is void: nothing of it is due any more.", f"invoice:{row.id}") for row in again.gone]


def _note(run: BillingRun, sentence: str, **detail: int) -> Note:
    return Note(sentence, f"run:{run.id}", dict(detail))
