"""Bodies of the record service, made from rows: NetSuite's field names, references with names and links."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.emulators.netsuite.applications import Applications
from sandbox.emulators.netsuite.fields import Field, RecordType, label_column, record_name
from sandbox.emulators.netsuite.lines import ZERO, decimal
from sandbox.emulators.netsuite.oracle import NAMES
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.tables import Row

Body = dict[str, Any]
RECORDS = "/services/rest/record/v1"


class Renderer:
    """`base` is scheme and host as the client sees them."""

    def __init__(self, store: Store, base: str) -> None:
        self._store = store
        self._base = base + RECORDS

    def address(self, kind: RecordType, id: str) -> str:
        return f"{self._base}/{kind.name}/{id}"

    def body(self, kind: RecordType, row: Row, expand: bool) -> Body:
        """One record. A sublist is a link, unless expanded."""
        id = str(row["id"])
        extra = self._store.extra(kind.table, id)
        address = self.address(kind, id)
        body: Body = {"links": [{"rel": "self", "href": address}], "id": id}
        body |= self._values(kind.fields, row, extra)
        body |= {name: value for name, value in extra.items() if name.startswith(kind.custom)}
        if kind.is_transaction:
            body |= self._sums(kind, row)
        for sublist in kind.sublists:
            link = {"links": [{"rel": "self", "href": f"{address}/{sublist}"}]}
            body[sublist] = link | (self.sublist(kind, row, sublist) if expand else {})
        return body

    def sublist(self, kind: RecordType, row: Row, name: str) -> Body:
        items = self._applied(row) if name == "apply" else self._lines(kind, row, name)
        return {"items": items, "totalResults": len(items)}

    def _values(self, fields: Mapping[str, Field], row: Row, extra: Mapping[str, Any]) -> Body:
        body: Body = {}
        for known in fields.values():
            value = row.get(known.column) if known.column is not None else extra.get(known.name)
            if value is not None:
                body[known.name] = self._shown(known, value)
        return body

    def _shown(self, known: Field, value: Any) -> Any:
        if known.kind == "ref":
            return self.reference(known.target, str(value))
        if known.kind == "enum":
            return {"id": value, "refName": NAMES.get((known.name, value), value)}
        return shown(known.kind, value)

    def reference(self, table: str | None, id: str) -> Body:
        """{"id", "refName", "links"} as far as the record is one of ours."""
        row = self._store.row(table, id) if table is not None else None
        if table is None or row is None:
            return {"id": id}
        name = record_name(table, row.get("type"))
        links = [] if name is None else [{"rel": "self", "href": f"{self._base}/{name}/{id}"}]
        return {"links": links, "id": id, "refName": row[label_column(table)]}

    def _sums(self, kind: RecordType, row: Row) -> Body:
        total, open_amount = decimal(row["foreigntotal"]), decimal(row["foreignamountunpaid"])
        if kind.type_code == "CustPymt":
            return {"applied": total - open_amount, "unapplied": open_amount, "total": total}
        if kind.type_code == "Journal":
            return {"total": total}
        lines = self._store.lines(row["id"])
        subtotal = abs(sum((decimal(line["foreignamount"]) for line in lines), ZERO)) if lines else total
        sums = {"subtotal": subtotal, "taxTotal": total - subtotal, "discountTotal": Decimal(0), "total": total}
        if kind.type_code == "CustCred":
            return sums | {"applied": total - open_amount, "unapplied": open_amount, "amountRemaining": open_amount}
        return sums | {"amountPaid": total - open_amount, "amountRemaining": open_amount}

    def _lines(self, kind: RecordType, row: Row, name: str) -> list[Body]:
        extra = self._store.extra(kind.table, row["id"]).get("lines", {})
        return [
            self._line(kind.sublists[name], line, extra.get(line["id"], {})) for line in self._store.lines(row["id"])
        ]

    def _line(self, fields: Mapping[str, Field], line: Row, extra: Mapping[str, Any]) -> Body:
        body: Body = {"links": [], "line": int(line["id"])} | self._values(fields, line, extra)
        if "debit" in fields:
            amount = decimal(line["foreignamount"])
            body["debit" if amount > 0 else "credit"] = abs(amount)
        return body | {name: value for name, value in extra.items() if name.startswith("custcol")}

    def _applied(self, row: Row) -> list[Body]:
        given = Applications(self._store, "").given_by(row["id"])
        return [self._application(doc, amount) for doc, amount in given.items()]

    def _application(self, doc: str, amount: Decimal) -> Body:
        invoice = self._store.row("transaction", doc) or {}
        currency = self._store.row("currency", invoice["currency"]) if invoice.get("currency") else None
        return {
            "links": [],
            "doc": self.reference("transaction", doc),
            "line": 0,
            "apply": True,
            "amount": amount,
            "due": decimal(invoice.get("foreignamountunpaid")) + amount,
            "total": decimal(invoice.get("foreigntotal")),
            "refNum": invoice.get("tranid"),
            "type": "Invoice",
            "currency": currency["name"] if currency else None,
        }


def shown(kind: str, value: Any) -> Any:
    """A stored value as JSON shows it: flags as booleans, stamps in ISO 8601 with Z."""
    if kind == "number":
        return decimal(value)
    if kind == "flag":
        return value == "T"
    return f"{value.replace(' ', 'T')}Z" if kind == "stamp" else value
