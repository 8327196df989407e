"""The process's runtime, for pages."""

from __future__ import annotations

from core.runtime import Runtime, shared_runtime


def runtime() -> Runtime:
    """The one runtime of this process. Not held by Streamlit's caches: any client may empty those."""
    return shared_runtime()
