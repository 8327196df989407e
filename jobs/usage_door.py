"""Tells the sandbox's company where usage is taken and with which key: a file beside its systems, for it alone."""

from __future__ import annotations

import json
from pathlib import Path

from core.kit.errors import Forbidden, Refused
from core.runtime import Runtime
from core.workflow.actors import job
from core.workflow.api_keys import key_of_secret, make_api_key

FILE = "usage_door.json"
_SENDER = "Halden Cloud (sandbox)"


def leave_usage_door(runtime: Runtime, folder: Path) -> None:
    """Writes address and key, with the key that was left before as long as it is good; a revoked one stays revoked."""
    path = folder / FILE
    secret = _secret_of(path)
    if secret is None or not _is_known(runtime, secret):
        secret = make_api_key(runtime, _SENDER, job("prepare"))
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    url = f"http://127.0.0.1:{runtime.settings.port}/v1/events"
    partial.write_text(json.dumps({"url": url, "key": secret}))
    partial.replace(path)


def _secret_of(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text())["key"])
    except (OSError, ValueError, KeyError):
        return None


def _is_known(runtime: Runtime, secret: str) -> bool:
    """Also when it was revoked: whoever did that did not want another in its place."""
    try:
        key_of_secret(runtime, secret)
    except Forbidden:
        return True
    except Refused:
        return False
    return True
