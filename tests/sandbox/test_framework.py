"""The framework: records, faults, certificates, the command."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import cli
from sandbox.emulators.stripe.switches import StripeSwitches
from sandbox.faults import Control, Faults, Guarded
from sandbox.options import parse
from sandbox.records import Records
from sandbox.server import Serving
from sandbox.tls import Certificates

ROOT = Path(cli.__file__).parents[1]


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(tmp_path / "records.sqlite")
    yield made
    made.close()


def test_records_are_kept_replaced_and_counted(records: Records, tmp_path: Path) -> None:
    records.put("a", "1", {"name": "é"}, 5, 6)
    assert records.put_many("a", [("1", {"name": "b"}, 5, 7), ("2", {}, 5, 7)]) == 2
    assert records.get("a", "1") == {"name": "b"} and records.text("a", "2") == "{}" and records.get("a", "3") is None
    assert records.counts() == {"a": 2} and records.delete("a", "2") and not records.delete("a", "2")
    records.set_setting("secret", "s")
    again = Records(tmp_path / "records.sqlite")
    assert again.count("a") == 1 and again.setting("secret") == "s" and again.setting("none") is None
    again.close()


def test_a_broken_transaction_leaves_nothing(records: Records) -> None:
    with pytest.raises(KeyError), records.transaction():
        with records.transaction():
            records.put("a", "1", {}, 0, 0)
        assert records.count("a") == 1
        raise KeyError
    assert records.count("a") == 0


def test_others_read_while_somebody_writes(records: Records) -> None:
    seen: list[int] = []
    with records.transaction():
        records.put("a", "1", {}, 0, 0)
        reader = threading.Thread(target=lambda: seen.append(records.count("a")))
        reader.start()
        reader.join(5)
    assert seen == [0] and records.count("a") == 1


def _guarded(faults: Faults, done: list[str]) -> Guarded:
    async def work(request: Request) -> Response:
        done.append(request.method)
        return JSONResponse({"ok": True})

    route = Route("/work", work, methods=["GET", "POST"])
    return Guarded("x", [route], faults, lambda kind: JSONResponse({"fault": kind}, 599), lambda: {"a": 1})


def test_a_write_is_done_and_then_the_connection_is_cut() -> None:
    faults, done = Faults(), list[str]()
    serving = Serving(_guarded(faults, done), 0)
    serving.start()
    faults.commit_then_disconnect = 1.0
    with httpx.Client(base_url=serving.address) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/work")
        assert done == ["POST"] and client.get("/work").json() == {"ok": True}
    serving.stop()


def test_the_admin_endpoints_show_and_set() -> None:
    control = Control()
    calls: list[int] = []
    control.on_speed = lambda: calls.append(control.events_per_minute)
    control.truth = lambda: [{"kind": "price"}]
    serving = Serving(_guarded(Faults(control=control), []), 0)
    serving.start()
    with httpx.Client(base_url=f"{serving.address}/_sandbox") as client:
        assert client.get("/health").json() == {"system": "x", "ready": True, "counts": {"a": 1}, "paused": False}
        set_to = {"events_per_minute": 9, "paused": True}
        assert client.post("/speed", json=set_to).json() == set_to == client.get("/speed").json()
        assert client.post("/speed", json={"events_per_minute": -1}).status_code == 400
        assert client.post("/speed", content=b"{").status_code == 400
        assert calls == [9] and client.get("/truth").json() == [{"kind": "price"}]
    serving.stop()


def test_the_same_seed_makes_the_same_faults() -> None:
    first, second = Faults(seed=3), Faults(seed=3)
    decisions = [first.chance(0.5) for _ in range(20)]
    assert decisions == [second.chance(0.5) for _ in range(20)] and 0 < sum(decisions) < 20
    assert not first.chance(0.0) and first.chance(1.0)


def test_https_is_trusted_by_way_of_the_sandboxs_authority(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    serving = Serving(_guarded(Faults(), []), 0, certificates)
    serving.start()
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    assert serving.address.startswith("https://")
    assert httpx.get(f"{serving.address}/work", verify=trust).json() == {"ok": True}
    serving.stop()
    made = certificates.authority.read_bytes()
    assert Certificates(tmp_path).authority.read_bytes() == made


def test_switches_come_from_the_environment() -> None:
    found = StripeSwitches.from_environment({"SANDBOX_REPLAYED_HEADER": "false", "SANDBOX_METER_DELAY_MS": "5"})
    assert found.replayed_header is False and found.meter_delay_ms == 5
    with pytest.raises(ValueError):
        StripeSwitches.from_environment({"SANDBOX_METER_DELAY_MS": "soon"})


def test_options_come_from_the_environment(tmp_path: Path) -> None:
    options = parse(["--paused"], {"SANDBOX_PORT": "9100", "SANDBOX_SCALE": "0.5", "DATA_DIR": "/d"})
    assert (options.port, str(options.scale), options.seed) == (9100, "0.5", 7)
    assert options.folder == Path("/d/sandbox") and options.paused


def test_another_company_in_the_folder_is_refused_and_a_half_made_one_removed(tmp_path: Path) -> None:
    company = cli.Company(parse(["--folder", str(tmp_path), "--scale", "0.1"], {}))
    (tmp_path / cli.GENERATING).touch()
    (tmp_path / "stripe.sqlite").touch()
    company.prepare()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / cli.GENERATED).write_text('{"scale": "0.2", "seed": 7, "anchor": "2026-01-01"}')
    with pytest.raises(SystemExit):
        company.prepare()


def test_the_command_serves_announces_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--only", "stripe", "--scale", "0", "--port", "0"]
    with subprocess.Popen(
        [*command, "--folder", str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        assert httpx.get(f"{line['address']}/_sandbox/health").json()["ready"] is True
        process.send_signal(signal.SIGTERM)
        assert process.wait(4) == 0
    assert json.loads((tmp_path / "systems.json").read_text()) == [line]
    assert (tmp_path / "systems.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "wrong",
    [
        ["--scale", "-1"],
        ["--scale", "NaN"],
        ["--port", "99999"],
        ["--port", "x"],
        ["--seed", "abc"],
        ["--anchor", "soon"],
        ["--events-per-minute", "-5"],
    ],
)
def test_options_that_cannot_be_are_refused_in_words(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(wrong, {})
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"“{wrong[1]}” is not" in said and said.count("\n") == 1


@pytest.mark.parametrize("name", ["SANDBOX_SEED", "SANDBOX_SCALE", "SANDBOX_PORT"])
def test_what_the_environment_says_is_checked_in_the_same_words(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([], {name: "abc"})
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1
    assert "“abc” is not" in said and name in said


def test_a_taken_port_is_one_readable_line(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = str(holder.getsockname()[1])
        command = [sys.executable, "-m", "sandbox", "--only", "stripe", "--scale", "0", "--port", taken]
        ended = subprocess.run(
            [*command, "--folder", str(tmp_path)], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr == f"Port {taken} cannot be used: Address already in use. Choose another with --port.\n"
