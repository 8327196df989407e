"""What the command line says: one readable line at a time."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    print(line, flush=True)


def note(line: str) -> None:
    """A line for whoever watches, beside the answer proper."""
    print(line, file=sys.stderr, flush=True)


def first_line(reason: BaseException) -> str:
    """What was raised, in one line."""
    text = str(reason).strip().splitlines()
    return f"{type(reason).__name__}: {text[0][:200]}" if text else type(reason).__name__
