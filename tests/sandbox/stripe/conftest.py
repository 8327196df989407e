"""A Stripe emulator behind a real port, the vendor's own client, and a receiver of webhooks."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from sandbox.emulators.stripe import Emulator
from sandbox.faults import Faults
from sandbox.server import Serving

PATIENCE_SECONDS = 5


class Clock:
    """Real time, plus what a test adds."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Receiver:
    """Keeps what is delivered. `refuse` holds statuses to answer first, one per request."""

    def __init__(self) -> None:
        self.bodies: list[tuple[bytes, str]] = []
        self.refuse: list[int] = []
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.take(body, self.headers["Stripe-Signature"]))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Tests print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, body: bytes, signature: str) -> int:
        with self._changed:
            if self.refuse:
                return self.refuse.pop(0)
            self.bodies.append((body, signature))
            self._changed.notify_all()
            return 200

    def wait(self, check: Callable[[list[tuple[bytes, str]]], Any]) -> list[tuple[bytes, str]]:
        """What has arrived, as soon as `check` is content with it."""
        with self._changed:
            assert self._changed.wait_for(lambda: check(self.bodies), PATIENCE_SECONDS), self.bodies
            return list(self.bodies)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults() -> Faults:
    return Faults(seed=1)


@pytest.fixture
def emulator(tmp_path: Path, clock: Clock, faults: Faults) -> Iterator[Emulator]:
    made = Emulator(tmp_path, clock, faults)
    made.switches.webhook_first_retry_ms = 10
    yield made
    made.close()


class Switchboard(Starlette):
    """One server for all tests: passes each request to the emulator of the test that runs."""

    emulator: Emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.emulator.app(scope, receive, send)


@pytest.fixture(scope="session")
def switchboard() -> Iterator[tuple[Switchboard, str]]:
    board = Switchboard()
    serving = Serving(board, 0)
    serving.start()
    yield board, serving.address
    serving.stop()


@pytest.fixture
def address(emulator: Emulator, switchboard: tuple[Switchboard, str]) -> str:
    board, address = switchboard
    board.emulator = emulator
    return address


@pytest.fixture
def client(emulator: Emulator, address: str) -> stripe.StripeClient:
    return stripe.StripeClient(emulator.credentials()["api_key"], base_addresses={"api": address})


@pytest.fixture
def v1(client: stripe.StripeClient) -> Any:
    return client.v1


@pytest.fixture
def raw(emulator: Emulator, address: str) -> Iterator[httpx.Client]:
    """Plain HTTP, for headers and for requests that the vendor's client would not send."""
    key = emulator.credentials()["api_key"]
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=10) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def customer(v1: Any) -> Any:
    return v1.customers.create({"name": "Arbor GmbH", "email": "ap@arbor.example", "address": {"country": "DE"}})


@pytest.fixture
def make_invoice(v1: Any, customer: Any) -> Callable[..., Any]:
    """An open invoice of so many minor units, by default EUR 119.00 with 19 % tax in it."""

    def make(amount: int = 10_000, percentage: float = 19.0, finalized: bool = True) -> Any:
        rate = v1.tax_rates.create({"display_name": "VAT", "percentage": percentage, "inclusive": False})
        invoice = v1.invoices.create(
            {
                "customer": customer.id,
                "collection_method": "send_invoice",
                "days_until_due": 30,
                "auto_advance": False,
                "currency": "eur",
                "pending_invoice_items_behavior": "exclude",
            }
        )
        item = {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": "eur"}
        v1.invoice_items.create({**item, "description": "HC-CORE", "tax_rates": [rate.id]})
        return v1.invoices.finalize_invoice(invoice.id) if finalized else v1.invoices.retrieve(invoice.id)

    return make


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Ask again until the answer is true."""

    def wait(check: Callable[[], Any]) -> Any:
        pause = threading.Event()
        for _ in range(PATIENCE_SECONDS * 50):
            if found := check():
                return found
            pause.wait(0.02)
        raise AssertionError("it never became true")

    return wait
