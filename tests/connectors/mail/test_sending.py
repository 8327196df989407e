"""Sending over a real SMTP server on this machine."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from connectors import mail
from connectors.mail.client import RECIPIENT_REFUSED
from connectors.mail.message import key_of, message_id
from core.ports import InDoubt, Misconfigured, Party, Rejected, Transient
from sandbox.emulators.mail import Emulator
from tests.connectors.mail.conftest import Open, enclose
from tests.core.documents.letters import BUYER, letter


def received(mailbox: Emulator) -> EmailMessage:
    (found,) = mailbox.box.list()
    content = mailbox.box.content(found["id"])
    assert content is not None
    return content


def test_the_message_has_words_a_link_and_the_pdf(mailbox: Emulator, open_ledger: Open) -> None:
    posted = open_ledger().post(letter())
    message = received(mailbox)
    assert posted.external_id == message["Message-ID"] == "<house_CT-5001-20261101@halden.example>"
    assert message["Subject"] == "Invoice DE-2026-000123 from Halden GmbH"
    assert (message["From"], message["Reply-To"]) == ("Halden GmbH <billing@halden.example>", "billing@halden.example")
    assert "ap@wisla.example" in message["To"] and "Żegluga" in message["To"]
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert "https://billing.example/i/token" in body.get_content()
        assert "EUR 2,570.40" in body.get_content()
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "Invoice-DE-2026-000123.pdf"
    assert attached.get_content()[:5] == b"%PDF-"


def test_what_a_customer_is_called_adds_no_header_and_no_markup(mailbox: Emulator, open_ledger: Open) -> None:
    name = 'Evil\r\nBcc: all@victims.example\r\n <img src=x onerror="alert(1)">'
    open_ledger().post(letter(buyer=Party(name, (), None, "ap@wisla.example")))
    message = received(mailbox)
    assert message["Bcc"] is None
    assert mailbox.box.list()[0]["to"] == ["ap@wisla.example"]
    html = message.get_body(("html",))
    assert html is not None and "<img" not in html.get_content()


@pytest.mark.parametrize(
    "email", [None, "", "nobody", "a@b", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example"]
)
def test_without_a_usable_address_nothing_is_sent(mailbox: Emulator, open_ledger: Open, email: str | None) -> None:
    with pytest.raises(Rejected) as raised:
        open_ledger().post(letter(buyer=Party("Nobody", (), None, email)))
    assert raised.value.code in ("address_missing", "address_unusable")
    assert mailbox.box.list() == []


def test_a_recipient_that_the_server_does_not_want_is_a_persons_business(mailbox: Emulator, open_ledger: Open) -> None:
    mailbox.switches.set({"reject": ["@wisla.example"]})
    with pytest.raises(Rejected, match=r"ap@wisla\.example refused") as raised:
        open_ledger().post(letter())
    assert raised.value.code == RECIPIENT_REFUSED


def test_greylisting_passes_by_itself(mailbox: Emulator, open_ledger: Open) -> None:
    mailbox.switches.set({"greylist": ["*"], "greylist_tries": 2})
    ledger = open_ledger()
    for _ in range(2):
        with pytest.raises(Transient, match="come back later"):
            ledger.post(letter())
    ledger.post(letter())
    assert len(mailbox.box.list()) == 1


@pytest.mark.parametrize("fault", [{"outage": True}, {"rate_429": 1.0}, {"rate_500": 1.0}])
def test_a_server_that_is_away_has_taken_nothing(mailbox: Emulator, open_ledger: Open, fault: dict[str, Any]) -> None:
    mailbox.faults.set(fault)
    with pytest.raises(Transient):
        open_ledger().post(letter())
    assert mailbox.box.list() == []


def test_nobody_listens_is_transient(mailbox: Emulator, open_ledger: Open) -> None:
    with pytest.raises(Transient, match="cannot be reached"):
        open_ledger(port=9).post(letter())


def test_a_line_that_breaks_after_the_message_is_in_doubt_and_sending_again_makes_no_second_one(
    mailbox: Emulator, open_ledger: Open
) -> None:
    ledger = open_ledger()
    mailbox.faults.set({"commit_then_disconnect": 1.0})
    with pytest.raises(InDoubt):
        ledger.post(letter())
    mailbox.faults.reset()
    assert ledger.find(letter().key, "invoice") is None
    ledger.post(letter())
    assert [each["copies"] for each in mailbox.box.list()] == [2]


def test_a_wrong_password_is_an_administrators_business_and_is_told_to_nobody(open_ledger: Open) -> None:
    ledger = open_ledger(password=SecretStr("not the password"))
    with pytest.raises(Misconfigured, match="refused our user or password") as raised:
        ledger.post(letter())
    assert "not the password" not in repr(raised.value.exchange) + raised.value.sentence
    assert not ledger.check().is_usable


def test_a_server_without_starttls_is_not_trusted_with_the_password(open_ledger: Open) -> None:
    with pytest.raises(Misconfigured, match="STARTTLS"):
        open_ledger(security="starttls").post(letter())


def test_a_connection_that_works_says_so(open_ledger: Open) -> None:
    assert open_ledger().check().is_usable


def test_the_exchange_shows_the_headers_and_no_secret(mailbox: Emulator, open_ledger: Open) -> None:
    posted = open_ledger().post(letter())
    assert posted.exchange["request"]["headers"]["To"].endswith("<ap@wisla.example>")
    assert mailbox.credentials()["password"] not in repr(posted.exchange)


def test_credit_memos_and_card_payers_read_their_own_words(mailbox: Emulator, open_ledger: Open) -> None:
    open_ledger().post(letter(kind="credit_memo", number="DE-CM-2026-000001", corrects_number="DE-2026-000100"))
    plain = received(mailbox).get_body(("plain",))
    assert plain is not None and "credit memo DE-CM-2026-000001 for invoice DE-2026-000100" in plain.get_content()


@pytest.mark.parametrize("key", ["house_CT-1-20261101", "house_CT 1/ü@x-20261101_2"])
def test_the_key_of_a_delivery_is_read_back_from_its_message_id(key: str) -> None:
    assert key_of(message_id(key, "halden.example")) == key


class _Keeper:
    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.taken.append(envelope.content)
        return "250 OK"


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext, _Keeper]]:
    """A server that offers STARTTLS with a certificate of its own: port, what trusts it, what it took."""
    certificate, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    keeper, loop = _Keeper(), asyncio.new_event_loop()

    def session() -> SMTP:
        return SMTP(keeper, tls_context=context, require_starttls=True, loop=loop)

    server = loop.run_until_complete(loop.create_server(session, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield server.sockets[0].getsockname()[1], ssl.create_default_context(cafile=str(certificate)), keeper
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    server.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return paths


def test_starttls_is_used_where_it_is_asked_for(secured: tuple[int, ssl.SSLContext, _Keeper]) -> None:
    port, trust, keeper = secured
    config = mail.Config(host="127.0.0.1", port=port, sender="billing@halden.example", _env_file=None)
    ledger = mail.build(config, enclose, tls=trust).ledger
    assert ledger is not None
    ledger.post(letter())
    assert len(keeper.taken) == 1


def test_a_certificate_of_a_stranger_is_not_trusted(secured: tuple[int, ssl.SSLContext, _Keeper]) -> None:
    port, _, keeper = secured
    config = mail.Config(host="127.0.0.1", port=port, sender="billing@halden.example", _env_file=None)
    ledger = mail.build(config, enclose).ledger
    assert ledger is not None
    with pytest.raises(Misconfigured, match="certificate"):
        ledger.post(letter())
    assert keeper.taken == []
    assert BUYER.email == "ap@wisla.example"
