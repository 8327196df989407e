"""Serves the emulators, each on a port of its own in a thread of its own."""

import socket
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette

from sandbox.faults import Control, Faults
from sandbox.tls import Certificates

SYSTEMS = ("stripe", "salesforce", "netsuite", "mail", "avatax")
OVER_TLS = ("salesforce",)
START_SECONDS = 20


class Emulator(Protocol):
    """What every vendor's package exports as Emulator."""

    name: str
    kinds: tuple[str, ...]
    app: Starlette

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults) -> None: ...

    def credentials(self) -> dict[str, str]: ...

    def load(self, kind: str, docs: Iterable[dict[str, Any]]) -> int: ...

    def save(self, kind: str, doc: dict[str, Any], event: str | None = None) -> None: ...

    def get(self, kind: str, id: str) -> dict[str, Any] | None: ...

    def count(self, kind: str) -> int: ...

    def close(self) -> None: ...


def open_emulators(
    names: Iterable[str], folder: Path, now: Callable[[], datetime], control: Control, seed: int
) -> dict[str, Emulator]:
    """One emulator per name, by the vendor's package, imported only when asked for."""
    opened: dict[str, Emulator] = {}
    for name in names:
        vendor = import_module(f"sandbox.emulators.{name}")
        opened[name] = vendor.Emulator(folder, now, Faults(seed, control))
    return opened


class _Server(uvicorn.Server):
    """Tells when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()


class PortUnusable(Exception):
    """Somebody else listens there, or nobody may; the message is for people."""


def take_port(port: int) -> socket.socket:
    """A socket on 127.0.0.1 whose port is nobody else's from now on; 0 takes a free one. Raises PortUnusable."""
    # Named as TCP, because asyncio turns Nagle's delay (40 ms an answer) off for such sockets only.
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
        taken.listen()
    except OSError as reason:
        taken.close()
        raise PortUnusable(f"Port {port} cannot be used: {reason.strerror}. Choose another with --port.") from None
    return taken


def take_ports(names: Iterable[str], first: int) -> dict[str, socket.socket]:
    """A port per system, one behind the other from the first on, or free ones: all of them or none."""
    taken: dict[str, socket.socket] = {}
    try:
        for offset, name in enumerate(names):
            taken[name] = take_port(first + offset if first else 0)
    except PortUnusable:
        for each in taken.values():
            each.close()
        raise
    return taken


class Serving:
    """One app on 127.0.0.1, on a port (0 = a free one) or on a socket of `take_port`. With certificates it serves
    HTTPS."""

    def __init__(self, app: Starlette, port: int | socket.socket, certificates: Certificates | None = None) -> None:
        self._socket = take_port(port) if isinstance(port, int) else port
        self.port = int(self._socket.getsockname()[1])
        self.address = f"{'https' if certificates else 'http'}://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            ssl_certfile=str(certificates.certificate) if certificates else None,
            ssl_keyfile=str(certificates.key) if certificates else None,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name=f"port {self.port}", daemon=True
        )

    def start(self) -> None:
        """Returns when connections are accepted."""
        self._thread.start()
        if not self._server.accepting.wait(START_SECONDS):
            raise TimeoutError(f"nothing listens on port {self.port} after {START_SECONDS} s")

    def stop(self) -> None:
        """Ends within about a second."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(2)
        self._socket.close()
