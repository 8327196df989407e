"""Rows of people, sessions and sign-in attempts. Functions take the session first and never commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.access.model import Ages
from core.access.rules import FAILURE_WINDOW, is_limit_reached, is_session_alive, is_touch_due
from core.db.tables.access import LoginAttempt, User, WebSession
from core.kit.ids import new_id


def user_by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == clean_email(email)))


def add_user(session: Session, facts: Mapping[str, Any]) -> bool:
    """False when somebody has that e-mail address: nothing of theirs is changed."""
    statement = insert(User).values(facts).on_conflict_do_nothing(index_elements=["email"]).returning(User.id)
    return session.scalar(statement) is not None


def start_session(session: Session, user_id: UUID, hashed_token: str, now: datetime) -> None:
    session.add(WebSession(token_hash=hashed_token, user_id=user_id, created_at=now, last_seen_at=now, revoked_at=None))
    session.flush()


def user_of_session(session: Session, hashed_token: str, ages: Ages, now: datetime) -> User | None:
    """The active person of a session that lives. Marks it as seen, at most once a minute."""
    found = session.execute(
        select(WebSession.created_at, WebSession.last_seen_at, User)
        .join(User, User.id == WebSession.user_id)
        .where(WebSession.token_hash == hashed_token, WebSession.revoked_at.is_(None), User.is_active)
    ).one_or_none()
    if found is None:
        return None
    created_at, last_seen_at, user = found
    if not is_session_alive(created_at, last_seen_at, ages, now):
        return None
    if is_touch_due(last_seen_at, now):
        _touch(session, hashed_token, now)
    return user


def revoke_session(session: Session, hashed_token: str, now: datetime) -> None:
    session.execute(
        update(WebSession)
        .where(WebSession.token_hash == hashed_token, WebSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_sessions_of(session: Session, user_id: UUID, now: datetime) -> None:
    session.execute(
        update(WebSession).where(WebSession.user_id == user_id, WebSession.revoked_at.is_(None)).values(revoked_at=now)
    )


def begin_attempt(session: Session, email: str, address: str, now: datetime) -> UUID | None:
    """Notes a try as failed, before the password is looked at; None when there were too many.

    One at a time per e-mail and per address, so that tries sent all at once are counted too.
    """
    email = clean_email(email)
    for name in sorted({f"sign-in:{email}", f"sign-in:{address}"}):
        session.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
    of_account, of_address = LoginAttempt.email == email, LoginAttempt.address == address
    both = and_(of_account, of_address)
    if is_limit_reached(
        _failures(session, both, now, _last_success(session, both)),
        _failures(session, of_account, now, _last_success(session, of_account)),
        _failures(session, of_address, now, None),
    ):
        return None
    attempt = LoginAttempt(id=new_id(), email=email, address=address, at=now, succeeded=False)
    session.add(attempt)
    session.flush()
    return attempt.id


def attempt_succeeded(session: Session, attempt_id: UUID) -> None:
    session.execute(update(LoginAttempt).where(LoginAttempt.id == attempt_id).values(succeeded=True))


def clean_email(email: str) -> str:
    """As the store keeps it; what cannot be seen cannot be part of an address."""
    return "".join(character for character in email.strip().lower() if character.isprintable())[:254]


def _touch(session: Session, hashed_token: str, now: datetime) -> None:
    session.execute(
        update(WebSession)
        .where(WebSession.token_hash == hashed_token, WebSession.last_seen_at < now)
        .values(last_seen_at=now)
    )


def _last_success(session: Session, whose: ColumnElement[bool]) -> datetime | None:
    found: datetime | None = session.scalar(select(func.max(LoginAttempt.at)).where(whose, LoginAttempt.succeeded))
    return found


def _failures(session: Session, whose: ColumnElement[bool], now: datetime, since: datetime | None) -> int:
    """Failed tries of the window, not older than `since`."""
    start = max(now - FAILURE_WINDOW, since or now - FAILURE_WINDOW)
    counted = select(func.count()).select_from(LoginAttempt).where(whose, LoginAttempt.at > start)
    return session.scalar(counted.where(~LoginAttempt.succeeded)) or 0
