"""Decides fresh documents that waited for their contract, once the CRM was read past them or their time is up."""

from __future__ import annotations

from collections.abc import Iterable

from core.ports import Source
from core.runtime import Runtime
from jobs.handle_inbox import decide_received, is_history_read


def decide_waiting(runtime: Runtime, sources: Iterable[Source]) -> int:
    """Answers how many were decided. A source that rests keeps nobody waiting; one whose history is still being read
    is decided by its pull."""
    return sum(
        decide_received(runtime, source.capabilities.system) for source in sources if is_history_read(runtime, source)
    )
