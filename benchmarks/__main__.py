"""`python -m benchmarks [NAME]`: one JSON line per figure; exit code 1 when a target is missed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

from benchmarks.figure import Measured

NAMES = ("detection", "initial_sync", "leakage", "list_growth", "month_end", "usage_ingestion")


def main(arguments: list[str]) -> int:
    names = arguments or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"There is no benchmark “{unknown[0]}”. There are: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    is_all_met = True
    for name in names:
        for figure in cast(list[Measured], import_module(f"benchmarks.{name}").run()):
            print(figure.line(), flush=True)
            is_all_met = is_all_met and figure.met
    return 0 if is_all_met else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
