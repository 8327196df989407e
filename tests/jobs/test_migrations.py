from __future__ import annotations

from alembic import command
from sqlalchemy import text

from core.runtime import Runtime
from jobs.store_setup import migrate, migration_config


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
