"""How often one address may come through: a count per span of time, kept in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_ADDRESSES = 10_000


class Turnstile:
    """Lets `calls` in per `seconds` and address. The addresses that were away longest are forgotten first."""

    def __init__(self, calls: int, seconds: int, now: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._seconds = seconds
        self._now = now
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def lets_in(self, address: str) -> bool:
        with self._lock:
            now = self._now()
            since, count = self._seen.pop(address, (now, 0))
            if now - since >= self._seconds:
                since, count = now, 0
            self._seen[address] = since, count + 1
            if len(self._seen) > _MOST_ADDRESSES:
                self._seen.popitem(last=False)
            return count < self._calls
