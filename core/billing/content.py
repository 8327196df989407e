"""Agreements and rated lines as JSON-ready content, to be kept and read back as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from core.billing.model import Agreement, RatedLine

_AGREEMENT = TypeAdapter(Agreement)
_LINES = TypeAdapter(list[RatedLine])


def content_of(agreement: Agreement) -> Any:
    return _AGREEMENT.dump_python(agreement, mode="json")


def agreement_in(content: Any) -> Agreement:
    return _AGREEMENT.validate_python(content)


def content_of_lines(lines: Sequence[RatedLine]) -> list[Any]:
    found: list[Any] = _LINES.dump_python(list(lines), mode="json")
    return found


def lines_in(content: Any) -> list[RatedLine]:
    return _LINES.validate_python(content)
