"""Making a credit memo or a payment from an invoice: what the request leaves out is taken from the invoice."""

from typing import Any

from sandbox.emulators.netsuite.fields import RecordType
from sandbox.emulators.netsuite.lines import decimal
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.tables import Row

COPIED = {"item": "item", "taxcode": "taxCode", "department": "department", "class": "class", "location": "location"}
NUMBERS = {"quantity": "quantity", "rate": "rate", "foreignamount": "amount", "taxamount": "tax1Amt"}


def completed(store: Store, wanted: RecordType, invoice: Row, document: dict[str, Any]) -> dict[str, Any]:
    """The body of the record to create. Without an apply list it is applied to the invoice as far as that is open."""
    lowered = {name.lower() for name in document}
    customer = "customer" if wanted.name == "customerPayment" else "entity"
    body: dict[str, Any] = {customer: {"id": invoice["entity"]}}
    body |= {"subsidiary": {"id": invoice["subsidiary"]}, "currency": {"id": invoice["currency"]}}
    if wanted.name == "creditMemo":
        body["createdFrom"] = {"id": invoice["id"]}
        body["item"] = {"items": [_copy(line) for line in store.lines(invoice["id"])]}
    elif "payment" not in lowered:
        body["payment"] = decimal(invoice["foreignamountunpaid"])
    if decimal(invoice["foreignamountunpaid"]) > 0:
        body["apply"] = {"items": [{"doc": {"id": invoice["id"]}, "apply": True}]}
    return {name: value for name, value in body.items() if name.lower() not in lowered} | document


def _copy(line: Row) -> dict[str, Any]:
    copy: dict[str, Any] = {name: {"id": line[c]} for c, name in COPIED.items() if line[c] is not None}
    copy |= {name: abs(decimal(line[c])) for c, name in NUMBERS.items() if line[c] is not None}
    return copy | ({"description": line["memo"]} if line["memo"] else {})
