"""Checks the values that a client writes, and brings them into the form in which they are stored."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.emulators.salesforce import stamps
from sandbox.emulators.salesforce.identifiers import full_id, looks_like_id
from sandbox.emulators.salesforce.refusals import Refusal, no_such_field
from sandbox.emulators.salesforce.schema import NUMBERS, Field, Sobject

Exists = Callable[[str, str], bool]


def accept(sobject: Sobject, given: Mapping[str, Any], exists: Exists) -> dict[str, Any]:
    """The given fields under their proper names; `exists(kind, id)` tells whether a reference points to something."""
    accepted: dict[str, Any] = {}
    forbidden: list[str] = []
    for name, value in given.items():
        if name == "attributes":
            continue
        field = sobject.field(name)
        if field is None:
            raise no_such_field(name, sobject.name)
        if field.name == "Id":
            raise Refusal(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", ("Id",))
        if field.readonly:
            forbidden.append(field.name)
        else:
            accepted[field.name] = _stored(field, value, exists)
    if forbidden:
        message = (
            f"Unable to create/update fields: {', '.join(forbidden)}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set."
        )
        raise Refusal(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(forbidden))
    return accepted


def need_required(sobject: Sobject, doc: Mapping[str, Any], *, is_whole: bool) -> None:
    """Refuse a row without its required fields; of a part of a row, only those that it would empty."""
    required = (field.name for field in sobject.fields if field.required)
    missing = tuple(name for name in required if doc.get(name) is None and (is_whole or name in doc))
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise Refusal(400, "REQUIRED_FIELD_MISSING", message, missing)


def _stored(field: Field, value: Any, exists: Exists) -> Any:
    if value is None or value == "":
        return False if field.type == "boolean" else None
    match field.type:
        case "boolean":
            return value if isinstance(value, bool) else _refuse_type(field, value)
        case "reference":
            return _reference(field, value, exists)
        case "date":
            return value if isinstance(value, str) and stamps.is_date(value) else _refuse_type(field, value)
        case "datetime":
            return _moment(field, value)
        case kind if kind in NUMBERS:
            return _number(field, value)
        case _:
            return _text(field, value)


def _reference(field: Field, value: Any, exists: Exists) -> str:
    target = field.target or ""
    if not isinstance(value, str) or not looks_like_id(value):
        raise Refusal(400, "MALFORMED_ID", f"{target} ID: id value of incorrect type: {value}", (field.name,))
    if not exists(target, full_id(value)):
        raise Refusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
    return full_id(value)


def _moment(field: Field, value: Any) -> Any:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return _refuse_type(field, value)
    return stamps.to_text(stamps.to_ms(value)) if moment.tzinfo else stamps.to_text(stamps.to_ms(f"{value}Z"))


def _number(field: Field, value: Any) -> Any:
    """A number, or text that is one: a CSV has nothing else."""
    if isinstance(value, str):
        try:
            value = float(value) if not value.lstrip("+-").isdigit() else int(value)
        except ValueError:
            return _refuse_type(field, value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _refuse_type(field, value)
    return round(value) if field.type == "int" else value


def _text(field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return _refuse_type(field, value)
    if len(value) > field.length:
        message = f"{field.name}: data value too large: {value[:40]} (max length={field.length})"
        raise Refusal(400, "STRING_TOO_LONG", message, (field.name,))
    if field.type == "email" and "@" not in value[1:-1]:
        message = f"{field.name}: invalid email address: {value}"
        raise Refusal(400, "INVALID_EMAIL_ADDRESS", message, (field.name,))
    return value


def _refuse_type(field: Field, value: Any) -> Any:
    token = "VALUE_STRING" if isinstance(value, str) else "VALUE_NUMBER" if isinstance(value, (int, float)) else "START"
    message = (
        f"Cannot deserialize instance of {field.type} from {token} value {value} "
        "or request may be missing a required field at [line:1, column:1]"
    )
    raise Refusal(400, "JSON_PARSER_ERROR", message)
