"""/query and /queryAll: a first page, and further pages by locator."""

import json
import re
import threading
from dataclasses import dataclass
from typing import Any

from sandbox.emulators.salesforce.calls import Call, Reply, answer
from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.refusals import Refusal
from sandbox.emulators.salesforce.soql_parse import parse
from sandbox.emulators.salesforce.soql_sql import Plan, ids_parameter

MIN_BATCH, MAX_BATCH = 200, 2000
MAX_URI = 16_384
UNEXPECTED = '"Unannounced__c":"appeared without notice"'
_LOCATOR = re.compile(r"(?P<cursor>01g\w{15})-(?P<start>\d+)")


@dataclass(frozen=True)
class Cursor:
    """The result of a query as it was when it ran: later pages read the rows that were found then."""

    plan: Plan
    ids: list[str]
    batch: int
    opened: int


class Queries:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._lock = threading.Lock()
        self._cursors: dict[str, Cursor] = {}

    def answer(self, call: Call) -> Reply:
        """GET /query?q=..., /queryAll?q=... or the same with a locator behind it."""
        if len(call.path) > 1 and call.path[1]:
            return self._more(call, call.path[1])
        text = call.params.get("q")
        if text is None:
            raise Refusal(400, "MALFORMED_QUERY", "A query string has to be specified")
        plan = self.plan(text, with_deleted=call.path[0].lower() == "queryall")
        if plan.aggregates is not None:
            return self._grouped(plan)
        ids = self._ids(plan)
        if plan.is_count:
            return answer(200, {"totalSize": len(ids), "done": True, "records": []})
        cursor = Cursor(plan, ids, self._batch(call), self._org.store.now_ms())
        return self._page(call, cursor, 0, None)

    def plan(self, text: str, *, with_deleted: bool) -> Plan:
        return Plan(parse(text), self._org.catalogue, with_deleted=with_deleted)

    def ids(self, text: str, *, with_deleted: bool) -> tuple[Plan, list[str]]:
        """Plan a query for a bulk job, and find its rows."""
        plan = self.plan(text, with_deleted=with_deleted)
        if plan.select.is_grouped:
            raise Refusal(400, "INVALIDENTITY", "Aggregate Relationships not supported in Bulk Query")
        return plan, self._ids(plan)

    def _ids(self, plan: Plan) -> list[str]:
        sql, parameters = plan.ids_sql()
        return [row[0] for row in self._org.store.records.query(sql, parameters)]

    def _grouped(self, plan: Plan) -> Reply:
        aggregates = plan.aggregates
        assert aggregates is not None
        rows = self._org.store.records.query(aggregates.sql, aggregates.parameters)
        if len(rows) > MAX_BATCH:
            raise Refusal(500, "EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT")
        records: list[dict[str, Any]] = [aggregates.row(row) for row in rows]
        return answer(200, {"totalSize": len(records), "done": True, "records": records})

    def _more(self, call: Call, locator: str) -> Reply:
        match = _LOCATOR.fullmatch(locator)
        key = match["cursor"] if match else ""
        with self._lock:
            cursor = self._cursors.get(key)
        now = self._org.store.now_ms()
        is_expired = cursor is not None and now - cursor.opened > self._org.switches.locator_seconds * 1000
        if match is None or cursor is None or is_expired or int(match["start"]) >= len(cursor.ids):
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, cursor, int(match["start"]), key)

    def _page(self, call: Call, cursor: Cursor, start: int, key: str | None) -> Reply:
        end = start + cursor.batch
        extra = "," + UNEXPECTED if self._org.faults.unknown_field else ""
        sql = cursor.plan.page_sql(call.version, extra)
        rows = self._org.store.records.query(sql, [ids_parameter(cursor.ids[start:end])])
        head = f'{{"totalSize":{len(cursor.ids)},"done":{"true" if end >= len(cursor.ids) else "false"}'
        if end < len(cursor.ids):
            url = f"{call.root}/{call.path[0]}/{key or self._open(cursor)}-{end}"
            head += f',"nextRecordsUrl":{json.dumps(url)}'
        return Reply(200, f'{head},"records":[{",".join(row[0] for row in rows)}]}}')

    def _open(self, cursor: Cursor) -> str:
        key = f"01g{self._org.store.next_number('locator'):015d}"
        with self._lock:
            self._cursors[key] = cursor
            while len(self._cursors) > max(1, self._org.switches.open_locators):
                del self._cursors[next(iter(self._cursors))]
        return key

    def _batch(self, call: Call) -> int:
        options = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""))
        asked = int(options[1]) if options else MAX_BATCH
        return max(1, min(max(MIN_BATCH, min(asked, MAX_BATCH)), self._org.switches.page_rows))
