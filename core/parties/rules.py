"""Whether what was written of a legal entity can go on its letterhead. Pure."""

from __future__ import annotations

import re

from stdnum import iban

_LONGEST_INSTRUCTIONS, _MOST_LINES = 600, 8
_IBAN = re.compile(r"\bIBAN[:\s]*([A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{1,4}){2,8})", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def email_finding(email: str | None) -> str | None:
    """What is wrong with an address of mail; None when nothing is."""
    return None if email is None or _EMAIL.fullmatch(email) else f"“{email}” is not an e-mail address."


def instructions_finding(text: str | None) -> str | None:
    """What is wrong with instructions to pay; None when nothing is. A mistyped IBAN sends money astray."""
    if text is None:
        return None
    if len(text) > _LONGEST_INSTRUCTIONS or len(text.splitlines()) > _MOST_LINES:
        return f"At most {_MOST_LINES} lines and {_LONGEST_INSTRUCTIONS} characters fit on an invoice."
    for number in _IBAN.findall(text):
        if not iban.is_valid(number):
            return f"The IBAN {' '.join(number.split())} is mistyped: its check digits do not fit."
    return None
