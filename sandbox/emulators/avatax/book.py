"""The transactions of the company: recorded under company, type and code, each with a state and a version."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.emulators.avatax.answers import Refused, json_text, not_found, required, stamp
from sandbox.emulators.avatax.sums import checked, destination, worked_out
from sandbox.emulators.avatax.switches import AvaTaxSwitches
from sandbox.records import Records

Doc = dict[str, Any]
KIND = "transaction"
VOID_REASONS = ("Unspecified", "PostFailed", "DocDeleted", "DocVoided", "AdjustmentCancelled")
# Estimates: worked out, answered, and never recorded.
ESTIMATES = ("SalesOrder", "PurchaseOrder", "ReturnOrder")


class Book:
    def __init__(self, records: Records, now: Callable[[], datetime], switches: AvaTaxSwitches) -> None:
        self._records = records
        self.now = now
        self.switches = switches

    def find(self, company: str, code: str, type: str = "SalesInvoice") -> Doc:
        found = self._records.get(KIND, f"{company}/{type}/{code}")
        if found is None:
            raise not_found(f"Transaction {code} of type {type}")
        return found

    def by_id(self, id: int) -> Doc:
        rows = self._records.query(
            "SELECT doc FROM record WHERE kind = ? AND json_extract(doc, '$.id') = ?", (KIND, id)
        )
        if not rows:
            raise not_found(f"Transaction {id}")
        return self._read(rows[0][0])

    def all(self, company: str) -> list[Doc]:
        rows = self._records.query("SELECT doc FROM record WHERE kind = ? ORDER BY modified, id", (KIND,))
        return [doc for (text,) in rows if (doc := self._read(text))["companyCode"] == company]

    def _read(self, text: str) -> Doc:
        doc: Doc = json.loads(text)
        return doc

    def create(self, model: Doc) -> Doc:
        """What is committed already stays; an estimate is forgotten at once."""
        model = checked(model)
        old = self._old(model)
        if old is not None and old["status"] == "Committed":
            raise Refused(400, "TransactionIsCommitted", f"Transaction {old['code']} is committed already.", "code")
        if old is not None and not self.switches.create_replaces_uncommitted:
            raise Refused(400, "TransactionAlreadyExists", f"Transaction {old['code']} exists already.", "code")
        return self._record(model, old)

    def create_or_adjust(self, body: Doc) -> Doc:
        """A version more of what is there, whatever its state unless it is locked."""
        if not isinstance(body.get("createTransactionModel"), dict):
            raise required("createTransactionModel")
        model = checked(body["createTransactionModel"])
        old = self._old(model)
        if old is not None:
            _need_unlocked(old)
        return self._record(model, old, body.get("adjustmentReason"))

    def _old(self, model: Doc) -> Doc | None:
        key = f"{model['companyCode']}/{model['type']}/{model.get('code')}"
        return None if model["type"] in ESTIMATES else self._records.get(KIND, key)

    def _record(self, model: Doc, old: Doc | None, reason: str | None = None) -> Doc:
        nexus = frozenset(self.switches.nexus.split(","))
        is_estimate = model["type"] in ESTIMATES
        with self._records.transaction():
            id = old["id"] if old else self._next_id()
            doc = self._head(model, id) | worked_out(model, nexus) | _places(model, id)
            doc["status"] = "Temporary" if is_estimate else "Committed" if model.get("commit") else "Saved"
            doc["version"] = old["version"] + 1 if old else 1
            doc["adjustmentReason"] = reason or "Other" if old else "NotAdjusted"
            return doc if is_estimate else self._put(doc)

    def _head(self, model: Doc, id: int) -> Doc:
        override = model.get("taxOverride") or {}
        given = ("customerCode", "currencyCode", "purchaseOrderNo", "exemptionNo", "referenceCode", "description")
        return {name: model.get(name) for name in given} | {
            "id": id,
            "code": model.get("code") or f"T{id}",
            "companyId": 12,
            "companyCode": model["companyCode"],
            "date": str(model["date"])[:10],
            "taxDate": str(override.get("taxDate") or model["date"])[:10],
            "type": model["type"],
            "locked": False,
            "messages": [],
        }

    def _next_id(self) -> int:
        number = int(self._records.setting("last_id") or 85_000) + 1
        self._records.set_setting("last_id", str(number))
        return number

    def _put(self, doc: Doc) -> Doc:
        now = self.now()
        doc["modifiedDate"] = stamp(now)
        plain: Doc = json.loads(json_text(doc))
        key = f"{doc['companyCode']}/{doc['type']}/{doc['code']}"
        milliseconds = int(now.timestamp() * 1000)
        self._records.put(KIND, key, plain, milliseconds, milliseconds)
        return plain

    def commit(self, doc: Doc, body: Doc) -> Doc:
        if body.get("commit") is not True:
            raise required("commit")
        if doc["status"] == "Cancelled":
            raise Refused(400, "CannotModifyTransaction", f"Transaction {doc['code']} is cancelled.", "code")
        return self._put(doc | {"status": "Committed"})

    def uncommit(self, doc: Doc, body: Doc) -> Doc:
        if doc["status"] != "Committed":
            raise Refused(400, "DocumentNotCommitted", f"Transaction {doc['code']} is not committed.", "code")
        _need_unlocked(doc)
        return self._put(doc | {"status": "Saved"})

    def void(self, doc: Doc, body: Doc) -> Doc:
        if body.get("code") not in VOID_REASONS:
            raise Refused(400, "InvalidParameterValue", "Field code is not a reason to void.", "code")
        _need_unlocked(doc)
        return self._put(doc | {"status": "Cancelled"})

    def adjust(self, doc: Doc, body: Doc) -> Doc:
        _need_unlocked(doc)
        model = body.get("newTransaction")
        if not isinstance(model, dict):
            raise required("newTransaction")
        same = {"companyCode": doc["companyCode"], "type": doc["type"], "code": doc["code"]}
        return self._record(checked(model | same), doc, body.get("adjustmentReason"))

    def lock(self, doc: Doc, body: Doc) -> Doc:
        return self._put(doc | {"locked": body.get("isLocked") is True})


def _need_unlocked(doc: Doc) -> None:
    if doc["locked"]:
        told = f"Transaction {doc['code']} was reported and cannot be changed."
        raise Refused(400, "CannotModifyLockedTransaction", told, "code")


def _places(model: Doc, id: int) -> Doc:
    given = model.get("addresses") or {}
    origin = given.get("singleLocation") or given.get("shipFrom") or {}
    ends = [{**origin, "id": id * 10}, {**destination(model), "id": id * 10 + 1}]
    return {"addresses": ends, "originAddressId": id * 10, "destinationAddressId": id * 10 + 1}
