"""From facts to the next state: findings become cases, policy asks for approval, the rest is released for posting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.approvals import rules as approval_rules
from core.approvals import store as approvals
from core.approvals.model import Asked
from core.cases import store as cases
from core.cases.model import NEVER_WAIVED, CaseState, NewCase, Route
from core.db.tables import Case, Document
from core.documents import drafts as draft_rows
from core.documents import store as documents
from core.documents.corrections import replacements
from core.documents.model import HOUSE, UNDECIDED, WAITING_FOR_RELEASE, DocumentState
from core.documents.untaxed import TABLE
from core.kit.money import to_decimal
from core.policies import store as policies
from core.policies.model import Verdict
from core.validation.model import Facts, Finding
from core.validation.rules import findings as find
from core.workflow.context import Context
from core.workflow.four_eyes import touch
from core.workflow.gathering import gather
from core.workflow.people import active_people
from core.workflow.rejecting import REJECTED, still_rejected
from core.workflow.releasing import release
from core.workflow.retaxing import redetermine
from core.workflow.scheduled import Drafted


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of a batch of documents: nothing has been moved, opened or asked yet."""

    rows: Mapping[UUID, Document]
    facts: Mapping[UUID, Facts]
    found: Mapping[UUID, tuple[Finding, ...]]
    # Those that somebody has rejected as they still are.
    rejected: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Routes:
    """Where each document of a batch goes; `verdicts` are the approval policy's, of all that is not held."""

    held: list[Document]
    verdicts: list[tuple[Document, Verdict]]
    asked: list[tuple[Document, Verdict]]
    by_hand: list[Document]
    released: list[Document]


def decide(
    ctx: Context, ids: Iterable[UUID], *, is_fresh: bool = False, is_told: bool = False, is_by_hand: bool = False
) -> dict[str, int]:
    """Checks the documents and moves each on: to a hold with its cases, to approval, to the person who releases it by
    hand, or to release.

    `is_fresh`: the documents were inserted in this transaction, so there is nothing to close or withdraw. `is_told`:
    somebody said that drafts are to be released; otherwise they stay what they are, as when a changed contract has its
    documents checked again. `is_by_hand`: a person releases just these. Answers counts by where they went.
    """
    wanted = list(ids)
    if not wanted:
        return {}
    states = (*UNDECIDED, *WAITING_FOR_RELEASE) if is_told else UNDECIDED
    rows = {id: row for id, row in documents.load(ctx.session, wanted).items() if row.state in states}
    redetermine(ctx, rows)
    judged = judge(ctx, rows)
    if not is_fresh:
        judged = replace(judged, rejected=frozenset(still_rejected(ctx, rows)))
    return settle(ctx, judged, is_fresh=is_fresh, is_by_hand=is_by_hand)


def judge(ctx: Context, rows: Mapping[UUID, Document], drafted: Drafted | None = None) -> Judged:
    """What the rules find, noted on the documents. `drafted`: what belongs to those that are not in the store yet."""
    facts = gather(ctx, rows, drafted)
    found = {id: find(facts[id]) for id in rows}
    _store_findings(rows, found)
    return Judged(rows, facts, found)


def route(ctx: Context, judged: Judged, *, is_by_hand: bool = False) -> Routes:
    """Where each document would go; nothing is written."""
    rows = judged.rows.values()
    held = [row for row in rows if row.id in judged.rejected or _blocking(row, judged.found[row.id])]
    holding = {row.id for row in held}
    clean = [row for row in rows if row.id not in holding]
    verdicts = _verdicts(ctx, clean, judged.facts)
    asked = [(row, verdict) for row, verdict in verdicts if verdict.answer.get("roles")]
    free = [row for row, verdict in verdicts if not verdict.answer.get("roles")]
    by_hand = [row for row in free if not is_by_hand and _waits_for_a_hand(row, judged.facts[row.id])]
    waiting = {row.id for row in by_hand}
    return Routes(held, verdicts, asked, by_hand, [row for row in free if row.id not in waiting])


def _waits_for_a_hand(row: Document, facts: Facts) -> bool:
    """Only what the house makes is released to a customer."""
    return row.source == HOUSE and facts.customer is not None and facts.customer.is_released_by_hand


