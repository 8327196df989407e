"""Rows that are copied into the inbox come out of it as they went in."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.db.tables import InboxItem
from core.intake.arriving import lines_of, new_rows, rows_of
from core.intake.keeping import copy_handled, insert_new
from core.kit.errors import Refused
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


def test_copying_a_record_that_is_here_is_refused(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        insert_new(session, "stripe", new_rows([_record("in_1")]), NOW)
    with pytest.raises(Refused, match="received before"), runtime.transaction() as session:
        copy_handled(session, "stripe", _lines([_record("in_2"), _record("in_1")]), NOW)
    with runtime.reading() as session:
        assert session.scalars(select(InboxItem.external_id)).all() == ["in_1"]


def test_copying_what_the_store_cannot_hold_is_refused(runtime: Runtime) -> None:
    with pytest.raises(Refused, match="cannot hold"), runtime.transaction() as session:
        copy_handled(session, "stripe", _lines([_record("in_\x00")]), NOW)


def test_a_batch_of_which_nothing_is_handled_is_no_copy(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        copy_handled(session, "stripe", _lines([]), NOW)
    with runtime.reading() as session:
        assert session.scalars(select(InboxItem)).all() == []
