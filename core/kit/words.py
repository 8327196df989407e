"""Counts in sentences: "1 invoice", "2 invoices", "1,204 deliveries"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

_HISSING = ("s", "x", "z", "ch", "sh")
_VOWELS = "aeiou"


def counted(count: int, noun: str) -> str:
    """ "1 invoice", "1,204 invoices"; `noun` is the singular and may be a phrase: "open item"."""
    return f"{count:,} {of_number(count, noun)}"


def told(counts: Mapping[str, int]) -> str:
    """ "1 new invoice, 2 released" of what is counted by names in the plural."""
    return ", ".join(
        f"{n:,} {name.removesuffix('s') if n == 1 else name}".replace("_", " ") for name, n in counts.items()
    )


def of_number(count: int, noun: str) -> str:
    """The noun alone, as it stands beside that count: "delivery" for 1, "deliveries" for any other."""
    return noun if abs(count) == 1 else plural(noun)


def plural(noun: str) -> str:
    """The regular plural: invoices, deliveries, days, batches; and people, for a person."""
    if noun.endswith("person"):
        return f"{noun.removesuffix('person')}people"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(_HISSING) else f"{noun}s"


def day_in_words(day: date) -> str:
    """ "21 Nov 2026"."""
    return f"{day.day} {day:%b %Y}"
