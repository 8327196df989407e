"""What a new house needs before its first day: policies, and in the demo its people and legal entities."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from core.access.model import DEMO_PASSWORD, demo_people
from core.canonical import EntityRecord
from core.db.tables import LegalEntity, PolicyVersion, User
from core.parties.model import demo_entities
from core.policies.defaults import default_policies
from core.runtime import Runtime
from core.workflow.actors import job
from core.workflow.commands import RecordFacts, ReleasePolicy, SaveUser
from core.workflow.execute import execute
from core.workflow.passwords import hash_password

_SINCE_EVER = date(2000, 1, 1)
_HOUSE = "house"


def bootstrap(runtime: Runtime, is_demo: bool) -> None:
    """Safe to repeat: only what is missing is added."""
    with runtime.reading() as session:
        has_policies = session.scalar(select(func.count()).select_from(PolicyVersion))
        has_people = session.scalar(select(func.count()).select_from(User))
    actor = job("bootstrap")
    if not has_policies:
        for name, model in default_policies().items():
            execute(runtime, ReleasePolicy(name=name, model=model, effective_from=_SINCE_EVER), actor)
    if is_demo and not has_people:
        password = hash_password(DEMO_PASSWORD)
        for person in demo_people():
            execute(
                runtime,
                SaveUser(
                    email=person.email,
                    name=person.name,
                    role=person.role,
                    entities=person.entities,
                    approval_limit_minor=person.approval_limit_minor,
                    password_hash=password,
                ),
                actor,
            )


def introduce_demo_entities(runtime: Runtime) -> None:
    """The simulated company's legal entities with the accounts that they are paid into, which no ledger tells. Safe to
    repeat: an entity that has instructions, or from which a person took them, stays as it is."""
    with runtime.reading() as session:
        rows = {row.code: row for row in session.scalars(select(LegalEntity))}
    settled = {code for code, row in rows.items() if row.payment_instructions or "payment_instructions" in row.written}
    missing = tuple(
        EntityRecord(
            source=_HOUSE,
            source_ref=each.code,
            code=each.code,
            name=each.name,
            country=each.country,
            currency=each.currency,
            payment_instructions=each.payment_instructions,
        )
        for each in demo_entities()
        if each.code not in settled
    )
    if missing:
        execute(runtime, RecordFacts(source=_HOUSE, entities=missing), job("bootstrap"))
