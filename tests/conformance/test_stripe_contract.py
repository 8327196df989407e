"""Our Stripe ledger and the emulated Stripe, with a checker between them that knows Stripe's own contract.

The checker reads the contract out of the installed Stripe library, whose files Stripe makes from its specification, and
writes down every request and every answer that does not keep it. It does not belong to this repository; without it
this is skipped.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors import stripe
from core.ports import Ledger, LedgerDocument
from tests.conformance.systems import System
from tests.conformance.test_every_ledger import fresh_letter

CHECKER = Path(__file__).parents[3] / "shared" / "tools" / "stripe_contract.py"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHECKER.is_file(), reason="the checker of Stripe's contract is not beside this repository"),
    pytest.mark.parametrize("system", ["stripe"], indirect=True),
]


@dataclass(frozen=True)
class Between:
    """The checker: where it listens, and what it found."""

    address: str
    log: Path

    def violations(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def checker(systems: dict[str, System], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    """Reading the contract takes a while, so that it is read once."""
    port, log = _free_port(), tmp_path_factory.mktemp("contract") / "violations.jsonl"
    upstream = ["--upstream", systems["stripe"].line["address"], "--port", str(port), "--log", str(log)]
    process = subprocess.Popen(
        [sys.executable, str(CHECKER), "--spec", "sdk", *upstream], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("contract "), "it says what it has read before it listens"
    found = Between(f"http://127.0.0.1:{port}", log)
    _wait(found.address, process)
    yield found
    process.terminate()
    process.wait(10)


@pytest.fixture
def between(checker: Between) -> Between:
    checker.log.write_text("")
    return checker


def _wait(address: str, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        try:
            httpx.get(address)
        except httpx.ConnectError:
            continue
        return
    raise AssertionError("the checker has ended")


@pytest.fixture
def ledger(system: System, between: Between) -> Ledger:
    line = {**system.line, "address": between.address}
    found = stripe.build(stripe.Config.from_sandbox(line)).ledger
    assert found is not None
    return found


def _known(system: System, **facts: Any) -> str:
    return str(system.emulator.store.create("customer", name="Wisła", email="ap@wisla.example", **facts)["id"])


def _asked_to_pay(system: System) -> LedgerDocument:
    return fresh_letter(system, "contract_sent", payer_ref=_known(system))


def _charged(system: System) -> LedgerDocument:
    card = {"default_payment_method": "pm_card_visa"}
    return fresh_letter(system, "contract_charged", payer_ref=_known(system, invoice_settings=card))


def _new_there(system: System) -> LedgerDocument:
    return fresh_letter(system, "contract_new", customer_ref="001ContractNew")


@pytest.mark.parametrize("make", [_asked_to_pay, _charged, _new_there], ids=lambda make: make.__name__)
def test_what_we_send_and_what_is_answered_keep_stripes_contract(
    system: System, between: Between, ledger: Ledger, make: Callable[[System], LedgerDocument]
) -> None:
    """An invoice is made, filled, finalized and collected, found again, and credited in part."""
    invoice = make(system)
    posted = ledger.post(invoice)
    assert posted.total_minor == invoice.total_minor
    assert ledger.check().is_usable
    memo = replace(
        invoice,
        key=f"{invoice.key}_memo",
        kind="credit_memo",
        number=f"{invoice.number}-CM",
        total_minor=10_000,
        corrects_ref=posted.external_id,
    )
    assert ledger.post(memo).total_minor == 10_000
    assert ledger.find(memo.key, "credit_memo") is not None
    assert between.violations() == []


def test_the_checker_notices_a_request_that_breaks_the_contract(system: System, between: Between) -> None:
    key = {"Authorization": f"Bearer {system.line['credentials']['api_key']}"}
    answer = httpx.post(f"{between.address}/v1/invoices", headers=key, data={"no_such_parameter": "1"})
    assert answer.status_code == 400
    assert [each["kind"] for each in between.violations()] == ["request"]
