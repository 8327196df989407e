"""What a ledger file may say in this house: days that can be true, legal entities on file, texts of sensible length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from core.kit.clock import EARLIEST, is_plausible, latest_plausible

# No invoice is larger, and no file adds up to more: sums over the whole store must stay within the store's integers.
MOST_MINOR = 10**15
MOST_MINOR_OF_A_FILE = 10**17
_MOST_CHARACTERS = {"invoice_number": 100, "customer_number": 100, "customer_name": 300}


@dataclass(frozen=True, slots=True)
class Limits:
    """`today` None = any day from the earliest on. `entities` None = any code; `needs_entity` = each row must say one,
    as for people who act for some legal entities only."""

    today: date | None = None
    entities: frozenset[str] | None = None
    needs_entity: bool = False

    def about_day(self, day: date) -> str | None:
        """What is wrong with a day, if anything."""
        if is_plausible(day, self.today):
            return None
        if self.today is None:
            return f"{day} cannot be right: it is before {EARLIEST}."
        return f"{day} cannot be right: it does not lie between {EARLIEST} and {latest_plausible(self.today)}."

    def about_entity(self, code: str | None) -> str | None:
        if code is None and not self.needs_entity:
            return None
        if code is not None and (self.entities is None or code in self.entities):
            return None
        yours = ", ".join(sorted(self.entities or ()))
        if code is None:
            return f"Each row must name its legal entity. You may import for {yours}."
        return f"“{code}” is not a legal entity that you may import for: {yours}."


ANY = Limits()


def overlong(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(column, sentence) of each text that is too long to be what it should be."""
    for column, most in _MOST_CHARACTERS.items():
        length = len(cells.get(column, ""))
        if length > most:
            yield column, f"The {column.replace('_', ' ')} has {length:,} characters; at most {most} are possible."
