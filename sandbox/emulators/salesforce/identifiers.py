"""Record ids: 15 case-sensitive characters, and 3 more that make them safe to compare without case."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def full_id(text: str) -> str:
    """The 18-character form of an id; anything that is not 15 characters long is answered unchanged."""
    if len(text) != 15:
        return text
    chunks = (text[start : start + 5] for start in (0, 5, 10))
    return text + "".join(_SUFFIX[sum(1 << place for place, c in enumerate(chunk) if c.isupper())] for chunk in chunks)


def make_id(prefix: str, number: int) -> str:
    """The id of the n-th record that was made through the API."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return full_id(prefix + "5e" + digits.rjust(10, "0"))


def looks_like_id(text: str) -> bool:
    return len(text) in (15, 18) and text.isascii() and text.isalnum()
