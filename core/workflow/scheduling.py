"""Contracts of the house become schedules of what is to be billed.

Called in the transaction that records a contract, a line or an amendment, so that there is no moment in which the old
schedule stands beside the new agreement. Everything is read and written per batch of contracts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from core.agreements import changes, history, schedule
from core.agreements import store as agreements
from core.agreements.model import Item, ItemState, NewItem, Plan
from core.billing.content import agreement_in, content_of
from core.billing.model import Agreement, Span
from core.billing.renewing import renewals_in
from core.cases import store as cases
from core.cases.model import NewCase
from core.db.tables import Case, Contract
from core.documents.corrections import line_credits
from core.kit.errors import Refused
from core.parties import store as parties
from core.validation.model import TYPES
from core.workflow.agreed import Agreed, read_agreements
from core.workflow.context import Context
from core.workflow.deciding import case_key, raise_cases
from core.workflow.hindrances import Hindrance, ended_early, is_over_before_its_end, unbillable
from core.workflow.planning import (
    Subject,
    corrections,
    earlier_terms,
    lay_out,
    next_bill_day,
    terms_id,
)
from core.workflow.usage_terms import follow

# How far ahead schedules are kept.
HORIZON = timedelta(days=396)
# Lines may come after their contract: only later than this their absence is reported.
LINES_PATIENCE = timedelta(hours=1)
CODES = ("contract.unbillable", "contract.ended_early", "amendment.before_start")


def horizon(today: date) -> date:
    return today + HORIZON


def plan(ctx: Context, contract_ids: Iterable[UUID], until: date) -> int:
    """Brings the schedules of these contracts up to what is agreed now, at least up to `until`; answers how many items
    are new, different or dropped.

    Only contracts that the house bills are planned. Open items are replaced by the desired ones at once; billed ones
    stay, and what changed in their periods becomes an open adjustment (`core.workflow.planning`). A contract that
    cannot be billed keeps its rows: its open items are dropped, a case says why, and they come back when it is put
    right.
    """
    ids = list(contract_ids)
    known = schedule.plans(ctx.session, ids)
    agreed = read_agreements(ctx.session, agreements.billed_by_house(ctx.session, ids) | known.keys())
    if not agreed:
        return 0
    items = schedule.kept(ctx.session, agreed)
    subjects = follow(ctx, _subjects(ctx, agreed, items))
    earlier = _earlier(ctx, subjects)
    reach = {id: max(until, known[id].until) if id in known else until for id in agreed}
    laid = {
        id: _lay_out(_Case(each, subjects.get(id), items.get(id, [])), earlier, reach[id], ctx)
        for id, each in agreed.items()
    }
    count = _replace(ctx, [item for each in laid.values() for item in each.items], items)
    plans = {id: _plan(subjects.get(id), reach[id], each) for id, each in laid.items()}
    schedule.save_plans(ctx.session, plans, ctx.now)
    _keep_renewals(ctx, subjects)
    _tell(ctx, agreed, {id: each.hindrance for id, each in laid.items() if each.hindrance}, known)
    return count


@dataclass(frozen=True, slots=True)
class Proposal:
    """A contract's items as they are kept, and the open ones as they are to be."""

    kept: list[Item]
    wanted: tuple[NewItem, ...]


def proposals(ctx: Context, contract_ids: Iterable[UUID]) -> dict[UUID, Proposal]:
    """What planning these contracts again, as far as they are planned, would come to; nothing is planned."""
    known = schedule.plans(ctx.session, contract_ids)
    agreed = read_agreements(ctx.session, known)
    items = schedule.kept(ctx.session, agreed)
    subjects = _subjects(ctx, agreed, items)
    earlier = _earlier(ctx, subjects)
    found = {}
    for id, each in agreed.items():
        kept = items.get(id, [])
        laid = _lay_out(_Case(each, subjects.get(id), kept), earlier, known[id].until, ctx)
        found[id] = Proposal(kept, laid.items)
    return found


def _plan(subject: Subject | None, until: date, laid: _Laid) -> Plan:
    problem = laid.hindrance.sentence if laid.hindrance else None
    return Plan(subject.terms_id if subject else None, until, problem)


def _is_ours(contract: Contract) -> bool:
    return contract.billed_by == agreements.HOUSE and contract.status != "draft"


@dataclass(frozen=True, slots=True)
class _Case:
    agreed: Agreed
    subject: Subject | None
    items: list[Item]


@dataclass(frozen=True, slots=True)
class _Laid:
    items: tuple[NewItem, ...] = ()
    hindrance: Hindrance | None = None


