"""Integrations: the card of each system, the sentence for everybody, and the runs of jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from core.db.tables import Connection, InboxItem, JobFire, SyncCursor
from core.intake import store as intake
from core.ports import Misconfigured
from core.reporting.integrations import SystemCard, banner, read_up_to, system_cards
from core.reporting.runs import RunFilters, job_summaries, list_runs
from core.runtime import Runtime
from core.workflow import Actor, execute
from core.workflow import commands as c
from jobs.deliver import deliver
from tests.core.reporting.traffic import ADMIN, AMERICA, GERMANY, JOB, receive, refuse
from tests.fakes import FakeLedger, FixedClock
from tests.jobs.rows import released
from tests.stores import Furniture, policies


@pytest.fixture
def furniture() -> Furniture:
    return policies


@pytest.fixture
def house(runtime: Runtime) -> Runtime:
    return runtime


def card(house: Runtime, system: str, viewer: Actor | None = None) -> SystemCard:
    return next(each for each in system_cards(house, viewer) if each.system == system)


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
