"""Verdicts of policies: the answer, and the version and row that gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """`row` is the stable id of the matched table row ("" when none matched: then `answer` is empty)."""

    policy: str
    version: int
    row: str
    asked: dict[str, Any]
    answer: dict[str, Any]
