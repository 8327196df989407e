"""What README and docs promise is what the code has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.access.model import DEMO_PASSWORD, demo_people
from core.approvals.model import ApprovalState
from core.cases.model import QUEUES, CaseState
from core.documents.model import DocumentState
from core.intake.ledger_columns import COLUMNS
from core.posting.model import DeliveryState
from core.reporting.formulas import BUCKETS
from core.settings import Settings
from tests.architecture.sources import ROOT, Source, read, sources

README = read("README.md")
GLOSSARY = read("docs/glossary.md").lower()
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
ADRS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
REQUIREMENTS = [
    f"{letter}{number}"
    for letter, count in {"A": 16, "B": 6, "C": 9, "D": 6, "E": 6, "F": 8}.items()
    for number in range(1, count + 1)
]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|href)=\"([^\"#]+)\"")


def row_of(requirement: str) -> list[str]:
    return re.findall(rf"^\| {requirement} \|.*$", README, re.MULTILINE)


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_every_requirement_stands_once_in_the_table_with_a_plain_answer(requirement: str) -> None:
    (row,) = row_of(requirement)
    _, answer, clause = [cell.strip() for cell in row.strip("|").split("|")]
    assert answer in ("yes", "partly", "not yet")
    assert clause


def test_the_table_has_no_row_for_what_nobody_required() -> None:
    assert re.findall(r"^\| ([A-F]\d+) \|", README, re.MULTILINE) == REQUIREMENTS


def test_every_setting_is_documented() -> None:
    names = [name.upper() for name in Settings.model_fields]
    for source in sources("connectors"):
        names += connector_settings(source) if source.name.endswith("/config.py") else []
    assert "NETSUITE_PRIVATE_KEY" in names
    assert [name for name in names if f"`{name}`" not in README] == []


def connector_settings(source: Source) -> list[str]:
    """Variables of a connector: its folder's name before each field of its Config."""
    system = source.name.split("/")[1]
    (config,) = [node for node in source.tree.body if isinstance(node, ast.ClassDef)]
    fields = [ast.unparse(node.target) for node in config.body if isinstance(node, ast.AnnAssign)]
    return [f"{system}_{field}".upper() for field in fields]


def test_every_variable_of_the_makefile_is_documented() -> None:
    names = re.findall(r"^(?:export )?([A-Z_]+) \?=", read("Makefile"), re.MULTILINE)
    assert len(names) >= 6
    assert [name for name in names if f"`{name}`" not in README] == []


def test_every_demo_account_is_named_with_its_password() -> None:
    assert DEMO_PASSWORD in README
    assert [person.email for person in demo_people() if person.email not in README] == []


def test_every_column_of_an_imported_ledger_is_documented() -> None:
    assert [column.name for column in COLUMNS if f"| `{column.name}` |" not in README] == []


def test_every_job_that_can_be_run_by_name_is_documented() -> None:
    (once,) = [source for source in sources("jobs") if source.name == "jobs/once.py"]
    runs = next(node.value for node in once.tree.body if isinstance(node, ast.AnnAssign))
    assert isinstance(runs, ast.Dict)
    names = [str(key.value) for key in runs.keys if isinstance(key, ast.Constant)]
    assert len(names) >= 8
    assert [name for name in names if f"`{name}`" not in README] == []


def test_every_key_of_the_figures_is_documented() -> None:
    (figures,) = [source for source in sources("core") if source.name == "core/reporting/figures.py"]
    (made,) = [each for each in figures.functions() if each.name == "as_json"]
    shown = next(node.value for node in ast.walk(made) if isinstance(node, ast.Return))
    assert isinstance(shown, ast.Dict)
    keys = [key.value for key in shown.keys if isinstance(key, ast.Constant)]
    ratios = next(
        ast.literal_eval(node.value)
        for node in figures.tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_RATIOS"
    )
    wanted = [*keys, *ratios, *BUCKETS]
    assert len(wanted) >= 20
    assert [key for key in wanted if f"`{key}`" not in README] == []


def test_every_room_stands_on_the_map() -> None:
    rooms = [path.name for path in (ROOT / "core").iterdir() if (path / "__init__.py").is_file()]
    assert [room for room in rooms if f"`{room}/`" not in README] == []


def test_every_state_and_queue_that_people_meet_is_in_the_glossary() -> None:
    states = [*DocumentState, *DeliveryState, *CaseState, *ApprovalState]
    words = [state.replace("_", " ") for state in states] + [queue.lower() for queue in QUEUES]
    assert [word for word in words if word not in GLOSSARY] == []


def test_every_decision_record_is_listed_and_complete() -> None:
    assert [path.name for path in ADRS if f"docs/adr/{path.name}" not in README] == []
    for path in ADRS:
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {int(path.name[:4])}\. .+\n\nStatus: \w+", text), path.name
        assert [part for part in ("## Context", "## Decision", "## Consequences") if part not in text] == []


def test_decision_records_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    found = [one or other for one, other in LINK.findall(document.read_text(encoding="utf-8"))]
    local = [link for link in found if "://" not in link and not _is_picture_to_come(link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


def _is_picture_to_come(link: str) -> bool:
    """Until pictures have been taken there is no folder for them; from then on none may be missing."""
    return "screenshots/" in link and not (ROOT / "docs/screenshots").exists()
