"""One embedded PostgreSQL for the whole run, migrated once; each `runtime` works on its own copy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fasteners
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from core.db.engine import open_engine, start_embedded
from core.runtime import Runtime
from core.settings import Settings
from jobs.store_setup import migrate
from tests.fakes import FixedClock

# What the shell or the Makefile sets for a running house is not what a test starts from.
for _name in Settings.model_fields:
    os.environ.pop(_name.upper(), None)

_TEMPLATE = "quittance_template"
# Tests may forget what a crash of the machine would lose; they only have to be quick.
_HASTE = ("fsync", "synchronous_commit", "full_page_writes")


def _admin(url: str) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT")


def _on(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _prepare(url: str) -> None:
    """Makes the migrated template, unless another test process has."""
    admin = _admin(url)
    with admin.connect() as connection:
        if connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": _TEMPLATE}):
            return
        for setting in _HASTE:
            connection.execute(text(f"alter system set {setting} = off"))
        connection.execute(text("select pg_reload_conf()"))
        connection.execute(text("create database quittance_being_migrated"))
    engine = open_engine(_on(url, "quittance_being_migrated"))
    migrate(engine)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"alter database quittance_being_migrated rename to {_TEMPLATE}"))
    admin.dispose()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """Address of the server that all test processes share."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with fasteners.InterProcessLock(shared / "postgres.lock"):
        url = start_embedded(shared / "postgres")
        _prepare(url)
    return url


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """Address of a fresh, migrated database that lives as long as the test."""
    name = f"test_{uuid4().hex}"
    admin = _admin(postgres_url)
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {_TEMPLATE}"))
    yield _on(postgres_url, name)
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def runtime(database: str, clock: FixedClock, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime on an empty store, at noon of 2 November 2026 until the test moves the clock."""
    engine = open_engine(database)
    yield Runtime(Settings(data_dir=tmp_path, database_url=database, _env_file=None), engine, clock)
    engine.dispose()
