"""One measured figure, as one JSON line."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """`baseline` is what `value` is held against in the same run; `target` bounds the ratio or the value."""

    name: str
    value: float
    unit: str
    target: str
    met: bool
    baseline: float | None = None
    ratio: float | None = None

    def line(self) -> str:
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 4),
                "unit": self.unit,
                "baseline": None if self.baseline is None else round(self.baseline, 4),
                "ratio": None if self.ratio is None else round(self.ratio, 3),
                "target": self.target,
                "met": self.met,
            }
        )


def at_most(name: str, value: float, unit: str, baseline: float, limit: float) -> Measured:
    """A figure whose ratio to its baseline must not exceed `limit`."""
    ratio = value / baseline
    return Measured(name, value, unit, f"ratio <= {limit:g}", ratio <= limit, baseline, ratio)
