"""CloudEvents 1.0 in JSON: from a request's body to usage records; what does not fit is named one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NoReturn

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)

from core.canonical import UsageRecord
from core.kit.errors import Refused

MOST_EVENTS = 1_000
SINGLE, BATCH, PLAIN = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"

# No control characters: the store takes none, and nobody can see them.
_CONTROL = r"\x00-\x1f\x7f"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=rf"^[^{_CONTROL}]+$")]


class Unreadable(Refused):
    """The body as a whole is not what its content type says; `status` is the answer's."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__("body.unreadable", sentence)
        self.status = status


def _quantity(value: object) -> object:
    """JSON knows true and false beside numbers; Python takes them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must be a number or a decimal in quotes")
    return value


def _instant(value: object) -> object:
    """A bare number could be seconds or milliseconds, or a mistake."""
    if not isinstance(value, str):
        raise ValueError("must be text such as 2026-11-02T12:00:00Z")
    return value


def _in_utc(instant: datetime) -> datetime:
    """Days are those of UTC, and the store does not know every offset that a sender may name."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond all time") from None


class _Usage(BaseModel):
    model_config = ConfigDict(extra="ignore")

    value: Annotated[Decimal, BeforeValidator(_quantity)] | None = None


class CloudEvent(BaseModel):
    """The attributes that usage needs; others are allowed and left alone."""

    model_config = ConfigDict(extra="ignore")

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Name
    subject: Name
    time: Annotated[AwareDatetime, BeforeValidator(_instant), AfterValidator(_in_utc)]
    data: _Usage | None = None

    def as_record(self) -> UsageRecord:
        value = self.data.value if self.data else None
        return UsageRecord(
            source=self.source, source_ref=self.id, meter=self.type, subject=self.subject, value=value, at=self.time
        )


@dataclass(frozen=True, slots=True)
class Read:
    """What could be read, and what could not: `index` in the batch, `id` if there is one, `code` and `sentence`."""

    records: tuple[UsageRecord, ...]
    malformed: tuple[dict[str, Any], ...]


def read_events(content_type: str, body: bytes) -> Read:
    """Raises Unreadable for what is wrong with the whole."""
    records, malformed = [], []
    for index, item in enumerate(_items(content_type, body)):
        try:
            records.append(CloudEvent.model_validate(item).as_record())
        except ValidationError as reason:
            malformed.append({"index": index, "id": _id_of(item), "code": "malformed", "sentence": _sentence(reason)})
    return Read(tuple(records), tuple(malformed))


def _items(content_type: str, body: bytes) -> list[Any]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (SINGLE, BATCH, PLAIN):
        raise Unreadable(415, f"Send {BATCH}, {SINGLE} or {PLAIN}.")
    content = _parsed(body)
    if kind == SINGLE or (kind == PLAIN and isinstance(content, dict)):
        content = [content]
    if not isinstance(content, list):
        raise Unreadable(400, "The body must be a list of events, or one event.")
    if kind == SINGLE and not isinstance(content[0], dict):
        raise Unreadable(400, f"With {SINGLE} the body must be one event. For several use {BATCH}.")
    if len(content) > MOST_EVENTS:
        raise Unreadable(413, f"A batch has at most {MOST_EVENTS:,} events; this one has {len(content):,}.")
    return content


def _parsed(body: bytes) -> Any:
    """Numbers keep every digit that was sent."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unreadable(400, "The body is not JSON.") from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _id_of(item: object) -> str | None:
    """As far as it can be shown and kept."""
    found = item.get("id") if isinstance(item, Mapping) else None
    if not isinstance(found, str):
        return None
    return re.sub(f"[{_CONTROL}]", "\N{REPLACEMENT CHARACTER}", found[:200].encode(errors="replace").decode())


def _sentence(reason: ValidationError) -> str:
    """What is wrong with the first attributes that are, in words."""
    told = [f"“{'.'.join(map(str, each['loc'])) or 'event'}” {_words(each)}" for each in reason.errors()[:3]]
    return "; ".join(told) + "."


def _words(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "value_error":
            return str(error["ctx"]["error"])
        case "timezone_aware":
            return "has no time zone"
        case "string_pattern_mismatch":
            return "has characters that cannot be shown"
        case "string_too_short":
            return "is empty"
        case "string_too_long":
            return "is longer than 200 characters"
        case "literal_error":
            return "must be 1.0"
        case "decimal_parsing" | "decimal_type" | "finite_number":
            return "must be a number or a decimal in quotes"
        case "datetime_from_date_parsing" | "datetime_parsing" | "datetime_object_invalid":
            return "must be an instant such as 2026-11-02T12:00:00Z"
        case _:
            return "is not as it should be: " + str(error["msg"]).lower()
