"""The options of `python -m sandbox`; what is not given comes from the environment."""

import argparse
import os
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

from sandbox.server import SYSTEMS


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. All options: --help\n")


def parse(arguments: list[str], environment: Mapping[str, str] = os.environ) -> argparse.Namespace:
    data = Path(environment.get("DATA_DIR") or "data")
    parser = _Parser(
        prog="python -m sandbox", description="Emulated Stripe, Salesforce, NetSuite and AvaTax, and a mailbox"
    )
    parser.add_argument("--only", choices=SYSTEMS, help="start this one system, on the port given")
    # A default that is text is checked like what is given.
    parser.add_argument("--port", type=_port, default=environment.get("SANDBOX_PORT") or "8600")
    parser.add_argument("--scale", type=_scale, default=environment.get("SANDBOX_SCALE") or "1")
    parser.add_argument("--seed", type=_seed, default=environment.get("SANDBOX_SEED") or "7")
    parser.add_argument("--paused", action="store_true", help="the company does not live on by itself")
    parser.add_argument("--folder", type=Path, default=data / "sandbox")
    parser.add_argument(
        "--webhook-url", help="deliver Stripe's events to this address, and the mailbox's notices to /mail beside it"
    )
    parser.add_argument("--anchor", type=_day, help="the company's today; default: today")
    parser.add_argument("--events-per-minute", type=_events, default=20)
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    """The port of the first system; the others follow it, and 0 takes free ones."""
    last = 65_536 - len(SYSTEMS)
    if not text.isdecimal() or int(text) > last:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port between 0 and {last} (--port or SANDBOX_PORT)")
    return int(text)


def _scale(text: str) -> Decimal:
    """Size of the company; 1 is the usual one, 0 is none."""
    try:
        scale = Decimal(text)
    except InvalidOperation:
        scale = Decimal(-1)
    if not scale.is_finite() or scale < 0:
        raise argparse.ArgumentTypeError(f"“{text}” is not a size of 0 or more, such as 0.5 (--scale or SANDBOX_SCALE)")
    return scale


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"“{text}” is not a whole number, such as 7 (--seed or SANDBOX_SEED)"
        ) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a day, such as 2026-11-22") from None


def _events(text: str) -> int:
    """Of a minute of the company's life."""
    if not text.isdecimal() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of events a minute, such as 20")
    return int(text)
