"""The shapes of AvaTax's answers: errors, numbers, dates."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.responses import Response

# Names of the codes, and the numbers that Avalara gives them.
NUMBERS = {
    "EntityNotFoundError": 4,
    "ValueRequiredError": 5,
    "RangeError": 6,
    "StringLengthError": 13,
    "DateFormatError": 26,
    "AuthenticationException": 30,
    "AuthenticationIncomplete": 34,
    "InvalidParameterValue": 46,
    "AddressConflictException": 301,
    "MissingAddress": 304,
    "InvalidAddress": 309,
    "DocumentNotCommitted": 313,
    "CannotModifyLockedTransaction": 1100,
    "TransactionAlreadyExists": 1303,
    "TransactionIsCommitted": 1313,
    "CannotModifyTransaction": 1314,
    "RequestLimitExceeded": 1715,
    "ServerError": 1,
}


@dataclass
class Refused(Exception):
    """A request that AvaTax would not serve; `refers_to` is the field or parameter at fault."""

    status: int
    code: str
    message: str
    refers_to: str | None = None
    headers: dict[str, str] | None = None


def required(field: str) -> Refused:
    return Refused(400, "ValueRequiredError", f"Field {field} is required.", field)


def not_found(what: str) -> Refused:
    return Refused(404, "EntityNotFoundError", f"{what} not found.")


def answer(value: Any, status: int = 200) -> Response:
    return Response(json_text(value), status, media_type="application/json")


def json_text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_number)


def _number(value: Any) -> float:
    """Amounts are JSON numbers; Decimal up to here."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def error_answer(refused: Refused) -> Response:
    is_ours = refused.status >= 500
    detail = {
        "code": refused.code,
        "number": NUMBERS[refused.code],
        "message": refused.message,
        "description": refused.message,
        "faultCode": "Server" if is_ours else "Client",
        "helpLink": f"http://developer.avalara.com/avatax/errors/{refused.code}",
        "severity": "Exception" if is_ours else "Error",
    }
    if refused.refers_to is not None:
        detail["refersTo"] = refused.refers_to
    target = "Unknown" if is_ours else "IncorrectData"
    error = {"code": refused.code, "message": refused.message, "target": target, "details": [detail]}
    return Response(json_text({"error": error}), refused.status, refused.headers, "application/json")


def stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
