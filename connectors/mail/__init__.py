"""E-mail: documents to customers over SMTP, with the PDF attached; what bounces later comes back by webhook."""

from __future__ import annotations

import ssl

from connectors import Connector
from connectors.mail.client import Client
from connectors.mail.config import Config
from connectors.mail.ledger import MailLedger
from connectors.mail.source import CAPABILITIES, MailSource
from core.kit.clock import Clock, utc_now
from core.ports import Enclose

__all__ = ["CAPABILITIES", "Config", "build"]


def build(
    config: Config, enclose: Enclose | None = None, clock: Clock = utc_now, tls: ssl.SSLContext | None = None
) -> Connector:
    """`enclose` puts a document on paper; without it nothing can be sent."""
    client = Client(config, tls)
    ledger = MailLedger(config, client, enclose, clock)
    return Connector(ledger.capabilities, source=MailSource(client), ledger=ledger)
