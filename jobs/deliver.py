"""Posts one document to its ledger: intent before effect, look-up before any second try, outcome through the one door.

Answers when to come back, or None when this job has nothing left to do: the outcome's own command enqueues the next
try. Nothing here waits: a job that cannot go on gives its place in the queue back.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from core.intake import store as intake
from core.ports import ConnectorFailure, InDoubt, Ledger, Misconfigured, Posted, Transient
from core.posting import store
from core.posting.model import ClaimedDelivery
from core.runtime import Runtime
from core.settings import Settings
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import RecordDelivery, SetConnectionState
from jobs.exclusive import exclusive, one_of
from jobs.limits import wait_seconds

_ACTOR = job("deliver")
_FIRST_PAUSE_SECONDS = 2
_SLOT_WAIT_SECONDS = 1.0

Outcome = Literal["delivered", "retry", "refused", "in_doubt", "misconfigured"]


@dataclass(frozen=True, slots=True)
class _Result:
    outcome: Outcome
    posted: Posted | None = None
    failure: ConnectorFailure | None = None
    retry_in_seconds: float | None = None


def deliver(runtime: Runtime, ledgers: Mapping[str, Ledger], delivery_id: UUID) -> datetime | None:
    """Tries once, if it is the delivery's turn and the ledger may be called."""
    with exclusive(runtime.engine, f"delivery:{delivery_id}") as is_ours:
        if not is_ours:
            return runtime.now() + _settle(runtime)
        with runtime.transaction() as session:
            claimed = store.claim(session, delivery_id, runtime.now(), _settle(runtime))
        if claimed is None or claimed.system not in ledgers:
            return None
        return _when_allowed(runtime, ledgers[claimed.system], claimed)


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
    result = _call(ledger, claimed, runtime.settings)
    _note_health(runtime, claimed.system, result)
    execute(runtime, _command(claimed.id, number, result), _ACTOR)
    if isinstance(result.failure, Misconfigured):
        reason = result.failure.sentence
        execute(runtime, SetConnectionState(system=claimed.system, state="paused", reason=reason), _ACTOR)


def _settle(runtime: Runtime) -> timedelta:
    return timedelta(seconds=runtime.settings.settle_seconds)


def _call(ledger: Ledger, claimed: ClaimedDelivery, settings: Settings) -> _Result:
    """Looks up first when an earlier attempt may have arrived. A look-up that fails settles nothing."""
    if claimed.must_find:
        try:
            found = ledger.find(claimed.key, claimed.document.kind)
        except ConnectorFailure as failure:
            return _Result("in_doubt", failure=failure, retry_in_seconds=_back_off(claimed.attempts, failure, settings))
        if found is not None:
            return _Result("delivered", posted=found)
    try:
        return _Result("delivered", posted=ledger.post(claimed.document))
    except InDoubt as failure:
        return _Result("in_doubt", failure=failure, retry_in_seconds=settings.settle_seconds)
    except Transient as failure:
        return _Result("retry", failure=failure, retry_in_seconds=_back_off(claimed.attempts, failure, settings))
    except Misconfigured as failure:
        return _Result("misconfigured", failure=failure)
    except ConnectorFailure as failure:
        return _Result("refused", failure=failure)


def _command(delivery_id: UUID, number: int, result: _Result) -> RecordDelivery:
    posted, failure = result.posted, result.failure
    exchange: dict[str, Any] = posted.exchange if posted else failure.exchange if failure else {}
    return RecordDelivery(
        delivery_id=delivery_id,
        attempt=number,
        outcome=result.outcome,
        external_id=posted.external_id if posted else None,
        external_number=posted.number if posted else None,
        external_total_minor=posted.total_minor if posted else None,
        external_tax_minor=posted.tax_minor if posted else None,
        error_code=failure.code if failure else None,
        error=failure.sentence if failure else None,
        retry_in_seconds=result.retry_in_seconds,
        exchange=exchange,
    )


def _note_health(runtime: Runtime, system: str, result: _Result) -> None:
    """A refusal is an answer: the connection works. Only silence and overload count against it."""
    failure = result.failure
    with runtime.transaction() as session:
        if isinstance(failure, Transient | InDoubt):
            intake.record_failure(session, system, failure.sentence, runtime.now())
        elif not isinstance(failure, Misconfigured):
            intake.record_success(session, system, runtime.now())


def _back_off(attempts: int, failure: ConnectorFailure, settings: Settings) -> float:
    """Seconds until the next try: full jitter over a doubling span, never before the ledger itself allows."""
    span = min(settings.longest_pause_seconds, _FIRST_PAUSE_SECONDS * 2 ** min(attempts, 20))
    asked = failure.retry_after_seconds if isinstance(failure, Transient) else None
    return (asked or 0.0) + random.uniform(0.2, span)


def _jitter(seconds: float) -> timedelta:
    return timedelta(seconds=random.uniform(0.1, seconds))
