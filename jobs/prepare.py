"""Makes a store ready for use."""

from __future__ import annotations

from core.runtime import Runtime
from core.workflow.bootstrap import bootstrap
from jobs.store_setup import migrate


def prepare(runtime: Runtime) -> None:
    """Brings the schema up to date and seeds what every house needs; beside the sandbox also its people."""
    migrate(runtime.engine)
    bootstrap(runtime, is_demo=runtime.settings.sandbox_systems is not None)
