"""Makes a store ready for use."""

from __future__ import annotations

from core.runtime import Runtime
from core.workflow.bootstrap import bootstrap, introduce_demo_entities
from jobs.store_setup import migrate
from jobs.usage_door import leave_usage_door


def prepare(runtime: Runtime) -> None:
    """Brings the schema up to date and seeds what every house needs; beside the sandbox also its people, its
    legal entities, and where its company sends usage."""
    migrate(runtime.engine)
    sandbox = runtime.settings.sandbox_systems
    bootstrap(runtime, is_demo=sandbox is not None)
    if sandbox is not None:
        introduce_demo_entities(runtime)
        leave_usage_door(runtime, sandbox.parent)
