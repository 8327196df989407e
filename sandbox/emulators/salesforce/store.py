"""The rows of the org: Records, plus the recycle bin, transactions that commit late, and serial numbers."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.emulators.salesforce import stamps
from sandbox.emulators.salesforce.identifiers import make_id
from sandbox.emulators.salesforce.objects import OBJECTS
from sandbox.records import Records, dumps

_LINKS = ("AccountId", "ContractId", "OrderId", "Ext_Id__c", "Legacy_Key__c")
_TABLES = """
CREATE TABLE IF NOT EXISTS gone (kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late (kind TEXT NOT NULL, id TEXT NOT NULL, visible INTEGER NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (value TEXT PRIMARY KEY, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, about TEXT NOT NULL, content TEXT NOT NULL);
""" + "".join(
    f"CREATE INDEX IF NOT EXISTS record_{name} ON record (kind, json_extract(doc, '$.{name}')) "
    f"WHERE json_extract(doc, '$.{name}') IS NOT NULL;\n"
    for name in _LINKS
)
_PUT = "INSERT OR REPLACE INTO record (kind, id, created, modified, doc) VALUES (?, ?, ?, ?, ?)"
_BURY = "INSERT OR REPLACE INTO gone (kind, id, at) VALUES (?, ?, ?)"
_MANY = 500  # after so many new rows SQLite counts anew, or it would read all orders of items to find those of one

Doc = dict[str, Any]


class Store:
    """All rows by (kind, Id). Thread-safe, as Records is."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self.records = Records(folder / "salesforce.sqlite", _TABLES)
        self._now = now

    def now_ms(self) -> int:
        """The org's clock, in whole seconds, as milliseconds."""
        return stamps.of(self._now())

    # Loading and saving as the outside world does

    def load(self, kind: str, docs: Iterable[Doc]) -> int:
        """Insert or replace many rows; their stamps are taken as they are."""
        rows: list[tuple[str, str, int, int, str]] = []
        buried: list[tuple[str, str, int]] = []
        for doc in docs:
            row = _row(kind, doc)
            rows.append(row)
            if doc.get("IsDeleted"):
                buried.append((kind, row[1], row[3]))
        with self.records.transaction():
            self.records.change_many(_PUT, rows)
            self.records.change_many(_BURY, buried)
        if len(rows) >= _MANY:
            self.records.change("ANALYZE")
        return len(rows)

    def put(self, kind: str, doc: Doc) -> None:
        """Insert or replace one row, and keep the recycle bin in step."""
        row = _row(kind, doc)
        with self.records.transaction():
            self.records.change(_PUT, row)
            if doc.get("IsDeleted"):
                self.records.change(_BURY, (kind, row[1], row[3]))
            else:
                self.records.change("DELETE FROM gone WHERE kind = ? AND id = ?", row[:2])

    def put_late(self, kind: str, doc: Doc, seconds: int) -> None:
        """A row of a transaction that is open for some seconds more: its stamp is old when it appears."""
        with self.records.transaction():
            self._publish("kind = ? AND id = ?", (kind, doc["Id"]))
            visible = stamps.to_ms(doc["SystemModstamp"]) + seconds * 1000
            values = (kind, doc["Id"], visible, dumps(doc))
            self.records.change("INSERT INTO late (kind, id, visible, doc) VALUES (?, ?, ?, ?)", values)

    def commit_due(self) -> None:
        """Make visible what was late and is due by now."""
        due = (self.now_ms(),)
        if self.records.query("SELECT 1 FROM late WHERE visible <= ? LIMIT 1", due):
            with self.records.transaction():
                self._publish("visible <= ?", due)

    def _publish(self, where: str, values: Sequence[object]) -> None:
        for kind, doc in self.records.query(f"SELECT kind, doc FROM late WHERE {where}", values):
            self.put(kind, json.loads(doc))
        self.records.change(f"DELETE FROM late WHERE {where}", values)

    @contextmanager
    def part(self) -> Iterator[None]:
        """A block that leaves nothing behind if it raises, also when it is a part of a greater transaction."""
        with self.records.transaction():
            self.records.change("SAVEPOINT part")
            try:
                yield
            except BaseException:
                self.records.change("ROLLBACK TO part")
                raise
            finally:
                self.records.change("RELEASE part")

    # Reading

    def get(self, kind: str, id: str) -> Doc | None:
        """The row as clients see it, deleted or not."""
        return self.records.get(kind, id)

    def get_newest(self, kind: str, id: str) -> Doc | None:
        """The row with what is not committed yet."""
        late = self.records.query("SELECT doc FROM late WHERE kind = ? AND id = ?", (kind, id))
        return json.loads(late[0][0]) if late else self.get(kind, id)

    def count(self, kind: str) -> int:
        hidden = (
            "SELECT count(*) FROM late WHERE kind = ? AND NOT EXISTS "
            "(SELECT 1 FROM record r WHERE r.kind = late.kind AND r.id = late.id)"
        )
        return self.records.count(kind) + int(self.records.query(hidden, (kind,))[0][0])

    def ids_by(self, kind: str, field: str, value: object) -> list[str]:
        """Ids of the rows (deleted ones left out) whose field has this value."""
        sql = (
            f"SELECT r.id FROM record r WHERE r.kind = ? AND json_extract(r.doc, '$.{field}') = ? "
            "AND NOT EXISTS (SELECT 1 FROM gone WHERE gone.kind = r.kind AND gone.id = r.id) ORDER BY r.id"
        )
        return [row[0] for row in self.records.query(sql, (kind, value))]

    def ids_between(self, kind: str, start: int, end: int) -> list[str]:
        """Ids of living rows modified from `start` to `end` (milliseconds)."""
        sql = (
            "SELECT r.id FROM record r WHERE r.kind = ? AND r.modified BETWEEN ? AND ? "
            "AND NOT EXISTS (SELECT 1 FROM gone WHERE gone.kind = r.kind AND gone.id = r.id) ORDER BY r.modified, r.id"
        )
        return [row[0] for row in self.records.query(sql, (kind, start, end))]

    def deleted_between(self, kind: str, start: int, end: int) -> list[tuple[str, int]]:
        """(id, milliseconds) of what was deleted from `start` to `end`."""
        sql = "SELECT id, at FROM gone WHERE kind = ? AND at BETWEEN ? AND ? ORDER BY at, id"
        return [(row[0], row[1]) for row in self.records.query(sql, (kind, start, end))]

    # Numbers

    def new_id(self, kind: str) -> str:
        return make_id(OBJECTS[kind].prefix, self.next_number(f"id.{kind}"))

    def next_number(self, name: str) -> int:
        """1, 2, 3, ... ; never the same twice, not even after a restart."""
        with self.records.transaction():
            number = int(self.records.setting(name) or 0) + 1
            self.records.set_setting(name, str(number))
            return number


def _row(kind: str, doc: Doc) -> tuple[str, str, int, int, str]:
    text = dumps({name: value for name, value in doc.items() if name != "attributes"} if "attributes" in doc else doc)
    return kind, doc["Id"], stamps.to_ms(doc["CreatedDate"]), stamps.to_ms(doc["SystemModstamp"]), text
