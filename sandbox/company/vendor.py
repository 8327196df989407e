"""What the company needs of an emulator: put wire-shaped records in, read one back."""

from collections.abc import Iterable
from typing import Any, Protocol

Doc = dict[str, Any]


class Emulator(Protocol):
    """One outside system, seen as a store of records in that system's own wire shape."""

    name: str
    kinds: tuple[str, ...]

    def load(self, kind: str, docs: Iterable[Doc]) -> int:
        """Insert many records as history: no events, stamps taken from the records; answers how many."""

    def save(self, kind: str, doc: Doc, event: str | None = None) -> None:
        """Insert or replace one record as the vendor itself would, telling subscribers about `event`."""

    def get(self, kind: str, id: str) -> Doc | None:
        """One record, or None."""

    def count(self, kind: str) -> int:
        """How many records of a kind there are."""
