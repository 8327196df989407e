"""The command `python -m sandbox`."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Protocol

from sandbox.faults import Control
from sandbox.server import OVER_TLS, SYSTEMS, Emulator, PortUnusable, Serving, open_emulators
from sandbox.tls import Certificates

GENERATED, GENERATING = "company.json", "generating"


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


def parse(arguments: list[str], environment: Mapping[str, str] = os.environ) -> argparse.Namespace:
    """Options; what is not given comes from the environment."""
    data = Path(environment.get("DATA_DIR") or "data")
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Emulated Stripe, Salesforce, NetSuite and AvaTax, and a mailbox"
    )
    parser.add_argument("--only", choices=SYSTEMS, help="start this one system, on the port given")
    # A default that is text is checked like what is given.
    parser.add_argument("--port", type=_port, default=environment.get("SANDBOX_PORT", "8600"))
    parser.add_argument("--scale", type=_scale, default=environment.get("SANDBOX_SCALE", "1"))
    parser.add_argument("--seed", type=int, default=int(environment.get("SANDBOX_SEED", 7)))
    parser.add_argument("--paused", action="store_true", help="the company does not live on by itself")
    parser.add_argument("--folder", type=Path, default=data / "sandbox")
    parser.add_argument(
        "--webhook-url", help="deliver Stripe's events to this address, and the mailbox's notices to /mail beside it"
    )
    parser.add_argument("--anchor", type=date.fromisoformat, help="the company's today; default: today")
    parser.add_argument("--events-per-minute", type=int, default=20)
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    """The port of the first system; the others follow it, and 0 takes free ones."""
    last = 65_536 - len(SYSTEMS)
    if not text.isdecimal() or int(text) > last:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port between 0 and {last}")
    return int(text)


def _scale(text: str) -> Decimal:
    """Size of the company; 1 is the usual one, 0 is none."""
    try:
        scale = Decimal(text)
    except InvalidOperation:
        scale = Decimal(-1)
    if not scale.is_finite() or scale < 0:
        raise argparse.ArgumentTypeError(f"“{text}” is not a size of 0 or more, such as 0.5")
    return scale


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
        """Before the emulators open: remove a half-made company, refuse another one."""
        if (self._folder / GENERATING).exists():
            for path in self._folder.glob("*.sqlite*"):
                path.unlink()
            (self._folder / GENERATING).unlink()
        found = self._found()
        if found is not None and {k: found[k] for k in self._mark} != self._mark:
            sys.exit(f"{self._folder} holds another company: {found}. Choose another --folder or delete it.")

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
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "systems.json").unlink(missing_ok=True)
    company = Company(options) if options.scale > 0 else None
    if company is not None:
        company.prepare()
    control = Control()
    control.ready, control.paused = company is None, options.paused
    control.events_per_minute = options.events_per_minute
    names = (options.only,) if options.only else SYSTEMS
    emulators = open_emulators(names, options.folder, utc_now, control, options.seed)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        _serve(options, emulators, company, control)
    except KeyboardInterrupt:
        return 0
    except PortUnusable as reason:
        print(reason, file=sys.stderr)
    return 1


def _serve(
    options: argparse.Namespace, emulators: dict[str, Emulator], company: Company | None, control: Control
) -> None:
    certificates = Certificates(options.folder)
    serving: dict[str, Serving] = {}
    try:
        for offset, (name, emulator) in enumerate(emulators.items()):
            secured = certificates if name in OVER_TLS else None
            port = options.port + offset if options.port else 0
            serving[name] = Serving(emulator.app, port, secured)
            serving[name].start()
        _announce(options, emulators, serving, certificates)
        if company is not None:
            company.generate(emulators)
            control.ready = True
            company.live(emulators, control, utc_now)
        threading.Event().wait()
    finally:
        _stop(emulators, serving, company)


def _announce(
    options: argparse.Namespace,
    emulators: dict[str, Emulator],
    serving: dict[str, Serving],
    certificates: Certificates,
) -> None:
    systems = describe(emulators, serving, certificates.authority)
    if options.webhook_url and "stripe" in emulators:
        emulators["stripe"].register_webhook(options.webhook_url)  # type: ignore[attr-defined]
    if options.webhook_url and "mail" in emulators:
        # The product takes notices of the mail provider beside those of Stripe.
        beside = options.webhook_url.rpartition("/")[0] + "/mail"
        emulators["mail"].register_webhook(beside)  # type: ignore[attr-defined]
    for system in systems:
        print(json.dumps(system), flush=True)
    write_whole(options.folder / "systems.json", json.dumps(systems))


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
