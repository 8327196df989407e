"""The record service: create, read, change, delete, list and transform records over REST."""

import re
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.responses import Response

from sandbox.emulators.netsuite.answers import (
    Refused,
    bad_parameter,
    collection,
    invalid_content,
    nonexistent,
    user_error,
    vendor_json,
    window,
)
from sandbox.emulators.netsuite.calls import Call
from sandbox.emulators.netsuite.entities import Entities
from sandbox.emulators.netsuite.fields import RECORD_TYPES, RecordType
from sandbox.emulators.netsuite.filters import condition
from sandbox.emulators.netsuite.ledger import Ledger
from sandbox.emulators.netsuite.reading import Reader, Reading, parsed
from sandbox.emulators.netsuite.render import RECORDS, Renderer
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.switches import Switches
from sandbox.emulators.netsuite.tables import TABLES, Row
from sandbox.emulators.netsuite.transactions import Transactions
from sandbox.emulators.netsuite.transforms import completed

EXTERNAL = re.compile(r"eid:[A-Za-z0-9_-]+$")
MODES = ("error", "warning", "ignore")


class RecordApi:
    """Answers calls below record/v1; raises Refused. `surprise` tells whether records carry a field nobody expects."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], switches: Switches, surprise: Callable[[], bool]
    ) -> None:
        self._store = store
        self._switches = switches
        self._surprise = surprise
        self._transactions = Transactions(store, now)
        self._entities = Entities(store, now)
        self._ledger = Ledger(store)

    def answer(self, call: Call, path: tuple[str, ...]) -> Response:
        """`path` is what stands behind record/v1/."""
        kind = RECORD_TYPES.get(path[0].lower()) if path else None
        if kind is None:
            raise nonexistent(f"Record type '{path[0] if path else ''}' does not exist.")
        match (call.method, path[1:]):
            case ("GET", ()):
                return self._list(call, kind)
            case ("POST", ()):
                return self._create(call, kind, parsed(call.body))
            case ("GET", (id,)):
                return self._read(call, kind, id)
            case ("PATCH", (id,)):
                return self._update(call, kind, id)
            case ("PUT", (id,)):
                return self._upsert(call, kind, id)
            case ("DELETE", (id,)):
                return self._delete(kind, id)
            case ("GET", (id, sublist)) if sublist.lower() in kind.sublists:
                body = Renderer(self._store, call.base).sublist(kind, self._row(kind, id), sublist.lower())
                return vendor_json(body, "collection")
            case ("POST", (id, "!transform", target)):
                return self._transform(call, kind, id, target)
        raise Refused(405, "INVALID_METHOD", f"{call.method} is not possible here.")

    def _id(self, kind: RecordType, reference: str) -> str | None:
        if reference.startswith("eid:") and not EXTERNAL.match(reference):
            raise Refused(400, "INVALID_REQUEST", "An external ID has letters, digits, underscores and hyphens only.")
        return self._store.find(kind.table, reference, kind.type_code)

    def _row(self, kind: RecordType, reference: str) -> Row:
        id = self._id(kind, reference)
        row = self._store.row(kind.table, id) if id is not None else None
        if row is None:
            raise nonexistent()
        return row

    def _read(self, call: Call, kind: RecordType, reference: str) -> Response:
        body = self._body(call, kind, self._row(kind, reference), call.asks("expandSubResources"))
        wanted = {name.strip().lower() for name in call.query.get("fields", "").split(",") if name.strip()}
        if wanted:
            body = {name: value for name, value in body.items() if name.lower() in wanted | {"id", "links"}}
        return vendor_json(body, "singular")

    def _body(self, call: Call, kind: RecordType, row: Row, expand: bool) -> dict[str, Any]:
        body = Renderer(self._store, call.base).body(kind, row, expand)
        return body | {"sandboxSurprise": "a field of the next release"} if self._surprise() else body

    def _list(self, call: Call, kind: RecordType) -> Response:
        """Ids and links only; with ids= and expandRecords=true whole records."""
        page = window(call.query)
        where, values = condition(kind, call.query["q"]) if call.query.get("q") else ("1", [])
        where = f"({where})"
        if call.query.get("ids"):
            ids = call.query["ids"].split(",")
            where, values = f"{where} AND id IN ({','.join('?' * len(ids))})", [*values, *ids]
        if kind.type_code:
            where, values = f"{where} AND type = ?", [*values, kind.type_code]
        total, ids = self._found(kind, where, values, (page.limit, page.offset))
        renderer = Renderer(self._store, call.base)
        if call.asks("expandRecords"):
            rows = [self._row(kind, id) for id in ids]
            items = [self._body(call, kind, row, call.asks("expandSubResources")) for row in rows]
        else:
            items = [{"links": [{"rel": "self", "href": renderer.address(kind, id)}], "id": id} for id in ids]
        address = f"{call.base}{RECORDS}/{kind.name}"
        return vendor_json(collection(address, items, page, total), "collection")

    def _found(self, kind: RecordType, where: str, values: list[Any], page: tuple[int, int]) -> tuple[int, list[str]]:
        table, query = TABLES[kind.table].quoted, self._store.records.query
        try:
            total = int(query(f"SELECT count(*) FROM {table} WHERE {where}", values)[0][0])
            rows = query(f"SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT ? OFFSET ?", [*values, *page])
        except sqlite3.OperationalError as problem:
            raise bad_parameter("q", "Invalid search query.") from problem
        return total, [str(row[0]) for row in rows]

    def _create(self, call: Call, kind: RecordType, document: dict[str, Any]) -> Response:
        with self._store.transaction():
            reading = self._reading(call, kind, document)
            external = reading.fields.get("externalId")
            if external is not None and self._id(kind, f"eid:{external}") is not None:
                raise user_error("This record already exists.")
            return self._write(call, kind, None, reading)

    def _update(self, call: Call, kind: RecordType, reference: str) -> Response:
        with self._store.transaction():
            id = self._row(kind, reference)["id"]
            return self._write(call, kind, id, self._reading(call, kind, parsed(call.body)))

    def _upsert(self, call: Call, kind: RecordType, reference: str) -> Response:
        """PUT: by external id only; creates the record or updates it."""
        if not reference.startswith("eid:"):
            raise Refused(400, "INVALID_REQUEST", "An upsert needs an external ID: use eid: and the external ID.")
        with self._store.transaction():
            id = self._id(kind, reference)
            reading = self._reading(call, kind, parsed(call.body))
            reading.fields["externalId"] = reference.removeprefix("eid:")
            return self._write(call, kind, id, reading, upsert=True)

    def _reading(self, call: Call, kind: RecordType, document: dict[str, Any]) -> Reading:
        mode = call.headers.get("x-netsuite-propertynamevalidation", self._switches.property_names).lower()
        if mode not in MODES:
            raise Refused(
                400, "INVALID_HEADER", f"Unknown value {mode}.", "X-NetSuite-PropertyNameValidation", "o:errorHeader"
            )
        reading = Reader(self._store, mode == "error").read(kind, document)
        if mode == "ignore":
            reading.unknown.clear()
        return reading

    def _write(self, call: Call, kind: RecordType, id: str | None, reading: Reading, upsert: bool = False) -> Response:
        replace = frozenset(name.lower() for name in call.query.get("replace", "").split(",") if name)
        if upsert and not self._switches.upsert_appends_lines:
            replace |= reading.sublists.keys()
        self._check_external(kind, id, reading)
        if kind.is_transaction:
            written = self._transactions.write(kind, id, reading, replace)
            self._note(kind, written, id is None)
        else:
            written = self._entities.write(kind, id, reading)
        headers = {"location": Renderer(self._store, call.base).address(kind, written)}
        if reading.unknown:
            headers["warning"] = f'299 - "Unknown fields were ignored: {", ".join(reading.unknown)}"'
        return Response(status_code=204, headers=headers)

    def _check_external(self, kind: RecordType, id: str | None, reading: Reading) -> None:
        external = reading.fields.get("externalId")
        if external is not None and self._id(kind, f"eid:{external}") not in (None, id):
            raise invalid_content("This record already exists.", "externalId")

    def _note(self, kind: RecordType, id: str, created: bool) -> None:
        row = self._store.row("transaction", id)
        self._ledger.note(kind.name, id, row["externalid"] if row else None, created)

    def _delete(self, kind: RecordType, reference: str) -> Response:
        with self._store.transaction():
            id = self._row(kind, reference)["id"]
            if kind.is_transaction:
                self._transactions.delete(id, kind)
            else:
                self._entities.delete(kind, id)
        return Response(status_code=204)

    def _transform(self, call: Call, kind: RecordType, reference: str, target: str) -> Response:
        with self._store.transaction():
            invoice = self._row(kind, reference)
            wanted = RECORD_TYPES.get(target.lower())
            if kind.name != "invoice" or wanted is None or wanted.name not in ("creditMemo", "customerPayment"):
                raise Refused(400, "INVALID_REQUEST", f"{kind.name} cannot be transformed to {target}.")
            return self._create(call, wanted, completed(self._store, wanted, invoice, parsed(call.body)))
