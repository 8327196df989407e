"""Salesforce's two ways of writing time: dates, and instants with an offset without colon."""

from datetime import UTC, date, datetime


def to_ms(text: str) -> int:
    """Milliseconds since 1970 of any ISO instant with an offset; ValueError if there is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text}")
    return round(moment.timestamp() * 1000)


def to_text(ms: int) -> str:
    """The form in which the API answers: 2026-10-31T20:05:51.000+0000."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}+0000"


def of(moment: datetime) -> int:
    """Milliseconds of an aware instant, cut to the second: Salesforce stamps rows with whole seconds."""
    return int(moment.timestamp()) * 1000


def is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10
