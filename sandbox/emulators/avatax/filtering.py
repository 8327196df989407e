"""The few words of `$filter` that a list of transactions is asked with: comparisons joined by `and`."""

import operator
import re
from collections.abc import Callable
from typing import Any

from sandbox.emulators.avatax.answers import Refused

TERM = re.compile(r"(\w+)\s+(eq|ne|gt|ge|lt|le)\s+'?([^']*?)'?\s*", re.IGNORECASE)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")
}


def matching(docs: list[dict[str, Any]], filter: str, since: str) -> list[dict[str, Any]]:
    """Those that fit. Without a word about the date only the last 30 days (from `since`) are listed."""
    terms = [_term(text) for text in re.split(r"\s+and\s+", filter, flags=re.IGNORECASE) if text.strip()]
    if not any(field == "date" for field, _, _ in terms):
        terms.append(("date", "ge", since))
    return [doc for doc in docs if all(COMPARE[how](str(doc.get(field)), value) for field, how, value in terms)]


def _term(text: str) -> tuple[str, str, str]:
    found = TERM.fullmatch(text.strip())
    if found is None or found[1] in ("lines", "addresses", "summary", "messages", "totalDiscount"):
        raise Refused(400, "InvalidParameterValue", f"The filter is not understood: {text}", "$filter")
    return found[1], found[2].lower(), found[3]
