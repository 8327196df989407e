from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from core.canonical import CanonicalRecord
from core.db.tables import Case, Connection, Customer, InboxItem, SyncCursor
from core.intake import store
from core.ports import Misconfigured, RawRecord, Transient
from core.runtime import Runtime
from jobs.exclusive import exclusive
from jobs.pull import Way, pull
from jobs.pull_all import pull_all
from jobs.schedule import is_due
from tests.builders import customer
from tests.fakes import FakeSource, FixedClock, raw
from tests.stores import Furniture, policies


@pytest.fixture
def furniture() -> Furniture:
    return policies


def translate(record: RawRecord) -> tuple[CanonicalRecord, ...]:
    return (customer(source_ref=record.external_id, number=record.external_id, name=record.payload["name"]),)


def accounts(count: int, start: int = 0) -> list[RawRecord]:
    return [raw("accounts", f"001{number:05}", name=f"Customer {number}") for number in range(start, start + count)]


def crm(*pages: list[RawRecord]) -> FakeSource:
    return FakeSource("salesforce", {"accounts": list(pages)}, translate)


def customers(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(Customer)) or 0


def inbox(runtime: Runtime) -> dict[str, int]:
    with runtime.reading() as session:
        rows = session.execute(select(InboxItem.state, func.count()).group_by(InboxItem.state))
        return dict(rows.tuples().all())


def place(runtime: Runtime, system: str = "salesforce", stream: str = "accounts") -> SyncCursor:
    with runtime.reading() as session:
        row = session.get_one(SyncCursor, (system, stream))
        session.expunge(row)
    return row


def test_a_pull_records_everything_and_stands_behind_it(runtime: Runtime) -> None:
    source = crm(accounts(300), accounts(300, 300), accounts(7, 600))

    assert pull(runtime, source, ["salesforce"]) == 607
    assert (customers(runtime), inbox(runtime)) == (607, {"handled": 607})
    stands = place(runtime)
    assert (stands.cursor, stands.records, stands.expected) == ({"page": 3}, 607, 607)
    assert stands.completed_at is not None


def test_history_is_kept_as_handled_in_the_transaction_of_its_facts(runtime: Runtime) -> None:
    pull(runtime, crm(accounts(30)), ["salesforce"])

    with runtime.reading() as session:
        writers = session.execute(text("select xmin::text from inbox union select xmin::text from customers")).all()
        tries = session.scalars(select(InboxItem.attempts).distinct()).all()
    assert (len(writers), tries) == (1, [1])


def test_history_that_comes_again_is_recorded_once_and_what_is_new_in_it_too(runtime: Runtime) -> None:
    pull(runtime, crm(accounts(30)), ["salesforce"])
    with runtime.transaction() as session:
        session.delete(session.get_one(SyncCursor, ("salesforce", "accounts")))

    assert pull(runtime, crm([*accounts(30), *accounts(2, 30)]), ["salesforce"]) == 2
    assert (customers(runtime), inbox(runtime)) == (32, {"handled": 32})


def test_a_second_pull_brings_only_news(runtime: Runtime) -> None:
    source = crm(accounts(10))
    pull(runtime, source, ["salesforce"])
    source.pages["accounts"].append([*accounts(3), *accounts(2, 10)])

    assert pull(runtime, source, ["salesforce"]) == 2
    assert source.asked[-1] == ("accounts", {"page": 1})


def test_a_bad_record_becomes_a_case_and_the_rest_goes_on(runtime: Runtime) -> None:
    records = accounts(5)
    records[2] = raw("accounts", "001BAD", is_broken=True)
    pull(runtime, crm(records), ["salesforce"])

    assert (customers(runtime), inbox(runtime)) == (4, {"handled": 4, "failed": 1})
    with runtime.reading() as session:
        case = session.scalars(select(Case)).one()
        assert "001BAD" in case.sentence
        assert "amount: not a number" in case.sentence


def test_facts_that_the_store_cannot_hold_stop_only_their_own_record(runtime: Runtime) -> None:
    records = accounts(9)
    records[4] = raw("accounts", "001NUL", name="Long & co")
    source = crm(records)
    source.translate = lambda record: (
        (customer(source_ref="001NUL", number="N", currency="EURO"),)
        if record.external_id == "001NUL"
        else translate(record)
    )
    pull(runtime, source, ["salesforce"])

    assert (customers(runtime), inbox(runtime)) == (8, {"handled": 8, "failed": 1})


