"""List pages: filters, cursors, newest first. A page is stored texts joined; nothing is parsed unless expanded."""

import json
from typing import Any

from .indexes import FILTERS
from .refusals import bad_parameter, missing
from .shapes import PREFIXES, Doc, page
from .store import EVENT_DAYS, Store, text_of

KIND_BY_PREFIX = {prefix: kind for kind, prefix in PREFIXES.items()}
RANGES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
Clauses = tuple[list[str], list[Any]]


def list_page(store: Store, kind: str, params: Doc, url: str, fixed: Doc | None = None) -> str:
    """One page as JSON text. `fixed` are filters that the address itself gives."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise bad_parameter("parameter_invalid_integer", f"This value must be between 1 and 100: {limit}", "limit")
    texts, has_more = _texts(store, kind, {**params, **(fixed or {})}, limit)
    paths = [p.removeprefix("data.") for p in params.get("expand", []) if p.startswith("data.")]
    if paths:
        texts = [text_of(expand(store, json.loads(text), paths)) for text in texts]
    if store.faults.unknown_field:
        texts = [with_surprise(text) for text in texts]
    head = f'{{"object":"list","url":{json.dumps(url)},"has_more":{str(has_more).lower()},"data":['
    return head + ",".join(texts) + "]}"


def _texts(store: Store, kind: str, params: Doc, limit: int) -> tuple[list[str], bool]:
    clauses, values = _filters(store, kind, params)
    direction, order = "<", "DESC"
    cursor = params.get("starting_after")
    if params.get("ending_before"):
        direction, order, cursor = ">", "ASC", params["ending_before"]
    if cursor:
        clauses.append(f"(created, id) {direction} (?, ?)")
        values += _position(store, kind, cursor, "ending_before" if order == "ASC" else "starting_after")
    where = " AND ".join([f"kind = '{kind}'", *clauses])
    ids = store.records.query(
        f"SELECT id FROM record WHERE {where} ORDER BY created {order}, id {order} LIMIT ?", (*values, limit + 1)
    )
    has_more, wanted = len(ids) > limit, [row[0] for row in ids[:limit]]
    if order == "ASC":
        wanted.reverse()
    marks = ",".join("?" * len(wanted))
    found = dict(store.records.query(f"SELECT id, doc FROM record WHERE kind = ? AND id IN ({marks})", (kind, *wanted)))
    return [str(found[id]) for id in wanted if id in found], has_more


def _position(store: Store, kind: str, id: str, param: str) -> list[Any]:
    rows = store.records.query("SELECT created, id FROM record WHERE kind = ? AND id = ?", (kind, id))
    if not rows:
        raise missing(kind.rpartition(".")[2], id, param)
    return list(rows[0])


def _filters(store: Store, kind: str, params: Doc) -> Clauses:
    clauses, values = _equalities(kind, flatten(params))
    for name in ("created", "due_date", "arrival_date"):
        if name in params:
            column = "created" if name == "created" else f"(doc ->> '$.{name}')"
            more, numbers = _range(column, params[name])
            clauses += more
            values += numbers
    _special(store, kind, params, clauses, values)
    return clauses, values


def flatten(params: Doc) -> Doc:
    """{"payment": {"type": x}} becomes {"payment[type]": x}."""
    flat: Doc = {}
    for name, value in params.items():
        if isinstance(value, dict):
            flat.update({f"{name}[{inner}]": item for inner, item in value.items()})
        else:
            flat[name] = value
    return flat


def _equalities(kind: str, given: Doc) -> Clauses:
    clauses: list[str] = []
    values: list[Any] = []
    for name, path in FILTERS[kind].items():
        if name in given and not (kind == "subscription" and name == "status" and given[name] in ("all", "ended")):
            # Only the first is written as the index has it, so that SQLite takes that index.
            clauses.append(f"(doc ->> '{path}') = ?" if clauses else f"json_extract(doc, '{path}') = ?")
            values.append(int(given[name]) if isinstance(given[name], bool) else given[name])
    return clauses, values


def _range(column: str, wanted: Any) -> Clauses:
    if isinstance(wanted, int):
        return [f"{column} = ?"], [wanted]
    return [f"{column} {RANGES[name]} ?" for name in wanted], list(wanted.values())


def _special(store: Store, kind: str, params: Doc, clauses: list[str], values: list[Any]) -> None:
    if kind == "subscription":
        status = params.get("status")
        if status == "ended":
            clauses.append("(doc ->> '$.status') IN ('canceled', 'incomplete_expired')")
        elif status is None and not store.switches.list_canceled_subscriptions:
            clauses.append("(doc ->> '$.status') <> 'canceled'")
    elif kind == "event":
        clauses.append("created >= ?")
        values.append(store.now() - EVENT_DAYS * 86400)
        if types := params.get("types"):
            clauses.append(f"json_extract(doc, '$.type') IN ({','.join('?' * len(types))})")
            values += types
    elif kind == "balance_transaction" and "payout" in params:
        clauses.append(
            "id IN (SELECT id FROM link WHERE kind = 'balance_transaction' AND name = 'payout' AND value = ?)"
        )
        values.append(params["payout"])
    elif kind == "invoiceitem" and "pending" in params:
        clauses.append(f"(doc ->> '$.invoice') IS {'' if params['pending'] else 'NOT'} NULL")


def with_surprise(text: str) -> str:
    """The fault `unknown_field`: one field more than any documentation names."""
    return text[:-1] + ',"sandbox_surprise":"a field nobody announced"}'


def expand(store: Store, doc: Doc, paths: list[str]) -> Doc:
    """Replace ids by objects along the paths; what cannot be expanded is left alone."""
    for path in paths:
        head, _, rest = path.partition(".")
        value = _expanded(store, doc, head)
        if rest and isinstance(value, dict):
            value = _expand_inner(store, value, rest)
        if value is not None:
            doc[head] = value
    return doc


def _expand_inner(store: Store, value: Doc, rest: str) -> Doc:
    if value.get("object") == "list" and rest.startswith("data."):
        value["data"] = [expand(store, item, [rest.removeprefix("data.")]) for item in value["data"]]
        return value
    return expand(store, value, [rest])


def _expanded(store: Store, doc: Doc, name: str) -> Any:
    if (doc.get("object"), name) in (("invoice", "payments"), ("charge", "refunds")):
        kind, filter = ("invoice_payment", "invoice") if name == "payments" else ("refund", "charge")
        texts, more = _texts(store, kind, {filter: doc["id"]}, 10)
        url = "/v1/invoice_payments" if name == "payments" else f"/v1/charges/{doc['id']}/refunds"
        return page([json.loads(text) for text in texts], url, more)
    value = doc.get(name)
    if isinstance(value, str):
        return store.find(KIND_BY_PREFIX.get(value.partition("_")[0], ""), value) or value
    return value
