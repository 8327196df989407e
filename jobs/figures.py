"""python -m jobs figures --as-of DATE [--entity E] --json: the figures of Overview on the command line."""

from __future__ import annotations

import argparse
import json
from datetime import date

from core.reporting.figures import figures
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
    found = figures(runtime, args.as_of or runtime.today(), args.entity).as_json()
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
