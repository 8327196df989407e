"""How fast we may call an outside system: the generic cell rate algorithm, one row per system, one statement a call."""

from __future__ import annotations

from sqlalchemy import text

from core.runtime import Runtime

_BEGIN = text("insert into rate_limits (system, arrival_at) values (:system, clock_timestamp()) on conflict do nothing")
# Moves the arrival one step on if it is not further ahead than the burst allows.
_TAKE = text(
    "update rate_limits set arrival_at = greatest(arrival_at, clock_timestamp()) + make_interval(secs => :step) "
    "where system = :system and arrival_at <= clock_timestamp() + make_interval(secs => :ahead) returning true"
)
_WAIT = text(
    "select extract(epoch from arrival_at - clock_timestamp()) - :ahead from rate_limits where system = :system"
)


def wait_seconds(runtime: Runtime, system: str, per_second: int, burst: int = 5) -> float:
    """0 and one call is taken, or the seconds after which to ask again."""
    asked = {"system": system, "step": 1 / per_second, "ahead": (burst - 1) / per_second}
    with runtime.transaction() as session:
        if session.scalar(_TAKE, asked):
            return 0.0
        session.execute(_BEGIN, asked)
        if session.scalar(_TAKE, asked):
            return 0.0
        return max(0.001, float(session.scalar(_WAIT, asked) or 0))
