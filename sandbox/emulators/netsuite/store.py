"""Rows of the SuiteQL tables, and the fields of a record that have no column, in one SQLite file."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.emulators.netsuite.answers import json_text
from sandbox.emulators.netsuite.tables import SCHEMA, TABLES, Row
from sandbox.records import Records

FILE = "netsuite.sqlite"


class Store:
    """All that the emulator remembers. Values read come back as texts, like SuiteQL's; None is a null."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.records = Records(self.path, SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.records.transaction():
            yield

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail alone, leaving what came before it."""
        with self.records.transaction():
            self.records.change("SAVEPOINT part")
            try:
                yield
            except BaseException:
                self.records.change("ROLLBACK TO part")
                raise
            finally:
                self.records.change("RELEASE part")

    def load(self, kind: str, rows: Iterable[Row]) -> int:
        """Insert or replace many rows as they are, in one transaction; answers how many."""
        table = TABLES[kind]
        return self.records.change_many(table.insert, (table.encode(row) for row in self._numbered(kind, rows)))

    def put(self, kind: str, row: Row) -> None:
        """Insert or replace one row."""
        table = TABLES[kind]
        self.records.change(table.insert, table.encode(row))

    def _numbered(self, kind: str, rows: Iterable[Row]) -> Iterator[Row]:
        """Rows without an id get one, except lines, whose number counts within their transaction."""
        following: dict[str, int] = {}
        for row in rows:
            if row.get("id") is None and "id" in TABLES[kind].columns:
                owner = str(row.get("transaction", ""))
                if owner not in following:
                    following[owner] = self.next_id(kind, owner)
                row = {**row, "id": following[owner]}
                following[owner] += 1
            yield row

    def next_id(self, kind: str, owner: str = "") -> int:
        """One above the highest number in use: of the table, or of the lines of one transaction."""
        if kind == "transactionline":
            sql = 'SELECT coalesce(max(id) + 1, 0) FROM transactionline WHERE "transaction" = ?'
            return int(self.records.query(sql, (owner,))[0][0])
        return int(self.records.query(f"SELECT coalesce(max(id), 0) + 1 FROM {TABLES[kind].quoted}")[0][0])

    def fresh_id(self, kind: str) -> int:
        """An id never given before, not even to a record since deleted."""
        name = f"last id of {kind}"
        number = max(self.next_id(kind), int(self.records.setting(name) or 0) + 1)
        self.records.set_setting(name, str(number))
        return number

    def row(self, kind: str, id: str | int) -> Row | None:
        found = self.rows(kind, "id = ?", (id,))
        return found[0] if found else None

    def rows(self, kind: str, where: str = "1", parameters: tuple[Any, ...] = ()) -> list[Row]:
        table = TABLES[kind]
        sql = f"SELECT {table.column_list} FROM {table.quoted} WHERE {where}"
        return [table.decode(values) for values in self.records.query(sql, parameters)]

    def lines(self, transaction: str) -> list[Row]:
        """The lines of one transaction, without its main line, in their order."""
        return self.rows("transactionline", "\"transaction\" = ? AND mainline IS NOT 'T' ORDER BY id", (transaction,))

    def find(self, kind: str, reference: str, type_code: str | None = None) -> str | None:
        """The internal id behind "123" or "eid:abc"; of a transaction only if it has that type, where one is given."""
        external = reference.startswith("eid:")
        column = "externalid" if external else "id"
        if column not in TABLES[kind].columns or not (external or reference.removeprefix("-").isdecimal()):
            return None
        sql, values = f"SELECT id FROM {TABLES[kind].quoted} WHERE {column} = ?", [reference.removeprefix("eid:")]
        if type_code is not None:
            sql, values = sql + " AND type = ?", [*values, type_code]
        found = self.records.query(sql, values)
        return str(found[0][0]) if found else None

    def delete(self, kind: str, id: str) -> None:
        self.records.change(f"DELETE FROM {TABLES[kind].quoted} WHERE id = ?", (id,))
        self.records.delete(kind, id)

    def delete_lines(self, transaction: str) -> None:
        self.records.change('DELETE FROM transactionline WHERE "transaction" = ?', (transaction,))

    def extra(self, kind: str, id: str) -> dict[str, Any]:
        """The fields of a record that have no column: {field: value, "lines": {line number: {field: value}}}."""
        return self.records.get(kind, id) or {}

    def put_extra(self, kind: str, id: str, fields: dict[str, Any]) -> None:
        if fields:
            self.records.put(kind, id, json.loads(json_text(fields)), 0, 0)
        else:
            self.records.delete(kind, id)

    def count(self, kind: str) -> int:
        return int(self.records.query(f"SELECT count(*) FROM {TABLES[kind].quoted}")[0][0])

    def counts(self) -> dict[str, int]:
        return {kind: self.count(kind) for kind in TABLES}

    def close(self) -> None:
        self.records.close()
