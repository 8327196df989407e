"""The company in the real emulators: every record is taken, and comes back as it was."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.company import Emulator, Life, populate
from sandbox.emulators.netsuite import Emulator as NetSuite
from sandbox.emulators.salesforce import Emulator as Salesforce
from sandbox.emulators.stripe import Emulator as Stripe
from sandbox.faults import Faults
from tests.sandbox.company.memory import ANCHOR, SEED, Sandbox, generate

Emulators = dict[str, Emulator]


def at_noon() -> datetime:
    return datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day, 12, tzinfo=UTC)


@pytest.fixture
def emulators(tmp_path: Path) -> Iterator[Emulators]:
    opened = [system(tmp_path, at_noon, Faults()) for system in (Stripe, Salesforce, NetSuite)]
    yield {one.name: one for one in opened}
    for one in opened:
        one.close()


@pytest.fixture
def expected(tmp_path: Path) -> Sandbox:
    return generate(tmp_path / "expected", scale="0.01")


def test_every_record_arrives(emulators: Emulators, expected: Sandbox, tmp_path: Path) -> None:
    populate(emulators, Decimal("0.01"), SEED, ANCHOR, folder=tmp_path)
    for name, memory in expected.emulators.items():
        assert set(memory.kinds) <= set(emulators[name].kinds)
        for kind in memory.kinds:
            assert emulators[name].count(kind) == memory.count(kind), (name, kind)
    for doc in expected.stripe.all("invoice")[:20]:
        assert emulators["stripe"].get("invoice", doc["id"]) == doc
    for doc in expected.salesforce.all("Contract")[:20]:
        assert emulators["salesforce"].get("Contract", doc["Id"]) == doc


def test_the_company_lives_in_them(emulators: Emulators, tmp_path: Path) -> None:
    populate(emulators, Decimal("0.01"), SEED, ANCHOR, folder=tmp_path)
    before = emulators["stripe"].count("invoice")
    life = Life(emulators, SEED, at_noon, tmp_path)
    told = [life.step() for _ in range(60)]
    assert "nothing" not in told
    assert emulators["stripe"].count("invoice") > before
    assert emulators["stripe"].count("event") > 30
