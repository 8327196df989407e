"""/composite/sobjects: up to 200 rows in one call. The answer is 200 even when rows fail: each has its outcome."""

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.emulators.salesforce.calls import Call, Reply, answer
from sandbox.emulators.salesforce.identifiers import full_id
from sandbox.emulators.salesforce.org import Org, Several
from sandbox.emulators.salesforce.refusals import Refusal, not_found
from sandbox.emulators.salesforce.rows import shown
from sandbox.emulators.salesforce.schema import Sobject
from sandbox.emulators.salesforce.store import Doc

MAX_ROWS = 200
_ROLLED_BACK = Refusal(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
Outcome = dict[str, Any]
Work = Callable[[Doc], Outcome]


class _Undo(Exception):
    """Leaves a transaction so that nothing of it stays."""


def answer_collection(org: Org, call: Call) -> Reply:
    match call.method, call.path[2:]:
        case "POST", ():
            return _run(org, call, lambda row: _created(org, row))
        case "PATCH", ():
            return _run(org, call, lambda row: _updated(org, row))
        case "PATCH", (kind, key):
            sobject = org.catalogue.need(kind)
            org.key_field(sobject, key)
            return _run(org, call, _once(key, lambda row: upserted(org, sobject, key, row)))
        case "DELETE", ():
            rows: list[Doc] = [{"Id": id} for id in call.params.get("ids", "").split(",") if id]
            all_or_none = call.params.get("allOrNone", "false").lower() == "true"
            return answer(200, outcomes(org, rows, lambda row: _removed(org, row), all_or_none))
        case "GET", (kind,):
            return _read(org, org.catalogue.need(kind), call)
        case _:
            raise not_found()


def outcomes(org: Org, rows: Sequence[Doc], work: Work, all_or_none: bool) -> list[Outcome]:
    """What became of each row. With `all_or_none` one failure takes the others back."""
    done: list[Outcome] = []
    try:
        with org.store.part():
            done = [_outcome(row, work) for row in rows]
            if all_or_none and not all(outcome["success"] for outcome in done):
                raise _Undo
    except _Undo:
        rolled = {"success": False, "errors": [_ROLLED_BACK.row()]}
        done = [rolled if outcome["success"] else outcome for outcome in done]
    return done


def upserted(org: Org, sobject: Sobject, key: str, row: Doc) -> Outcome:
    """Insert or update one row by the external id it carries; by Id, a row without one is inserted."""
    value = next((value for name, value in row.items() if name.lower() == key.lower()), None)
    given = {name: value for name, value in row.items() if name.lower() != key.lower()}
    if value is None or value == "":
        if key.lower() != "id":
            raise Refusal(400, "MISSING_ARGUMENT", f"{key} not specified", ())
        return {"id": org.create(sobject, given), "success": True, "errors": [], "created": True}
    id, created = org.upsert(sobject, key, str(value), given)
    return {"id": id, "success": True, "errors": [], "created": created}


def _outcome(row: Doc, work: Work) -> Outcome:
    try:
        return work(row)
    except Refusal as refusal:
        return {"success": False, "errors": [refusal.row()]}
    except Several as several:
        message = f"Multiple records with the external id were found: {several.ids}"
        return {"success": False, "errors": [Refusal(400, "DUPLICATE_EXTERNAL_ID", message).row()]}


def _run(org: Org, call: Call, work: Work) -> Reply:
    body = call.json()
    rows = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refusal(400, "JSON_PARSER_ERROR", "records must be a list of objects")
    if len(rows) > MAX_ROWS:
        message = f"record limit reached. cannot submit more than {MAX_ROWS} records into this operation"
        raise Refusal(400, "EXCEEDED_ID_LIMIT", message)
    return answer(200, outcomes(org, rows, work, body.get("allOrNone") is True))


def _once(key: str, work: Work) -> Work:
    """A second row with the same external id in one call is refused."""
    seen: set[object] = set()

    def checked(row: Doc) -> Outcome:
        value = next((value for name, value in row.items() if name.lower() == key.lower()), None)
        if value is not None and value in seen:
            raise Refusal(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", (key,))
        seen.add(value)
        return work(row)

    return checked


def _typed(org: Org, row: Doc) -> Sobject:
    kind = (row.get("attributes") or {}).get("type")
    sobject = org.catalogue.find(kind) if isinstance(kind, str) else None
    if sobject is None:
        raise Refusal(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
    return sobject


def _created(org: Org, row: Doc) -> Outcome:
    return {"id": org.create(_typed(org, row), row), "success": True, "errors": []}


def _updated(org: Org, row: Doc) -> Outcome:
    id = next((value for name, value in row.items() if name.lower() == "id"), None)
    if not isinstance(id, str):
        raise Refusal(400, "MISSING_ARGUMENT", "Id not specified in an update call", ())
    org.update(_typed(org, row), id, {name: value for name, value in row.items() if name.lower() != "id"})
    return {"id": full_id(id), "success": True, "errors": []}


def _removed(org: Org, row: Doc) -> Outcome:
    id = str(row["Id"])
    org.remove(org.kind_of(id), id)
    return {"id": full_id(id), "success": True, "errors": []}


def _read(org: Org, sobject: Sobject, call: Call) -> Reply:
    """Rows by id, null where there is none."""
    names = [name for name in call.params.get("fields", "Id").split(",") if name]
    rows: list[Doc | None] = []
    for id in call.params.get("ids", "").split(","):
        doc = org.store.get(sobject.name, full_id(id))
        rows.append(shown(org, sobject, doc, call, names) if doc and not doc.get("IsDeleted") else None)
    return answer(200, rows)
