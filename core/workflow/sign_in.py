"""Signing in and out, and who a session belongs to. Not commands: they change nothing that people work on."""

from __future__ import annotations

from datetime import timedelta

from core.access import rules, store
from core.access.model import DEMO_PASSWORD, Ages, Person, demo_people
from core.db.tables.access import User
from core.kit.errors import Refused
from core.runtime import Runtime
from core.settings import Settings
from core.workflow.actors import Actor, Role


class WrongCredentials(Refused):
    def __init__(self) -> None:
        super().__init__("sign_in.wrong", "That e-mail address and password do not belong together.")


class TooManyTries(Refused):
    def __init__(self) -> None:
        minutes = int(rules.FAILURE_WINDOW.total_seconds() // 60)
        super().__init__(
            "sign_in.limited",
            f"Too many failed attempts. Wait {minutes} minutes and try again, or ask your administrator.",
        )


def sign_in(runtime: Runtime, email: str, password: str, address: str) -> str:
    """The token of a new session. Raises TooManyTries or WrongCredentials.

    Two transactions with the slow hash between them: a try counts even when the process dies while it hashes.
    """
    with runtime.transaction() as session:
        attempt = store.begin_attempt(session, email, address, runtime.now())
        if attempt is None:
            raise TooManyTries
        user = store.user_by_email(session, email)
    is_right = rules.is_password_right(password[: rules.MAX_PASSWORD_LENGTH + 1], user.password_hash if user else None)
    if user is None or not is_right or not user.is_active:
        raise WrongCredentials
    token = rules.new_token()
    with runtime.transaction() as session:
        store.attempt_succeeded(session, attempt)
        store.start_session(session, user.id, rules.token_hash(token), runtime.now())
    return token


def session_of_token(runtime: Runtime, token: str) -> tuple[str, str] | None:
    """(name of the session, e-mail) of a browser's token. The name opens nothing: it is the hash in the store."""
    name = rules.token_hash(token)
    with runtime.transaction() as session:
        user = store.user_of_session(session, name, ages(runtime.settings), runtime.now())
        return (name, user.email) if user else None


def person_of_session(runtime: Runtime, name: str) -> Actor | None:
    """Who a session belongs to now: their present role, entities and limit. None when it has ended."""
    with runtime.transaction() as session:
        user = store.user_of_session(session, name, ages(runtime.settings), runtime.now())
        return actor_of(user) if user else None


def person_of_email(runtime: Runtime, email: str) -> Actor | None:
    with runtime.reading() as session:
        user = store.user_by_email(session, email)
        return actor_of(user) if user and user.is_active else None


def sign_out(runtime: Runtime, token: str) -> None:
    with runtime.transaction() as session:
        store.revoke_session(session, rules.token_hash(token), runtime.now())


def actor_of(user: User) -> Actor:
    return Actor(
        name=user.name,
        role=Role(user.role),
        user_id=user.id,
        entities=frozenset(user.entities) if user.entities is not None else None,
        approval_limit_minor=user.approval_limit_minor,
    )


def demo_accounts(settings: Settings) -> tuple[tuple[Person, str], ...]:
    """People of the demo with their password, to be shown at the door; nobody outside the sandbox."""
    if settings.sandbox_systems is None:
        return ()
    return tuple((person, DEMO_PASSWORD) for person in demo_people())


def ages(settings: Settings) -> Ages:
    return Ages(idle=timedelta(minutes=settings.session_idle_minutes), absolute=timedelta(hours=settings.session_hours))