def settle(ctx: Context, judged: Judged, *, is_fresh: bool = False, is_by_hand: bool = False) -> dict[str, int]:
    """Moves the documents where they go, with all that comes of it. `is_fresh`: nothing was said of them before."""
    routes = route(ctx, judged, is_by_hand=is_by_hand)
    if not is_fresh:
        _close_settled(ctx, judged)
    for row in (*routes.held, *(row for row, _ in routes.asked), *routes.by_hand):
        touch(row, ctx.let_go_by)
    _move(ctx, routes.held, DocumentState.ON_HOLD)
    _move(ctx, [row for row, _ in routes.asked], DocumentState.AWAITING_APPROVAL)
    _move(ctx, routes.by_hand, DocumentState.ACTION_NEEDED)
    release(ctx, routes.released, judged.facts)
    _open_new(ctx, judged.rows, judged.found)
    decided = policies.record_decisions(ctx.session, [(row.id, verdict) for row, verdict in routes.verdicts], ctx.now)
    _ask(ctx, routes.asked, decided)
    let_go(ctx, routes.released)
    return {
        "on_hold": len(routes.held),
        "awaiting_approval": len(routes.asked),
        "action_needed": len(routes.by_hand),
        "released": len(routes.released),
    }


def let_go(ctx: Context, released: Iterable[Document]) -> None:
    """Drafts that replace what these credit memos give back go out now; those that late usage may have changed, or
    that their tax keeps, are decided by the clock."""
    memos = [row.id for row in released if row.kind == "credit_memo" and row.source == HOUSE]
    waiting = replacements(ctx.session, memos) if memos else []
    if not waiting:
        return
    taxed = draft_rows.tax_totals(ctx.session, waiting)
    rows = documents.load(ctx.session, waiting)
    known = {id for id, row in rows.items() if id in taxed or row.tax_engine == TABLE}
    ready = [id for id, row in rows.items() if id in known and row.grace_until is None]
    decide(ctx, ready, is_told=True)


def _move(ctx: Context, rows: list[Document], state: DocumentState) -> None:
    if rows:
        documents.move(ctx.session, rows, state, ctx.now, ctx.actor.label)


def _blocking(row: Document, found: Iterable[Finding]) -> list[Finding]:
    waived = set(row.waived_codes) - NEVER_WAIVED
    return [finding for finding in found if finding.level == "blocking" and finding.code not in waived]


def _store_findings(rows: Mapping[UUID, Document], found: Mapping[UUID, tuple[Finding, ...]]) -> None:
    for id, row in rows.items():
        fresh = [
            {"code": f.code, "level": f.level, "sentence": f.sentence, "is_waived": f.code in row.waived_codes}
            for f in found[id]
        ]
        if fresh != row.findings:
            row.findings = fresh


def _close_settled(ctx: Context, judged: Judged) -> None:
    """Cases whose finding is no longer there are settled, siblings among them; approvals asked before are void."""
    rows = judged.rows
    keys = {case_key(finding.code, id) for id, list_ in judged.found.items() for finding in list_}
    settled = [
        case
        for case in cases.open_for_documents(ctx.session, rows)
        if case.key not in keys and not case.delivery_id and not _stands(case, judged)
    ]
    by = ctx.actor.label
    cases.close(settled, CaseState.RESOLVED, "No longer found when checked again", by, ctx.now)
    documents.leave_transitions(ctx.session, "case", [(case.id, "open", "resolved") for case in settled], ctx.now, by)
    approvals.withdraw(ctx.session, rows, ctx.now)


def _stands(case: Case, judged: Judged) -> bool:
    return case.code == REJECTED and case.document_id in judged.rejected


def case_key(code: str, subject: UUID | str) -> str:
    return f"{code}:{subject}"


def _open_new(ctx: Context, rows: Mapping[UUID, Document], found: Mapping[UUID, tuple[Finding, ...]]) -> None:
    new = [
        document_case(ctx, rows[id], finding)
        for id, list_ in found.items()
        for finding in list_
        if finding.code not in set(rows[id].waived_codes) - NEVER_WAIVED
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


def _verdicts(ctx: Context, rows: list[Document], facts: Mapping[UUID, Facts]) -> list[tuple[Document, Verdict]]:
    """What the approval policy says of each."""
    if not rows:
        return []
    policy = policies.policy_on(ctx.session, "approval", ctx.now.date())
    return [(row, policy.decide(_question(ctx, row, facts[row.id]))) for row in rows]


def _ask(ctx: Context, verdicts: list[tuple[Document, Verdict]], decided: Mapping[UUID, UUID]) -> None:
    """Asks for the approvals that the policy wants."""
    if not verdicts:
        return
    asked = [_asked(ctx, row, verdict, decided[row.id]) for row, verdict in verdicts]
    assignees = approval_rules.spread(active_people(ctx.session), asked)
    approvals.request_first_step(ctx.session, asked, assignees, ctx.now)


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
        touched_by=frozenset(row.changed_by),
    )


def blocking_codes(case_rows: Iterable[Case]) -> set[str]:
    return {case.code for case in case_rows if case.is_blocking}
