import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sandbox.emulators.netsuite import Emulator
from sandbox.faults import Faults
from tests.sandbox.netsuite.company import Clock, fill, sign_in


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("netsuite")
    emulator = Emulator(folder, Clock(), Faults())
    fill(emulator)
    emulator.close()
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def emulator(prepared: Path, tmp_path: Path, clock: Clock, faults: Faults) -> Iterator[Emulator]:
    shutil.copytree(prepared, tmp_path / "copy")
    made = Emulator(tmp_path / "copy", clock, faults)
    yield made
    made.close()


@pytest.fixture
def client(emulator: Emulator, clock: Clock) -> Iterator[TestClient]:
    with TestClient(emulator.app) as made:
        sign_in(emulator, clock, made)
        yield made
