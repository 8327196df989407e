"""A mailbox that listens, and connectors to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import mail
from core.documents.paper import file_name, render_invoice
from core.ports import Enclosure, Ledger, LedgerDocument
from sandbox.emulators.mail import Emulator
from sandbox.faults import Control, Faults

Open = Callable[..., Ledger]


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path, lambda: datetime.now(UTC), Faults(7, Control()))
    yield emulator
    emulator.close()


@pytest.fixture
def open_ledger(mailbox: Emulator) -> Open:
    """The ledger of a connector whose settings may differ."""

    def build(**changes: Any) -> Ledger:
        line = {"credentials": mailbox.credentials()}
        ledger = mail.build(mail.Config.from_sandbox(line).model_copy(update=changes), enclose).ledger
        assert ledger is not None
        return ledger

    return build


def enclose(document: LedgerDocument) -> Enclosure:
    return Enclosure(file_name(document), render_invoice(document), "https://billing.example/i/token")
