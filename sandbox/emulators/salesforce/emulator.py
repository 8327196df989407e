"""Salesforce as one object: its HTTP face, and the door through which the simulated company fills it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.emulators.salesforce.face import Face, is_write
from sandbox.emulators.salesforce.oauth import DOMAIN, ORG_ID, USERNAME
from sandbox.emulators.salesforce.objects import OBJECTS
from sandbox.emulators.salesforce.org import Org, following
from sandbox.faults import Faults, Guarded

_BORN = "2020-01-01T00:00:00.000+0000"
_ORGANIZATION = {
    "Id": ORG_ID,
    "Name": "Halden Cloud",
    "IsSandbox": True,
    "OrganizationType": "Enterprise Edition",
    "InstanceName": "SBX1",
    "DefaultCurrencyIsoCode": "USD",
    "IsDeleted": False,
    "CreatedDate": _BORN,
    "LastModifiedDate": _BORN,
    "SystemModstamp": _BORN,
}


class Emulator:
    """One Salesforce org with its own SQLite file in `folder`; what it holds survives a restart.

    Rows given to `load` and `save` carry Id; `load` also needs CreatedDate and SystemModstamp.
    """

    name = "salesforce"
    kinds: tuple[str, ...] = tuple(kind for kind in OBJECTS if kind != "Organization")

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults) -> None:
        self.org = Org(folder, now, faults)
        self.org.store.load("Organization", [_ORGANIZATION])
        face = Face(self.org)
        self.sessions = face.sessions
        self.app = Guarded(self.name, face.routes(), faults, face.fault, self.counts, is_write)

    def credentials(self) -> dict[str, str]:
        """What a client needs to sign in by client credentials or by JWT bearer."""
        return {
            "consumer_key": self.sessions.consumer_key,
            "consumer_secret": self.sessions.consumer_secret,
            "username": USERNAME,
            "private_key": self.sessions.private_key,
            "domain": DOMAIN,
            "version": "66.0",
        }

    def load(self, kind: str, docs: Iterable[dict[str, Any]]) -> int:
        """Insert many rows in one transaction; answers how many."""
        return self.org.store.load(self._known(kind), (following(kind, doc) | doc for doc in docs))

    def save(self, kind: str, doc: dict[str, Any], event: str | None = None) -> None:
        """Insert or replace one row and stamp it now. Salesforce sends no events of its own: `event` has no effect."""
        stamped = self.org.stamped(doc)
        stamped = following(self._known(kind), stamped) | stamped
        late = self.org.switches.late_commit_seconds
        if late:
            self.org.store.put_late(kind, stamped, late)
        else:
            self.org.store.put(kind, stamped)

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        """One row as the company knows it, also before clients can see it."""
        return self.org.store.get_newest(kind, id)

    def count(self, kind: str) -> int:
        return self.org.store.count(kind)

    def counts(self) -> dict[str, int]:
        found = self.org.store.records.counts()
        return {kind: found[kind] for kind in self.kinds if kind in found}

    def close(self) -> None:
        self.org.store.records.close()

    def _known(self, kind: str) -> str:
        if kind not in OBJECTS:
            raise ValueError(f"Salesforce has no object {kind} here")
        return kind
