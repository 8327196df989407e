"""Avalara AvaTax: tax of drafts is asked for and recorded uncommitted; release commits it, cancelling voids it."""

from __future__ import annotations

import httpx

from connectors import Connector
from connectors.avatax.client import Client
from connectors.avatax.config import Config
from connectors.avatax.engine import CAPABILITIES, AvaTax
from core.kit.clock import Clock, utc_now

__all__ = ["CAPABILITIES", "Config", "build"]


def build(config: Config, transport: httpx.BaseTransport | None = None, clock: Clock = utc_now) -> Connector:
    engine = AvaTax(config, Client(config, transport), clock)
    return Connector(engine.capabilities, ledger=engine, taxes=engine)
