"""Two transactions at the same moment: the second has come, and waits for what the first holds, when that ends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from core.runtime import Runtime
from core.workflow.actors import Actor
from core.workflow.commands import AnyCommand
from core.workflow.dispatch import handle
from core.workflow.execute import open_context
from tests.path.chaos_house import wait_until

_WAITING = text("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")


def ending_while(runtime: Runtime, first: AnyCommand, actor: Actor, second: Callable[[], object]) -> None:
    """Carries out the first command in a transaction that ends only when the second has come and waits for it."""
    with ThreadPoolExecutor(1) as pool:
        with runtime.transaction() as session:
            handle(first, open_context(runtime, session, actor))
            session.flush()
            other = pool.submit(second)
            wait_until(lambda: _is_waiting(runtime) or other.done(), 30, "the second waits for the first")
        other.result(30)


def _is_waiting(runtime: Runtime) -> bool:
    with runtime.reading() as session:
        return bool(session.scalar(_WAITING))
