"""What customers use, hour by hour: the same contract and hour always give the same event."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from ..to_salesforce import account_number
from .faults import UNKNOWN_SUBJECT
from .model import Deal
from .shapes import METER

SOURCE = "halden-api"
BATCH = 1_000
HOUR = timedelta(hours=1)
SPIKE_FACTOR = 12
SPIKE_DAYS_AGO = 10
LATE_PER_MILLE, TWICE_PER_MILLE, DISORDERED_PER_MILLE = 8, 6, 15
LATE_BY = 4_000
"""So many events later does one come that was held up."""
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Meter:
    """Whose usage is sent, and what belongs to the company as a whole."""

    seed: int
    deals: tuple[Deal, ...]
    spike_day: datetime

    def history(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Every full hour in [since, until), in order of time; then some that come late, twice or out of order."""
        yield from _disturbed(Random(f"{self.seed}:disturbed:{since}"), self._hours(since, until))

    def _hours(self, since: datetime, until: datetime) -> Iterator[Event]:
        at = since.replace(minute=0, second=0, microsecond=0)
        while at < until:
            for deal in self.deals:
                if at >= _midnight(deal) and at >= since:
                    yield self._hourly(deal, at)
            at += HOUR

    def _hourly(self, deal: Deal, at: datetime) -> Event:
        rng = Random(f"{self.seed}:used:{deal.number}:{at:%Y%m%d%H}")
        busy = 130 if 8 <= at.hour < 19 else 75
        weekday = 100 if at.weekday() < 5 else 60
        used = deal.hourly * busy * weekday * rng.randint(85, 115) // 1_000_000
        if deal.fault == "usage_spike" and at.date() == self.spike_day.date():
            used *= SPIKE_FACTOR
        return event(f"{deal.number}-{at:%Y%m%d%H}", account_number(deal.customer), used, at + timedelta(minutes=30))

    def moment(self, rng: Random, now: datetime, seconds: float) -> list[Event]:
        """A few events of the last seconds: some customers at a time, on average all that they use."""
        at_once = min(3, len(self.deals))
        found = []
        for deal in rng.sample(self.deals, at_once):
            used = int(deal.hourly * seconds * len(self.deals) / (3600 * at_once) * rng.uniform(0.7, 1.3))
            at = now - timedelta(seconds=rng.uniform(0, seconds))
            if rng.randrange(1000) < LATE_PER_MILLE:
                at -= timedelta(days=4)
            found.append(event(f"{deal.number}-{int(at.timestamp() * 1000)}", account_number(deal.customer), used, at))
        if found and rng.randrange(1000) < 10 * TWICE_PER_MILLE:
            found.append(found[0])
        return found


def stranger(now: datetime) -> Event:
    """Usage of somebody who is no customer."""
    return event(f"stranger-{now:%Y%m%d}", UNKNOWN_SUBJECT, 42_000, now - timedelta(hours=2))


def event(id: str, subject: str, thousandths: int, at: datetime) -> Event:
    return {
        "specversion": "1.0",
        "id": id,
        "source": SOURCE,
        "type": METER,
        "subject": subject,
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {"value": f"{thousandths // 1000}.{thousandths % 1000:03d}"},
    }


def batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    held: list[Event] = []
    for each in events:
        held.append(each)
        if len(held) == BATCH:
            yield held
            held = []
    if held:
        yield held


def _disturbed(rng: Random, events: Iterable[Event]) -> Iterator[Event]:
    late: list[tuple[int, Event]] = []
    before: Event | None = None
    for place, each in enumerate(events):
        while late and late[0][0] <= place:
            yield late.pop(0)[1]
        chance = rng.randrange(1000)
        if chance < LATE_PER_MILLE:
            late.append((place + LATE_BY, each))
        elif chance < LATE_PER_MILLE + TWICE_PER_MILLE:
            yield each
            yield each
        elif chance < LATE_PER_MILLE + TWICE_PER_MILLE + DISORDERED_PER_MILLE and before is None:
            before = each
        else:
            yield each
            if before is not None:
                yield before
                before = None
    yield from (each for _, each in late)
    if before is not None:
        yield before


def _midnight(deal: Deal) -> datetime:
    return datetime(deal.start.year, deal.start.month, deal.start.day, tzinfo=UTC)
