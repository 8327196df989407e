"""Every command can be carried out, by somebody; every finding has its place in the taxonomy."""

from __future__ import annotations

import ast
import re
from typing import get_args

from core.access.model import ROLE_NAMES
from core.policies.defaults import default_policies
from core.validation.model import TYPE_TITLES, TYPES
from core.validation.rules import RULES
from core.workflow import billing_commands, commands
from core.workflow.actors import Role
from core.workflow.permissions import ALLOWED
from tests.architecture.sources import sources

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
COMMANDS = {
    each
    for each in (*vars(commands).values(), *vars(billing_commands).values())
    if isinstance(each, type) and issubclass(each, commands.Command) and each is not commands.Command
}


def handled() -> set[str]:
    pages = {"core/workflow/dispatch.py", "core/workflow/billing_dispatch.py"}
    nodes = [node for source in sources("core") if source.name in pages for node in source.nodes]
    return {ast.unparse(node.cls).partition(".")[2] for node in nodes if isinstance(node, ast.MatchClass)}


def raised_codes() -> set[str]:
    """Codes that become a finding or a case: the first argument of one, or what is kept under the name `code`."""
    found: set[str] = set()
    for source in sources("core/validation", "core/workflow"):
        for node in source.nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Finding", "_case"):
                found |= _texts(node.args[:2])
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
                found |= _texts([node.value])
    return found


def _texts(expressions: list[ast.expr]) -> set[str]:
    values = [node.value for each in expressions for node in ast.walk(each) if isinstance(node, ast.Constant)]
    return {value for value in values if isinstance(value, str) and CODE.fullmatch(value)}


def test_every_command_is_one_of_those_that_the_door_takes() -> None:
    assert set(get_args(commands.AnyCommand)) == COMMANDS


def test_every_command_has_a_handler() -> None:
    assert handled() == {command.__name__ for command in COMMANDS}


def test_every_command_is_allowed_to_somebody() -> None:
    assert {command for command, roles in ALLOWED.items() if roles} == COMMANDS


def test_a_person_may_have_each_role_but_that_of_a_job() -> None:
    assert set(ROLE_NAMES) == {str(role) for role in Role} - {"job"}


def test_every_code_that_is_raised_has_a_type_and_every_type_a_code() -> None:
    assert raised_codes() == set(TYPES)


def test_every_type_has_a_title_and_no_title_is_without_type() -> None:
    assert set(TYPES.values()) == set(TYPE_TITLES)


def test_every_rule_that_is_written_runs() -> None:
    written = {
        each.name
        for source in sources("core/validation")
        for each in source.functions()
        if not each.name.startswith("_")
        and [argument.arg for argument in each.args.args] == ["facts"]
        and source.name.endswith("_rules.py")
    }
    assert written == {rule.__name__ for rules in RULES.values() for rule in rules}


def test_a_tolerance_is_only_stated_for_a_code_that_exists() -> None:
    (table,) = [node["content"] for node in default_policies()["tolerance"]["nodes"] if node["name"] == "tolerance"]
    stated = {row["i.code"].strip("'") for row in table["rules"]} - {""}
    assert stated <= set(TYPES)
