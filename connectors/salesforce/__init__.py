"""Salesforce: accounts, products, contracts with their order lines, and cases in which an invoice is disputed."""

from __future__ import annotations

from requests.adapters import BaseAdapter

from connectors import Connector
from connectors.salesforce.client import Client
from connectors.salesforce.config import Config
from connectors.salesforce.source import CAPABILITIES, SalesforceSource
from core.kit.clock import Clock, utc_now

__all__ = ["CAPABILITIES", "Config", "build"]


def build(config: Config, adapter: BaseAdapter | None = None, clock: Clock = utc_now) -> Connector:
    """`adapter` takes the place of the network (simple-salesforce is bound to requests)."""
    source = SalesforceSource(config, Client(config, adapter, clock))
    return Connector(source.capabilities, source=source)
