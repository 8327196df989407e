"""The SMTP side, on a port of its own in a thread of its own."""

import asyncio
import hmac
import logging
import socket
import threading
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.emulators.mail.switches import MailSwitches, fits
from sandbox.faults import Faults

# It listens on this machine only: signing in without TLS is meant, and nobody need be told with each message.
warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
logging.getLogger("mail.log").setLevel(logging.ERROR)
USER = "quittance"
_START_SECONDS = 10
MOST_BYTES = 20_000_000
# What was taken: content, sender, recipients.
OnMessage = Callable[[bytes, str, list[str]], None]


class _Handler:
    """What aiosmtpd asks of us."""

    def __init__(self, switches: MailSwitches, faults: Faults, on_message: OnMessage) -> None:
        self._switches = switches
        self._faults = faults
        self._on_message = on_message
        self._tries: Counter[tuple[str, str]] = Counter()

    async def handle_MAIL(  # noqa: N802 (the library's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._faults.latency_ms:
            await asyncio.sleep(self._faults.latency_ms / 1000)
        if self._faults.outage or not self._faults.control.ready:
            return "421 4.3.2 Service not available"
        if self._faults.chance(self._faults.rate_429):
            return "450 4.7.1 Too many messages"
        if self._faults.chance(self._faults.rate_500):
            return "451 4.3.0 Local error in processing"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if fits(address, self._switches.reject):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if fits(address, self._switches.greylist):
            key = (str(envelope.mail_from), address)
            self._tries[key] += 1
            if self._tries[key] <= self._switches.greylist_tries:
                return "451 4.7.1 Greylisted, please try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        await asyncio.to_thread(self._on_message, content, str(envelope.mail_from), list(envelope.rcpt_tos))
        if self._faults.chance(self._faults.commit_then_disconnect) and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 Message accepted for delivery"


class SmtpServer:
    """Listens on 127.0.0.1; wants a sign-in."""

    def __init__(self, password: str, switches: MailSwitches, faults: Faults, on_message: OnMessage) -> None:
        self._password = password
        self._handler = _Handler(switches, faults, on_message)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"smtp {self.port}", daemon=True)

    def start(self) -> None:
        self._thread.start()
        if not self._listening.wait(_START_SECONDS):
            raise TimeoutError("the mailbox does not listen")

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(2)
        self._socket.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._loop.create_server(self._session, sock=self._socket))
        self._listening.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def _session(self) -> SMTP:
        return SMTP(
            self._handler,
            hostname="mailbox.sandbox",
            ident="Sandbox mailbox",
            data_size_limit=MOST_BYTES,
            authenticator=self._authenticate,
            auth_required=True,
            auth_require_tls=False,
            loop=self._loop,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        is_right = (
            isinstance(given, LoginPassword)
            and given.login == USER.encode()
            and hmac.compare_digest(given.password, self._password.encode())
        )
        return AuthResult(success=is_right, handled=False)
