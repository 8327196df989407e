"""Bulk API 2.0 jobs: what is alike in query and ingest jobs, and the paths of both."""

import csv
import io
import json
from typing import Any

from sandbox.emulators.salesforce import stamps
from sandbox.emulators.salesforce.calls import Call
from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.refusals import Refusal

About = dict[str, Any]
DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}


def wrong_job(message: str) -> Refusal:
    return Refusal(400, "INVALIDJOB", message)


class Jobs:
    """The jobs of an org, kept in its store: what is told about each, and its content."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def open(self, call: Call, kind: str, state: str, content: Any) -> About:
        """Start a job of a call; `kind` is V2Query or V2Ingest."""
        asked = call.json()
        now = stamps.to_text(self._org.store.now_ms())
        about: About = {
            "id": f"7505e{self._org.store.next_number('job'):013d}",
            "operation": asked.get("operation"),
            "object": asked.get("object"),
            "createdById": "0055e0000000001AAA",
            "createdDate": now,
            "systemModstamp": now,
            "state": state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(call.version.removeprefix("v")),
            "jobType": kind,
            "lineEnding": asked.get("lineEnding", "LF"),
            "columnDelimiter": asked.get("columnDelimiter", "COMMA"),
        }
        if about["columnDelimiter"] not in DELIMITERS or about["lineEnding"] not in LINE_ENDS:
            raise wrong_job("Unknown columnDelimiter or lineEnding")
        self.keep(about, content)
        return about

    def keep(self, about: About, content: Any) -> None:
        values = (about["id"], json.dumps(about), json.dumps(content))
        self._org.store.records.change("INSERT OR REPLACE INTO job (id, about, content) VALUES (?, ?, ?)", values)

    def find(self, id: str, kind: str) -> tuple[About, Any]:
        rows = self._org.store.records.query("SELECT about, content FROM job WHERE id = ?", (id,))
        about: About = json.loads(rows[0][0]) if rows else {}
        if about.get("jobType") != kind:
            raise Refusal(404, "NOT_FOUND", f"The requested resource does not exist: job {id}")
        return about, json.loads(rows[0][1])

    def forget(self, id: str) -> None:
        self._org.store.records.change("DELETE FROM job WHERE id = ?", (id,))

    def advance(self, about: About, content: Any) -> About:
        """One look at a job that works: after as many as the switch says it is complete."""
        if about["state"] in ("UploadComplete", "InProgress"):
            looks = about.get("looks", 0)
            done = looks >= self._org.switches.bulk_polls
            about |= {"state": "JobComplete" if done else "InProgress", "looks": looks + 1}
            self.keep(about, content)
        return about


def told(about: About) -> About:
    """What a client is told about a job."""
    return {name: value for name, value in about.items() if name != "looks"}


def to_csv(about: About, header: list[str], rows: list[list[str]]) -> str:
    """CSV in the job's own manner, every cell in quotes as the vendor writes it."""
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=DELIMITERS[about["columnDelimiter"]],
        lineterminator=LINE_ENDS[about["lineEnding"]],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def from_csv(about: About, text: str) -> list[dict[str, str]]:
    """Rows of an uploaded CSV by column name."""
    delimiter = DELIMITERS[about["columnDelimiter"]]
    source = io.StringIO(text, newline="")
    return list(csv.DictReader(source, delimiter=delimiter, restkey="surplus", restval=""))
