"""Planted billing errors found before anything of theirs was released, and leakage found against the ground truth."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select
from starlette.applications import Starlette
from starlette.routing import Route

from benchmarks.figure import Measured
from benchmarks.stage import Sandbox, house, sandbox, store
from core.db.tables import Case, Document, UsageEvent
from core.intake import store as intake
from core.kit.money import convert_minor, to_minor
from core.reporting.drift import leakage_total
from core.reporting.exchange import stated_rates
from core.runtime import Runtime, share_runtime
from core.validation.drift import LEAKING
from core.workflow.actors import job
from core.workflow.api_keys import make_api_key
from jobs.once import deliver_due
from jobs.pull_all import pull_all
from jobs.run_billing import bill_due, run_unfinished
from jobs.watch_drift import watch_drift
from sandbox.server import Serving
from web.usage import PATH, receive

SCALE, PORT = "0.03", 8760
# Kinds of differences without money of their own.
_TOLD = ("drift.subscription", "drift.ledger", "drift.terms", "drift.sold")
# What was sold and is in no contract.
_SOLD = ("drift.sold", "sale.uncontracted")
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
            truth, flaws = outside.admin("stripe", "billing-truth"), outside.admin("stripe", "truth")
            result, money = score(runtime, truth), leaked(runtime, truth)
            stray, total = strays(runtime, truth, flaws), company_wide(runtime, truth)
            lost = unsold(runtime, truth)
    share = money.found / money.planted
    return [
        Measured("leakage_planted", result.planted, "errors", "> 0", result.planted > 0),
        Measured("leakage_recall", result.found / result.planted, "share", "= 1", not result.missed),
        Measured("leakage_found", money.found, "minor units", "= planted", money.is_exact, money.planted, share),
        Measured("leakage_company", total.found, "minor units", "= planted", total.is_exact, total.planted),
        Measured("leakage_sold", lost.found, "minor units", "= planted", lost.is_exact, lost.planted),
        Measured("leakage_false", stray.total(), "differences", "= 0", not stray),
    ]


@dataclass(frozen=True, slots=True)
class Money:
    """Currencies added up as they are; `is_exact`: each contract to the cent."""

    planted: int
    found: int
    is_exact: bool


def leaked(runtime: Runtime, truth: list[Entry]) -> Money:
    """Holds what the watch says was billed too little against what really was: of every contract, planted or not."""
    planted = {str(entry["contract"]): int(entry["leak_minor"]) for entry in truth if entry["leak_minor"]}
    found: Counter[str] = Counter()
    for evidence, effect in _differences(runtime, Case.code.in_(LEAKING)):
        found[evidence["contract"]] += effect or 0
    found_minor = {contract: minor for contract, minor in found.items() if minor}
    return Money(sum(planted.values()), sum(found_minor.values()), found_minor == planted)


def unsold(runtime: Runtime, truth: list[Entry]) -> Money:
    """Holds what was sold and is in no contract against what was planted: of every contract, and of every deal that has
    none. What is told of a contract with another error, where that changes what it comes to, counts as that error."""
    planted = {
        str(entry["subject"] or entry["contract"]): entry["sold_minor"] for entry in truth if entry["sold_minor"]
    }
    flawed = {entry["contract"] for entry in truth if entry["contract"]} - planted.keys()
    statement = select(Case.evidence, Case.amount_minor).where(Case.code.in_(_SOLD))
    with runtime.reading() as session:
        rows = [(evidence, minor) for evidence, minor in session.execute(statement)]
    told = {str(evidence.get("contract") or evidence["opportunity"]): minor or 0 for evidence, minor in rows}
    found = {name: minor for name, minor in told.items() if name not in flawed}
    return Money(sum(planted.values()), sum(found.values()), found == planted)


def company_wide(runtime: Runtime, truth: list[Entry]) -> Money:
    """The figure that people see, in the reporting currency, beside what was planted at the rates of today. Every
    difference is converted by itself, so each may be off by half a minor unit."""
    reporting = runtime.settings.reporting_currency
    with runtime.reading() as session:
        rates = {**stated_rates(session, runtime.today()), reporting: Decimal(1)}
    planted = sum(
        convert_minor(entry["leak_minor"], entry["currency"], reporting, rates[entry["currency"]])
        for entry in truth
        if entry["leak_minor"]
    )
    found = to_minor(leakage_total(runtime), reporting)
    return Money(planted, found, abs(found - planted) <= len(_differences(runtime, Case.code.in_(LEAKING))))


def strays(runtime: Runtime, truth: list[Entry], flaws: list[Entry]) -> Counter[str]:
    """Differences that nobody planted, by code: those in money of contracts without a planted leak, and others of
    contracts without any error, neither in the contract nor on an invoice."""
    wrong = {str(entry["contract"]) for entry in truth if entry["contract"]}
    leaking = {str(entry["contract"]) for entry in truth if entry["leak_minor"]}
    refs = [str(entry["external_id"]) for entry in flaws]
    with runtime.reading() as session:
        flawed = set(session.scalars(select(Document.contract_number).where(Document.source_ref.in_(refs))))
    return Counter(
        code
        for codes, explained in ((LEAKING, leaking), (_TOLD, wrong | flawed))
        for code in codes
        for evidence, _ in _differences(runtime, Case.code == code)
        if evidence["contract"] not in explained
    )


def _differences(runtime: Runtime, condition: ColumnElement[bool]) -> list[tuple[dict[str, Any], int | None]]:
    with runtime.reading() as session:
        statement = select(Case.evidence, Case.amount_minor).where(Case.type == "drift", condition)
        return [(evidence, effect) for evidence, effect in session.execute(statement)]


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
