"""What the command line says: one readable line at a time."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    print(line, flush=True)


def note(line: str) -> None:
    """A line for whoever watches, beside the answer proper."""
    print(line, file=sys.stderr, flush=True)
