from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from core.canonical import EntityRecord
from core.runtime import Runtime
from core.workflow.api_keys import key_of_secret
from jobs.cli import main
from tests import builders as b
from tests.work import record


@pytest.fixture
def store(runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runtime:
    """The command line finds the test's store."""
    monkeypatch.setenv("DATABASE_URL", str(runtime.settings.database_url))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "house"))
    monkeypatch.delenv("SANDBOX_SYSTEMS", raising=False)
    return runtime


def error(capsys: pytest.CaptureFixture[str]) -> str:
    """What was complained of, which must be one line."""
    captured = capsys.readouterr()
    [line] = captured.err.splitlines()
    assert "Traceback" not in line
    return line


@pytest.mark.parametrize("arguments", [[], ["dance"], ["once"], ["figures", "--as-of", "yesterday"]])
def test_wrong_arguments_are_one_readable_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "--help" in error(capsys)


def test_an_unknown_job_is_answered_with_those_there_are(store: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["once", "dance"]) == 1
    assert "pull_stripe" in error(capsys)


def test_a_pull_from_a_system_that_is_not_connected_is_refused(
    store: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["once", "pull_stripe"]) == 1
    assert error(capsys) == "Stripe is not connected."


def test_a_job_runs_once_and_tells_its_count(store: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare"]) == 0
    assert main(["once", "sweep_stalled"]) == 0
    assert capsys.readouterr().out == "sweep_stalled: 0\n"


def test_preparing_twice_is_harmless(store: Runtime) -> None:
    assert [main(["prepare"]), main(["prepare"])] == [0, 0]


def test_a_whole_trail_is_success_and_a_broken_one_is_not(store: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    main(["prepare"])
    assert main(["verify-audit"]) == 0
    with store.transaction() as session:
        session.execute(text("alter table audit disable trigger user"))
        session.execute(text("update audit set sentence = 'nothing happened' where seq = 1"))

    assert main(["verify-audit"]) == 1
    assert "broken" in capsys.readouterr().out


def test_a_store_that_was_never_prepared_is_named(store: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    with store.transaction() as session:
        session.execute(text("drop table deliveries cascade"))

    assert main(["once", "deliver"]) == 1
    assert "prepare" in error(capsys)


def test_a_store_that_is_away_is_named(
    store: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")

    assert main(["once", "sweep_stalled"]) == 1
    assert "store does not answer" in error(capsys)


def test_a_wrong_setting_is_named(
    store: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "eighty")

    assert main(["reset"]) == 1
    assert "PORT" in error(capsys)


def test_half_a_configuration_is_named(
    store: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NETSUITE_ADDRESS", "https://1.example")

    assert main(["once", "pull_netsuite"]) == 1
    assert "NetSuite is not fully set up" in error(capsys)


def test_reset_removes_what_is_ours_and_nothing_else(
    store: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "house"
    monkeypatch.setenv("PORT", "1")
    for name in ("postgres", "sandbox", "photos"):
        (folder / name).mkdir(parents=True)

    assert main(["reset"]) == 0
    assert [each.name for each in folder.iterdir()] == ["photos"]


def test_a_first_administrator_is_added_without_showing_the_password(
    store: Runtime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["prepare"])
    monkeypatch.setenv("QUITTANCE_PASSWORD", "correct-horse-battery")
    assert main(["add-person", "kim@house.example", "--name", "Kim Vale"]) == 0
    assert "correct-horse" not in capsys.readouterr().out
    with store.reading() as session:
        found = session.execute(text("select role, password_hash from users where email = 'kim@house.example'")).one()
    assert found.role == "administrator"
    assert found.password_hash.startswith("$argon2")


def test_a_person_who_is_there_already_is_not_added_a_second_time(
    store: Runtime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["prepare"])
    monkeypatch.setenv("QUITTANCE_PASSWORD", "correct-horse-battery")
    main(["add-person", "kim@house.example", "--name", "Kim Vale", "--role", "viewer"])
    assert main(["add-person", "KIM@house.example", "--name", "Mallory"]) == 1
    assert "is already a person of this house" in error(capsys)
    with store.reading() as session:
        assert session.execute(text("select name, role from users where email = 'kim@house.example'")).one() == (
            "Kim Vale",
            "viewer",
        )


def test_a_weak_password_is_refused_in_one_line(store: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    main(["prepare"])
    monkeypatch.setenv("QUITTANCE_PASSWORD", "short")
    assert main(["add-person", "kim@house.example", "--name", "Kim Vale"]) == 1


@pytest.mark.parametrize("day", ["0001-01-01", "1989-12-31", "9999-12-31"])
def test_figures_of_a_day_that_cannot_be_are_refused_in_one_line(
    store: Runtime, capsys: pytest.CaptureFixture[str], day: str
) -> None:
    assert main(["figures", "--as-of", day]) == 1
    assert "between 1990-01-01 and" in error(capsys)


@pytest.mark.parametrize("code", ["NOPE", "us"])
def test_figures_of_an_unknown_legal_entity_are_refused_with_those_there_are(
    store: Runtime, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    us = EntityRecord(source=b.LEDGER, source_ref="5", code="US", name="Halden Inc", country="US", currency="USD")
    main(["prepare"])
    record(store, b.LEDGER, entities=(us,))
    capsys.readouterr()
    assert main(["figures", "--entity", code]) == 1
    assert error(capsys) == f"There is no legal entity “{code}”. Those on file are: US."
    assert main(["figures", "--entity", "US"]) == 0


@pytest.mark.parametrize("address", ["garbage", "mysql://a/b", "postgresql://a:b:c:d/e"])
def test_an_address_that_is_none_of_a_store_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    assert main(["figures"]) == 1
    assert error(capsys).startswith("The setting DATABASE_URL is wrong: It ")


def test_a_key_for_sending_usage_is_printed_alone_and_works(store: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create-api-key", "Telemetry"]) == 0
    [secret] = capsys.readouterr().out.splitlines()
    assert key_of_secret(store, secret).name == "Telemetry"
