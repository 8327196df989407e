"""The metadata catalogue: which record types there are, and their fields."""

from collections.abc import Sequence
from typing import Any

from sandbox.emulators.netsuite.answers import nonexistent
from sandbox.emulators.netsuite.calls import Call
from sandbox.emulators.netsuite.fields import RECORD_TYPES, Field, RecordType
from sandbox.emulators.netsuite.render import RECORDS

TYPES = {"number": "number", "flag": "boolean", "ref": "object", "enum": "object", "any": "object"}
FORMATS = {"number": "double", "date": "date", "stamp": "date-time"}


def catalogue(call: Call, rest: Sequence[str]) -> dict[str, Any]:
    """The list of record types (narrowed by select=), or the JSON schema of one."""
    if rest:
        kind = RECORD_TYPES.get(rest[0].lower())
        if kind is None:
            raise nonexistent(f"Record type '{rest[0]}' does not exist.")
        return _schema(kind)
    wanted = {name.strip().lower() for name in call.query.get("select", "").split(",") if name.strip()}
    kinds = [kind for key, kind in RECORD_TYPES.items() if not wanted or key in wanted]
    address = f"{call.base}{RECORDS}/metadata-catalog"
    return {"items": [{"name": k.name, "links": [{"rel": "canonical", "href": f"{address}/{k.name}"}]} for k in kinds]}


def _schema(kind: RecordType) -> dict[str, Any]:
    properties: dict[str, Any] = {known.name: _property(known) for known in kind.fields.values()}
    properties |= {name: {"type": "object"} for name in kind.sublists}
    return {"type": "object", "properties": {"id": {"type": "string"}, **properties}}


def _property(known: Field) -> dict[str, Any]:
    form = FORMATS.get(known.kind)
    return {"type": TYPES.get(known.kind, "string")} | ({"format": form} if form else {})
