"""Stripe objects in the record store: reading, changing, and the events that every change leaves."""

import copy
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.emulators.stripe.switches import StripeSwitches
from sandbox.faults import Faults
from sandbox.records import Records, dumps

from .indexes import TABLES
from .refusals import missing
from .shapes import API_VERSION, PREFIXES, Doc, new

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
EVENT_DAYS = 30
# (request id, idempotency key) of the call being served; nothing for changes that Stripe makes by itself.
CALLER: ContextVar[tuple[str | None, str | None]] = ContextVar("caller", default=(None, None))


class Ids:
    """Ids that grow with time, so that objects of one second still list in the order of their making."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def make(self, prefix: str) -> str:
        with self._lock:
            self._last = number = max(time.time_ns(), self._last + 1)
        digits = []
        while number:
            number, digit = divmod(number, 62)
            digits.append(ALPHABET[digit])
        return f"{prefix}_1{''.join(reversed(digits))}{''.join(secrets.choice(ALPHABET) for _ in range(6))}"


class Store:
    """One account's objects. Keys of a document that begin with "_" are links for list filters and never sent."""

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults, switches: StripeSwitches) -> None:
        self.records = Records(folder / "stripe.sqlite", TABLES)
        self.faults = faults
        self.switches = switches
        self.on_change: Callable[[], None] = lambda: None
        self._now = now
        self._ids = Ids()
        self.secret = self._secret("webhook_secret", "whsec_")
        self.api_key = self._secret("api_key", "sk_test_")
        self._endpoints: list[Doc] | None = None

    def _secret(self, name: str, prefix: str) -> str:
        found = self.records.setting(name)
        if found is None:
            found = prefix + secrets.token_hex(20)
            self.records.set_setting(name, found)
        return found

    def now(self) -> int:
        return int(self._now().timestamp())

    def time_for(self, customer: Doc | None) -> int:
        """A customer on a test clock lives in that clock's time."""
        id = customer.get("test_clock") if customer else None
        clock = self.find("test_helpers.test_clock", id) if id else None
        return int(clock["frozen_time"]) if clock else self.now()

    def new_id(self, kind: str) -> str:
        return self._ids.make(PREFIXES.get(kind, kind))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.records.transaction():
            yield
        self.on_change()

    def find(self, kind: str, id: str) -> Doc | None:
        return self.records.get(kind, id)

    def need(self, kind: str, id: str, param: str = "id") -> Doc:
        """The object, or Stripe's "No such ..." answer."""
        found = self.records.get(kind, id)
        if found is None:
            raise missing(kind.rpartition(".")[2], id, param)
        return found

    def create(self, kind: str, event: str | None = None, at: int | None = None, **fields: Any) -> Doc:
        """A new, complete object, stored, with its event."""
        doc = new(kind, str(fields.pop("id", None) or self.new_id(kind)), self.now() if at is None else at, **fields)
        return self.put(doc, event)

    def put(self, doc: Doc, *events: str | None) -> Doc:
        """Insert or replace an object and append one event per name, each with a snapshot."""
        kind, id = str(doc["object"]), str(doc["id"])
        with self.transaction():
            before = self.records.get(kind, id) if events else None
            self._write(kind, [doc])
            for event in events:
                if event:
                    self.emit(event, doc, before)
        return doc

    def load(self, kind: str, docs: Iterable[Doc]) -> int:
        """Insert many, without events."""
        if kind == "webhook_endpoint":
            self._endpoints = None
        with self.transaction():
            return self._write(kind, docs)

    def _write(self, kind: str, docs: Iterable[Doc]) -> int:
        links: list[tuple[str, str, str, str]] = []
        now = self.now()

        def rows() -> Iterator[tuple[str, Doc, int, int]]:
            for doc in docs:
                hidden = [name for name in doc if name.startswith("_")]
                if hidden:
                    links.extend((kind, doc["id"], name[1:], str(doc[name])) for name in hidden)
                    doc = {name: value for name, value in doc.items() if name not in hidden}
                yield doc["id"], doc, int(doc.get("created") or now), now

        written = self.records.put_many(kind, rows())
        self.records.change_many("INSERT OR REPLACE INTO link (kind, id, name, value) VALUES (?, ?, ?, ?)", links)
        return written

    def remove(self, doc: Doc, event: str | None = None) -> Doc:
        """Delete an object; answers what Stripe answers to a deletion."""
        kind, id = str(doc["object"]), str(doc["id"])
        with self.transaction():
            self.records.delete(kind, id)
            if event:
                self.emit(event, doc, None)
        return {"id": id, "object": kind, "deleted": True}

    def emit(self, type: str, doc: Doc, before: Doc | None = None) -> None:
        """Append an event and queue it for every endpoint that wants it."""
        content: Doc = {"object": doc}
        if before is not None and (type.endswith(".updated") or type == "charge.refunded"):
            content["previous_attributes"] = previous(before, doc)
        request, key = CALLER.get()
        endpoints = self.endpoints_for(type)
        event = new(
            "event",
            self.new_id("event"),
            self.now(),
            api_version=API_VERSION,
            data=content,
            pending_webhooks=len(endpoints),
            request={"id": request, "idempotency_key": key},
            type=type,
        )
        self.records.put("event", event["id"], event, event["created"], event["created"])
        self.queue(event["id"], endpoints)

    def queue(self, event: str, endpoints: list[Doc]) -> None:
        """Put one delivery per endpoint in line; some are lost when that fault is on."""
        due = time.time()
        for endpoint in endpoints:
            if not self.faults.chance(self.faults.drop_webhooks):
                self.records.change(
                    "INSERT INTO delivery (endpoint, event, first_at, next_at) VALUES (?, ?, ?, ?)",
                    (endpoint["id"], event, due, due),
                )

    def endpoints_for(self, type: str) -> list[Doc]:
        if self._endpoints is None:
            rows = self.records.query("SELECT doc FROM record WHERE kind = 'webhook_endpoint' ORDER BY created")
            self._endpoints = [json.loads(row[0]) for row in rows]
        return [
            e
            for e in self._endpoints
            if e["status"] == "enabled" and (type in e["enabled_events"] or "*" in e["enabled_events"])
        ]

    def forget_endpoints(self) -> None:
        """The list of endpoints is kept in memory; call this after changing one."""
        self._endpoints = None

    def prune(self) -> None:
        """Events are kept for 30 days."""
        self.records.change(
            "DELETE FROM record WHERE kind = 'event' AND created < ?", (self.now() - EVENT_DAYS * 86400,)
        )


def previous(before: Doc, after: Doc) -> Doc:
    """The old values of what changed; of a nested object only the keys that changed."""
    changed: Doc = {}
    for name in before.keys() | after.keys():
        old, new_value = before.get(name), after.get(name)
        if isinstance(old, dict) and isinstance(new_value, dict) and old.get("object") != "list":
            deeper = previous(old, new_value)
            if deeper:
                changed[name] = deeper
        elif old != new_value:
            changed[name] = copy.deepcopy(old)
    return changed


def merge_metadata(old: Doc | None, given: Any) -> Doc:
    """Stripe's rule: given keys are set, an empty value removes a key, an empty text removes all."""
    if given == "":
        return {}
    return {k: v for k, v in {**(old or {}), **(given or {})}.items() if v != ""}


def text_of(doc: Doc) -> str:
    return dumps(doc)
