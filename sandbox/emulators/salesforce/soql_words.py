"""Cuts SOQL text into words, and tells where in the text a problem is."""

import re
from dataclasses import dataclass
from typing import Literal

from sandbox.emulators.salesforce import stamps
from sandbox.emulators.salesforce.refusals import Refusal
from sandbox.emulators.salesforce.soql_tree import Constant

Kind = Literal["name", "constant", "sign", "end"]

_PATTERN = re.compile(
    r"""\s*(?:
    (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
  | (?P<sign><>|<=|>=|!=|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {
    "n": "\n",
    "N": "\n",
    "r": "\r",
    "R": "\r",
    "t": "\t",
    "T": "\t",
    "b": "\b",
    "B": "\b",
    "f": "\f",
    "F": "\f",
}


@dataclass(frozen=True)
class Word:
    kind: Kind
    text: str
    position: int
    constant: Constant | None = None

    def __str__(self) -> str:
        return "<EOF>" if self.kind == "end" else f"'{self.text}'"


def located(text: str, position: int, message: str) -> str:
    """The vendor's message form: the line of the query, a caret below the place, row and column, then the message."""
    before = text[:position]
    row = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    line = text.split("\n")[row - 1]
    return f"\n{line}\n{' ' * (column - 1)}^\nERROR at Row:{row}:Column:{column}\n{message}"


def malformed(text: str, position: int, message: str) -> Refusal:
    return Refusal(400, "MALFORMED_QUERY", located(text, position, message))


def invalid_field(text: str, position: int, message: str) -> Refusal:
    return Refusal(400, "INVALID_FIELD", located(text, position, message))


def cut(text: str) -> list[Word]:
    """All words of a query, closed by one of kind "end"."""
    words: list[Word] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _PATTERN.match(text, position)
        if match is None or match.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise malformed(text, start, f"unexpected token: '{text[start]}'")
        words.append(_word(text, match, match.lastgroup))
        position = match.end()
    words.append(Word("end", "", end))
    return words


def _word(text: str, match: re.Match[str], group: str) -> Word:
    found, position = match[group], match.start(group)
    if group == "sign":
        return Word("sign", "!=" if found == "<>" else found, position)
    if group == "name":
        return _named(found, position)
    try:
        return Word("constant", found, position, _constant(group, found))
    except ValueError as problem:
        raise malformed(text, position, f"Invalid {group}: {found}") from problem


def _named(found: str, position: int) -> Word:
    match found.lower():
        case "true" | "false":
            return Word("constant", found, position, Constant("boolean", found.lower() == "true"))
        case "null":
            return Word("constant", found, position, Constant("null", None))
        case _:
            return Word("name", found, position)


def _constant(group: str, found: str) -> Constant:
    match group:
        case "datetime":
            return Constant("datetime", stamps.to_ms(found))
        case "date":
            if not stamps.is_date(found):
                raise ValueError(found)
            return Constant("date", found)
        case "number":
            return Constant("number", int(found) if found.lstrip("+-").isdigit() else float(found))
        case _:
            return Constant("string", _unquoted(found[1:-1]))


def _unquoted(text: str) -> str:
    """Resolve escapes; \\% and \\_ stay as they are, because only LIKE knows what they mean."""
    return re.sub(r"\\(.)", lambda m: m[0] if m[1] in "%_" else _ESCAPES.get(m[1], m[1]), text, flags=re.DOTALL)
