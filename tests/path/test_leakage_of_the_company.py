"""The whole company, read from its systems: what leaks is what was planted, to the cent, and nothing else is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.leakage import Money, company_wide, leaked, strays, unsold
from connectors import netsuite, salesforce, stripe
from core.db.tables import Case, Document
from core.intake import store as intake
from core.reporting.drift import leakage_total
from core.runtime import Runtime
from jobs.pull_all import pull_all
from jobs.watch_drift import watch_drift
from sandbox.company import billing_truth, populate, populate_house, truth
from sandbox.faults import Control
from sandbox.server import open_emulators
from tests.fakes import NOON, FixedClock
from tests.path.outside import served
from tests.stores import Furniture, policies
from tests.work import all_rows

pytestmark = pytest.mark.slow
NAMES = ("salesforce", "stripe", "netsuite")
SCALE, SEED = Decimal("0.02"), 7


@pytest.fixture
def furniture() -> Furniture:
    return policies


@dataclass(frozen=True)
class Company:
    """Its systems over HTTP, and what was planted: in contracts and on invoices."""

    lines: dict[str, dict[str, Any]]
    planted: list[dict[str, Any]]
    flaws: list[dict[str, Any]]


def opened(folder: Path, has_leaks: bool) -> Iterator[Company]:
    emulators = open_emulators(NAMES, folder, FixedClock(NOON), Control(), SEED)
    populate(emulators, SCALE, SEED, NOON.date(), folder=folder)
    if has_leaks:
        populate_house(emulators, SCALE, SEED, NOON.date(), folder=folder)
    with served(emulators, folder) as lines:
        yield Company(lines, billing_truth(folder), truth(folder))


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    yield from opened(tmp_path, has_leaks=True)


@pytest.fixture
def clean(tmp_path: Path) -> Iterator[Company]:
    """All contracts as they should be; some invoices of the last month are wrong and wait for a decision."""
    yield from opened(tmp_path, has_leaks=False)


def watch(runtime: Runtime, company: Company) -> None:
    clock = FixedClock(NOON)
    connected = (
        salesforce.build(salesforce.Config.from_sandbox(company.lines["salesforce"]), clock=clock),
        stripe.build(stripe.Config.from_sandbox(company.lines["stripe"])),
        netsuite.build(netsuite.Config.from_sandbox(company.lines["netsuite"]), clock=clock),
    )
    ledgers = {name: each.ledger for name, each in zip(NAMES, connected, strict=True) if each.ledger is not None}
    sources = {name: each.source for name, each in zip(NAMES, connected, strict=True) if each.source is not None}
    with runtime.transaction() as session:
        intake.introduce(session, ledgers)
    pull_all(runtime, sources)
    assert len([row for row in all_rows(runtime, Document) if row.state == "posted"]) > 300
    watch_drift(runtime)


def test_the_leakage_of_the_company_is_what_was_planted(runtime: Runtime, company: Company) -> None:
    watch(runtime, company)
    money, total = leaked(runtime, company.planted), company_wide(runtime, company.planted)
    assert money.planted > 0 and money.found == money.planted and money.is_exact
    assert total.is_exact, total
    sold = unsold(runtime, company.planted)
    assert sold.planted > 0 and sold.is_exact, sold
    assert strays(runtime, company.planted, company.flaws) == Counter()


def test_a_company_without_leaks_leaks_nothing(runtime: Runtime, clean: Company) -> None:
    watch(runtime, clean)
    assert [case.sentence for case in all_rows(runtime, Case) if case.code == "drift.billed"] == []
    assert leakage_total(runtime) == 0
    assert unsold(runtime, []) == Money(0, 0, True)
    assert strays(runtime, [], clean.flaws) == Counter()
