"""One call of a ledger, and what its outcome means for the delivery.

Whatever happens ends as an outcome. What nobody can make out (an answer of an unknown form, a look-up that is refused,
anything unforeseen in our own program) is "unclear": it is looked up and tried again, but only so often.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from connectors.shapes import UNREADABLE
from core.kit.systems import title_of
from core.ports import ConnectorFailure, InDoubt, Ledger, Misconfigured, Posted, Rejected, Transient
from core.posting.model import ClaimedDelivery
from core.runtime import StoreUnreachable
from core.settings import Settings
from core.workflow.commands import RecordDelivery
from jobs.lines import note

MOST_UNCLEAR = 12
UNFORESEEN = "unforeseen"
_FIRST_PAUSE_SECONDS = 2
_LONGEST_ASKED_SECONDS = 86_400

Outcome = Literal["delivered", "retry", "refused", "in_doubt", "unclear", "given_up", "misconfigured"]


@dataclass(frozen=True, slots=True)
class Result:
    outcome: Outcome
    posted: Posted | None = None
    failure: ConnectorFailure | None = None
    retry_in_seconds: float | None = None


@dataclass(slots=True)
class Surprise:
    """What went wrong that nobody foresaw, if anything did."""

    reason: Exception | None = None

    @property
    def place(self) -> str:
        """Where in the program, for whoever has to mend it."""
        frames = traceback.extract_tb(self.reason.__traceback__) if self.reason else []
        return f"{frames[-1].filename.rpartition('/')[2]}, line {frames[-1].lineno}" if frames else "an unknown place"


class _Catching:
    """Keeps anything but a lost store (which the queue waits for) from going further."""

    def __init__(self) -> None:
        self.surprise = Surprise()

    def __enter__(self) -> Surprise:
        return self.surprise

    def __exit__(self, _: object, reason: BaseException | None, __: object) -> bool:
        if not isinstance(reason, Exception) or isinstance(reason, StoreUnreachable):
            return False
        self.surprise.reason = reason
        return True


@contextmanager
def foreseeing(what: str) -> Iterator[Surprise]:
    """Tells whoever watches the worker in one line what went wrong inside, and goes on."""
    catching = _Catching()
    with catching as surprise:
        yield surprise
    if surprise.reason is not None:
        words = " ".join(str(surprise.reason).split())[:200]
        note(f"Unforeseen while {what}: {type(surprise.reason).__name__}: {words} ({surprise.place})")


def attempt(ledger: Ledger, claimed: ClaimedDelivery, settings: Settings) -> Result:
    """Looks up first when an earlier attempt may have arrived. Raises nothing but for a lost store."""
    title = title_of(claimed.system)
    result: Result | None = None
    with foreseeing(f"{claimed.document.number} was handed to {title}"):
        result = _call(ledger, claimed, settings)
    return result or unforeseen(claimed, settings)


def _call(ledger: Ledger, claimed: ClaimedDelivery, settings: Settings) -> Result:
    """A look-up that fails settles nothing."""
    pause = settings.settle_seconds
    if claimed.must_find:
        try:
            found = ledger.find(claimed.key, claimed.document.kind)
        except ConnectorFailure as failure:
            outcome: Outcome = "unclear" if isinstance(failure, Rejected) or _is_unreadable(failure) else "in_doubt"
            return Result(outcome, failure=failure, retry_in_seconds=_back_off(claimed.attempts, failure, settings))
        if found is not None:
            return Result("delivered", posted=found)
    try:
        return Result("delivered", posted=ledger.post(claimed.document))
    except InDoubt as failure:
        return Result(_or_unclear("in_doubt", failure), failure=failure, retry_in_seconds=pause)
    except Transient as failure:
        again = _back_off(claimed.attempts, failure, settings)
        return Result(_or_unclear("retry", failure), failure=failure, retry_in_seconds=again)
    except Misconfigured as failure:
        return Result("misconfigured", failure=failure)
    except ConnectorFailure as failure:
        return Result("refused", failure=failure)


def _is_unreadable(failure: ConnectorFailure) -> bool:
    return failure.code == UNREADABLE


def _or_unclear(outcome: Outcome, failure: ConnectorFailure) -> Outcome:
    return "unclear" if _is_unreadable(failure) else outcome


def unforeseen(claimed: ClaimedDelivery, settings: Settings) -> Result:
    """Nobody knows how far it came."""
    title = title_of(claimed.system)
    told = f"Something unforeseen went wrong while {claimed.document.number} was handed to {title}."
    failure = ConnectorFailure(told, UNFORESEEN)
    pause = max(settings.settle_seconds, _back_off(claimed.attempts, failure, settings))
    return Result("unclear", failure=failure, retry_in_seconds=pause)


def within_budget(result: Result, claimed: ClaimedDelivery, unclear_before: int) -> Result:
    """The same, or, when it has been unclear too often, one that a person decides about."""
    if result.outcome != "unclear" or result.failure is None or unclear_before + 1 < MOST_UNCLEAR:
        return result
    title, last = title_of(claimed.system), result.failure
    told = (
        f"What became of {claimed.document.number} in {title} is not clear after {MOST_UNCLEAR} tries. {last.sentence}"
    )
    advice = "Look there whether it arrived before it is sent again or set aside."
    return Result("given_up", failure=Rejected(f"{told} {advice}", last.code, last.exchange))


def command(delivery_id: UUID, number: int, result: Result) -> RecordDelivery:
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


def _back_off(attempts: int, failure: ConnectorFailure, settings: Settings) -> float:
    """Seconds until the next try: full jitter over a doubling span, never before the ledger itself allows."""
    span = min(settings.longest_pause_seconds, _FIRST_PAUSE_SECONDS * 2 ** min(attempts, 20))
    asked = failure.retry_after_seconds if isinstance(failure, Transient) else None
    return min(asked or 0.0, _LONGEST_ASKED_SECONDS) + random.uniform(0.2, span)
