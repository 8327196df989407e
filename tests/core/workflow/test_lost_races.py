"""Of two transactions that wait for each other the store ends one; its command is carried out once more."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.agreements import store as agreements
from core.db.tables import Contract, ExecutedCommand
from core.documents import store as documents
from core.runtime import Runtime
from core.workflow import commands as c
from core.workflow import execute
from core.workflow.billing_commands import WithdrawInvoice
from core.workflow.command import Target
from jobs.run_billing import bill_due, run_unfinished
from tests import builders as b
from tests.billing import house_contract
from tests.corrections import only_of
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, open_house, person, record

# Who writes a customer loses as often as `lost` says. A sequence counts on when a transaction is rolled back.
_LOSING = """
create sequence tries;
create table lost (times int);
insert into lost values ({times});
create function lose() returns trigger language plpgsql as $$
begin
  if nextval('tries') <= (select times from lost) then
    raise exception 'lost' using errcode = '{code}';
  end if;
  return new;
end $$;
create trigger losing before insert on customers for each statement execute function lose();
"""


@pytest.fixture
def furniture() -> Furniture:
    return open_house


def losing(runtime: Runtime, times: int, code: str) -> None:
    with runtime.transaction() as session:
        session.execute(text(_LOSING.format(times=times, code=code)))


def tries(runtime: Runtime) -> int:
    with runtime.reading() as session:
        return int(session.execute(text("select last_value from tries")).scalar_one())


@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_a_command_that_the_store_ends_for_another_one_is_carried_out_once_more(runtime: Runtime, code: str) -> None:
    losing(runtime, 2, code)
    before = len(all_rows(runtime, ExecutedCommand))
    command = c.RecordFacts(source=b.CRM, customers=(b.customer(name="New name"),))
    assert not execute(runtime, command, JOB).is_repeat
    assert (tries(runtime), len(all_rows(runtime, ExecutedCommand))) == (3, before + 1)
    assert execute(runtime, command, JOB).is_repeat


def test_a_command_that_loses_every_time_is_given_up(runtime: Runtime) -> None:
    losing(runtime, 99, "40P01")
    before = len(all_rows(runtime, ExecutedCommand))
    with pytest.raises(OperationalError):
        record(runtime, b.CRM, customers=(b.customer(name="New name"),))
    assert (tries(runtime), len(all_rows(runtime, ExecutedCommand))) == (4, before)


@pytest.fixture
def amendment(runtime: Runtime) -> Iterator[tuple[Event, Thread]]:
    """Has the contract, and takes its invoice as soon as somebody waits for the contract."""
    record(runtime, b.CRM, customers=(b.customer(is_on_hold=True),))
    house_contract(runtime)
    bill_due(runtime)
    run_unfinished(runtime)
    invoice, contract, has_it = only_of(runtime, "invoice").id, only(runtime, Contract).id, Event()

    def amend() -> None:
        with runtime.transaction() as session:
            # So it is not this one that the store ends.
            session.execute(text("set local deadlock_timeout = '60s'"))
            agreements.contracts(session, [contract], is_locked=True)
            has_it.set()
            blocked = text("select count(*) from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid))")
            while not session.execute(blocked).scalar_one():
                pass
            documents.load(session, [invoice])

    thread = Thread(target=amend)
    yield has_it, thread
    thread.join()


def test_who_takes_an_invoice_back_while_its_contract_is_amended_succeeds(
    runtime: Runtime, amendment: tuple[Event, Thread]
) -> None:
    has_it, thread = amendment
    row = only_of(runtime, "invoice")
    thread.start()
    assert has_it.wait(30)
    command = WithdrawInvoice(document=Target(row.id, row.revision), reason="Wrong one")
    execute(runtime, command, person(runtime, "Ana"))
    assert only_of(runtime, "invoice").state == "void"
