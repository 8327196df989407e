"""Workers that bill are killed again and again, and still every contract is billed once, and every number is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import func, select

from core.db.tables import (
    BillingRun,
    BillingRunPart,
    Delivery,
    Document,
    DocumentLine,
    DocumentTax,
    ScheduleItem,
    Transition,
)
from core.runtime import Runtime
from core.workflow import execute, trail
from core.workflow.billing_commands import ReleaseRun, StartBillingRun
from core.workflow.command import Target
from jobs.run_billing import run_billing
from tests import builders as b
from tests import work
from tests.billing import ENDS, STARTS, TODAY, seats
from tests.path.chaos_house import ROOT, wait_until
from tests.stores import Furniture

CONTRACTS, KILLS, SEED = 400, 20, 11
# Small, so that there is something to interrupt.
BATCH = 7


def company(runtime: Runtime) -> None:
    """Several hundred contracts of three entities, all due."""
    work.open_house(runtime)
    entities = [("US", "US", "USD"), ("UK", "GB", "GBP")]
    records = [
        b.entity(source_ref=code, code=code, name=code, country=country, currency=currency)
        for code, country, currency in entities
    ]
    work.record(runtime, b.LEDGER, entities=tuple(records))
    places = [("DE", "DE", "EUR"), ("US", "US", "USD"), ("UK", "GB", "GBP")]
    customers, contracts, lines = [], [], []
    for n in range(CONTRACTS):
        entity, country, currency = places[n % 3]
        ref = f"001K{n}"
        customers.append(b.customer(source_ref=ref, name=f"Customer {n}", entity=entity, country=country))
        contracts.append(
            b.contract(
                source_ref=f"800K{n}",
                number=f"CT-K{n}",
                customer_ref=ref,
                currency=currency,
                starts_on=STARTS,
                ends_on=ENDS,
                billed_by="house",
            )
        )
        lines.append(seats(source_ref=f"802K{n}", contract_ref=f"800K{n}", quantity=Decimal(1 + n % 9)))
    work.record(runtime, b.CRM, customers=tuple(customers), contracts=tuple(contracts), order_lines=tuple(lines))


@pytest.fixture
def furniture() -> Furniture:
    return company


class Biller:
    """A process that goes on with a run as the job does, at the instant of the test's clock."""

    def __init__(self, database: str, folder: Path, run_id: UUID, number: int) -> None:
        self._log = folder / "biller.log"
        arguments = [database, str(folder), str(run_id), str(BATCH), str(number)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "tests.path.biller", *arguments],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    @property
    def is_over(self) -> bool:
        ended = self._process.poll()
        assert ended in (None, 0), self._log.read_text()[-2000:]
        return ended == 0

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=10)


def start(runtime: Runtime, mode: str) -> UUID:
    command = StartBillingRun(name="November", through=TODAY, mode=mode)  # type: ignore[arg-type]
    return UUID(execute(runtime, command, work.person(runtime, "Ana")).result["run_id"])


def progress(runtime: Runtime) -> int:
    """Parts that are through, and documents that have gone out."""
    with runtime.reading() as session:
        parts = session.scalar(select(func.count()).where(BillingRunPart.state != "pending")) or 0
        return parts + (session.scalar(select(func.count()).where(Document.is_issued)) or 0)


def kill_at(runtime: Runtime, billers: list[Biller], goal: int) -> int:
    """Kills all of them as soon as the run has come so far, in the middle of whatever they are doing; answers how many
    were at it."""
    wait_until(lambda: progress(runtime) >= goal or all(biller.is_over for biller in billers), 60, f"{goal} are done")
    at_work = sum(not biller.is_over for biller in billers)
    for biller in billers:
        biller.kill()
    return at_work


def amounts(runtime: Runtime) -> dict[str, tuple[str, int]]:
    return {row.source_ref: (row.state, row.total_minor) for row in work.all_rows(runtime, Document)}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_that_is_killed_at_twenty_points_bills_the_same_invoices_once(
    runtime: Runtime, database: str, tmp_path: Path
) -> None:
    chance = Random(SEED)
    run_id = start(runtime, "review")
    goals = sorted(chance.sample(range(1, CONTRACTS), KILLS // 2))
    killed = 0
    for goal in goals:
        killed += kill_at(runtime, [Biller(database, tmp_path, run_id, number) for number in range(2)], goal)
    run_billing(runtime, run_id)
    run = _run(runtime)
    assert run.state == "review"
    execute(runtime, ReleaseRun(run=Target(run.id, run.revision)), work.person(runtime, "Ana"))
    for goal in sorted(chance.sample(range(1, CONTRACTS), KILLS // 2)):
        killed += kill_at(
            runtime, [Biller(database, tmp_path, run_id, number) for number in range(2)], CONTRACTS + goal
        )
    assert killed >= KILLS
    run_billing(runtime, run_id)
    assert _run(runtime).state == "released"
    everything_is_there_once(runtime)


def _run(runtime: Runtime) -> BillingRun:
    found: BillingRun = work.only(runtime, BillingRun)
    return found


def everything_is_there_once(runtime: Runtime) -> None:
    rows = work.all_rows(runtime, Document)
    assert amounts(runtime) == {f"CT-K{n}-20261101": ("released", expected(n)) for n in range(CONTRACTS)}
    numbers = Counter(row.entity for row in rows)
    taken = sorted(row.number for row in rows)
    assert taken == sorted(f"{entity}-2026-{n:06}" for entity, count in numbers.items() for n in range(1, count + 1))
    deliveries = work.all_rows(runtime, Delivery)
    assert Counter(row.document_id for row in deliveries) == Counter(row.id for row in rows)
    steps = Counter(step.subject_id for step in work.all_rows(runtime, Transition) if step.subject == "document")
    assert set(steps.values()) == {1} and set(steps) == {row.id for row in rows}
    billed = [item for item in work.all_rows(runtime, ScheduleItem) if item.state == "billed"]
    assert Counter(item.document_id for item in billed) == Counter(row.id for row in rows)
    assert len(work.all_rows(runtime, DocumentLine)) == len(work.all_rows(runtime, DocumentTax)) == CONTRACTS
    assert trail.verify(runtime)[0]


def expected(n: int) -> int:
    net = 2_000 * (1 + n % 9)
    return net + net * {0: 19, 1: 0, 2: 20}[n % 3] // 100
