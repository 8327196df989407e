"""Rounding and writing of minor units. All our currencies have two decimals."""


def rounded(numerator: int, denominator: int) -> int:
    """Half away from zero, as money is rounded on invoices."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    whole, rest = divmod(abs(numerator), abs(denominator))
    return sign * (whole + (2 * rest >= abs(denominator)))


def text(minor: int) -> str:
    """1234.50"""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"
