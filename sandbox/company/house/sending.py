"""The company's product reports what is used: over HTTP to the usage door, with a key, as any customer of it would."""

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol

import httpx

from ..to_salesforce import account_number
from ..truth import keep
from .metering import Event, Meter, batches, event, stranger

DOOR_FILE = "usage_door.json"
SENT_FILE = "usage_sent.json"
CONTENT_TYPE = "application/cloudevents-batch+json"
TICK_SECONDS, PATIENCE_SECONDS, STOP_SECONDS = 4.0, 3.0, 2.0
MOST_EVENTS = 400_000
METERS_PATH = "/v1/billing/meters"
"""Read by the product once it has read the customers."""
MOST_WAITS = 200
GREETINGS = 60
"""So often is a customer named before the history is sent although nobody there knows the customer."""


@dataclass(frozen=True, slots=True)
class Door:
    url: str
    key: str


class Control(Protocol):
    """What the sender may see of the sandbox: whether nothing new happens, and what clients asked for."""

    paused: bool
    asked: set[str]


class Stopped(Exception):
    """The sandbox ends."""


def door(folder: Path, environment: Mapping[str, str] = os.environ) -> Door | None:
    """USAGE_URL and USAGE_KEY, or what the product left in the sandbox's folder; None while there is neither."""
    if environment.get("USAGE_URL") and environment.get("USAGE_KEY"):
        return Door(environment["USAGE_URL"], environment["USAGE_KEY"])
    try:
        found: dict[str, Any] = json.loads((folder / DOOR_FILE).read_text())
        return Door(str(found["url"]), str(found["key"]))
    except (OSError, ValueError, KeyError):
        return None


class Sender:
    """A thread that sends what has been used so far, then a few events every few seconds.

    What was sent is noted in the folder; what a restart sends again has the same ids. `meter` answers the contracts as
    they are now.
    """

    def __init__(self, meter: Callable[[], Meter | None], control: Control, folder: Path) -> None:
        self._meter = meter
        self._control = control
        self._folder = folder
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._client = httpx.Client(timeout=20)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="usage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            meter = self._meter()
            if meter is None or not meter.deals:
                return
            self._greet(meter)
            self.send_history(meter, datetime.now(UTC))
            self._go_on()
        except Stopped:
            return

    def send_history(self, meter: Meter, now: datetime) -> int:
        """All that was used up to now and is not noted as sent; answers how many events that were."""
        count = 0
        for batch in batches(meter.history(self._since(meter, now), now)):
            self._send(batch)
            count += len(batch)
        self._send([stranger(meter.spike_day)])
        keep(self._folder / SENT_FILE, {"until": now.isoformat()})
        return count

    def _since(self, meter: Meter, now: datetime) -> datetime:
        first = min(deal.start for deal in meter.deals)
        since = datetime(first.year, first.month, first.day, tzinfo=UTC)
        path = self._folder / SENT_FILE
        if path.exists():
            since = max(since, datetime.fromisoformat(json.loads(path.read_text())["until"]))
        return max(since, now - timedelta(hours=MOST_EVENTS // len(meter.deals)))

    def _greet(self, meter: Meter) -> None:
        """Waits until the product knows meter and customers: what it does not know it would question one by one."""
        if (self._folder / SENT_FILE).exists():
            return
        for _ in range(MOST_WAITS):
            if METERS_PATH in self._control.asked:
                break
            self._pause(PATIENCE_SECONDS)
        self._pause(PATIENCE_SECONDS)
        subject = event("", "", 0, meter.spike_day) | {"subject": _subject(meter)}
        for place in range(GREETINGS):
            answer = self._send([subject | {"id": f"hello-{place}"}])
            if not any(warning["code"] == "unknown_customer" for warning in answer.get("warnings", ())):
                return
            self._pause(PATIENCE_SECONDS)

    def _go_on(self) -> None:
        rng = Random()
        while True:
            self._pause(TICK_SECONDS)
            meter = self._meter()
            if meter is not None and meter.deals and not self._control.paused:
                now = datetime.now(UTC)
                self._send(meter.moment(rng, now, TICK_SECONDS))
                keep(self._folder / SENT_FILE, {"until": now.isoformat()})

    def _send(self, batch: list[Event]) -> dict[str, Any]:
        """Until it was taken: what the door refuses as a whole waits as well."""
        while True:
            there = door(self._folder)
            answer = self._post(there, batch) if there else None
            if answer is not None and answer.status_code == 202:
                found: dict[str, Any] = answer.json()
                return found
            wait = answer.headers.get("retry-after", "") if answer is not None else ""
            self._pause(float(wait) if wait.isdecimal() else PATIENCE_SECONDS)

    def _post(self, there: Door, batch: list[Event]) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {there.key}", "Content-Type": CONTENT_TYPE}
        try:
            return self._client.post(there.url, content=json.dumps(batch), headers=headers)
        except httpx.HTTPError:
            return None

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Stopped


def _subject(meter: Meter) -> str:
    return account_number(meter.deals[0].customer)
