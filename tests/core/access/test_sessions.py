"""Sessions and people in the store."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from core.access import store
from core.access.rules import hash_password, token_hash
from core.db.tables import LoginAttempt, User, WebSession
from core.kit.ids import new_id
from core.runtime import Runtime
from core.workflow.actors import Role
from core.workflow.sign_in import (
    WrongCredentials,
    person_of_email,
    person_of_session,
    session_of_token,
    sign_in,
    sign_out,
)
from tests.fakes import FixedClock

PASSWORD = "correct horse battery"


@pytest.fixture
def person(runtime: Runtime) -> User:
    user = User(
        id=new_id(),
        email="mia@halden.example",
        name="Mia Sand",
        role="analyst",
        entities=["DE"],
        approval_limit_minor=0,
        password_hash=hash_password(PASSWORD),
        is_active=True,
        created_at=runtime.now(),
    )
    with runtime.transaction() as session:
        session.add(user)
    return user


def _change(runtime: Runtime, **values: object) -> None:
    with runtime.transaction() as session:
        session.execute(update(User).values(**values))


def test_a_token_leads_to_the_person_as_they_are_now(runtime: Runtime, person: User) -> None:
    name = token_hash(sign_in(runtime, person.email, PASSWORD, "10.0.0.1"))
    actor = person_of_session(runtime, name)
    assert actor is not None
    assert (actor.name, actor.role, actor.entities) == ("Mia Sand", Role.ANALYST, frozenset({"DE"}))
    _change(runtime, role="viewer", entities=None)
    actor = person_of_session(runtime, name)
    assert actor is not None
    assert (actor.role, actor.entities) == (Role.VIEWER, None)


def test_a_deactivated_person_is_nobody(runtime: Runtime, person: User) -> None:
    token = sign_in(runtime, person.email, PASSWORD, "10.0.0.1")
    _change(runtime, is_active=False)
    assert session_of_token(runtime, token) is None
    assert person_of_session(runtime, token_hash(token)) is None
    assert person_of_email(runtime, person.email) is None
    with pytest.raises(WrongCredentials):
        sign_in(runtime, person.email, PASSWORD, "10.0.0.1")


def test_working_in_an_open_page_keeps_the_session_alive(runtime: Runtime, person: User, clock: FixedClock) -> None:
    token = sign_in(runtime, person.email, PASSWORD, "10.0.0.1")
    for _ in range(4):
        clock.advance(minutes=20)
        assert person_of_session(runtime, token_hash(token)) is not None
    assert session_of_token(runtime, token) is not None


def test_a_session_is_written_at_most_once_a_minute(runtime: Runtime, person: User, clock: FixedClock) -> None:
    token = sign_in(runtime, person.email, PASSWORD, "10.0.0.1")
    start = clock()
    clock.advance(seconds=59)
    session_of_token(runtime, token)
    assert _last_seen(runtime) == start
    clock.advance(seconds=1)
    session_of_token(runtime, token)
    assert _last_seen(runtime) == clock()


def test_an_ended_session_stays_ended_when_it_is_asked_for_again(
    runtime: Runtime, person: User, clock: FixedClock
) -> None:
    token = sign_in(runtime, person.email, PASSWORD, "10.0.0.1")
    clock.advance(minutes=30)
    assert [session_of_token(runtime, token) for _ in range(2)] == [None, None]


def test_signing_out_ends_only_that_session(runtime: Runtime, person: User) -> None:
    first, second = (sign_in(runtime, person.email, PASSWORD, "10.0.0.1") for _ in range(2))
    sign_out(runtime, first)
    assert session_of_token(runtime, first) is None
    assert session_of_token(runtime, second) is not None


def test_an_unknown_token_is_nobodys(runtime: Runtime, person: User) -> None:
    assert session_of_token(runtime, "made up") is None


def test_every_try_is_kept_with_its_outcome(runtime: Runtime, person: User) -> None:
    with pytest.raises(WrongCredentials):
        sign_in(runtime, person.email, "wrong", "10.0.0.1")
    sign_in(runtime, person.email, PASSWORD, "10.0.0.2")
    with runtime.reading() as session:
        tries = session.execute(select(LoginAttempt.address, LoginAttempt.succeeded).order_by(LoginAttempt.id)).all()
    assert [tuple(each) for each in tries] == [("10.0.0.1", False), ("10.0.0.2", True)]


def test_all_sessions_of_a_person_can_be_ended(runtime: Runtime, person: User, clock: FixedClock) -> None:
    tokens = [sign_in(runtime, person.email, PASSWORD, "10.0.0.1") for _ in range(2)]
    with runtime.transaction() as session:
        store.revoke_sessions_of(session, person.id, clock())
    assert [session_of_token(runtime, token) for token in tokens] == [None, None]


def _last_seen(runtime: Runtime) -> object:
    with runtime.reading() as session:
        return session.scalars(select(WebSession.last_seen_at)).one()
