"""Checking the trail, for the page and the command line."""

from __future__ import annotations

from core.audit import store as audit
from core.kit.words import counted
from core.runtime import Runtime


def verify(runtime: Runtime) -> tuple[bool, str]:
    """Whether the trail is whole, and a sentence that says so."""
    with runtime.reading() as session:
        broken_at = audit.first_break(session)
        length = audit.length(session)
    if broken_at is None:
        return True, f"The trail is whole: {counted(length, 'entry')}, each linked to the one before."
    return False, f"The trail is broken at entry {broken_at:,}: it was changed, removed or added outside the house."
