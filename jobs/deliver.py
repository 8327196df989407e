"""Posts one document to its ledger: intent before effect, look-up before any second try, outcome through the one door.

Answers when to come back, or None when this job has nothing left to do: the outcome's own command enqueues the next
try. Nothing here waits: a job that cannot go on gives its place in the queue back.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from core.intake import store as intake
from core.ports import InDoubt, Ledger, Misconfigured, Rejected, Transient
from core.posting import store
from core.posting.model import ClaimedDelivery
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import SetConnectionState
from jobs.attempt import UNFORESEEN, Result, attempt, command, foreseeing, unforeseen, within_budget
from jobs.exclusive import exclusive, one_of
from jobs.limits import wait_seconds

_ACTOR = job("deliver")
_SLOT_WAIT_SECONDS = 1.0


def deliver(runtime: Runtime, ledgers: Mapping[str, Ledger], delivery_id: UUID) -> datetime | None:
    """Tries once, if it is the delivery's turn and the ledger may be called."""
    with exclusive(runtime.engine, f"delivery:{delivery_id}") as is_ours:
        if not is_ours:
            return runtime.now() + _settle(runtime)
        claimed = _claim(runtime, delivery_id)
        if claimed is None or claimed.system not in ledgers:
            return None
        return _when_allowed(runtime, ledgers[claimed.system], claimed)


def _claim(runtime: Runtime, delivery_id: UUID) -> ClaimedDelivery | None:
    """One whose document cannot be read from the store any more is nothing to try again: a person gets it."""
    with foreseeing("a delivery was taken from the store") as surprise, runtime.transaction() as session:
        return store.claim(session, delivery_id, runtime.now(), _settle(runtime))
    if surprise.reason is not None:
        with runtime.transaction() as session:
            number = store.begin_attempt(session, delivery_id, "post", runtime.now())
        told = "The document is stored in a form that cannot be sent. It was not sent."
        execute(runtime, command(delivery_id, number, Result("refused", failure=Rejected(told, UNFORESEEN))), _ACTOR)
    return None


def _when_allowed(runtime: Runtime, ledger: Ledger, claimed: ClaimedDelivery) -> datetime | None:
    with runtime.reading() as session:
        health = intake.health(session, claimed.system)
    if health.is_paused:
        # Whoever resumes the connection has the sweep send what waited.
        return None
    if rests_until := health.rests_until(runtime.now()):
        return rests_until + _jitter(_SLOT_WAIT_SECONDS * 5)
    slots = [f"slot:{claimed.system}:{number}" for number in range(ledger.capabilities.max_in_flight)]
    with one_of(runtime.engine, slots) as slot:
        if slot is None:
            return runtime.now() + _jitter(_SLOT_WAIT_SECONDS)
        if wait := wait_seconds(runtime, claimed.system, ledger.capabilities.requests_per_second):
            return runtime.now() + timedelta(seconds=wait)
        _attempt(runtime, ledger, claimed)
        return None


def _attempt(runtime: Runtime, ledger: Ledger, claimed: ClaimedDelivery) -> None:
    action = "find" if claimed.must_find else "post"
    with runtime.transaction() as session:
        number = store.begin_attempt(session, claimed.id, action, runtime.now())
        unclear_before = store.unclear_attempts(session, claimed.id)
    result = within_budget(attempt(ledger, claimed, runtime.settings), claimed, unclear_before)
    _note_health(runtime, claimed.system, result)
    with foreseeing(f"the outcome for {claimed.document.number} was recorded") as surprise:
        execute(runtime, command(claimed.id, number, result), _ACTOR)
    if surprise.reason is not None:
        # Not what was said, which may be what cannot be kept, but that it was.
        kept = within_budget(unforeseen(claimed, runtime.settings), claimed, unclear_before)
        execute(runtime, command(claimed.id, number, kept), _ACTOR)
    if isinstance(result.failure, Misconfigured):
        reason = result.failure.sentence
        execute(runtime, SetConnectionState(system=claimed.system, state="paused", reason=reason), _ACTOR)


def _settle(runtime: Runtime) -> timedelta:
    return timedelta(seconds=runtime.settings.settle_seconds)


def _note_health(runtime: Runtime, system: str, result: Result) -> None:
    """A refusal is an answer: the connection works. Only silence and overload count against it, and what went wrong
    here says nothing about it."""
    failure = result.failure
    if failure is not None and (isinstance(failure, Misconfigured) or failure.code == UNFORESEEN):
        return
    with runtime.transaction() as session:
        if isinstance(failure, Transient | InDoubt):
            intake.record_failure(session, system, failure.sentence, runtime.now())
        else:
            intake.record_success(session, system, runtime.now())


def _jitter(seconds: float) -> timedelta:
    return timedelta(seconds=random.uniform(0.1, seconds))
