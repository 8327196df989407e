"""Pages show and ask; they decide and compute nothing."""

from __future__ import annotations

import ast
import re
import tomllib

from pages.ui.site_map import SCREENS
from tests.architecture.sources import ROOT, Source, read, sources

PAGE_LINES = 100
LONG_PAGES: dict[str, str] = {}
SQL = re.compile(r"\s*(select\b.+\bfrom|insert\s+into|update\b.+\bset|delete\s+from)\b", re.IGNORECASE | re.DOTALL)
STORE_CALLS = frozenset({"execute", "scalar", "scalars", "transaction", "reading"})


def screens() -> list[Source]:
    """Scripts of screens and what belongs to them alone, without the furniture."""
    return [source for source in sources("pages") if not source.name.startswith("pages/ui/")]


def test_nothing_but_the_frame_lies_beside_the_sections() -> None:
    assert {path.name for path in (ROOT / "pages").glob("*.py")} == {"frame.py", "__init__.py"}


def test_every_page_has_at_most_a_hundred_lines() -> None:
    assert {source.name for source in screens() if source.length > PAGE_LINES} == set(LONG_PAGES)


def test_every_screen_lies_in_a_section() -> None:
    assert [screen.name for screen in SCREENS if screen.script.count("/") != 1] == []


def test_no_page_asks_the_store() -> None:
    found = []
    for source in sources("pages"):
        for node in source.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
                found.append(source.place(node))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STORE_CALLS:
                found.append(source.place(node))
    assert found == []


def test_every_screen_asks_who_is_there_before_it_shows_anything() -> None:
    scripts = {f"pages/{screen.script}" for screen in SCREENS}
    found = {source.name for source in screens() if "access.require(" in source.text}
    assert {source.name for source in screens() if source.name in scripts} - found == set()


def test_grids_offer_no_download_of_their_own() -> None:
    """Names are written into it as they are, and a spreadsheet runs those that begin like a formula."""
    assert tomllib.loads(read(".streamlit/config.toml"))["client"]["disableDataExport"] is True
