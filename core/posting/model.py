"""States of a delivery, and the ledger document as it is stored with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from core.ports import LedgerDocument, LedgerLine, Party, TaxLine

# Which ledger keeps the books of an entity; one for all until a house has several.
LEDGER = "netsuite"
# The other systems that a document goes to: its customer (by e-mail, or through the payment platform), the tax engine.
MAIL = "mail"
PAYMENTS = "stripe"
TAX_ENGINE = "avatax"
# A delivery of this kind takes back what the system was told before; its key is the document's with this behind it.
VOID, VOID_ENDING = "void", ".void"


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
    _S.REFUSED: frozenset({_S.QUEUED, _S.IN_DOUBT, _S.SET_ASIDE}),
    _S.SET_ASIDE: frozenset({_S.QUEUED, _S.IN_DOUBT}),
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
    """JSON-ready form; decimals and dates as text. What has its default is left out."""
    return _encoded(document)


def _encoded(item: Any) -> dict[str, Any]:
    found = {}
    for name, default in _defaults(item.__class__):
        value = getattr(item, name)
        if value != default:
            found[name] = value if value.__class__ in _AS_IT_IS else _plain(value)
    return found


@cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((each.name, each.default) for each in fields(kind))


_AS_IT_IS = frozenset({str, int, bool, type(None)})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [item if item.__class__ in _AS_IT_IS else _plain(item) for item in value]
    if isinstance(value, Decimal | date):
        return str(value)
    return _encoded(value) if is_dataclass(value) else value


def decode(payload: dict[str, Any]) -> LedgerDocument:
    """The document as it was decided at release."""
    parts: dict[str, Any] = {
        "lines": tuple(LedgerLine(**_typed(line)) for line in payload["lines"]),
        "taxes": tuple(TaxLine(**_typed(tax)) for tax in payload.get("taxes", ())),
        "seller": _party(payload.get("seller")),
        "buyer": _party(payload.get("buyer")),
    }
    return LedgerDocument(**{**_typed(payload), **parts})


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _READ[name](value) if name in _READ and value is not None else value for name, value in values.items()
    }


def _party(values: dict[str, Any] | None) -> Party | None:
    return None if values is None else Party(**{**values, "address": tuple(values.get("address", ()))})


_DATES = ("issue_date", "due_date", "period_start", "period_end", "recognise_from", "recognise_until")
_DECIMALS = ("quantity", "tax_percent", "unit_price", "percent")
_READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_DATES, date.fromisoformat),
    **dict.fromkeys(_DECIMALS, Decimal),
}
