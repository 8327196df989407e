"""python -m jobs figures --as-of DATE [--entity E] --json: the figures of Overview on the command line."""

from __future__ import annotations

import argparse
import json
from datetime import date

from core.kit.clock import EARLIEST, is_plausible, latest_plausible
from core.kit.errors import Refused
from core.reporting.figures import figures
from core.reporting.overview import check_entity
from core.runtime import open_runtime
from jobs.lines import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-of", type=_day, metavar="DATE", help="close of this day (YYYY-MM-DD); today when left out"
    )
    parser.add_argument("--entity", metavar="CODE", help="one legal entity; all when left out")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a list")


def run(args: argparse.Namespace) -> int:
    runtime = open_runtime()
    as_of = args.as_of or runtime.today()
    if not is_plausible(as_of, runtime.today()):
        until = latest_plausible(runtime.today())
        raise Refused("figures.day", f"Figures can be had of days between {EARLIEST} and {until}, not of {as_of}.")
    if args.entity is not None:
        check_entity(runtime, args.entity)
    found = figures(runtime, as_of, args.entity).as_json()
    if args.json:
        say(json.dumps(found))
        return 0
    for key, value in {**found, **found.pop("ageing")}.items():
        say(f"{key:<24}{'undefined' if value is None else value}")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a day like 2026-06-30") from None
