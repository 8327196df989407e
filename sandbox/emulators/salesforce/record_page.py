"""A record for people, at the address that leads to it in a browser: the host and its id."""

from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.emulators.salesforce.identifiers import full_id
from sandbox.emulators.salesforce.objects import OBJECTS
from sandbox.emulators.salesforce.store import Doc, Store

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } td { padding: .4rem; border-bottom: 1px solid #d8dee6 }
"""
_BY_PREFIX = {sobject.prefix: name for name, sobject in OBJECTS.items()}


class RecordPages:
    """Whoever may reach the sandbox may read: there is nobody to sign in."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def answer(self, request: Request) -> Response:
        id = full_id(request.path_params["id"])
        kind = _BY_PREFIX.get(id[:3])
        doc = await run_in_threadpool(self._store.get, kind, id) if kind else None
        if kind is None or doc is None or doc.get("IsDeleted"):
            return HTMLResponse(_page("Data Not Available", "<p>The record does not exist or was deleted.</p>"), 404)
        return HTMLResponse(_page(str(doc.get("Name") or kind), f"<p>{escape(kind)}</p>{_table(doc)}"))


def _table(doc: Doc) -> str:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{_value(value)}</td></tr>" for name, value in sorted(doc.items()))
    return f"<table>{rows}</table>"


def _value(value: object) -> str:
    """An id leads on to its record."""
    text = "" if value is None else escape(str(value))
    is_id = len(text) == 18 and text.isalnum() and text[:3] in _BY_PREFIX
    return f'<a href="/{text}">{text}</a>' if is_id else text


def _page(title: str, body: str) -> str:
    head = f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>"
