"""Stripe's idempotency keys: the first answer is kept for 24 hours and replayed, whatever it was."""

import hashlib
import json
from dataclasses import dataclass

from .refusals import key_in_use, key_reused
from .shapes import Doc
from .store import Store

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Kept:
    """An answer that was given before."""

    status: int
    body: str
    request: str


def fingerprint(method: str, path: str, form: Doc) -> str:
    text = json.dumps([method, path, form], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def claim(store: Store, key: str, mark: str, request: str) -> Kept | None:
    """Take the key for this request, or answer what was kept; refuses other parameters and keys in flight."""
    with store.records.transaction():
        store.records.change("DELETE FROM idempotency WHERE created < ?", (store.now() - KEPT_SECONDS,))
        rows = store.records.query("SELECT fingerprint, status, body, request FROM idempotency WHERE key = ?", (key,))
        if not rows:
            store.records.change(
                "INSERT INTO idempotency (key, fingerprint, created, request) VALUES (?, ?, ?, ?)",
                (key, mark, store.now(), request),
            )
            return None
    kept_mark, status, body, first = rows[0]
    if kept_mark != mark:
        raise key_reused(key)
    if status is None:
        raise key_in_use(key)
    return Kept(int(status), str(body), str(first))


def keep(store: Store, key: str, status: int, body: str) -> None:
    """Keep the answer; call it in the transaction that does the work."""
    store.records.change("UPDATE idempotency SET status = ?, body = ? WHERE key = ?", (status, body, key))


def release(store: Store, key: str) -> None:
    """Give the key back: nothing was executed under it."""
    store.records.change("DELETE FROM idempotency WHERE key = ? AND status IS NULL", (key,))


def release_all(store: Store) -> None:
    """At start: whatever was in flight when the process died was rolled back."""
    store.records.change("DELETE FROM idempotency WHERE status IS NULL")
