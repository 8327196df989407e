"""The emulators of all systems, each behind a real port, holding one small company; what one module of tests leaves
there is no other module's concern."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.company.populate import populate
from sandbox.faults import Control
from sandbox.server import OVER_TLS, Serving, open_emulators
from sandbox.tls import Certificates
from tests.conformance.systems import EVERYTHING, MovingClock, System


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, System]]:
    folder, clock = tmp_path_factory.mktemp("sandbox"), MovingClock()
    emulators = open_emulators(EVERYTHING, folder, clock, Control(), 7)
    populate(emulators, Decimal("0.02"), 7, datetime.now(UTC).date(), folder=folder)
    certificates = Certificates(folder)
    found, serving = {}, []
    for name, emulator in emulators.items():
        served = Serving(emulator.app, 0, certificates if name in OVER_TLS else None)
        served.start()
        serving.append(served)
        line = {"system": name, "address": served.address, "credentials": emulator.credentials()}
        line["ca_file"] = str(certificates.authority)
        found[name] = System(name, line, emulator, emulator.app.faults, clock)  # type: ignore[attr-defined]
    yield found
    for served in serving:
        served.stop()
    for emulator in emulators.values():
        emulator.close()


@pytest.fixture
def system(request: pytest.FixtureRequest, systems: dict[str, System]) -> Iterator[System]:
    """The system named by the parameter, without faults before and after."""
    chosen = systems[request.param]
    chosen.faults.reset()
    yield chosen
    chosen.faults.reset()
