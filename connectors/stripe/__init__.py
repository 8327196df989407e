"""Stripe: customers, products, invoices, credit notes, payments and card disputes; changes by events and webhooks;
invoices of the house are collected there."""

from __future__ import annotations

import httpx

from connectors import Connector
from connectors.stripe.client import Client
from connectors.stripe.config import Config
from connectors.stripe.ledger import StripeLedger
from connectors.stripe.source import CAPABILITIES, StripeSource

__all__ = ["CAPABILITIES", "Config", "build"]


def build(config: Config, transport: httpx.BaseTransport | None = None) -> Connector:
    client = Client(config, transport)
    ledger = StripeLedger(client)
    return Connector(ledger.capabilities, source=StripeSource(client), ledger=ledger)
