from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from core.db.tables import Connection, Delivery, InboxItem, JobFire, SyncCursor
from core.intake import store as intake
from core.kit.errors import NotFound, Refused
from core.kit.ids import new_id
from core.ports import Misconfigured, RawRecord, Rejected, Transient
from core.reporting import deliveries as read
from core.reporting.deliveries import DeliveryFilters, delivery_detail, list_deliveries, matching, preview
from core.reporting.inbox import InboxFilters, inbox_detail, list_inbox
from core.reporting.integrations import SystemCard, banner, read_up_to, system_cards
from core.reporting.masking import masked
from core.reporting.runs import RunFilters, job_summaries, list_runs
from core.runtime import Runtime
from core.workflow import Actor, Role, execute
from core.workflow import commands as c
from core.workflow.actors import job
from jobs.deliver import deliver
from tests.fakes import FakeLedger, FixedClock
from tests.jobs.rows import released
from tests.stores import Furniture, policies

JOB = job("test")
GERMANY = Actor("Dirk", Role.CONTROLLER, new_id(), frozenset({"DE"}))
AMERICA = Actor("Uma", Role.CONTROLLER, new_id(), frozenset({"US"}))
ADMIN = Actor("Ada", Role.ADMINISTRATOR, new_id())


@pytest.fixture
def furniture() -> Furniture:
    return policies


@pytest.fixture
def house(runtime: Runtime) -> Runtime:
    return runtime


def refuse(house: Runtime, id: UUID, sentence: str = "The period is locked.") -> None:
    deliver(house, {"netsuite": FakeLedger(behaviour=[Rejected(sentence, "USER_ERROR")])}, id)


def receive(house: Runtime, *ids: str, source: str = "stripe", **payload: Any) -> list[UUID]:
    records = [RawRecord("invoice", id, "1", {"id": id, **payload}) for id in ids]
    with house.transaction() as session:
        return intake.receive(session, source, records, house.now())


def card(house: Runtime, system: str, viewer: Actor | None = None) -> SystemCard:
    return next(each for each in system_cards(house, viewer) if each.system == system)


def numbers(house: Runtime, filters: DeliveryFilters, viewer: Actor | None = None) -> list[str]:
    return [row.number for row in list_deliveries(house, viewer, filters).rows]


# --- cards --------------------------------------------------------------------------------------------------------


def test_all_three_systems_have_a_card_before_anything_was_heard_of_them(house: Runtime) -> None:
    cards = system_cards(house)
    assert [each.title for each in cards] == ["Salesforce", "Stripe", "NetSuite"]
    assert {each.state for each in cards} == {"unknown"}


def receive_many(house: Runtime, count: int, source: str) -> None:
    many = text(
        "insert into inbox (id, source, kind, external_id, version, payload, state, received_at, attempts) select "
        "gen_random_uuid(), :source, 'Account', n::text, '1', '{}', 'handled', :now, 0 from generate_series(1, :n) n"
    )
    with house.transaction() as session:
        session.execute(many, {"source": source, "now": house.now(), "n": count})


def test_what_one_system_brings_does_not_hide_what_another_brought_today(house: Runtime, clock: FixedClock) -> None:
    receive(house, "in_1", "in_2", "in_3")
    clock.advance(minutes=5)
    receive_many(house, 2_500, "salesforce")
    assert str(card(house, "stripe").inbox.today) == "3"
    assert str(card(house, "salesforce").inbox.today) == "2,500"


def test_on_a_day_with_too_much_to_count_every_number_is_a_lower_bound(house: Runtime, clock: FixedClock) -> None:
    receive(house, "in_1", "in_2", "in_3")
    clock.advance(minutes=5)
    receive_many(house, 50_000, "salesforce")
    assert str(card(house, "stripe").inbox.today) == "0+"


