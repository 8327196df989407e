"""/composite and /composite/batch: several requests in one. The answer is 200 even when parts fail."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.emulators.salesforce.calls import Call, Reply, answer
from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.refusals import Refusal

MAX_PARTS = 25
_REFERENCE = re.compile(r"@\{(?P<name>\w+)(?P<steps>[^}]*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
Handle = Callable[[Call], Reply]


class _Undo(Exception):
    """Leaves a transaction so that nothing of it stays."""


def answer_composite(org: Org, call: Call, handle: Handle) -> Reply:
    """Run the parts in order; with allOrNone the first failure takes all others back."""
    body = call.json()
    parts = _checked(body.get("compositeRequest"))
    all_or_none = body.get("allOrNone") is True
    replies: list[tuple[str, Reply]] = []
    try:
        with org.store.records.transaction():
            known: dict[str, Any] = {}
            for part in parts:
                replies.append((str(part.get("referenceId")), _answer_part(part, call, handle, known)))
                if all_or_none and replies[-1][1].status >= 300:
                    raise _Undo
    except _Undo:
        failed = len(replies) - 1
        halted = answer(400, Refusal(400, "PROCESSING_HALTED", _ROLLED_BACK).body())
        names = [str(part.get("referenceId")) for part in parts]
        replies = [replies[failed] if number == failed else (name, halted) for number, name in enumerate(names)]
    return answer(200, {"compositeResponse": [_part_json(name, reply) for name, reply in replies]})


def answer_batch(call: Call, handle: Handle) -> Reply:
    """Independent requests: no references, nothing is taken back."""
    parts = _checked(call.json().get("batchRequests"))
    replies = [
        _run(part["method"], f"/services/data/{part['url']}", part.get("richInput"), call, handle) for part in parts
    ]
    results = [{"statusCode": reply.status, "result": _content(reply)} for reply in replies]
    return answer(200, {"hasErrors": any(reply.status >= 400 for reply in replies), "results": results})


def _checked(parts: Any) -> list[dict[str, Any]]:
    if not isinstance(parts, list) or not parts or len(parts) > MAX_PARTS:
        raise Refusal(400, "LIMIT_EXCEEDED", f"1 to {MAX_PARTS} subrequests are allowed")
    if not all(isinstance(part, dict) and part.get("method") and part.get("url") for part in parts):
        raise Refusal(400, "JSON_PARSER_ERROR", "every subrequest needs a method and a url")
    return parts


def _answer_part(part: dict[str, Any], call: Call, handle: Handle, known: dict[str, Any]) -> Reply:
    try:
        filled = _filled({"url": part.get("url", ""), "body": part.get("body")}, known)
    except KeyError as missing:
        message = f"Invalid reference specified. No value for {missing.args[0]} found"
        return answer(400, Refusal(400, "PROCESSING_HALTED", message).body())
    reply = _run(str(part.get("method")), filled["url"], filled["body"], call, handle)
    if reply.status < 300:
        known[str(part.get("referenceId"))] = _content(reply)
    return reply


def _run(method: str, url: str, body: Any, call: Call, handle: Handle) -> Reply:
    cut = urlsplit(url)
    match = re.fullmatch(r"/services/data/(v[\d.]+)/(.*)", cut.path)
    if match is None:
        return answer(400, Refusal(400, "INVALID_REQUEST", f"Provided URL is not a data API URL: {url}").body())
    path = tuple(unquote(step) for step in match[2].strip("/").split("/"))
    content = b"" if body is None else json.dumps(body).encode()
    return handle(Call(method.upper(), match[1], path, dict(parse_qsl(cut.query)), call.headers, content))


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """The value with every @{name.field} in it replaced; KeyError names the reference that leads nowhere."""
    match value:
        case str():
            return _REFERENCE.sub(lambda match: str(_looked_up(match, known)), value)
        case list():
            return [_filled(item, known) for item in value]
        case dict():
            return {name: _filled(item, known) for name, item in value.items()}
        case _:
            return value


def _looked_up(match: re.Match[str], known: dict[str, Any]) -> Any:
    reference = match["name"] + match["steps"]
    try:
        found = known[match["name"]]
        for name, index in _STEP.findall(match["steps"]):
            found = found[name] if name else found[int(index)]
    except (KeyError, IndexError, TypeError) as problem:
        raise KeyError(reference) from problem
    return found


def _part_json(name: str, reply: Reply) -> dict[str, Any]:
    return {
        "body": _content(reply),
        "httpHeaders": dict(reply.headers),
        "httpStatusCode": reply.status,
        "referenceId": name,
    }


def _content(reply: Reply) -> Any:
    return json.loads(reply.text) if reply.text else None
