"""Writing the records that are not transactions: customers, items, periods and the small lists."""

from collections.abc import Callable
from datetime import datetime

from sandbox.emulators.netsuite.answers import user_error
from sandbox.emulators.netsuite.fields import RecordType
from sandbox.emulators.netsuite.reading import Reading
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.tables import TABLES, Row

DEPENDENTS = {
    "customer": "entity",
    "subsidiary": "subsidiary",
    "currency": "currency",
    "accountingperiod": "postingperiod",
}


class Entities:
    """Runs inside the caller's transaction."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def write(self, kind: RecordType, id: str | None, reading: Reading) -> str:
        """Create (id None) or update; answers the internal id."""
        old = self._store.row(kind.table, id) if id is not None else None
        row: Row = dict(old) if old else {"id": self._store.fresh_id(kind.table)}
        extra = self._store.extra(kind.table, id) if id is not None else {}
        for name, value in reading.fields.items():
            known = kind.fields.get(name.lower())
            if known is not None and known.column is not None:
                row[known.column] = value
            else:
                extra[name] = value
        self._complete(kind, row, extra)
        self._stamp(kind, row)
        self._store.put(kind.table, row)
        self._store.put_extra(kind.table, str(row["id"]), {k: v for k, v in extra.items() if v is not None})
        return str(row["id"])

    def _complete(self, kind: RecordType, row: Row, extra: dict[str, object]) -> None:
        if kind.name == "customer":
            self._complete_customer(row, extra)
        if kind.name == "serviceSaleItem":
            row["itemtype"] = row.get("itemtype") or "Service"
        for name in kind.required:
            column = kind.fields[name.lower()].column
            if column is not None and row.get(column) is None:
                raise user_error(f"Please enter value(s) for: {name}")

    def _complete_customer(self, row: Row, extra: dict[str, object]) -> None:
        person = " ".join(str(extra[part]) for part in ("firstName", "lastName") if extra.get(part))
        name = row.get("companyname") or person
        if not name:
            raise user_error("Please enter value(s) for: Company Name")
        if row.get("subsidiary") is None:
            raise user_error("Please enter value(s) for: Primary Subsidiary")
        row["entityid"] = row.get("entityid") or name
        if row.get("currency") is None:
            subsidiary = self._store.row("subsidiary", row["subsidiary"])
            row["currency"] = subsidiary["currency"] if subsidiary else None
        same = self._store.rows("customer", "entityid = ? AND id <> ?", (row["entityid"], row["id"]))
        if same:
            raise user_error("This entity already exists.")
        row["isinactive"] = row.get("isinactive") or "F"

    def _stamp(self, kind: RecordType, row: Row) -> None:
        columns, stamp = TABLES[kind.table].columns, self._now().isoformat()
        if "datecreated" in columns:
            row["datecreated"] = row.get("datecreated") or stamp
        if "lastmodifieddate" in columns:
            row["lastmodifieddate"] = stamp

    def delete(self, kind: RecordType, id: str) -> None:
        column = DEPENDENTS.get(kind.table)
        if column is not None and self._store.rows("transaction", f"{column} = ? LIMIT 1", (id,)):
            raise user_error("This record cannot be deleted because it has dependent records.")
        self._store.delete(kind.table, id)
