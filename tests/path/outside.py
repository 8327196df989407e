"""The systems that a released invoice goes to, each behind a real port, at the noon at which tests begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import httpx
import pypdf

from connectors import Connector, mail, netsuite, stripe
from core.canonical import EntityRecord
from core.db.tables import Delivery
from core.intake import store as intake
from core.ports import Ledger, Source
from core.runtime import Runtime
from core.workflow.papers import enclose_with
from jobs.deliver import deliver
from sandbox.company.populate import populate
from sandbox.faults import Control
from sandbox.server import OVER_TLS, Serving, open_emulators
from sandbox.tls import Certificates
from tests import builders as b
from tests.fakes import NOON, FixedClock
from tests.work import all_rows, record

NAMES = ("mail", "stripe", "netsuite")


@dataclass
class Outside:
    """`emulators` and `lines` by system; connectors are made for a runtime."""

    emulators: dict[str, Any]
    lines: dict[str, dict[str, Any]]

    def connectors(self, runtime: Runtime) -> dict[str, Connector]:
        clock = FixedClock(NOON)
        return {
            "mail": mail.build(mail.Config.from_sandbox(self.lines["mail"]), enclose_with(runtime.settings), clock),
            "stripe": stripe.build(stripe.Config.from_sandbox(self.lines["stripe"])),
            "netsuite": netsuite.build(netsuite.Config.from_sandbox(self.lines["netsuite"]), clock=clock),
        }

    def ledgers(self, runtime: Runtime) -> dict[str, Ledger]:
        found = {name: each.ledger for name, each in self.connectors(runtime).items()}
        return cast(dict[str, Ledger], found)

    def source(self, runtime: Runtime, system: str) -> Source:
        found = self.connectors(runtime)[system].source
        assert found is not None
        return found

    def deliver_all(self, runtime: Runtime) -> None:
        """Every delivery that waits, once."""
        ledgers = self.ledgers(runtime)
        for row in all_rows(runtime, Delivery):
            deliver(runtime, ledgers, row.id)

    def messages(self, to: str) -> list[dict[str, Any]]:
        found = httpx.get(f"{self.lines['mail']['address']}/messages", params={"to": to}).json()["data"]
        return cast(list[dict[str, Any]], found)

    def message(self, id: str) -> dict[str, Any]:
        return cast(dict[str, Any], httpx.get(f"{self.lines['mail']['address']}/messages/{id}").json())

    def paper(self, message: dict[str, Any]) -> str:
        """The text of the PDF that came with a message."""
        address = f"{self.lines['mail']['address']}/messages/{message['id']}/attachments/0"
        return text_of(httpx.get(address).content)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


@contextmanager
def opened(folder: Path) -> Iterator[Outside]:
    emulators = open_emulators(NAMES, folder, FixedClock(NOON), Control(), 7)
    populate({"netsuite": emulators["netsuite"]}, Decimal("0.02"), 7, NOON.date(), folder=folder)
    with served(emulators, folder) as lines:
        found = Outside(dict(emulators), lines)
        _acquaint(found)
        yield found


@contextmanager
def served(emulators: Mapping[str, Any], folder: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """Each emulator behind a port of its own, and what the sandbox would print of it; closed at the end."""
    certificates = Certificates(folder)
    serving = {
        name: Serving(emulator.app, 0, certificates if name in OVER_TLS else None)
        for name, emulator in emulators.items()
    }
    for each in serving.values():
        each.start()
    yield {
        name: {
            "system": name,
            "address": serving[name].address,
            "credentials": emulator.credentials(),
            "ca_file": str(certificates.authority),
        }
        for name, emulator in emulators.items()
    }
    for each in serving.values():
        each.stop()
    for emulator in emulators.values():
        emulator.close()


def _acquaint(outside: Outside) -> None:
    """The customer of the settled house, as the ledger and the payment platform know it."""
    ledger, payments = outside.emulators["netsuite"], outside.emulators["stripe"]
    currency = next(row["id"] for id in range(1, 6) if (row := ledger.get("currency", str(id)))["symbol"] == "EUR")
    ledger.save(
        "customer",
        {
            "id": None,
            "entityid": "nordlicht",
            "companyname": "Nordlicht",
            "externalid": b.CRM_CUSTOMER,
            "subsidiary": "4",
            "currency": currency,
        },
    )
    payments.store.create(
        "customer",
        id=b.PAYMENTS_CUSTOMER,
        name="Nordlicht Logistik GmbH",
        email="billing@nordlicht.example",
        metadata={"sf_account_id": b.CRM_CUSTOMER},
        invoice_settings={"default_payment_method": "pm_card_visa"},
    )


def equip(runtime: Runtime) -> None:
    """A letterhead for the entity, and the house knows whom it can send documents to."""
    entity = EntityRecord(
        source=b.LEDGER,
        source_ref="4",
        code="DE",
        name="Halden GmbH",
        country="DE",
        currency="EUR",
        address="Speicherstraße 12, 10961 Berlin",
        tax_id="DE811234565",
        email="billing@halden.example",
        payment_instructions="Berliner Bank\nIBAN DE89 3704 0044 0532 0130 00",
    )
    record(runtime, b.LEDGER, entities=(entity,))
    with runtime.transaction() as session:
        intake.introduce(session, NAMES)
