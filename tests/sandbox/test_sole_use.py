"""One sandbox per folder: whoever comes second says so in a line and leaves all of it as it is."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox import cli
from sandbox.folder import FolderUnusable, sole_use
from sandbox.options import parse

ROOT = Path(cli.__file__).parents[1]


def command(folder: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "sandbox", "--only", "stripe", "--port", "0", "--folder", str(folder), *options]


@contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox that has told its address."""
    with subprocess.Popen(command(folder, *options), stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["address"]
        finally:
            process.kill()


def ended(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *options),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_second_sandbox_in_the_folder_ends_with_a_line_and_touches_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "--scale", "0") as (_, address):
        assert httpx.get(f"{address}/_sandbox/health").json()["ready"] is True
        # As while a company is being made: this is what the second one used to take for a half-made company.
        (tmp_path / cli.GENERATING).touch()
        before = contents(tmp_path)
        second = ended(tmp_path, "--scale", "0.01")
        assert (second.returncode, second.stdout) == (1, "")
        assert second.stderr == (
            f"Another sandbox is running in {tmp_path}. Stop it first, or choose another folder with --folder.\n"
        )
        assert contents(tmp_path) == before and cli.ANNOUNCED in before
        assert httpx.get(f"{address}/_sandbox/health").json()["ready"] is True


def test_a_sandbox_that_was_killed_leaves_a_folder_that_can_be_used_again(tmp_path: Path) -> None:
    with running(tmp_path, "--scale", "0") as (process, _):
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with running(tmp_path, "--scale", "0") as (_, address):
        assert httpx.get(f"{address}/_sandbox/health").json()["ready"] is True
        assert json.loads((tmp_path / cli.ANNOUNCED).read_text())[0]["address"] == address


def test_a_taken_port_leaves_the_folder_as_it_is(tmp_path: Path) -> None:
    (tmp_path / cli.ANNOUNCED).write_text("[]")
    (tmp_path / cli.GENERATING).touch()
    (tmp_path / "stripe.sqlite").write_text("kept")
    before = contents(tmp_path)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        second = ended(tmp_path, "--port", str(holder.getsockname()[1]))
    assert second.returncode == 1 and second.stderr.count("\n") == 1
    assert {name: content for name, content in contents(tmp_path).items() if name in before} == before


def test_a_company_whose_maker_was_killed_right_after_it_was_whole_is_kept(tmp_path: Path) -> None:
    (tmp_path / cli.GENERATED).write_text('{"scale": "0.1", "seed": 7, "anchor": "2026-01-01"}')
    (tmp_path / cli.GENERATING).touch()
    (tmp_path / "stripe.sqlite").write_text("whole")
    cli.Company(parse(["--folder", str(tmp_path), "--scale", "0.1"], {})).prepare()
    assert (tmp_path / "stripe.sqlite").read_text() == "whole" and not (tmp_path / cli.GENERATING).exists()


def test_a_folder_that_cannot_be_one_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusable, match="file cannot be used: File exists"), sole_use(tmp_path / "file"):
        pass


def test_a_switch_that_takes_no_such_thing_is_one_readable_line(tmp_path: Path) -> None:
    second = ended(tmp_path, "--scale", "0", SANDBOX_METER_DELAY_MS="soon")
    assert second.returncode == 1
    assert second.stderr.startswith("SANDBOX_METER_DELAY_MS does not take “soon”") and second.stderr.count("\n") == 1
