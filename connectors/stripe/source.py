"""Reading Stripe: each list once to its end, and the events again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.shapes import Records, record_without_stamp
from connectors.stripe import mapping
from connectors.stripe.client import TITLE, Client, Doc
from core.ports import Capabilities, ConnectorFailure, Misconfigured, Page, Probe, RawRecord, Stream

OVERLAP_SECONDS = 600
# What may have changed while the lists were read for the first time is among the events of this span.
FIRST_EVENTS_SECONDS = 86_400
EVENTS_KEPT_SECONDS = 29 * 86_400


@dataclass(frozen=True, slots=True)
class _List:
    kind: str
    path: str
    # By default Stripe leaves out the subscriptions that have ended.
    status: str | None = None
    # Of these, what was so earlier must not stand after what was so later; see `_as_of`.
    is_dated: bool = False


# What documents are decided from. The events follow on it at once: what has changed while it was read is then known
# before anything is decided, and all that changes later is an event behind their cursor.
_DECIDED_FROM: dict[str, tuple[_List, ...]] = {
    "customers": (_List("customer", "/v1/customers"),),
    "products": (_List("product", "/v1/products"), _List("price", "/v1/prices")),
    "invoices": (_List("invoice", "/v1/invoices", is_dated=True),),
    "credit_notes": (_List("credit_note", "/v1/credit_notes", is_dated=True),),
}
_BESIDE: dict[str, tuple[_List, ...]] = {
    "invoice_payments": (_List("invoice_payment", "/v1/invoice_payments"),),
    "disputes": (_List("dispute", "/v1/disputes", is_dated=True),),
    "meters": (_List("billing.meter", "/v1/billing/meters"),),
    "subscriptions": (_List("subscription", "/v1/subscriptions", "all"),),
}
_LISTS = _DECIDED_FROM | _BESIDE
_PATHS = {listed.kind: listed.path for lists in _LISTS.values() for listed in lists}


def _streams(lists: Mapping[str, tuple[_List, ...]]) -> tuple[Stream, ...]:
    return tuple(Stream(name, tuple(listed.kind for listed in each)) for name, each in lists.items())


CAPABILITIES = Capabilities(
    system="stripe",
    title=TITLE,
    streams=(*_streams(_DECIDED_FROM), Stream("events", ("event:*",)), *_streams(_BESIDE)),
    has_webhooks=True,
    max_in_flight=4,
    requests_per_second=20,
)


class StripeSource:
    """The port Source over Stripe's API."""

    capabilities = CAPABILITIES

    def __init__(self, client: Client) -> None:
        self._client = client

    def check(self) -> Probe:
        sentences: list[str] = []
        for word, path in (("invoices", "/v1/invoices"), ("events", "/v1/events"), ("customers", "/v1/customers")):
            try:
                self._client.get(path, limit=1)
            except ConnectorFailure as problem:
                return Probe(False, (*sentences, problem.sentence))
            sentences.append(f"{TITLE} shows us its {word}.")
        return Probe(True, tuple(sentences))

    def count(self, stream: str) -> int | None:
        """Stripe does not say how long its lists are."""
        return None

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        if stream == "events":
            return self._events(cursor)
        return self._lists(_LISTS[stream], cursor)

    def to_canonical(self, record: RawRecord) -> Records:
        return mapping.to_canonical(record)

    def fetch(self, kind: str, external_id: str) -> RawRecord | None:
        if kind.startswith("event:"):
            event = self._client.find(f"/v1/events/{external_id}")
            return None if event is None else self._event_record(event)
        found = self._client.find(f"{_PATHS[kind]}/{external_id}")
        return None if found is None else self._object_record(kind, found)

    def _lists(self, lists: tuple[_List, ...], cursor: Mapping[str, Any]) -> Iterator[Page]:
        """From the newest to the oldest. `{"list", "after"}` stand inside the lists, `done` behind them for good."""
        if cursor.get("done"):
            yield Page((), dict(cursor), is_last=True)
            return
        first, after = int(cursor.get("list", 0)), cursor.get("after")
        beside = self._as_of() if any(listed.is_dated for listed in lists) else {}
        for index, listed in enumerate(lists[first:], first):
            start = {"starting_after": after} if after and index == first else {}
            start |= {"status": listed.status} if listed.status else {}
            for found, has_more in self._client.pages(listed.path, **start):
                records = tuple([self._object_record(listed.kind, one, beside) for one in found])
                is_last = not has_more and index == len(lists) - 1
                yield Page(records, _list_cursor(index, found, has_more, is_last), is_last)

    def _events(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """From the oldest to the newest. A cursor with `done` rests at the newest: it is read again with an overlap."""
        newest = self._newest_event()
        if newest is None:
            yield Page((), {"done": True}, is_last=True)
            return
        start = self._start(cursor, newest)
        position = dict(cursor)
        if start is None:
            oldest = self._oldest_event()
            start, position = str(oldest["id"]), _position(oldest)
            yield Page((self._event_record(oldest),), position, is_last=False)
        for found, has_more in self._client.pages("/v1/events", ending_before=start):
            position = _position(found[0]) if found else position
            records = tuple([self._event_record(event) for event in reversed(found)])
            yield Page(records, position | ({} if has_more else {"done": True}), is_last=not has_more)

    def _newest_event(self) -> Doc | None:
        found: list[Doc] = self._client.get("/v1/events", limit=1).get("data", [])
        return found[0] if found else None

    def _oldest_event(self) -> Doc:
        """Lists run from new to old only, so this walks them all, keeping nothing."""
        oldest: Doc = {}
        for found, _ in self._client.pages("/v1/events"):
            oldest = found[-1] if found else oldest
        return oldest

    def _start(self, cursor: Mapping[str, Any], newest: Doc) -> str | None:
        """The id of the event behind which to begin; None to begin with the very first one."""
        stands = cursor.get("created")
        if stands is not None and newest["created"] - stands > EVENTS_KEPT_SECONDS:
            raise Misconfigured(
                f"{TITLE} keeps events for 30 days and the last ones were read before that: read all lists afresh.",
                "events_gone",
            )
        if "id" in cursor and not cursor.get("done"):
            return str(cursor["id"])
        if stands is None and cursor.get("done"):
            return None  # when it was read last there was no event at all
        since = newest["created"] - FIRST_EVENTS_SECONDS if stands is None else stands - OVERLAP_SECONDS
        before: list[Doc] = self._client.get("/v1/events", limit=1, created={"lt": since}).get("data", [])
        return str(before[0]["id"]) if before else None

    def _as_of(self) -> dict[str, int]:
        """What is read from now on is so after the newest event, by Stripe's clock and not by ours; earlier by as much
        as events may show late, so that none that is newer is taken for an older one."""
        newest = self._newest_event()
        created = newest.get("created") if newest else None
        return {mapping.AS_OF: created - OVERLAP_SECONDS} if isinstance(created, int) else {}

    def _object_record(self, kind: str, found: Doc, beside: dict[str, int] | None = None) -> RawRecord:
        self._complete(kind, found)
        return record_without_stamp(kind, found["id"], found, beside)

    def _event_record(self, event: Doc) -> RawRecord:
        """Version is the event's id; completed ones differ from what a webhook brought, so both reach the inbox."""
        inner: Doc = event.get("data", {}).get("object", {})
        is_completed = self._complete(str(inner.get("object")), inner)
        version = f"{event['id']}+" if is_completed else str(event["id"])
        return RawRecord(f"event:{event['type']}", event["id"], version, event)

    def _complete(self, kind: str, found: Doc) -> bool:
        """Adds what Stripe leaves out of an object: lines beyond the first ten, the invoice behind a dispute."""
        if kind == "invoice" and isinstance(lines := found.get("lines"), dict) and lines.get("has_more"):
            pages = self._client.pages(f"/v1/invoices/{found['id']}/lines")
            found["lines"] = lines | {"data": [line for page, _ in pages for line in page], "has_more": False}
            return True
        if kind == "dispute" and isinstance(intent := found.get("payment_intent"), str):
            found["_invoice"] = self._invoice_of(intent)
            return True
        if kind == "subscription":
            completed = [self._complete_price(item.get("price")) for item in found.get("items", {}).get("data", [])]
            return any(completed)
        return False

    def _complete_price(self, price: Any) -> bool:
        """A list is too deep for tiers to be asked for in it."""
        if not isinstance(price, dict) or price.get("billing_scheme") != "tiered" or price.get("tiers"):
            return False
        price["tiers"] = self._client.get(f"/v1/prices/{price['id']}", expand=["tiers"]).get("tiers")
        return True

    def _invoice_of(self, intent: str) -> str | None:
        """Stripe's only way from a payment to its invoice."""
        wanted = {"type": "payment_intent", "payment_intent": intent}
        found = self._client.get("/v1/invoice_payments", payment=wanted, limit=1).get("data", [])
        return str(found[0]["invoice"]) if found else None


def _position(event: Doc) -> dict[str, Any]:
    return {"id": event["id"], "created": event["created"]}


def _list_cursor(index: int, found: list[Doc], has_more: bool, is_last: bool) -> dict[str, Any]:
    if is_last:
        return {"done": True}
    return {"list": index, "after": found[-1]["id"]} if has_more else {"list": index + 1}