def test_rows_left_over_from_a_crash_are_handled_by_the_next_pull(runtime: Runtime) -> None:
    source = crm([])
    with runtime.transaction() as session:
        store.receive(session, "salesforce", accounts(3), runtime.now())

    assert pull(runtime, source, ["salesforce"]) == 3
    assert customers(runtime) == 3


def test_a_system_that_does_not_answer_is_failing_then_left_alone_then_tried_again(
    runtime: Runtime, clock: FixedClock
) -> None:
    source = crm(accounts(1))
    source.failures = [Transient("Salesforce does not answer.")] * 3
    for _ in range(5):
        pull(runtime, source, ["salesforce"])
    with runtime.reading() as session:
        row = session.get_one(Connection, "salesforce")
        assert (row.state, row.sentence, row.failures) == ("failing", "Salesforce does not answer.", 3)
    assert len(source.asked) == 3

    clock.advance(minutes=10)
    assert pull(runtime, source, ["salesforce"]) == 1
    with runtime.reading() as session:
        assert session.get_one(Connection, "salesforce").state == "connected"


def test_wrong_credentials_pause_the_connection_with_a_sentence(runtime: Runtime, clock: FixedClock) -> None:
    source = crm(accounts(1))
    source.failures = [Misconfigured("Salesforce does not accept our key.")]
    pull(runtime, source, ["salesforce"])
    clock.advance(days=1)

    assert pull(runtime, source, ["salesforce"]) == 0
    with runtime.reading() as session:
        row = session.get_one(Connection, "salesforce")
        assert (row.state, row.sentence) == ("paused", "Salesforce does not accept our key.")


def test_pages_before_a_failure_are_kept(runtime: Runtime) -> None:
    class Breaking(FakeSource):
        def pull(self, stream, cursor):  # type: ignore[no-untyped-def]
            yield from list(super().pull(stream, cursor))[:1]
            raise Transient("Gone in the middle.")

    source = Breaking("salesforce", {"accounts": [accounts(600), accounts(5, 600)]}, translate)
    pull(runtime, source, ["salesforce"])

    assert (customers(runtime), place(runtime).cursor, place(runtime).completed_at) == (600, {"page": 1}, None)


def test_two_pulls_of_one_system_do_not_get_into_each_others_way(runtime: Runtime) -> None:
    source = crm(accounts(1))
    with exclusive(runtime.engine, "intake:salesforce"):
        assert pull(runtime, source, ["salesforce"]) == 0
    assert source.asked == []


def test_a_pull_that_is_told_to_stop_goes_on_later_where_it_stood(runtime: Runtime) -> None:
    source = crm(accounts(1_000), accounts(1_000, 1_000))
    told = iter([False, True, True])

    assert pull(runtime, source, ["salesforce"], Way(lambda: next(told))) == 1_000
    assert pull(runtime, source, ["salesforce"]) == 1_000
    assert customers(runtime) == 2_000


def test_invoices_wait_for_the_ledger_only_where_there_is_one() -> None:
    known = {("stripe", "customers"), ("stripe", "products")}

    assert not is_due(("stripe", "invoices"), known, frozenset({"stripe", "netsuite"}))
    assert is_due(("stripe", "invoices"), known, frozenset({"stripe"}))


def test_what_was_read_once_waits_for_no_stream_that_came_later() -> None:
    assert is_due(("stripe", "invoices"), {("stripe", "invoices")}, frozenset({"stripe", "netsuite"}))


def test_a_first_synchronisation_reads_the_systems_in_order(runtime: Runtime) -> None:
    asked: list[tuple[str, str]] = []

    class Listening(FakeSource):
        def pull(self, stream, cursor):  # type: ignore[no-untyped-def]
            asked.append((self.capabilities.system, stream))
            return super().pull(stream, cursor)

    empty = {
        "stripe": ("customers", "products", "invoices", "credit_notes", "events"),
        "netsuite": ("reference", "transactions"),
        "salesforce": ("accounts", "products", "contracts", "order_items", "cases"),
    }
    pull_all(runtime, {system: Listening(system, {name: [[]] for name in names}) for system, names in empty.items()})

    first = {spot: asked.index(spot) for spot in asked}
    assert first["salesforce", "accounts"] < first["stripe", "customers"]
    assert max(first["netsuite", "transactions"], first["salesforce", "order_items"]) < first["stripe", "invoices"]
    assert first["stripe", "invoices"] < first["salesforce", "cases"]
    assert {name: list(dict.fromkeys(s for system, s in asked if system == name)) for name in empty} == {
        name: list(streams) for name, streams in empty.items()
    }
