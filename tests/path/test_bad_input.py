"""What comes in wrong is told in a sentence or kept as a case, and nothing is lost by it.

Webhooks with a bad signature or sent twice are tried in tests/web/test_webhooks.py, the ledger's refusals and wrong
credentials of the ledger in tests/jobs/test_deliver.py, each bad cell of a file in tests/core/intake, a stale form in
tests/path/test_first_light.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.canonical import CanonicalRecord
from core.db.tables import Approval, AuditEntry, Case, Connection, Customer, Document, InboxItem
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.ports import Page, Probe, RawRecord, Source
from core.runtime import Runtime
from core.workflow import Actor, Role, execute
from core.workflow import commands as c
from jobs.cli import main
from jobs.handle_inbox import handle_waiting
from jobs.pull import pull
from tests import builders as b
from tests.conformance.conftest import system, systems  # noqa: F401  # fixtures
from tests.conformance.systems import NAMES, WRONG, System
from tests.fakes import FixedClock
from tests.path.test_first_light import big_invoice, house, targets  # noqa: F401
from tests.stores import Furniture
from tests.work import only, person, record, settled_house

each_system = pytest.mark.parametrize("system", NAMES, indirect=True)
only_stripe = pytest.mark.parametrize("system", ["stripe"], indirect=True)
ADMINISTRATOR = Actor("Ada", Role.ADMINISTRATOR, new_id(), None, None)
HEADER = "customer_number,invoice_number,invoice_date,due_date,amount,currency"
GOOD = "C1,I1,2026-01-01,2026-01-31,100.00,EUR"

Change = Callable[[dict[str, Any]], dict[str, Any]]


def count(runtime: Runtime, table: type[Any], *conditions: Any) -> int:
    with runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def connection(runtime: Runtime, name: str) -> tuple[str, str | None]:
    with runtime.reading() as session:
        row = session.get_one(Connection, name)
        return row.state, row.sentence


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (HEADER.replace(",amount", ",worth"), GOOD, "amount"),
        (HEADER, GOOD.replace("2026-01-01", "2026-02-30"), "Row 3, invoice_date: “2026-02-30” is not a date"),
        (HEADER, GOOD.replace("100.00", "a lot"), "Row 3, amount: “a lot” is not an amount"),
        (HEADER, GOOD.replace("EUR", "XQQ"), "Row 3, currency: “XQQ” is not a currency code"),
        (HEADER, GOOD, "Row 3, invoice_number: Invoice I1 is already in row 2."),
    ],
    ids=["a missing column", "a day that does not exist", "no amount", "an unknown currency", "a number used twice"],
)
def test_a_wrong_file_is_refused_with_its_bad_rows_and_nothing_of_it_is_imported(
    runtime: Runtime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    header: str,
    row: str,
    words: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", str(runtime.settings.database_url))
    monkeypatch.delenv("SANDBOX_SYSTEMS", raising=False)
    file = tmp_path / "ledger.csv"
    bad = row if row == GOOD else row.replace("I1", "I2")
    file.write_text("\n".join([header, GOOD, bad]), encoding="utf-8")

    assert main(["import-ledger", str(file)]) == 1
    told = capsys.readouterr().err
    assert words in told
    assert "nothing was imported" in told
    assert "Traceback" not in told
    assert count(runtime, Document) == 0
    assert count(runtime, Customer, Customer.number == "C1") == 0


def test_a_file_that_is_not_there_is_named(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", str(runtime.settings.database_url))

    assert main(["import-ledger", "nowhere.csv"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "nowhere.csv" in line


# --- outside systems ----------------------------------------------------------------------------------------------


@dataclass
class Tampered:
    """A source whose vendor changes one kind of record on the way; `repair` is our later answer to that."""

    source: Source
    kind: str
    change: Change
    repair: Change | None = None
    is_done: bool = False

    @property
    def capabilities(self) -> Any:
        return self.source.capabilities

    def check(self) -> Probe:
        return self.source.check()

    def count(self, stream: str) -> int | None:
        return self.source.count(stream)

    def fetch(self, kind: str, external_id: str) -> RawRecord | None:
        return self.source.fetch(kind, external_id)

    def pull(self, stream: str, cursor: Mapping[str, Any]) -> Iterator[Page]:
        for page in self.source.pull(stream, cursor):
            yield replace(page, records=tuple([self._changed(each) for each in page.records]))

    def to_canonical(self, record: RawRecord) -> tuple[CanonicalRecord, ...]:
        if self.repair is not None and record.kind == self.kind:
            record = replace(record, payload=self.repair(dict(record.payload)))
        return self.source.to_canonical(record)

    def _changed(self, record: RawRecord) -> RawRecord:
        """Only the first of the kind."""
        if self.is_done or record.kind != self.kind:
            return record
        self.is_done = True
        return replace(record, payload=self.change(dict(record.payload)))


def renamed(old: str, new: str) -> Change:
    return lambda payload: {new if name == old else name: value for name, value in payload.items()}


@pytest.fixture
def furniture() -> Furniture:
    return settled_house


@each_system
def test_wrong_credentials_are_named_pause_the_connection_and_lose_nothing(
    runtime: Runtime,
    system: System,  # noqa: F811
    clock: FixedClock,
) -> None:
    refused = system.connector(**WRONG[system.name]).source
    assert refused is not None
    probe = refused.check()
    assert not probe.is_usable
    assert refused.capabilities.title in probe.sentences[-1]

    assert pull(runtime, refused, [system.name]) == 0
    state, sentence = connection(runtime, system.name)
    assert state == "paused"
    assert sentence is not None
    assert refused.capabilities.title in sentence
    clock.advance(days=1)
    assert pull(runtime, system.source, [system.name]) == 0, "only a person resumes it"

    resume = c.SetConnectionState(system=system.name, state="connected", reason="New key")
    execute(runtime, resume, ADMINISTRATOR)
    assert _everything_arrives(runtime, system)


@each_system
def test_a_vendor_that_is_down_is_told_left_alone_and_loses_nothing(
    runtime: Runtime,
    system: System,  # noqa: F811
    clock: FixedClock,
) -> None:
    source = system.source
    system.faults.outage = True
    for _ in range(4):
        assert pull(runtime, source, [system.name]) == 0
    state, sentence = connection(runtime, system.name)
    assert state == "failing"
    assert sentence is not None
    assert source.capabilities.title in sentence

    system.faults.outage = False
    assert pull(runtime, source, [system.name]) == 0, "it rests first"
    clock.advance(minutes=10)
    assert _everything_arrives(runtime, system)
    assert connection(runtime, system.name) == ("connected", None)


def _everything_arrives(runtime: Runtime, system: System) -> bool:  # noqa: F811
    """One more pull brings every record that the vendor holds, and each is understood."""
    source = system.source
    pull(runtime, source, [system.name])
    held = sum(system.held(stream.name) for stream in source.capabilities.streams)
    return count(runtime, InboxItem, InboxItem.state == "handled") == held == count(runtime, InboxItem)


@only_stripe
def test_an_invoice_in_an_unknown_currency_is_a_case_and_the_others_go_on(
    runtime: Runtime,
    system: System,  # noqa: F811
) -> None:
    pull(runtime, Tampered(system.source, "invoice", lambda payload: payload | {"currency": "xqq"}), ["stripe"])

    with runtime.reading() as session:
        kept = session.scalars(select(InboxItem).where(InboxItem.state == "failed")).one()
        case = session.scalars(select(Case).where(Case.code == "record.unreadable")).one()
    assert kept.payload["currency"] == "xqq"
    assert "“XQQ” is not a currency code we know" in case.sentence
    assert case.queue == "Integrations"
    assert count(runtime, InboxItem, InboxItem.kind == "invoice", InboxItem.state == "handled") > 600


@only_stripe
def test_a_field_that_was_renamed_is_a_case_and_is_read_when_we_have_learned_it(
    runtime: Runtime,
    system: System,  # noqa: F811
) -> None:
    drifted = Tampered(system.source, "invoice", renamed("total", "grand_total"))
    pull(runtime, drifted, ["stripe"])
    with runtime.reading() as session:
        kept = session.scalars(select(InboxItem).where(InboxItem.state == "failed")).one()
        case = session.scalars(select(Case).where(Case.code == "record.unreadable")).one()
    assert "grand_total" in kept.payload
    assert "total" in case.sentence
    before = count(runtime, Document, Document.kind == "invoice")
    assert before > 600

    execute(runtime, c.RetryInboxItems(inbox_ids=(kept.id,)), person(runtime, "Ana"))
    handle_waiting(runtime, Tampered(system.source, "invoice", dict, repair=renamed("grand_total", "total")))

    assert count(runtime, Document, Document.kind == "invoice") == before + 1
    assert count(runtime, Document, Document.source_ref == kept.external_id) == 1
    assert count(runtime, InboxItem, InboxItem.state != "handled") == 0
    assert count(runtime, Case, Case.code == "record.unreadable", Case.state == "open") == 0


# --- people -------------------------------------------------------------------------------------------------------


def test_a_decision_that_was_taken_meanwhile_is_refused_in_words_and_changes_nothing(house: Runtime) -> None:  # noqa: F811
    record(house, b.CRM, order_lines=(b.order_line(quantity=Decimal(3500)),))
    record(house, b.PAYMENTS, invoices=(big_invoice(3500),))
    seen = only(house, Approval)
    execute(house, c.DecideApprovals(targets=targets([seen]), verdict="approve"), person(house, "Bo"))
    late = c.DecideApprovals(targets=targets([seen]), verdict="reject", note="Too late")
    with pytest.raises(Refused, match="You approved HC-000001 meanwhile: yours was not done"):
        execute(house, late, person(house, "Bo"))
    assert only(house, Document).state == "released"


def test_a_second_click_is_answered_and_done_once(house: Runtime) -> None:  # noqa: F811
    record(house, b.CRM, customers=(b.customer(is_on_hold=True),))
    record(house, b.PAYMENTS, invoices=(b.invoice(),))
    ana = person(house, "Ana")
    click = c.WaiveCases(targets=targets([only(house, Case)]), reason="Agreed with sales")
    first = execute(house, click, ana)
    after, trail = only(house, Case).revision, count(house, AuditEntry)

    second = execute(house, click, ana)

    assert (first.is_repeat, second.is_repeat) == (False, True)
    assert second.result == first.result
    assert (only(house, Case).revision, count(house, AuditEntry)) == (after, trail)
