"""Pure decisions of sign-in: passwords, how many tries, how long a session lives."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.access.model import Ages

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 200
# Strict where somebody guesses at one account from one place; generous where one account is tried from many places,
# or many accounts from one place, which may be the office that everybody sits in.
FAILURES_ALLOWED = 5
FAILURES_OF_ACCOUNT = 25
FAILURES_OF_ADDRESS = 50
FAILURE_WINDOW = timedelta(minutes=15)
# A session's last use is written at most this often: reading a page must not cost a write each time.
TOUCH_EVERY = timedelta(minutes=1)

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt."""
    return _hasher.hash(password)


def is_password_right(password: str, password_hash: str | None) -> bool:
    """Whether the password fits; takes as long for somebody who does not exist (None)."""
    try:
        return _hasher.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def password_findings(password: str, email: str) -> tuple[str, ...]:
    """What is wrong with a new password, in sentences; nothing when it is good."""
    found = []
    if len(password) < MIN_PASSWORD_LENGTH:
        found.append(f"The password needs at least {MIN_PASSWORD_LENGTH} characters.")
    if len(password) > MAX_PASSWORD_LENGTH:
        found.append(f"The password may have at most {MAX_PASSWORD_LENGTH} characters.")
    if len(set(password)) < 5:
        found.append("The password repeats too few different characters.")
    name = email.partition("@")[0].lower()
    if len(name) >= 3 and name in password.lower():
        found.append("The password contains the name in the e-mail address.")
    return tuple(found)


def is_limit_reached(of_both: int, of_account: int, of_address: int) -> bool:
    """By the failed tries of an account from an address, of the account from anywhere, and of the address in all."""
    return of_both >= FAILURES_ALLOWED or of_account >= FAILURES_OF_ACCOUNT or of_address >= FAILURES_OF_ADDRESS


def new_token() -> str:
    """A session's secret: only the browser has it, the store keeps its hash."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_session_alive(created_at: datetime, last_seen_at: datetime, ages: Ages, now: datetime) -> bool:
    return now - last_seen_at < ages.idle and now - created_at < ages.absolute


def is_touch_due(last_seen_at: datetime, now: datetime) -> bool:
    return now - last_seen_at >= TOUCH_EVERY


@cache
def _nobody() -> str:
    """A hash that no password fits, to spend the same time on unknown people."""
    return hash_password(new_token())
