"""One request to the API, apart from HTTP's machinery."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """`base` is scheme and host as the client wrote them; `path` stands behind /services/rest/, cut at the slashes.

    Header names are in lower case.
    """

    method: str
    base: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def prefers(self, preference: str) -> bool:
        named = [part.strip().lower() for part in self.headers.get("prefer", "").split(",")]
        return preference in named

    def asks(self, parameter: str) -> bool:
        return self.query.get(parameter, "").lower() == "true"
