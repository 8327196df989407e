"""The emulator as the sandbox sees it."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.emulators.avatax.answers import Refused, error_answer
from sandbox.emulators.avatax.api import Api
from sandbox.emulators.avatax.book import KIND, Book
from sandbox.emulators.avatax.switches import AvaTaxSwitches
from sandbox.faults import Faults, Guarded
from sandbox.records import Records

ACCOUNT, COMPANY = "2000134479", "HALDEN"


class Emulator:
    """State lives in `folder`/avatax.sqlite. An id of a record is "company/type/code"."""

    name = "avatax"
    kinds = (KIND,)

    def __init__(self, folder: Path, now: Callable[[], datetime], faults: Faults) -> None:
        self.faults = faults
        self.switches = AvaTaxSwitches()
        self._records = Records(folder / "avatax.sqlite")
        self._license = self._records.setting("license_key") or secrets.token_hex(8).upper()
        self._records.set_setting("license_key", self._license)
        book = Book(self._records, now, self.switches)
        api = Api(book, f"{ACCOUNT}:{self._license}", COMPANY, faults)
        routes = [Route("/_sandbox/switches", self._show_switches, methods=["GET", "POST"]), *api.routes()]
        self.app = Guarded(self.name, routes, faults, self._fault, self._records.counts)

    def credentials(self) -> dict[str, str]:
        return {"account_id": ACCOUNT, "license_key": self._license, "company_code": COMPANY}

    def load(self, kind: str, docs: Iterable[dict[str, Any]]) -> int:
        raise ValueError("transactions are created through the API")

    def save(self, kind: str, doc: dict[str, Any], event: str | None = None) -> None:
        raise ValueError("transactions are created through the API")

    def get(self, kind: str, id: str) -> dict[str, Any] | None:
        return self._records.get(kind, id)

    def count(self, kind: str) -> int:
        return self._records.count(kind)

    def close(self) -> None:
        self._records.close()

    def _fault(self, kind: str) -> Response:
        if kind == "429":
            headers = {"Retry-After": "2"} if self.switches.retry_after else None
            return error_answer(Refused(429, "RequestLimitExceeded", "Too many requests.", headers=headers))
        status = 503 if kind == "outage" else 500
        return error_answer(Refused(status, "ServerError", "AvaTax is not available at the moment."))

    async def _show_switches(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.switches.all())
        try:
            return JSONResponse(self.switches.set(await request.json()))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
