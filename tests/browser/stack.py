"""A whole installation on free ports: sandbox, store, worker and web app, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import Row, Select, select

from core.db.engine import open_engine
from core.db.tables import Contract, Customer, Delivery, Document, User
from core.kit.clock import utc_now
from core.policies.rules import decision_table
from core.runtime import Runtime
from core.settings import Settings
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import ReleasePolicy

ROOT = Path(__file__).parents[2]
SCALE, SEED = "0.05", "7"
T = TypeVar("T")
_tick = threading.Event()


def eventually(ask: Callable[[], T | None], what: str, seconds: float = 30) -> T:
    """Asks until the answer is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"did not happen in {seconds} s: {what}"
        _tick.wait(0.2)
    return answer


def strict_approval() -> dict[str, Any]:
    """Whatever reaches 1,000 is agreed by an approver, so that a small company has approvals enough; the rest goes
    straight through."""
    return decision_table(
        "approval",
        ["kind", "amount"],
        ["roles", "due_hours", "reason"],
        [
            ("S1", "", ">= 1000", "['approver']", "24", "'Amount of 1,000 or more'"),
            ("S9", "", "", "[]", "0", "'Small'"),
        ],
    )


@dataclass(frozen=True)
class Bill:
    """What the house has billed for a contract, as its store tells."""

    number: str
    state: str
    is_sent: bool


@dataclass
class Stack:
    """`folder` is the data folder; `database` the address of an empty, migrated store."""

    folder: Path
    database: str
    port: int = field(default_factory=lambda: free_port())
    sandbox_port: int = field(default_factory=lambda: free_port(4))
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Ready when the first synchronisation is done and the first page answers."""
        sandbox = ["sandbox", "--paused", "--scale", SCALE, "--seed", SEED, "--port", str(self.sandbox_port)]
        self._spawn(*sandbox, "--folder", str(self.folder))
        self._run("prepare")
        runtime = self.runtime()
        policy = ReleasePolicy(name="approval", model=strict_approval(), effective_from=date(2020, 1, 1))
        execute(runtime, policy, job("test"))
        runtime.engine.dispose()
        self._run("once", "pull_all")
        self._spawn("jobs", "work")
        self._spawn("streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port", str(self.port))
        eventually(self._is_answering, "the web app answers", 60)

    def stop(self) -> None:
        for process in reversed(self._running):
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait(timeout=30)

    def runtime(self) -> Runtime:
        settings = Settings(data_dir=self.folder, database_url=self.database, _env_file=None)
        return Runtime(settings, open_engine(self.database, pool_size=1), utc_now)

    def ledger(self) -> dict[str, Any]:
        """What NetSuite's books hold, as the emulator itself counts it."""
        found: dict[str, Any] = httpx.get(f"{self.line('netsuite')['address']}/_sandbox/ledger", timeout=20).json()
        return found

    def line(self, system: str) -> dict[str, Any]:
        """Address and credentials of one of the sandbox's systems."""
        systems: list[dict[str, Any]] = json.loads((self.folder / "systems.json").read_text())
        return next(line for line in systems if line["system"] == system)

    def letters_about(self, number: str) -> list[bytes]:
        """The enclosures of the messages in the mailbox whose subject names this invoice."""
        box = self.line("mail")["address"]
        found = httpx.get(f"{box}/messages", timeout=20).json()["data"]
        named = [message["id"] for message in found if number in message["subject"]]
        return [httpx.get(f"{box}/messages/{id}/attachments/0", timeout=20).content for id in named]

    def has_arrived(self, contract: str) -> bool:
        """Whether both the contract and who signed it have come from the CRM."""
        wanted = select(Contract.id).join(Customer, Customer.id == Contract.customer_id)
        return self._asked(wanted.where(Contract.number == contract)) is not None

    def bill_of(self, contract: str) -> Bill | None:
        """The contract's only invoice, once there is one."""
        wanted = select(Document.number, Document.state, Document.sent_at).where(Document.contract_number == contract)
        row = self._asked(wanted)
        return Bill(row.number, row.state, row.sent_at is not None) if row else None

    def _asked(self, statement: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]] | None:
        runtime = self.runtime()
        with runtime.reading() as session:
            row = session.execute(statement).one_or_none()
        runtime.engine.dispose()
        return row

    def posting_key(self, number: str) -> str | None:
        """The key under which the invoice is sent to the ledger, once it has been released."""
        runtime = self.runtime()
        with runtime.reading() as session:
            wanted = select(Delivery.key).join(Document, Document.id == Delivery.document_id)
            key = session.scalar(wanted.where(Document.number == number))
        runtime.engine.dispose()
        return key

    def ledger_number(self, key: str) -> str | None:
        """The number that the ledger gave to what was sent under `key`, once we know it."""
        runtime = self.runtime()
        with runtime.reading() as session:
            # The letter to the customer goes out under the same key.
            to_ledger = Delivery.system == "netsuite"
            number = session.scalar(select(Delivery.external_number).where(Delivery.key == key, to_ledger))
        runtime.engine.dispose()
        return number

    def note_change(self, number: str, email: str) -> None:
        """Leaves behind what a change of the invoice by this person does, while somebody looks at its approval."""
        runtime = self.runtime()
        with runtime.transaction() as session:
            document = session.scalars(select(Document).where(Document.number == number)).one()
            user = session.scalars(select(User).where(User.email == email)).one()
            document.changed_by = [*document.changed_by, str(user.id)]
        runtime.engine.dispose()

    def log(self) -> str:
        """Everything that the processes said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _environment(self) -> dict[str, str]:
        ours = {
            "DATABASE_URL": self.database,
            "DATA_DIR": str(self.folder),
            "SANDBOX_SYSTEMS": str(self.folder / "systems.json"),
            "PYTHONWARNINGS": "ignore",
        }
        return os.environ | ours

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "jobs", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"

    def _spawn(self, *module: str) -> None:
        with (self.folder / f"{module[0]}.log").open("wb") as log:
            command = [sys.executable, "-m", *module]
            self._running.append(
                subprocess.Popen(command, cwd=ROOT, env=self._environment(), stdout=log, stderr=subprocess.STDOUT)
            )

    def _is_answering(self) -> bool:
        assert all(process.poll() is None for process in self._running), self.log()
        try:
            return httpx.get(f"{self.address}/healthz", timeout=2).is_success
        except httpx.HTTPError:
            return False


def free_port(count: int = 1) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
        if first + count < 65_535 and all(_is_free(port) for port in range(first, first + count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
