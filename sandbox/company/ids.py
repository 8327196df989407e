"""Record ids in each vendor's style, derived from natural keys: the same thing always gets the same id."""

import hashlib
from datetime import UTC, date, datetime, time

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LETTERS = bytes(ALPHABET[n % 62].encode()[0] for n in range(256))
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
STRIPE_RANDOM = 17
STAMP_WIDTH = 6


def scramble(key: str, width: int) -> str:
    """`width` letters and digits that depend only on the key."""
    return hashlib.blake2b(key.encode(), digest_size=width).digest().translate(_LETTERS).decode()


def base62(number: int, width: int) -> str:
    """A number in fixed-width base 62, so that text order is number order."""
    letters = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))


def stripe_id(prefix: str, created: int, key: str) -> str:
    """Like Stripe's own: a part that grows with time, then a random-looking part."""
    return f"{prefix}_1{base62(created, STAMP_WIDTH)}{scramble(prefix + key, STRIPE_RANDOM)}"


def salesforce_id(prefix: str, key: str) -> str:
    """An 18-character id: key prefix, 12 characters, and the 3 characters that make it safe to compare in any case."""
    short = f"{prefix}Hd0{scramble(prefix + key, 9)}"
    return short + checksum(short)


def checksum(short: str) -> str:
    """The 3 characters that extend a 15-character Salesforce id: one per five, a bit for each capital letter."""
    return "".join(
        _CHECK[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )


def midnight(day: date) -> int:
    """Unix seconds of the start of a day, UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp())


def day_of(seconds: int) -> date:
    """The UTC day of an instant."""
    return datetime.fromtimestamp(seconds, UTC).date()


def salesforce_time(seconds: int) -> str:
    """2026-10-31T20:05:51.000+0000"""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def add_months(day: date, months: int) -> date:
    """The same day of a later (or earlier) month; days are kept at 28 or below, so that it always exists."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1)
