"""The shapes of NetSuite's answers: errors, collections, links."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.responses import Response

SECTIONS = {400: "#sec10.4.1", 401: "#sec10.4.2", 403: "#sec10.4.4", 404: "#sec10.4.5", 405: "#sec10.4.6"}
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Bad Request",  # the vendor's own: the title does not follow the status
    500: "Internal Server Error",
    503: "Service Unavailable",
}
RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"
VENDOR_JSON = "application/vnd.oracle.resource+json"


@dataclass
class Refused(Exception):
    """A request NetSuite would not serve. `place` is the field (o:errorPath), header or query parameter at fault."""

    status: int
    code: str
    detail: str
    place: str | None = None
    place_kind: str = "o:errorPath"
    title: str | None = None


def invalid_content(detail: str, path: str) -> Refused:
    return Refused(400, "INVALID_CONTENT", detail, path)


def bad_reference(path: str, field: str, value: object) -> Refused:
    text = f"Error while accessing a resource. Invalid Field Value {value} for the following field: {field}."
    return invalid_content(text, path)


def user_error(detail: str) -> Refused:
    return Refused(400, "USER_ERROR", f"Error while accessing a resource. {detail}")


def nonexistent(detail: str = "The record instance does not exist. Provide a valid record instance ID.") -> Refused:
    return Refused(404, "NONEXISTENT_ID", detail)


def bad_parameter(name: str, detail: str) -> Refused:
    return Refused(400, "INVALID_PARAMETER", detail, name, "o:errorQueryParam")


def json_text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_double)


def _double(value: Any) -> float:
    """NetSuite's numbers are JSON doubles; amounts are Decimal up to here."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def vendor_json(value: Any, form: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`form` is singular, collection or error, as in NetSuite's content type."""
    return Response(json_text(value), status, headers, f"{VENDOR_JSON}; type={form}")


def error_answer(refused: Refused) -> Response:
    error = {"detail": refused.detail, "o:errorCode": refused.code}
    if refused.place is not None:
        error[refused.place_kind] = refused.place
    body = {
        "type": RFC + SECTIONS.get(refused.status, "#sec10"),
        "title": refused.title or TITLES[refused.status],
        "status": refused.status,
        "o:errorDetails": [error],
    }
    return vendor_json(body, "error", refused.status)


def fault_answer(kind: str) -> Response:
    """What NetSuite answers when it is asked too much at once ("429"), breaks ("500") or is away ("outage")."""
    faults = {
        "429": Refused(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
        "500": Refused(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: lz4kq0e81sandbox"),
        "outage": Refused(503, "SERVICE_UNAVAILABLE", "NetSuite is not available at the moment. Try again later."),
    }
    return error_answer(faults[kind])


@dataclass(frozen=True)
class Window:
    """One page of a collection: which rows are asked for."""

    limit: int
    offset: int


def window(query: Mapping[str, str], cap: int = 100_000, pages: int = 1000) -> Window:
    """limit (default and at most 1000) and offset; the offset must be divisible by the limit."""
    limit, offset = _whole(query, "limit", 1000), _whole(query, "offset", 0)
    if not 1 <= limit <= 1000:
        raise bad_parameter("limit", "The limit must be a number from 1 to 1000.")
    if offset % limit:
        raise bad_parameter("offset", "The offset must be divisible by the limit.")
    if offset >= cap or offset // limit >= pages:
        raise bad_parameter("offset", f"Only the first {pages} pages and {cap} rows of a result can be read.")
    return Window(limit, offset)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise bad_parameter(name, f"The {name} must be a whole number.")
    return int(text)


def collection(address: str, items: list[Any], page: Window, total: int) -> dict[str, Any]:
    """The envelope of a page: links, count, hasMore, items, offset, totalResults."""
    has_more = page.offset + len(items) < total
    places = {"self": page.offset}
    if has_more:
        places |= {"next": page.offset + page.limit, "last": (total - 1) // page.limit * page.limit}
    if page.offset:
        places |= {"first": 0, "previous": page.offset - page.limit}
    links = [{"rel": rel, "href": f"{address}?limit={page.limit}&offset={at}"} for rel, at in places.items()]
    return {
        "links": links,
        "count": len(items),
        "hasMore": has_more,
        "items": items,
        "offset": page.offset,
        "totalResults": total,
    }
