from __future__ import annotations

from alembic import command
from sqlalchemy import text

from core.db.tables import BillingRun, Document
from core.runtime import Runtime
from jobs.run_billing import run_billing
from jobs.store_setup import migrate, migration_config
from tests import work
from tests.billing import house_contract, start


def test_a_migrated_store_is_what_the_tables_say(runtime: Runtime) -> None:
    command.check(migration_config(runtime.engine))


def test_migrating_twice_changes_nothing(runtime: Runtime) -> None:
    migrate(runtime.engine)


def test_the_chain_leads_back_to_an_empty_store_and_up_again(runtime: Runtime) -> None:
    command.downgrade(migration_config(runtime.engine), "base")

    with runtime.reading() as session:
        left = session.scalars(
            text("select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")
        ).all()
    assert left == []

    migrate(runtime.engine)


def test_whoever_started_a_run_of_before_is_kept_from_approving_what_it_made(runtime: Runtime) -> None:
    work.open_house(runtime)
    house_contract(runtime)
    run_billing(runtime, start(runtime, "review"))
    with runtime.transaction() as session:
        session.execute(text("update documents set changed_by = '[]'"))
    command.downgrade(migration_config(runtime.engine), "0016")

    migrate(runtime.engine)

    ana = str(work.person(runtime, "Ana").user_id)
    assert work.only(runtime, BillingRun).changed_by == work.only(runtime, Document).changed_by == [ana]
