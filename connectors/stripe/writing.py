"""One step of work in Stripe, however often it is tried.

A step is written under a key of its own. Under one key Stripe answers a repetition as it answered first, its own
failures included, and for as long as it remembers the key; so a step that failed there goes on under the next key, once
it is known that nothing has come of it.
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.shapes import UNREADABLE
from connectors.stripe.client import REPLAYED, Client, Doc
from core.ports import InDoubt, Rejected

# Failures that are only repeated cost a request each; new ones end the attempt soon.
_KEYS = 200
_NEW_FAILURES = 2
# Whether it has worked cannot be seen at once: the delivery's own look-up settles it.
_UNKNOWN = ("no_answer", UNREADABLE)


def write(client: Client, path: str, params: Doc, key: str, made: Callable[[], Doc | None]) -> Doc:
    """The answer, or what `made` finds when the step has worked although Stripe said otherwise."""
    failures = 0
    for number in range(1, _KEYS + 1):
        try:
            return client.post(path, params, f"{key}:{number}")
        except InDoubt as problem:
            failures += problem.code != REPLAYED
            if problem.code in _UNKNOWN or failures == _NEW_FAILURES:
                raise
        except Rejected as problem:
            # The form has changed since, as when the customer has got a card on file: nothing was made of the old one.
            if problem.code != "idempotency_error":
                raise
        found = made()
        if found is not None:
            return found
    raise InDoubt("Stripe has failed too often at this; it forgets after a day.", "server_error")
