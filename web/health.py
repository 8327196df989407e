"""Is this process able to serve?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from core.runtime import is_store_reachable, shared_runtime


def healthz(_: Request) -> JSONResponse:
    """200 when the store answers, else 503."""
    if is_store_reachable(shared_runtime()):
        return JSONResponse({"status": "ok"})
    return JSONResponse({"status": "store unreachable"}, status_code=503)
