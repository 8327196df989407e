"""Databases for tests: one server, one migrated template, and furnished copies of it, each made once in a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from core.db.engine import open_engine
from core.runtime import Runtime
from core.settings import Settings
from core.workflow.bootstrap import bootstrap
from jobs.store_setup import migrate
from tests.fakes import NOON, FixedClock

Furniture = Callable[[Runtime], object]

TEMPLATE = "quittance_template"
# Tests may forget what a crash of the machine would lose; they only have to be quick.
_HASTE = ("fsync", "synchronous_commit", "full_page_writes")
_IN_THE_MAKING = "quittance_in_the_making"


def policies(runtime: Runtime) -> None:
    """A house with its policies and nobody in it."""
    bootstrap(runtime, is_demo=False)


def people(runtime: Runtime) -> None:
    """A house with its policies and the people of the demo."""
    bootstrap(runtime, is_demo=True)


def admin_of(url: str) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT")


def on(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def prepare(url: str) -> None:
    """Makes the migrated template, unless another test process has."""
    if _is_there(url, TEMPLATE):
        return
    admin = admin_of(url)
    with admin.connect() as connection:
        for setting in _HASTE:
            connection.execute(text(f"alter system set {setting} = off"))
        connection.execute(text("select pg_reload_conf()"))
    admin.dispose()
    _make(url, TEMPLATE, "template1", migrate)


def template(url: str, furniture: Furniture | None, folder: Path) -> str:
    """Name of the database to copy: the empty house, or the one that `furniture` filled on the day before NOON."""
    if furniture is None:
        return TEMPLATE
    name = f"with_{furniture.__module__}_{furniture.__qualname__}".replace(".", "_").lower()[-60:]
    if not _is_there(url, name):
        settings = Settings(data_dir=folder, database_url=on(url, _IN_THE_MAKING), _env_file=None)
        the_day_before = FixedClock(NOON - timedelta(days=1))
        _make(url, name, TEMPLATE, lambda engine: furniture(Runtime(settings, engine, the_day_before)))
    return name


def _is_there(url: str, name: str) -> bool:
    admin = admin_of(url)
    with admin.connect() as connection:
        found = connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name})
    admin.dispose()
    return found is not None


def _make(url: str, name: str, origin: str, fill: Callable[[Engine], object]) -> None:
    """The name is given last: a database of that name is complete."""
    admin = admin_of(url)
    with admin.connect() as connection:
        connection.execute(text(f"drop database if exists {_IN_THE_MAKING}"))
        connection.execute(text(f"create database {_IN_THE_MAKING} template {origin}"))
    engine = open_engine(on(url, _IN_THE_MAKING))
    fill(engine)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"alter database {_IN_THE_MAKING} rename to {name}"))
    admin.dispose()
