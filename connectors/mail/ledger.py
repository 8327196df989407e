"""Sending: the port Ledger for messages to customers.

SMTP has no way to ask what became of a message. Where a delivery is in doubt (the line broke after the content was
sent) `find` therefore answers None, and the message goes out once more under the same Message-ID: a receiver that got
both shows one.
"""

from __future__ import annotations

from dataclasses import replace

from connectors.mail.client import Client
from connectors.mail.config import Config
from connectors.mail.message import compose, recipient_of
from connectors.mail.source import CAPABILITIES
from core.kit.clock import Clock
from core.ports import ConnectorFailure, Enclose, LedgerDocument, Misconfigured, Posted, Probe


class MailLedger:
    """Posting a document is sending it."""

    def __init__(self, config: Config, client: Client, enclose: Enclose | None, clock: Clock) -> None:
        self.capabilities = replace(
            CAPABILITIES, max_in_flight=config.max_in_flight, requests_per_second=config.requests_per_second
        )
        self._config = config
        self._client = client
        self._enclose = enclose
        self._clock = clock

    def check(self) -> Probe:
        try:
            self._client.sign_in()
        except ConnectorFailure as problem:
            return Probe(False, (problem.sentence,))
        return Probe(True, ("The mail server lets us in.",))

    def post(self, document: LedgerDocument) -> Posted:
        """Codes of Rejected: address_missing, address_unusable, recipient_refused, or the server's three digits."""
        if self._enclose is None:
            raise Misconfigured("Nobody here can put a document on paper.", "no_enclosure")
        recipient = recipient_of(document)
        message = compose(document, self._enclose(document), self._config, self._clock())
        words = self._client.send(message, recipient)
        sent = {name: str(value) for name, value in message.items()}
        exchange = {
            "request": {"method": "SMTP", "url": f"smtp://{self._config.host}", "headers": sent, "body": None},
            "response": {"status": 250, "headers": {}, "body": words},
        }
        return Posted(str(message["Message-ID"]), None, None, exchange)

    def find(self, key: str, kind: str) -> Posted | None:
        """Nothing: a mail server cannot be asked. See above for what follows from that."""
        return None
