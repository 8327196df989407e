"""One embedded PostgreSQL for the whole run; each `runtime` works on its own copy of a prepared database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import fasteners
import pytest
from sqlalchemy import text

from core.db.engine import open_engine, start_embedded
from core.runtime import Runtime
from core.settings import Settings
from tests import stores
from tests.fakes import FixedClock
from tests.stores import Furniture

# What the shell or the Makefile sets for a running house is not what a test starts from.
for _name in Settings.model_fields:
    os.environ.pop(_name.upper(), None)

_HERE = Path(__file__).parent
# The emulators of the vendors and whatever talks to them.
_SLOW_FOLDERS = (_HERE / "conformance", _HERE / "sandbox")
_SEVERAL_SERVERS, _STORE = "systems", "database"
# Tests on the store that every change must pass at once: the path of a document, the figures, a billing run.
_SPINE = frozenset({"test_first_light.py", "test_figures.py", "test_running.py"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole families are slow: those of the sandbox, and every test that starts its servers or has a store of its own.
    A new store takes a third of a second, which a thousand tests make minutes."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        is_of_the_sandbox = any(item.path.is_relative_to(folder) for folder in _SLOW_FOLDERS)
        has_store = _STORE in fixtures and item.path.name not in _SPINE
        if is_of_the_sandbox or has_store or _SEVERAL_SERVERS in fixtures:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the run, which all test processes have in common."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def postgres_url(shared_folder: Path) -> str:
    """Address of the server that all test processes share."""
    with fasteners.InterProcessLock(shared_folder / "postgres.lock"):
        url = start_embedded(shared_folder / "postgres")
        stores.prepare(url)
    return url


@pytest.fixture(scope="session")
def template_of(postgres_url: str, shared_folder: Path) -> Callable[[Furniture | None], str]:
    """Furnishes a house the first time it is asked for; afterwards each test gets a copy of it."""
    known: dict[Furniture | None, str] = {}

    def find(furniture: Furniture | None) -> str:
        if furniture not in known:
            with fasteners.InterProcessLock(shared_folder / "postgres.lock"):
                known[furniture] = stores.template(postgres_url, furniture, shared_folder)
        return known[furniture]

    return find


@pytest.fixture
def furniture() -> Furniture | None:
    """What stands in the house when a test begins; a module that wants something there overrides this."""
    return None


@pytest.fixture
def database(
    postgres_url: str, template_of: Callable[[Furniture | None], str], furniture: Furniture | None
) -> Iterator[str]:
    """Address of a fresh, migrated database that lives as long as the test."""
    name = f"test_{uuid4().hex}"
    template = template_of(furniture)
    admin = stores.admin_of(postgres_url)
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    yield stores.on(postgres_url, name)
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def runtime(database: str, clock: FixedClock, tmp_path: Path) -> Iterator[Runtime]:
    """A runtime on its own store, at noon of 2 November 2026 until the test moves the clock."""
    engine = open_engine(database)
    yield Runtime(Settings(data_dir=tmp_path, database_url=database, _env_file=None), engine, clock)
    engine.dispose()
