"""SMTP: one connection per message, sign-in, and one translator of what servers answer."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from connectors.http import Masker
from connectors.mail.config import Config
from core.ports import ConnectorFailure, InDoubt, Misconfigured, Rejected, Transient

TITLE = "E-mail"
# The receiving server, asked for the recipient, will not have the message: the address is wrong or closed.
RECIPIENT_REFUSED = "recipient_refused"


@dataclass(frozen=True, slots=True)
class _Said:
    """What a server answered: its three digits and its words."""

    code: int
    words: str

    @property
    def is_for_later(self) -> bool:
        return 400 <= self.code < 500


class Client:
    """Every failure comes out as one of the four families."""

    def __init__(self, config: Config, tls: ssl.SSLContext | None = None) -> None:
        self._config = config
        self._tls = tls or ssl.create_default_context()
        secret = config.password.get_secret_value() if config.password else ""
        self._masker = Masker(secret)

    def sign_in(self) -> None:
        with self._connection():
            return

    def send(self, message: EmailMessage, recipient: str) -> str:
        """Hands the message over and answers the server's words. InDoubt when the line breaks once it was sent."""
        with self._connection() as server:
            self._ask(server.mail(self._config.sender), recipient, about_recipient=False)
            self._ask(server.rcpt(recipient), recipient, about_recipient=True)
            try:
                said = _said(server.data(message.as_bytes()))
            except smtplib.SMTPDataError as problem:
                # Refused before the content went over.
                raise self._failure(_Said(problem.smtp_code, _text(problem.smtp_error)), recipient, False) from problem
            except (smtplib.SMTPServerDisconnected, OSError) as problem:
                sentence = "The connection to the mail server broke before it said whether it took the message."
                raise InDoubt(sentence, "no_answer") from problem
            if said.code != 250:
                raise self._failure(said, recipient, about_recipient=False)
        return self._masker.text(said.words)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """A connection that is signed in. What is raised while it is used passes through; closing never fails."""
        server = self._open()
        try:
            self._secure(server)
            yield server
        except (smtplib.SMTPServerDisconnected, OSError) as problem:
            raise Transient("The connection to the mail server broke.", "connection") from problem
        finally:
            _close(server)

    def _open(self) -> smtplib.SMTP:
        config = self._config
        try:
            if config.security == "tls":
                return smtplib.SMTP_SSL(config.host, config.port, timeout=config.timeout_seconds, context=self._tls)
            return smtplib.SMTP(config.host, config.port, timeout=config.timeout_seconds)
        except ssl.SSLCertVerificationError as problem:
            raise Misconfigured("The certificate of the mail server could not be verified.", "certificate") from problem
        except smtplib.SMTPConnectError as problem:
            said = _Said(problem.smtp_code, _text(problem.smtp_error))
            raise self._failure(said, "", about_recipient=False) from problem
        except (smtplib.SMTPServerDisconnected, OSError) as problem:
            raise Transient("The mail server cannot be reached.", "unreachable") from problem

    def _secure(self, server: smtplib.SMTP) -> None:
        config = self._config
        try:
            server.ehlo_or_helo_if_needed()
            if config.security == "starttls":
                server.starttls(context=self._tls)
                server.ehlo()
            if config.user and config.password:
                server.login(config.user, config.password.get_secret_value())
        except ssl.SSLCertVerificationError as problem:
            raise Misconfigured("The certificate of the mail server could not be verified.", "certificate") from problem
        except smtplib.SMTPAuthenticationError as problem:
            if 400 <= problem.smtp_code < 500:
                raise Transient("The mail server cannot sign us in at the moment.", "sign_in") from problem
            raise Misconfigured("The mail server refused our user or password.", "authentication") from problem
        except smtplib.SMTPNotSupportedError as problem:
            missing = "STARTTLS" if config.security == "starttls" and not server.has_extn("starttls") else "sign-in"
            raise Misconfigured(f"The mail server does not offer {missing}.", "not_offered") from problem
        except (smtplib.SMTPHeloError, smtplib.SMTPResponseException) as problem:
            said = _Said(problem.smtp_code, _text(problem.smtp_error))
            raise self._failure(said, "", about_recipient=False) from problem

    def _ask(self, answer: tuple[int, bytes], recipient: str, *, about_recipient: bool) -> None:
        said = _said(answer)
        if said.code not in (250, 251):
            raise self._failure(said, recipient, about_recipient)

    def _failure(self, said: _Said, recipient: str, about_recipient: bool) -> ConnectorFailure:
        """The one translator: 4xx is for the clock, 5xx for a person; a refused sender is an administrator's affair."""
        words = self._masker.text(said.words)
        code, exchange = str(said.code), {"response": {"status": said.code, "body": words}}
        if said.is_for_later:
            return Transient(f"The mail server asks us to come back later: {words}", code, exchange)
        if said.code in (530, 534, 535, 538):
            return Misconfigured(f"The mail server wants another sign-in: {words}", code, exchange)
        if about_recipient:
            sentence = f"The mail server of {recipient} refused the message: {words}"
            return Rejected(sentence, RECIPIENT_REFUSED, exchange)
        return Rejected(f"The mail server refused the message: {words}", code, exchange)


def _said(answer: tuple[int, bytes]) -> _Said:
    return _Said(answer[0], _text(answer[1]))


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split()) or "no reason given"


def _close(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
