"""What a contract is worth over its term, before anything is used. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from core.billing.agreeing import KeptContract, KeptLine, agreement_of
from core.billing.model import Agreement
from core.billing.periods import slots
from core.billing.rating import rate
from core.kit.errors import Refused


@dataclass(frozen=True, slots=True)
class Worth:
    """Net of tax, in minor units of the contract's currency: by the lines that it was signed with, or by all that were
    agreed since."""

    words: str
    net_minor: int


def worths(contract: KeptContract, lines: Iterable[KeptLine]) -> Iterator[Worth]:
    """First as signed, then, where something was agreed since, as it is now; each is computed when it is asked for.
    Nothing for a contract without a last day, or one that cannot be priced."""
    every = list(lines)
    signed = [line for line in every if line.root_ref is None and line.starts_on <= contract.starts_on]
    if signed:
        yield from _worth("as signed", contract, signed)
    if len(signed) < len(every):
        yield from _worth("with what was agreed since", contract, every)


def _worth(words: str, contract: KeptContract, lines: list[KeptLine]) -> Iterator[Worth]:
    try:
        net_minor = worth(agreement_of(contract, lines, {}))
    except Refused:  # an amount that no sum can be
        return
    if net_minor is not None:
        yield Worth(words, net_minor)


def worth(agreement: Agreement) -> int | None:
    """All charges over the first term, with minimums but without usage. None without a last day, or where something
    has no price."""
    if agreement.ends_on is None or agreement.ends_on <= agreement.starts_on:
        return None
    term = replace(agreement, auto_renews=False)
    rated = rate(term, slots(term, agreement.ends_on), {})
    return None if rated.problems else sum(line.net_minor for line in rated.lines)
