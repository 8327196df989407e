"""Makes a key for a machine that sends usage, and prints it; it cannot be shown again."""

from __future__ import annotations

import argparse

from core.runtime import open_runtime
from core.workflow.actors import job
from core.workflow.api_keys import make_api_key
from jobs.lines import note, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="who will send with it")


def run(args: argparse.Namespace) -> int:
    """The key alone goes to standard output, so that it can be piped to where it is kept."""
    secret = make_api_key(open_runtime(), args.name, job("create_api_key"))
    note("This is the only time that the key is shown:")
    say(secret)
    return 0
