"""States of a delivery, and the ledger document as it is stored with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.ports import LedgerDocument, LedgerLine

# Which ledger keeps the books of an entity; one for all until a house has several.
LEDGER = "netsuite"


class DeliveryState(StrEnum):
    QUEUED = "queued"
    RETRYING = "retrying"
    IN_DOUBT = "in_doubt"
    REFUSED = "refused"
    DELIVERED = "delivered"
    SET_ASIDE = "set_aside"


_S = DeliveryState

MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    _S.QUEUED: frozenset({_S.RETRYING, _S.IN_DOUBT, _S.REFUSED, _S.DELIVERED, _S.SET_ASIDE}),
    _S.RETRYING: frozenset({_S.RETRYING, _S.IN_DOUBT, _S.REFUSED, _S.DELIVERED, _S.SET_ASIDE}),
    _S.IN_DOUBT: frozenset({_S.RETRYING, _S.IN_DOUBT, _S.REFUSED, _S.DELIVERED}),
    _S.REFUSED: frozenset({_S.QUEUED, _S.SET_ASIDE}),
    _S.SET_ASIDE: frozenset({_S.QUEUED}),
    _S.DELIVERED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery whose turn it is. `must_find`: an earlier attempt may have arrived, so look it up first."""

    id: UUID
    document: LedgerDocument
    system: str
    key: str
    attempts: int
    must_find: bool


def encode(document: LedgerDocument) -> dict[str, Any]:
    """JSON-ready form; decimals and dates as text."""
    return {name: _plain(value) for name, value in asdict(document).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [{name: _plain(part) for name, part in item.items()} for item in value]
    return str(value) if isinstance(value, Decimal | date) else value


def decode(payload: dict[str, Any]) -> LedgerDocument:
    """The document as it was decided at release."""
    lines = tuple(
        LedgerLine(
            **{
                **line,
                "quantity": Decimal(line["quantity"]),
                "tax_percent": Decimal(line["tax_percent"]),
            }
        )
        for line in payload["lines"]
    )
    dates = {name: date.fromisoformat(payload[name]) for name in ("issue_date", "due_date")}
    return LedgerDocument(**{**payload, **dates, "lines": lines})
