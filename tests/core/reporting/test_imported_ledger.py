"""The worked example of the formulas, all the way from a file to the figures."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from core.kit.errors import Refused
from core.reporting.figures import figures
from core.runtime import Runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.imports import Reading, check_ledger, import_command, open_ledger
from jobs.cli import main

# At the close of 31 March 2026: 250 open, 110 of it not due; billed 100, 120 and 90; 200 open at the start of the year.
LEDGER = """customer_number,invoice_number,invoice_date,due_date,amount,settled_date,paid_amount
C1,OLD,2025-12-10,2026-01-09,200.00,2026-02-20,
C1,JAN,2026-01-15,2026-02-14,90.00,2026-02-15,60.00
C2,FEB,2026-02-10,2026-03-12,110.00,,
C2,FEB-2,2026-02-28,2026-03-31,10.00,,
C3,MAR,2026-03-20,2026-04-19,100.00,2026-04-20,
C3,APR,2026-04-01,2026-05-01,77.00,,
"""
DAY = date(2026, 3, 31)


def test_the_worked_example_comes_out(runtime: Runtime) -> None:
    file = open_ledger("ledger.csv", LEDGER.encode())
    parsed = check_ledger(file, Reading("USD"))
    execute(runtime, import_command("ledger.csv", parsed), job("import"))
    shown = figures(runtime, DAY).as_json()
    assert shown["ageing"] == {
        "current": "110.00",
        "d1_30": "110.00",
        "d31_60": "30.00",
        "d61_90": "0.00",
        "d90_plus": "0.00",
    }
    assert (shown["open_count"], shown["open_total"], shown["billed_90d"]) == (4, "250.00", "310.00")
    assert (shown["dso_simple"], shown["dso_countback"]) == (72.58, 69.33)
    assert (shown["dso_best_possible"], shown["average_days_delinquent"], shown["cei"]) == (33.33, 36.0, 65.0)
    assert shown["overdue_share"] == 56.0


def test_the_same_file_twice_changes_nothing(runtime: Runtime) -> None:
    parsed = check_ledger(open_ledger("ledger.csv", LEDGER.encode()), Reading("USD"))
    execute(runtime, import_command("ledger.csv", parsed), job("import"))
    before = figures(runtime, DAY).as_json()
    told = execute(runtime, import_command("other.csv", parsed), job("import")).result
    assert told == {"customers": 0, "invoices": 0, "payments": 0, "disputes": 0}
    assert figures(runtime, DAY).as_json() == before


def test_a_file_with_bad_rows_becomes_no_command() -> None:
    parsed = check_ledger(open_ledger("ledger.csv", LEDGER.replace("90.00", "ninety").encode()), Reading("USD"))
    with pytest.raises(Refused, match="1 bad row; nothing was imported"):
        import_command("ledger.csv", parsed)


@pytest.fixture
def store(runtime: Runtime, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The command line finds the store in its environment, as for people."""
    monkeypatch.setenv("DATABASE_URL", database.replace("postgresql+psycopg", "postgresql"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_line_imports_and_prints_the_figures(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (store / "ledger.csv").write_text(LEDGER.replace("amount,settled", "Betrag,settled"))
    (store / "mapping.json").write_text(json.dumps({"amount": "Betrag"}))
    assert main(["import-ledger", "ledger.csv", "--columns", "mapping.json", "--dry-run"]) == 0
    assert main(["import-ledger", "ledger.csv", "--columns", "mapping.json"]) == 0
    capsys.readouterr()
    assert main(["figures", "--as-of", "2026-03-31", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dso_countback"] == 69.33


def test_the_command_line_names_every_bad_row_and_imports_nothing(
    store: Path, runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    (store / "ledger.csv").write_text(LEDGER.replace("90.00", "ninety"))
    assert main(["import-ledger", "ledger.csv", "--report", "bad.csv"]) == 1
    assert "Row 3, amount: “ninety” is not an amount in USD." in capsys.readouterr().err
    assert "ninety" in (store / "bad.csv").read_text(encoding="utf-8-sig")
    assert figures(runtime, DAY).open_count == 0
