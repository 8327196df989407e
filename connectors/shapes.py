"""The edge: models of what vendors send, with only the fields that are read, and problems told as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, ValidationError

from core.canonical import CanonicalRecord
from core.kit.errors import Refused
from core.kit.json_text import as_json
from core.ports import ConnectorFailure, InDoubt, RawRecord, Transient

Number = Annotated[Decimal, Strict(False)]
Day = Annotated[date, Strict(False)]
Moment = Annotated[AwareDatetime, Strict(False)]
# Seconds since 1970, up to the year 9999; an id or a name that a key of ours can hold.
UnixSeconds = Annotated[int, Field(ge=0, lt=253_402_300_800)]
Token = Annotated[str, Field(pattern=r"^[!-~]{1,255}$")]
S = TypeVar("S", bound="Shape")
_MOST_DEPTH = 100
# Code of the failure of an answer that came, and whose form nobody here knows.
UNREADABLE = "unreadable"
Records = tuple[CanonicalRecord, ...]
Translator = Callable[[dict[str, Any]], Records]


class Shape(BaseModel):
    """Strict on the fields we read, so that a changed type is seen; blind to all others."""

    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())


def check_depth(content: object, most: int = _MOST_DEPTH) -> None:
    """Raises ValueError for JSON that is nested more deeply than anything meant to be read; the store would choke."""
    level = [content]
    for _ in range(most):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise ValueError(f"nested more than {most} deep")


def _inside(content: object) -> Iterable[object]:
    if isinstance(content, dict):
        return content.values()
    return content if isinstance(content, list) else ()


def translate(title: str, record: RawRecord, translator: Translator) -> Records:
    """Runs a translator; whatever does not fit is one ValueError with a readable sentence."""
    try:
        return translator(record.payload)
    except ValidationError as problem:
        raise ValueError(f"{title} sent “{record.kind}” in a form we do not know: {faults_of(problem)}.") from problem
    except Refused as problem:
        raise ValueError(f"{title} sent “{record.kind}” in a form we do not know: {problem.sentence}") from problem


def read(shape: type[S], content: object, told: str, exchange: dict[str, Any], *, is_write: bool = False) -> S:
    """A system's answer by its model. `told` begins the sentence about one that does not fit, such as "Stripe sent an
    invoice"; see `unreadable` for what is raised then."""
    try:
        return shape.model_validate(content)
    except ValidationError as problem:
        raise unreadable(f"{told} in a form that we do not know: {faults_of(problem)}.", exchange, is_write) from None


def unreadable(sentence: str, exchange: dict[str, Any], is_write: bool) -> ConnectorFailure:
    """An answer came and cannot be understood: after a write nobody knows what was done."""
    family = InDoubt if is_write else Transient
    return family(sentence, UNREADABLE, exchange)


def faults_of(problem: ValidationError) -> str:
    """The first three faults in words, such as "total is missing; currency should be a valid string"."""
    return "; ".join(_fault(error) for error in problem.errors(include_url=False)[:3])


def _fault(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the record"
    if error["type"] == "missing":
        return f"{where} is missing"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{where} {message[:1].lower()}{message[1:]}"


def one_line(*parts: str | None) -> str | None:
    """An address on one line, without what is empty."""
    return ", ".join(" ".join(part.split()) for part in parts if part and part.strip()) or None


def content_version(payload: Any) -> str:
    """A short fingerprint of a record that carries no stamp of its own."""
    return _fingerprint(as_json(payload))


def record_without_stamp(
    kind: str, external_id: str, payload: dict[str, Any], beside: dict[str, Any] | None = None
) -> RawRecord:
    """A record whose version is its fingerprint; the text that was made for it comes along. `beside` is kept with the
    payload, and is no part of its version."""
    text = as_json(payload)
    version = _fingerprint(text)
    if beside:
        payload, text = payload | beside, text[:-1] + b"," + as_json(beside)[1:]
    return RawRecord(kind, external_id, version, payload).with_text(text)


def record_with_stamp(kind: str, external_id: str, stamp: str, payload: dict[str, Any]) -> RawRecord:
    """As `record_without_stamp`, of a system whose stamps are too coarse to tell two changes apart: its version is the
    stamp, so that versions read in the order of time, with the fingerprint behind it."""
    text = as_json(payload)
    return RawRecord(kind, external_id, f"{stamp}+{_fingerprint(text)}", payload).with_text(text)


def _fingerprint(text: bytes) -> str:
    return blake2b(text, digest_size=12).hexdigest()


def whole(number: Decimal | None, field: str) -> int | None:
    """An integer that the vendor sends as a decimal."""
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError(f"{field} should be a whole number, not {number}")
    return int(number)


def first_or_none(items: Iterable[Any] | None) -> Any:
    return next(iter(items or ()), None)
