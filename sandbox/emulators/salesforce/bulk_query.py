"""Bulk API 2.0 query jobs: /jobs/query."""

import base64
import binascii
import json

from sandbox.emulators.salesforce.bulk import About, Jobs, to_csv, told, wrong_job
from sandbox.emulators.salesforce.calls import CSV, NO_CONTENT, Call, Reply, answer
from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.queries import Queries
from sandbox.emulators.salesforce.refusals import Refusal, not_found
from sandbox.emulators.salesforce.soql_sql import ids_parameter

KIND = "V2Query"
MAX_RECORDS = 50_000


class QueryJobs:
    """The rows are found when the job is made, and read when its results are."""

    def __init__(self, org: Org, queries: Queries) -> None:
        self._org = org
        self._queries = queries
        self._jobs = Jobs(org)

    def answer(self, call: Call) -> Reply:
        match call.method, call.path[2:]:
            case "POST", ():
                return self._create(call)
            case "GET", (id,):
                return answer(200, told(self._jobs.advance(*self._jobs.find(id, KIND))))
            case "PATCH", (id,):
                about, content = self._jobs.find(id, KIND)
                self._jobs.keep(about | {"state": "Aborted"}, content)
                return answer(200, told(about | {"state": "Aborted"}))
            case "DELETE", (id,):
                self._jobs.find(id, KIND)
                self._jobs.forget(id)
                return NO_CONTENT
            case "GET", (id, "results"):
                return self._results(id, call)
            case _:
                raise not_found()

    def _create(self, call: Call) -> Reply:
        asked = call.json()
        operation, text = asked.get("operation"), asked.get("query")
        if operation not in ("query", "queryAll") or not isinstance(text, str):
            raise wrong_job("operation must be query or queryAll, with a query")
        plan, ids = self._queries.ids(text, with_deleted=operation == "queryAll")
        content = {"query": text, "ids": ids, "with_deleted": operation == "queryAll"}
        about = self._jobs.open(call, KIND, "UploadComplete", content)
        about |= {"object": plan.sobject.name, "numberRecordsProcessed": len(ids), "retries": 0}
        self._jobs.keep(about, content)
        return answer(200, told(about))

    def _results(self, id: str, call: Call) -> Reply:
        about, content = self._jobs.find(id, KIND)
        if about["state"] != "JobComplete":
            raise Refusal(400, "INVALIDJOBSTATE", f"Results are not there while the job is {about['state']}")
        ids: list[str] = content["ids"]
        start = _start(call.params.get("locator", ""))
        asked = call.params.get("maxRecords", "")
        end = start + max(1, min(int(asked) if asked.isdigit() else MAX_RECORDS, MAX_RECORDS))
        text = self._csv(about, content["query"], ids[start:end], content["with_deleted"])
        headers = {
            "Sforce-Locator": _locator(end) if end < len(ids) else "null",
            "Sforce-NumberOfRecords": str(len(ids[start:end])),
        }
        return Reply(200, text, headers, CSV)

    def _csv(self, about: About, text: str, ids: list[str], with_deleted: bool) -> str:
        plan = self._queries.plan(text, with_deleted=with_deleted)
        rows = self._org.store.records.query(plan.csv_sql(), [ids_parameter(ids)])
        return to_csv(about, plan.paths, [[_cell(cell) for cell in row] for row in rows])


def _cell(text: str) -> str:
    """The JSON text of a value as a CSV cell: null is empty, text loses its quotes."""
    if text == "null":
        return ""
    return str(json.loads(text)) if text.startswith('"') else text


def _locator(start: int) -> str:
    return base64.b64encode(str(start).encode()).decode().rstrip("=")


def _start(locator: str) -> int:
    if not locator:
        return 0
    try:
        return int(base64.b64decode(locator + "=" * (-len(locator) % 4)))
    except (binascii.Error, ValueError) as problem:
        raise Refusal(400, "INVALID_LOCATOR", f"Invalid query locator: {locator}") from problem
