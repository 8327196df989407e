"""The record store under every emulator: one SQLite file, records kept as wire-shaped JSON text."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS record_created ON record (kind, created, id);
CREATE INDEX IF NOT EXISTS record_modified ON record (kind, modified, id);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
PUT = "INSERT OR REPLACE INTO record (kind, id, created, modified, doc) VALUES (?, ?, ?, ?, ?)"


def dumps(doc: Any) -> str:
    """Compact JSON text, as it is stored and sent."""
    return json.dumps(doc, separators=(",", ":"), ensure_ascii=False)


class Records:
    """Records by (kind, id). `created` and `modified` are integers that sort: seconds or milliseconds, by emulator.

    Safe to use from several threads: every call takes one lock; `transaction()` holds it for a whole block.
    `extra_tables` is SQL run once at opening, for tables or indexes of the emulator's own.
    """

    def __init__(self, path: Path, extra_tables: str = "") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._read_lock = threading.Lock()
        self._depth = 0
        self._writer = 0  # the thread that holds a transaction: it alone must see its own uncommitted rows
        self._db = _open(path)
        self._db.executescript(TABLES + extra_tables)
        self._reader = _open(path)  # so that reading does not wait for a long load

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested (the outermost block decides)."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            self._writer = threading.get_ident()
            try:
                yield
            except BaseException:
                self._leave("ROLLBACK")
                raise
            self._leave("COMMIT")

    def _leave(self, verb: str) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._writer = 0
            self._db.execute(verb)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of any SELECT over the tables."""
        if self._writer == threading.get_ident():
            return self._db.execute(sql, parameters).fetchall()
        with self._read_lock:
            return self._reader.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one INSERT, UPDATE or DELETE; answers the number of rows touched."""
        with self._lock:
            return self._db.execute(sql, parameters).rowcount

    def change_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one statement for many rows in one transaction."""
        with self.transaction():
            return self._db.executemany(sql, rows).rowcount

    def put(self, kind: str, id: str, doc: dict[str, Any], created: int, modified: int) -> None:
        """Insert or replace one record."""
        self.change(PUT, (kind, id, created, modified, dumps(doc)))

    def put_many(self, kind: str, rows: Iterable[tuple[str, dict[str, Any], int, int]]) -> int:
        """Insert or replace (id, doc, created, modified) rows in one transaction; answers how many."""
        return self.change_many(PUT, ((kind, id, created, modified, dumps(doc)) for id, doc, created, modified in rows))

    def text(self, kind: str, id: str) -> str | None:
        """The stored JSON text of one record."""
        rows = self.query("SELECT doc FROM record WHERE kind = ? AND id = ?", (kind, id))
        return str(rows[0][0]) if rows else None

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        text = self.text(kind, id)
        return None if text is None else json.loads(text)

    def delete(self, kind: str, id: str) -> bool:
        return self.change("DELETE FROM record WHERE kind = ? AND id = ?", (kind, id)) > 0

    def count(self, kind: str) -> int:
        return int(self.query("SELECT count(*) FROM record WHERE kind = ?", (kind,))[0][0])

    def counts(self) -> dict[str, int]:
        return {str(k): int(n) for k, n in self.query("SELECT kind, count(*) FROM record GROUP BY kind ORDER BY kind")}

    def setting(self, name: str) -> str | None:
        """A named text kept with the records (secrets, sequence numbers, marks)."""
        rows = self.query("SELECT value FROM setting WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def set_setting(self, name: str, value: str) -> None:
        self.change("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, value))

    def close(self) -> None:
        with self._lock, self._read_lock:
            self._reader.close()
            self._db.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
    for pragma in ("page_size=16384", "journal_mode=WAL", "synchronous=OFF", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
