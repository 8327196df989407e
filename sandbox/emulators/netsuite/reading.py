"""Request bodies of the record service: names matched without case, values checked, references resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.emulators.netsuite.answers import Refused, bad_reference, invalid_content
from sandbox.emulators.netsuite.fields import Field, RecordType
from sandbox.emulators.netsuite.store import Store

IGNORED = {"id", "links", "refname"}
Line = dict[str, Any]


@dataclass
class Reading:
    """What a body says: field values by their proper names (None clears), lines by sublist, and fields nobody knows."""

    fields: dict[str, Any] = field(default_factory=dict)
    sublists: dict[str, list[Line]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object, its numbers exact."""
    try:
        document = json.loads(body or b"{}", parse_float=Decimal)
    except ValueError as problem:
        raise Refused(400, "INVALID_REQUEST", f"The request body is not valid JSON: {problem}") from problem
    if not isinstance(document, dict):
        raise Refused(400, "INVALID_REQUEST", "The request body must be a JSON object.")
    return document


class Reader:
    """Reads bodies; `strict` refuses an unknown field where otherwise it is dropped."""

    def __init__(self, store: Store, strict: bool) -> None:
        self._store = store
        self._strict = strict

    def read(self, kind: RecordType, document: Mapping[str, Any]) -> Reading:
        reading = Reading()
        for name, value in document.items():
            if name.lower() in kind.sublists:
                sublist = next(s for s in kind.sublists if s == name.lower())
                reading.sublists[sublist] = self._lines(kind.sublists[sublist], sublist, value, reading)
            elif name.lower() not in IGNORED:
                self._take(kind.fields, kind.custom, name, value, ("", reading.fields, reading))
        return reading

    def _lines(self, fields: Mapping[str, Field], sublist: str, value: Any, reading: Reading) -> list[Line]:
        items = value.get("items") if isinstance(value, dict) else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise invalid_content(
                f"Invalid value for the sub-resource field '{sublist}': send {{'items': [...]}}.", sublist
            )
        lines = []
        for number, item in enumerate(items):
            line: Line = {}
            for name, part in item.items():
                if name.lower() not in IGNORED:
                    self._take(fields, "custcol", name, part, (f"{sublist}.items[{number}].", line, reading))
            lines.append(line)
        return lines

    def _take(
        self, fields: Mapping[str, Field], custom: str, name: str, value: Any, into: tuple[str, dict[str, Any], Reading]
    ) -> None:
        prefix, target, reading = into
        known = fields.get(name.lower())
        if known is None and name.lower().startswith(custom):
            target[name.lower()] = value
        elif known is None:
            if self._strict:
                raise invalid_content(f"Unknown reference or field '{name}'. Provide a valid field.", prefix + name)
            reading.unknown.append(prefix + name)
        elif not known.read_only:
            target[known.name] = None if value is None else self._value(known, value, prefix + known.name)

    def _value(self, known: Field, value: Any, path: str) -> Any:
        if known.kind == "ref":
            return self._reference(known, value, path)
        try:
            return _plain(known.kind, value)
        except (ValueError, TypeError, AttributeError) as problem:
            detail = f"Invalid value for the resource or sub-resource field '{known.name}'. Provide a valid value."
            raise invalid_content(detail, path) from problem

    def _reference(self, known: Field, value: Any, path: str) -> str:
        """The internal id meant by {"id": "5"}, {"id": "eid:x"} or {"externalId": "x"}."""
        id = value.get("id") if isinstance(value, dict) else None
        external = value.get("externalId") if isinstance(value, dict) else None
        if id is None and external is None:
            detail = f"Invalid value for the resource or sub-resource field '{known.name}': a reference is an object."
            raise invalid_content(detail, path)
        text = f"eid:{external}" if id is None else str(id)
        if known.target is None:
            return text
        found = self._store.find(known.target, text)
        if found is None:
            raise bad_reference(path, known.name, text)
        return found


def _plain(kind: str, value: Any) -> Any:
    if kind == "number":
        return _number(value)
    if kind == "flag":
        return {True: "T", False: "F"}[_of(bool, value)]
    if kind == "date":
        return date.fromisoformat(value[:10]).isoformat()
    if kind == "enum":
        return str(value["id"]) if isinstance(value, dict) and "id" in value else _of(str, value)
    return str(_of((str, int, Decimal), value)) if kind == "text" else value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError("not a number")
    return Decimal(value)


def _of(kind: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"not {kind}")
    return value
