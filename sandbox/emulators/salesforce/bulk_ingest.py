"""Bulk API 2.0 ingest jobs: /jobs/ingest. A job is complete even when rows failed; the results tell which."""

from typing import Any

from sandbox.emulators.salesforce.bulk import About, Jobs, from_csv, to_csv, told, wrong_job
from sandbox.emulators.salesforce.calls import CSV, NO_CONTENT, Call, Reply, answer
from sandbox.emulators.salesforce.many_rows import Outcome, outcomes, upserted
from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.refusals import Refusal, not_found
from sandbox.emulators.salesforce.schema import Sobject
from sandbox.emulators.salesforce.store import Doc

KIND = "V2Ingest"
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_RESULTS = ("successfulresults", "failedresults", "unprocessedrecords")
_EMPTY = "#N/A"


class IngestJobs:
    """Content of a job: the uploaded text, and after processing the outcome of each row."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs = Jobs(org)

    def answer(self, call: Call) -> Reply:
        match call.method, call.path[2:]:
            case "POST", ():
                return self._create(call)
            case "GET", (id,):
                return answer(200, told(self._jobs.advance(*self._jobs.find(id, KIND))))
            case "PUT", (id, "batches"):
                return self._upload(id, call)
            case "PATCH", (id,):
                return self._set_state(id, call.json().get("state"))
            case "DELETE", (id,):
                self._jobs.find(id, KIND)
                self._jobs.forget(id)
                return NO_CONTENT
            case "GET", (id, results) if results.lower() in _RESULTS:
                return self._results(id, results.lower())
            case _:
                raise not_found()

    def _create(self, call: Call) -> Reply:
        asked = call.json()
        sobject = self._org.catalogue.find(str(asked.get("object")))
        if sobject is None or asked.get("operation") not in _OPERATIONS:
            raise wrong_job(f"Unable to find object or operation: {asked.get('object')}, {asked.get('operation')}")
        key = asked.get("externalIdFieldName")
        if asked["operation"] == "upsert":
            field = sobject.field(str(key))
            if field is None or not (field.external or field.name == "Id"):
                raise wrong_job(f"InvalidJob : Field name provided, {key} does not match an External ID")
        about = self._jobs.open(call, KIND, "Open", {})
        about["contentUrl"] = f"services/data/{call.version}/jobs/ingest/{about['id']}/batches"
        if key:
            about["externalIdFieldName"] = key
        self._jobs.keep(about, {})
        return answer(200, told(about))

    def _upload(self, id: str, call: Call) -> Reply:
        about, content = self._jobs.find(id, KIND)
        if about["state"] != "Open" or "text" in content:
            raise Refusal(400, "INVALIDJOBSTATE", "Upload is possible once, and only into an Open job")
        self._jobs.keep(about, {"text": call.body.decode("utf-8-sig")})
        return Reply(201)

    def _set_state(self, id: str, state: object) -> Reply:
        about, content = self._jobs.find(id, KIND)
        if state == "Aborted":
            about["state"] = "Aborted"
        elif state == "UploadComplete" and about["state"] == "Open" and "text" in content:
            content["outcomes"] = self._process(about, content["text"])
            failed = sum(1 for outcome in content["outcomes"] if not outcome["success"])
            counts = {"numberRecordsProcessed": len(content["outcomes"]), "numberRecordsFailed": failed}
            about |= {"state": "UploadComplete", "retries": 0, **counts}
        else:
            raise Refusal(400, "INVALIDJOBSTATE", f"A job that is {about['state']} cannot become {state}")
        self._jobs.keep(about, content)
        return answer(200, told(about))

    def _process(self, about: About, text: str) -> list[Outcome]:
        sobject = self._org.catalogue.need(about["object"])
        rows: list[Doc] = [_typed(sobject, row) for row in from_csv(about, text)]
        return outcomes(self._org, rows, lambda row: self._write(about, sobject, row), all_or_none=False)

    def _write(self, about: About, sobject: Sobject, row: Doc) -> Outcome:
        """One row of the upload; empty cells leave a field as it is."""
        org, id = self._org, str(row.get("Id") or "")
        given = {name: value for name, value in row.items() if name != "Id"}
        match about["operation"]:
            case "insert":
                return {"id": org.create(sobject, given), "success": True, "created": True}
            case "update":
                org.update(sobject, id, given)
            case "upsert":
                return upserted(org, sobject, about["externalIdFieldName"], row)
            case _:
                org.remove(sobject, id)
        return {"id": id, "success": True, "created": False}

    def _results(self, id: str, which: str) -> Reply:
        about, content = self._jobs.find(id, KIND)
        rows = from_csv(about, content.get("text", ""))
        header = list(rows[0]) if rows else []
        results: list[Outcome] = content.get("outcomes", [])
        if which == "unprocessedrecords":
            left = [] if results or about["state"] != "Aborted" else rows
            return Reply(200, to_csv(about, header, [list(row.values()) for row in left]), media=CSV)
        is_wanted = which == "successfulresults"
        paired = [(o, row) for o, row in zip(results, rows, strict=bool(results)) if o["success"] == is_wanted]
        second = "sf__Created" if is_wanted else "sf__Error"
        lines = [[o.get("id", ""), _second(o), *row.values()] for o, row in paired]
        return Reply(200, to_csv(about, ["sf__Id", second, *header], lines), media=CSV)


def _second(outcome: Outcome) -> str:
    if outcome["success"]:
        return str(bool(outcome.get("created"))).lower()
    error = outcome["errors"][0]
    return f"{error['statusCode']}:{error['message']}:{','.join(error['fields'])}--"


def _typed(sobject: Sobject, row: dict[str, str]) -> Doc:
    """The cells of a CSV row as values; numbers stay text, which a write understands."""
    typed: dict[str, Any] = {}
    for name, cell in row.items():
        field = sobject.field(name)
        if cell == "":
            continue
        is_boolean = field is not None and field.type == "boolean"
        typed[name] = None if cell == _EMPTY else cell.lower() in ("true", "1") if is_boolean else cell
    return typed