def _subjects(ctx: Context, agreed: Mapping[UUID, Agreed], items: Mapping[UUID, list[Item]]) -> dict[UUID, Subject]:
    """What can be laid out, its terms kept."""
    found: dict[UUID, Subject] = {}
    contents = {}
    billed = {id for id, kept in items.items() if any(item.state == ItemState.BILLED for item in kept)}
    credits = line_credits(ctx.session, billed) if billed else {}
    for id, each in agreed.items():
        if each.agreement is not None and _is_ours(each.contract):
            content = content_of(each.agreement)
            terms = terms_id(id, content)
            contents[terms] = (id, content)
            found[id] = Subject(id, each.agreement, terms, items.get(id, []), credits.get(id, ()))
    schedule.save_terms(ctx.session, contents, ctx.now)
    return found


def _earlier(ctx: Context, subjects: Mapping[UUID, Subject]) -> dict[UUID, Agreement]:
    """The agreements under which billed items are settled, where these are not today's."""
    wanted = {terms for subject in subjects.values() for terms in earlier_terms(subject)}
    if not wanted:
        return {}
    return {id: agreement_in(content) for id, content in schedule.terms(ctx.session, wanted).items()}


def _lay_out(case: _Case, earlier: Mapping[UUID, Agreement], until: date, ctx: Context) -> _Laid:
    contract, subject = case.agreed.contract, case.subject
    if not _is_ours(contract):
        return _Laid()
    today = ctx.now.date()
    if is_over_before_its_end(contract, today) and not case.items:
        return _Laid()
    hindrance = case.agreed.hindrance or ended_early(contract, case.items, today)
    if hindrance is not None or subject is None:
        return _Laid(hindrance=None if _may_still_come(case, ctx) else hindrance)
    layout = lay_out(subject, until)
    if layout.problems:
        return _Laid(hindrance=unbillable(contract, layout.problems[0].sentence.rstrip(".")))
    bill_on = next_bill_day(layout.items, today)
    try:
        return _Laid(layout.items + corrections(subject, earlier.__getitem__, bill_on))
    except Refused as refused:
        return _Laid(hindrance=unbillable(contract, refused.sentence.rstrip(".")))


def _may_still_come(case: _Case, ctx: Context) -> bool:
    """A contract that has just arrived, whose lines are on their way."""
    is_empty = case.agreed.agreement is None and not case.agreed.lines
    return is_empty and ctx.now - case.agreed.contract.updated_at < LINES_PATIENCE


def _replace(ctx: Context, desired: list[NewItem], items: Mapping[UUID, list[Item]]) -> int:
    kept = {item.id: item for found in items.values() for item in found}
    wanted = {item.id for item in desired}
    changed = [item for item in desired if item.id not in kept or not kept[item.id].is_as(item)]
    gone = [
        item.id for found in items.values() for item in found if item.state == ItemState.OPEN and item.id not in wanted
    ]
    count = schedule.drop(ctx.session, gone, ctx.now) if gone else 0
    return count + (schedule.write(ctx.session, changed, ctx.now) if changed else 0)


def _keep_renewals(ctx: Context, subjects: Mapping[UUID, Subject]) -> None:
    """Terms that have begun by renewal become history."""
    today = ctx.now.date()
    found = [
        history.renewal(id, day, agreement.uplift_percent)
        for id, agreement in ((id, subject.agreement) for id, subject in subjects.items())
        for day in renewals_in(agreement, Span(agreement.starts_on, max(today, agreement.starts_on)))
    ]
    changes.keep_changes(ctx.session, found, ctx.actor.label, ctx.now)


# --- cases -----------------------------------------------------------------------------------------------------------


def _tell(
    ctx: Context, agreed: Mapping[UUID, Agreed], hindrances: Mapping[UUID, Hindrance], known: Mapping[UUID, Plan]
) -> None:
    """One case per contract that cannot be billed; it closes when the contract is put right."""
    told = {id for id, plan in known.items() if plan.problem}
    same = {id for id in told & hindrances.keys() if known[id].problem == hindrances[id].sentence}
    keys = [case_key(code, id) for id in told - same for code in CODES]
    if keys:
        cases.close_by(ctx.session, Case.key.in_(keys), "No longer found when planned again", ctx.actor.label, ctx.now)
    new = {id: hindrance for id, hindrance in hindrances.items() if id not in same}
    if new:
        customers = parties.customers(ctx.session, [agreed[id].contract.customer_id for id in new])
        entities = {id: row.entity for id, row in customers.items()}
        raise_cases(ctx, [_case(agreed[id].contract, found, entities) for id, found in new.items()])


def _case(contract: Contract, found: Hindrance, entities: Mapping[UUID, str | None]) -> NewCase:
    return NewCase(
        key=case_key(found.code, contract.id),
        code=found.code,
        type=TYPES[found.code],
        cause=f"{found.code}:{contract.number}",
        sentence=found.sentence,
        evidence={"contract": contract.number, "starts_on": contract.starts_on, "ends_on": contract.ends_on},
        customer_id=contract.customer_id if contract.customer_id in entities else None,
        entity=entities.get(contract.customer_id),
        currency=contract.currency,
    )
