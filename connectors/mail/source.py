"""What comes back after sending: messages that were delivered in the end, or returned. By signed webhooks alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from connectors.mail.client import TITLE, Client
from connectors.mail.message import key_of
from connectors.shapes import Records, Shape, translate
from core.canonical import DeliveryNotice
from core.kit.clock import from_unix
from core.ports import Capabilities, ConnectorFailure, Page, Probe, RawRecord

SOURCE = "mail"
CAPABILITIES = Capabilities(
    system=SOURCE,
    title=TITLE,
    has_webhooks=True,
    posts=("invoice", "credit_memo"),
    max_in_flight=4,
    requests_per_second=20,
)


class Event(Shape):
    """A provider's notice about one message."""

    id: str
    type: Literal["delivered", "bounced"]
    message_id: str
    recipient: str
    reason: str | None = None
    at: int


def to_canonical(record: RawRecord) -> Records:
    """A notice about a message; nothing for what we have no use for."""
    if record.kind not in ("event:delivered", "event:bounced"):
        return ()
    return translate(TITLE, record, _notice)


def _notice(payload: dict[str, Any]) -> Records:
    found = Event.model_validate(payload)
    notice = DeliveryNotice(
        source=SOURCE,
        source_ref=found.id,
        key=key_of(found.message_id),
        outcome=found.type,
        address=found.recipient,
        sentence=found.reason,
        at=from_unix(found.at),
    )
    return (notice,)


class MailSource:
    """The port Source without anything to pull."""

    capabilities = CAPABILITIES

    def __init__(self, client: Client) -> None:
        self._client = client

    def check(self) -> Probe:
        try:
            self._client.sign_in()
        except ConnectorFailure as problem:
            return Probe(False, (problem.sentence,))
        return Probe(True, ("The mail server lets us in.",))

    def count(self, stream: str) -> int | None:
        return 0

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        return iter(())

    def to_canonical(self, record: RawRecord) -> Records:
        return to_canonical(record)

    def fetch(self, kind: str, external_id: str) -> RawRecord | None:
        return None
