"""How often one sender may knock, per process: so many requests a second, with some in hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock


class Pace:
    """Generic cell rate algorithm in memory: what is refused costs nothing but the look at a clock."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._step = 1 / per_second
        self._slack = burst * self._step
        self._clock = clock
        self._lock = Lock()
        self._due: dict[Hashable, float] = {}

    def wait_seconds(self, who: Hashable) -> float:
        """0 when the request may pass (it is counted then); else after how many seconds to try again."""
        with self._lock:
            now = self._clock()
            due = max(self._due.get(who, now), now)
            if due - now >= self._slack:
                return due - now - self._slack + self._step
            self._due[who] = due + self._step
            return 0.0
