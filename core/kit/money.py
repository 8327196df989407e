"""Money as integer minor units with an ISO 4217 currency; the exponent is that of ISO 4217."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale
from babel.numbers import format_decimal, get_currency_precision

from core.kit.errors import Refused

# As people write amounts: no powers of ten, no digits of other scripts, and no more of them than a sum can have.
_AMOUNT = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})")

_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]{0,9})?")
_GROUP = 3
# A point before three digits where thousands could be parted: 1.500, but neither 0.500 nor 1234.500 nor 1.5000.
_LIKE_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
# What ISO 4217 has no minor unit for: metals, units of account, "no currency" and the code for tests.
_NO_MONEY = frozenset(
    ("XAD", "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XFO", "XFU", "XPD", "XPT", "XRE", "XSU", "XTS", "XUA")
) | {"XXX"}

# CLDR tells how people write a currency, and leaves out digits that nobody uses any more; these are the digits of the
# standard where the two differ (ISO 4217, list one, as of 1 January 2024). Not here: MGA, whose unit has five parts,
# which payment platforms count in whole units.
_ISO_DIGITS = {"IQD": 3} | dict.fromkeys(
    ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MMK", "RSD", "SOS", "SYP", "YER"), 2
)
# More than the store can hold, so that who has a narrower bound may tell it.
_MOST_DIGITS = 19


class UnknownCurrency(Refused):
    """The currency code is not one of ISO 4217 as CLDR knows them."""

    def __init__(self, code: str) -> None:
        super().__init__("currency.unknown", f"“{code}” is not a currency code we know.")


class NotAnAmount(Refused):
    """Text that is not an amount of the currency."""

    def __init__(self, text: str, currency: str, why: str = "") -> None:
        super().__init__("amount.unreadable", f"“{text}” is not an amount in {currency}{why}.")


class AmbiguousAmount(NotAnAmount):
    """Text that is one amount to some people and another one to others; guessing would be wrong by a thousand."""

    def __init__(self, text: str, currency: str) -> None:
        super().__init__(text, currency, ": it may be thousands or a fraction")


@cache
def _known_codes() -> frozenset[str]:
    return frozenset(Locale("en").currencies) - _NO_MONEY


@cache
def exponent(currency: str) -> int:
    """Digits after the point of one unit of `currency` (JPY 0, USD 2, KWD 3). Raises UnknownCurrency."""
    if currency not in _known_codes():
        raise UnknownCurrency(currency)
    return _ISO_DIGITS.get(currency, get_currency_precision(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """Whole minor units of a decimal amount, rounded half up. Raises NotAnAmount for what no sum can be."""
    digits = exponent(currency)
    if not amount.is_finite() or amount.adjusted() + digits >= _MOST_DIGITS:
        raise NotAnAmount(str(amount), currency)
    scaled = amount.scaleb(digits)
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_decimal(minor: int, currency: str) -> Decimal:
    """The decimal amount of `minor` units, with exactly the currency's digits."""
    return Decimal(minor).scaleb(-exponent(currency))


def parse_minor(text: str, currency: str) -> int:
    """Minor units of a decimal string such as "1234.50". Raises NotAnAmount on text or on too many digits.

    Zeros beyond the currency's digits do no harm ("1234.5000"), unless they look like thousands ("1.500" euro).
    """
    digits, plain = exponent(currency), text.strip()
    if not _AMOUNT.fullmatch(plain):
        raise NotAnAmount(text, currency)
    if digits < _GROUP and _LIKE_THOUSANDS.fullmatch(plain):
        raise AmbiguousAmount(text, currency)
    amount = Decimal(plain)
    if amount != amount.quantize(Decimal(1).scaleb(-digits)):
        raise NotAnAmount(text, currency)
    return to_minor(amount, currency)


def parse_grouped(text: str, currency: str) -> int:
    """As `parse_minor`, of text that may part thousands with commas where they part thousands: "1,234.50".

    One comma before the last three digits is no more than a guess where the currency itself has three: "1,234" dinar.
    """
    plain = text.strip()
    if not _GROUPED.fullmatch(plain):
        return parse_minor(text, currency)
    if exponent(currency) >= _GROUP and plain.count(",") == 1 and "." not in plain:
        raise AmbiguousAmount(text, currency)
    whole, point, fraction = plain.replace(",", "").partition(".")
    # The comma has told what the point is; zeros beyond the currency's digits are no thousands here.
    return parse_minor(whole + point + fraction.rstrip("0"), currency)


def convert_minor(minor: int, source: str, target: str, rate: Decimal) -> int:
    """`minor` units of `source` in minor units of `target`; `rate` = units of target for one unit of source."""
    if source == target:
        return minor
    return to_minor(to_decimal(minor, source) * rate, target)


def format_minor(minor: int, currency: str) -> str:
    """An amount as the house writes it: "1,234.50" (no currency sign; the code stands beside it)."""
    digits = exponent(currency)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(to_decimal(minor, currency), format=pattern, locale="en_US")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount that knows its currency; sums of different currencies are refused."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise Refused("currency.mixed", f"{self.currency} and {other.currency} cannot be added.")
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {format_minor(self.minor, self.currency)}"
