"""Anything that came from outside as the text of JSON."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import to_json


def as_json(value: Any) -> bytes:
    try:
        return to_json(value, inf_nan_mode="strings")
    except ValueError:  # half a character, which only the slower writer lets through
        return json.dumps(value, default=str).encode()
