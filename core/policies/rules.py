"""Running a decision table."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from dataclasses import replace
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


# A cell that only compares with a number, and an output that does not look at the question.
_COMPARISON = re.compile(r"\s*(?:>=|<=|==|>|<)?\s*(-?\d+(?:\.\d+)?)\s*")
_LITERAL = re.compile(r"\s*(?:'[^']*'|-?\d+(?:\.\d+)?|\[(?:\s*'[^']*'\s*,?)*\s*\]|true|false|null|)\s*")
_REMEMBERED = 10_000


class Policy:
    """One version of one policy, compiled. Questions that no row of the table can tell apart are evaluated once: of a
    column that only compares with numbers it matters between which of them a value lies."""

    def __init__(self, name: str, version: int, model: dict[str, Any]) -> None:
        self.name = name
        self.version = version
        try:
            self._decision = _engine.create_decision(json.dumps(model))
        except RuntimeError as fault:
            raise BrokenPolicy(name, version) from fault
        self._edges = _edges(model)
        self._answered: dict[Any, Verdict] = {}

    def decide(self, asked: dict[str, Any]) -> Verdict:
        """Evaluates the table. `asked` holds plain values; decimals are passed as numbers. Raises BrokenPolicy."""
        return self._evaluate(asked)

    def _evaluate(self, asked: dict[str, Any]) -> Verdict:
        question = {name: float(value) if isinstance(value, Decimal) else value for name, value in asked.items()}
        key = tuple([(name, self._place(name, question[name])) for name in sorted(question)])
        verdict = self._answered.get(key)
        if verdict is None:
            if len(self._answered) >= _REMEMBERED:
                self._answered.clear()
            verdict = self._answered[key] = self._run(question)
        return verdict if verdict.asked == question else replace(verdict, asked=question)

    def _place(self, name: str, value: Any) -> Any:
        """What tells this value from others: where it lies among the column's numbers, or else the value itself."""
        edges = self._edges.get(name)
        if edges is None or isinstance(value, bool) or not isinstance(value, int | float):
            return str(value)
        return bisect_left(edges, value), bisect_right(edges, value)

    def _run(self, question: dict[str, Any]) -> Verdict:
        try:
            outcome = self._decision.evaluate(question, {"trace": True})
        except RuntimeError as fault:
            raise BrokenPolicy(self.name, self.version) from fault
        return Verdict(self.name, self.version, _matched_row(outcome), question, outcome.get("result") or {})


def _edges(model: dict[str, Any]) -> dict[str, list[Decimal]]:
    """Per input of the model's only table that just compares with numbers: those numbers, in order. Nothing when an
    output depends on the question, or when the model is more than one table."""
    tables = [node["content"] for node in model.get("nodes", []) if node.get("type") == "decisionTableNode"]
    if len(tables) != 1 or len(model["nodes"]) != 3:
        return {}
    (table,) = tables
    rows: list[dict[str, str]] = table["rules"]
    outputs = [row.get(each["id"], "") for row in rows for each in table["outputs"]]
    if not all(_LITERAL.fullmatch(cell) for cell in outputs):
        return {}
    cells = {each["field"]: [row.get(each["id"], "") for row in rows] for each in table["inputs"]}
    found = {name: [_COMPARISON.fullmatch(cell) for cell in column if cell.strip()] for name, column in cells.items()}
    return {
        name: sorted({Decimal(match[1]) for match in matches if match})
        for name, matches in found.items()
        if all(matches)
    }


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
