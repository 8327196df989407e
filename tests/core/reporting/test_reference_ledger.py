"""The reference figures of a customer's receivables, from their file through the command line.

The file is not ours to keep: RECEIVABLES_FILE names it, or it lies in shared/data beside the repository.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from core.runtime import Runtime
from jobs.cli import main

ROOT = Path(__file__).resolve().parents[3]
BESIDE = ROOT.parent / "shared" / "data" / "receivables-2466.csv"


@pytest.fixture
def receivables() -> Path:
    named = os.environ.get("RECEIVABLES_FILE")
    path = Path(named) if named else BESIDE
    if not path.is_file():
        pytest.skip(f"the customer's receivables file is not at {path}; name it in RECEIVABLES_FILE")
    return path


@pytest.fixture
def shown(
    receivables: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """What the command line prints for 30 June 2013, after it has imported the file."""
    monkeypatch.setenv("DATABASE_URL", str(runtime.settings.database_url))
    monkeypatch.setenv("DATA_DIR", str(runtime.settings.data_dir))
    monkeypatch.delenv("SANDBOX_SYSTEMS", raising=False)
    assert main(["import-ledger", str(receivables), "--date-format", "%m/%d/%Y"]) == 0
    assert "2,466 invoices" in capsys.readouterr().out
    assert main(["figures", "--as-of", "2013-06-30", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_customers_ledger_gives_the_reference_figures_to_the_cent_and_the_hundredth_of_a_day(
    shown: dict[str, Any],
) -> None:
    assert (shown["open_count"], shown["open_total"], shown["billed_90d"]) == (84, "5119.85", "19903.70")
    assert shown["ageing"] == {
        "current": "4284.29",
        "d1_30": "835.56",
        "d31_60": "0.00",
        "d61_90": "0.00",
        "d90_plus": "0.00",
    }
    assert (shown["dso_simple"], shown["dso_countback"]) == (23.15, 26.26)
