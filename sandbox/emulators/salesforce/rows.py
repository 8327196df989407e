"""/sobjects: describing, reading and writing single rows, and the windows of changed and deleted ones."""

from typing import Any

from sandbox.emulators.salesforce import stamps
from sandbox.emulators.salesforce.calls import NO_CONTENT, Call, Reply, answer
from sandbox.emulators.salesforce.describe import described, listed
from sandbox.emulators.salesforce.objects import OBJECTS
from sandbox.emulators.salesforce.org import Org, Several
from sandbox.emulators.salesforce.refusals import Refusal, no_such_field, not_found
from sandbox.emulators.salesforce.schema import Field, Sobject
from sandbox.emulators.salesforce.store import Doc

_DAY = 86_400_000
_WINDOWS = {"deleted": 15 * _DAY, "updated": 30 * _DAY}
MAX_IDS = 600_000


def answer_sobjects(org: Org, call: Call) -> Reply:
    """Everything below /sobjects."""
    path = call.path[1:]
    if not path:
        sobjects = [org.catalogue.need(name) for name in OBJECTS]
        return answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [listed(s, call) for s in sobjects]})
    sobject = org.catalogue.need(path[0])
    match call.method, path[1:]:
        case "GET", ():
            return answer(200, {"objectDescribe": listed(sobject, call), "recentItems": []})
        case "POST", ():
            return answer(201, {"id": org.create(sobject, call.json()), "success": True, "errors": []})
        case "GET", ("describe",):
            return answer(200, described(sobject, call))
        case "GET", ("deleted" | "updated" as window,):
            return _window(org, sobject, window, call)
        case _, (id,):
            return _one(org, sobject, id, call)
        case _, (key, value):
            return _by_key(org, sobject, key, value, call)
        case _:
            raise not_found()


def shown(org: Org, sobject: Sobject, doc: Doc, call: Call, names: list[str] | None = None) -> Doc:
    """A row as a client sees it: all fields, or those asked for."""
    fields = list(sobject.fields) if names is None else [_named(sobject, name) for name in names]
    if names is not None and "Id" not in names:
        fields.append(_named(sobject, "Id"))
    url = f"{call.root}/sobjects/{sobject.name}/{doc['Id']}"
    row: Doc = {"attributes": {"type": sobject.name, "url": url}}
    row |= {field.name: doc.get(field.name, False if field.type == "boolean" else None) for field in fields}
    return row | ({"Unannounced__c": "appeared without notice"} if org.faults.unknown_field else {})


def _named(sobject: Sobject, name: str) -> Field:
    field = sobject.field(name)
    if field is None:
        raise no_such_field(name, sobject.name)
    return field


def _one(org: Org, sobject: Sobject, id: str, call: Call) -> Reply:
    match call.method:
        case "GET" | "HEAD":
            names = call.params["fields"].split(",") if call.params.get("fields") else None
            return answer(200, shown(org, sobject, org.row(sobject, id), call, names))
        case "PATCH":
            org.update(sobject, id, call.json())
            return NO_CONTENT
        case "DELETE":
            org.remove(sobject, id)
            return NO_CONTENT
        case _:
            raise _wrong_method(call)


def _by_key(org: Org, sobject: Sobject, key: str, value: str, call: Call) -> Reply:
    """A row by external id; 300 with the list of matches if there are several, and then nothing is written."""
    try:
        if call.method == "PATCH":
            id, created = org.upsert(sobject, key, value, call.json())
            body = {"id": id, "success": True, "errors": [], "created": created}
            return answer(201 if created else 200, body)
        found = org.find(sobject, org.key_field(sobject, key), value)
    except Several as several:
        return _choices(sobject, several.ids, call)
    if len(found) > 1:
        return _choices(sobject, found, call)
    if not found:
        raise not_found()
    return _one(org, sobject, found[0], call)


def _choices(sobject: Sobject, ids: list[str], call: Call) -> Reply:
    return answer(300, [f"{call.root}/sobjects/{sobject.name}/{id}" for id in ids])


def _window(org: Org, sobject: Sobject, window: str, call: Call) -> Reply:
    """What was deleted or changed between two moments; at most 15 or 30 days back."""
    start, end = _moment(call, "start"), _moment(call, "end")
    now = org.store.now_ms()
    if start >= end or start < now - _WINDOWS[window]:
        message = f"startDate should be before endDate and at most {_WINDOWS[window] // _DAY} days back"
        raise Refusal(400, "INVALID_REPLICATION_DATE", message)
    # A transaction that is still open may put rows before the present: what is covered ends before it.
    covered = stamps.to_text(min(end, now - org.switches.late_commit_seconds * 1000))
    body: dict[str, Any]
    if window == "updated":
        ids = org.store.ids_between(sobject.name, start, end)
        _need_few(len(ids))
        body = {"ids": ids, "latestDateCovered": covered}
    else:
        gone = org.store.deleted_between(sobject.name, start, end)
        _need_few(len(gone))
        records = [{"id": id, "deletedDate": stamps.to_text(at)} for id, at in gone]
        earliest = stamps.to_text(now - _WINDOWS[window])
        body = {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": covered}
    return answer(200, body)


def _need_few(count: int) -> None:
    if count > MAX_IDS:
        raise Refusal(400, "EXCEEDED_ID_LIMIT", f"The number of ids is above the limit of {MAX_IDS}")


def _moment(call: Call, name: str) -> int:
    try:
        # A plus that was not quoted in the URL arrives as a space.
        return stamps.to_ms(call.params[name].replace(" ", "+"))
    except (KeyError, ValueError) as problem:
        raise Refusal(400, "INVALID_REPLICATION_DATE", f"{name} must be an ISO date and time with offset") from problem


def _wrong_method(call: Call) -> Refusal:
    message = f"HTTP Method '{call.method}' not allowed. Allowed are HEAD,GET,PATCH,DELETE"
    return Refusal(405, "METHOD_NOT_ALLOWED", message)
