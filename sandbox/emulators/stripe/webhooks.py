"""Webhook endpoints and the thread that delivers signed events to them until they are taken."""

import hashlib
import hmac
import json
import threading
import time
from typing import Any

import httpx

from .call import Call
from .meters import look_at_events
from .refusals import bad_parameter
from .shapes import API_VERSION, Doc
from .store import Store, text_of

BATCH = 50
IDLE_SECONDS = 0.5
OLD_SECONDS = 600


def create_endpoint(call: Call) -> Doc:
    """The signing secret is the folder's, and shown in this answer only."""
    store = call.store
    if not call.params["url"].startswith(("http://", "https://")):
        raise bad_parameter("url_invalid", "Invalid URL: an explicit scheme (such as https) must be provided.", "url")
    endpoint = store.create(
        "webhook_endpoint",
        api_version=call.params.get("api_version"),
        description=call.params.get("description") or None,
        enabled_events=call.params["enabled_events"],
        metadata=call.metadata(),
        url=call.params["url"],
    )
    store.forget_endpoints()
    return {**endpoint, "secret": store.secret}


def update_endpoint(call: Call) -> Doc:
    endpoint = call.store.need("webhook_endpoint", call.id)
    endpoint.update(call.given("description", "enabled_events", "url"))
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    endpoint["metadata"] = call.metadata(endpoint["metadata"])
    call.store.put(endpoint)
    call.store.forget_endpoints()
    return endpoint


def delete_endpoint(call: Call) -> Doc:
    answer = call.store.remove(call.store.need("webhook_endpoint", call.id))
    call.store.records.change("DELETE FROM delivery WHERE endpoint = ?", (call.id,))
    call.store.forget_endpoints()
    return answer


def register(store: Store, url: str) -> None:
    """One endpoint for all events at this address, unless there is one already."""
    known = store.records.query(
        "SELECT 1 FROM record WHERE kind = 'webhook_endpoint' AND (doc ->> '$.url') = ?", (url,)
    )
    if not known:
        store.create("webhook_endpoint", api_version=API_VERSION, enabled_events=["*"], url=url)
        store.forget_endpoints()


def signature(body: str, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()


class Deliverer:
    """Delivers in the background. A delivery stays in the table until it was taken with 2xx or is too old."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="stripe webhooks", daemon=True)

    def start(self) -> None:
        self._store.on_change = self._wake.set
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with httpx.Client() as client:
            while not self._stopping:
                self._wake.clear()
                look_at_events(self._store, int(time.time() * 1000))
                if not self._deliver_due(client):
                    self._wake.wait(self._seconds_to_next())

    def _seconds_to_next(self) -> float:
        rows = self._store.records.query(
            "SELECT min(next_at) FROM delivery UNION SELECT min(created) / 1000.0 FROM record WHERE kind = 'meter_work'"
        )
        waits = [row[0] - time.time() for row in rows if row[0] is not None]
        return max(0.01, min([*map(float, waits), IDLE_SECONDS]))

    def _deliver_due(self, client: httpx.Client) -> bool:
        due = self._store.records.query(
            "SELECT number, endpoint, event, first_at, attempts FROM delivery WHERE next_at <= ? "
            "ORDER BY number LIMIT ?",
            (time.time(), BATCH),
        )
        if self._store.faults.shuffle_webhooks:
            self._store.faults.shuffle(due)
        down: set[str] = set()
        for delivery in due:
            if self._stopping:
                break
            if delivery[1] not in down and not self._deliver(client, delivery):
                down.add(delivery[1])
        return bool(due)

    def _deliver(self, client: httpx.Client, delivery: tuple[Any, ...]) -> bool:
        """One attempt; False when the endpoint could not be reached at all."""
        number, endpoint_id, event_id, first_at, attempts = delivery
        endpoint, body = self._store.find("webhook_endpoint", endpoint_id), self._body(event_id, endpoint_id)
        if endpoint is None or body is None:
            self._finish(number)
            return True
        try:
            taken = self._send(client, endpoint["url"], body)
        except (httpx.TransportError, httpx.InvalidURL):
            self._later(number, endpoint_id, first_at, attempts)
            return False
        if taken:
            self._finish(number)
        else:
            self._later(number, None, first_at, attempts)
        return True

    def _body(self, event: str, endpoint_id: str) -> str | None:
        """The event's text, with the API version that the endpoint was made with."""
        thin = self._store.records.get("v2.core.event", event)
        if thin is not None:
            return text_of({k: v for k, v in thin.items() if k != "data"})
        text, endpoint = self._store.records.text("event", event), self._store.find("webhook_endpoint", endpoint_id)
        version = endpoint.get("api_version") if endpoint else None
        if text is None or version in (None, API_VERSION):
            return text
        return text_of({**json.loads(text), "api_version": version})

    def _send(self, client: httpx.Client, url: str, body: str) -> bool:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": self._signature_header(body),
        }
        timeout = self._store.switches.webhook_timeout_ms / 1000
        again = self._store.faults.chance(self._store.faults.duplicate_webhooks)
        answer = client.post(url, content=body.encode(), headers=headers, timeout=timeout)
        if again:
            client.post(url, content=body.encode(), headers=headers, timeout=timeout)
        return answer.is_success

    def _signature_header(self, body: str) -> str:
        how, secret, at = self._store.switches.webhook_signature, self._store.secret, int(time.time())
        if how == "old":
            at -= OLD_SECONDS
        if how == "wrong":
            secret = secret[::-1]
        parts = [f"t={at}", f"v1={signature(body, secret, at)}"]
        if how == "rotated":
            parts.insert(1, f"v1={signature(body, secret + '_next', at)}")
        return ",".join(parts)

    def _finish(self, number: int) -> None:
        self._store.records.change("DELETE FROM delivery WHERE number = ?", (number,))

    def _later(self, number: int, down: str | None, first_at: float, attempts: int) -> None:
        """Exponential back-off. While an endpoint is down, what waits for it waits along."""
        switches, now = self._store.switches, time.time()
        if now - first_at > switches.webhook_give_up_hours * 3600:
            return self._finish(number)
        wait = min(switches.webhook_first_retry_ms * 2 ** min(attempts, 20), switches.webhook_last_retry_ms) / 1000
        self._store.records.change(
            "UPDATE delivery SET attempts = attempts + 1, next_at = ? WHERE number = ?", (now + wait, number)
        )
        if down is not None:
            self._store.records.change(
                "UPDATE delivery SET next_at = ? WHERE endpoint = ? AND next_at < ?", (now + wait, down, now + wait)
            )
        return None
