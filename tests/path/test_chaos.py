"""Everything goes wrong at once, and still every invoice is here once and in the ledger once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from benchmarks.stage import Sandbox, house, sandbox
from core.db.engine import open_engine
from core.db.tables import Delivery, DeliveryAttempt, Document, InboxItem
from core.kit.clock import utc_now
from core.runtime import Runtime
from core.settings import Settings
from core.workflow import trail
from core.workflow.bootstrap import bootstrap
from jobs.pull_all import pull_all
from tests.path.chaos_company import Agreement, Crm, Stripe, bill, pay, product_id, sign_contracts
from tests.path.chaos_house import Worker, environment, wait_until, web_app

INVOICES, KILLS, EVENTS = 600, 5, 2_000
FAULTS = {"rate_429": 0.07, "rate_500": 0.07, "commit_then_disconnect": 0.08}
WEBHOOK_FAULTS = {"duplicate_webhooks": 0.1, "shuffle_webhooks": True, "drop_webhooks": 0.03}
CALM = {name: type(value)() for name, value in (FAULTS | WEBHOOK_FAULTS).items()}
WANTED = ["invoice.created", "invoice.updated", "invoice.finalized", "invoice.paid", "invoice_payment.paid"]
OPEN = ("queued", "retrying", "in_doubt")
_pause = Event()


@dataclass
class Stage:
    """The company, its vendors and the house, ready to begin."""

    runtime: Runtime
    vendors: Sandbox
    stripe: Stripe
    worker: Worker
    agreements: list[Agreement]
    product: str

    def vendor(self, system: str, faults: dict[str, Any]) -> None:
        answer = httpx.post(f"{self.vendors.address(system)}/_sandbox/faults", json=faults, timeout=20)
        answer.raise_for_status()

    def count(self, table: type[Any], *conditions: Any) -> int:
        with self.runtime.reading() as session:
            return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


@pytest.fixture
def stage(database: str, tmp_path: Path) -> Iterator[Stage]:
    """A small company, read once in calm; from then on its invoices arrive by webhook and by polling."""
    with sandbox("0.02", 0) as vendors:
        lines = {line["system"]: line for line in vendors.systems}
        systems = tmp_path / "systems.json"
        systems.write_text(json.dumps(vendors.systems))
        stripe = Stripe(lines["stripe"])
        agreements = sign_contracts(Crm(lines["salesforce"]), stripe, INVOICES, datetime.now(UTC).date())
        engine = open_engine(database)
        settings = Settings(data_dir=tmp_path, database_url=database, sandbox_systems=systems, _env_file=None)
        runtime = Runtime(settings, engine, utc_now)
        bootstrap(runtime, is_demo=True)
        connected = house(runtime, vendors.systems)
        pull_all(runtime, connected.sources)
        around = environment(database.replace("+psycopg", ""), tmp_path, systems)
        worker = Worker(around, tmp_path / "worker.log")
        with web_app(around, tmp_path / "web.log") as address:
            _subscribe(stripe, f"{address}/webhooks/stripe")
            try:
                yield Stage(runtime, vendors, stripe, worker, agreements, product_id(stripe))
            finally:
                worker.stop()
        engine.dispose()


def _subscribe(stripe: Stripe, address: str) -> None:
    events = {f"enabled_events[{number}]": name for number, name in enumerate(WANTED)}
    stripe.write("/v1/webhook_endpoints", {"url": address, **events}, lambda: None)


@pytest.mark.slow
@pytest.mark.timeout(800)
def test_nothing_is_lost_and_nothing_posted_twice_whatever_breaks(stage: Stage, tmp_path: Path) -> None:
    began = datetime.now(UTC)
    stage.vendor("stripe", FAULTS | WEBHOOK_FAULTS)
    stage.vendor("netsuite", FAULTS)
    stage.worker.start()
    with ThreadPoolExecutor(3) as people:
        work = [people.submit(_bill_and_pay, stage, number) for number in range(INVOICES)]
        _kill_now_and_then(stage)
    for done in work:
        done.result()
    try:
        wait_until(lambda: _are_mostly_posted(stage), 300, "most are posted")
        stage.vendor("stripe", CALM)
        stage.vendor("netsuite", CALM)
        wait_until(lambda: _is_settled(stage), 150, "all that was sent is recorded and posted")
    finally:
        _tell(stage, tmp_path, began)

    _it_was_chaos(stage)
    _nothing_was_lost(stage)
    _everything_was_posted_once(stage)
    assert trail.verify(stage.runtime)[0]
    assert "Traceback" not in (tmp_path / "worker.log").read_text()


def _bill_and_pay(stage: Stage, number: int) -> None:
    invoice = bill(stage.stripe, stage.agreements[number], stage.product)
    if number % 2:
        pay(stage.stripe, invoice)


def _kill_now_and_then(stage: Stage) -> None:
    """Five times, at seeded moments, always while this worker has a posting under way."""
    chance = Random(20261122)
    for _ in range(KILLS):
        began = datetime.now(UTC)
        _pause.wait(chance.uniform(2, 6))
        wait_until(partial(_is_posting, stage, began), 60, "a posting begins")
        stage.worker.kill()
        stage.worker.start()


def _is_posting(stage: Stage, since: datetime) -> bool:
    return stage.count(DeliveryAttempt, DeliveryAttempt.ended_at.is_(None), DeliveryAttempt.begun_at > since) > 0


def _are_mostly_posted(stage: Stage) -> bool:
    return stage.count(Delivery, Delivery.system == "netsuite", Delivery.state == "delivered") >= INVOICES * 2 // 3


def _is_settled(stage: Stage) -> bool:
    vendor = httpx.get(f"{stage.vendors.address('stripe')}/_sandbox/health", timeout=20).json()["counts"]
    with stage.runtime.reading() as session:
        events = session.scalar(
            select(func.count(InboxItem.external_id.distinct())).where(InboxItem.kind.startswith("event:"))
        )
    waiting = stage.count(InboxItem, InboxItem.state == "new")
    return events == vendor["event"] and not waiting and not stage.count(Delivery, Delivery.state.in_(OPEN))


def _it_was_chaos(stage: Stage) -> None:
    """A calm run would show nothing: a fifth of the company's calls failed, and postings ended in every bad way."""
    failed = stage.stripe.answers.total() - stage.stripe.answers["200"]
    assert failed / stage.stripe.answers.total() > 0.15
    for outcome, at_least in (("retry", 30), ("in_doubt", 20), ("unknown", KILLS)):
        assert stage.count(DeliveryAttempt, DeliveryAttempt.outcome == outcome) >= at_least, outcome


