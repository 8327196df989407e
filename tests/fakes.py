"""Stand-ins that behave: a clock that tests move, an outside system, a ledger that remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.canonical import CanonicalRecord
from core.ports import (
    Capabilities,
    ConnectorFailure,
    LedgerDocument,
    Page,
    Posted,
    Probe,
    RawRecord,
    Stream,
)

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class FixedClock:
    """Stands still until it is told to move."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> datetime:
        """Moves by `span` as timedelta takes it: advance(hours=2)."""
        self.at += timedelta(**span)
        return self.at


def raw(kind: str, external_id: str, version: str = "1", **payload: Any) -> RawRecord:
    return RawRecord(kind, external_id, version, {"id": external_id, **payload})


def _nothing(_: RawRecord) -> tuple[CanonicalRecord, ...]:
    return ()


class FakeSource:
    """Serves the pages it was given; the cursor is the number of pages read. `failures` are raised first."""

    def __init__(self, system: str, pages: Mapping[str, list[list[RawRecord]]], translate: Any = _nothing) -> None:
        self.pages = dict(pages)
        self.translate = translate
        self.failures: list[ConnectorFailure] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.capabilities = Capabilities(
            system=system, title=system.title(), streams=tuple(Stream(name, (name,)) for name in pages)
        )

    def check(self) -> Probe:
        return Probe(True, ("It answers.",))

    def count(self, stream: str) -> int | None:
        return sum(len(page) for page in self.pages[stream])

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        self.asked.append((stream, dict(cursor)))
        start = int(cursor.get("page", 0))
        pages = self.pages[stream]
        if self.failures:
            raise self.failures.pop(0)
        for number, records in enumerate(pages[start:], start + 1):
            yield Page(tuple(records), {"page": number}, number == len(pages))

    def to_canonical(self, record: RawRecord) -> tuple[CanonicalRecord, ...]:
        if record.payload.get("is_broken"):
            raise ValueError("amount: not a number")
        result: tuple[CanonicalRecord, ...] = self.translate(record)
        return result

    def fetch(self, kind: str, external_id: str) -> RawRecord | None:
        every = [record for pages in self.pages.values() for page in pages for record in page]
        return next((record for record in every if (record.kind, record.external_id) == (kind, external_id)), None)


@dataclass
class FakeLedger:
    """Posts into `held`. Each entry of `behaviour` rules one call: a failure to raise, or "commit" + a failure to
    do the work and then raise it."""

    system: str = "netsuite"
    behaviour: list[ConnectorFailure | tuple[str, ConnectorFailure]] = field(default_factory=list)
    held: dict[str, Posted] = field(default_factory=dict)
    creations: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    on_post: Any = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            self.system, self.system.title(), posts=("invoice", "credit_memo"), finds_by_key=True, max_in_flight=3
        )

    def check(self) -> Probe:
        return Probe(True, ("It answers.",))

    def post(self, document: LedgerDocument) -> Posted:
        self.calls.append(f"post {document.key}")
        if self.on_post:
            self.on_post(document)
        rule = self.behaviour.pop(0) if self.behaviour else None
        if isinstance(rule, ConnectorFailure):
            raise rule
        posted = self._create(document)
        if rule is not None:
            raise rule[1]
        return posted

    def find(self, key: str, kind: str) -> Posted | None:
        self.calls.append(f"find {key}")
        return self.held.get(key)

    def _create(self, document: LedgerDocument) -> Posted:
        self.creations.append(document.key)
        posted = Posted(str(900 + len(self.creations)), f"INV{len(self.creations)}", document.total_minor)
        self.held[document.key] = posted
        return posted
