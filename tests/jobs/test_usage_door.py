"""Where the sandbox's company sends usage: address and key, left beside its systems."""

from __future__ import annotations

import json
from pathlib import Path

from core.db.tables import ApiKey
from core.runtime import Runtime
from core.workflow.api_keys import key_of_secret
from jobs.usage_door import FILE, leave_usage_door
from sandbox.company.house.sending import DOOR_FILE, door
from tests.work import all_rows


def test_the_company_finds_the_door_and_a_key_that_opens_it(runtime: Runtime, tmp_path: Path) -> None:
    leave_usage_door(runtime, tmp_path)
    assert FILE == DOOR_FILE
    found = door(tmp_path, {})
    assert found is not None
    assert found.url == f"http://127.0.0.1:{runtime.settings.port}/v1/events"
    assert key_of_secret(runtime, found.key).name == "Halden Cloud (sandbox)"
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0, "a key is for its owner alone"


def test_a_good_key_is_kept_and_one_of_another_store_replaced(runtime: Runtime, tmp_path: Path) -> None:
    leave_usage_door(runtime, tmp_path)
    first = door(tmp_path, {})
    leave_usage_door(runtime, tmp_path)
    assert door(tmp_path, {}) == first
    assert len(all_rows(runtime, ApiKey)) == 1
    (tmp_path / FILE).write_text(json.dumps({"url": "http://localhost", "key": "qk_of_another_store"}))
    leave_usage_door(runtime, tmp_path)
    now = door(tmp_path, {})
    assert now is not None and now != first
    assert len(all_rows(runtime, ApiKey)) == 2


def test_the_environment_names_another_door(tmp_path: Path) -> None:
    assert door(tmp_path, {}) is None
    named = door(tmp_path, {"USAGE_URL": "https://usage.example/v1/events", "USAGE_KEY": "qk_1"})
    assert named is not None and named.url == "https://usage.example/v1/events"
