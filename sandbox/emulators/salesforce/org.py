"""The org: its rows, how it is set up, and the one way to change a row."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.emulators.salesforce import stamps, values
from sandbox.emulators.salesforce.identifiers import full_id
from sandbox.emulators.salesforce.objects import OBJECTS, Catalogue
from sandbox.emulators.salesforce.refusals import Refusal, deleted, not_found
from sandbox.emulators.salesforce.schema import Field, Sobject
from sandbox.emulators.salesforce.store import Doc, Store
from sandbox.emulators.salesforce.switches import SalesforceSwitches
from sandbox.faults import Faults

_NUMBERED = {
    "Case": "CaseNumber",
    "Contract": "ContractNumber",
    "Order": "OrderNumber",
    "Quote": "QuoteNumber",
    "SBQQ__Quote__c": "Name",
}
_DEFAULTS: dict[str, Doc] = {
    "Case": {"Status": "New", "Priority": "Medium", "Origin": "Web"},
    "Contract": {"Status": "Draft"},
    "Order": {"Type": "New"},
    "Task": {"Status": "Not Started", "Priority": "Normal"},
}


class Several(Exception):
    """More than one row has this external id."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(f"{len(ids)} rows")
        self.ids = ids


class Org:
    """Rules of writing. Every method checks before it writes, so that a refused row leaves nothing behind."""

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults) -> None:
        self.store = Store(folder, now)
        self.switches = SalesforceSwitches.from_environment()
        self.faults = faults

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.switches.single_currency)

    def row(self, sobject: Sobject, id: str) -> Doc:
        """A living row, or the refusal that tells what became of it."""
        doc = self.store.get(sobject.name, full_id(id))
        if doc is None:
            raise not_found()
        if doc.get("IsDeleted"):
            raise deleted()
        return doc

    def create(self, sobject: Sobject, given: Mapping[str, Any]) -> str:
        """Insert a row; answers its new id."""
        with self.store.records.transaction():
            fields = values.accept(sobject, given, self._exists)
            blank: Doc = {field.name: False if field.type == "boolean" else None for field in sobject.fields}
            doc = blank | _DEFAULTS.get(sobject.name, {}) | fields
            values.need_required(sobject, doc, is_whole=True)
            self._need_unique(sobject, fields, None)
            doc["Id"] = self.store.new_id(sobject.name)
            number = _NUMBERED.get(sobject.name)
            if number:
                doc[number] = f"{90_000_000 + self.store.next_number(f'number.{sobject.name}')}"
            self._write(sobject.name, doc)
            return str(doc["Id"])

    def update(self, sobject: Sobject, id: str, given: Mapping[str, Any]) -> None:
        """Change some fields of a living row."""
        with self.store.records.transaction():
            doc = self.row(sobject, id)
            self._need_lock(doc["Id"])
            fields = values.accept(sobject, given, self._exists)
            values.need_required(sobject, fields, is_whole=False)
            self._need_unique(sobject, fields, doc["Id"])
            self._write(sobject.name, doc | fields)

    def upsert(self, sobject: Sobject, key: str, value: str, given: Mapping[str, Any]) -> tuple[str, bool]:
        """Insert or update by an external id; answers (id, created). Raises Several if several rows have it."""
        with self.store.records.transaction():
            field = self.key_field(sobject, key)
            if any(name.lower() == field.name.lower() for name in given):
                message = f"The {field.name} field should not be specified in the sobject data."
                raise Refusal(400, "INVALID_FIELD", message, (field.name,))
            found = self.find(sobject, field, value)
            if len(found) > 1:
                raise Several(found)
            if found:
                self.update(sobject, found[0], given)
                return found[0], False
            if field.name == "Id":
                raise not_found()
            return self.create(sobject, {**given, field.name: value}), True

    def remove(self, sobject: Sobject, id: str) -> None:
        """Put a row into the recycle bin."""
        with self.store.records.transaction():
            doc = self.row(sobject, id)
            self._need_lock(doc["Id"])
            self._write(sobject.name, doc | {"IsDeleted": True})

    def kind_of(self, id: str) -> Sobject:
        """The object type that an id belongs to, told by its first three characters."""
        kind = next((name for name, sobject in OBJECTS.items() if sobject.prefix == id[:3]), None)
        if kind is None:
            raise Refusal(400, "MALFORMED_ID", f"malformed id {id}", ())
        return self.catalogue.need(kind)

    def key_field(self, sobject: Sobject, key: str) -> Field:
        """The field of an upsert path: an external id, or Id itself."""
        field = sobject.field(key)
        if field is None or not (field.external or field.name == "Id"):
            message = f"Provided external ID field does not exist or is not accessible: {key}"
            raise Refusal(404, "NOT_FOUND", message)
        return field

    def find(self, sobject: Sobject, field: Field, value: str) -> list[str]:
        """Ids of the living rows with this external id."""
        if field.name != "Id":
            return self.store.ids_by(sobject.name, field.name, value)
        doc = self.store.get(sobject.name, full_id(value))
        return [doc["Id"]] if doc and not doc.get("IsDeleted") else []

    def stamped(self, doc: Doc) -> Doc:
        """The row with the stamps of a change at this moment."""
        now = stamps.to_text(self.store.now_ms())
        times = {"CreatedDate": doc.get("CreatedDate") or now, "LastModifiedDate": now, "SystemModstamp": now}
        return doc | {"IsDeleted": bool(doc.get("IsDeleted"))} | times

    def _write(self, kind: str, doc: Doc) -> None:
        changed = self.stamped(doc)
        self.store.put(kind, changed | following(kind, changed))

    def _exists(self, kind: str, id: str) -> bool:
        doc = self.store.get(kind, id)
        return doc is not None and not doc.get("IsDeleted")

    def _need_unique(self, sobject: Sobject, fields: Doc, own: str | None) -> None:
        for field in sobject.fields:
            value = fields.get(field.name)
            if not field.unique or value is None:
                continue
            others = [id for id in self.store.ids_by(sobject.name, field.name, value) if id != own]
            if others:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {others[0]}"
                raise Refusal(400, "DUPLICATE_VALUE", message, ())

    def _need_lock(self, id: str) -> None:
        if self.faults.chance(self.switches.lock_rate):
            message = f"unable to obtain exclusive access to this record or 1 records: {id}"
            raise Refusal(400, "UNABLE_TO_LOCK_ROW", message, ())


def following(kind: str, doc: Doc) -> Doc:
    """Fields that the vendor fills from others of a stamped row."""
    if kind == "Case":
        is_closed = doc.get("Status") == "Closed"
        return {
            "IsClosed": is_closed,
            "ClosedDate": (doc.get("ClosedDate") or doc["SystemModstamp"]) if is_closed else None,
        }
    if kind == "Opportunity":
        stage = str(doc.get("StageName"))
        return {"IsClosed": stage.startswith("Closed"), "IsWon": stage == "Closed Won"}
    if kind == "Quote":
        return {"IsSyncing": bool(doc.get("IsSyncing")), "GrandTotal": _sum(doc.get("TotalPrice"), doc.get("Tax"))}
    if kind == "Contact":
        return {"Name": " ".join(part for part in (doc.get("FirstName"), doc.get("LastName")) if part)}
    return {}


def _sum(price: int | float | None, tax: int | float | None) -> int | float | None:
    """Shipping is not sold here."""
    return price if price is None else round(price + (tax or 0), 2)
