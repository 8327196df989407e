from __future__ import annotations

import json
from dataclasses import replace

from connectors.shapes import content_version, record_with_stamp, record_without_stamp

PAYLOAD = {"id": "in_1", "total": 1200, "note": "Zürich “A”", "lines": [{"quantity": None, "ok": True}]}


def test_a_record_without_a_stamp_brings_the_text_of_the_very_payload() -> None:
    record = record_without_stamp("invoice", "in_1", PAYLOAD)

    assert record.text is not None
    assert json.loads(record.text) == record.payload == PAYLOAD


def test_the_version_of_a_record_without_a_stamp_is_that_of_its_content() -> None:
    assert record_without_stamp("invoice", "in_1", PAYLOAD).version == content_version(PAYLOAD)
    assert record_without_stamp("invoice", "in_1", PAYLOAD | {"total": 1}).version != content_version(PAYLOAD)


def test_what_stands_beside_a_record_is_kept_and_makes_no_other_version_of_it() -> None:
    record = record_without_stamp("invoice", "in_1", PAYLOAD, {"_as_of": 7})

    assert json.loads(record.text or b"") == record.payload == PAYLOAD | {"_as_of": 7}
    assert record.version == record_without_stamp("invoice", "in_1", PAYLOAD).version
    assert "_as_of" not in PAYLOAD


def test_a_number_that_is_none_comes_as_text_that_every_reader_of_json_takes() -> None:
    record = record_without_stamp("invoice", "in_1", {"total": float("nan")})

    assert json.loads(record.text or b"") == {"total": "NaN"}


def test_a_record_with_half_a_character_comes_like_any_other() -> None:
    payload = json.loads('{"memo": "Gr\\u00fc\\u00dfe \\ud83d", "total": 1}')

    for record in (record_without_stamp("row", "1", payload), record_with_stamp("row", "1", "noon", payload)):
        assert json.loads(record.text or b"") == record.payload == payload
        assert record.version.removeprefix("noon+") == content_version(payload)


def test_a_copy_with_another_payload_has_lost_the_text_of_the_first() -> None:
    record = record_without_stamp("invoice", "in_1", PAYLOAD)

    assert replace(record, payload={"id": "in_1"}).text is None
