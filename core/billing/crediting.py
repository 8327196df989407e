"""How much of an invoice is given back, line by line, with its tax. Pure; minor units of the invoice's currency.

A credit takes nothing that was given back before, and the tax of a line goes back in proportion of its net: the last
part of a line takes whatever is left of its tax, so that partial credits, one after the other, end at the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from core.billing.rounding import allot, half_up, split
from core.kit.errors import Refused


@dataclass(frozen=True, slots=True)
class Part:
    """Of one line, by its position on the invoice: what was billed, what is left, or what is given back."""

    position: int
    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class TaxShare:
    """Tax of the invoice under one jurisdiction and rate; `percent` is compared with that of the lines."""

    percent: Decimal
    taxable_minor: int
    tax_minor: int


def left(billed: Iterable[Part], given_back: Iterable[Part], unplaced_minor: int = 0) -> list[Part]:
    """What is left of each line. `unplaced_minor`: given back without saying of which line; it is taken from all lines
    in proportion of what is left."""
    taken: dict[int, Part] = {}
    for part in given_back:
        so_far = taken.get(part.position, Part(part.position, 0, 0))
        taken[part.position] = _plus(so_far, part)
    rest = [_minus(line, taken.get(line.position, Part(line.position, 0, 0))) for line in billed]
    if not unplaced_minor:
        return rest
    return [_minus(line, part) for line, part in zip(rest, of_amount(rest, unplaced_minor), strict=True)]


def of_amount(rest: Sequence[Part], gross_minor: int) -> list[Part]:
    """An amount with tax, taken from all lines in proportion; the parts sum to it exactly."""
    if not rest:
        return []
    if gross_minor == sum(line.gross_minor for line in rest):
        return list(rest)
    parts = split(gross_minor, [Decimal(line.gross_minor) for line in rest])
    return [_of_gross(line, minor) for line, minor in zip(rest, parts, strict=True)]


def of_lines(rest: Iterable[Part], wanted: Mapping[int, int]) -> list[Part]:
    """Net amounts by position, each with its share of the line's tax. Raises Refused for more than is left, for what
    runs the other way, and for lines that are not there."""
    known = {line.position: line for line in rest}
    if unknown := sorted(set(wanted) - set(known)):
        raise Refused("credit.unknown_line", f"The invoice has no line {unknown[0]}.")
    return [_of_net(known[position], minor) for position, minor in sorted(wanted.items()) if minor]


def _of_net(line: Part, net_minor: int) -> Part:
    is_within = abs(net_minor) <= abs(line.net_minor) and net_minor * line.net_minor >= 0
    if not is_within:
        raise Refused("credit.too_much", f"More than what is left of line {line.position} cannot be credited.")
    if net_minor == line.net_minor:
        return line
    return Part(line.position, net_minor, half_up(Fraction(line.tax_minor * net_minor, line.net_minor)))


def _of_gross(line: Part, gross_minor: int) -> Part:
    if not line.gross_minor:
        return Part(line.position, 0, 0)
    tax = half_up(Fraction(line.tax_minor * gross_minor, line.gross_minor))
    return Part(line.position, gross_minor - tax, tax)


def shares(taxes: Sequence[TaxShare], parts: Iterable[tuple[Part, Decimal | None]]) -> list[TaxShare]:
    """The tax that the parts give back under each of the invoice's jurisdictions, in their order; the sum is that of
    the parts. `parts` come with the percentage of their line: a rate of that name takes it, otherwise those that
    together made the line's tax share it."""
    found = [replace(each, taxable_minor=0, tax_minor=0) for each in taxes]
    for part, percent in parts:
        places = [at for at, each in enumerate(taxes) if each.percent == percent] or list(range(len(taxes)))
        weights = [Fraction(taxes[at].tax_minor) for at in places]
        whole = sum(weights, Fraction())
        exact = [part.tax_minor * (weight / whole if whole else Fraction(1, len(places))) for weight in weights]
        for at, minor in zip(places, allot(part.tax_minor, exact) if places else [], strict=True):
            taxable = part.net_minor if len(places) == 1 or weights[places.index(at)] else 0
            found[at] = TaxShare(found[at].percent, found[at].taxable_minor + taxable, found[at].tax_minor + minor)
    return found


def _plus(one: Part, other: Part) -> Part:
    return Part(one.position, one.net_minor + other.net_minor, one.tax_minor + other.tax_minor)


def _minus(one: Part, other: Part) -> Part:
    return Part(one.position, one.net_minor - other.net_minor, one.tax_minor - other.tax_minor)
