"""An emulator that only remembers: the interface of the real ones, kept in dictionaries."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.company import populate
from sandbox.company.populate import PROJECTIONS

Doc = dict[str, Any]
ANCHOR = date(2026, 11, 22)
SEED = 7


@dataclass
class Memory:
    """Records by kind and key; `events` are what subscribers would have been told."""

    name: str
    kinds: tuple[str, ...] = ()
    records: dict[str, dict[str, Doc]] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kinds = tuple(PROJECTIONS[self.name])

    def load(self, kind: str, docs: Iterable[Doc]) -> int:
        return sum(1 for doc in docs if self._keep(kind, doc))

    def save(self, kind: str, doc: Doc, event: str | None = None) -> None:
        self._keep(kind, doc)
        if event is not None:
            self.events.append((event, self.key(kind, doc)))

    def get(self, kind: str, id: str) -> Doc | None:
        return self.records.get(kind, {}).get(id)

    def count(self, kind: str) -> int:
        return len(self.records.get(kind, {}))

    def all(self, kind: str) -> list[Doc]:
        return list(self.records.get(kind, {}).values())

    def text(self) -> str:
        return json.dumps(self.records)

    def _keep(self, kind: str, doc: Doc) -> bool:
        self.records.setdefault(kind, {})[self.key(kind, doc)] = json.loads(json.dumps(doc))
        return True

    @staticmethod
    def key(kind: str, doc: Doc) -> str:
        if kind == "transactionline":
            return f"{doc['transaction']}/{doc['id']}"
        return str(doc.get("id") or doc.get("Id") or doc["nkey"])


@dataclass
class Sandbox:
    """The three systems of one generated company, and its folder."""

    folder: Path
    salesforce: Memory = field(default_factory=lambda: Memory("salesforce"))
    stripe: Memory = field(default_factory=lambda: Memory("stripe"))
    netsuite: Memory = field(default_factory=lambda: Memory("netsuite"))

    @property
    def emulators(self) -> dict[str, Memory]:
        return {"salesforce": self.salesforce, "stripe": self.stripe, "netsuite": self.netsuite}

    def unposted(self) -> list[Doc]:
        """Finalised Stripe invoices that the ledger does not have."""
        posted = {row["externalid"] for row in self.netsuite.all("transaction")}
        found = [doc for doc in self.stripe.all("invoice") if doc["status"] in ("open", "paid")]
        return [doc for doc in found if f"stripe_{doc['id']}" not in posted]


def generate(folder: Path, scale: str = "0.05", seed: int = SEED, anchor: date = ANCHOR) -> Sandbox:
    made = Sandbox(folder)
    populate(made.emulators, Decimal(scale), seed, anchor, folder=folder)
    return made


def kinds_by_invoice(labels: list[Doc]) -> dict[str, str]:
    """The planted kind by Stripe invoice id; fails if an invoice has two."""
    counted = Counter(entry["external_id"] for entry in labels)
    assert max(counted.values()) == 1
    return {entry["external_id"]: entry["kind"] for entry in labels}
