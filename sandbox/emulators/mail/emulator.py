"""The mailbox: what arrives over SMTP can be listed, read and downloaded over HTTP."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.emulators.mail.bounces import Notifier
from sandbox.emulators.mail.box import Box, attachments, text_of
from sandbox.emulators.mail.pages import listing, reading
from sandbox.emulators.mail.smtp import USER, SmtpServer
from sandbox.emulators.mail.switches import MailSwitches, fits
from sandbox.faults import Faults, Guarded
from sandbox.records import Records


class Emulator:
    """State lives in `folder`/mail.sqlite."""

    name = "mail"
    kinds = ("message",)

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults) -> None:
        self.faults = faults
        self.switches = MailSwitches()
        self._now = now
        self._records = Records(folder / "mail.sqlite")
        self._password = self._kept("password")
        self._secret = self._kept("webhook_secret")
        self.box = Box(self._records)
        self._notifier = Notifier(self._secret)
        self._smtp = SmtpServer(self._password, self.switches, faults, self._take)
        self._smtp.start()
        self.app = Guarded(self.name, self._routes(), faults, _unavailable, self._counts)

    def _kept(self, name: str) -> str:
        """A secret of this mailbox, made once."""
        found = self._records.setting(name)
        if found is None:
            found = secrets.token_urlsafe(24)
            self._records.set_setting(name, found)
        return found

    def credentials(self) -> dict[str, str]:
        return {
            "host": "127.0.0.1",
            "port": str(self._smtp.port),
            "user": USER,
            "password": self._password,
            "webhook_secret": self._secret,
        }

    def register_webhook(self, url: str) -> None:
        """Tell this address what became of messages."""
        self._notifier.url = url

    def bounce(self, id: str, reason: str = "550 5.2.1 Mailbox closed") -> None:
        """The message is returned, although it was taken."""
        message = self.box.get(id)
        if message is not None:
            for address in message["to"]:
                self._tell(message, address, "bounced", reason)

    def load(self, kind: str, docs: Iterable[dict[str, Any]]) -> int:
        raise ValueError("messages arrive over SMTP")

    def save(self, kind: str, doc: dict[str, Any], event: str | None = None) -> None:
        raise ValueError("messages arrive over SMTP")

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        return self.box.get(id)

    def count(self, kind: str) -> int:
        return self._records.count(kind)

    def close(self) -> None:
        self._smtp.stop()
        self._notifier.stop()
        self._records.close()

    def _take(self, content: bytes, sender: str, recipients: list[str]) -> None:
        message = self.box.take(content, sender, recipients, int(self._now().timestamp()))
        for address in recipients:
            is_returned = fits(address, self.switches.bounce_later)
            reason = "550 5.2.1 The mailbox has been closed" if is_returned else None
            self._tell(message, address, "bounced" if is_returned else "delivered", reason)

    def _tell(self, message: dict[str, Any], address: str, type: str, reason: str | None) -> None:
        self._notifier.add(
            {
                "id": f"mev_{secrets.token_hex(8)}",
                "type": type,
                "message_id": message["message_id"],
                "recipient": address,
                "reason": reason,
                "at": int(self._now().timestamp()),
            }
        )

    def _counts(self) -> dict[str, int]:
        return {"message": self._records.count("message")}

    def _routes(self) -> list[Route]:
        return [
            Route("/_sandbox/switches", self._show_switches, methods=["GET", "POST"]),
            Route("/_sandbox/webhooks", self._show_webhooks),
            Route("/", self._show_page),
            Route("/read/{id}", self._read_page),
            Route("/messages", self._list),
            Route("/messages/{id}", self._message),
            Route("/messages/{id}/raw", self._raw),
            Route("/messages/{id}/bounce", self._bounce, methods=["POST"]),
            Route("/messages/{id}/attachments/{number:int}", self._attachment),
        ]

    async def _show_switches(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.switches.all())
        try:
            return JSONResponse(self.switches.set(await request.json()))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)

    def _show_webhooks(self, request: Request) -> Response:
        return JSONResponse({"waiting": self._notifier.waiting(), "url": self._notifier.url})

    def _show_page(self, request: Request) -> Response:
        return listing(self.box.list())

    def _read_page(self, request: Request) -> Response:
        id = request.path_params["id"]
        message, content = self.box.get(id), self.box.content(id)
        return _missing() if message is None or content is None else reading(message, content)

    def _list(self, request: Request) -> Response:
        return JSONResponse({"data": self.box.list(request.query_params.get("to"))})

    def _message(self, request: Request) -> Response:
        id = request.path_params["id"]
        message, content = self.box.get(id), self.box.content(id)
        if message is None or content is None:
            return _missing()
        headers = {name: str(value) for name, value in content.items()}
        bodies = {"text": text_of(content, "plain"), "html": text_of(content, "html")}
        return JSONResponse(message | bodies | {"headers": headers})

    def _raw(self, request: Request) -> Response:
        content = self.box.content(request.path_params["id"])
        return _missing() if content is None else Response(content.as_bytes(), media_type="message/rfc822")

    def _bounce(self, request: Request) -> Response:
        id = request.path_params["id"]
        if self.box.get(id) is None:
            return _missing()
        self.bounce(id)
        return JSONResponse({"status": "returned"})

    def _attachment(self, request: Request) -> Response:
        content = self.box.content(request.path_params["id"])
        files = list(attachments(content)) if content is not None else []
        number = int(request.path_params["number"])
        if number >= len(files):
            return _missing()
        name, type, body = files[number]
        return Response(body, media_type=type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _missing() -> Response:
    return JSONResponse({"error": "there is no such message"}, 404)


def _unavailable(kind: str) -> Response:
    return JSONResponse({"error": "the mailbox does not answer"}, 503)
