"""From facts to the next state: findings become cases, policy asks for approval, the rest is released for posting."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.approvals import rules as approval_rules
from core.approvals import store as approvals
from core.approvals.model import Asked
from core.cases import store as cases
from core.cases.model import CaseState, NewCase, Route
from core.db.tables import Case, Document
from core.documents import store as documents
from core.documents.model import UNDECIDED, DocumentState
from core.kit.money import to_decimal
from core.policies import store as policies
from core.policies.model import Verdict
from core.validation.model import Facts, Finding
from core.validation.rules import findings as find
from core.workflow.context import Context
from core.workflow.gathering import gather
from core.workflow.people import active_people
from core.workflow.releasing import release


def decide(ctx: Context, ids: Iterable[UUID], *, is_fresh: bool = False) -> dict[str, int]:
    """Checks the documents and moves each on: to a hold with its cases, to approval, or to release.

    `is_fresh`: the documents were inserted in this transaction, so there is nothing to close or withdraw.
    Answers counts by where they went.
    """
    wanted = list(ids)
    if not wanted:
        return {}
    rows = {id: row for id, row in documents.load(ctx.session, wanted).items() if row.state in UNDECIDED}
    facts = gather(ctx, rows)
    found = {id: find(facts[id]) for id in rows}
    _store_findings(rows, found)
    if not is_fresh:
        _close_settled(ctx, rows, found)
    _open_new(ctx, rows, found)
    held = {id for id, list_ in found.items() if _blocking(rows[id], list_)}
    clean = [row for id, row in rows.items() if id not in held]
    _hold(ctx, [rows[id] for id in held])
    asked = _ask(ctx, clean, facts)
    waiting = {item.document_id for item in asked}
    released = [row for row in clean if row.id not in waiting]
    release(ctx, released, facts)
    return {"on_hold": len(held), "awaiting_approval": len(asked), "released": len(released)}


def _blocking(row: Document, found: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.level == "blocking" and finding.code not in row.waived_codes]


def _store_findings(rows: dict[UUID, Document], found: dict[UUID, tuple[Finding, ...]]) -> None:
    for id, row in rows.items():
        fresh = [
            {"code": f.code, "level": f.level, "sentence": f.sentence, "is_waived": f.code in row.waived_codes}
            for f in found[id]
        ]
        if fresh != row.findings:
            row.findings = fresh


def _close_settled(ctx: Context, rows: dict[UUID, Document], found: dict[UUID, tuple[Finding, ...]]) -> None:
    """Cases whose finding is no longer there are settled, siblings among them; approvals asked before are void."""
    keys = {case_key(finding.code, id) for id, list_ in found.items() for finding in list_}
    settled = [
        case for case in cases.open_for_documents(ctx.session, rows) if case.key not in keys and not case.delivery_id
    ]
    by = ctx.actor.label
    cases.close(settled, CaseState.RESOLVED, "No longer found when checked again", by, ctx.now)
    documents.leave_transitions(ctx.session, "case", [(case.id, "open", "resolved") for case in settled], ctx.now, by)
    approvals.withdraw(ctx.session, rows, ctx.now)


def case_key(code: str, subject: UUID) -> str:
    return f"{code}:{subject}"


def _open_new(ctx: Context, rows: dict[UUID, Document], found: dict[UUID, tuple[Finding, ...]]) -> None:
    new = [
        document_case(ctx, rows[id], finding)
        for id, list_ in found.items()
        for finding in list_
        if finding.code not in rows[id].waived_codes
    ]
    raise_cases(ctx, new)


def document_case(ctx: Context, row: Document, finding: Finding) -> NewCase:
    """The case that a finding on a document becomes."""
    return NewCase(
        key=case_key(finding.code, row.id),
        code=finding.code,
        type=finding.type,
        cause=finding.cause,
        sentence=finding.sentence,
        evidence=finding.evidence,
        document_id=row.id,
        customer_id=row.customer_id,
        entity=row.entity,
        stake_minor=ctx.in_reporting(finding.stake_minor, row.currency),
        amount_minor=row.total_minor,
        currency=row.currency,
        is_blocking=finding.level == "blocking",
    )


def raise_cases(ctx: Context, new: list[NewCase]) -> list[UUID]:
    """Opens the cases in the queue and with the deadline that the routing policy says; answers the new ones."""
    if not new:
        return []
    routing = policies.policy_on(ctx.session, "routing", ctx.now.date())
    routed: list[tuple[NewCase, Route]] = []
    for case in new:
        stake = to_decimal(case.stake_minor, ctx.currency)
        answer = routing.decide({"type": case.type, "stake": int(stake)}).answer
        routed.append((case, Route(answer["queue"], answer["due_hours"])))
    opened = cases.open_cases(ctx.session, routed, ctx.now)
    documents.leave_transitions(ctx.session, "case", [(id, None, "open") for id in opened], ctx.now, ctx.actor.label)
    return opened


def _hold(ctx: Context, rows: list[Document]) -> None:
    documents.move(ctx.session, rows, DocumentState.ON_HOLD, ctx.now, ctx.actor.label)


def _ask(ctx: Context, rows: list[Document], facts: dict[UUID, Facts]) -> list[Asked]:
    """Asks for the approvals that the policy wants; answers what was asked."""
    if not rows:
        return []
    policy = policies.policy_on(ctx.session, "approval", ctx.now.date())
    verdicts = [(row, policy.decide(_question(ctx, row, facts[row.id]))) for row in rows]
    decided = policies.record_decisions(ctx.session, [(row.id, verdict) for row, verdict in verdicts], ctx.now)
    asked = [_asked(ctx, row, verdict, decided[row.id]) for row, verdict in verdicts if verdict.answer.get("roles")]
    assignees = approval_rules.spread(active_people(ctx.session), asked) if asked else {}
    approvals.request_first_step(ctx.session, asked, assignees, ctx.now)
    waiting = {item.document_id for item in asked}
    documents.move(
        ctx.session,
        [row for row in rows if row.id in waiting],
        DocumentState.AWAITING_APPROVAL,
        ctx.now,
        ctx.actor.label,
    )
    return asked


def _question(ctx: Context, row: Document, facts: Facts) -> dict[str, Any]:
    amount = to_decimal(ctx.in_reporting(abs(row.total_minor), row.currency), ctx.currency)
    discount = Decimal(row.discount_minor * 100) / row.subtotal_minor if row.subtotal_minor else Decimal(0)
    return {
        "kind": facts.kind,
        "amount": amount,
        "discount_percent": round(discount, 2),
        "terms_days": (row.due_date - row.issue_date).days,
    }


def _asked(ctx: Context, row: Document, verdict: Verdict, decision: UUID) -> Asked:
    return Asked(
        document_id=row.id,
        entity=row.entity,
        amount_minor=ctx.in_reporting(abs(row.total_minor), row.currency),
        roles=tuple(verdict.answer["roles"]),
        due_hours=verdict.answer["due_hours"],
        reason=verdict.answer["reason"],
        decision_id=decision,
    )


def blocking_codes(case_rows: Iterable[Case]) -> set[str]:
    return {case.code for case in case_rows if case.is_blocking}
