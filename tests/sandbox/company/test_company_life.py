"""The company goes on living, and stays consistent while it does."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.company import Life, truth
from tests.sandbox.company.contract_check import Check, sums_tie
from tests.sandbox.company.memory import ANCHOR, SEED, Sandbox, kinds_by_invoice

NOON = datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=3)
        return self.now


def live(made: Sandbox, steps: int, clock: Clock) -> list[str]:
    life = Life(made.emulators, SEED, clock, made.folder)
    return [life.step() for _ in range(steps)]


def test_steps_keep_every_rule_except_where_they_plant(living: Sandbox) -> None:
    clock, before = Clock(), len(truth(living.folder))
    live(living, 150, clock)
    clock.now += timedelta(days=5)
    live(living, 150, clock)
    check, planted = Check(living), kinds_by_invoice(truth(living.folder))
    assert len(planted) > before
    for doc in living.unposted():
        assert sums_tie(doc)
        assert bool(check.problems(doc)) == (doc["id"] in planted), (doc["id"], check.problems(doc))


def test_steps_touch_all_systems_with_the_right_events(living: Sandbox) -> None:
    told = live(living, 200, Clock())
    events = Counter(event for event, _ in living.stripe.events)
    for event in ("invoice.finalized", "invoice.paid", "invoice_payment.paid", "customer.updated"):
        assert events[event] > 0, event
    assert "nothing" not in told
    assert events["credit_note.created"] == events["invoice.updated"]


def test_a_payment_settles_its_invoice(living: Sandbox) -> None:
    live(living, 120, Clock())
    received: Counter[str] = Counter()
    for doc in living.stripe.all("invoice_payment"):
        received[doc["invoice"]] += doc["amount_paid"] or 0
    paid = [id for event, id in living.stripe.events if event == "invoice.paid"]
    assert paid
    for id in paid:
        settled = living.stripe.get("invoice", id)
        assert settled is not None and settled["status"] == "paid" and settled["amount_remaining"] == 0
        assert received[id] == settled["amount_due"]


def test_a_new_day_brings_exchange_rates(living: Sandbox) -> None:
    clock = Clock()
    before = living.netsuite.count("currencyrate")
    clock.now += timedelta(days=2)
    live(living, 1, clock)
    assert living.netsuite.count("currencyrate") == before + 10


def test_a_restart_goes_on_without_billing_twice(living: Sandbox) -> None:
    clock = Clock()
    for _ in range(4):
        live(living, 40, clock)
        clock.now += timedelta(days=2)
    billed: Counter[tuple[str, int]] = Counter()
    planted = kinds_by_invoice(truth(living.folder))
    for doc in living.stripe.all("invoice"):
        is_valid = doc["status"] != "void" and planted.get(doc["id"]) != "duplicate_invoice"
        if "contract_number" in doc["metadata"] and is_valid:
            billed[doc["metadata"]["contract_number"], doc["period_start"]] += 1
    assert max(billed.values()) == 1
    numbers = [doc["number"] for doc in living.stripe.all("invoice") if doc["number"]]
    assert len(set(numbers)) == len(numbers)


def test_it_runs_on_a_thread_until_stopped(living: Sandbox) -> None:
    happened = threading.Event()
    save = living.stripe.save

    def watched(kind: str, doc: dict[str, object], event: str | None = None) -> None:
        save(kind, doc, event)
        happened.set()

    living.stripe.save = watched  # type: ignore[method-assign]
    life = Life(living.emulators, SEED, Clock(), living.folder)
    life.events_per_minute = 6000
    life.start()
    assert happened.wait(20)
    life.stop()
    count = len(living.stripe.events)
    happened.clear()
    assert not happened.wait(0.1)
    assert len(living.stripe.events) == count


def test_an_empty_sandbox_has_no_life(tmp_path: Path) -> None:
    assert Life({}, SEED, Clock(), tmp_path).step() == "nothing"


def test_an_invoice_is_disputed_once_at_a_time_and_not_when_it_is_paid(living: Sandbox) -> None:
    clock = Clock()
    for _ in range(6):  # restarts between them: what is in dispute is remembered
        told = live(living, 60, clock)
    disputes = [doc for doc in living.salesforce.all("Case") if doc["Type"] == "Invoice dispute"]
    still_open = Counter(doc["Invoice_Number__c"] for doc in disputes if not doc["IsClosed"])
    paid_lately = {id for event, id in living.stripe.events if event == "invoice.paid"}
    paid = {doc["number"] for doc in living.stripe.all("invoice") if doc["id"] in paid_lately}
    assert len(disputes) > len(still_open) > 0
    assert max(still_open.values()) == 1
    assert not paid & set(still_open)
    assert "nothing" not in told
