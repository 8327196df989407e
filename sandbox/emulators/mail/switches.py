"""What the mailbox can be made to do to recipients: addresses or whole domains ("@example.com"), or all ("*")."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class MailSwitches:
    """`reject`: 550 at once; `greylist`: 451 for the first tries; `bounce_later`: taken, and returned afterwards."""

    reject: list[str] = field(default_factory=list)
    greylist: list[str] = field(default_factory=list)
    greylist_tries: int = 1
    bounce_later: list[str] = field(default_factory=list)

    def all(self) -> dict[str, Any]:
        return asdict(self)

    def set(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Apply some switches; ValueError changes nothing."""
        checked = {name: _checked(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)
        return self.all()


def _checked(name: str, value: Any) -> Any:
    if name == "greylist_tries" and type(value) is int and value >= 0:
        return value
    if name in ("reject", "greylist", "bounce_later") and isinstance(value, list):
        return [str(item).lower() for item in value]
    raise ValueError(f"{name} does not take {value!r}")


def fits(address: str, patterns: Iterable[str]) -> bool:
    address = address.lower()
    return any(pattern in ("*", address) or (pattern[:1] == "@" and address.endswith(pattern)) for pattern in patterns)
