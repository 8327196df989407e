"""States and reasons of disputes."""

from __future__ import annotations

from enum import StrEnum


class DisputeState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


MOVES: dict[DisputeState, frozenset[DisputeState]] = {
    DisputeState.OPEN: frozenset({DisputeState.UPHELD, DisputeState.REJECTED, DisputeState.WITHDRAWN}),
    DisputeState.UPHELD: frozenset(),
    DisputeState.REJECTED: frozenset({DisputeState.OPEN}),
    DisputeState.WITHDRAWN: frozenset({DisputeState.OPEN}),
}

# States that nothing leads out of here; only their source may have ended a dispute in error, and open it again.
FINAL = frozenset(state for state, moves in MOVES.items() if not moves)

REASONS = (
    "Wrong price",
    "Wrong quantity",
    "Service not received",
    "Duplicate invoice",
    "Missing purchase order",
    "Tax",
    "Cancelled",
    "Other",
)
