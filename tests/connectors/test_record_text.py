from __future__ import annotations

import json
from dataclasses import replace

from connectors.shapes import content_version, record_without_stamp

PAYLOAD = {"id": "in_1", "total": 1200, "note": "Zürich “A”", "lines": [{"quantity": None, "ok": True}]}


def test_a_record_without_a_stamp_brings_the_text_of_the_very_payload() -> None:
    record = record_without_stamp("invoice", "in_1", PAYLOAD)

    assert record.text is not None
    assert json.loads(record.text) == record.payload == PAYLOAD


def test_the_version_of_a_record_without_a_stamp_is_that_of_its_content() -> None:
    assert record_without_stamp("invoice", "in_1", PAYLOAD).version == content_version(PAYLOAD)
    assert record_without_stamp("invoice", "in_1", PAYLOAD | {"total": 1}).version != content_version(PAYLOAD)


def test_a_number_that_is_none_comes_as_text_that_every_reader_of_json_takes() -> None:
    record = record_without_stamp("invoice", "in_1", {"total": float("nan")})

    assert json.loads(record.text or b"") == {"total": "NaN"}


def test_a_copy_with_another_payload_has_lost_the_text_of_the_first() -> None:
    record = record_without_stamp("invoice", "in_1", PAYLOAD)

    assert replace(record, payload={"id": "in_1"}).text is None
