"""What is never written in this house."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.architecture.sources import Source, sources

VAGUE = frozenset(
    ["util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "service", "services"]
) | {"misc", "data", "info"}

# Where a number that is no money leaves the house as a float.
FLOATS = {
    "core/policies/rules.py:_evaluate": "the decision engine takes numbers; they are compared, never added or stored",
    "core/reporting/figures.py:_two_digits": "days and percentages as JSON numbers; amounts are strings",
    "connectors/http.py:retry_after": "seconds",
    "connectors/netsuite/token.py:_fetch": "seconds",
    "jobs/limits.py:wait_seconds": "seconds",
}
RETURNS_FLOAT = {
    "core/reporting/figures.py:_two_digits": "days and percentages",
    "core/reporting/sync_health.py:share": "how far a synchronisation is",
}
FLOAT_NAMES = ("_seconds", "_hours", "share")
# Giving way inside an event loop is something else.
SLEEP = re.compile(r"\btime\.sleep\(|^from time import .*\bsleep\b", re.MULTILINE)
MOCK = re.compile(
    r"\bunittest\.mock\b|\bfrom unittest import .*\bmock\b|\bmocker\.patch\b|monkeypatch\.setattr\(\s*f?[\"']"
)


def broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def calls(source: Source, names: frozenset[str]) -> Iterator[ast.Call]:
    for node in source.nodes:
        if isinstance(node, ast.Call) and _dotted(node.func) in names:
            yield node


def _dotted(called: ast.expr) -> str:
    """ "name" or "name.attribute"; "" for anything longer."""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return f"{called.value.id}.{called.attr}"
    return called.id if isinstance(called, ast.Name) else ""


def callers(source: Source, name: str) -> set[str]:
    """The functions (or "module") in which `name` is called."""
    wanted = {id(node) for node in calls(source, frozenset({name}))}
    if not wanted:
        return set()
    inside = {
        id(node): function.name for function in source.functions() for node in ast.walk(function) if id(node) in wanted
    }
    return {f"{source.name}:{inside.get(node, 'module')}" for node in wanted}


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = [PurePosixPath(source.name) for source in sources() + sources("tests")]
    assert [str(name) for name in names if name.stem in VAGUE or set(name.parent.parts) & VAGUE] == []


def test_nobody_catches_everything_and_goes_on() -> None:
    """A handler for everything is allowed where it only clears up and raises again."""
    found = [
        source.place(node)
        for source in sources()
        for node in source.nodes
        if isinstance(node, ast.ExceptHandler) and broad(node) and not raises_again(node)
    ]
    assert found == []


def test_nobody_sleeps() -> None:
    assert [source.name for source in sources() + sources("tests") if SLEEP.search(source.text)] == []


def test_nothing_becomes_a_float_but_what_is_no_money() -> None:
    money = sources("core", "connectors", "jobs", "web")
    assert set().union(*(callers(source, "float") for source in money)) == set(FLOATS)


def test_nothing_in_the_core_is_declared_a_float_but_spans_and_shares() -> None:
    found = []
    for source in sources("core"):
        for node in source.nodes:
            if isinstance(node, ast.AnnAssign) and _is_float(node.annotation):
                found += [source.place(node)] if not ast.unparse(node.target).endswith(FLOAT_NAMES) else []
            if isinstance(node, ast.arg) and node.annotation and _is_float(node.annotation):
                found += [f"{source.name}:{node.lineno}"] if not node.arg.endswith(FLOAT_NAMES) else []
    assert found == []


def test_nothing_in_the_core_answers_a_float_but_days_percentages_and_shares() -> None:
    found = {
        f"{source.name}:{each.name}"
        for source in sources("core")
        for each in source.functions()
        if each.returns is not None and _is_float(each.returns)
    }
    assert found == set(RETURNS_FLOAT)


def _is_float(annotation: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "float" for node in ast.walk(annotation))


def test_no_decimal_is_made_of_a_float() -> None:
    found = [
        source.place(call)
        for source in sources("core", "connectors", "jobs")
        for call in calls(source, frozenset({"Decimal"}))
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, float)
    ]
    assert found == []


def test_tests_replace_nothing_by_the_path_of_its_name() -> None:
    """A fake is passed in. What is patched by a string goes on passing when the thing has moved."""
    others = [source for source in sources("tests") if not source.name.startswith("tests/architecture/")]
    assert [source.name for source in others if MOCK.search(source.text)] == []


def test_nothing_is_left_for_later_in_a_comment() -> None:
    marks = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    lines = ((source, number, line) for source in sources() for number, line in enumerate(source.text.splitlines(), 1))
    assert [f"{source.name}:{number}" for source, number, line in lines if marks.search(line)] == []
