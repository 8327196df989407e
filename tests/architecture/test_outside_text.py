"""What people outside wrote is shown as text: it never becomes a link, a picture or a heading of ours."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import sources

# Furniture that reads its first argument as Markdown.
MARKDOWN = frozenset(
    {"title", "header", "subheader", "markdown", "write", "caption", "text", "info", "warning", "error", "success"}
    | {"toast", "badge", "metric", "button", "link_button", "page_link", "expander", "popover", "checkbox", "table"}
)
# What a record calls its fields that others fill in.
OUTSIDE = frozenset(
    {"name", "customer_name", "number", "sentence", "reason", "note", "reference", "resolution", "problem", "error"}
    | {"email", "actor", "by", "closed_by", "changed_by", "why_not", "leave_alone", "arithmetic", "description"}
    | {"subject", "contract_number", "po_number", "bill_to", "owner", "segment", "entity", "customer_ref"}
)

# Words of the house under such names.
OURS = frozenset({"figure.name", "figure.note", "preset.sentence"})


def called(node: ast.Call) -> str:
    """The last word of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def unescaped(node: ast.AST) -> Iterator[ast.Attribute]:
    """Fields of records within an expression that do not go through `plain`."""
    if isinstance(node, ast.Call) and "plain" in {called(node), *(getattr(each, "id", "") for each in node.args)}:
        return
    if isinstance(node, ast.Attribute) and node.attr in OUTSIDE and ast.unparse(node) not in OURS:
        yield node
    # A condition decides what is shown, it is not shown itself.
    shown = [node.body, node.orelse] if isinstance(node, ast.IfExp) else ast.iter_child_nodes(node)
    for child in shown:
        yield from unescaped(child)


def test_fields_of_records_are_escaped_where_markdown_is_read() -> None:
    found = []
    for source in sources("pages"):
        for node in source.nodes:
            if isinstance(node, ast.Call) and called(node) in MARKDOWN and node.args:
                found += [f"{source.place(field)} {field.attr}" for field in unescaped(node.args[0])]
    assert found == []


def test_there_is_one_way_to_escape() -> None:
    found = [
        source.name
        for source in sources("pages")
        for node in source.nodes
        if isinstance(node, ast.FunctionDef) and node.name == "plain"
    ]
    assert found == ["pages/ui/plain.py"]