def _nothing_was_lost(stage: Stage) -> None:
    """What Stripe holds is what we hold: each event kept, each invoice once, with the same total and open balance."""
    sent = {event["id"] for event in stage.stripe.everything("/v1/events")}
    assert len(sent) >= EVENTS
    assert stage.count(InboxItem, InboxItem.source == "stripe", InboxItem.state == "failed") == 0
    signed = {agreed.contract for agreed in stage.agreements}
    billed = {
        one["id"]: (one["total"], one["amount_remaining"])
        for one in stage.stripe.everything("/v1/invoices")
        if one["metadata"].get("contract_number") in signed
    }
    assert len(billed) == INVOICES
    with stage.runtime.reading() as session:
        kept = set(session.scalars(select(InboxItem.external_id).where(InboxItem.kind.startswith("event:"))))
        rows = session.scalars(select(Document).where(Document.contract_number.in_(signed))).all()
    assert sent <= kept
    assert Counter(row.source_ref for row in rows) == Counter(billed.keys())
    assert {row.source_ref: (row.total_minor, row.open_minor) for row in rows} == billed
    assert Counter(row.state for row in rows) == {"posted": INVOICES}


def _everything_was_posted_once(stage: Stage) -> None:
    """The ledger's own count against our deliveries: no document missing, doubled, changed or strange."""
    held = stage.vendors.admin("netsuite", "ledger")
    signed = {agreed.contract for agreed in stage.agreements}
    with stage.runtime.reading() as session:
        to_ledger = Delivery.system == "netsuite"
        sent = session.execute(select(Delivery.key, Delivery.state).where(to_ledger)).tuples().all()
        ours = session.scalars(
            select(Delivery.key)
            .join(Document, Delivery.document_id == Document.id)
            .where(to_ledger, Document.contract_number.in_(signed))
        ).all()
        posted = select(Document.currency, func.sum(Document.total_minor)).join(
            Delivery, Delivery.document_id == Document.id
        )
        released = dict(
            session.execute(
                posted.where(to_ledger, Document.kind == "invoice", Delivery.state == "delivered").group_by(
                    Document.currency
                )
            )
            .tuples()
            .all()
        )
        unended = session.scalar(
            select(func.count()).select_from(DeliveryAttempt).where(DeliveryAttempt.ended_at.is_(None))
        )
    arrived = {key for key, state in sent if state == "delivered"}
    assert len(ours) == INVOICES
    assert arrived >= set(ours)
    assert held["creates"] == dict.fromkeys(arrived, 1)
    assert (held["duplicates"], held["updates"], held["without_external_id"]) == ([], {}, 0)
    assert held["total_by_currency"] == {currency: int(total) for currency, total in released.items()}
    assert unended == 0


def _tell(stage: Stage, folder: Path, began: datetime) -> None:
    """Leaves the figures of the run beside its logs."""
    with stage.runtime.reading() as session:
        outcomes = session.execute(text("select action, outcome, count(*) from delivery_attempts group by 1, 2")).all()
        deliveries = session.execute(text("select state, count(*) from deliveries group by 1")).all()
        received = session.execute(text("select source, state, count(*) from inbox group by 1, 2")).all()
        jobs = session.execute(
            text("select task_name, status::text, count(*) from procrastinate_jobs group by 1, 2")
        ).all()
        health = session.execute(
            text("select system, state, failures, sentence, paused_until::text from connections")
        ).all()
        documents = session.execute(text("select source, kind, state, count(*) from documents group by 1, 2, 3")).all()
        cases = session.execute(text("select code, state, count(*) from cases group by 1, 2")).all()
    told = {
        "seconds": (datetime.now(UTC) - began).total_seconds(),
        "answers of Stripe to the company": stage.stripe.answers,
        "attempts": [f"{action} {outcome}: {n}" for action, outcome, n in outcomes],
        "deliveries": [list(row) for row in deliveries],
        "inbox": [list(row) for row in received],
        "documents": [list(row) for row in documents],
        "cases": [list(row) for row in cases],
        "jobs": [list(row) for row in jobs],
        "connections": [list(row) for row in health],
        "vendor": httpx.get(f"{stage.vendors.address('stripe')}/_sandbox/health").json()["counts"],
    }
    (folder / "chaos.json").write_text(json.dumps(told, indent=1))
