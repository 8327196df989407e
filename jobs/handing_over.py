"""Batches as bytes between processes: facts as JSON per type, a fifth of the work of pickling each."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from types import GenericAlias
from typing import Any

from pydantic import TypeAdapter

from core.canonical import CanonicalRecord
from core.intake.model import Arrival, NewRow
from jobs.readings import Batch, Readable, Readings

_Facts = list[CanonicalRecord]


def _list_of(kind: type[CanonicalRecord]) -> TypeAdapter[_Facts]:
    """For list[kind], which can be written out for a kind that is named in the source only."""
    made: Any = GenericAlias(list, (kind,))
    return TypeAdapter(made)


_LISTS = {kind.__name__: _list_of(kind) for kind in CanonicalRecord.__subclasses__()}


def packed(batch: Batch) -> bytes:
    arrival, readings = batch
    facts: dict[str, _Facts] = {}
    for readable in readings.readable:
        for fact in readable.facts:
            facts.setdefault(type(fact).__name__, []).append(fact)
    content = (
        (arrival.stream, arrival.cursor),
        [(row.id, row.kind, row.external_id, row.version, row.text) for row in arrival.rows],
        [(each.id, [type(fact).__name__ for fact in each.facts]) for each in readings.readable],
        {name: _written(name, each) for name, each in facts.items()},
        readings.unreadable,
    )
    return pickle.dumps(content, pickle.HIGHEST_PROTOCOL)


def unpacked(content: bytes) -> Batch:
    (stream, cursor), rows, readable, written, unreadable = pickle.loads(content)
    facts = {name: _read(name, each) for name, each in written.items()}
    return Arrival(stream, cursor, tuple([NewRow(*row) for row in rows])), Readings(
        [Readable(id, tuple([next(facts[name]) for name in names])) for id, names in readable], unreadable
    )


def _written(name: str, facts: _Facts) -> bytes | _Facts:
    try:
        return _LISTS[name].dump_json(facts)
    except ValueError:  # half a character, which JSON cannot hold
        return facts


def _read(name: str, written: Any) -> Iterator[CanonicalRecord]:
    return iter(_LISTS[name].validate_json(written) if isinstance(written, bytes) else written)
