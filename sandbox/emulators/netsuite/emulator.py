"""The emulator as the sandbox and the simulated company see it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from sandbox.emulators.netsuite.face import Face
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.switches import Switches
from sandbox.emulators.netsuite.tables import TABLES
from sandbox.faults import Faults

CREATED = {"transaction": "createddate", "customer": "datecreated"}


class Emulator:
    """Kinds are the SuiteQL tables; records are rows of theirs: values as text, numbers or dates, None for null."""

    name = "netsuite"
    kinds: tuple[str, ...] = tuple(TABLES)

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults) -> None:
        self._now: Callable[[], datetime] = lambda: now().astimezone(UTC)
        self.switches = Switches.from_environment()
        self._store = Store(folder)
        self._face = Face(self._store, self._now, faults, self.switches)
        self.app: Starlette = self._face.app()

    def credentials(self) -> dict[str, str]:
        return self._face.login.credentials()

    def load(self, kind: str, docs: Iterable[dict[str, Any]]) -> int:
        """Insert or replace many rows as they are, in one transaction; answers how many."""
        return self._store.load(kind, docs)

    def save(self, kind: str, doc: dict[str, Any], event: str | None = None) -> None:
        """Insert or replace one row, modified now. A missing id is assigned and written into `doc`.

        NetSuite has no events: `event` is ignored.
        """
        with self._store.transaction():
            if doc.get("id") is None:
                line = kind == "transactionline"
                doc["id"] = str(
                    self._store.next_id(kind, str(doc["transaction"])) if line else self._store.fresh_id(kind)
                )
            self._need_same(kind, doc)
            columns = TABLES[kind].columns
            stamps: dict[str, Any] = {"lastmodifieddate": self._now()} if "lastmodifieddate" in columns else {}
            created = CREATED.get(kind)
            if created is not None and doc.get(created) is None:
                stamps[created] = self._now()
            self._store.put(kind, doc | stamps)

    def _need_same(self, kind: str, doc: dict[str, Any]) -> None:
        """A number chosen by the company must not hit a transaction that somebody else made meanwhile."""
        old = self._store.row(kind, doc["id"]) if kind == "transaction" else None
        if old is not None and (old["type"], old["externalid"]) != (doc.get("type"), doc.get("externalid")):
            raise ValueError(f"transaction {doc['id']} is {old['type']} {old['externalid']}: leave the id out")

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        """One row, its values as text. A line is asked for as "transaction/line"."""
        if kind != "transactionline":
            return self._store.row(kind, id)
        transaction, _, line = id.partition("/")
        found = self._store.rows(kind, '"transaction" = ? AND id = ?', (transaction, line))
        return found[0] if found else None

    def count(self, kind: str) -> int:
        return self._store.count(kind)

    def close(self) -> None:
        self._face.queries.close()
        self._store.close()
