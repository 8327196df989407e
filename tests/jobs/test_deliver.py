from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.db.tables import Case, Connection, Delivery, DeliveryAttempt
from core.kit.ids import new_id
from core.ports import InDoubt, LedgerDocument, Misconfigured, Rejected, Transient
from core.posting import store as posting
from core.runtime import Runtime
from core.workflow import Actor, Role, execute
from core.workflow.commands import SetConnectionState
from jobs.deliver import deliver
from jobs.exclusive import exclusive
from jobs.sweep_stalled import sweep_stalled
from tests.fakes import FakeLedger, FixedClock
from tests.jobs.rows import released
from tests.stores import Furniture, policies

ADMINISTRATOR = Actor("Ada", Role.ADMINISTRATOR, new_id())


@pytest.fixture
def furniture() -> Furniture:
    return policies


def delivery(runtime: Runtime, id: UUID) -> Delivery:
    with runtime.reading() as session:
        row = session.get_one(Delivery, id)
        session.expunge(row)
    return row


def attempts(runtime: Runtime, id: UUID) -> list[tuple[str, str | None]]:
    statement = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == id).order_by(DeliveryAttempt.number)
    with runtime.reading() as session:
        return [(row.action, row.outcome) for row in session.scalars(statement)]


def waiting_jobs(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return int(session.scalar(text("select count(*) from procrastinate_jobs where status = 'todo'")) or 0)


def test_the_intent_is_written_down_before_the_ledger_is_called(runtime: Runtime) -> None:
    id = released(runtime)
    seen: list[tuple[str, str | None]] = []
    ledger = FakeLedger()

    def look(_: LedgerDocument) -> None:
        seen.extend(attempts(runtime, id))

    ledger.on_post = look
    deliver(runtime, {"netsuite": ledger}, id)

    assert seen == [("post", None)]
    assert attempts(runtime, id) == [("post", "delivered")]
    assert (delivery(runtime, id).state, delivery(runtime, id).external_number) == ("delivered", "INV1")


def test_a_document_that_arrived_is_never_posted_again(runtime: Runtime) -> None:
    id, ledger = released(runtime), FakeLedger()
    for _ in range(3):
        deliver(runtime, {"netsuite": ledger}, id)

    assert ledger.calls == ["post stripe_HC-000001"]


def test_after_an_unknown_outcome_the_ledger_is_asked_before_anything_else(runtime: Runtime, clock: FixedClock) -> None:
    id, ledger = released(runtime), FakeLedger(behaviour=[("commit", InDoubt("The answer did not come."))])
    deliver(runtime, {"netsuite": ledger}, id)
    assert delivery(runtime, id).state == "in_doubt"

    deliver(runtime, {"netsuite": ledger}, id)
    assert ledger.calls == ["post stripe_HC-000001"], "not before the first call must have ended"

    clock.advance(minutes=1)
    deliver(runtime, {"netsuite": ledger}, id)
    assert ledger.calls == ["post stripe_HC-000001", "find stripe_HC-000001"]
    assert (delivery(runtime, id).state, ledger.creations) == ("delivered", ["stripe_HC-000001"])


def test_what_the_ledger_does_not_hold_is_posted_after_the_look_up(runtime: Runtime, clock: FixedClock) -> None:
    id, ledger = released(runtime), FakeLedger(behaviour=[InDoubt("The line went dead.")])
    deliver(runtime, {"netsuite": ledger}, id)
    clock.advance(minutes=1)
    deliver(runtime, {"netsuite": ledger}, id)

    assert ledger.calls[1:] == ["find stripe_HC-000001", "post stripe_HC-000001"]
    assert attempts(runtime, id) == [("post", "in_doubt"), ("find", "delivered")]


def test_a_look_up_that_fails_leaves_the_delivery_in_doubt(runtime: Runtime, clock: FixedClock) -> None:
    class Blind(FakeLedger):
        def find(self, key: str, kind: str) -> None:
            raise Transient("NetSuite is busy.")

    id, ledger = released(runtime), Blind(behaviour=[("commit", InDoubt("The answer did not come."))])
    for _ in range(2):
        deliver(runtime, {"netsuite": ledger}, id)
        clock.advance(minutes=1)

    assert (delivery(runtime, id).state, len(ledger.creations)) == ("in_doubt", 1)


def test_an_attempt_whose_worker_died_is_looked_up_after_it_must_have_ended(
    runtime: Runtime, clock: FixedClock
) -> None:
    id, ledger = released(runtime), FakeLedger()
    with runtime.transaction() as session:
        claimed = posting.claim(session, id, clock())
        posting.begin_attempt(session, id, "post", clock())
    assert claimed is not None
    ledger.post(claimed.document)

    deliver(runtime, {"netsuite": ledger}, id)
    assert delivery(runtime, id).state == "queued"

    clock.advance(minutes=1)
    deliver(runtime, {"netsuite": ledger}, id)
    assert (delivery(runtime, id).state, len(ledger.creations)) == ("delivered", 1)


def test_a_hiccup_is_tried_again_later_and_gives_the_place_in_the_queue_back(
    runtime: Runtime, clock: FixedClock
) -> None:
    id, ledger = released(runtime), FakeLedger(behaviour=[Transient("NetSuite is busy.")])
    deliver(runtime, {"netsuite": ledger}, id)

    assert (delivery(runtime, id).state, waiting_jobs(runtime)) == ("retrying", 1)
    assert delivery(runtime, id).next_at > clock()

    clock.advance(minutes=1)
    deliver(runtime, {"netsuite": ledger}, id)
    assert delivery(runtime, id).state == "delivered"


def test_the_ledgers_own_wait_is_kept(runtime: Runtime, clock: FixedClock) -> None:
    busy = Transient("Too many requests.")
    busy.retry_after_seconds = 120
    id = released(runtime)
    deliver(runtime, {"netsuite": FakeLedger(behaviour=[busy])}, id)

    assert (delivery(runtime, id).next_at - clock()).total_seconds() > 120


def test_a_refusal_is_not_tried_again(runtime: Runtime, clock: FixedClock) -> None:
    id, ledger = released(runtime), FakeLedger(behaviour=[Rejected("The period is closed.", "period_closed")])
    deliver(runtime, {"netsuite": ledger}, id)
    clock.advance(days=1)
    deliver(runtime, {"netsuite": ledger}, id)

    assert (delivery(runtime, id).state, len(ledger.calls), waiting_jobs(runtime)) == ("refused", 1, 0)


def test_wrong_credentials_pause_the_connection_and_nobody_calls_until_it_is_resumed(
    runtime: Runtime, clock: FixedClock
) -> None:
    first, second = released(runtime, "HC-1"), released(runtime, "HC-2")
    ledger = FakeLedger(behaviour=[Misconfigured("NetSuite does not know our key.")])
    deliver(runtime, {"netsuite": ledger}, first)
    clock.advance(minutes=5)
    deliver(runtime, {"netsuite": ledger}, second)

    with runtime.reading() as session:
        row = session.get_one(Connection, "netsuite")
        assert (row.state, row.sentence) == ("paused", "NetSuite does not know our key.")
    assert ledger.calls == ["post stripe_HC-1"]


def test_wrong_credentials_are_one_exception_until_an_administrator_resumes_the_connection(runtime: Runtime) -> None:
    ledger = FakeLedger(behaviour=[Misconfigured("NetSuite does not know our key.")] * 2)
    first, second = released(runtime, "HC-1"), released(runtime, "HC-2")
    deliver(runtime, {"netsuite": ledger}, first)
    assert pauses(runtime) == ["open"]
    execute(runtime, SetConnectionState(system="netsuite", state="connected", reason="New key"), ADMINISTRATOR)
    assert pauses(runtime) == ["resolved"]
    deliver(runtime, {"netsuite": ledger}, second)
    assert sorted(pauses(runtime)) == ["open", "resolved"]


def test_a_pause_by_a_person_is_no_exception(runtime: Runtime) -> None:
    execute(runtime, SetConnectionState(system="netsuite", state="paused", reason="Closing"), ADMINISTRATOR)
    assert pauses(runtime) == []


def pauses(runtime: Runtime) -> list[str]:
    """States of the exceptions about wrong credentials."""
    wanted = select(Case.state).where(Case.code == "connection.misconfigured", Case.queue == "Integrations")
    with runtime.reading() as session:
        return list(session.scalars(wanted))


def test_when_the_ledger_stays_silent_traffic_rests(runtime: Runtime) -> None:
    ids = [released(runtime, f"HC-{number}") for number in range(5)]
    ledger = FakeLedger(behaviour=[Transient("NetSuite does not answer.")] * 5)
    again = [deliver(runtime, {"netsuite": ledger}, id) for id in ids]

    assert len(ledger.calls) == 3
    assert again[:3] == [None] * 3
    assert all(at is not None and at > runtime.now() for at in again[3:])


def test_two_workers_with_the_same_job_post_once(runtime: Runtime) -> None:
    ids, ledger = [released(runtime, f"HC-{number}") for number in range(4)], FakeLedger()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda id: deliver(runtime, {"netsuite": ledger}, id), ids * 4))

    assert sorted(ledger.creations) == sorted(set(ledger.creations))


def test_no_more_calls_are_under_way_than_the_ledger_takes(runtime: Runtime) -> None:
    id, ledger = released(runtime), FakeLedger()
    slots = [f"slot:netsuite:{number}" for number in range(3)]
    with (
        exclusive(runtime.engine, slots[0]),
        exclusive(runtime.engine, slots[1]),
        exclusive(runtime.engine, slots[2]),
    ):
        again = deliver(runtime, {"netsuite": ledger}, id)

    assert again is not None
    assert ledger.calls == []


def test_the_sweep_gives_a_job_to_each_delivery_that_lost_its_own(runtime: Runtime, clock: FixedClock) -> None:
    released(runtime, "HC-1"), released(runtime, "HC-2")
    clock.advance(minutes=1)

    assert [sweep_stalled(runtime, ["netsuite"]), sweep_stalled(runtime, ["netsuite"])] == [2, 0]