def test_a_card_counts_open_rows_whatever_their_age_and_what_came_today(house: Runtime, clock: FixedClock) -> None:
    [old] = receive(house, "in_1")
    execute(house, c.ReportBadRecord(inbox_id=old, error="amount: not a number"), JOB)
    clock.advance(days=40)
    receive(house, "in_2", "in_3")
    clock.advance(minutes=5)
    inbox = card(house, "stripe").inbox
    assert (inbox.new, inbox.failed, inbox.today.value) == (2, 1, 2)
    assert inbox.oldest_new_at == clock.at - timedelta(minutes=5)


def test_a_card_counts_deliveries_by_state(house: Runtime) -> None:
    first, second, _ = released(house, "A-1"), released(house, "A-2"), released(house, "A-3")
    refuse(house, first)
    deliver(house, {"netsuite": FakeLedger()}, second)
    outbox = card(house, "netsuite").outbox
    assert outbox is not None
    assert dict(outbox.open_states) == {"refused": 1, "queued": 1}
    assert (outbox.waiting, outbox.refused, outbox.delivered.value) == (1, 1, 1)
    assert card(house, "stripe").outbox is None


def test_a_reader_of_other_entities_counts_no_deliveries(house: Runtime) -> None:
    released(house)
    theirs, ours = card(house, "netsuite", AMERICA).outbox, card(house, "netsuite", GERMANY).outbox
    assert theirs is not None and ours is not None
    assert (theirs.waiting, ours.waiting) == (0, 1)


def test_a_stream_shows_progress_remaining_time_and_how_far_it_was_read(house: Runtime, clock: FixedClock) -> None:
    began = clock.at - timedelta(minutes=1)
    with house.transaction() as session:
        cursor = {"stamp": "2026-11-01T08:30:00+00:00", "id": "006A"}
        session.add(
            SyncCursor(
                system="salesforce", stream="order_items", cursor=cursor, records=25, expected=100, started_at=began
            )
        )
    [stream] = card(house, "salesforce").streams
    assert (stream.progress.records, stream.progress.expected, stream.progress.share) == (25, 100, 0.25)
    assert stream.progress.remaining == timedelta(minutes=3)
    assert stream.read_up_to == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cursor", "at"),
    [
        ({}, None),
        ({"list": 2, "after": "in_1Q"}, None),
        ({"id": "evt_1", "created": 1_793_000_000}, datetime.fromtimestamp(1_793_000_000, UTC)),
        ({"invoice": {"id": 7, "stamp": "2026-11-02 10:00:00"}, "done": True}, datetime(2026, 11, 2, 10, tzinfo=UTC)),
    ],
)
def test_the_place_of_a_cursor_is_the_latest_time_it_names(cursor: dict[str, Any], at: datetime | None) -> None:
    assert read_up_to(cursor) == at


# --- the sentence for everybody -----------------------------------------------------------------------------------


def test_nothing_is_announced_while_all_is_well_or_for_a_hiccup(house: Runtime) -> None:
    assert banner(house) is None
    with house.transaction() as session:
        intake.record_failure(session, "netsuite", "It did not answer.", house.now())
    assert banner(house) is None


def test_a_failing_ledger_is_announced_with_what_waits_for_it(house: Runtime, clock: FixedClock) -> None:
    released(house, "A-1"), released(house, "A-2")
    with house.transaction() as session:
        intake.record_success(session, "netsuite", clock.at)
    clock.advance(minutes=10)
    with house.transaction() as session:
        for _ in range(3):
            intake.record_failure(session, "netsuite", "It did not answer.", house.now())
    assert banner(house) == "NetSuite is failing since 02 Nov, 12:00 UTC: 2 postings wait."


def test_a_pause_is_announced_with_its_reason_until_someone_resumes(house: Runtime) -> None:
    pause = c.SetConnectionState(system="stripe", state="paused", reason="Contract ended.")
    execute(house, pause, ADMIN)
    assert banner(house) == "Stripe is paused (Contract ended); nothing is lost, it waits."
    execute(house, c.SetConnectionState(system="stripe", state="connected", reason="Renewed"), ADMIN)
    assert banner(house) is None


