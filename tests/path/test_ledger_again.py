"""A ledger is brought in again: what is here stays, what is new comes in, and what was changed is not passed over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from core.canonical import EntityRecord
from core.db.tables import AuditEntry, Customer, Dispute, Document, Payment
from core.kit.errors import Refused
from core.reporting.figures import figures
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.imports import Reading, check_ledger, import_command, news_for, open_ledger
from jobs.cli import main
from tests import builders as b
from tests.stores import Furniture
from tests.work import JOB, all_rows, only, person, record, settled_house

HEADER = (
    "customer_number,customer_name,invoice_number,invoice_date,due_date,amount,currency,settled_date,paid_amount,"
    "disputed,entity"
)
OPEN = "C1,Nordlicht,I1,2026-10-01,2026-10-31,100.00,USD,,,no,DE"
PARTLY = "C1,Nordlicht,I1,2026-10-01,2026-10-31,100.00,USD,2026-10-15,40.00,no,DE"
DISPUTED = "C1,Nordlicht,I1,2026-10-01,2026-10-31,100.00,USD,,,yes,DE"
PAID = "C1,Nordlicht,I1,2026-10-01,2026-10-31,100.00,USD,2026-10-20,,yes,DE"
OTHER = "C2,Zweite,I2,2026-10-01,2026-10-31,7.00,USD,,,no,DE"
NOTHING = {"customers": 0, "invoices": 0, "payments": 0, "disputes": 0}


@pytest.fixture
def furniture() -> Furniture:
    return settled_house


def ledger(*rows: str) -> Any:
    parsed = check_ledger(open_ledger("l.csv", "\n".join([HEADER, *rows]).encode()), Reading("USD"))
    return import_command("l.csv", parsed)


def bring(runtime: Runtime, *rows: str) -> dict[str, int]:
    return execute(runtime, ledger(*rows), JOB).result


def held(runtime: Runtime) -> tuple[int, int, int, list[str]]:
    """Invoices, payments, disputes, and the trail."""
    counts = [len(all_rows(runtime, table)) for table in (Document, Payment, Dispute)]
    return (*counts, [row.sentence for row in all_rows(runtime, AuditEntry)])  # type: ignore[return-value]


def test_the_same_file_again_does_nothing_and_leaves_no_trace(runtime: Runtime) -> None:
    bring(runtime, PAID, OTHER)
    before = held(runtime)
    assert bring(runtime, PAID, OTHER) == NOTHING
    assert bring(runtime, OTHER, PAID) == NOTHING
    assert held(runtime) == before


def test_a_customer_of_two_names_is_called_as_on_its_latest_invoice_however_the_rows_are_sorted(
    runtime: Runtime,
) -> None:
    renamed = "C1,Nordlicht AG,I3,2026-10-02,2026-10-31,7.00,USD,,,no,DE"
    nameless = "C1,C1,I4,2026-10-03,2026-10-31,7.00,USD,,,no,DE"
    rows = (OPEN, renamed, nameless)
    bring(runtime, *rows)
    for order in permutations(rows):
        assert bring(runtime, *order) == NOTHING
    assert [row.name for row in all_rows(runtime, Customer) if row.number == "C1"] == ["Nordlicht AG"]


def test_a_payment_of_an_invoice_that_is_here_is_recorded(runtime: Runtime) -> None:
    bring(runtime, OPEN, OTHER)
    assert bring(runtime, PARTLY, OTHER) == NOTHING | {"payments": 1}
    row = next(row for row in all_rows(runtime, Document) if row.number == "I1")
    assert (row.open_minor, only(runtime, Payment).amount_minor) == (6_000, 4_000)
    assert figures(runtime, date(2026, 10, 14)).open_total - figures(runtime, date(2026, 10, 15)).open_total == 40


def test_a_dispute_of_an_invoice_that_is_here_is_recorded_and_ended_by_its_payment(runtime: Runtime) -> None:
    bring(runtime, OPEN)
    assert bring(runtime, DISPUTED) == NOTHING | {"disputes": 1}
    assert only(runtime, Document).is_disputed
    assert bring(runtime, PAID) == NOTHING | {"payments": 1, "disputes": 1}
    assert (only(runtime, Dispute).state, only(runtime, Document).is_disputed) == ("withdrawn", False)
    assert bring(runtime, PAID) == NOTHING


def test_new_invoices_beside_known_ones_are_recorded(runtime: Runtime) -> None:
    bring(runtime, OPEN)
    assert bring(runtime, OPEN, OTHER) == NOTHING | {"customers": 1, "invoices": 1}
    assert sorted(row.number for row in all_rows(runtime, Document)) == ["I1", "I2"]


@pytest.mark.parametrize(
    ("first", "again", "words"),
    [
        (
            PARTLY,
            PAID.replace("yes", "no"),
            "a payment of 40.00 on 15 Oct 2026 here, and the file says 100.00 on 20 Oct",
        ),
        (PARTLY, PARTLY.replace("10-15", "10-16"), "and the file says 40.00 on 16 Oct 2026"),
        (PARTLY, OPEN, "has a payment of 40.00 on 15 Oct 2026 here, and the file says none"),
        (DISPUTED, OPEN, "has a dispute here, and the file does not say how that ended"),
        (OPEN, OPEN.replace("100.00", "120.00"), "has the amount 100.00 here, and the file says 120.00"),
        (OPEN, OPEN.replace("10-31", "11-30"), "has the due date 31 Oct 2026 here, and the file says 30 Nov 2026"),
        (OPEN, OPEN.replace("2026-10-01", "2026-10-02"), "has the invoice date 1 Oct 2026 here"),
        (OPEN, OPEN.replace("USD", "EUR"), "has the currency USD here, and the file says EUR"),
        (OPEN, OPEN.replace("C1", "C9"), "has the customer C1 here, and the file says C9"),
        (OPEN, OPEN.replace("DE", ""), "belongs to another legal entity here"),
    ],
)
def test_what_the_file_says_otherwise_refuses_it_as_a_whole_with_the_first_row_and_the_reason(
    runtime: Runtime, first: str, again: str, words: str
) -> None:
    bring(runtime, first)
    before = held(runtime)
    with pytest.raises(Refused) as refused:
        bring(runtime, OTHER, again)
    assert refused.value.sentence.startswith("Row 3: invoice I1 ")
    assert words in refused.value.sentence
    assert refused.value.sentence.endswith(". Nothing was imported.")
    assert held(runtime) == before


def test_further_rows_that_differ_are_counted(runtime: Runtime) -> None:
    rows = [OPEN.replace("I1", f"I{n}") for n in range(1, 5)]
    bring(runtime, *rows)
    with pytest.raises(Refused, match=r"^Row 3: invoice I2 .*\. 2 more rows differ too\. Nothing was imported\.$"):
        bring(runtime, rows[0], *(row.replace("100.00", "99.00") for row in rows[1:]))


def test_an_earlier_file_that_comes_back_is_held_against_what_came_since(runtime: Runtime) -> None:
    bring(runtime, OPEN)
    bring(runtime, PARTLY)
    with pytest.raises(Refused, match="the file says none"):
        bring(runtime, OPEN)


def test_a_new_name_is_a_difference_and_a_name_left_out_is_none(runtime: Runtime) -> None:
    bring(runtime, OPEN)
    assert bring(runtime, OPEN.replace("Nordlicht", "")) == NOTHING
    assert bring(runtime, OPEN.replace("Nordlicht", "Nordlicht AG")) == NOTHING | {"customers": 1}
    assert "Nordlicht AG" in {row.name for row in all_rows(runtime, Customer)}
    assert "Renamed customer C1 from Nordlicht to Nordlicht AG." in held(runtime)[-1]


def test_who_acts_for_one_legal_entity_does_not_learn_of_another_ones_invoice(runtime: Runtime) -> None:
    us = EntityRecord(source=b.LEDGER, source_ref="5", code="US", name="Halden Inc", country="US", currency="USD")
    record(runtime, b.LEDGER, entities=(us,))
    bring(runtime, OPEN.replace(",DE", ",US"))
    dieter = replace(person(runtime, "Dieter"), entities=frozenset({"DE"}))
    mine = OPEN.replace("C1,Nordlicht", "C7,Mine").replace("100.00", "1.00")
    with pytest.raises(Refused) as refused:
        execute(runtime, ledger(mine), dieter)
    assert refused.value.sentence == ("Row 2: invoice I1 belongs to another legal entity here. Nothing was imported.")


def test_two_people_who_bring_the_same_file_at_once_bring_it_once(runtime: Runtime) -> None:
    rows = [OPEN.replace("I1", f"I{n}") for n in range(200)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: bring(runtime, *rows), range(2)))
    assert sorted(each["invoices"] for each in found) == [0, 200]
    assert len(all_rows(runtime, Document)) == 200


def test_the_preview_tells_what_the_import_would_record(runtime: Runtime) -> None:
    bring(runtime, OPEN)
    command = ledger(PARTLY, OTHER)
    expected = {"customers": 1, "invoices": 1, "payments": 1, "disputes": 0}
    assert news_for(runtime, JOB, command).counts == expected
    assert execute(runtime, command, JOB).result == expected


# --- the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def run(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Imports rows by the command line; answers its exit code and the last line that it printed."""
    monkeypatch.setenv("DATABASE_URL", str(runtime.settings.database_url))
    monkeypatch.delenv("SANDBOX_SYSTEMS", raising=False)

    def run(*rows: str, arguments: tuple[str, ...] = ()) -> tuple[int, str]:
        file = tmp_path / "ledger.csv"
        file.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
        code = main(["import-ledger", str(file), *arguments])
        told = capsys.readouterr()
        return code, (told.err if code else told.out).splitlines()[-1]

    return run


def test_the_command_line_says_whether_anything_was_done(run: Callable[..., tuple[int, str]]) -> None:
    assert run(OPEN) == (0, "Imported 1 customer, 1 invoice, 0 payments, 0 disputes.")
    assert run(OPEN) == (0, "This ledger was imported before; nothing was done.")
    said = "Imported 0 customers, 0 invoices, 1 payment, 0 disputes. 1 invoice was here already."
    assert run(PARTLY) == (0, said)


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)])
def test_the_command_line_fails_with_the_reason_when_a_payment_was_changed(
    run: Callable[..., tuple[int, str]], arguments: tuple[str, ...]
) -> None:
    run(PARTLY)
    code, line = run(PAID, arguments=arguments)
    assert code == 1
    assert line.startswith("Row 2: invoice I1 has a payment of 40.00 on 15 Oct 2026 here")


def test_columns_nested_beyond_measure_are_refused_in_one_line(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "m.json").write_text("[" * 100_000)
    code, line = run(OPEN, arguments=("--columns", str(tmp_path / "m.json")))
    assert (code, line.endswith("it is nested too deeply.")) == (1, True)
