"""When what happens: the clock's table, and the order in which a first synchronisation reads."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# A stream of a system, and those that were read to their end once.
Place = tuple[str, str]
Completed = Set[Place]

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


def _of(system: str, *streams: str) -> frozenset[Place]:
    return frozenset((system, stream) for stream in streams)


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
AGREED = _of("salesforce", "accounts", "products", "contracts", "order_items")
_LEDGER = _of("netsuite", "reference", "transactions")
# What a decision about an invoice or credit memo looks at; the events tell what has changed while lists were read.
DECIDED_FROM = AGREED | _LEDGER | _of("stripe", "customers", "products", "invoices", "credit_notes", "events")
# What must have been read to its end once before a stream is read for the first time, beyond the streams of its own
# system that stand before it. Invoices come after the contracts that they name, and after the ledger, so that those
# already posted are recognised; cases come after the invoices that they are about.
AFTER: Mapping[Place, frozenset[Place]] = {
    ("stripe", "customers"): _of("salesforce", "accounts"),
    ("stripe", "products"): _of("salesforce", "products"),
    ("stripe", "invoices"): AGREED | _LEDGER,
    ("salesforce", "cases"): _of("stripe", "invoices"),
}


def is_due(place: Place, done: Completed, systems: frozenset[str]) -> bool:
    """Whether all that must be known before is known, or was when the stream was first read; a system that is not
    connected keeps nobody waiting."""
    return place in done or all(other in done for other in AFTER.get(place, ()) if other[0] in systems)


def is_decidable(done: Completed, systems: frozenset[str]) -> bool:
    """Whether all that decisions look at is known."""
    return all(place in done for place in DECIDED_FROM if place[0] in systems)
