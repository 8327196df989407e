"""Asynchronous requests: `Prefer: respond-async` answers 202 with a job, whose task holds the real answer."""

import json
from collections.abc import Callable

from starlette.responses import Response

from sandbox.emulators.netsuite.answers import VENDOR_JSON, Refused, error_answer, nonexistent, vendor_json
from sandbox.emulators.netsuite.store import Store
from sandbox.emulators.netsuite.switches import Switches

JOBS = "/services/rest/async/v1/job"


class Jobs:
    """The work is done at once; a job only looks unfinished for its first looks."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches

    def submit(self, base: str, key: str | None, work: Callable[[], Response]) -> Response:
        """Do the work as a job; an idempotency key seen before is refused with the place of the first job."""
        with self._store.transaction():
            before = self._store.records.query("SELECT id FROM job WHERE idempotency = ?", (key,)) if key else []
            if before:
                return self._conflict(f"{base}{JOBS}/{before[0][0]}")
            answer = work()
            headers = {name: value for name, value in answer.headers.items() if name == "location"}
            sql = "INSERT INTO job (idempotency, looks, status, headers, body) VALUES (?, 0, ?, ?, ?)"
            body = bytes(answer.body).decode()
            self._store.records.change(sql, (key, answer.status_code, json.dumps(headers), body))
            id = self._store.records.query("SELECT max(id) FROM job")[0][0]
        return Response(status_code=202, headers={"location": f"{base}{JOBS}/{id}"})

    def _conflict(self, place: str) -> Response:
        detail = "A request with the same idempotency key is already submitted. Use the Location header to see its job."
        answer = error_answer(Refused(400, "IDEMPOTENCY_ERROR", detail, title="Conflict"))
        answer.headers["location"] = place
        return answer

    def show(self, base: str, id: str, rest: tuple[str, ...]) -> Response:
        """job/5, job/5/task, job/5/task/1, and job/5/task/1/result: the answer the request itself would have had."""
        found = self._store.records.query("SELECT looks, status, headers, body FROM job WHERE id = ?", (id,))
        if not found:
            raise nonexistent("The job does not exist.")
        looks, status, headers, body = found[0]
        done = looks >= self._switches.job_looks
        self._store.records.change("UPDATE job SET looks = looks + 1 WHERE id = ?", (id,))
        address = f"{base}{JOBS}/{id}"
        if rest == ("task", "1", "result"):
            if not done:
                raise Refused(404, "NONEXISTENT_ID", "The task has not finished yet.")
            return Response(body, status, json.loads(headers), f"{VENDOR_JSON}; type=singular")
        if rest not in ((), ("task",), ("task", "1")):
            raise nonexistent("The resource does not exist.")
        state = {"completed": done, "progress": ("succeeded" if status < 400 else "failed") if done else "processing"}
        if rest == ("task",):
            task = {"links": [{"rel": "self", "href": f"{address}/task/1"}], "id": "1"}
            return vendor_json({"links": [], "count": 1, "items": [task], "totalResults": 1}, "collection")
        follow = "task" if not rest else "result"
        place = f"{address}/{'/'.join((*rest, follow))}"
        links = {"links": [{"rel": "self", "href": place}]}
        return vendor_json({"links": [], "id": id if not rest else "1", **state, follow: links}, "singular")
