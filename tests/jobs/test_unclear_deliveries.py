"""Deliveries of which nobody can make out what became: looked up, tried again, and in the end a person's."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from core.db.tables import Case, Connection, Delivery, DeliveryAttempt, Document
from core.kit.ids import new_id
from core.ports import InDoubt, LedgerDocument, Posted, Rejected, Transient
from core.runtime import Runtime
from core.workflow import Actor, Role, execute
from core.workflow.command import Target
from core.workflow.commands import RetryDeliveries, SetAsideDeliveries
from jobs.attempt import MOST_UNCLEAR
from jobs.deliver import deliver
from jobs.sweep_stalled import sweep_stalled
from tests.fakes import FakeLedger, FixedClock
from tests.jobs.rows import released
from tests.stores import Furniture, policies


@pytest.fixture
def furniture() -> Furniture:
    return policies


_PAUSE = Event()
CLERK = Actor("Ana", Role.ANALYST, new_id())


class Odd(FakeLedger):
    """Does whatever it was given instead of posting and looking up, as often as it is called."""

    posting: Callable[[], Posted] | None = None
    finding: Callable[[], Posted | None] | None = None

    def post(self, document: LedgerDocument) -> Posted:
        if self.posting is None:
            return super().post(document)
        self.calls.append(f"post {document.key}")
        return self.posting()

    def find(self, key: str, kind: str) -> Posted | None:
        if self.finding is None:
            return super().find(key, kind)
        self.calls.append(f"find {key}")
        return self.finding()


def failing(reason: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise reason

    return fail


def odd(posting: Exception | None = None, finding: Exception | None = None) -> Odd:
    ledger = Odd()
    ledger.posting = failing(posting) if posting else None
    ledger.finding = failing(finding) if finding else None
    return ledger


def try_often(runtime: Runtime, clock: FixedClock, ledger: FakeLedger, id: UUID, times: int) -> None:
    for _ in range(times):
        while deliver(runtime, {"netsuite": ledger}, id) is not None:
            # The ledger's rate limit goes by the real clock.
            _PAUSE.wait(0.1)
        clock.advance(hours=1)


def look(runtime: Runtime, id: UUID) -> Delivery:
    with runtime.reading() as session:
        row = session.get_one(Delivery, id)
        session.expunge(row)
    return row


def outcomes(runtime: Runtime, id: UUID) -> list[str | None]:
    statement = select(DeliveryAttempt.outcome).where(DeliveryAttempt.delivery_id == id)
    with runtime.reading() as session:
        return list(session.scalars(statement.order_by(DeliveryAttempt.number)))


def cases(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.reading() as session:
        return list(session.execute(select(Case.code, Case.state)).tuples())


UNREADABLE = Transient("NetSuite sent the invoice in a form that we do not know: currency is missing.", "unreadable")
MAYBE_WRITTEN = InDoubt("NetSuite sent an answer that is not JSON.", "unreadable")


@pytest.mark.parametrize(
    "ledger",
    [
        odd(KeyError("currency")),
        odd(KeyError("currency"), KeyError("currency")),
        odd(InDoubt("The line went dead."), ValueError("What is “1,000.00”?")),
        odd(UNREADABLE, UNREADABLE),
        odd(MAYBE_WRITTEN, UNREADABLE),
        odd(MAYBE_WRITTEN, Rejected("NetSuite states a currency that it does not list.", "currency_unknown")),
    ],
    ids=["post", "both", "find", "unreadable", "unreadable write", "refused look-up"],
)
def test_what_stays_unclear_becomes_an_exception_after_so_many_tries(
    runtime: Runtime, clock: FixedClock, ledger: Odd
) -> None:
    id = released(runtime)
    try_often(runtime, clock, ledger, id, 1)
    assert (look(runtime, id).state, bool(look(runtime, id).error), cases(runtime)) == ("in_doubt", True, [])

    try_often(runtime, clock, ledger, id, MOST_UNCLEAR + 5)
    called = len(ledger.calls)
    assert look(runtime, id).state == "refused"
    assert "is not clear after 12 tries" in (look(runtime, id).error or "")
    assert cases(runtime) == [("posting.rejected", "open")]
    assert None not in outcomes(runtime, id)

    clock.advance(days=1)
    assert sweep_stalled(runtime, ["netsuite"]) == 0
    try_often(runtime, clock, ledger, id, 3)
    assert len(ledger.calls) == called, "nobody calls any more"


def test_a_surprise_ends_the_attempt_and_is_told_in_one_line(
    runtime: Runtime, clock: FixedClock, capsys: pytest.CaptureFixture[str]
) -> None:
    id = released(runtime)
    deliver(runtime, {"netsuite": odd(KeyError("currency"))}, id)

    assert outcomes(runtime, id) == ["unclear"]
    sentence = "Something unforeseen went wrong while HC-000001 was handed to NetSuite."
    assert look(runtime, id).error == sentence
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("Unforeseen while HC-000001 was handed to NetSuite: KeyError: 'currency'")
    assert "test_unclear_deliveries.py, line" in line


def test_after_a_surprise_the_ledger_is_asked_before_it_is_sent_anything(runtime: Runtime, clock: FixedClock) -> None:
    id, ledger = released(runtime), Odd()

    def post_and_break() -> Posted:
        ledger._create(LedgerDocument(**{**look(runtime, id).payload, "lines": ()}))
        raise KeyError("location")

    ledger.posting = post_and_break
    try_often(runtime, clock, ledger, id, 2)

    assert ledger.calls == ["post stripe_HC-000001", "find stripe_HC-000001"]
    assert (look(runtime, id).state, len(ledger.creations)) == ("delivered", 1)


def test_a_surprise_says_nothing_about_the_connection(runtime: Runtime, clock: FixedClock) -> None:
    id = released(runtime)
    try_often(runtime, clock, odd(KeyError("x"), KeyError("x")), id, 5)
    with runtime.reading() as session:
        assert session.get(Connection, "netsuite") is None


def test_an_outage_is_waited_for_however_long_it_lasts(runtime: Runtime, clock: FixedClock) -> None:
    id, away = released(runtime), Transient("NetSuite is not available at the moment.", "HTTP 503")
    try_often(runtime, clock, odd(away), id, 4 * MOST_UNCLEAR)
    assert (look(runtime, id).state, cases(runtime)) == ("retrying", [])

    try_often(runtime, clock, FakeLedger(), id, 1)
    assert look(runtime, id).state == "delivered"


def test_an_outcome_that_the_store_cannot_keep_is_no_endless_loop(runtime: Runtime, clock: FixedClock) -> None:
    id, ledger = released(runtime), Odd()
    ledger.posting = ledger.finding = lambda: Posted("9001", "INV1", 10**30)
    try_often(runtime, clock, ledger, id, 1)
    assert (look(runtime, id).state, outcomes(runtime, id)) == ("in_doubt", ["unclear"])

    try_often(runtime, clock, ledger, id, MOST_UNCLEAR)
    assert (look(runtime, id).state, cases(runtime)) == ("refused", [("posting.rejected", "open")])


def test_a_document_that_cannot_be_read_any_more_is_given_to_a_person(runtime: Runtime) -> None:
    id, ledger = released(runtime), FakeLedger()
    with runtime.transaction() as session:
        session.execute(text("update deliveries set payload = jsonb_set(payload, '{lines,0,quantity}', '\"much\"')"))
    deliver(runtime, {"netsuite": ledger}, id)

    assert (look(runtime, id).state, ledger.calls) == ("refused", [])
    assert look(runtime, id).error == "The document is stored in a form that cannot be sent. It was not sent."
    assert cases(runtime) == [("posting.rejected", "open")]


@pytest.mark.parametrize("state", ["posted", "void"])
def test_a_document_that_was_posted_or_voided_before_stays_so(runtime: Runtime, clock: FixedClock, state: str) -> None:
    id = released(runtime)
    with runtime.transaction() as session:
        session.execute(update(Document).values(state=state))
        session.execute(update(Delivery).values(state="in_doubt"))
    try_often(runtime, clock, odd(UNREADABLE, UNREADABLE), id, MOST_UNCLEAR)

    with runtime.reading() as session:
        assert session.scalars(select(Document.state)).one() == state
    assert (look(runtime, id).state, cases(runtime)) == ("refused", [("posting.rejected", "open")])


def test_sent_again_by_a_person_it_has_all_its_tries_anew(runtime: Runtime, clock: FixedClock) -> None:
    id, ledger = released(runtime), odd(UNREADABLE, UNREADABLE)
    try_often(runtime, clock, ledger, id, MOST_UNCLEAR)
    execute(runtime, RetryDeliveries(targets=_seen(runtime, id)), CLERK)
    try_often(runtime, clock, ledger, id, 2)
    assert look(runtime, id).state == "in_doubt"

    ledger.posting = ledger.finding = None
    try_often(runtime, clock, ledger, id, 1)
    assert (look(runtime, id).state, cases(runtime)) == ("delivered", [("posting.rejected", "resolved")])


@pytest.mark.parametrize("is_set_aside", [False, True])
def test_what_may_have_arrived_is_looked_up_before_a_person_has_it_sent_again(
    runtime: Runtime, clock: FixedClock, is_set_aside: bool
) -> None:
    id, ledger = released(runtime), odd(finding=UNREADABLE)
    ledger.behaviour = [("commit", InDoubt("The line went dead."))]
    try_often(runtime, clock, ledger, id, MOST_UNCLEAR + 1)
    assert (look(runtime, id).state, len(ledger.creations)) == ("refused", 1)
    if is_set_aside:
        execute(runtime, SetAsideDeliveries(targets=_seen(runtime, id), reason="It is asked about."), CLERK)

    ledger.finding = None
    execute(runtime, RetryDeliveries(targets=_seen(runtime, id)), CLERK)
    try_often(runtime, clock, ledger, id, 1)
    assert (ledger.calls[-1], len(ledger.creations)) == ("find stripe_HC-000001", 1)
    assert (look(runtime, id).state, cases(runtime)) == ("delivered", [("posting.rejected", "resolved")])


def test_what_has_come_to_nothing_is_sent_again_without_a_look(runtime: Runtime, clock: FixedClock) -> None:
    id, ledger = released(runtime), FakeLedger(behaviour=[Transient("Busy."), Rejected("Closed.")])
    try_often(runtime, clock, ledger, id, 2)
    assert look(runtime, id).state == "refused"
    execute(runtime, RetryDeliveries(targets=_seen(runtime, id)), CLERK)
    try_often(runtime, clock, ledger, id, 1)
    assert (look(runtime, id).state, ledger.calls) == ("delivered", ["post stripe_HC-000001"] * 3)


def _seen(runtime: Runtime, id: UUID) -> tuple[Target, ...]:
    return (Target(id, look(runtime, id).revision),)
