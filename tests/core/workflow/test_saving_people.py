"""Adding is not changing: who may sign in is changed only by whoever names the person and saw how they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core.access.store import start_session
from core.db.tables import AuditEntry, User, WebSession
from core.kit.errors import NotFound, Refused, Stale
from core.kit.ids import new_id
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow.command import Target
from core.workflow.commands import SaveUser
from tests import work
from tests.stores import Furniture, people

MIA = SaveUser(
    email="mia@halden.example", name="Mia Sand", role="viewer", entities=None, approval_limit_minor=0, password_hash="h"
)


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def ada(runtime: Runtime) -> Actor:
    return work.person(runtime, "Ada")


def stored(runtime: Runtime, email: str) -> User:
    with runtime.reading() as session:
        return session.scalars(select(User).where(User.email == email)).one()


def change(row: User, **facts: Any) -> SaveUser:
    """What the form sends: everything as it stands, and the changes."""
    as_it_stands = SaveUser(
        person=Target(row.id, row.revision),
        email=row.email,
        name=row.name,
        role=row.role,
        entities=tuple(row.entities) if row.entities is not None else None,
        approval_limit_minor=row.approval_limit_minor,
        password_hash=None,
        is_active=row.is_active,
    )
    return replace(as_it_stands, **facts)


def told(runtime: Runtime) -> str:
    with runtime.reading() as session:
        return session.scalars(select(AuditEntry.sentence).order_by(AuditEntry.seq.desc())).first() or ""


@pytest.mark.parametrize("email", ["dieter@halden.example", " DIETER@Halden.example "])
def test_adding_somebody_who_is_there_already_is_refused_and_changes_nothing(
    runtime: Runtime, ada: Actor, email: str
) -> None:
    before = stored(runtime, "dieter@halden.example")
    with pytest.raises(Refused, match=r"“dieter@halden\.example” is already a person of this house; change"):
        execute(runtime, replace(MIA, command_id=new_id(), email=email), ada)
    after = stored(runtime, "dieter@halden.example")
    assert (after.name, after.role, after.entities, after.password_hash, after.revision) == (
        before.name,
        before.role,
        ["DE", "FR"],
        before.password_hash,
        before.revision,
    )


def test_the_trail_says_what_was_changed_and_that_a_password_was_given(runtime: Runtime, ada: Actor) -> None:
    execute(runtime, MIA, ada)
    assert told(runtime) == "Added Mia Sand (viewer); a password was given."
    row = stored(runtime, MIA.email)
    execute(runtime, change(row, name="Mia Strand", entities=("DE",), password_hash="other"), ada)
    assert told(runtime) == "Changed Mia Sand (viewer): name, legal entities, a new password was given."
    execute(runtime, change(stored(runtime, MIA.email), approval_limit_minor=5), ada)
    assert told(runtime) == "Changed Mia Strand (viewer): approval limit."


def test_a_new_password_ends_the_sessions_of_the_old_one(runtime: Runtime, ada: Actor) -> None:
    row = stored(runtime, "dieter@halden.example")
    with runtime.transaction() as session:
        start_session(session, row.id, "token", runtime.now())
    execute(runtime, change(row, password_hash="new"), ada)
    assert work.only(runtime, WebSession).revoked_at == runtime.now()


def test_a_change_at_the_sight_of_what_stands_there_no_more_is_refused(runtime: Runtime, ada: Actor) -> None:
    row = stored(runtime, "dieter@halden.example")
    execute(runtime, change(row, role="approver"), ada)
    with pytest.raises(Stale):
        execute(runtime, change(row, name="Dieter B."), ada)
    assert stored(runtime, row.email).role == "approver"


def test_a_change_of_nobody_of_an_address_or_of_nothing_is_refused(runtime: Runtime, ada: Actor) -> None:
    row = stored(runtime, "dieter@halden.example")
    with pytest.raises(NotFound):
        execute(runtime, change(row, person=Target(new_id(), 1)), ada)
    with pytest.raises(Refused, match="cannot be changed"):
        execute(runtime, change(row, email="d@halden.example"), ada)
    with pytest.raises(Refused, match="Nothing was changed"):
        execute(runtime, change(row), ada)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"approval_limit_minor": -500}, "cannot be below zero"),
        ({"email": "mia"}, "is not an e-mail address"),
        ({"name": "  "}, "needs a name"),
        ({"role": "job"}, "no role"),
        ({"password_hash": None}, "needs a password"),
    ],
)
def test_what_nobody_can_be_given_is_refused_at_the_door(
    runtime: Runtime, ada: Actor, facts: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        execute(runtime, replace(MIA, command_id=new_id(), **facts), ada)


def test_nobody_changes_their_own_rights_and_everybody_their_own_name(runtime: Runtime, ada: Actor) -> None:
    me = stored(runtime, "ada@halden.example")
    with pytest.raises(Refused, match="four eyes"):
        execute(runtime, change(me, approval_limit_minor=1), ada)
    with pytest.raises(Refused, match="deactivate yourself"):
        execute(runtime, change(me, is_active=False), ada)
    execute(runtime, change(me, name="Ada Quill"), ada)
    assert stored(runtime, me.email).name == "Ada Quill"
