"""The mailbox for people: a list of messages, and one of them."""

from datetime import UTC, datetime
from email.message import EmailMessage
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from sandbox.emulators.mail.box import text_of

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .5rem; border-bottom: 1px solid #d8dee6 }
iframe { width: 100%; height: 24rem; border: 1px solid #d8dee6; border-radius: 6px } .quiet { color: #65717f }
"""


def listing(messages: list[dict[str, Any]]) -> Response:
    rows = "".join(
        f'<tr><td class="quiet">{_when(each["received_at"])}</td><td>{escape(", ".join(each["to"]))}</td>'
        f'<td><a href="/read/{each["id"]}">{escape(each["subject"])}</a></td>'
        f"<td>{len(each['attachments'])} attached</td></tr>"
        for each in messages
    )
    body = f"<table><tr><th>Received</th><th>To</th><th>Subject</th><th></th></tr>{rows}</table>"
    return _page("Mailbox", body if messages else "<p>Nothing has arrived yet.</p>")


def reading(message: dict[str, Any], content: EmailMessage) -> Response:
    files = "".join(
        f'<li><a href="/messages/{message["id"]}/attachments/{number}">{escape(each["name"])}</a> '
        f'<span class="quiet">{each["bytes"]:,} bytes</span></li>'
        for number, each in enumerate(message["attachments"])
    )
    shown = text_of(content, "html") or f"<pre>{escape(text_of(content, 'plain') or '')}</pre>"
    said = f"From {escape(str(content['From']))} to {escape(str(content['To']))}, {_when(message['received_at'])}"
    frame = f'<iframe sandbox="allow-popups" srcdoc="{escape(shown, quote=True)}"></iframe>'
    body = f'<p class="quiet">{said}</p>{frame}<ul>{files}</ul><p><a href="/">All messages</a></p>'
    return _page(message["subject"], body)


def _when(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _page(title: str, body: str) -> Response:
    head = f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    return HTMLResponse(f"<!doctype html><html><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>")
