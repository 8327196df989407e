"""Everything outside: one folder per system, each telling what it can do and translating into canonical records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.ports import Capabilities, Ledger, Source, TaxEngine


@dataclass(frozen=True, slots=True)
class Connector:
    """A system that is set up: what can be read from it, what can be posted to it, and whether it determines tax. All
    share one HTTP client. `reopen` opens its source once more, in another process for instance."""

    capabilities: Capabilities
    source: Source | None = None
    ledger: Ledger | None = None
    taxes: TaxEngine | None = None
    reopen: Callable[[], Source] | None = None
