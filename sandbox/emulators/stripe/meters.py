"""Billing meters: events are taken at once and looked at later; what is wrong with them comes out as a thin event."""

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from .call import Call
from .refusals import Refusal, bad_parameter, not_allowed
from .shapes import Doc, page
from .store import Store

PAST_SECONDS, FUTURE_SECONDS, UNIQUE_SECONDS = 35 * 86400, 300, 86400
ERROR_REPORT, NO_METER = "v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"


def create_meter(call: Call) -> Doc:
    params, store = call.params, call.store
    if _meter_for(store, params["event_name"]):
        raise not_allowed(f"There is already an active meter for the event name {params['event_name']}.")
    return store.create(
        "billing.meter",
        "billing.meter.created",
        customer_mapping=params.get("customer_mapping") or {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        default_aggregation=params["default_aggregation"],
        display_name=params["display_name"],
        event_name=params["event_name"],
        event_time_window=params.get("event_time_window"),
        status="active",
        status_transitions={"deactivated_at": None},
        updated=store.now(),
        value_settings=params.get("value_settings") or {"event_payload_key": "value"},
    )


def update_meter(call: Call) -> Doc:
    meter = call.store.need("billing.meter", call.id)
    meter.update(call.given("display_name"), updated=call.store.now())
    return call.store.put(meter, "billing.meter.updated")


def deactivate_meter(call: Call) -> Doc:
    return _set_status(call, "inactive", "billing.meter.deactivated", call.store.now())


def reactivate_meter(call: Call) -> Doc:
    return _set_status(call, "active", "billing.meter.reactivated", None)


def _set_status(call: Call, status: str, event: str, at: int | None) -> Doc:
    meter = call.store.need("billing.meter", call.id)
    meter.update(status=status, status_transitions={"deactivated_at": at}, updated=call.store.now())
    return call.store.put(meter, event)


def _meter_for(store: Store, event_name: str, status: str = "active") -> Doc | None:
    rows = store.records.query(
        "SELECT doc FROM record WHERE kind = 'billing.meter' AND json_extract(doc, '$.event_name') = ? "
        "AND json_extract(doc, '$.status') = ?",
        (event_name, status),
    )
    return json.loads(rows[0][0]) if rows else None


def create_event(call: Call) -> Doc:
    """Taken without a look at meter, customer or value; only an identifier of the last 24 hours is refused."""
    params, store = call.params, call.store
    identifier = params.get("identifier") or store.new_id("billing.meter_event")
    known = store.records.query(
        "SELECT created FROM record WHERE kind = 'billing.meter_event' AND id = ?", (identifier,)
    )
    if known and known[0][0] > store.now() - UNIQUE_SECONDS:
        raise Refusal(
            400,
            f"An event already exists with identifier {identifier}.",
            code="resource_already_exists",
            param="identifier",
        )
    event = {
        "object": "billing.meter_event",
        "created": store.now(),
        "event_name": params["event_name"],
        "identifier": identifier,
        "livemode": False,
        "payload": params["payload"],
        "timestamp": params.get("timestamp", store.now()),
    }
    store.records.put("billing.meter_event", identifier, event, store.now(), store.now())
    due = datetime.now(UTC).timestamp() + store.switches.meter_delay_ms / 1000
    store.records.put("meter_work", identifier, {"state": "waiting"}, int(due * 1000), 0)
    return event


def look_at_events(store: Store, now_ms: int) -> None:
    """Validate the events whose time has come; called by the background thread."""
    rows = store.records.query("SELECT id FROM record WHERE kind = 'meter_work' AND created <= ? LIMIT 500", (now_ms,))
    for (identifier,) in rows:
        with store.transaction():
            store.records.delete("meter_work", identifier)
            event = store.find("billing.meter_event", identifier)
            if event is not None:
                _validate(store, event)


def _validate(store: Store, event: Doc) -> None:
    meter = _meter_for(store, event["event_name"])
    problem = _problem(store, event, meter)
    if problem is None and meter is not None:
        customer = event["payload"][meter["customer_mapping"]["event_payload_key"]]
        store.load("meter_usage", [{"id": event["identifier"], "created": event["timestamp"], "object": "meter_usage",
            "meter": meter["id"], "customer": customer, "value": _value(event, meter)}])  # fmt: skip
    elif problem is not None:
        _report(store, event, meter, problem)


def _value(event: Doc, meter: Doc) -> str | None:
    value = event["payload"].get((meter["value_settings"] or {}).get("event_payload_key", "value"))
    return None if value is None else str(value)


def _problem(store: Store, event: Doc, meter: Doc | None) -> str | None:
    if meter is None:
        return "archived_meter" if _meter_for(store, event["event_name"], "inactive") else "no_meter"
    customer = event["payload"].get(meter["customer_mapping"]["event_payload_key"])
    age = event["created"] - event["timestamp"]
    if not customer:
        return "meter_event_no_customer_defined"
    if (store.find("customer", customer) or {"deleted": True}).get("deleted"):
        return "meter_event_customer_not_found"
    if age > PAST_SECONDS:
        return "timestamp_too_far_in_past"
    if age < -FUTURE_SECONDS:
        return "timestamp_in_future"
    try:
        wrong = Decimal(_value(event, meter) or "") < 0
    except InvalidOperation:
        wrong = meter["default_aggregation"]["formula"] != "count"
    return "meter_event_invalid_value" if wrong else None


def _report(store: Store, event: Doc, meter: Doc | None, code: str) -> None:
    """One thin event per bad meter event: no snapshot, ISO dates."""
    type, at = (ERROR_REPORT if meter else NO_METER), datetime.fromtimestamp(store.now(), UTC)
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sample = {"error_message": code.replace("_", " "), "request": {"identifier": event["identifier"]}}
    count = {"code": code, "error_count": 1, "sample_errors": [sample]}
    thin = {
        "id": store.new_id("evt_test"),
        "object": "v2.core.event",
        "type": type,
        "created": stamp,
        "livemode": False,
        "context": None,
        "reason": None,
    }
    if meter:
        path = f"/v1/billing/meters/{meter['id']}"
        thin["related_object"] = {"id": meter["id"], "type": "billing.meter", "url": path}
    full = {
        **thin,
        "data": {
            "developer_message_summary": f"There is 1 invalid event: {code}",
            "reason": {"error_count": 1, "error_types": [count]},
            "validation_start": stamp,
            "validation_end": stamp,
        },
    }
    store.records.put("v2.core.event", str(thin["id"]), full, store.now(), store.now())
    store.queue(str(thin["id"]), [e for e in store.endpoints_for(type) if _wants_thin(store, e, type)])


def _wants_thin(store: Store, endpoint: Doc, type: str) -> bool:
    return type in endpoint["enabled_events"] or store.switches.thin_events_to_all


def create_adjustment(call: Call) -> Doc:
    """Cancel a meter event by its identifier, within 24 hours."""
    params, store = call.params, call.store
    identifier = (params.get("cancel") or {}).get("identifier")
    if not identifier:
        raise bad_parameter("parameter_missing", "Missing required param: cancel[identifier].", "cancel[identifier]")
    event = store.find("billing.meter_event", identifier)
    if event is None or event["created"] <= store.now() - UNIQUE_SECONDS:
        raise not_allowed(f"No event of the last 24 hours has the identifier {identifier}.", param="cancel[identifier]")
    store.records.delete("meter_usage", identifier)
    store.records.delete("meter_work", identifier)
    return {
        "object": "billing.meter_event_adjustment",
        "cancel": {"identifier": identifier},
        "event_name": params["event_name"],
        "livemode": False,
        "status": "pending",
        "type": "cancel",
    }


def summaries(call: Call) -> Doc:
    """The aggregate of one customer over a time, as one summary."""
    store, params = call.store, call.params
    meter = store.need("billing.meter", call.id)
    rows = store.records.query(
        "SELECT doc ->> '$.value' FROM record WHERE kind = 'meter_usage' AND created >= ? AND created < ? "
        "AND (doc ->> '$.customer') = ? AND (doc ->> '$.meter') = ? ORDER BY created",
        (params["start_time"], params["end_time"], params["customer"], meter["id"]),
    )
    if not rows:
        return page([], call.path)
    values, formula = [Decimal(row[0] or 0) for row in rows], meter["default_aggregation"]["formula"]
    total = {"sum": sum(values, Decimal(0)), "count": Decimal(len(values)), "last": values[-1]}[formula]
    summary = {
        "id": store.new_id("mtrusg"),
        "object": "billing.meter_event_summary",
        "aggregated_value": float(total),  # the vendor's own type for quantities
        "end_time": params["end_time"],
        "livemode": False,
        "meter": meter["id"],
        "start_time": params["start_time"],
    }
    return page([summary], call.path)