def test_wrong_credentials_pause_the_connection_and_say_why(house: Runtime) -> None:
    id = released(house)
    deliver(house, {"netsuite": FakeLedger(behaviour=[Misconfigured("NetSuite refused our certificate.")])}, id)
    assert banner(house) == "NetSuite is paused (NetSuite refused our certificate): 1 posting waits."
    assert (card(house, "netsuite").state, card(house, "netsuite").can_pause) == ("paused", False)


# --- deliveries ---------------------------------------------------------------------------------------------------


def test_open_deliveries_are_listed_oldest_first_and_delivered_ones_only_when_asked_for(house: Runtime) -> None:
    for number in ("A-1", "A-2", "A-3"):
        id = released(house, number)
    deliver(house, {"netsuite": FakeLedger()}, id)
    assert numbers(house, DeliveryFilters()) == ["A-1", "A-2"]
    assert numbers(house, DeliveryFilters(is_oldest_first=False)) == ["A-2", "A-1"]
    assert numbers(house, DeliveryFilters(state="delivered")) == ["A-3"]
    assert numbers(house, DeliveryFilters(state=None)) == ["A-1", "A-2", "A-3"]


def test_a_delivery_is_found_by_the_number_of_its_invoice(house: Runtime) -> None:
    released(house, "A-1"), released(house, "A-2")
    assert numbers(house, DeliveryFilters(search="a-2")) == ["A-2"]
    assert numbers(house, DeliveryFilters(search="A")) == []


def test_pages_of_deliveries_follow_each_other_without_gap_or_overlap(house: Runtime) -> None:
    wanted = [f"A-{number}" for number in range(5)]
    for number in wanted:
        released(house, number)
    first = list_deliveries(house, None, DeliveryFilters(), None, 2)
    second = list_deliveries(house, None, DeliveryFilters(), first.next_cursor, 2)
    third = list_deliveries(house, None, DeliveryFilters(), second.next_cursor, 2)
    assert [row.number for page in (first, second, third) for row in page.rows] == wanted
    assert (third.next_cursor, first.count.value) == (None, 5)
    back = list_deliveries(house, None, DeliveryFilters(), third.previous_cursor, 2)
    assert [row.number for row in back.rows] == ["A-2", "A-3"]


def test_deliveries_of_other_entities_are_neither_listed_nor_opened(house: Runtime) -> None:
    id = released(house)
    assert numbers(house, DeliveryFilters(), GERMANY) == ["HC-000001"]
    assert numbers(house, DeliveryFilters(), AMERICA) == []
    with pytest.raises(NotFound):
        delivery_detail(house, AMERICA, id)


def test_a_preview_counts_what_an_action_takes_and_sums_it_per_currency(house: Runtime) -> None:
    refused = [released(house, f"A-{number}") for number in range(2)]
    for id in refused:
        refuse(house, id)
    released(house, "A-9")
    rows = list_deliveries(house, None, DeliveryFilters()).rows
    seen = preview(rows, "retry")
    assert ([row.number for row in seen.rows], seen.totals, seen.left_out) == (["A-0", "A-1"], (("EUR", 47_600),), 1)
    assert preview(rows, "set_aside").left_out == 0
    assert [row.number for row in matching(house, None, DeliveryFilters(), "retry")] == ["A-0", "A-1"]


def test_what_matches_can_be_sent_again_and_no_longer_matches(house: Runtime) -> None:
    refuse(house, released(house))
    rows = matching(house, None, DeliveryFilters(state="refused"), "retry")
    targets = tuple(c.Target(row.id, row.revision) for row in rows)
    execute(house, c.RetryDeliveries(targets=targets), ADMIN)
    assert matching(house, None, DeliveryFilters(state="refused"), "retry") == ()
    assert numbers(house, DeliveryFilters(state="queued")) == ["HC-000001"]


def test_a_delivery_in_doubt_can_neither_be_sent_again_nor_set_aside(house: Runtime) -> None:
    released(house)
    with house.transaction() as session:
        session.execute(update(Delivery).values(state="in_doubt"))
    [row] = list_deliveries(house, None, DeliveryFilters()).rows
    assert (row.can_retry, row.can_set_aside) == (False, False)


