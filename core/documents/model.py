"""States of a document and the moves between them."""

from __future__ import annotations

from enum import StrEnum


class DocumentState(StrEnum):
    DRAFT = "draft"  # made by a billing run: late usage may still change it, or a person reviews the run
    RECEIVED = "received"
    ON_HOLD = "on_hold"  # a blocking exception is open
    AWAITING_APPROVAL = "awaiting_approval"
    ACTION_NEEDED = "action_needed"  # safe to issue; its customer wants a person to release it
    RELEASED = "released"  # on its way to the ledger
    REFUSED = "refused"  # the ledger said no
    POSTED = "posted"
    VOID = "void"


_S = DocumentState

MOVES: dict[DocumentState, frozenset[DocumentState]] = {
    _S.DRAFT: frozenset({_S.ON_HOLD, _S.AWAITING_APPROVAL, _S.ACTION_NEEDED, _S.RELEASED, _S.VOID}),
    _S.RECEIVED: frozenset({_S.ON_HOLD, _S.AWAITING_APPROVAL, _S.RELEASED, _S.POSTED, _S.VOID}),
    _S.ON_HOLD: frozenset({_S.AWAITING_APPROVAL, _S.ACTION_NEEDED, _S.RELEASED, _S.VOID}),
    _S.AWAITING_APPROVAL: frozenset({_S.ON_HOLD, _S.ACTION_NEEDED, _S.RELEASED, _S.VOID}),
    _S.ACTION_NEEDED: frozenset({_S.ON_HOLD, _S.AWAITING_APPROVAL, _S.RELEASED, _S.VOID}),
    _S.RELEASED: frozenset({_S.POSTED, _S.REFUSED, _S.VOID}),
    _S.REFUSED: frozenset({_S.RELEASED, _S.POSTED, _S.VOID}),
    _S.POSTED: frozenset({_S.VOID}),
    _S.VOID: frozenset(),
}

# States in which the facts of a document may still be corrected and are checked again.
UNDECIDED = (_S.RECEIVED, _S.ON_HOLD, _S.AWAITING_APPROVAL)

# States that only somebody's word to release leads out of: a change of the facts alone does not.
WAITING_FOR_RELEASE = (_S.DRAFT, _S.ACTION_NEEDED)

# `source` of what the house bills itself.
HOUSE = "house"


def natural_key(source: str, source_ref: str) -> str:
    """The key under which a document is posted, the same however often it is decided."""
    return f"{source}_{source_ref}"


def of_natural_key(key: str) -> tuple[str, str]:
    """Source and id there; the name of a source has no underscore."""
    source, _, ref = key.partition("_")
    return source, ref
