"""What a new house needs before its first day: policies, and in the demo its people."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from core.access.model import DEMO_PASSWORD, demo_people
from core.db.tables import PolicyVersion, User
from core.policies.defaults import default_policies
from core.runtime import Runtime
from core.workflow.actors import job
from core.workflow.commands import ReleasePolicy, SaveUser
from core.workflow.execute import execute
from core.workflow.passwords import hash_password

_SINCE_EVER = date(2000, 1, 1)


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
