"""NetSuite's rows as canonical records. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from connectors.netsuite import shapes
from connectors.shapes import Records, Translator, one_line, translate
from core.canonical import CustomerRecord, EntityRecord, ExchangeRate, LedgerRecord, ProductRecord
from core.kit.money import to_minor
from core.ports import RawRecord

SOURCE = "netsuite"
_NOTHING = Decimal(0)
_CODE_BEFORE_TOWN = "AT BE BG CH CZ DE DK EE ES FI FR GR HR HU IT LI LT LU NL NO PL PT RO SE SI SK"
_KINDS: dict[str, Literal["invoice", "credit_memo", "payment"]] = {
    "CustInvc": "invoice",
    "CustCred": "credit_memo",
    "CustPymt": "payment",
}


def to_canonical(record: RawRecord) -> Records:
    """The record behind one row; none for kinds that only the ledger itself needs."""
    translator = _TRANSLATORS.get(record.kind)
    if translator is None:
        raise ValueError(f"NetSuite sends no records of the kind “{record.kind}”.")
    return translate("NetSuite", record, translator)


def _subsidiary(payload: dict[str, Any]) -> Records:
    found = shapes.Subsidiary.model_validate(payload)
    entity = EntityRecord(
        source=SOURCE,
        source_ref=found.id,
        code=found.externalid or found.country,
        name=found.name,
        country=found.country,
        currency=found.currency,
        address=_address(found),
        tax_id=found.federalidnumber,
        email=found.email,
    )
    return (entity,)


def _address(seat: shapes.Subsidiary) -> str | None:
    """On one line, the town as its country writes it: the postal code before it or behind it."""
    parts = (seat.zip, seat.city) if seat.country in _CODE_BEFORE_TOWN.split() else (seat.city, seat.state, seat.zip)
    return one_line(seat.addr1, seat.addr2, " ".join(part for part in parts if part))


def _item(payload: dict[str, Any]) -> Records:
    found = shapes.Item.model_validate(payload)
    return (
        ProductRecord(source=SOURCE, source_ref=found.id, code=found.itemid, name=found.displayname or found.itemid),
    )


def _customer(payload: dict[str, Any]) -> Records:
    found = shapes.Customer.model_validate(payload)
    customer = CustomerRecord(
        source=SOURCE,
        source_ref=found.id,
        crm_ref=found.externalid,
        number=found.entityid,
        name=found.companyname or found.entityid,
        currency=found.currency,
        email=found.email,
    )
    return (customer,)


def _rate(payload: dict[str, Any]) -> Records:
    found = shapes.CurrencyRate.model_validate(payload)
    rate = ExchangeRate(
        source=SOURCE,
        source_ref=found.id,
        base=found.base,
        currency=found.currency,
        day=found.effectivedate,
        rate=found.exchangerate,
    )
    return (rate,)


def _transaction(payload: dict[str, Any]) -> Records:
    """Amounts are positive for every kind; some accounts show credits below zero."""
    found = shapes.Transaction.model_validate(payload)
    kind = _KINDS[found.type]
    sign = 1 if kind == "invoice" or found.foreigntotal >= 0 else -1
    entry = LedgerRecord(
        source=SOURCE,
        source_ref=found.id,
        kind=kind,
        key=found.externalid,
        number=found.tranid,
        currency=found.currency,
        total_minor=sign * to_minor(found.foreigntotal, found.currency),
        open_minor=sign * to_minor(found.foreignamountunpaid or _NOTHING, found.currency),
        dated_on=found.trandate,
        modified_at=found.lastmodifieddate,
    )
    return (entry,)


_TRANSLATORS: dict[str, Translator] = {
    "subsidiary": _subsidiary,
    "item": _item,
    "customer": _customer,
    "currencyrate": _rate,
    "transaction": _transaction,
}
