"""The command `python -m sandbox`."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sandbox.faults import Control
from sandbox.folder import FolderUnusable, sole_use
from sandbox.options import parse
from sandbox.server import OVER_TLS, SYSTEMS, Emulator, PortUnusable, Serving, open_emulators, take_ports
from sandbox.switches import SwitchUnusable
from sandbox.tls import Certificates

GENERATED, GENERATING, ANNOUNCED = "company.json", "generating", "systems.json"


class Life(Protocol):
    """What the company's Life offers."""

    events_per_minute: int
    paused: bool

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Sender(Protocol):
    """Who reports the usage of the company's product."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def describe(
    emulators: Mapping[str, Emulator], serving: Mapping[str, Serving], authority: Path
) -> list[dict[str, Any]]:
    """What a client has to know of each system; `ca_file` is the authority to trust for HTTPS."""
    systems: list[dict[str, Any]] = []
    for name, emulator in emulators.items():
        system = {"system": name, "address": serving[name].address, "credentials": emulator.credentials()}
        systems.append({**system, "ca_file": str(authority.resolve())} if name in OVER_TLS else system)
    return systems


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody sees half of it, and nobody but its owner reads it: keys are in it."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(text)
    partial.replace(path)


class Company:
    """The generated company of a folder: made once, then living on."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._folder: Path = options.folder
        self._mark = {"scale": str(options.scale.normalize()), "seed": options.seed}
        self._life: Life | None = None
        self._sender: Sender | None = None

    def prepare(self) -> None:
        """Before the emulators open: remove a half-made company, refuse another one. One that is named was made whole,
        whether its maker was killed right after or not."""
        found, marker = self._found(), self._folder / GENERATING
        if marker.exists() and found is None:
            for path in self._folder.glob("*.sqlite*"):
                path.unlink()
        marker.unlink(missing_ok=True)
        if found is not None and {k: found[k] for k in self._mark} != self._mark:
            held = f"scale {found['scale']}, seed {found['seed']}"
            sys.exit(f"{self._folder} holds another company ({held}). Choose another --folder or delete it.")

    def _found(self) -> dict[str, Any] | None:
        path = self._folder / GENERATED
        return json.loads(path.read_text()) if path.exists() else None

    def generate(self, emulators: Mapping[str, Emulator]) -> None:
        """Fill the emulators, unless this was done before."""
        from sandbox.company import populate, populate_house

        if self._found() is None:
            anchor = self._options.anchor or datetime.now(UTC).date()
            (self._folder / GENERATING).touch()
            populate(emulators, self._options.scale, self._options.seed, anchor, folder=self._folder)
            populate_house(emulators, self._options.scale, self._options.seed, anchor, folder=self._folder)
            write_whole(self._folder / GENERATED, json.dumps({**self._mark, "anchor": anchor.isoformat()}))
            (self._folder / GENERATING).unlink()

    def live(self, emulators: Mapping[str, Emulator], control: Control, now: Callable[[], datetime]) -> None:
        """Let time pass in the company, at the speed that `control` says."""
        from sandbox.company import Life, Sender, billing_truth, truth

        self._life = life = Life(emulators, self._options.seed, now, self._folder)
        control.truth = lambda: truth(self._folder)
        control.billing_truth = lambda: billing_truth(self._folder)
        control.sign = life.sign
        control.on_speed = lambda: _set_speed(life, control)
        control.on_speed()
        life.start()
        self._sender = sender = Sender(life.meter, control, self._folder)
        sender.start()

    def stop(self) -> None:
        if self._sender is not None:
            self._sender.stop()
        if self._life is not None:
            self._life.stop()


def _set_speed(life: Life, control: Control) -> None:
    life.events_per_minute, life.paused = control.events_per_minute, control.paused


def utc_now() -> datetime:
    return datetime.now(UTC)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        with sole_use(options.folder):
            _run(options)
    except KeyboardInterrupt:
        return 0
    except (FolderUnusable, PortUnusable, SwitchUnusable) as reason:
        print(reason, file=sys.stderr)
    return 1


def _run(options: argparse.Namespace) -> None:
    """Nothing in the folder is touched before all ports are ours."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    names = (options.only,) if options.only else SYSTEMS
    ports = take_ports(names, options.port)
    company = Company(options) if options.scale > 0 else None
    if company is not None:
        company.prepare()
    (options.folder / ANNOUNCED).unlink(missing_ok=True)
    control = Control()
    control.ready, control.paused = company is None, options.paused
    control.events_per_minute = options.events_per_minute
    emulators = open_emulators(names, options.folder, utc_now, control, options.seed)
    certificates = Certificates(options.folder)
    serving = {
        name: Serving(emulator.app, ports[name], certificates if name in OVER_TLS else None)
        for name, emulator in emulators.items()
    }
    try:
        _serve(options, emulators, serving, certificates.authority)
        if company is not None:
            company.generate(emulators)
            control.ready = True
            company.live(emulators, control, utc_now)
        threading.Event().wait()
    finally:
        _stop(emulators, serving, company)


def _serve(
    options: argparse.Namespace, emulators: dict[str, Emulator], serving: dict[str, Serving], authority: Path
) -> None:
    """Start all of them, and tell where they are."""
    for each in serving.values():
        each.start()
    systems = describe(emulators, serving, authority)
    if options.webhook_url and "stripe" in emulators:
        emulators["stripe"].register_webhook(options.webhook_url)  # type: ignore[attr-defined]
    if options.webhook_url and "mail" in emulators:
        # The product takes notices of the mail provider beside those of Stripe.
        beside = options.webhook_url.rpartition("/")[0] + "/mail"
        emulators["mail"].register_webhook(beside)  # type: ignore[attr-defined]
    for system in systems:
        print(json.dumps(system), flush=True)
    write_whole(options.folder / ANNOUNCED, json.dumps(systems))


def _stop(emulators: dict[str, Emulator], serving: dict[str, Serving], company: Company | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if company is not None:
        company.stop()
    stoppers = [threading.Thread(target=one.stop) for one in serving.values()]
    for stopper in stoppers:
        stopper.start()
    for stopper in stoppers:
        stopper.join()
    for emulator in emulators.values():
        emulator.close()
