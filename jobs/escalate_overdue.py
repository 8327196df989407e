"""Marks cases and promises whose deadline has passed."""

from __future__ import annotations

from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import EscalateOverdue


def escalate_overdue(runtime: Runtime) -> None:
    execute(runtime, EscalateOverdue(), job("escalate_overdue"))
