"""Running a decision table."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import zen

from core.kit.errors import Refused
from core.policies.model import Verdict

_engine = zen.ZenEngine()


class BrokenPolicy(Refused):
    """The stored table cannot be run."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__("policy.broken", f"The {name} policy, version {version}, cannot be evaluated.")


class Policy:
    """One version of one policy, compiled. The same question is only evaluated once."""

    def __init__(self, name: str, version: int, model: dict[str, Any]) -> None:
        self.name = name
        self.version = version
        try:
            self._decision = _engine.create_decision(json.dumps(model))
        except RuntimeError as fault:
            raise BrokenPolicy(name, version) from fault
        self._answered: dict[str, Verdict] = {}

    def decide(self, asked: dict[str, Any]) -> Verdict:
        """Evaluates the table. `asked` holds plain values; decimals are passed as numbers. Raises BrokenPolicy."""
        key = json.dumps(asked, sort_keys=True, default=str)
        verdict = self._answered.get(key)
        if verdict is None:
            verdict = self._answered[key] = self._evaluate(asked)
        return verdict

    def _evaluate(self, asked: dict[str, Any]) -> Verdict:
        question = {name: float(value) if isinstance(value, Decimal) else value for name, value in asked.items()}
        try:
            outcome = self._decision.evaluate(question, {"trace": True})
        except RuntimeError as fault:
            raise BrokenPolicy(self.name, self.version) from fault
        return Verdict(self.name, self.version, _matched_row(outcome), question, outcome.get("result") or {})


def _matched_row(outcome: Any) -> str:
    for node in (outcome.get("trace") or {}).values():
        matched = node.get("traceData")
        if isinstance(matched, dict) and "rule" in matched:
            return str(matched["rule"].get("_id", matched.get("index", "")))
    return ""


def decision_table(name: str, inputs: list[str], outputs: list[str], rows: list[tuple[str, ...]]) -> dict[str, Any]:
    """A first-hit JSON Decision Model. A row is (id, one ZEN expression per input, one per output); "" matches all."""
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": f"i.{field}", "name": field, "field": field} for field in inputs],
        "outputs": [{"id": f"o.{field}", "name": field, "field": field} for field in outputs],
        "rules": [_rule(inputs, outputs, row) for row in rows],
    }
    return {
        "nodes": [
            _node("request", "inputNode", None, 0),
            _node(name, "decisionTableNode", table, 1),
            _node("response", "outputNode", None, 2),
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "request", "targetId": name},
            {"id": "e2", "type": "edge", "sourceId": name, "targetId": "response"},
        ],
    }


def _rule(inputs: list[str], outputs: list[str], row: tuple[str, ...]) -> dict[str, str]:
    cells = [f"i.{field}" for field in inputs] + [f"o.{field}" for field in outputs]
    if len(row) != len(cells) + 1:
        raise ValueError(f"row {row[0]} has {len(row) - 1} cells, the table {len(cells)}")
    return {"_id": row[0], **dict(zip(cells, row[1:], strict=True))}


def _node(name: str, kind: str, content: dict[str, Any] | None, column: int) -> dict[str, Any]:
    node: dict[str, Any] = {"id": name, "name": name, "type": kind, "position": {"x": 240 * column, "y": 120}}
    return node | ({"content": content} if content else {})
