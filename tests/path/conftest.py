"""The systems that a released invoice goes to, and a house that sends to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.runtime import Runtime
from tests.path.outside import Outside, equip, opened


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with opened(tmp_path_factory.mktemp("outside")) as found:
        yield found


@pytest.fixture
def house(runtime: Runtime, outside: Outside) -> Iterator[Runtime]:
    equip(runtime)
    yield runtime
    for emulator in outside.emulators.values():
        emulator.app.faults.reset()
    outside.emulators["mail"].switches.set({"reject": [], "greylist": [], "bounce_later": []})