def test_the_detail_tells_every_try_newest_first(house: Runtime, clock: FixedClock) -> None:
    id = released(house)
    busy = Transient("NetSuite is busy.", "429", {"request": {"method": "POST"}, "response": {"status": 429}})
    ledger = FakeLedger(behaviour=[busy])
    deliver(house, {"netsuite": ledger}, id)
    clock.advance(hours=1)
    deliver(house, {"netsuite": ledger}, id)
    detail = delivery_detail(house, None, id)
    assert [(each.number, each.outcome) for each in detail.attempts] == [(2, "delivered"), (1, "retry")]
    assert detail.attempts[1].response == {"status": 429}
    assert (detail.row.external_number, detail.payload["number"]) == ("INV1", "HC-000001")


SECRETS = ("Bearer s3cr3t-t0ken-value", "sk_test_51Habc", "whsec_Zm9vYmFy", "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl")


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_shown_even_if_one_was_stored(house: Runtime, secret: str) -> None:
    id = released(house)
    request = {
        "headers": {"Authorization": secret, "X-Note": f"sent with {secret}"},
        "body": {"nested": [{"client_secret": secret}, secret]},
    }
    leak = Rejected("The period is locked.", "USER_ERROR", {"request": request, "response": {"body": secret}})
    deliver(house, {"netsuite": FakeLedger(behaviour=[leak])}, id)
    detail = delivery_detail(house, None, id)
    assert secret.split()[-1] not in repr(detail)
    assert detail.attempts[0].request is not None


def test_masking_leaves_ordinary_values_alone() -> None:
    plain = {"token_count": 4, "id": "in_1", "total": 23_800, "headers": {"Accept": "application/json"}, "none": None}
    assert masked(plain) == plain


# --- inbox --------------------------------------------------------------------------------------------------------


def test_failed_records_are_listed_first_of_all_and_others_when_asked_for(house: Runtime, clock: FixedClock) -> None:
    [bad] = receive(house, "in_1")
    execute(house, c.ReportBadRecord(inbox_id=bad, error="amount: not a number"), JOB)
    clock.advance(days=30)
    receive(house, "in_2")
    [row] = list_inbox(house, InboxFilters()).rows
    assert (row.reference, row.error, row.can_retry, row.system) == ("in_1", "amount: not a number", True, "Stripe")
    assert [row.reference for row in list_inbox(house, InboxFilters(state="new")).rows] == ["in_2"]
    every = list_inbox(house, InboxFilters(state=None, is_oldest_first=False))
    assert ([row.reference for row in every.rows], every.count.value) == (["in_2", "in_1"], 2)
    assert list_inbox(house, InboxFilters(source="netsuite")).rows == ()
    assert list_inbox(house, InboxFilters(state=None, search="in_2")).count.value == 1


def test_a_record_tried_again_leaves_the_failed_ones(house: Runtime) -> None:
    [bad] = receive(house, "in_1")
    execute(house, c.ReportBadRecord(inbox_id=bad, error="amount: not a number"), JOB)
    assert inbox_detail(house, None, bad).open_case_id is not None
    execute(house, c.RetryInboxItems(inbox_ids=(bad,)), ADMIN)
    assert list_inbox(house, InboxFilters()).rows == ()
    detail = inbox_detail(house, None, bad)
    assert (detail.row.state, detail.open_case_id) == ("new", None)


def test_a_payload_is_shown_without_secrets_and_only_to_those_who_see_every_entity(house: Runtime) -> None:
    [id] = receive(house, "in_1", client_secret="pi_1_secret_abc", amount=5)
    assert inbox_detail(house, ADMIN, id).payload == {"id": "in_1", "client_secret": "•••", "amount": 5}
    assert inbox_detail(house, GERMANY, id).payload is None
    with pytest.raises(NotFound):
        inbox_detail(house, ADMIN, new_id())


