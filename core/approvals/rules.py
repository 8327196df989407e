"""Who may decide what: role, entity, limit, and four eyes. There is no bypass."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from uuid import UUID

from core.approvals.model import Asked, Person
from core.kit.errors import Forbidden
from core.kit.money import format_minor

# A role may stand in for those behind it.
_STANDS_IN: dict[str, frozenset[str]] = {
    "approver": frozenset({"approver"}),
    "controller": frozenset({"approver", "controller"}),
}


def refusal(
    person: Person, *, role: str, entity: str | None, amount_minor: int, currency: str, touched_by: Collection[str]
) -> Forbidden | None:
    """Why the person may not decide; None when they may. Names the policy."""
    if str(person.id) in touched_by:
        return Forbidden(
            "sod.own_document",
            "Policy “four eyes”: who created or changed an invoice cannot approve it. Its billing run and its usage "
            "count too. Re-route it to someone else.",
        )
    if role not in _STANDS_IN.get(person.role, frozenset()):
        return Forbidden("approval.role", f"Policy “approval roles”: this step is for a {role}, not a {person.role}.")
    if person.entities is not None and entity not in person.entities:
        return Forbidden("approval.entity", f"Policy “entity scope”: {person.name} does not act for {entity}.")
    if amount_minor > person.limit_minor:
        limit, amount = format_minor(person.limit_minor, currency), format_minor(amount_minor, currency)
        return Forbidden(
            "approval.limit",
            f"Policy “approval limits”: {person.name} may approve up to {currency} {limit}; this is {amount}.",
        )
    return None


def choose(people: Iterable[Person], *, role: str, entity: str | None, amount_minor: int) -> UUID | None:
    """The person of exactly this role with the fewest approvals waiting; a stand-in if there is none."""
    able = [
        p
        for p in people
        if role in _STANDS_IN.get(p.role, frozenset())
        and (p.entities is None or entity in p.entities)
        and amount_minor <= p.limit_minor
    ]
    able.sort(key=lambda p: (p.role != role, p.waiting, p.limit_minor, p.name))
    return able[0].id if able else None


def spread(people: Iterable[Person], asked: Iterable[Asked]) -> dict[UUID, UUID | None]:
    """Whom to ask for the first step of each, per document; what is given out here counts as waiting."""
    at_work = {person.id: person for person in people}
    chosen: dict[UUID, UUID | None] = {}
    for item in asked:
        able = [person for person in at_work.values() if str(person.id) not in item.touched_by]
        id = choose(able, role=item.roles[0], entity=item.entity, amount_minor=item.amount_minor)
        chosen[item.document_id] = id
        if id is not None:
            at_work[id] = replace(at_work[id], waiting=at_work[id].waiting + 1)
    return chosen
