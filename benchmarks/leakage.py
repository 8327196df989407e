"""Planted billing errors found before anything of theirs was released, and leakage found against the ground truth."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.routing import Route

from benchmarks.figure import Measured
from benchmarks.stage import Sandbox, house, sandbox, store
from core.db.tables import Case, Document, UsageEvent
from core.intake import store as intake
from core.runtime import Runtime, share_runtime
from core.validation.drift import LEAKING
from core.workflow.actors import job
from core.workflow.api_keys import make_api_key
from jobs.once import deliver_due
from jobs.pull import pull_all
from jobs.run_billing import bill_due, run_unfinished
from jobs.watch_drift import watch_drift
from sandbox.server import Serving
from web.usage import PATH, receive

SCALE, PORT = "0.03", 8760
_PATIENCE_SECONDS = 300
_tick = threading.Event()
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A case as the score needs it. `text`: everything that it says."""

    code: str
    contract: str | None
    text: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """`missed`: deterministic errors that nobody was told of before the release, by kind."""

    planted: int
    missed: Counter[str]

    @property
    def found(self) -> int:
        return self.planted - self.missed.total()


def score(runtime: Runtime, truth: list[Entry]) -> Score:
    """Holds the cases against the ground truth; only what a deterministic rule can see must be found."""
    cases, released = _cases(runtime), _first_releases(runtime)
    sure = [entry for entry in truth if entry["deterministic"]]
    missed = Counter(entry["kind"] for entry in sure if not _is_found(entry, cases, released))
    return Score(len(sure), missed)


def _cases(runtime: Runtime) -> list[Found]:
    statement = select(Case, Document.contract_number).outerjoin(Document, Document.id == Case.document_id)
    with runtime.reading() as session:
        return [
            Found(case.code, contract, " ".join((case.cause, case.sentence, json.dumps(case.evidence))), case.opened_at)
            for case, contract in session.execute(statement)
        ]


def _first_releases(runtime: Runtime) -> dict[str, datetime]:
    statement = (
        select(Document.contract_number, func.min(Document.released_at))
        .where(Document.source == "house", Document.released_at.is_not(None))
        .group_by(Document.contract_number)
    )
    with runtime.reading() as session:
        return {number: at for number, at in session.execute(statement) if number and at}


def _is_found(entry: Entry, cases: list[Found], released: dict[str, datetime]) -> bool:
    names = [name for name in (entry["contract"], entry["subject"], *entry["references"]) if name]
    limit = released.get(entry["contract"])
    return any(
        case.code in entry["codes"]
        and (case.contract in names or any(name in case.text for name in names))
        and (limit is None or case.opened_at <= limit)
        for case in cases
    )


def run() -> list[Measured]:
    """Everything as in the demo: history over the connectors, usage through the door, then a billing run."""
    with store() as runtime, _door(runtime) as address:
        key = make_api_key(runtime, "Benchmark", job("benchmark"))
        with sandbox(SCALE, PORT, environment={"USAGE_URL": address, "USAGE_KEY": key}) as outside:
            _play(runtime, outside)
            watch_drift(runtime)
            truth = outside.admin("stripe", "billing-truth")
            result, money = score(runtime, truth), leaked(runtime, truth)
    share = money.found / money.planted
    return [
        Measured("leakage_planted", result.planted, "errors", "> 0", result.planted > 0),
        Measured("leakage_recall", result.found / result.planted, "share", "= 1", not result.missed),
        Measured("leakage_found", money.found, "minor units", "= planted", money.is_exact, money.planted, share),
    ]


@dataclass(frozen=True, slots=True)
class Money:
    """Of all contracts with a planted leak, currencies added up as they are; `is_exact`: each one to the cent."""

    planted: int
    found: int
    is_exact: bool


def leaked(runtime: Runtime, truth: list[Entry]) -> Money:
    """Holds what the watch says was billed too little against what really was, contract by contract."""
    planted = {str(entry["contract"]): int(entry["leak_minor"]) for entry in truth if entry["leak_minor"]}
    found = dict.fromkeys(planted, 0)
    with runtime.reading() as session:
        cases = session.execute(select(Case.evidence, Case.amount_minor).where(Case.code.in_(LEAKING)))
        for evidence, effect in cases:
            if evidence.get("contract") in found:
                found[evidence["contract"]] += effect or 0
    return Money(sum(planted.values()), sum(found.values()), found == planted)


def _play(runtime: Runtime, outside: Sandbox) -> None:
    connected = house(runtime, outside.systems)
    with runtime.transaction() as session:
        intake.introduce(session, connected.ledgers)
    pull_all(runtime, connected.sources)
    _wait_for_usage(runtime)
    bill_due(runtime)
    run_unfinished(runtime)
    deliver_due(connected)


def _wait_for_usage(runtime: Runtime) -> None:
    """The last of what was used before today is that of somebody who is no customer."""
    statement = select(func.count()).select_from(UsageEvent).where(UsageEvent.event_id.startswith("stranger-"))
    for _ in range(_PATIENCE_SECONDS * 4):
        with runtime.reading() as session:
            if session.scalar(statement):
                return
        _tick.wait(0.25)
    raise RuntimeError("the company's usage did not come in time")


@contextmanager
def _door(runtime: Runtime) -> Iterator[str]:
    """The product's usage door alone, on a free port."""
    share_runtime(runtime)
    serving = Serving(Starlette(routes=[Route(PATH, receive, methods=["POST"])]), 0)
    serving.start()
    yield f"{serving.address}{PATH}"
    serving.stop()
    share_runtime(None)
