"""Test clocks: customers made on one live in its time; advancing it finalises the drafts whose hour has passed."""

from .call import Call
from .invoices import finalize
from .refusals import not_allowed
from .shapes import Doc
from .store import Store

KEPT_DAYS = 30


def create_clock(call: Call) -> Doc:
    return call.store.create(
        "test_helpers.test_clock",
        "test_helpers.test_clock.created",
        deletes_after=call.store.now() + KEPT_DAYS * 86400,
        frozen_time=call.params["frozen_time"],
        name=call.params.get("name"),
        status="ready",
        status_details={},
    )


def advance_clock(call: Call) -> Doc:
    """Answers `advancing`; the work is done when the clock is read next, so callers have to poll."""
    clock, wanted = call.store.need("test_helpers.test_clock", call.id), call.params["frozen_time"]
    if clock["status"] != "ready":
        raise not_allowed("The test clock is still advancing.", "test_clock_advancing")
    if wanted <= clock["frozen_time"]:
        raise not_allowed("The new time must be later than the clock's current time.", param="frozen_time")
    clock.update(frozen_time=wanted, status="advancing", status_details={"advancing": {"target_frozen_time": wanted}})
    return call.store.put(clock, "test_helpers.test_clock.advancing")


def retrieve_clock(call: Call) -> Doc:
    clock = call.store.need("test_helpers.test_clock", call.id)
    if clock["status"] != "advancing":
        return clock
    with call.store.transaction():
        _catch_up(call.store, clock)
        return call.store.put({**clock, "status": "ready", "status_details": {}}, "test_helpers.test_clock.ready")


def _catch_up(store: Store, clock: Doc) -> None:
    rows = store.records.query(
        "SELECT i.id FROM record c JOIN record i ON i.kind = 'invoice' AND json_extract(i.doc, '$.customer') = c.id "
        "WHERE c.kind = 'customer' AND (c.doc ->> '$.test_clock') = ? AND (i.doc ->> '$.status') = 'draft' "
        "AND (i.doc ->> '$.automatically_finalizes_at') <= ?",
        (clock["id"], clock["frozen_time"]),
    )
    for (id,) in rows:
        finalize(store, store.need("invoice", id))


def delete_clock(call: Call) -> Doc:
    return call.store.remove(call.store.need("test_helpers.test_clock", call.id), "test_helpers.test_clock.deleted")
