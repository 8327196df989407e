"""How many requests the org had in the last 24 hours, as /limits and the Sforce-Limit-Info header tell."""

import threading
from collections import deque

from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.refusals import Refusal

_DAY = 86_400_000
_HOUR = 3_600_000


class Usage:
    """Counts by the hour, so that a busy day costs 25 numbers."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._lock = threading.Lock()
        self._hours: deque[list[int]] = deque()

    def count(self) -> None:
        """Count one request; refused if the day's number is used up."""
        hour = self._org.store.now_ms() // _HOUR
        with self._lock:
            if not self._hours or self._hours[-1][0] != hour:
                self._hours.append([hour, 0])
            while self._hours[0][0] <= hour - _DAY // _HOUR:
                self._hours.popleft()
            if self._used() >= self.limit:
                raise spent()
            self._hours[-1][1] += 1

    @property
    def limit(self) -> int:
        return self._org.switches.daily_limit

    @property
    def left(self) -> int:
        return max(0, self.limit - self._used())

    def headers(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={self._used()}/{self.limit}"}

    def _used(self) -> int:
        return sum(count for _, count in list(self._hours))


def spent() -> Refusal:
    return Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
