"""NetSuite: reference data and transactions by SuiteQL; invoices and credit memos are posted by external id."""

from __future__ import annotations

import httpx

from connectors import Connector
from connectors.netsuite.client import Client
from connectors.netsuite.config import Config
from connectors.netsuite.ledger import NetSuiteLedger
from connectors.netsuite.source import CAPABILITIES, NetSuiteSource
from core.kit.clock import Clock, utc_now

__all__ = ["CAPABILITIES", "Config", "build"]


def build(config: Config, transport: httpx.BaseTransport | None = None, clock: Clock = utc_now) -> Connector:
    client = Client(config, transport, clock)
    ledger = NetSuiteLedger(config, client)
    return Connector(ledger.capabilities, source=NetSuiteSource(config, client), ledger=ledger)
