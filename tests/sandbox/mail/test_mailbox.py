"""The mailbox over HTTP: listing, reading, downloading; switches; notices to the sender."""

from __future__ import annotations

import json
import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.emulators.mail import Emulator
from sandbox.emulators.mail.bounces import signature
from sandbox.faults import Control, Faults
from sandbox.server import Serving
from tests.conformance.systems import MovingClock


class Listener:
    """Somebody's webhook: keeps what came."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, Any], str, str]] = []
        self.answer = 200
        self.arrived = threading.Semaphore(0)
        keeper = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                keeper.taken.append((json.loads(body), body, self.headers["X-Mail-Signature"]))
                self.send_response(keeper.answer)
                self.end_headers()
                keeper.arrived.release()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/webhooks/mail"


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path, MovingClock(), Faults(7, Control()))
    yield emulator
    emulator.close()


@pytest.fixture
def http(mailbox: Emulator) -> Iterator[httpx.Client]:
    serving = Serving(mailbox.app, 0)
    serving.start()
    with httpx.Client(base_url=serving.address) as client:
        yield client
    serving.stop()


def send(mailbox: Emulator, to: str, subject: str = "Invoice 1", id: str = "<a@b>") -> None:
    given = mailbox.credentials()
    message = EmailMessage()
    message["Subject"], message["Message-ID"], message["To"] = subject, id, to
    message.set_content("Dear customer")
    message.add_attachment(b"%PDF-1.4 content", maintype="application", subtype="pdf", filename="Invoice.pdf")
    with smtplib.SMTP(given["host"], int(given["port"]), timeout=10) as server:
        server.login(given["user"], given["password"])
        server.send_message(message, "billing@halden.example", [to])


def test_what_arrives_is_listed_read_and_downloaded(mailbox: Emulator, http: httpx.Client) -> None:
    send(mailbox, "ap@one.example")
    send(mailbox, "AP@two.example", "Invoice 2", "<c@d>")
    listed = http.get("/messages").json()["data"]
    assert {each["subject"] for each in listed} == {"Invoice 1", "Invoice 2"}
    (found,) = http.get("/messages", params={"to": "ap@two.example"}).json()["data"]
    read = http.get(f"/messages/{found['id']}").json()
    assert read["text"].strip() == "Dear customer"
    assert read["attachments"] == [{"name": "Invoice.pdf", "type": "application/pdf", "bytes": 16}]
    assert http.get(f"/messages/{found['id']}/attachments/0").content == b"%PDF-1.4 content"
    assert "Invoice 2" in http.get("/").text
    assert "Invoice.pdf" in http.get(f"/read/{found['id']}").text


def test_the_same_message_twice_is_one_with_two_copies(mailbox: Emulator) -> None:
    for _ in range(2):
        send(mailbox, "ap@one.example")
    assert [each["copies"] for each in mailbox.box.list()] == [2]


def test_what_is_not_there_is_not_found(http: httpx.Client) -> None:
    for path in ("/messages/x", "/messages/x/raw", "/messages/x/attachments/0", "/read/x"):
        assert http.get(path).status_code == 404


def test_nobody_sends_without_signing_in(mailbox: Emulator) -> None:
    given = mailbox.credentials()
    with smtplib.SMTP(given["host"], int(given["port"]), timeout=10) as server:
        server.ehlo()
        assert server.docmd("MAIL", "FROM:<a@b.example>")[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError):
            server.login(given["user"], "wrong")


def test_switches_are_set_over_http_and_wrong_ones_refused(mailbox: Emulator, http: httpx.Client) -> None:
    assert http.post("/_sandbox/switches", json={"reject": ["@gone.example"]}).status_code == 200
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mailbox, "ap@gone.example")
    assert http.post("/_sandbox/switches", json={"reject": "all"}).status_code == 400
    assert http.post("/_sandbox/switches", json={"unknown": []}).status_code == 400


def test_a_bounce_that_comes_later_is_told_with_a_signature(mailbox: Emulator, listener: Listener) -> None:
    mailbox.register_webhook(listener.url)
    mailbox.switches.set({"bounce_later": ["@full.example"]})
    send(mailbox, "ap@full.example")
    assert listener.arrived.acquire(timeout=20)
    event, body, header = listener.taken[0]
    assert (event["type"], event["message_id"], event["recipient"]) == ("bounced", "<a@b>", "ap@full.example")
    stamp = int(header.partition(",")[0].removeprefix("t="))
    assert header == signature(body, mailbox.credentials()["webhook_secret"], stamp)


def test_what_was_taken_is_told_as_delivered_and_told_again_until_somebody_listens(
    mailbox: Emulator, listener: Listener
) -> None:
    listener.answer = 503
    mailbox.register_webhook(listener.url)
    send(mailbox, "ap@one.example")
    assert listener.arrived.acquire(timeout=20)
    listener.answer = 200
    assert listener.arrived.acquire(timeout=20)
    assert [event["type"] for event, _, _ in listener.taken] == ["delivered", "delivered"]
    assert len({event["id"] for event, _, _ in listener.taken}) == 1


def test_a_message_can_be_returned_by_hand(mailbox: Emulator, http: httpx.Client, listener: Listener) -> None:
    send(mailbox, "ap@one.example")
    (found,) = mailbox.box.list()
    mailbox.register_webhook(listener.url)
    assert http.post(f"/messages/{found['id']}/bounce").status_code == 200
    for _ in range(2):
        assert listener.arrived.acquire(timeout=20)
    assert {event["type"] for event, _, _ in listener.taken} == {"delivered", "bounced"}


def test_messages_and_secrets_outlive_the_process(tmp_path: Path) -> None:
    first = Emulator(tmp_path, MovingClock(), Faults(7, Control()))
    send(first, "ap@one.example")
    given = first.credentials()
    first.close()
    second = Emulator(tmp_path, MovingClock(), Faults(7, Control()))
    assert len(second.box.list()) == second.count("message") == 1
    assert {k: v for k, v in second.credentials().items() if k != "port"} == {
        k: v for k, v in given.items() if k != "port"
    }
    second.close()
