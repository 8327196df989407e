"""What the worker says of a store that is away: one line when it goes, one when it is back, however many have tried."""

from __future__ import annotations

from threading import Lock

from core.runtime import Runtime, is_store_reachable
from jobs.lines import note

_AWAY = "The store does not answer; the worker goes on when it does. If it was stopped, end all with Ctrl-C."


class _Outage:
    """The one of this process, whose clock, jobs and workers notice it each on their own."""

    lock = Lock()
    is_told = False


def tell_outage(runtime: Runtime) -> bool:
    """Whether the store really is away: then it is told, once."""
    if is_store_reachable(runtime):
        return False
    with _Outage.lock:
        is_news, _Outage.is_told = not _Outage.is_told, True
    if is_news:
        note(_AWAY)
    return True


def tell_return() -> None:
    """The store has just answered."""
    with _Outage.lock:
        is_news, _Outage.is_told = _Outage.is_told, False
    if is_news:
        note("The store answers again.")
