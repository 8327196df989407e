"""One job by hand: its exit code tells scripts whether the outside system was reached."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.intake import store
from core.ports import Misconfigured, Rejected, Transient
from core.runtime import Runtime
from jobs import cli
from jobs.exclusive import exclusive
from jobs.wiring import House
from tests.fakes import FakeLedger, FakeSource, raw
from tests.jobs.rows import released
from tests.stores import Furniture, policies

ROOT = Path(__file__).resolve().parents[2]
AWAY = "Stripe cannot be reached."


@pytest.fixture
def furniture() -> Furniture:
    return policies


@pytest.fixture
def house(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> House:
    source = FakeSource("stripe", {"customers": [[raw("customers", "cus_1")]]})
    found = House(runtime, {"stripe": source}, {"netsuite": FakeLedger()})
    monkeypatch.setattr(cli, "open_house", lambda: found)
    return found


def failing(house: House, *failures: Exception) -> None:
    source = house.sources["stripe"]
    assert isinstance(source, FakeSource)
    source.failures = list(failures)  # type: ignore[arg-type]


def run(capsys: pytest.CaptureFixture[str], name: str) -> tuple[int, str, str]:
    code = cli.main(["once", name])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_pull_that_reads_says_how_much(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "pull_stripe") == (0, "pull_stripe: 1\n", "")


@pytest.mark.parametrize("name", ["pull_stripe", "pull_all"])
@pytest.mark.parametrize("failure", [Transient(AWAY), Rejected(AWAY)])
def test_a_vendor_that_is_down_is_told_in_one_line(
    house: House, capsys: pytest.CaptureFixture[str], name: str, failure: Exception
) -> None:
    failing(house, *[failure] * 3)
    assert run(capsys, name) == (1, "", f"{AWAY}\n")


def test_wrong_credentials_pause_the_connection_and_a_paused_one_is_told(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(house, Misconfigured("Stripe refused the API key."))
    assert run(capsys, "pull_stripe") == (1, "", "Stripe refused the API key.\n")
    paused = (1, "", "The connection to Stripe is paused: Stripe refused the API key.\n")
    assert [run(capsys, "pull_stripe"), run(capsys, "pull_all")] == [paused, paused]


def test_a_system_that_rests_is_told_with_the_time_of_the_next_try(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    with house.runtime.transaction() as session:
        for _ in range(3):
            store.record_failure(session, "stripe", AWAY, house.runtime.now())
    resting = (1, "", f"Stripe is left alone until 12:00:05 UTC: {AWAY}\n")
    assert [run(capsys, "pull_stripe"), run(capsys, "pull_all")] == [resting, resting]


def test_a_system_that_somebody_else_is_reading_is_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    with exclusive(house.runtime.engine, "intake:stripe"):
        assert run(capsys, "pull_stripe") == (1, "", "Stripe is being read by somebody else right now.\n")


def test_what_could_not_be_delivered_is_told(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    released(house.runtime)
    house.runtime.clock.advance(minutes=1)  # type: ignore[attr-defined]
    ledger = house.ledgers["netsuite"]
    assert isinstance(ledger, FakeLedger)
    ledger.behaviour = [Transient("NetSuite cannot be reached.")]
    assert run(capsys, "deliver") == (1, "", "NetSuite cannot be reached.\n")
    house.runtime.clock.advance(minutes=20)  # type: ignore[attr-defined]
    assert run(capsys, "deliver") == (0, "deliver: 1\n", "")


@pytest.mark.slow
def test_a_system_without_a_folder_for_running_programs_hears_nothing_of_it(tmp_path: Path) -> None:
    """The library of the embedded store would say so before anything else."""
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    bare = {"XDG_RUNTIME_DIR", "DATABASE_URL", "SANDBOX_SYSTEMS"}
    environment = {name: value for name, value in os.environ.items() if name not in bare}
    environment |= {"DATA_DIR": str(blocked / "data")}
    command = [sys.executable, "-m", "jobs", "once", "sweep_stalled"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
