"""When what happens: the clock's table, and the order in which a first synchronisation reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

_EPOCH = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Entry:
    """Fires every `every`, counted from midnight UTC plus `at`."""

    name: str
    every: timedelta
    task: str
    arguments: dict[str, str] = field(default_factory=dict)
    at: timedelta = timedelta(0)

    def slot(self, now: datetime) -> datetime:
        """The latest instant, up to `now`, at which the entry was to fire."""
        origin = _EPOCH + self.at
        return origin + (now - origin) // self.every * self.every


def _of(system: str, *streams: str) -> set[tuple[str, str]]:
    return {(system, stream) for stream in streams}


SCHEDULE = (
    Entry("pull_stripe", timedelta(seconds=15), "pull", {"system": "stripe"}),
    Entry("pull_salesforce", timedelta(seconds=30), "pull", {"system": "salesforce"}),
    Entry("pull_netsuite", timedelta(seconds=30), "pull", {"system": "netsuite"}),
    Entry("retry_stalled", timedelta(seconds=15), "retry_stalled"),
    Entry("sweep_stalled", timedelta(seconds=15), "sweep_stalled"),
    Entry("decide_waiting", timedelta(minutes=1), "decide_waiting"),
    Entry("escalate_overdue", timedelta(minutes=5), "escalate_overdue"),
    Entry("summarise_usage", timedelta(minutes=5), "summarise_usage"),
    Entry("determine_tax", timedelta(seconds=30), "determine_tax"),
    Entry("bill_due", timedelta(minutes=5), "bill_due", at=timedelta(minutes=2)),
    Entry("take_snapshot", timedelta(days=1), "take_snapshot", at=timedelta(minutes=5)),
    Entry("plan_schedules", timedelta(days=1), "plan_schedules", at=timedelta(hours=1)),
    Entry("watch_drift", timedelta(days=1), "watch_drift", at=timedelta(hours=2)),
    Entry("prune", timedelta(days=1), "prune", at=timedelta(hours=3)),
)

# What was agreed with whom: nothing is billed before it is here.
AGREED = frozenset(_of("salesforce", "accounts", "products", "contracts", "order_items"))
# A stream is read when every stream of the stages before it has been read to its end once. What is not listed comes
# last. Invoices come after the contracts that they name, and after the ledger, so that those already posted are
# recognised. What no invoice needs is read beside the payments, which leave the most time to others.
_BESIDE_PAYMENTS = ("order_items", "opportunities", "quotes", "cases")
FIRST_SYNC: tuple[frozenset[tuple[str, str]], ...] = (
    frozenset({*_of("salesforce", "accounts", "products", "contracts"), *_of("netsuite", "reference", "transactions")}),
    frozenset(_of("stripe", "customers", "products")),
    frozenset(_of("stripe", "invoices")),
    frozenset({*_of("stripe", "credit_notes", "invoice_payments"), *_of("salesforce", *_BESIDE_PAYMENTS)}),
    frozenset(_of("stripe", "disputes", "meters", "subscriptions")),
)
