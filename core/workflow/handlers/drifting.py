"""The drift watch: differences between a contract and its schedule, invoices, subscription and ledger become
exceptions, and what they propose is carried out by a command."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from core.agreements import schedule as schedules
from core.agreements import store as agreements
from core.audit.model import Note
from core.cases import store as cases
from core.cases.model import CaseState, NewCase
from core.db.tables import Case, Document
from core.documents import store as documents
from core.kit.errors import Refused, Stale
from core.kit.money import to_decimal
from core.kit.words import counted
from core.posting import store as posting
from core.posting.model import LEDGER
from core.runtime import defer
from core.validation.drift import BILL_AGAIN, CREDIT, PLAN, POST_AGAIN, REBILL, Drift, compare
from core.workflow.billing_commands import ApplyDriftFix, IssueCreditMemo, WatchDrift
from core.workflow.command import Target
from core.workflow.context import Context, Outcome
from core.workflow.crediting import what_is_left
from core.workflow.deciding import raise_cases
from core.workflow.drifting import Subject, gather_drift
from core.workflow.handlers.crediting import issue_credit_memo
from core.workflow.meanwhile import open_cases
from core.workflow.releasing import DELIVER
from core.workflow.scheduling import horizon, plan

TYPE = "drift"


def watch_drift(command: WatchDrift, ctx: Context) -> Outcome:
    """Answers `n` exceptions that are new, `settled` ones, and `last`, the contract to go on behind (None = done)."""
    ids = list(command.contract_ids) or agreements.ids_after(ctx.session, command.after, command.limit)
    subjects = gather_drift(ctx, ids)
    found = {drift_key(each.contract.id, drift): (each, drift) for each in subjects for drift in compare(each.sides)}
    known = cases.of_cause(ctx.session, [_cause(each.contract.id) for each in subjects], TYPE)
    settled = _settle(ctx, [case for case in known if case.state == CaseState.OPEN], found)
    accepted = {(case.key, case.amount_minor) for case in known if case.state == CaseState.WAIVED}
    fresh = [(each, drift) for key, (each, drift) in found.items() if (key, drift.effect_minor) not in accepted]
    opened = raise_cases(ctx, [_case(ctx, each, drift) for each, drift in fresh])
    is_done = bool(command.contract_ids) or len(ids) < command.limit
    result = {"n": len(opened), "settled": settled, "last": None if is_done else str(ids[-1])}
    sentence = f"Held {counted(len(ids), 'contract')} against the other systems; new differences: {len(opened):,}."
    return Outcome(result, (Note(sentence, None, {"settled": settled}),) if opened or settled else ())


def drift_key(contract_id: UUID, drift: Drift) -> str:
    return f"{drift.code}:{contract_id}:{drift.about}"


def _cause(contract_id: UUID) -> str:
    return f"drift:{contract_id}"


def _settle(ctx: Context, open_cases: Iterable[Case], found: Mapping[str, tuple[Subject, Drift]]) -> int:
    """Closes what is found no more, and brings the rest up to what is found now."""
    gone = []
    for case in open_cases:
        if case.key not in found:
            gone.append(case)
            continue
        each, drift = found[case.key]
        now = _case(ctx, each, drift)
        if (case.sentence, case.amount_minor) != (now.sentence, now.amount_minor):
            case.sentence, case.amount_minor, case.stake_minor = now.sentence, now.amount_minor, now.stake_minor
            case.evidence = json.loads(json.dumps(dict(now.evidence), default=str))
            case.revision += 1
    _close(ctx, gone, "No longer found when compared again")
    return len(gone)


def _close(ctx: Context, rows: list[Case], resolution: str) -> None:
    by = ctx.actor.label
    cases.close(rows, CaseState.RESOLVED, resolution, by, ctx.now)
    documents.leave_transitions(ctx.session, "case", [(row.id, "open", "resolved") for row in rows], ctx.now, by)
    ctx.session.flush()


def _case(ctx: Context, subject: Subject, drift: Drift) -> NewCase:
    contract, customer = subject.contract, subject.customer
    told = {"sides": dict(drift.sides), "fix": drift.fix, "fix_words": drift.fix_words, "contract": contract.number}
    return NewCase(
        key=drift_key(contract.id, drift),
        code=drift.code,
        type=TYPE,
        cause=_cause(contract.id),
        sentence=drift.sentence,
        evidence={**drift.evidence, **told, "contract_id": str(contract.id)},
        document_id=drift.document_id,
        customer_id=customer.id if customer else None,
        entity=customer.entity if customer else None,
        stake_minor=ctx.in_reporting(abs(drift.effect_minor), contract.currency),
        amount_minor=drift.effect_minor,
        currency=contract.currency,
        is_blocking=False,
    )


def apply_drift_fix(command: ApplyDriftFix, ctx: Context) -> Outcome:
    """Answers `n`. The difference is looked at once more: what has moved meanwhile is refused, not fixed."""
    (case,) = open_cases(ctx, [command.case])
    if case.type != TYPE:
        raise Refused("drift.no_drift", "This exception proposes no fix.")
    drift = _still_there(ctx, case)
    if not drift.fix:
        raise Refused("drift.by_hand", f"There is no automatic fix. {drift.fix_words}")
    contract_id = UUID(case.evidence["contract_id"])
    notes = _FIXES[drift.fix](ctx, command, contract_id, drift)
    _close(ctx, [case], f"Fixed: {drift.fix_words}")
    detail = {"case": str(case.id), "effect_minor": case.amount_minor, "fix": drift.fix}
    return Outcome({"n": 1}, (Note(f"Fixed “{case.sentence}”: {drift.fix_words}", f"case:{case.id}", detail), *notes))


def _still_there(ctx: Context, case: Case) -> Drift:
    subjects = gather_drift(ctx, [UUID(case.evidence["contract_id"])])
    found = {drift_key(each.contract.id, drift): drift for each in subjects for drift in compare(each.sides)}
    drift = found.get(case.key)
    if drift is None or drift.effect_minor != case.amount_minor:
        raise Stale("What this exception compares")
    return drift


# --- the fixes -------------------------------------------------------------------------------------------------------


def _plan(ctx: Context, _: ApplyDriftFix, contract_id: UUID, drift: Drift) -> tuple[Note, ...]:
    plan(ctx, [contract_id], horizon(ctx.now.date()))
    return ()


def _bill_again(ctx: Context, _: ApplyDriftFix, contract_id: UUID, drift: Drift) -> tuple[Note, ...]:
    schedules.reopen_items(ctx.session, [UUID(drift.evidence["item"])])
    plan(ctx, [contract_id], horizon(ctx.now.date()))
    return ()


def _rebill(ctx: Context, command: ApplyDriftFix, _: UUID, drift: Drift) -> tuple[Note, ...]:
    row = _document(ctx, drift)
    wish = _wish(command, row, "wrong_details" if drift.code == "drift.terms" else "wrong_price", drift)
    return issue_credit_memo(replace(wish, rebill=True), ctx).notes


def _credit(ctx: Context, command: ApplyDriftFix, _: UUID, drift: Drift) -> tuple[Note, ...]:
    """On the line of the product that has enough left."""
    row, minor = _document(ctx, drift), -drift.effect_minor
    left = what_is_left(ctx, row)
    products = {line.position: line.product_code for line in left.lines}
    wanted = drift.evidence["product"]
    fit = [part for part in left.parts if products[part.position] == wanted and part.net_minor >= minor]
    if not fit:
        raise Refused("drift.by_hand", f"No single line of {row.number} holds what is too much: credit it by hand.")
    net: Decimal = to_decimal(minor, row.currency)
    wish = replace(_wish(command, row, "wrong_price", drift), lines=((fit[0].position, net),))
    return issue_credit_memo(wish, ctx).notes


def _post_again(ctx: Context, _: ApplyDriftFix, contract_id: UUID, drift: Drift) -> tuple[Note, ...]:
    row = _document(ctx, drift)
    ids = posting.post_again(ctx.session, row.id, LEDGER, ctx.now)
    if not ids:
        raise Refused("drift.not_sent", f"{row.number} was not posted from here; post it in the ledger.")
    defer(ctx.session, DELIVER, [{"delivery_id": str(id)} for id in ids], queue=DELIVER)
    return ()


def _document(ctx: Context, drift: Drift) -> Document:
    assert drift.document_id is not None
    return documents.get(ctx.session, drift.document_id)


def _wish(command: ApplyDriftFix, row: Document, reason: str, drift: Drift) -> IssueCreditMemo:
    target = Target(row.id, row.revision)
    return IssueCreditMemo(command_id=command.command_id, document=target, reason=reason, note=drift.sentence)


_FIXES = {PLAN: _plan, BILL_AGAIN: _bill_again, REBILL: _rebill, CREDIT: _credit, POST_AGAIN: _post_again}
