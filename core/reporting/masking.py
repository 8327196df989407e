"""A second mask over stored exchanges and payloads: whatever was kept, no secret is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "•••"
_SECRET_NAMES = re.compile(
    r"authorization|cookie|assertion|password|passwd|private_key|secret|signature|(^|_)token$|api_?key|bearer",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?P<scheme>\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}"
    r"|\beyJ[\w-]{6,}(?:\.[\w-]+){1,2}"
    r"|\b(?:sk|rk)_(?:live|test)_\w+"
    r"|\bwhsec_[\w+/=]+"
    r"|\w+_secret_\w+"
    r"|-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|$)",
    re.IGNORECASE | re.DOTALL,
)


def masked(value: Any) -> Any:
    """The same JSON value without what stands under a secret's name or looks like a secret."""
    if isinstance(value, str):
        return _SECRET_TEXT.sub(lambda found: f"{found['scheme'] or ''}{MASK}", value)
    if isinstance(value, Mapping):
        return {str(name): MASK if _hides(str(name), item) else masked(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value


def _hides(name: str, value: Any) -> bool:
    return bool(value) and not isinstance(value, bool) and _SECRET_NAMES.search(name) is not None
