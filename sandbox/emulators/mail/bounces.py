"""Notices to the sender's webhook: signed, tried again until taken, and given up after a while."""

import hashlib
import hmac
import json
import threading
import time
from typing import Any

import httpx

Event = dict[str, Any]
_WAIT_SECONDS = 0.25
_TIMEOUT_SECONDS = 5
_MOST_TRIES = 200


def signature(body: str, secret: str, at: int) -> str:
    """`t=<unix seconds>,v1=<hex of HMAC-SHA256 over "t.body">`"""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.{body}'.encode(), hashlib.sha256).hexdigest()}"


class Notifier:
    """Sends events in their order from a thread of its own."""

    def __init__(self, secret: str) -> None:
        self.url: str | None = None
        self._secret = secret
        self._waiting: list[tuple[Event, int]] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail notices", daemon=True)
        self._thread.start()

    def add(self, event: Event) -> None:
        with self._lock:
            self._waiting.append((event, 0))

    def waiting(self) -> int:
        with self._lock:
            return len(self._waiting)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(2)

    def _run(self) -> None:
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
            while not self._stopping.wait(_WAIT_SECONDS):
                self._send_all(client)

    def _send_all(self, client: httpx.Client) -> None:
        if self.url is None:
            return
        with self._lock:
            due, self._waiting = self._waiting, []
        again = [(event, tries + 1) for event, tries in due if not self._send(client, self.url, event)]
        with self._lock:
            self._waiting = [each for each in again if each[1] < _MOST_TRIES] + self._waiting

    def _send(self, client: httpx.Client, url: str, event: Event) -> bool:
        body = json.dumps(event)
        headers = {
            "Content-Type": "application/json",
            "X-Mail-Signature": signature(body, self._secret, int(time.time())),
        }
        try:
            return client.post(url, content=body.encode(), headers=headers).is_success
        except (httpx.TransportError, httpx.InvalidURL):
            return False
