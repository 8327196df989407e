"""Asks tax engines outside about the drafts that wait for them: batch by batch, each question outside any transaction.

To ask twice about the same draft does no harm, so nothing is written down before; what was said is recorded through the
one door, together with why an engine says nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from core.intake import store as intake
from core.kit.systems import title_of
from core.ports import ConnectorFailure, Misconfigured, Rejected, TaxEngine
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.billing_commands import RecordTax, TaxFound, TaxRefused
from core.workflow.commands import SetConnectionState
from core.workflow.tax_questions import Asked, open_questions
from jobs.exclusive import exclusive
from jobs.limits import wait_seconds

BATCH = 50
# The clock calls again soon; one call does not go on for ever.
_MOST_BATCHES = 40
_ACTOR = job("determine_tax")
# Only the engine's rate limit is waited for.
_pause = threading.Event()


@dataclass
class _Said:
    """What an engine said of a batch. `silence`: why it was not asked about the rest."""

    found: list[TaxFound] = field(default_factory=list)
    refused: list[TaxRefused] = field(default_factory=list)
    silence: str | None = None


def determine_tax(runtime: Runtime, engines: Mapping[str, TaxEngine], batch: int = BATCH) -> int:
    """Answers how many drafts have their tax now. One process asks at a time."""
    with exclusive(runtime.engine, "determine_tax") as is_ours:
        return _determine(runtime, engines, batch) if is_ours else 0


def _determine(runtime: Runtime, engines: Mapping[str, TaxEngine], batch: int) -> int:
    done = 0
    seen: set[UUID] = set()
    silent: set[str] = set()
    for _ in range(_MOST_BATCHES):
        asked = [each for each in open_questions(runtime, batch, seen) if each.document_id not in seen]
        if not asked:
            break
        seen.update(each.document_id for each in asked)
        for name in sorted({each.engine for each in asked} - silent):
            said = _ask(runtime, engines.get(name), name, [each for each in asked if each.engine == name])
            done += _record(runtime, name, said)
            silent |= {name} if said.silence else set()
        if silent and silent >= {each.engine for each in asked}:
            break
    return done


def _ask(runtime: Runtime, engine: TaxEngine | None, name: str, questions: Sequence[Asked]) -> _Said:
    if engine is None:
        return _Said(silence=f"{title_of(name)} is not connected.")
    said = _Said(silence=_rest(runtime, name))
    if said.silence is not None:
        return said
    for asked in questions:
        while wait := wait_seconds(runtime, name, engine.capabilities.requests_per_second):
            _pause.wait(wait)
        about = (name, asked.document_id, asked.content_hash)
        try:
            said.found.append(TaxFound(*about, engine.calculate(asked.question)))
        except Rejected as failure:
            said.refused.append(TaxRefused(*about, failure.code or "refused", failure.sentence))
        except ConnectorFailure as failure:
            said.silence = failure.sentence
            _note_failure(runtime, name, failure)
            return said
    with runtime.transaction() as session:
        intake.record_success(session, name, runtime.now())
    return said


def _rest(runtime: Runtime, name: str) -> str | None:
    """Why the engine is not to be called now."""
    with runtime.reading() as session:
        health = intake.health(session, name)
    if health.is_paused:
        return f"The connection to {title_of(name)} is paused."
    return f"{title_of(name)} has failed and is left alone for a while." if health.rests_until(runtime.now()) else None


def _note_failure(runtime: Runtime, name: str, failure: ConnectorFailure) -> None:
    if isinstance(failure, Misconfigured):
        execute(runtime, SetConnectionState(system=name, state="paused", reason=failure.sentence), _ACTOR)
        return
    with runtime.transaction() as session:
        intake.record_failure(session, name, failure.sentence, runtime.now())


def _record(runtime: Runtime, name: str, said: _Said) -> int:
    command = RecordTax(engine=name, found=tuple(said.found), refused=tuple(said.refused), silence=said.silence)
    return int(execute(runtime, command, _ACTOR).result["n"])
