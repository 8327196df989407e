"""An invoice as its customer sees it: whoever holds the link in the message, without a sign-in."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.runtime import StoreUnreachable, shared_runtime
from core.workflow.papers import LinkEnded, paper_of_token
from web.turnstile import Turnstile

_MOST_CHARACTERS = 64
# Per address: enough for an office behind one, far too few to try tokens.
_turnstile = Turnstile(calls=60, seconds=60)
_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}


async def show(request: Request) -> Response:
    """200 with the PDF; 410 for a link that has ended, 404 for any token that is not ours, 429 after too many tries."""
    token = str(request.path_params["token"])
    if not _turnstile.lets_in(request.client.host if request.client else "unknown"):
        return PlainTextResponse("Too many requests. Try again in a minute.", 429, headers={"Retry-After": "60"})
    if len(token) > _MOST_CHARACTERS or not token.isascii():
        return _unknown()
    try:
        paper = await anyio.to_thread.run_sync(paper_of_token, shared_runtime(), token)
    except LinkEnded as reason:
        return PlainTextResponse(reason.sentence, 410, _HEADERS)
    except StoreUnreachable:
        return PlainTextResponse("This cannot be shown at the moment. Try again in a minute.", 503)
    if paper is None:
        return _unknown()
    named = {"Content-Disposition": f'inline; filename="{paper.file_name}"'}
    return Response(paper.content, media_type="application/pdf", headers=_HEADERS | named)


def _unknown() -> Response:
    return PlainTextResponse("This link does not open anything. Ask whoever sent it for a new one.", 404, _HEADERS)
