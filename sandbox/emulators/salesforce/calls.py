"""One request to the data API and its answer, apart from HTTP, so that composite requests can make them too."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.emulators.salesforce.refusals import Refusal

JSON = "application/json;charset=UTF-8"
CSV = "text/csv"


@dataclass(frozen=True)
class Call:
    """`path` is what stands behind /services/data/vNN.0/, cut at the slashes; header names are in lower case."""

    method: str
    version: str
    path: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def root(self) -> str:
        return f"/services/data/{self.version}"

    def json(self) -> dict[str, Any]:
        """The body as an object, or the refusal Salesforce gives to anything else."""
        try:
            parsed = json.loads(self.body or b"{}")
        except (json.JSONDecodeError, UnicodeDecodeError) as problem:
            raise Refusal(400, "JSON_PARSER_ERROR", f"Unexpected character at {problem}") from problem
        if not isinstance(parsed, dict):
            raise Refusal(400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no object")
        return parsed


@dataclass(frozen=True)
class Reply:
    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = JSON


def answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(content, separators=(",", ":"), ensure_ascii=False), headers or {})


def refuse(refusal: Refusal) -> Reply:
    return answer(refusal.status, refusal.body())


NO_CONTENT = Reply(204)
