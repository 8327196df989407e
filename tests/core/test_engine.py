"""Connections that the store has ended are replaced before anybody uses them."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import text

from core.db import engine as engines
from core.db.engine import open_engine


def test_connections_that_ended_while_idle_are_replaced(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_IDLE_SECONDS_WITHOUT_DOUBT", 0.0)
    engine, other = open_engine(postgres_url), open_engine(postgres_url)
    pid = text("select pg_backend_pid()")
    with ExitStack() as held:
        before = {held.enter_context(engine.connect()).scalar(pid) for _ in range(3)}
    with other.connect() as admin:
        for each in before:
            # Waits until the backend has ended.
            assert admin.scalar(text("select pg_terminate_backend(:pid, 10000)"), {"pid": each})
    with ExitStack() as held:
        after = {held.enter_context(engine.connect()).scalar(pid) for _ in range(3)}
    assert len(after) == 3 and not after & before
    engine.dispose()
    other.dispose()
