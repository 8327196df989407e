"""Rows that are copied into the inbox come out of it as they went in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from core.db.tables import InboxItem
from core.intake.arriving import as_received, lines_of, new_rows, rows_of
from core.intake.keeping import copy_handled, insert_new
from core.intake.model import NewRow
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.ports import RawRecord
from core.runtime import Runtime
from tests.fakes import NOON as NOW

_ODD = 'tab\t line\n return\r back\\slash \\N \\. quote" “ü” \U0001f600'


def _record(external_id: str, **payload: object) -> RawRecord:
    return RawRecord("invoice", external_id, "1", payload)


def _lines(records: list[RawRecord]) -> bytes:
    return lines_of(new_rows(records))


@pytest.mark.parametrize("id", [_ODD, "plain", "tab\tonly", "\x01\x02", "half \\"])
def test_lines_are_read_as_the_rows_that_were_written(id: str) -> None:
    rows = new_rows([_record(id, text=_ODD, path="c:\\new\\table"), _record("in_2", text=id)])
    assert rows_of(lines_of(rows)) == list(rows)


def test_what_the_copy_format_escapes_comes_out_as_it_was(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        copy_handled(session, "stripe", _lines([_record(_ODD, text=_ODD), _record("plain", amount=1)]), NOW)
    with runtime.reading() as session:
        kept = {item.external_id: item for item in session.scalars(select(InboxItem))}
    assert {name: item.payload for name, item in kept.items()} == {_ODD: {"text": _ODD}, "plain": {"amount": 1}}
    assert {(item.source, item.state, item.attempts, item.handled_at) for item in kept.values()} == {
        ("stripe", "handled", 1, NOW)
    }


def test_what_no_text_can_hold_is_marked_and_kept(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        copy_handled(session, "stripe", _lines([_record("in_1", name="a\x00b", half="\ud83d")]), NOW)
    with runtime.reading() as session:
        assert session.scalars(select(InboxItem)).one().payload == {"name": "a\ufffdb", "half": "\ufffd"}


@pytest.mark.parametrize("odd", ["in_\x00", "in_\ud83d"])
def test_an_id_that_no_text_can_hold_is_marked_and_kept_on_both_ways(runtime: Runtime, odd: str) -> None:
    rows = new_rows([_record(odd)])
    with runtime.transaction() as session:
        insert_new(session, "stripe", rows, NOW)
        copy_handled(session, "netsuite", lines_of(rows_again(rows)), NOW)
    with runtime.reading() as session:
        assert set(session.scalars(select(InboxItem.external_id))) == {"in_\ufffd"}


def rows_again(rows: Sequence[NewRow]) -> list[NewRow]:
    return [replace(row, id=new_id()) for row in rows]


def test_a_text_that_only_looks_as_if_it_could_not_be_held_stays_as_it_is(runtime: Runtime) -> None:
    said = {"path": "c:\\u0000", "deep": "\\\\ud83d", "pair": "\\\U0001f600", "odd": "\\\x00"}
    row = new_rows([_record("in_1", **said)])
    with runtime.transaction() as session:
        insert_new(session, "stripe", row, NOW)
    with runtime.reading() as session:
        kept = session.scalars(select(InboxItem)).one().payload
    assert kept == said | {"odd": "\\\ufffd"}
    assert as_received(row[0]).record.payload == kept, "and is read as it is kept"


def test_copying_a_record_that_is_here_is_refused(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        insert_new(session, "stripe", new_rows([_record("in_1")]), NOW)
    with pytest.raises(Refused, match="received before"), runtime.transaction() as session:
        copy_handled(session, "stripe", _lines([_record("in_2"), _record("in_1")]), NOW)
    with runtime.reading() as session:
        assert session.scalars(select(InboxItem.external_id)).all() == ["in_1"]


def test_copying_what_the_store_cannot_hold_is_refused(runtime: Runtime) -> None:
    row = NewRow(new_id(), "invoice", "in_\x00", "1", b"{}")
    with pytest.raises(Refused, match="cannot hold"), runtime.transaction() as session:
        copy_handled(session, "stripe", lines_of((row,)), NOW)


def test_a_batch_of_which_nothing_is_handled_is_no_copy(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        copy_handled(session, "stripe", _lines([]), NOW)
    with runtime.reading() as session:
        assert session.scalars(select(InboxItem)).all() == []
