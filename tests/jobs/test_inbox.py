from __future__ import annotations

from sqlalchemy import select

from core.db.tables import InboxItem
from core.intake import store
from core.intake.arriving import new_rows
from core.intake.model import rest_after
from core.runtime import Runtime
from tests.fakes import FixedClock, raw


def test_a_record_received_twice_is_one_row(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        first = store.receive(session, "stripe", [raw("invoice", "in_1"), raw("invoice", "in_1")], runtime.now())
    with runtime.transaction() as session:
        again = store.receive(session, "stripe", [raw("invoice", "in_1")], runtime.now())

    assert (len(first), again) == (1, [])


def test_a_new_version_of_a_record_is_a_new_row(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        store.receive(session, "stripe", [raw("invoice", "in_1", "1")], runtime.now())
        new = store.receive(session, "stripe", [raw("invoice", "in_1", "2")], runtime.now())

    assert len(new) == 1


def test_two_thousand_records_fit_into_one_call_and_keep_their_order(runtime: Runtime) -> None:
    records = [raw("invoice", f"in_{number}", lines=[1, 2, 3]) for number in range(2_000)]
    with runtime.transaction() as session:
        rows = store.receive_rows(session, "stripe", new_rows(records), runtime.now())

    assert [row.external_id for row in rows] == [record.external_id for record in records]


def test_text_that_no_store_can_hold_is_kept_readable(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        store.receive(session, "stripe", [raw("invoice", "in_1", name="a\x00b \ud83d c \U0001f600")], runtime.now())

    with runtime.reading() as session:
        assert session.scalars(select(InboxItem.payload)).one()["name"] == "a\ufffdb \ufffd c \U0001f600"


def test_what_waits_is_handed_out_oldest_first_and_not_to_two_at_once(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction() as session:
        store.receive(session, "stripe", [raw("invoice", "later")], clock.advance(minutes=1))
        store.receive(session, "stripe", [raw("invoice", "sooner")], clock.advance(minutes=-1))

    with runtime.transaction() as one, runtime.transaction() as other:
        mine = store.unhandled(one, "stripe", 1)
        theirs = store.unhandled(other, "stripe", 2)

    assert [row.record.external_id for row in mine] == ["sooner"]
    assert [row.record.external_id for row in theirs] == ["later"]


def test_a_failed_row_keeps_its_reason_and_waits_no_more(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        ids = store.receive(session, "stripe", [raw("invoice", "in_1")], runtime.now())
        store.mark_failed(session, ids, "No amount.", runtime.now())

    with runtime.reading() as session:
        item = session.scalars(select(InboxItem)).one()
        assert (item.state, item.error, item.attempts) == ("failed", "No amount.", 1)
        assert store.unhandled(session, "stripe", 10) == []


def test_a_cursor_remembers_its_place_and_its_first_completion(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction() as session:
        assert store.open_stream(session, "stripe", "invoices", clock()).cursor == {}
        store.advance(session, "stripe", "invoices", ({"after": "in_9"}, 100), clock())
        store.complete(session, "stripe", "invoices", clock())

    with runtime.transaction() as session:
        place = store.open_stream(session, "stripe", "invoices", clock.advance(hours=1))
        assert (place.cursor, place.is_complete) == ({"after": "in_9"}, True)
        assert store.completed_streams(session) == {("stripe", "invoices")}


def test_traffic_rests_from_the_third_failure_on_and_flows_again_after_a_success(
    runtime: Runtime, clock: FixedClock
) -> None:
    with runtime.transaction() as session:
        seen = [store.record_failure(session, "stripe", "Stripe is down.", clock()) for _ in range(4)]
    assert [health.rests_until(clock()) is not None for health in seen] == [False, False, True, True]
    assert seen[3].rests_until(clock.advance(minutes=10)) is None

    with runtime.transaction() as session:
        store.record_success(session, "stripe", clock())
        assert store.health(session, "stripe").state == "connected"


def test_rests_double_up_to_five_minutes() -> None:
    assert [rest_after(n).total_seconds() for n in (1, 2, 3, 4, 5, 50)] == [0, 0, 5, 10, 20, 300]