def test_pages_of_records_received_in_the_same_instant_neither_overlap_nor_skip(house: Runtime) -> None:
    receive(house, *(f"in_{number}" for number in range(5)))
    filters, seen, cursor = InboxFilters(state="new"), [], None
    while True:
        page = list_inbox(house, filters, cursor, 2)
        seen += [row.reference for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == [f"in_{number}" for number in range(5)]


# --- runs ---------------------------------------------------------------------------------------------------------


def fire(house: Runtime, job: str, minutes_ago: int, **facts: Any) -> None:
    at = house.now() - timedelta(minutes=minutes_ago)
    with house.transaction() as session:
        session.add(JobFire(job=job, slot=at, fired_at=at, **facts))


def test_jobs_are_summed_up_over_a_day_with_their_latest_error(house: Runtime) -> None:
    done = house.now()
    fire(house, "pull_stripe", 30, finished_at=done, count=5)
    fire(house, "pull_stripe", 20, finished_at=done, error="older")
    fire(house, "pull_stripe", 10, finished_at=done, error="It broke.")
    fire(house, "pull_stripe", 60 * 30, finished_at=done, count=1_000)
    [pull] = job_summaries(house)
    assert (pull.title, pull.runs, pull.failed, pull.records, pull.error) == ("Pull from Stripe", 3, 2, 5, "It broke.")


def test_runs_are_listed_newest_first_and_empty_ones_can_be_left_out(house: Runtime) -> None:
    done = house.now()
    fire(house, "pull_stripe", 40, finished_at=done, count=5)
    fire(house, "pull_stripe", 30, finished_at=done, count=0)
    fire(house, "prune", 20)
    fire(house, "prune", 1)
    states = [(row.title, row.state) for row in list_runs(house, RunFilters(is_eventful_only=False)).rows]
    assert states == [
        ("Prune", "running"),
        ("Prune", "joined"),
        ("Pull from Stripe", "finished"),
        ("Pull from Stripe", "finished"),
    ]
    assert [row.state for row in list_runs(house, RunFilters()).rows] == ["running", "finished"]
    assert [row.title for row in list_runs(house, RunFilters(job="prune")).rows] == ["Prune"]


# --- what the rows themselves say ---------------------------------------------------------------------------------


def test_the_actions_offered_are_those_the_commands_accept(house: Runtime) -> None:
    ids = {state: released(house, state) for state in read.STATES}
    with house.transaction() as session:
        for state, id in ids.items():
            session.execute(update(Delivery).where(Delivery.id == id).values(state=state))
    for row in list_deliveries(house, None, DeliveryFilters(state=None)).rows:
        target = (c.Target(row.id, row.revision),)
        assert row.takes("retry") == _accepts(house, c.RetryDeliveries(targets=target))
        assert row.takes("set_aside") == _accepts(house, c.SetAsideDeliveries(targets=target, reason="Because"))


def _accepts(house: Runtime, command: c.RetryDeliveries | c.SetAsideDeliveries) -> bool:
    """Tries the command and puts the delivery back."""
    [target] = command.targets
    with house.reading() as session:
        state = session.scalars(select(Delivery.state).where(Delivery.id == target.id)).one()
    try:
        execute(house, command, ADMIN)
    except Refused:
        return False
    with house.transaction() as session:
        back = {"state": state, "revision": target.revision}
        session.execute(update(Delivery).where(Delivery.id == target.id).values(back))
    return True


def test_a_connection_that_rests_says_when_it_is_tried_again(house: Runtime) -> None:
    with house.transaction() as session:
        for _ in range(3):
            intake.record_failure(session, "stripe", "Stripe cannot be reached.", house.now())
    found = card(house, "stripe")
    with house.reading() as session:
        until = session.get_one(Connection, "stripe").paused_until
        assert session.scalars(select(InboxItem)).all() == []
    assert (found.state, found.sentence, found.failures) == ("failing", "Stripe cannot be reached.", 3)
    assert until is not None and found.tries_again_at == until
