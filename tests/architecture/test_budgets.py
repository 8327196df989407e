"""How large things may get. An exception is named with its reason, and falls when it is no longer needed."""

from __future__ import annotations

from statistics import median

from tests.architecture.sources import Function, Source, size, sources

FILE_LINES, FUNCTION_LINES, MEDIAN_LINES, PARAMETERS = 400, 50, 12, 5
# What a call carries along without deciding anything does not count as a parameter.
CARRIED = frozenset({"self", "cls", "ctx", "session"})

MANY_PARAMETERS = {
    "sandbox/faults.py:__init__": "the construction of an emulator's app, once per vendor",
    "sandbox/company/customers.py:_customer": "draws one customer from what was dealt out before",
}


def functions() -> list[tuple[str, Function]]:
    return [(f"{source.name}:{each.name}", each) for source in sources() for each in source.functions()]


def positional(function: Function) -> int:
    named = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    return len([name for name in named if name not in CARRIED])


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    every: tuple[Source, ...] = sources() + sources("tests")
    assert {source.name: source.length for source in every if source.length > FILE_LINES} == {}


def test_no_function_is_longer_than_fifty_lines() -> None:
    assert {name for name, each in functions() if size(each) > FUNCTION_LINES} == set()


def test_nothing_takes_more_than_five_positional_parameters_but_those_with_a_reason() -> None:
    """Keyword-only parameters are named where they are passed; the reader needs no order."""
    assert {name for name, each in functions() if positional(each) > PARAMETERS} == set(MANY_PARAMETERS)


def test_the_usual_function_is_short() -> None:
    assert median(size(each) for _, each in functions()) <= MEDIAN_LINES
