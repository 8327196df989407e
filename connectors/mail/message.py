"""The message to a customer: words, the document as a file, and a link that opens it. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from urllib.parse import quote, unquote

from connectors.mail.config import Config
from core.kit.money import format_minor
from core.ports import Enclosure, LedgerDocument, Rejected

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
# Seven bits go through every server.
_EVERYWHERE = SMTP.clone(cte_type="7bit")
_STYLE = "font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5;color:#1f2933"
_BUTTON = "background:#1f4fd8;color:#ffffff;padding:10px 18px;border-radius:6px;text-decoration:none"


def message_id(key: str, domain: str) -> str:
    """The same for the same delivery, so that a message sent twice is one message to whoever receives it."""
    return f"<{quote(key, safe='')}@{domain}>"


def key_of(message_id: str) -> str:
    """The delivery's key behind an id of ours."""
    return unquote(message_id.strip().strip("<>").partition("@")[0])


def recipient_of(document: LedgerDocument) -> str:
    """Raises Rejected when there is no address, or none that a message can be sent to."""
    address = (document.buyer.email if document.buyer else None) or ""
    if not address:
        raise Rejected("The customer has no e-mail address for invoices.", "address_missing")
    if not _ADDRESS.fullmatch(address) or not address.isascii():
        raise Rejected(f"“{address}” is not an e-mail address that a message can be sent to.", "address_unusable")
    return address


def compose(document: LedgerDocument, enclosed: Enclosure, config: Config, at: datetime) -> EmailMessage:
    """`at` is the instant of sending; everything else follows from the document."""
    message = EmailMessage(_EVERYWHERE)
    name = config.sender_name or (document.seller.name if document.seller else "")
    message["From"] = _address(name, config.sender)
    message["To"] = _address(document.buyer.name if document.buyer else "", recipient_of(document))
    reply_to = config.reply_to or (document.seller.email if document.seller else None)
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = _one_line(f"{_what(document)} {document.number} from {name or 'us'}")
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(document.key, config.domain)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    said = _paragraphs(document)
    message.set_content(_as_text(said, enclosed.view_address))
    message.add_alternative(_as_html(said, enclosed.view_address), subtype="html")
    message.add_attachment(enclosed.content, maintype="application", subtype="pdf", filename=enclosed.file_name)
    return message


def _address(name: str, address: str) -> Address:
    return Address(_one_line(name), addr_spec=address)


def _one_line(text: str) -> str:
    """A header holds one line: nothing that somebody named a customer can add another."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _what(document: LedgerDocument) -> str:
    return "Credit memo" if document.kind == "credit_memo" else "Invoice"


def _paragraphs(document: LedgerDocument) -> list[str]:
    amount = f"{document.currency} {format_minor(document.total_minor, document.currency)}"
    name = _one_line(document.buyer.name) if document.buyer else "customer"
    if document.kind == "credit_memo":
        corrected = f" for invoice {document.corrects_number}" if document.corrects_number else ""
        body = f"attached is credit memo {document.number}{corrected} over {amount}. Nothing is to be paid."
    elif document.pays_by == "card":
        body = f"attached is invoice {document.number} over {amount}. It is collected from your payment method on file."
    else:
        body = f"attached is invoice {document.number} over {amount}, due on {_day(document.due_date)}."
    signed = document.seller.name if document.seller else "Accounts receivable"
    about = ", ".join(
        part
        for part in (
            f"contract {document.contract_number}" if document.contract_number else "",
            f"purchase order {document.po_number}" if document.po_number else "",
        )
        if part
    )
    told = [f"Dear {name},", body[:1].upper() + body[1:]]
    return [*told, *([f"It concerns {about}."] if about else []), "Kind regards", signed]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _as_text(said: list[str], address: str | None) -> str:
    link = [f"See it online: {address}"] if address else []
    return "\n\n".join([*said[:-2], *link, "\n".join(said[-2:])]) + "\n"


def _as_html(said: list[str], address: str | None) -> str:
    shown = [f"<p>{escape(each)}</p>" for each in said[:-2]]
    if address:
        shown.append(f'<p><a style="{_BUTTON}" href="{escape(address, quote=True)}">See it online</a></p>')
    shown.append(f"<p>{'<br>'.join(escape(each) for each in said[-2:])}</p>")
    return f'<html><body style="{_STYLE}">{"".join(shown)}</body></html>\n'
