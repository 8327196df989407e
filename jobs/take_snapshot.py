"""Keeps the open amounts of the day that has just closed."""

from __future__ import annotations

from datetime import timedelta

from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import TakeSnapshot


def take_snapshot(runtime: Runtime) -> None:
    execute(runtime, TakeSnapshot(day=runtime.today() - timedelta(days=1)), job("take_snapshot"))
