"""Makes a key for a machine that sends usage, and prints it; it cannot be shown again."""

from __future__ import annotations

import argparse

from core.runtime import open_runtime
from core.workflow.actors import job
from core.workflow.api_keys import make_api_key
from jobs.lines import note, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="who will send with it")
    parser.add_argument(
        "--source", action="append", default=[], metavar="PREFIX", help="it may send only sources that begin so"
    )
    parser.add_argument(
        "--customer", action="append", default=[], metavar="NUMBER", help="it may send usage of this customer only"
    )


def run(args: argparse.Namespace) -> int:
    """The key alone goes to standard output, so that it can be piped to where it is kept."""
    secret = make_api_key(
        open_runtime(), args.name, job("create_api_key"), sources=args.source, customers=args.customer
    )
    note("This is the only time that the key is shown:")
    say(secret)
    return 0
